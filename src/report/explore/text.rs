//! A search for people: how much was run and left out, each finding with the plan that shows it, and what was reached.

use std::collections::BTreeSet;
use std::io::{self, Write};

use super::Explored;
use crate::explore::{Exploration, Group};
use crate::report::Paint;
use crate::report::paint::Tone;
use crate::text::counted::counted;
use crate::text::mask::mask;
use crate::text::rule::Gravity;
use crate::timeline::Kind;

/// The most steps of a kind that are shown one by one.
const STEPS_SHOWN_MAX: usize = 20;
/// The most subjects that are named beside the first of a finding.
const ALSO_SHOWN_MAX: usize = 6;
/// The most steps of a kind that are shown with a finding.
const STEPS_OF_FINDING_MAX: usize = 6;
/// The most faults and actions that are shown with a step.
const CAUSES_SHOWN_MAX: usize = 6;

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
        if explored.coverage {
            write_steps(out, group)?;
        }
        if let Some(kept) = explored.kept.get(index) {
            writeln!(out, "   {}", mask(&kept.text()))?;
        }
    }
    if explored.coverage {
        write_coverage(out, found, paint)?;
    }
    writeln!(out, "\n{}", verdict(explored, paint))
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
    if !group.also.is_empty() {
        let others: Vec<&str> = group.also.iter().map(String::as_str).take(ALSO_SHOWN_MAX).collect();
        let more = match group.also.len() - others.len() {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        writeln!(out, "   the same of {}{more}", others.join(", "))?;
    }
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

/// What the run of a finding reaches that the run without anything put in does not.
fn write_steps(out: &mut dyn Write, group: &Group) -> io::Result<()> {
    let mut kinds: Vec<(Kind, Vec<String>)> = Vec::new();
    for (kind, from, to) in &group.steps {
        let step = step(from, to);
        match kinds.last_mut().filter(|(last, _)| last == kind) {
            Some((_, steps)) => steps.push(step),
            None => kinds.push((*kind, vec![step])),
        }
    }
    for (kind, steps) in kinds {
        let more = steps.len().saturating_sub(STEPS_OF_FINDING_MAX);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let shown = steps.into_iter().take(STEPS_OF_FINDING_MAX).collect::<Vec<_>>().join(", ");
        writeln!(out, "   reaches  {}: {shown}{more}", kind.text())?;
    }
    Ok(())
}

fn write_coverage(out: &mut dyn Write, found: &Exploration, paint: Paint) -> io::Result<()> {
    writeln!(out, "\n{}", paint.tone(Tone::Strong, "coverage"))?;
    for of in found.coverage.kinds() {
        let list = |states: &BTreeSet<&str>| {
            if states.is_empty() { "none".to_owned() } else { states.iter().copied().collect::<Vec<_>>().join(", ") }
        };
        writeln!(out, "  {}", of.kind.text())?;
        writeln!(out, "    without anything put in  {}", list(&of.in_base))?;
        writeln!(out, "    in other runs            {}", list(&of.in_runs))?;
        writeln!(out, "    never                    {}", list(&of.never))?;
        let plain = |steps: &[(&str, &str)]| steps.iter().map(|(from, to)| step(from, to)).collect();
        write_list(out, "steps without anything put in", plain(&of.steps_in_base))?;
        let by = |by: &BTreeSet<&'static str>| by.iter().copied().take(CAUSES_SHOWN_MAX).collect::<Vec<_>>().join(", ");
        let others = of.steps_in_runs.iter().map(|(from, to, words)| format!("{}: {}", step(from, to), by(words)));
        write_list(out, "steps in other runs", others.collect())?;
        write_list(out, "steps of other scenarios, never here", plain(&of.steps_never))?;
    }
    Ok(())
}

fn write_list(out: &mut dyn Write, title: &str, steps: Vec<String>) -> io::Result<()> {
    writeln!(out, "    {title}: {}", steps.len())?;
    for step in steps.iter().take(STEPS_SHOWN_MAX) {
        writeln!(out, "      {step}")?;
    }
    if steps.len() > STEPS_SHOWN_MAX {
        writeln!(out, "      and {} more: --format json has them all", steps.len() - STEPS_SHOWN_MAX)?;
    }
    Ok(())
}

fn step(from: &str, to: &str) -> String {
    format!("{} -> {to}", if from.is_empty() { "(new)" } else { from })
}

fn verdict(explored: &Explored, paint: Paint) -> String {
    let extent = if explored.interrupted {
        "interrupted"
    } else if explored.exploration.is_whole {
        "everything at this depth was tried"
    } else {
        "the budget ended the search"
    };
    match explored.exploration.groups.len() {
        0 => format!("{}: {extent}", paint.tone(Tone::Good, "nothing found")),
        count => format!("{}: {extent}", paint.tone(Tone::Bad, &counted(count, "finding"))),
    }
}
