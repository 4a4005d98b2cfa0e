//! A search for people: how much was run and left out, each finding with the plan that shows it, and what was reached.

use std::io::{self, Write};

use super::Explored;
use crate::explore::{Exploration, Group, OfKind};
use crate::report::Paint;
use crate::report::paint::Tone;
use crate::text::mask::mask;
use crate::text::rule::Gravity;

/// The most steps of a kind that are shown one by one.
const STEPS_SHOWN_MAX: usize = 20;

/// Writes a search.
///
/// # Errors
/// Those of the writer.
pub fn write(out: &mut dyn Write, explored: &Explored, paint: Paint) -> io::Result<()> {
    let found = &explored.exploration;
    writeln!(out, "explore  {}", explored.name())?;
    writeln!(out, "seed     {}\n", found.seed)?;
    write_effort(out, found)?;
    for (index, group) in found.groups.iter().enumerate() {
        writeln!(out)?;
        write_group(out, index + 1, group, paint)?;
        if let Some(kept) = explored.kept.get(index) {
            writeln!(out, "   {}", mask(&kept.text()))?;
        }
    }
    if explored.coverage {
        write_coverage(out, found, paint)?;
    }
    writeln!(out, "\n{}", verdict(found, paint))
}

fn write_effort(out: &mut dyn Write, found: &Exploration) -> io::Result<()> {
    let (places, items) = found.space;
    let [singles, pairs, swarm, orders] = found.by_stage;
    writeln!(out, "  {:<16} {places} decision points, {items} faults and actions", "space")?;
    writeln!(
        out,
        "  {:<16} {}: {singles} of one, {pairs} of two, {swarm} drawn, {orders} of another order",
        "runs", found.runs
    )?;
    if !found.put_off.is_zero() {
        writeln!(
            out,
            "  {:<16} put off by {}, so that what strikes late has the time to be over",
            "end", found.put_off
        )?;
    }
    for word in &found.lacking {
        writeln!(out, "  {:<16} there is nothing here that {word} could strike", "notice")?;
    }
    let total = found.pruned.total();
    let reasons: Vec<String> =
        found.pruned.iter().map(|(reason, count)| format!("{count} {}", reason.text())).collect();
    writeln!(out, "  {:<16} {total}{}{}", "left out", if reasons.is_empty() { "" } else { ": " }, reasons.join(", "))?;
    let (base, all) = found.coverage.counts();
    writeln!(out, "  {:<16} {all} steps from state to state, {base} of them without anything put in", "reached")
}

fn write_group(out: &mut dyn Write, number: usize, group: &Group, paint: Paint) -> io::Result<()> {
    let rule = group.rule;
    let tone = if rule.gravity == Gravity::Error { Tone::Bad } else { Tone::Notice };
    let head = format!("{number}. {} {}", rule.code, rule.name);
    writeln!(out, "{}  {}", paint.tone(tone, &head), group.finding.subject)?;
    writeln!(out, "   {} at {}", group.finding.detail, group.finding.at)?;
    let plan = group.plan.describe();
    if plan.is_empty() {
        writeln!(out, "   with nothing put in")?;
    }
    for line in plan {
        writeln!(out, "   with {line}")?;
    }
    let explained = if group.explained { ", which the fault itself explains" } else { "" };
    if !group.repeats {
        writeln!(out, "   {}", paint.tone(Tone::Notice, "not seen again when it is run from its start"))?;
    }
    let runs = if group.count == 1 { "run" } else { "runs" };
    writeln!(
        out,
        "   {}",
        paint.tone(Tone::Faint, &format!("{} {runs}, first in run {}{explained}", group.count, group.first))
    )
}

fn write_coverage(out: &mut dyn Write, found: &Exploration, paint: Paint) -> io::Result<()> {
    writeln!(out, "\n{}", paint.tone(Tone::Strong, "coverage"))?;
    for OfKind { kind, in_base, in_runs, never, steps_in_base, steps_in_runs } in found.coverage.kinds() {
        let list = |states: &std::collections::BTreeSet<&str>| {
            if states.is_empty() { "none".to_owned() } else { states.iter().copied().collect::<Vec<_>>().join(", ") }
        };
        writeln!(out, "  {}", kind.text())?;
        writeln!(out, "    without anything put in  {}", list(&in_base))?;
        writeln!(out, "    in other runs            {}", list(&in_runs))?;
        writeln!(out, "    never                    {}", list(&never))?;
        writeln!(out, "    steps                    {steps_in_base}, and {} in other runs", steps_in_runs.len())?;
        for (from, to, by) in steps_in_runs.iter().take(STEPS_SHOWN_MAX) {
            let from = if from.is_empty() { "(new)" } else { from };
            let by: Vec<&str> = by.iter().copied().take(6).collect();
            writeln!(out, "      {from} -> {to}: {}", by.join(", "))?;
        }
        if steps_in_runs.len() > STEPS_SHOWN_MAX {
            writeln!(out, "      and {} more: --format json has them all", steps_in_runs.len() - STEPS_SHOWN_MAX)?;
        }
    }
    Ok(())
}

fn verdict(found: &Exploration, paint: Paint) -> String {
    let extent = if found.is_whole { "everything at this depth was tried" } else { "the budget ended the search" };
    match found.groups.len() {
        0 => format!("{}: {extent}", paint.tone(Tone::Good, "nothing found")),
        1 => format!("{}: {extent}", paint.tone(Tone::Bad, "1 finding")),
        count => format!("{}: {extent}", paint.tone(Tone::Bad, &format!("{count} findings"))),
    }
}
