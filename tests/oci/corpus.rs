//! Every document of the corpus is accepted, or rejected with the right reason; generated ones never make the reader panic.
//! The corpus is read where `GREENROOM_SHARED` says; without it those tests say that they were skipped.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use greenroom::systems::oci::options::{Names, NodePools, Options, References};
use greenroom::systems::oci::{self, Read};
use greenroom::text::{Diagnostic, Source};
use proptest::prelude::*;

use crate::groups;

fn corpus() -> Option<PathBuf> {
    let Some(shared) = std::env::var_os("GREENROOM_SHARED") else {
        println!("skipped: GREENROOM_SHARED is not set");
        return None;
    };
    let folder = Path::new(&shared).join("corpus/oci");
    assert!(folder.is_dir(), "{} is no folder", folder.display());
    Some(folder)
}

/// All JSON and YAML files, by their path below the corpus.
fn files(folder: &Path) -> BTreeMap<String, PathBuf> {
    let mut found = BTreeMap::new();
    for entry in walkdir::WalkDir::new(folder) {
        let path = entry.expect("the corpus can be read").into_path();
        let wanted = path.extension().is_some_and(|extension| extension == "json" || extension == "yaml");
        if path.is_file() && wanted {
            let name = path.strip_prefix(folder).expect("below it").to_string_lossy().replace('\\', "/");
            found.insert(name, path);
        }
    }
    found
}

fn read(name: &str, path: &Path, options: &Options) -> Result<Read, Vec<Diagnostic>> {
    let text = std::fs::read_to_string(path).expect("a text");
    let read = oci::read(&Source::new(name, text), options)?;
    if read.problems.is_empty() { Ok(read) } else { Err(read.problems) }
}

#[test]
fn every_document_is_accepted_or_rejected_with_its_reason() {
    let Some(folder) = corpus() else { return };
    let mut accepted = 0;
    let mut rejected = String::new();
    for (name, path) in files(&folder) {
        match read(&name, &path, &Options::default()) {
            Ok(_) => accepted += 1,
            Err(problems) => {
                for problem in problems {
                    rejected += &format!("{name}: {}\n", problem.message);
                }
            }
        }
    }
    assert!(accepted > 50, "{accepted} documents are accepted");
    insta::assert_snapshot!("rejected", format!("accepted: {accepted}\n{rejected}"));
}

#[test]
fn what_is_not_in_effect_is_told() {
    let Some(folder) = corpus() else { return };
    let mut told = String::new();
    for (name, path) in files(&folder) {
        if let Ok(read) = read(&name, &path, &Options::default()) {
            for warning in read.warnings {
                told += &format!("{name}: {}\n", warning.message);
            }
        }
    }
    insta::assert_snapshot!("told", told);
}

#[test]
fn other_profiles_accept_the_same_documents() {
    let Some(folder) = corpus() else { return };
    let profiles = [
        Options { names: Names::Corrino, ..Options::default() },
        Options { node_pools: NodePools::Provision, ..Options::default() },
        Options { references: References::Members, ..Options::default() },
    ];
    for (name, path) in files(&folder) {
        let usual = read(&name, &path, &Options::default()).is_ok();
        for profile in &profiles {
            assert_eq!(read(&name, &path, profile).is_ok(), usual, "{name} with {profile:?}");
        }
    }
}

