//! 16 workloads, three rounds of each.
//!
//! Goal: object by object, a run shows the states that all three rounds agree on, in their order and in time, and ends
//! in the same state.
//!
//! What that means here, for an object with a name of its own (a workload, a ReplicaSet by its order, a pod of a
//! StatefulSet): of the three sequences of states a longest common subsequence is taken; the run's sequence must have it
//! as a subsequence, each state within 150 ms plus 5 % of the time span that the rounds show for it, and its last state
//! must be the last of the rounds, if these agree. For pods with names of chance: each pod is a sequence of states;
//! a sequence is agreed on as many times as every round has it, and the run must have it that often. Of these pods, the
//! first to reach a state is compared in time with the first of each round, the second with the second, and so on: which
//! of two equal pods goes first is chance. If the rounds agree on all of their pods, the run has no others.
//!
//! Documents are created at the moment when the middle one of the rounds saw the first of them; actions strike when
//! they were asked for. Two things of the recordings are not recorded and are found here by trying. At which fraction of
//! a second a round began: timestamps of the API have whole seconds, and deadlines, back-offs and the scheduler's queue
//! go by them; a run begins at one of eight fractions, and holds to everything with one of them. How fast the control
//! plane was: it was slow for the first seconds, as every round shows, and faster later. And which of several pods a
//! controller sees ready at one look depends on milliseconds: where a run in which every pod takes the same time
//! does not show what is agreed on, one of a number of runs in which pods take up to 40 ms longer must.

use std::collections::BTreeMap;

use greenroom::cluster::ControlPlane;
use greenroom::kernel::{Distribution, Duration};
use greenroom::workload::Stage;
use serde_json::Value;

use super::agreement::{Seen, agreed, compare, in_time};
use super::golden::golden;
use super::manifest::object;
use super::observed::{Histories, journalled, recorded};
use super::rig::{Setting, plane, rig};

#[test]
fn every_recorded_workload_behaves_as_recorded() {
    let Some(recordings) = golden("recordings.json") else { return };
    let cases = recordings["cases"].as_object().expect("cases");
    assert_eq!(cases.len(), 16);
    let mut wrong = Vec::new();
    for (name, case) in cases {
        let differences = replay(name, case);
        println!("{name}: {}", if differences.is_empty() { "as recorded" } else { "differs" });
        wrong.extend(differences.into_iter().map(|one| format!("{name}: {one}")));
    }
    assert!(wrong.is_empty(), "{} differences:\n{}", wrong.len(), wrong.join("\n"));
}

/// The fractions of a second at which a run may begin.
const PHASES: u32 = 8;
/// How many runs with noise there are for each of them.
const RUNS: u64 = 40;
/// How much later than they should pods may be ready.
const NOISE: Duration = Duration::from_millis(40);

fn replay(name: &str, case: &Value) -> Vec<String> {
    let documents = case["docs"].as_array().expect("documents");
    let indexed = documents.iter().any(|one| one["spec"]["completionMode"].as_str() == Some("Indexed"));
    let rounds: Vec<Histories> =
        case["rounds"].as_array().expect("rounds").iter().map(|round| recorded(round, indexed)).collect();
    let mut least: Option<Vec<String>> = None;
    for (noise, seeds) in [(Duration::ZERO, 1), (NOISE, RUNS)] {
        for (seed, phase) in (0..seeds).flat_map(|seed| (0..PHASES).map(move |phase| (seed, phase))) {
            let phase = f64::from(phase) / f64::from(PHASES);
            let differences = differences(&rounds, &run(name, case, phase, seed, noise));
            if differences.is_empty() {
                println!("{name}: as recorded, from {phase} s on, noise {noise:?}, seed {seed}");
                return differences;
            }
            if least.as_ref().is_none_or(|least| differences.len() < least.len()) {
                least = Some(differences);
            }
        }
    }
    least.expect("there was a run")
}

