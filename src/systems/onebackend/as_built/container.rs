//! Names of containers and images, and which container a request means. What runs where is not known here.
//! Sources: 1backend/1backend 1305defcf2b8, server/internal/services/deploy/deploy_loop.go and
//! server/internal/services/container/backends/docker/run_container.go.

/// The name of the container of a definition, and of the image that is run where it is built from a repository.
pub fn run_name(definition: &str) -> String {
    format!("1backend-{definition}")
}

/// The name that a KILL stops. No START ever gives it.
pub fn stop_name(definition: &str) -> String {
    format!("sup-{definition}")
}

/// The name of the image that is built from a repository: the prefix ends in a dash already. It is not the one that is run.
pub fn built_image(definition: &str) -> String {
    format!("sup--{definition}")
}

/// True if docker's container of this name is taken for the one that is asked for: it is enough that its name contains the other.
pub fn is_taken_for(container: &str, asked: &str) -> bool {
    container.contains(asked)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_container_that_was_started_is_one_that_is_stopped() {
        for definition in ["web", "", "sup-web", "1backend-web"] {
            assert_ne!(run_name(definition), stop_name(definition));
            assert_ne!(run_name(definition), built_image(definition));
        }
    }

    #[test]
    fn a_name_within_another_is_taken_for_it() {
        let (short, long) = (run_name("user-svc"), run_name("user-svc-v1"));
        assert!(is_taken_for(&short, &short) && is_taken_for(&long, &short));
        assert!(!is_taken_for(&short, &long));
    }
}
