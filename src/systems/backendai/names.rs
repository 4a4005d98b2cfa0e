//! Who is meant by `deployment/chat`.

/// The name of the deployment that an operator means: by its subject or by its name alone.
pub fn meant(target: &str) -> Option<&str> {
    match target.split_once('/') {
        Some(("deployment", name)) => Some(name),
        Some(_) => None,
        None => Some(target),
    }
}
