//! The names that deployments get in the cluster, under either profile. Every one is a DNS-1123 label.

use super::options::Names;

/// The most characters of a DNS-1123 label.
const LABEL_MAX: usize = 63;
/// What the `corrino` profile keeps of `<deployment_name>-<group>`: with a dash and 8 digits behind it, 32 characters.
const CANONICAL_STEM_MAX: usize = 23;

/// The names of one deployment.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Unique {
    /// The name under which the API shows it (`postgres-llama-stack`).
    pub deployment: String,
    /// The name of its Kubernetes objects: Deployment or Job, and Service.
    pub object: String,
}

impl Unique {
    /// The names of the deployment `name` in `group`; `uuid` is what a resubmission would change.
    pub fn new(profile: Names, name: &str, group: Option<&str>, uuid: u32) -> Unique {
        let full = match group {
            Some(group) => format!("{name}-{group}"),
            None => name.to_owned(),
        };
        let label = sanitised(&full);
        match profile {
            Names::Documented => {
                let label = cut(&label, LABEL_MAX);
                Unique { deployment: label.clone(), object: label }
            }
            Names::Corrino if group.is_none() => {
                let label = cut(&label, LABEL_MAX - "recipe-".len());
                Unique { object: format!("recipe-{label}"), deployment: label }
            }
            Names::Corrino => {
                let canonical = format!("{}-{uuid:08x}", cut(&label, CANONICAL_STEM_MAX));
                Unique { object: format!("recipe-{canonical}"), deployment: canonical }
            }
        }
    }

    /// The name by which pods of the cluster reach the service.
    pub fn internal_dns_name(&self) -> String {
        format!("{}.default.svc.cluster.local", self.object)
    }
}

/// `text` as a DNS-1123 label: lower case, every other character dropped, no dash at either end. The control plane's own rule
/// is not published; that separators are dropped is seen in docs/sample_blueprints/auto_scaling, where
/// `autoscale_vllm_example` is served at `recipe-autoscalevllmexample`. A name of which nothing is left becomes `deployment`.
pub fn sanitised(text: &str) -> String {
    let kept: String = text
        .chars()
        .map(|one| one.to_ascii_lowercase())
        .filter(|one| one.is_ascii_alphanumeric() || *one == '-')
        .collect();
    let label = kept.trim_matches('-');
    if label.is_empty() { "deployment".to_owned() } else { label.to_owned() }
}

/// The first `max` characters, without a dash at the end.
fn cut(label: &str, max: usize) -> String {
    label[..label.len().min(max)].trim_end_matches('-').to_owned()
}

/// What a user calls a deployment or group, as the name of a subject: a slash would part it, so it becomes a dash.
pub fn subject_text(text: &str) -> String {
    text.replace('/', "-")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn documented_names_are_those_of_the_examples() {
        let names = Unique::new(Names::Documented, "postgres", Some("llama-stack"), 7);
        assert_eq!(names.deployment, "postgres-llama-stack");
        assert_eq!(names.internal_dns_name(), "postgres-llama-stack.default.svc.cluster.local");
    }

    #[test]
    fn corrino_names_fit_the_two_that_are_known() {
        let names = Unique::new(Names::Corrino, "llamastack", Some("dox-pack-4f5c8a"), 0x0762_0d3b);
        assert_eq!(names.object, "recipe-llamastack-dox-pack-4f5-07620d3b");
        let backend = Unique::new(Names::Corrino, "contract-backend", Some("dox-pack"), 1);
        assert!(backend.object.starts_with("recipe-contract-backend-dox-pa-"), "{}", backend.object);
    }

    #[test]
    fn separators_are_dropped() {
        assert_eq!(sanitised("autoscale_vllm_example"), "autoscalevllmexample");
        assert_eq!(sanitised("MLCommons Finetune LORA/PEFT"), "mlcommonsfinetunelorapeft");
        assert_eq!(sanitised("__"), "deployment");
    }

    proptest! {
        #[test]
        fn every_name_is_a_label(name in ".{0,80}", group in proptest::option::of(".{0,80}"), uuid: u32) {
            for profile in [Names::Documented, Names::Corrino] {
                let names = Unique::new(profile, &name, group.as_deref(), uuid);
                for label in [&names.deployment, &names.object] {
                    prop_assert!((1..=LABEL_MAX).contains(&label.len()), "{label}");
                    prop_assert!(label.bytes().all(|one| one.is_ascii_lowercase() || one.is_ascii_digit() || one == b'-'));
                    prop_assert!(!label.starts_with('-') && !label.ends_with('-'), "{label}");
                }
            }
        }
    }
}