/// Reasons that the corpus has no document for.
#[test]
fn each_mistake_has_its_message() {
    let recipe = r#""recipe_mode":"service","recipe_image_uri":"i:1","recipe_container_port":"80","recipe_node_shape":"VM.GPU.A10.2""#;
    let one = |more: &str| format!(r#"{{"deployment_name":"a",{recipe}{more}}}"#);
    let pair = |first: &str, second: &str| {
        let member = |name: &str, more: &str| format!(r#"{{"name":"{name}"{more}}}"#);
        format!(
            r#"{{"deployment_group":{{"name":"g","deployments":[{},{}]}}}}"#,
            member("a", &format!(r#","recipe":{{"deployment_name":"a",{recipe}}}{first}"#)),
            member("b", &format!(r#","recipe":{{"deployment_name":"b",{recipe},{second}"#))
        )
    };
    let value = |text: &str| format!(r#""recipe_container_env":[{{"key":"K","value":"{text}"}}]}}"#);
    let cases = [
        ("no JSON", "{\"a\": ".to_owned()),
        ("a key twice", one(r#","recipe_mode":"job""#)),
        ("a cycle of one", pair(r#","depends_on":["a"]"#, r#""recipe_id":"x"}"#)),
        ("a missing dependency", pair(r#","depends_on":["bb"]"#, r#""recipe_id":"x"}"#)),
        ("a duplicate name", pair("", r#""recipe_id":"x"}"#).replace("\"name\":\"b\"", "\"name\":\"a\"")),
        ("a duplicate deployment name", pair("", r#""recipe_id":"x"}"#).replace(r#"deployment_name":"b"#, r#"deployment_name":"a"#)),
        ("names that collide", pair("", r#""recipe_id":"x"}"#).replace(r#"deployment_name":"b"#, r#"deployment_name":"_A_"#)),
        ("an unknown deployment", pair("", &value("${auth-service.service_name}"))),
        ("no dependency", pair(r#","exports":["service_url"]"#, &value("${a.service_url}"))),
        ("an undeclared export", pair("", &(value("${a.service_url}") + r#","depends_on":["a"]"#))),
        ("an unknown key", pair("", &(value("${a.service_urll}") + r#","depends_on":["a"]"#))),
        ("an unknown export", pair(r#","exports":["service_uri"]"#, r#""recipe_id":"x"}"#)),
        ("an export twice", pair(r#","exports":["service_url","service_url"]"#, r#""recipe_id":"x"}"#)),
        ("a key that a member has not", pair(r#","dependson":[]"#, r#""recipe_id":"x"}"#)),
        ("a reference to itself", pair("", &value("${b.service_name}"))),
        ("no deployments", r#"{"deployment_group":{"name":"g","deployments":[]}}"#.to_owned()),
        ("a group without a name", r#"{"deployment_group":{"deployments":[]}}"#.to_owned()),
        ("an empty list", "[]".to_owned()),
        ("a number", "3".to_owned()),
        ("a negative count", one(r#","recipe_replica_count":-1"#)),
        ("an absurd count", one(r#","recipe_replica_count":1000000000000"#)),
        ("a text for a count", one(r#","recipe_replica_count":"three""#)),
        ("a number for a port", one("").replace("\"80\"", "80")),
        ("a port out of range", one("").replace("\"80\"", "\"80000\"")),
        ("a closed object", one(r#","recipe_node_autoscaling_params":{"min_replicas":1}"#)),
        ("a wrong mode", one("").replace("\"service\"", "\"servise\"")),
        ("no image", one("").replace("recipe_image_uri", "recipe_image_url")),
        ("too many GPUs", one(r#","recipe_nvidia_gpu_count":3"#)),
        ("two vendors", one(r#","recipe_nvidia_gpu_count":1,"recipe_amd_gpu_count":1"#)),
        ("storage", one(r#","recipe_ephemeral_storage_size":300,"recipe_node_boot_volume_size_in_gbs":200"#)),
        ("both sources", one(r#","input_object_storage":[{"par":"https://x/p/S/n","bucket_name":"b","mount_location":"/m","volume_size_in_gbs":1}]"#)),
        ("no source", one(r#","input_object_storage":[{"mount_location":"/m","volume_size_in_gbs":1}]"#)),
        ("a slice", one(r#","mig_resource_request":"2GB","recipe_nvidia_gpu_count":1"#)),
        ("two slices", one(r#","mig_resource_request":"1g.10gb","recipe_nvidia_gpu_count":2"#)),
        ("RDMA", r#"{"recipe_mode":"shared_node_pool","deployment_name":"p","shared_node_pool_shape":"BM.GPU.H100.8","shared_node_pool_size":1,"multinode_rdma_enabled_in_shared_pool":true}"#.to_owned()),
        ("an update of nothing", r#"{"recipe_mode":"update","deployment_name":"u"}"#.to_owned()),
        ("a team", r#"{"recipe_mode":"team","deployment_name":"t","team":{"team_name":"t","priority_threshold":1,"quotas":[{"shape_name":"x","gpu_nominal_quota":"many"}]}}"#.to_owned()),
        ("a job that exports", pair(r#","exports":["service_name"]"#, r#""recipe_id":"x"}"#).replacen("service\"", "job\"", 1)),
    ];
    let mut told = String::new();
    for (what, text) in cases {
        let problems = match oci::read(&Source::new("document.json", text.clone()), &Options::default()) {
            Ok(read) => read.problems,
            Err(problems) => problems,
        };
        assert!(!problems.is_empty(), "{what} is accepted: {text}");
        for problem in problems {
            told += &format!("{what}: {}", problem.message);
            problem.helps.iter().for_each(|help| told += &format!(" ({help})"));
            told.push('\n');
        }
    }
    insta::assert_snapshot!("mistakes", told);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn valid_groups_are_accepted(group in groups::valid(9)) {
        let read = oci::read(&Source::new("group.json", group.text), &Options::default());
        let problems = read.map(|read| read.problems);
        prop_assert!(problems.as_ref().is_ok_and(Vec::is_empty), "{problems:?}");
    }

    #[test]
    fn every_cycle_is_named(group in groups::cyclic(9)) {
        let read = oci::read(&Source::new("group.json", group.text.clone()), &Options::default()).expect("it has its form");
        let found: Vec<&str> =
            read.problems.iter().filter_map(|one| one.message.strip_prefix("circular dependency detected: ")).collect();
        prop_assert!(!found.is_empty(), "{:?}", read.problems);
        for path in found {
            let names: Vec<&str> = path.split(" -> ").collect();
            prop_assert_eq!(names.first(), names.last());
            for step in names.windows(2) {
                let position = |name: &str| name[1..].parse::<usize>().expect("a generated name");
                prop_assert!(group.dependencies[position(step[0])].contains(&position(step[1])), "{}", path);
            }
        }
    }

    #[test]
    fn nothing_makes_the_reader_panic(text in groups::broken(4)) {
        for name in ["group.json", "group.yaml"] {
            let _ = oci::read(&Source::new(name, text.clone()), &Options::default());
        }
    }
}
