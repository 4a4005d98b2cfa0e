//! What a scenario says of nodes and workloads is what happens.

use greenroom::rehearsal::{Options, RunResult, rehearse};
use greenroom::scenario::{Documents, load_from};
use greenroom::text::{Source, render};
use greenroom::timeline::{Entry, Kind};

/// A recipe of one pod.
const RECIPE: &str = r#"{
  "recipe_id": "web",
  "recipe_mode": "service",
  "deployment_name": "web",
  "recipe_image_uri": "registry.example.com/web:1",
  "recipe_node_shape": "VM.Standard.E5.Flex",
  "recipe_node_pool_size": 1,
  "recipe_flex_shape_ocpu_count": 4,
  "recipe_flex_shape_memory_size_in_gbs": 32,
  "recipe_replica_count": 1,
  "recipe_container_port": "8080"
}"#;

struct Recipe;

impl Documents for Recipe {
    fn read(&self, _: &str) -> Result<String, String> {
        Ok(RECIPE.to_owned())
    }
}

fn run(cluster: &str, behaviour: &str) -> RunResult {
    let text = format!(
        "name: web\nuntil: 30m\ncluster: {cluster}\ndeploy: [ {{ document: web.json, system: oci }} ]\nbehaviour: {behaviour}\n"
    );
    let scenario = load_from(&Source::new("scenario.yaml", text), &Recipe);
    let run = scenario.and_then(|scenario| rehearse(&scenario, Options::default(), &mut []));
    run.unwrap_or_else(|errors| panic!("{}", render::render(&errors, false)))
}

/// Milliseconds from the start of the first pull to the start of the container.
fn pull_millis(run: &RunResult) -> u64 {
    let at = |word: &str| {
        let entry = run.timeline.since(0).find(|(_, entry)| entry.became == word);
        entry.unwrap_or_else(|| panic!("nothing became {word}")).1.at
    };
    at("Running").since(at("Pulling")).nanos() / 1_000_000
}

#[test]
fn a_pull_takes_the_bandwidth_of_its_node() {
    let sized = "[ { match: {}, image_size: 1000M } ]";
    let node = "{ nodes: [ { pool: cpu, cpu: 16, memory: 64Gi } ], bandwidth: 100M }";
    assert_eq!(pull_millis(&run(node, sized)), 10_000);
    let node = "{ nodes: [ { pool: cpu, cpu: 16, memory: 64Gi, bandwidth: 500M } ], bandwidth: 100M }";
    assert_eq!(pull_millis(&run(node, sized)), 2_000);
    let node = "{ nodes: [ { name: cpu-7, cpu: 16, memory: 64Gi, bandwidth: 250M } ] }";
    assert_eq!(pull_millis(&run(node, sized)), 4_000);
}

#[test]
fn a_pod_is_known_as_long_after_it_is_ready_as_its_behaviour_says() {
    let run = run("{ nodes: [ { pool: cpu, cpu: 16, memory: 64Gi } ] }", "[ { match: {}, register: 5s } ]");
    let is = |entry: &Entry, word: &str| entry.subject.kind == Kind::Pod && entry.became == word;
    let at = |word: &str| run.timeline.since(0).find(|(_, entry)| is(entry, word)).map(|(_, entry)| entry.at);
    let (ready, known) = (at("Ready"), at("Registered"));
    assert_eq!(known.zip(ready).map(|(known, ready)| known.since(ready).nanos()), Some(5_000_000_000));
}
