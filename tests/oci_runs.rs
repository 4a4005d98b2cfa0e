//! Goal: the groups that the corpus holds run to `monitoring` on a fleet that suits them, in both profiles of names, and
//! no secret of theirs gets out. The corpus is read where `GREENROOM_SHARED` says; without it the tests say that they were
//! skipped.

use std::collections::BTreeSet;
use std::path::PathBuf;

use greenroom::oracle::Judge;
use greenroom::rehearsal::{Observer, Options, RunResult, VerdictStatus, rehearse};
use greenroom::report::snapshot::{SnapshotState, snapshot_text};
use greenroom::report::{Item, Rehearsed, Report, github, json, junit, ndjson};
use greenroom::scenario::model::SnapshotLayers;
use greenroom::scenario::{Documents, load_from};
use greenroom::text::Source;
use serde_json::Value;

struct Only(String);

impl Documents for Only {
    fn read(&self, _path: &str) -> Result<String, String> {
        Ok(self.0.clone())
    }
}

fn corpus(file: &str) -> Option<String> {
    let Some(shared) = std::env::var_os("GREENROOM_SHARED") else {
        println!("skipped: GREENROOM_SHARED is not set");
        return None;
    };
    let path = PathBuf::from(shared).join("corpus/oci").join(file);
    Some(std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display())))
}

/// Runs a group of the corpus on the nodes of a fleet, and judges that it comes to `monitoring`.
fn run(document: String, group: &str, nodes: &str, oci: &str) -> RunResult {
    let text = format!(
        "name: corpus\nuntil: 6h\noci: {oci}\ncluster:\n  nodes:\n{nodes}deploy:\n  - {{ at: 0s, document: group.json, system: oci }}\n\
         expect:\n  - eventually: {{ group/{group}: monitoring }}\n"
    );
    let source = Source::new("corpus.yaml", text.as_str());
    let scenario = load_from(&source, &Only(document)).unwrap_or_else(|problems| panic!("{problems:#?}"));
    let judge = Judge::new(&scenario).expect("the expectation can be compiled");
    let mut observers: [Box<dyn Observer>; 1] = [Box::new(judge)];
    let options = Options { native: true, ..Options::default() };
    rehearse(&scenario, options, &mut observers).unwrap_or_else(|problems| panic!("{problems:#?}"))
}

/// Every string of a document that must stay secret: values of the environment, signed links, API keys. Short ones are left
/// out: `llamastack` is a password in the sample, and the name of an image.
fn secrets(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| secrets(item, found)),
        Value::Object(fields) => {
            for (key, item) in fields {
                match (key.as_str(), item) {
                    ("recipe_container_env", Value::Array(variables)) => {
                        let values = variables.iter().filter_map(|variable| variable.get("value")?.as_str());
                        found.extend(
                            values.filter(|value| value.len() > 12 && !value.contains("${")).map(str::to_owned),
                        );
                    }
                    ("par" | "api_key", Value::String(secret)) => {
                        found.insert(secret.clone());
                    }
                    _ => secrets(item, found),
                }
            }
        }
        _ => {}
    }
}

#[track_caller]
fn holds(result: &RunResult) {
    let story = snapshot_text(result, SnapshotLayers::All);
    assert!(result.verdicts.iter().all(|verdict| verdict.status == VerdictStatus::Passed), "{story}");
    assert_eq!(result.exit_code(), 0, "{story}");
}

const LLAMA_FLEET: &str =
    "    - { pool: a10, count: 1, shape: VM.GPU.A10.2 }\n    - { pool: cpu, count: 4, cpu: 8, memory: 64Gi }\n";
const VSS_POC_FLEET: &str =
    "    - { pool: a10, count: 2, shape: VM.GPU.A10.2 }\n    - { pool: cpu, count: 2, cpu: 16, memory: 128Gi }\n";
const VSS_SMALL_FLEET: &str =
    "    - { pool: a100, count: 1, shape: BM.GPU4.8 }\n    - { pool: cpu, count: 2, cpu: 16, memory: 128Gi }\n";
const RAG_FLEET: &str = "    - { pool: cpu, count: 2, cpu: 16, memory: 128Gi }\n";

const GROUPS: &[(&str, &str, &str)] = &[
    ("sample_blueprints/platform_features/deployment_groups/llama_stack_basic.json", "group", LLAMA_FLEET),
    ("_derived_starter_packs/vss_poc_group.json", "vss-poc", VSS_POC_FLEET),
    ("_derived_starter_packs/vss_small_group.json", "vss-small", VSS_SMALL_FLEET),
    ("_derived_starter_packs/paas_rag_small_group.json", "paas-rag-small", RAG_FLEET),
];

