//! Short ways to write the groups and times of scripts.

use greenroom::kernel::Time;
use greenroom::systems::oci::options::Options;
use greenroom::systems::oci::{self, Oci};
use greenroom::text::Source;

use crate::replay::millis;

/// One member of a group: its name, its dependencies, whether others refer to it, and more fields of its recipe.
pub fn member(name: &str, depends_on: &[&str], exports: &[&str], recipe: &str) -> String {
    let list = |names: &[&str]| names.iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(",");
    let references: Vec<String> = depends_on
        .iter()
        .filter(|_| recipe.contains("REFERENCES"))
        .map(|name| format!(r#"{{"key":"{name}","value":"http://${{{name}.internal_dns_name}}:80"}}"#))
        .collect();
    let recipe = recipe.replace("REFERENCES", &references.join(","));
    format!(
        r#"{{"name":"{name}","depends_on":[{}],"exports":[{}],"recipe":{{"deployment_name":"{name}",{recipe}}}}}"#,
        list(depends_on),
        list(exports)
    )
}

/// A service that refers to all that it depends on.
pub const SERVICE: &str = r#""recipe_mode":"service","recipe_image_uri":"i:1","recipe_container_port":"80",
    "recipe_node_shape":"VM.Standard.E4.Flex","recipe_container_env":[REFERENCES]"#;
/// A service without references.
pub const PLAIN: &str = r#""recipe_mode":"service","recipe_image_uri":"i:1","recipe_container_port":"80",
    "recipe_node_shape":"VM.Standard.E4.Flex""#;
/// A job.
pub const JOB: &str = r#""recipe_mode":"job","recipe_image_uri":"i:1","recipe_node_shape":"VM.Standard.E4.Flex""#;
/// A service on a shared pool.
pub const SHARED: &str = r#""recipe_mode":"service","recipe_image_uri":"i:1","recipe_container_port":"80",
    "recipe_use_shared_node_pool":true,"recipe_nvidia_gpu_count":8,"recipe_node_shape":"BM.GPU.H100.8""#;

/// Reads a document that must be accepted.
pub fn read(text: &str, options: &Options) -> Oci {
    let read = oci::read(&Source::new("group.json", text), options).expect("a document");
    assert_eq!(read.problems.iter().map(|one| &one.message).collect::<Vec<_>>(), Vec::<&String>::new());
    read.oci
}

/// A group of these members.
pub fn group(name: &str, members: &[String]) -> String {
    format!(r#"{{"deployment_group":{{"name":"{name}","deployments":[{}]}}}}"#, members.join(","))
}

/// So many seconds after the start.
pub fn seconds(count: u64) -> Time {
    millis(count * 1000)
}

/// `a` before `b` and `c`, both before `d`.
pub fn diamond() -> String {
    let dns = &["internal_dns_name"];
    group(
        "diamond",
        &[
            member("a", &[], dns, SERVICE),
            member("b", &["a"], dns, SERVICE),
            member("c", &["a"], dns, SERVICE),
            member("d", &["b", "c"], dns, SERVICE),
        ],
    )
}
