//! Rows of behaviour that a whole run did not need, which are most often misspelt. What each row means is not known here.

use super::Notice;
use crate::scenario::Scenario;
use crate::scenario::model::BehaviourRow;
use crate::timeline::Kind;
use crate::workload::Stage;

/// Tells of each row that nothing of the run met.
pub(super) fn notices<'a, S: Stage>(scenario: &'a Scenario, stage: &'a S) -> impl Iterator<Item = Notice> + 'a {
    let rows = stage.idle_behaviour().into_iter().filter_map(|row| scenario.behaviour.get(row));
    rows.filter(|row| row.build.is_none() || !has_built(row, stage)).map(|row| {
        let text = match row.build {
            Some(_) => "this row of behaviour fits no step that was built",
            None => "this row of behaviour fits no workload of the run, or another row above it fits first",
        };
        Notice { file: row.place.file.to_string(), line: row.place.line, text: text.to_owned() }
    })
}

/// True if a step that a row is about was built.
fn has_built<S: Stage>(row: &BehaviourRow, stage: &S) -> bool {
    let (timeline, names) = (stage.timeline(), stage.names());
    let built = timeline.since(0).filter(|(_, entry)| entry.subject.kind == Kind::Step && entry.became == "building");
    let mut steps = built.map(|(_, entry)| names.show(entry.subject.name));
    let suffix = row.matches.step.as_ref().map(|step| format!(".{step}"));
    steps.any(|step| suffix.as_ref().is_none_or(|suffix| step.ends_with(suffix.as_str())))
}