fn differences(rounds: &[Histories], run: &Histories) -> Vec<String> {
    let mut differences = Vec::new();
    let names: std::collections::BTreeSet<&String> = rounds.iter().flat_map(|round| round.singles.keys()).collect();
    for name in names {
        let Some(sequences) = rounds.iter().map(|round| round.singles.get(name)).collect::<Option<Vec<_>>>() else {
            continue;
        };
        let shown = run.singles.get(name).map(Vec::as_slice).unwrap_or_default();
        let agreed = agreed([sequences[0], sequences[1], sequences[2]]);
        if let Err(text) = compare(&agreed, shown) {
            differences.push(format!("{name}\n{text}"));
        }
        let last = |history: &[Seen]| history.last().map(|seen| seen.state.clone());
        let ends: Vec<_> = sequences.iter().map(|sequence| last(sequence)).collect();
        if ends.iter().all(|end| *end == ends[0]) && last(shown) != ends[0] {
            differences.push(format!("{name} ends in {:?}, recorded {:?}", last(shown), ends[0]));
        }
    }
    let crowds: std::collections::BTreeSet<&String> = rounds.iter().flat_map(|round| round.crowds.keys()).collect();
    for name in crowds {
        let shown = run.crowds.get(name).map(Vec::as_slice).unwrap_or_default();
        let rounds = rounds.iter().map(|round| round.crowds.get(name).map(Vec::as_slice).unwrap_or_default());
        differences.extend(compare_crowds(&rounds.collect::<Vec<_>>(), shown).map(|text| format!("{name}: {text}")));
    }
    differences
}

/// The pods of a crowd by their sequences of states.
fn by_states(crowd: &[Vec<Seen>]) -> BTreeMap<Vec<String>, Vec<&Vec<Seen>>> {
    let mut groups: BTreeMap<Vec<String>, Vec<&Vec<Seen>>> = BTreeMap::new();
    for pod in crowd {
        groups.entry(pod.iter().map(|seen| seen.state.clone()).collect()).or_default().push(pod);
    }
    groups
}

/// When the pods of a crowd reached a state, in order.
fn times(pods: &[&Vec<Seen>], state: usize) -> Vec<f64> {
    let mut times: Vec<f64> = pods.iter().map(|pod| pod[state].at).collect();
    times.sort_by(f64::total_cmp);
    times
}

fn compare_crowds(rounds: &[&[Vec<Seen>]], run: &[Vec<Seen>]) -> impl Iterator<Item = String> {
    let mut differences = Vec::new();
    let grouped: Vec<_> = rounds.iter().map(|round| by_states(round)).collect();
    let shown = by_states(run);
    let mut agreed_on = 0;
    for states in grouped[0].keys() {
        let in_all: Vec<_> = grouped.iter().map(|round| round.get(states).map_or(&[][..], Vec::as_slice)).collect();
        let count = in_all.iter().map(|pods| pods.len()).min().unwrap_or(0);
        agreed_on += count;
        let pods = shown.get(states).map_or(&[][..], Vec::as_slice);
        if pods.len() < count {
            differences.push(format!(
                "{count} pods agreed on, {} shown, with {states:#?}\nshown {:#?}",
                pods.len(),
                shown.keys()
            ));
            continue;
        }
        for (index, state) in states.iter().enumerate() {
            let recorded: Vec<Vec<f64>> = in_all.iter().map(|pods| times(pods, index)).collect();
            for (number, at) in times(pods, index).into_iter().take(count).enumerate() {
                let recorded: Vec<f64> = recorded.iter().map(|times| times[number]).collect();
                if !in_time(at, &recorded) {
                    differences
                        .push(format!("number {number} of {count} is {state} at {at:.3}, recorded {recorded:?}"));
                }
            }
        }
    }
    if rounds.iter().all(|round| round.len() == agreed_on) && run.len() != agreed_on {
        differences.push(format!("{agreed_on} pods agreed on, {} shown", run.len()));
    }
    differences.into_iter()
}

/// The control plane at the start of a recording.
const COLD: ControlPlane = plane(70_000, 40_000, 40_000, 5_000);
/// What kwok takes for its two stages beyond their delays.
const KWOK: Duration = Duration::from_millis(12);
/// Until when, in seconds.
const COLD_UNTIL: f64 = 2.0;

/// The control plane from then on.
const WARM: ControlPlane = plane(4_000, 6_000, 9_000, 1_000);

