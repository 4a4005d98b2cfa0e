//! The table for people: a line for each trace and policy, means where there are several seeds, and below it the pods that no node
//! took, by what they ask for. Numbers of things are whole for one seed; their means have a decimal.

use std::io::{self, Write};

use super::{
    Group, allocation, fragmented, gpu_hours, groups, hundredths, is_in_time, mean_fragmented, seconds, tenths,
    unallocated,
};
use crate::fleet::demand::Bracket;
use crate::fleet::replay::{Outcome, Timed, Waits};
use crate::report::Paint;
use crate::report::paint::Tone;
use crate::text::counted::counted;

/// Writes the table.
///
/// # Errors
/// Those of the writer.
pub fn write(out: &mut dyn Write, outcomes: &[Outcome], paint: Paint) -> io::Result<()> {
    let groups = groups(outcomes);
    let Some(first) = outcomes.first() else { return writeln!(out, "nothing was replayed") };
    let seeds = groups.iter().map(|group| group.outcomes.len()).max().unwrap_or(1);
    let in_time = is_in_time(outcomes);
    let of_seeds = if seeds > 1 { format!("means of {seeds} seeds") } else { format!("seed {}", first.seed) };
    let nodes = counted(first.fleet.nodes as usize, "node");
    writeln!(out, "{nodes}, {}, {of_seeds}\n", counted(first.fleet.gpus as usize, "GPU"))?;
    let mut header = vec!["trace", "policy", "pods", "unplaced"];
    // What never fits is a matter of the fleet, not of the policy: it is told where there is such a thing.
    let has_unplaceable = outcomes.iter().any(|outcome| outcome.pods.unplaceable > 0);
    header.extend(has_unplaceable.then_some("unplaceable"));
    header.extend(if in_time { &IN_TIME[..] } else { &IN_ORDER[..] });
    let line = |group: &Group<'_>| {
        let mut cells = vec![group.trace.to_owned(), group.policy.to_string()];
        cells.extend([count(group, |outcome| outcome.pods.arrived()), count(group, |outcome| outcome.pods.unplaced())]);
        cells.extend(has_unplaceable.then(|| count(group, |outcome| outcome.pods.unplaceable)));
        cells.extend(if in_time { figures_in_time(group) } else { figures_in_order(group) });
        cells
    };
    table(out, &header, &groups.iter().map(line).collect::<Vec<_>>(), paint)?;
    by_bracket(out, &groups, paint)
}

/// What a replay in order has.
const IN_ORDER: [&str; 3] = ["allocation %", "unallocated GPUs", "fragmented GPUs"];

/// What a replay in time has.
const IN_TIME: [&str; 8] =
    ["wait p50", "wait p99", "GPU-hours", "lost", "utilisation %", "fragmented GPUs", "peak GPUs", "preemptions"];

/// A number of things.
fn count(group: &Group<'_>, figure: impl Fn(&Outcome) -> u64) -> String {
    match group.outcomes[..] {
        [one] => figure(one).to_string(),
        _ => shown(group.mean_tenths(|outcome| Some(figure(outcome))), tenths),
    }
}

fn shown(figure: Option<u64>, show: impl FnOnce(u64) -> String) -> String {
    figure.map_or_else(|| "-".to_owned(), show)
}

/// What stands under [`IN_ORDER`].
fn figures_in_order(group: &Group<'_>) -> Vec<String> {
    let figures: [fn(&Outcome) -> u64; 3] = [allocation, unallocated, fragmented];
    figures.map(|figure| shown(group.mean(|outcome| Some(figure(outcome))), hundredths)).into()
}

/// What stands under [`IN_TIME`].
fn figures_in_time(group: &Group<'_>) -> Vec<String> {
    let wait = |figure: fn(Waits) -> u64| {
        shown(group.mean(|outcome| outcome.timed.as_ref().and_then(|timed| timed.waits).map(figure)), seconds)
    };
    let decimal =
        |figure: fn(&Timed) -> u64| shown(group.mean(|outcome| outcome.timed.as_ref().map(figure)), hundredths);
    vec![
        wait(|waits| waits.p50_ms),
        wait(|waits| waits.p99_ms),
        decimal(|timed| gpu_hours(timed.gpu_milli_ms)),
        decimal(|timed| gpu_hours(timed.lost_gpu_milli_ms)),
        decimal(|timed| timed.utilisation.into()),
        decimal(mean_fragmented),
        decimal(|timed| timed.peak_gpu_milli / 10),
        count(group, |outcome| outcome.timed.as_ref().map_or(0, |timed| timed.preemptions)),
    ]
}

/// The pods that no node took, by what they ask for.
fn by_bracket(out: &mut dyn Write, groups: &[Group<'_>], paint: Paint) -> io::Result<()> {
    let came =
        |at: &usize| groups.iter().flat_map(|group| &group.outcomes).any(|outcome| outcome.pods.arrived[*at] > 0);
    let brackets: Vec<usize> = (0..Bracket::COUNT).filter(came).collect();
    let names: Vec<String> = brackets.iter().map(|at| Bracket(*at as u8).to_string()).collect();
    let mut header = vec!["trace", "policy"];
    header.extend(names.iter().map(String::as_str));
    let line = |group: &Group<'_>| {
        let counts = brackets.iter().map(|at| count(group, |outcome| outcome.pods.unplaced[*at]));
        [group.trace.to_owned(), group.policy.to_string()].into_iter().chain(counts).collect()
    };
    let lines: Vec<Vec<String>> = groups.iter().map(line).collect();
    writeln!(out, "\npods that no node took, by class\n")?;
    table(out, &header, &lines, paint)
}

/// A table with two columns of names; figures stand to the right.
fn table(out: &mut dyn Write, header: &[&str], lines: &[Vec<String>], paint: Paint) -> io::Result<()> {
    let width =
        |at: usize| lines.iter().map(|line| line[at].chars().count()).chain([header[at].len()]).max().unwrap_or(0);
    let widths: Vec<usize> = (0..header.len()).map(width).collect();
    let row = |cells: &mut dyn Iterator<Item = &str>| {
        let cells = cells.enumerate().map(|(at, cell)| {
            let width = widths[at];
            if at < 2 { format!("{cell:<width$}") } else { format!("{cell:>width$}") }
        });
        cells.collect::<Vec<_>>().join("  ")
    };
    writeln!(out, "{}", paint.tone(Tone::Strong, row(&mut header.iter().copied()).trim_end()))?;
    for line in lines {
        writeln!(out, "{}", row(&mut line.iter().map(String::as_str)).trim_end())?;
    }
    Ok(())
}
