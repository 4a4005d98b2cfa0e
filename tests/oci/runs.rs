//! Goal: what must hold of every run of a group. Method: generated groups, and the groups of the corpus, in the simulation.

use std::collections::BTreeMap;
use std::path::Path;

use greenroom::kernel::Name;
use greenroom::rehearsal::{Ending, Options, RunResult, rehearse};
use greenroom::scenario::{Documents, load_from};
use greenroom::text::Source;
use greenroom::timeline::{Arg, Entry, Kind};
use proptest::prelude::*;

use crate::groups;

/// Documents out of a map.
struct Given(BTreeMap<String, String>);

impl Documents for Given {
    fn read(&self, path: &str) -> Result<String, String> {
        self.0.get(path).cloned().ok_or_else(|| "there is no such document".to_owned())
    }
}

fn run(settings: &str, group: &str) -> RunResult {
    let text = format!(
        "name: generated\nseed: 5\nuntil: 4h\n{settings}\ndeploy:\n  - {{ at: 0s, document: group.json, system: oci }}\n"
    );
    let documents = Given(BTreeMap::from([("group.json".to_owned(), group.to_owned())]));
    let scenario = load_from(&Source::new("scenario.yaml", text), &documents).expect("a scenario");
    rehearse(&scenario, Options::default(), &mut []).expect("it runs")
}

/// The position in the timeline of the first entry of each subject and state.
fn firsts(result: &RunResult) -> BTreeMap<(String, &'static str), usize> {
    let mut firsts = BTreeMap::new();
    for (id, entry) in result.timeline.since(0) {
        firsts.entry((entry.subject.show(&result.names), entry.became)).or_insert(id.0 as usize);
    }
    firsts
}

/// Fails if a GPU is given to a pod while another holds it.
fn no_gpu_is_given_twice(result: &RunResult) {
    let mut held: BTreeMap<Name, (Name, u64)> = BTreeMap::new();
    for (_, Entry { subject, became, why, .. }) in result.timeline.since(0) {
        if subject.kind != Kind::Pod {
            continue;
        }
        match (*became, why.args) {
            ("Scheduled", [Arg::Name(node), Arg::Devices(devices), _]) => {
                let taken = held.values().filter(|(other, _)| *other == node).fold(0, |sum, (_, mask)| sum | mask);
                assert_eq!(taken & devices, 0, "{} gets GPUs that are held", subject.show(&result.names));
                held.insert(subject.name, (node, devices));
            }
            ("Succeeded" | "Failed" | "Deleted", _) => {
                held.remove(&subject.name);
            }
            _ => {}
        }
    }
}

const FLEET: &str = "cluster:\n  nodes:\n    - { pool: a10, count: 4, shape: VM.GPU.A10.2 }\n    - { pool: cpu, count: 3, cpu: 32, memory: 128Gi }";

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_dependent_is_active_before_its_dependencies_are_up(group in groups::valid(8), kill in 1u32..400) {
        let faults = format!("faults:\n  - {{ name: kill, at: {kill}s, pod_kill: {{ deployment: m0 }} }}\n");
        let result = run(&format!("{faults}{FLEET}"), &group.text);
        let firsts = firsts(&result);
        let first = |member: usize, word: &'static str| firsts.get(&(format!("deployment/{}", groups::name(member)), word));
        for (member, dependencies) in group.dependencies.iter().enumerate() {
            let Some(active) = first(member, "active") else { continue };
            for dependency in dependencies {
                let gate = if group.jobs[*dependency] { "completed" } else { "monitoring" };
                prop_assert!(first(*dependency, gate).is_some_and(|up| up < active), "{member} after {dependency}");
            }
        }
        no_gpu_is_given_twice(&result);
        prop_assert!(matches!(result.ending, Ending::Until | Ending::Quiet), "{:?}", result.ending);
        // A group that does not come up has a pod that finds no place or a deployment that failed.
        let up = firsts.contains_key(&("group/generated".to_owned(), "monitoring"));
        let wanted: u32 = group.gpus.iter().zip(&group.replicas).map(|(gpus, replicas)| gpus * replicas).sum();
        let stuck = firsts.keys().any(|(_, word)| *word == "Unschedulable" || *word == "failed");
        prop_assert!(up || stuck, "{:?}", firsts.keys().filter(|(one, _)| one.starts_with("deployment/")).collect::<Vec<_>>());
        prop_assert!(up || wanted > 8 || stuck);
        for (id, _) in result.timeline.since(0) {
            let chain = result.timeline.chain(id);
            let last = result.timeline.get(*chain.last().expect("itself")).expect("an entry");
            prop_assert!(matches!(last.cause, greenroom::timeline::Cause::Line(_)));
        }
    }
}