/// Plays a case.
fn run(name: &str, case: &Value, phase: f64, seed: u64, noise: Duration) -> Histories {
    let documents = case["docs"].as_array().expect("documents");
    let gpus: Vec<u64> = case["nodes"].as_array().expect("nodes").iter().filter_map(Value::as_u64).collect();
    let annotations = &template_of(&documents[0])["metadata"]["annotations"];
    let delay = |stage: &str| annotations[format!("{stage}.stage.kwok.x-k8s.io/delay")].as_str().map(length);
    let starts_in = delay("pod-create").unwrap_or_default() + delay("pod-ready").unwrap_or_default() + KWOK;
    let fails = delay("pod-container-running-failed");
    let setting = Setting {
        seed,
        starts_in: Distribution::Uniform { min: starts_in, max: starts_in + noise },
        runs_for: fails.or(delay("pod-complete")).unwrap_or(Duration::from_secs(86_400)),
        exit_code: u8::from(fails.is_some()),
        control_plane: COLD,
    };
    let mut rig = rig(name, &gpus, setting);
    let mut begins: Vec<f64> =
        case["rounds"].as_array().expect("rounds").iter().filter_map(|round| round[0][0].as_f64()).collect();
    begins.sort_by(f64::total_cmp);
    let after = |seconds: f64| Duration::from_nanos(((seconds + phase) * 1e9) as u64);
    rig.run_to(after(begins[1]));
    let key_of =
        |kind: &Value, name: &Value| format!("{}/{}", kind.as_str().expect("a kind"), name.as_str().expect("a name"));
    let mut made = BTreeMap::new();
    for document in documents {
        let key = key_of(&document["kind"], &document["metadata"]["name"]);
        rig.apply(&key, object(document));
        made.insert(key, document.clone());
    }
    rig.run_to(after(COLD_UNTIL));
    rig.cluster.set_control_plane(WARM);
    for action in case["actions"].as_array().expect("actions") {
        rig.run_to(after(action[0].as_f64().expect("seconds")));
        let key = key_of(&action[2], &action[3]);
        let document = made.get_mut(&key).expect("it was created");
        match action[1].as_str().expect("an action") {
            "patch" => merge(document, &action[4]),
            "scale" => document["spec"]["replicas"] = action[4].clone(),
            other => panic!("the action {other}: {action}"),
        }
        rig.apply(&key, object(document));
    }
    rig.run_to(after(30.0));
    let names = rig.cluster.names().clone();
    journalled(rig.cluster.journal(), &names, phase)
}

fn template_of(document: &Value) -> &Value {
    if document["kind"].as_str() == Some("Pod") { document } else { &document["spec"]["template"] }
}

/// `200ms`, `2s`.
fn length(text: &str) -> Duration {
    match text.strip_suffix("ms") {
        Some(count) => Duration::from_millis(count.parse().expect("a number")),
        None => Duration::from_secs(text.trim_end_matches('s').parse().expect("a number")),
    }
}

/// A strategic merge, as far as the recordings need it: lists of containers are merged one by one.
fn merge(into: &mut Value, patch: &Value) {
    match (into, patch) {
        (Value::Object(into), Value::Object(patch)) => {
            for (key, value) in patch {
                merge(into.entry(key).or_insert(Value::Null), value);
            }
        }
        (Value::Array(into), Value::Array(patch)) => {
            for (into, value) in into.iter_mut().zip(patch) {
                merge(into, value);
            }
        }
        (into, patch) => *into = patch.clone(),
    }
}

#[test]
fn three_rounds_agree_on_what_they_have_in_common() {
    let seen = |text: &str| -> Vec<Seen> {
        text.chars().enumerate().map(|(at, state)| Seen { at: at as f64, state: state.to_string() }).collect()
    };
    let (a, b, c) = (seen("abcde"), seen("acxde"), seen("xacde"));
    let common = agreed([&a, &b, &c]);
    assert_eq!(common.iter().map(|one| one.state.as_str()).collect::<String>(), "acde");
    assert_eq!(common[1].at, [2.0, 1.0, 2.0]);
    assert_eq!(compare(&common, &seen("abcde")), Ok(()), "more states than those that are agreed on");
    assert!(compare(&common, &seen("abce")).is_err(), "a state that all agree on is missing");
    assert!(compare(&common, &seen("abcxxxxxde")).is_err(), "a state comes too late");
}