#[test]
fn the_groups_of_the_corpus_come_to_monitoring() {
    for (file, group, fleet) in GROUPS {
        for names in ["documented", "corrino"] {
            let Some(document) = corpus(file) else { return };
            holds(&run(document, group, fleet, &format!("{{ names: {names} }}")));
        }
    }
}

#[test]
fn with_pools_of_their_own_they_come_to_monitoring_later() {
    let Some(document) = corpus(GROUPS[0].0) else { return };
    let result = run(document, GROUPS[0].1, LLAMA_FLEET, "{ node_pools: provision }");
    holds(&result);
    assert!(snapshot_text(&result, SnapshotLayers::All).contains("NodePool/"), "each recipe has a pool of its own");
}

#[test]
fn no_secret_of_the_corpus_gets_out() {
    for (file, group, fleet) in GROUPS {
        let Some(document) = corpus(file) else { return };
        let mut hidden = BTreeSet::new();
        secrets(&serde_json::from_str(&document).expect("the corpus holds JSON"), &mut hidden);
        no_secret_gets_out(&run(document, group, fleet, "{}"), &hidden);
    }
}

/// Passwords in variables and arguments, credentials in URLs that a reference is resolved in, signed links, API keys.
#[test]
fn no_kind_of_secret_gets_out() {
    let document = r#"{"deployment_group": {"name": "vault", "deployments": [
        {"name": "db", "recipe": {"recipe_mode": "service", "deployment_name": "db", "recipe_image_uri": "registry.example.com/db:1",
            "recipe_node_shape": "VM.Standard.E4.Flex", "recipe_replica_count": 1, "recipe_container_port": "5432",
            "input_object_storage": [{"par": "https://objectstorage.example.com/p/S1gnedT0kenOfTheLink/n/x/b/y/o/", "mount_location": "/m", "volume_size_in_gbs": 5}],
            "recipe_inference_gateway": {"model_name": "m", "api_key": "apikey-QwErTy"},
            "recipe_container_env": [{"key": "POSTGRES_PASSWORD", "value": "hunter2-hunter2"}, {"key": "PLAIN", "value": "nobody-prints-me"}]},
         "exports": ["internal_dns_name"]},
        {"name": "app", "depends_on": ["db"], "recipe": {"recipe_mode": "service", "deployment_name": "app",
            "recipe_image_uri": "registry.example.com/app:1", "recipe_node_shape": "VM.Standard.E4.Flex", "recipe_replica_count": 1,
            "recipe_container_port": "8080",
            "recipe_container_command_args": ["--url", "postgres://admin:c0rrecth0rse@${db.internal_dns_name}:5432/app?password=b4tterystaple"],
            "recipe_container_env": [{"key": "DB_URL", "value": "https://u:tr0ub4dor@${db.internal_dns_name}/p/An0therSignedT0ken/o?X-Amz-Signature=s1gs1gs1g"}]}}]}}"#;
    let hidden = [
        "S1gnedT0kenOfTheLink",
        "apikey-QwErTy",
        "hunter2-hunter2",
        "nobody-prints-me",
        "c0rrecth0rse",
        "b4tterystaple",
    ];
    let more = ["tr0ub4dor", "An0therSignedT0ken", "s1gs1gs1g"];
    let hidden = hidden.into_iter().chain(more).map(str::to_owned).collect();
    let result = run(document.to_owned(), "vault", RAG_FLEET, "{}");
    holds(&result);
    no_secret_gets_out(&result, &hidden);
}

#[track_caller]
fn no_secret_gets_out(result: &RunResult, hidden: &BTreeSet<String>) {
    let result = result.clone();
    let native = result.native.as_ref().expect("it was asked for").to_string();
    let mut shown = vec![snapshot_text(&result, SnapshotLayers::All), native, format!("{result:?}")];
    let item = Item::Ran(Box::new(Rehearsed::new(result, SnapshotState::NotCompared)));
    let report = Report { items: vec![item], ..Report::default() };
    let mut push = |out: Vec<u8>| shown.push(String::from_utf8(out).expect("reports are UTF-8"));
    for write in [json::write_report, ndjson::write_report, junit::write_report] {
        let mut out = Vec::new();
        write(&mut out, &report).expect("writing to memory cannot fail");
        push(out);
    }
    let mut out = Vec::new();
    github::write_report(&mut out, &report, github::Rest::Log).expect("writing to memory cannot fail");
    push(out);
    for shown in shown {
        for secret in hidden {
            let masked = shown.replace(secret.as_str(), "<SECRET>");
            let around = masked.find("<SECRET>").map(|at| &masked[at.saturating_sub(60)..at + 8]);
            assert_eq!(around, None, "a secret of {} characters got out", secret.len());
        }
    }
}