/// The real sample group and the groups derived from real packs, on fleets that suit them.
#[test]
fn the_groups_of_the_corpus_come_up() {
    let Some(shared) = std::env::var_os("GREENROOM_SHARED") else {
        println!("skipped: GREENROOM_SHARED is not set");
        return;
    };
    let corpus = Path::new(&shared).join("corpus/oci");
    let flex = |count: u32| {
        format!("    - {{ pool: flex, count: {count}, shape: VM.Standard.E5.Flex, cpu: 32, memory: 256Gi }}\n")
    };
    let cases = [
        (
            "sample_blueprints/platform_features/deployment_groups/llama_stack_basic.json",
            "    - { pool: a10, count: 1, shape: VM.GPU.A10.2 }\n    - { pool: e4, count: 4, shape: VM.Standard.E4.Flex, cpu: 4, memory: 16Gi, ephemeral_storage: 200Gi }\n".to_owned(),
            "group/group",
        ),
        ("_derived_starter_packs/paas_rag_small_group.json", flex(1), "group/paas-rag-small"),
        ("_derived_starter_packs/vss_poc_group.json", flex(2) + "    - { pool: a10, count: 2, shape: VM.GPU.A10.2 }\n", "group/vss-poc"),
        ("_derived_starter_packs/vss_small_group.json", flex(2) + "    - { pool: a100, count: 1, shape: BM.GPU4.8 }\n", "group/vss-small"),
    ];
    for (file, nodes, group) in cases {
        let document = std::fs::read_to_string(corpus.join(file)).expect("the corpus has it");
        let result = run(&format!("cluster:\n  nodes:\n{nodes}"), &document);
        let firsts = firsts(&result);
        let states: Vec<_> = firsts.keys().filter(|(subject, _)| subject.starts_with("deployment/")).collect();
        assert!(firsts.contains_key(&(group.to_owned(), "monitoring")), "{file}: {states:?}");
        no_gpu_is_given_twice(&result);
    }
}

/// Every single deployment of the corpus runs on a large fleet without a panic, and tells what it waits for.
#[test]
fn every_document_of_the_corpus_runs() {
    let Some(shared) = std::env::var_os("GREENROOM_SHARED") else {
        println!("skipped: GREENROOM_SHARED is not set");
        return;
    };
    let shapes = [
        "VM.GPU.A10.1",
        "VM.GPU.A10.2",
        "BM.GPU.A10.4",
        "BM.GPU4.8",
        "BM.GPU.A100-v2.8",
        "BM.GPU.H100.8",
        "BM.GPU.MI300X.8",
    ];
    let nodes: String = shapes
        .iter()
        .enumerate()
        .map(|(index, shape)| format!("    - {{ pool: p{index}, count: 2, shape: {shape} }}\n"))
        .collect();
    let fleet = format!("cluster:\n  nodes:\n{nodes}    - {{ pool: cpu, count: 4, cpu: 128, memory: 1Ti }}\n");
    let mut summary = BTreeMap::new();
    for entry in walkdir::WalkDir::new(Path::new(&shared).join("corpus/oci")).sort_by_file_name() {
        let path = entry.expect("the corpus can be read").into_path();
        let name = path.strip_prefix(&shared).expect("below it").to_string_lossy().into_owned();
        let text = match path.extension() {
            Some(extension) if extension == "json" => std::fs::read_to_string(&path).expect("a text"),
            _ => continue,
        };
        let read = greenroom::systems::read("oci", &Source::new("group.json", text.clone()), &Default::default());
        if !read.is_ok_and(|read| read.problems.is_empty()) {
            continue;
        }
        let result = run(&fleet, &text);
        let last = result.timeline.since(0).filter(|(_, entry)| entry.subject.kind == Kind::Member).last();
        let (_, entry) = last.expect("the deployment is told of");
        let why = greenroom::timeline::render::why(&entry.why, &result.names);
        summary.insert(name, format!("{} {why}", entry.became));
    }
    let lines: Vec<String> = summary.into_iter().map(|(name, state)| format!("{name}: {}", state.trim_end())).collect();
    insta::assert_snapshot!("corpus_states", lines.join("\n"));
}
