//! Whole scenarios, read: a good one into the model, and what is told about bad ones.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::model::{ExpectKind, FaultKind, Mark, NodeNaming, Target, TargetKind, Trigger};
use super::*;
use crate::cluster::scheduler::SchedulerProfile;
use crate::kernel::{Distribution, Duration, Time};
use crate::text::{Source, render};

/// Documents that stand in memory.
struct Memory(BTreeMap<&'static str, &'static str>);

impl Documents for Memory {
    fn read(&self, path: &str) -> Result<String, String> {
        self.0.get(path).map(|text| (*text).to_owned()).ok_or_else(|| "there is no such file".to_owned())
    }
}

fn read(text: &str) -> Result<Scenario, Vec<crate::text::Diagnostic>> {
    let documents = Memory([("group.json", "{}"), ("a/b.yaml", "{}")].into());
    load_from(&Source::new("shop/scenario.yaml", text), &documents)
}

/// A scenario with every key.
const FULL: &str = include_str!("testdata/full.yaml");

/// The least that a scenario needs.
const SMALL: &str = "name: s\nuntil: 1h\ncluster: {}\ndeploy: [ { document: group.json, system: oci } ]\n";

#[test]
fn reads_every_key() {
    let scenario = read(FULL).map_err(|errors| render::render(&errors, false)).unwrap_or_else(|told| panic!("{told}"));
    assert_eq!((scenario.name.as_str(), scenario.seed, scenario.epoch), ("full", 7, 1_767_225_600));
    assert_eq!(scenario.until, Time::ZERO + Duration::from_secs(7200));
    assert_eq!(scenario.folder, std::path::Path::new("shop"));
    assert_eq!(scenario.deploy[1].source.name().as_ref(), "shop/a/b.yaml");
    assert_eq!(scenario.deploy[1].place.to_string(), "shop/scenario.yaml:59:5");
    assert_eq!(scenario.cluster.nodes[0].naming, NodeNaming::Pool { pool: "a10".into(), count: 2 });
    assert_eq!(scenario.cluster.nodes[2].gpus.as_ref().map(|gpus| gpus.resource.as_str()), Some("amd.com/gpu"));
    let minutes = |count: u64| Duration::from_secs(60 * count);
    let start = Distribution::Normal {
        mean: minutes(4),
        deviation: Duration::from_secs(30),
        min: minutes(2),
        max: Distribution::MAX,
    };
    assert_eq!(scenario.behaviour[0].start, Some(start));
    assert_eq!(scenario.faults[1].name, "fault-2");
    let Trigger::On { occurrence: 2, after, .. } = &scenario.faults[0].trigger else {
        panic!("{:?}", scenario.faults[0].trigger)
    };
    assert_eq!(*after, Duration::from_secs(30));
    let target = Target { kind: TargetKind::Running, name: "vllm".into() };
    assert_eq!(scenario.faults[0].kind, FaultKind::NodeDown { target, lasts: Some(minutes(10)) });
    let names: Vec<&str> = scenario.actions.iter().map(|action| action.name.as_str()).collect();
    let unnamed = ["apply", "replace", "scale", "restart", "rollback", "rollback-2", "pause", "resume", "delete"];
    assert_eq!(names, [&["undeploy", "again"], &unnamed[..]].concat());
    let said: Vec<String> = scenario.actions[2..7].iter().map(|action| action.kind.describe()).collect();
    let expected = [
        "apply a/b.yaml",
        "replace a/b.yaml",
        "scale Deployment/web to 4, StatefulSet/shop/db to 2",
        "restart Deployment/web",
        "rollback Deployment/web to revision 1",
    ];
    assert_eq!(said, expected);
    let ExpectKind::Always { until: Some(Mark::Action(action)), .. } = &scenario.expect[2].kind else {
        panic!("{:?}", scenario.expect[2])
    };
    assert_eq!(action, "again");
}

#[test]
fn fills_in_defaults() {
    let scenario = read(SMALL).expect("a scenario");
    assert_eq!((scenario.seed, scenario.kubernetes.version.as_str()), (0, "1.36"));
    assert_eq!(scenario.cluster.scheduler, SchedulerProfile::KubeDefault);
    assert_eq!(scenario.deploy[0].at, Time::ZERO);
}

#[test]
fn the_schema_is_current() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("schema/scenario.schema.json");
    let current = serde_json::to_string_pretty(&schema()).expect("it is JSON") + "\n";
    let stored = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(stored == current, "schema/scenario.schema.json is not current; run `cargo xtask schema`");
}

#[test]
fn the_schema_accepts_what_can_be_read() {
    let validator = jsonschema::validator_for(&schema()).expect("it is a schema");
    for text in [FULL, SMALL] {
        let value = crate::text::tree::parse(&Source::new("a.yaml", text)).expect("it is YAML").to_json();
        let told: Vec<String> =
            validator.iter_errors(&value).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert_eq!(told, [""; 0]);
    }
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    for entry in walkdir::WalkDir::new(folder).into_iter().filter_map(Result::ok) {
        if entry.file_name() == "scenario.yaml" {
            let text = std::fs::read_to_string(entry.path()).expect("it can be read");
            let value = crate::text::tree::parse(&Source::new("a.yaml", text)).expect("it is YAML").to_json();
            assert!(validator.is_valid(&value), "{}: {:?}", entry.path().display(), validator.validate(&value));
            let read = load(entry.path()).map_err(|errors| render::render(&errors, false));
            assert!(read.is_ok(), "{}", read.unwrap_err());
        }
    }
    for (good, bad) in [("until: 1h", "until: 1"), ("name: s", "nam: s"), ("cluster: {}", "cluster: { node: [] }")] {
        let text = SMALL.replace(good, bad);
        let value = crate::text::tree::parse(&Source::new("a.yaml", text)).expect("it is YAML").to_json();
        assert!(!validator.is_valid(&value), "{bad}");
    }
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in any::<String>()) {
        let _ = read(&text);
    }

    /// Goal: no panic on what is nearly right. Method: a good scenario with pieces taken out, doubled and swapped.
    #[test]
    fn no_broken_scenario_makes_it_panic(
        cuts in prop::collection::vec((0usize..FULL.len(), 0usize..30, "[a-z0-9:{}\\[\\], \n\"'*&-]{0,6}"), 1..6),
    ) {
        let mut text = FULL.to_owned();
        for (at, length, replacement) in cuts {
            let start = text.floor_char_boundary(at);
            let end = text.floor_char_boundary(at + length);
            text.replace_range(start..end, &replacement);
        }
        if let Err(errors) = read(&text) {
            prop_assert!(!errors.is_empty());
            prop_assert!(!render::render(&errors, false).is_empty());
        }
    }

    /// Goal: values of the wrong sort are told, not swallowed. Method: one value of a good scenario becomes another.
    #[test]
    fn a_value_of_the_wrong_sort_is_told(line in 0usize..FULL.lines().count(), value in "-1|[0-9]{1,25}|~|\\[\\]|\\{\\}|x|1e999|''|!!set x") {
        let lines: Vec<String> = FULL.lines().enumerate().map(|(index, text)| match text.find(": ") {
            Some(colon) if index == line => format!("{}: {value}", &text[..colon]),
            _ => text.to_owned(),
        }).collect();
        if let Err(errors) = read(&lines.join("\n")) {
            prop_assert!(errors.iter().all(|error| !error.message.is_empty()));
        }
    }
}
