//! What a user should know of a run beside its verdicts: what was not needed, what may be lacking, what may be too short.

use std::collections::BTreeSet;

use super::result::{Notice, Verdict, VerdictStatus};
use crate::cluster::ALWAYS_NAMESPACES as ALWAYS;
use crate::scenario::Scenario;
use crate::scenario::model::BehaviourRow;
use crate::systems::System;
use crate::timeline::{Entry, Kind};
use crate::workload::Stage;

/// Tells of each row that nothing of the run met.
pub(super) fn idle<'a, S: Stage>(scenario: &'a Scenario, stage: &'a S) -> impl Iterator<Item = Notice> + 'a {
    let rows = stage.idle_behaviour().into_iter().filter_map(|row| scenario.behaviour.get(row));
    rows.filter(|row| row.build.is_none() || !has_built(row, stage)).map(|row| {
        let text = match row.build {
            Some(_) => "this row of behaviour fits nothing that was built",
            None => "this row of behaviour fits no workload of the run, or another row above it fits first",
        };
        Notice { file: row.place.file.to_string(), line: row.place.line, text: text.to_owned() }
    })
}

/// True if a step or a definition that a row is about was built.
fn has_built<S: Stage>(row: &BehaviourRow, stage: &S) -> bool {
    let (timeline, names) = (stage.timeline(), stage.names());
    if row.matches.step.is_none() {
        let own = |entry: &Entry| {
            let definition = row.matches.definition.as_ref();
            definition.is_none_or(|definition| *definition == names.show(entry.subject.name))
        };
        let building = timeline.since(0).map(|(_, entry)| entry).filter(|entry| entry.became == "building");
        if building.filter(|entry| entry.subject.kind == Kind::Definition).any(|entry| own(&entry)) {
            return true;
        }
        if row.matches.definition.is_some() {
            return false;
        }
    }
    let built = timeline.since(0).filter(|(_, entry)| entry.subject.kind == Kind::Step && entry.became == "building");
    let mut steps = built.map(|(_, entry)| names.show(entry.subject.name));
    let suffix = row.matches.step.as_ref().map(|step| format!(".{step}"));
    steps.any(|step| suffix.as_ref().is_none_or(|suffix| step.ends_with(suffix.as_str())))
}

/// Tells that a length of the scenario may be too short for what no speed shortens, where something failed.
pub(super) fn hurried(scenario: &Scenario, verdicts: &[Verdict]) -> Option<Notice> {
    let failed = verdicts.iter().any(|verdict| verdict.status == VerdictStatus::Failed);
    let text = format!(
        "every length of the scenario was divided by {}, a `within` too; what Kubernetes and documents bring was not, and may \
         have been too long for it: try a lower --speed",
        scenario.speed
    );
    (failed && scenario.speed > 1).then(|| Notice { file: scenario.file.to_string(), line: 0, text })
}

/// Tells of namespaces that documents use and nothing makes.
pub(super) fn lacking_namespaces(scenario: &Scenario, systems: &[System]) -> Option<Notice> {
    let of_all: Vec<_> = systems.iter().map(System::namespaces).collect();
    let made: BTreeSet<&str> = of_all.iter().flat_map(|(_, made)| made).copied().collect();
    let is_there = |name: &str| {
        made.contains(name) || ALWAYS.contains(&name) || scenario.cluster.namespaces.iter().any(|there| there == name)
    };
    let lacking: BTreeSet<&str> = of_all.iter().flat_map(|(used, _)| used).copied().collect();
    let lacking: Vec<String> =
        lacking.into_iter().filter(|name| !is_there(name)).map(crate::text::diagnostic::quote).collect();
    let text = format!(
        "no manifest makes the namespace {}: if the cluster has it, name it in `cluster.namespaces`",
        lacking.join(", ")
    );
    let place = &scenario.cluster.place;
    (!lacking.is_empty()).then(|| Notice { file: place.file.to_string(), line: place.line, text })
}
