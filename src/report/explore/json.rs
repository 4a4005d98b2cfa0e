//! A search as one JSON object. Times stand as people read them and in nanoseconds.

use std::io::{self, Write};

use serde_json::{Map, Value, json};

use super::{Explored, Kept};
use crate::explore::{Exploration, Group};
use crate::kernel::Time;
use crate::text::mask::mask;

/// Names the form of the object; it changes when a reader would have to.
const FORM: &str = "greenroom-explore/2";

/// Writes a search.
///
/// # Errors
/// Those of the writer.
pub fn write(out: &mut dyn Write, explored: &Explored) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, &value(explored))?;
    writeln!(out)
}

fn value(explored: &Explored) -> Value {
    let found = &explored.exploration;
    let mut value = summary(explored);
    value["findings"] =
        found.groups.iter().enumerate().map(|(index, one)| group(one, explored.kept.get(index))).collect();
    if explored.coverage {
        value["coverage"] = coverage(found);
    }
    value
}

/// What a search was, without its findings.
pub(super) fn summary(explored: &Explored) -> Value {
    let found = &explored.exploration;
    let [singles, pairs, swarm, orders] = found.by_stage;
    let pruned: Map<String, Value> =
        found.pruned.iter().map(|(reason, count)| (reason.word().to_owned(), count.into())).collect();
    let (base, all) = found.coverage.counts();
    json!({
        "form": FORM,
        "name": explored.name(),
        "file": explored.file,
        "seed": found.seed,
        "decision_points": found.space.0,
        "vocabulary": found.space.1,
        "runs": { "all": found.runs, "singles": singles, "pairs": pairs, "swarm": swarm, "orders": orders },
        "without_target": found.lacking,
        "whole": found.is_whole,
        "interrupted": explored.interrupted,
        "put_off_ns": found.put_off.nanos(),
        "left_out": pruned,
        "steps": { "base": base, "all": all },
    })
}

/// A finding, and what was made of it.
pub(super) fn group(group: &Group, kept: Option<&Kept>) -> Value {
    let mut value = json!({
        "code": group.rule.code,
        "name": group.rule.name,
        "gravity": group.rule.gravity.text(),
        "subject": group.finding.subject,
        "also": group.also,
        "at": time(group.finding.at),
        "detail": mask(&group.finding.detail),
        "plan": group.plan.describe(),
        "faults": group.plan.faults.iter().map(|fault| fault.kind.text()).collect::<Vec<_>>(),
        "actions": group.plan.actions.iter().map(|action| action.kind.text()).collect::<Vec<_>>(),
        "causes": group.signature.causes,
        "first_run": group.first,
        "runs": group.count,
        "explained": group.explained,
        "repeats": group.repeats,
        "steps": group.steps.iter().map(|(kind, from, to)| json!({ "kind": kind.text(), "from": from, "to": to }))
            .collect::<Vec<_>>(),
    });
    match kept {
        Some(Kept::Written { file, faults, actions, nodes, tries }) => {
            value["kept"] =
                json!({ "file": file, "faults": faults, "actions": actions, "nodes": nodes, "tries": tries });
        }
        Some(Kept::Not(why)) => value["not_kept"] = json!(mask(why)),
        None => {}
    }
    value
}

fn coverage(found: &Exploration) -> Value {
    let kinds = found.coverage.kinds();
    let plain = |steps: &[(&str, &str)]| -> Value {
        steps.iter().map(|(from, to)| json!({ "from": from, "to": to })).collect()
    };
    let kinds = kinds.iter().map(|of| {
        let steps = of.steps_in_runs.iter().map(|(from, to, by)| json!({ "from": from, "to": to, "by": by }));
        json!({
            "kind": of.kind.text(),
            "states_in_base": of.in_base,
            "states_in_runs": of.in_runs,
            "states_never": of.never,
            "steps_in_base": plain(&of.steps_in_base),
            "steps_in_runs": steps.collect::<Vec<_>>(),
            "steps_never": plain(&of.steps_never),
        })
    });
    kinds.collect()
}

fn time(time: Time) -> Value {
    json!({ "text": time.to_string(), "ns": time.nanos() })
}
