//! Goal: every document of the corpus that is accepted runs to its end, and its last entry says where it stands.
//! What must hold of every run of generated groups is in `tests/runs.rs`.

use std::collections::BTreeMap;
use std::path::Path;

use greenroom::rehearsal::{Options, RunResult, rehearse};
use greenroom::scenario::{Documents, load_from};
use greenroom::text::Source;
use greenroom::timeline::Kind;

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
