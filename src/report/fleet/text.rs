//! The table for people: a line for each trace and policy, means where there are several seeds, and below it the pods that no node
//! took, by what they ask for.

use std::io::{self, Write};

use super::{Group, allocation, fragmented, gpu_hours, groups, hundredths, seconds, unallocated};
use crate::fleet::demand::Bracket;
use crate::fleet::replay::{Outcome, Timed};
use crate::report::Paint;
use crate::report::paint::Tone;

/// Writes the table.
///
/// # Errors
/// Those of the writer.
pub fn write(out: &mut dyn Write, outcomes: &[Outcome], paint: Paint) -> io::Result<()> {
    let groups = groups(outcomes);
    let Some(first) = outcomes.first() else { return writeln!(out, "nothing was replayed") };
    let seeds = groups.iter().map(|group| group.outcomes.len()).max().unwrap_or(1);
    let of_seeds = if seeds > 1 { format!(", means of {seeds} seeds") } else { format!(", seed {}", first.seed) };
    writeln!(out, "{} nodes, {} GPUs{of_seeds}\n", first.fleet.nodes, first.fleet.gpus)?;
    let in_time = first.timed.is_some();
    let lines: Vec<Vec<String>> =
        groups.iter().map(|group| if in_time { timed(group) } else { arrivals(group) }).collect();
    let header: &[&str] = if in_time {
        &[
            "trace",
            "policy",
            "pods",
            "unplaced",
            "wait p50",
            "wait p99",
            "GPU-hours",
            "lost",
            "utilisation %",
            "peak GPUs",
            "preemptions",
        ]
    } else {
        &["trace", "policy", "pods", "unplaced", "allocation %", "unallocated GPUs", "fragmented GPUs"]
    };
    table(out, header, &lines, paint)?;
    by_bracket(out, &groups, paint)
}

fn arrivals(group: &Group<'_>) -> Vec<String> {
    let mean = |figure: fn(&Outcome) -> u64| group.mean(figure);
    vec![
        group.trace.to_owned(),
        group.policy.to_string(),
        mean(|outcome| outcome.pods.arrived()).to_string(),
        mean(|outcome| outcome.pods.unplaced()).to_string(),
        hundredths(mean(allocation)),
        hundredths(mean(unallocated)),
        hundredths(mean(fragmented)),
    ]
}

fn timed(group: &Group<'_>) -> Vec<String> {
    let mean = |figure: fn(&Timed) -> u64| group.mean(|outcome| outcome.timed.as_ref().map_or(0, figure));
    vec![
        group.trace.to_owned(),
        group.policy.to_string(),
        group.mean(|outcome| outcome.pods.arrived()).to_string(),
        group.mean(|outcome| outcome.pods.unplaced()).to_string(),
        seconds(mean(|timed| timed.wait_p50_ms)),
        seconds(mean(|timed| timed.wait_p99_ms)),
        hundredths(mean(|timed| gpu_hours(timed.gpu_milli_ms))),
        hundredths(mean(|timed| gpu_hours(timed.lost_gpu_milli_ms))),
        hundredths(mean(|timed| timed.utilisation.into())),
        hundredths(mean(|timed| timed.peak_gpu_milli / 10)),
        mean(|timed| timed.preemptions).to_string(),
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
        let counts = brackets.iter().map(|at| group.mean(|outcome| outcome.pods.unplaced[*at]).to_string());
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
