//! PaaSTA's schemas against verdicts of the real ones.
//!
//! Goal: every file of the corpus has the verdict, and the very message, that jsonschema 3.2.0 gives with the schemas of
//! Yelp/paasta at cc57ae869d. Method: the recorded verdicts name files of the corpus; each is read and judged here.
//!
//! The recordings are not part of this repository: `GREENROOM_SHARED` names the folder that holds them, and without it the
//! tests that need them say that they were skipped.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use greenroom::systems::paasta::options::Schemas;
use greenroom::systems::paasta::schema::{FileType, best_match};
use greenroom::systems::paasta::{self, Options};
use greenroom::text::{Source, tree};
use serde_json::Value;

fn shared() -> Option<PathBuf> {
    let shared = std::env::var_os("GREENROOM_SHARED").map(PathBuf::from);
    if shared.is_none() {
        println!("skipped: GREENROOM_SHARED is not set");
    }
    shared
}

fn recorded(shared: &Path, name: &str) -> Value {
    let path = shared.join("golden/paasta").join(name);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).expect("the recordings are JSON")
}

fn file_type(name: &str) -> FileType {
    let found = FileType::ALL.into_iter().find(|(start, _)| *start == name);
    found.unwrap_or_else(|| panic!("no schema {name}")).1
}

/// The message about a text, if there is something wrong with it.
fn verdict(kind: FileType, name: &str, text: &str) -> Option<String> {
    let node = tree::parse_python(&Source::new(name, text)).unwrap_or_else(|error| panic!("{name}: {}", error.message));
    best_match(kind.schema(), &node).map(|mistake| mistake.message)
}

#[test]
fn every_file_of_the_corpus_has_its_verdict() {
    let Some(shared) = shared() else { return };
    let recorded = recorded(&shared, "schema_results.json");
    let results = recorded["results"].as_array().expect("results");
    assert_eq!(results.len(), 25);
    let mut wrong = Vec::new();
    for result in results {
        let file = result["file"].as_str().expect("a file");
        let path = shared.join("corpus/paasta").join(file);
        let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let found = verdict(file_type(result["schema"].as_str().expect("a schema")), file, &text);
        assert_eq!(result["valid"] == true, result["best_match"].is_null());
        if found.as_deref() != result["best_match"].as_str() {
            wrong.push(format!("{file}: {found:?} instead of {}", result["best_match"]));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The recorded verdicts on deploy.yaml name documents by what is in them; these are such documents.
const PIPELINES: [(&str, &str); 9] = [
    (
        "seed_example_1",
        "pipeline:\n- step: itest\n- step: push-to-registry\n- step: stage\n  trigger_next_step_manually: true\n",
    ),
    (
        "seed_parallel",
        "pipeline:\n- parallel:\n  - step: a\n  - step: b\n  trigger_next_step_manually: true\n- step: c\n",
    ),
    ("notify_after_wait", "pipeline:\n- step: a\n  notify_after_wait: true\n"),
    ("space_in_name", "pipeline:\n- step: prod main\n"),
    ("instancename", "pipeline:\n- instancename: main\n"),
    ("empty_pipeline", "pipeline: []\n"),
    ("missing_pipeline", "slack_notify: true\n"),
    ("deployment_steps", "pipeline:\n- step: a\n  deployment_steps:\n  - { deploy_group: a, progress: 0.5 }\n"),
    ("crashloop_pct", "pipeline:\n- step: a\n  alertmanager_poll_interval_s: 10\n"),
];

#[test]
fn pipelines_have_their_verdicts() {
    let Some(shared) = shared() else { return };
    let recorded = recorded(&shared, "deploy_schema_results.json");
    assert_eq!(recorded.as_object().map(serde_json::Map::len), Some(PIPELINES.len()));
    for (name, text) in PIPELINES {
        let expected = &recorded[name];
        let found = verdict(FileType::Deploy, "deploy.yaml", text);
        assert_eq!(found.is_none(), expected["valid"] == true, "{name}: {found:?}");
        assert_eq!(found.as_deref(), expected["best_match"].as_str(), "{name}");
    }
}

/// Goal: every folder of the corpus is read, and what a schema refuses of it is told at a place of the file. Method: each folder
/// is read with all schemas; the recorded messages must be among what is told, and no other schema may complain.
#[test]
fn every_folder_of_the_corpus_is_read_or_refused_with_its_message() {
    let Some(shared) = shared() else { return };
    let corpus = shared.join("corpus/paasta");
    let recorded = recorded(&shared, "schema_results.json");
    let mut expected: BTreeMap<String, &str> = BTreeMap::new();
    for result in recorded["results"].as_array().expect("results") {
        if let Some(message) = result["best_match"].as_str() {
            expected.insert(result["file"].as_str().expect("a file").to_owned(), message);
        }
    }
    let folders = folders(&corpus);
    assert_eq!(folders.len(), 14);
    let options = Options { schemas: Schemas::Strict, ..Options::default() };
    let mut told: BTreeMap<String, String> = BTreeMap::new();
    for (folder, files) in &folders {
        let read = paasta::read(&Source::new(folder.as_str(), ""), files, &options);
        let read = read.unwrap_or_else(|problems| panic!("{folder}: {}", problems[0].message));
        assert_eq!(folder.rsplit('/').next(), Some(read.service.name.as_str()));
        for problem in read.problems {
            assert!(!problem.message.is_empty());
            if problem.notes.iter().any(|note| note.starts_with("Failed to validate schema")) {
                assert!(problem.span.is_some(), "{folder}: {}", problem.message);
                told.insert(problem.source.name().to_string(), problem.message);
            }
        }
    }
    let expected: BTreeMap<String, String> =
        expected.into_iter().map(|(file, message)| (file, message.to_owned())).collect();
    assert_eq!(told, expected);
}

/// The folders that hold YAML of services, each with its files, by their paths in the corpus.
fn folders(corpus: &Path) -> BTreeMap<String, Vec<Source>> {
    let mut found: BTreeMap<String, Vec<Source>> = BTreeMap::new();
    let mut open = vec![corpus.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                open.push(path);
                continue;
            }
            let name = path.strip_prefix(corpus).expect("it is below").to_string_lossy().into_owned();
            let is_service =
                name.ends_with(".yaml") && !name.ends_with("MASTER.yaml") && !name.ends_with("values.yaml");
            if let Some((folder, _)) = name.rsplit_once('/').filter(|_| is_service) {
                let text = std::fs::read_to_string(&path).expect("a text");
                found.entry(folder.to_owned()).or_default().push(Source::new(name.as_str(), text));
            }
        }
    }
    found
}
