//! What was seen of objects, in one form: of a recording's round, and of a run's journal.
//!
//! Objects are known by kind and name. Names that end in letters of chance are replaced: the ReplicaSets of a case
//! by the order in which they were made, and the pods of a ReplicaSet, DaemonSet or Job (those of one index, if it is an
//! indexed one) are one crowd, told apart by nothing. Which node a DaemonSet's controller turns to first is the order of a
//! map of Go's, chance too: the nodes of its pods are left out.

use std::collections::BTreeMap;

use greenroom::cluster::{Shown, Write};
use greenroom::kernel::{Names, Time};
use greenroom::timeline::Kind;
use greenroom::workload::{PodPhase, Status};
use serde_json::Value;

use super::agreement::Seen;

/// The histories of a case: single objects by name, and crowds of pods.
#[derive(Debug, Default)]
pub struct Histories {
    pub singles: BTreeMap<String, Vec<Seen>>,
    pub crowds: BTreeMap<String, Vec<Vec<Seen>>>,
}

impl Histories {
    fn of(mut objects: Vec<(Group, Vec<Seen>)>) -> Histories {
        objects.sort_by(|(_, a), (_, b)| a[0].at.total_cmp(&b[0].at));
        let mut histories = Histories::default();
        for (group, seen) in objects {
            match group {
                Group::Single(name) => {
                    histories.singles.insert(name, seen);
                }
                Group::Crowd(name) => histories.crowds.entry(name).or_default().push(seen),
            }
        }
        histories
    }
}

#[derive(Clone)]
enum Group {
    Single(String),
    Crowd(String),
}

/// Adds a state unless it is the one that was seen last.
fn add(history: &mut Vec<Seen>, at: f64, state: String) {
    if history.last().is_none_or(|last| last.state != state) {
        history.push(Seen { at, state });
    }
}

/// One round of a recording.
pub fn recorded(round: &Value, indexed: bool) -> Histories {
    let mut objects: Vec<(String, Vec<Seen>)> = Vec::new();
    let mut replicasets: Vec<String> = Vec::new();
    let mut kinds: BTreeMap<String, String> = BTreeMap::new();
    for event in round.as_array().expect("a round is a list") {
        let (at, kind, name) = (event[0].as_f64().expect("seconds"), text(&event[1]), text(&event[2]));
        if kind == "action" {
            continue;
        }
        let mut state = event[3].clone();
        let fields = state.as_object_mut().expect("fields");
        if kind == "Pod" && matches!(fields.get("phase").and_then(Value::as_str), Some("Succeeded" | "Failed")) {
            // kwok leaves the condition of a pod that has ended as it was; a kubelet does not.
            fields.remove("ready");
        }
        if kind == "ReplicaSet" {
            fields.remove("image");
            if !replicasets.contains(&name) {
                replicasets.push(name.clone());
            }
        }
        kinds.insert(name.clone(), kind.clone());
        let state = fields.iter().map(|(key, value)| format!("{key}={}", plain(value)));
        let state = sorted(state.collect());
        let key = format!("{kind}/{name}");
        match objects.iter_mut().find(|(other, _)| *other == key) {
            Some((_, history)) => add(history, at, state),
            None => objects.push((key, vec![Seen { at, state }])),
        }
    }
    let number = |name: &str| replicasets.iter().position(|other| other == name).map(|number| number + 1);
    let group = |key: &str| {
        let (kind, name) = key.split_once('/').expect("kind and name");
        if kind == "ReplicaSet" {
            return Group::Single(format!("ReplicaSet/{}", number(name).expect("it was counted")));
        }
        let owner = name.rsplit_once('-').map(|(owner, _)| owner);
        match owner.filter(|_| kind == "Pod") {
            None => Group::Single(key.to_owned()),
            Some(owner) => match number(owner) {
                Some(number) => Group::Crowd(format!("pods of ReplicaSet/{number}")),
                None if indexed => Group::Crowd(format!("pods of {owner}")),
                None if matches!(kinds.get(owner).map(String::as_str), Some("DaemonSet" | "Job")) => {
                    Group::Crowd(format!("pods of {owner}"))
                }
                None => Group::Single(key.to_owned()),
            },
        }
    };
    let daemons = |key: &str| {
        let owner = key.strip_prefix("Pod/").and_then(|name| name.rsplit_once('-')).map(|(owner, _)| owner);
        owner.is_some_and(|owner| kinds.get(owner).is_some_and(|kind| kind == "DaemonSet"))
    };
    let seen = |key: &str, seen: &Vec<Seen>| if daemons(key) { without_nodes(seen) } else { seen.clone() };
    Histories::of(objects.iter().map(|(key, states)| (group(key), seen(key, states))).collect())
}

