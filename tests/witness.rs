//! Goal: what the scenarios of control planes claim is seen by their expectations. Method: each is run without its faults, and each with
//! the profile of its twin (the scenario beside it that differs by the profile alone); at least one expectation must then fail.

#[path = "support/scenarios.rs"]
mod scenarios;

use std::collections::BTreeSet;
use std::path::PathBuf;

use greenroom::oracle::Judge;
use greenroom::rehearsal::{Observer, Options, VerdictStatus, rehearse};
use greenroom::scenario::model::Cluster;
use greenroom::scenario::{Scenario, load};

/// Where scenarios are about what goes wrong between control planes and what they control.
const FOLDERS: [&str; 5] = ["dynamo/", "grove/", "gangs/", "faults/", "onebackend/"];

/// Scenarios that hold without their faults, and why that is meant.
const HARMLESS: [(&str, &str); 0] = [];

/// Pairs that differ by the profile alone and hold with the profile of the other, and why that is meant.
const ALIKE: [(&str, &str); 1] = [("onebackend/as-built-node-url", "two URLs of nodes that both lead nowhere")];

/// One scenario file of a folder.
struct Case {
    folder: String,
    file: String,
    /// The text without what tells twins apart: comments, the name, the profile, the expectations.
    rest: String,
    scenario: Scenario,
}

impl Case {
    fn name(&self) -> String {
        format!("{}/{}", self.folder, self.file)
    }

    /// The same with the profile of another.
    fn with_profile_of(&self, other: &Case) -> Scenario {
        let (from, own) = (&other.scenario, &self.scenario);
        let batch_schedulers = from.cluster.batch_schedulers.clone();
        Scenario {
            cluster: Cluster { batch_schedulers, ..own.cluster.clone() },
            dynamo: from.dynamo.clone(),
            onebackend: from.onebackend.clone(),
            kubernetes: from.kubernetes.clone(),
            ..own.clone()
        }
    }

    fn has_profile_of(&self, other: &Case) -> bool {
        let (a, b) = (&self.scenario, &other.scenario);
        let batch = a.cluster.batch_schedulers == b.cluster.batch_schedulers;
        batch && (&a.dynamo, &a.onebackend, &a.kubernetes) == (&b.dynamo, &b.onebackend, &b.kubernetes)
    }
}

fn cases() -> Vec<Case> {
    let folders = scenarios::names().into_iter().filter(|name| FOLDERS.iter().any(|folder| name.starts_with(folder)));
    let mut cases = Vec::new();
    for folder in folders {
        let path: PathBuf = scenarios::root().join("scenarios").join(&folder);
        let mut files: Vec<String> = std::fs::read_dir(&path)
            .expect("the folder can be read")
            .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
            .filter(|file| file == "scenario.yaml" || file.ends_with(".greenroom.yaml"))
            .collect();
        files.sort();
        for file in files {
            let text = std::fs::read_to_string(path.join(&file)).expect("UTF-8");
            let scenario = load(&path.join(&file)).unwrap_or_else(|errors| panic!("{folder}/{file}: {errors:?}"));
            cases.push(Case { folder: folder.clone(), file, rest: rest(&text), scenario });
        }
    }
    cases
}

/// A scenario's text without its name, its profiles, its expectations and comments.
fn rest(text: &str) -> String {
    let mut kept = Vec::new();
    let (mut is_left_out, mut is_nested) = (false, false);
    for line in text.lines().filter(|line| !line.trim_start().starts_with('#') && !line.trim().is_empty()) {
        let key = line.trim_start().split(':').next().unwrap_or_default();
        match line.len() - line.trim_start().len() {
            0 => {
                is_left_out = ["name", "dynamo", "onebackend", "kubernetes", "expect", "oracles"].contains(&key);
                is_nested = false;
            }
            2 => is_nested = key == "batch_schedulers",
            _ => {}
        }
        if !is_left_out && !is_nested {
            kept.push(line);
        }
    }
    kept.join("\n")
}

/// True if all expectations of a run are met.
fn holds(scenario: &Scenario) -> bool {
    let judge = Judge::new(scenario).expect("the expectations can be compiled");
    let mut observers: Vec<Box<dyn Observer>> = vec![Box::new(judge)];
    let result = rehearse(scenario, Options::default(), &mut observers).unwrap_or_else(|errors| panic!("{errors:?}"));
    result.verdicts.iter().all(|verdict| verdict.status == VerdictStatus::Passed)
}

#[test]
fn each_scenario_needs_its_faults() {
    let cases = cases();
    let needs = |case: &Case| !holds(&Scenario { faults: Vec::new(), ..case.scenario.clone() });
    let mut wrong = BTreeSet::new();
    for case in cases.iter().filter(|case| !case.scenario.faults.is_empty()) {
        // What is mended holds with the faults or without: that they are needed is seen by the twin which is not.
        let twins = || cases.iter().filter(|other| other.folder == case.folder && other.rest == case.rest);
        if !needs(case) && !twins().any(needs) {
            wrong.insert(case.name());
        }
    }
    let meant: BTreeSet<String> = HARMLESS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(wrong, meant, "these hold without their faults");
}

#[test]
fn twins_tell_their_profiles_apart() {
    let cases = cases();
    let (mut wrong, mut others) = (BTreeSet::new(), BTreeSet::new());
    let mut pairs = 0;
    for case in &cases {
        let beside = cases.iter().filter(|other| other.folder == case.folder && !case.has_profile_of(other));
        for other in beside.filter(|other| other.rest == case.rest) {
            pairs += 1;
            if holds(&case.with_profile_of(other)) {
                wrong.insert(case.folder.clone());
            }
        }
        let is_mended = case.file == "mended.greenroom.yaml";
        let of = |other: &&Case| other.folder == case.folder && other.file == "scenario.yaml";
        let is_twin = cases.iter().find(of).is_some_and(|first| first.rest == case.rest);
        if is_mended && !is_twin {
            others.insert(case.name());
        }
    }
    assert!(others.is_empty(), "these differ from their scenario by more than the profile: {others:?}");
    assert!(pairs > 20, "the twins were not found: {pairs}");
    let meant: BTreeSet<String> = ALIKE.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(wrong, meant, "these hold with the profile of their twin");
}