/// A run, with its times set back by `phase` seconds.
pub fn journalled(journal: &[Write], names: &Names, phase: f64) -> Histories {
    let mut objects: Vec<(String, Vec<Seen>, Option<Group>)> = Vec::new();
    let mut replicasets: Vec<String> = Vec::new();
    for (place, write) in journal.iter().enumerate() {
        let name = write.subject.show(names);
        if write.subject.kind == Kind::ReplicaSet && !replicasets.contains(&name) {
            replicasets.push(name.clone());
        }
        if lasts_no_time(journal, place) {
            continue;
        }
        let number = |name: &str| replicasets.iter().position(|other| other == name).map_or(0, |number| number + 1);
        let group = match write.shown {
            Shown::Pod { owner, index, .. } => {
                let owner_name = owner.show(names);
                Some(match owner.kind {
                    Kind::ReplicaSet => Group::Crowd(format!("pods of ReplicaSet/{}", number(&owner_name))),
                    Kind::DaemonSet | Kind::Job => {
                        let owner = names.show(owner.name);
                        let index = index.map_or(String::new(), |index| format!("-{index}"));
                        Group::Crowd(format!("pods of {owner}{index}"))
                    }
                    _ => Group::Single(name.clone()),
                })
            }
            _ if write.subject.kind == Kind::ReplicaSet => Some(Group::Single(format!("ReplicaSet/{}", number(&name)))),
            Shown::Gone if write.subject.kind == Kind::Pod => None,
            _ => Some(Group::Single(name.clone())),
        };
        let at = seconds(write.at) - phase;
        let mut state = state(write, names);
        if matches!(write.shown, Shown::Pod { owner, .. } if owner.kind == Kind::DaemonSet) {
            state = without_node(&state);
        }
        match objects.iter_mut().find(|(other, ..)| *other == name) {
            Some((_, history, _)) => add(history, at, state),
            None => objects.push((name, vec![Seen { at, state }], group)),
        }
    }
    Histories::of(objects.into_iter().filter_map(|(_, seen, group)| Some((group?, seen))).collect())
}

fn without_node(state: &str) -> String {
    let parts = state.split(' ').filter(|part| !part.starts_with("node="));
    parts.collect::<Vec<_>>().join(" ")
}

fn without_nodes(history: &[Seen]) -> Vec<Seen> {
    history.iter().map(|seen| Seen { state: without_node(&seen.state), ..seen.clone() }).collect()
}

/// A kubelet reports a pod that runs and is ready at once in one write.
fn lasts_no_time(journal: &[Write], place: usize) -> bool {
    let write = &journal[place];
    let Shown::Pod { status, .. } = write.shown else { return false };
    let next = journal[place + 1..].iter().find(|next| next.subject == write.subject);
    status.phase == PodPhase::Running
        && !status.ready
        && !status.terminating
        && next.is_some_and(|next| next.at == write.at)
}

fn seconds(at: Time) -> f64 {
    at.nanos() as f64 / 1e9
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(list) => sorted(list.iter().map(plain).collect()),
        other => other.to_string(),
    }
}

fn sorted(mut parts: Vec<String>) -> String {
    parts.sort();
    parts.join(" ")
}

/// The fields of an object as the recordings show them: what is empty, zero or false is absent.
fn state(write: &Write, names: &Names) -> String {
    let mut parts: Vec<String> = Vec::new();
    let mut count = |key: &str, count: u32| {
        if count > 0 {
            parts.push(format!("{key}={count}"));
        }
    };
    match write.shown {
        Shown::Gone => parts.push("deleted=true".to_owned()),
        Shown::Pod { status, image, scheduled, ready, .. } => {
            let ended = matches!(status.phase, PodPhase::Succeeded | PodPhase::Failed);
            parts.push(format!("phase={:?}", status.phase));
            parts.push(format!("image={}", names.text(image)));
            if ready && !ended {
                parts.push("ready=true".to_owned());
            }
            if status.terminating {
                parts.push("terminating=true".to_owned());
            }
            if let Some(node) = status.node {
                parts.push(format!("node={}", names.show(node)));
            }
            match scheduled {
                Some(true) => parts.push("scheduled=True".to_owned()),
                Some(false) => parts.push("scheduled=False".to_owned()),
                None => {}
            }
        }
        Shown::Status(Status::Deployment(status)) => {
            count("replicas", status.replicas);
            count("updated", status.updated);
            count("ready", status.ready);
            count("available", status.available);
            let mut conditions = Vec::new();
            if let Some(available) = status.minimum_available {
                conditions.push(match available {
                    true => "Available=True:MinimumReplicasAvailable".to_owned(),
                    false => "Available=False:MinimumReplicasUnavailable".to_owned(),
                });
            }
            if let Some(progressing) = status.progressing {
                let reason = progressing.reason;
                conditions.push(format!("Progressing={}:{}", reason.status(), reason.text()));
            }
            if !conditions.is_empty() {
                parts.push(format!("conditions={}", sorted(conditions)));
            }
        }
        Shown::Status(Status::ReplicaSet(status)) => {
            count("spec", status.desired);
            count("replicas", status.replicas);
            count("ready", status.ready);
            count("available", status.available);
        }
        Shown::Status(Status::StatefulSet(status)) => {
            count("replicas", status.replicas);
            count("updated", status.updated);
            count("current", status.current);
            count("ready", status.ready);
            count("available", status.available);
        }
        Shown::Status(Status::Job(status)) => {
            count("active", status.active);
            count("ready", status.ready);
            count("succeeded", status.succeeded);
            count("failed", status.failed);
            let indexes = names.text(status.completed_indexes);
            if !indexes.is_empty() {
                parts.push(format!("indexes={indexes}"));
            }
            if status.deleting {
                parts.push("terminating=true".to_owned());
            }
            let mut conditions = Vec::new();
            if let Some(end) = status.ending {
                let [decided, over] =
                    if end.success { ["SuccessCriteriaMet", "Complete"] } else { ["FailureTarget", "Failed"] };
                conditions.push(format!("{decided}:{}", end.reason.text()));
                if status.complete || status.gave_up {
                    conditions.push(format!("{over}:{}", end.reason.text()));
                }
                parts.push(format!("conditions={}", sorted(conditions)));
            }
        }
        Shown::Status(Status::DaemonSet(status)) => {
            count("desired", status.desired);
            count("updated", status.updated);
            count("ready", status.ready);
        }
        Shown::Status(other) => panic!("{other:?} in a journal"),
    }
    sorted(parts)
}
