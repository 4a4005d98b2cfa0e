//! A sweep for people: a line a plan with the figures and their intervals, how the plans differ, what was found, and how to see the
//! first run that failed again.

use std::io::{self, Write};

use super::{Swept, compared, verdict};
use crate::fleet::statistics::Estimate;
use crate::fleet::sweep::measure::{Holds, Measure, Statistic};
use crate::fleet::sweep::tally::Tally;
use crate::oracle::builtin::rules;
use crate::report::Paint;
use crate::report::paint::Tone;
use crate::report::replay::shell_word;
use crate::text::counted::counted;

/// The most plans that are shown; the other forms have all.
const PLANS_SHOWN_MAX: usize = 100;
/// The most plans of which differences and failures are told.
const TOLD_MAX: usize = 20;
/// The least chance that is shown as a number.
const CHANCE_LEAST: f64 = 0.0001;

/// Writes a sweep.
///
/// # Errors
/// Those of the writer.
pub fn write(out: &mut dyn Write, swept: &Swept, paint: Paint) -> io::Result<()> {
    let (space, plans) = (&swept.space, swept.plans());
    let (runs, seed) = (swept.rows.len(), space.seed());
    writeln!(out, "sweep    {}", swept.manifest.scenario)?;
    let seeds = match space.samples() {
        0 | 1 => format!("seed {seed}"),
        samples => format!("seeds {seed} to {}", seed.wrapping_add(samples - 1)),
    };
    writeln!(out, "runs     {runs}: {}, {} each, {seeds}", counted(plans.len(), "plan"), samples(space.samples()))?;
    writeln!(out, "figures  each with its interval of {} confidence", share(swept.confidence.share()))?;
    write_stopped(out, swept, paint)?;
    writeln!(out)?;
    write_table(out, swept, &plans, paint)?;
    write_differences(out, swept, &plans)?;
    write_failures(out, swept, &plans, paint)?;
    write_search(out, swept, paint)
}

fn write_stopped(out: &mut dyn Write, swept: &Swept, paint: Paint) -> io::Result<()> {
    let Some(stopped) = &swept.stopped else { return Ok(()) };
    let asked: Vec<String> = stopped.asked.iter().map(ToString::to_string).collect();
    let word = if stopped.is_precise {
        paint.tone(Tone::Good, "precise enough")
    } else {
        paint.tone(Tone::Bad, "not precise enough")
    };
    let looks: Vec<String> = stopped.looks.iter().map(ToString::to_string).collect();
    writeln!(out, "stopped  {word} for {} at {}", asked.join(", "), samples(swept.space.samples()))?;
    writeln!(
        out,
        "         looked at after {} {} at the most; all looks together have {} confidence",
        looks.join(", "),
        if looks == ["1"] { "sample" } else { "samples" },
        share(stopped.together.share())
    )
}

fn write_table(out: &mut dyn Write, swept: &Swept, plans: &[(u32, Tally)], paint: Paint) -> io::Result<()> {
    let mut table: Vec<Vec<String>> = Vec::new();
    let mut head: Vec<String> = swept.space.varied().iter().map(|vary| vary.path.to_string()).collect();
    if head.is_empty() {
        head.push("plan".to_owned());
    }
    head.extend(swept.measures.iter().map(ToString::to_string));
    table.push(head);
    for (plan, tally) in plans.iter().take(PLANS_SHOWN_MAX) {
        let values = swept.space.values(*plan);
        let mut line: Vec<String> = values.iter().map(|(_, value)| (*value).to_owned()).collect();
        if line.is_empty() {
            line.push("as written".to_owned());
        }
        line.extend(swept.measures.iter().map(|measure| cell(measure, &swept.estimate(*plan, tally, measure))));
        table.push(line);
    }
    let columns = table[0].len();
    let widths: Vec<usize> =
        (0..columns).map(|column| table.iter().map(|line| line[column].chars().count()).max().unwrap_or(0)).collect();
    for (number, line) in table.iter().enumerate() {
        let cells = line.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        let text = cells.collect::<Vec<_>>().join("  ");
        let text = text.trim_end();
        if number == 0 { writeln!(out, "{}", paint.tone(Tone::Strong, text))? } else { writeln!(out, "{text}")? }
    }
    match plans.len().saturating_sub(PLANS_SHOWN_MAX) {
        0 => Ok(()),
        more => writeln!(out, "and {}: --format json and --format csv have all", counted(more, "more plan")),
    }
}

/// `7m41.2s [7m30s, 7m52s]`; what is the same in every run has no interval.
fn cell(measure: &Measure, estimate: &Estimate) -> String {
    let unit = measure.unit();
    let shown = unit.show(estimate.value);
    if estimate.low == estimate.high {
        return shown;
    }
    let high = match estimate.high.is_infinite() && !estimate.value.is_infinite() {
        true => "?".to_owned(),
        false => unit.show(estimate.high),
    };
    format!("{shown} [{}, {high}]", unit.show(estimate.low))
}

/// How each plan differs from the first, sample by sample.
fn write_differences(out: &mut dyn Write, swept: &Swept, plans: &[(u32, Tally)]) -> io::Result<()> {
    if plans.len() < 2 || !swept.is_complete() {
        return Ok(());
    }
    let mut metrics: Vec<_> = swept.measures.iter().map(|measure| measure.metric).collect();
    metrics.dedup();
    writeln!(out, "\nThe same samples, compared with {}:", swept.space.label(0))?;
    for (plan, _) in plans.iter().skip(1).take(TOLD_MAX) {
        writeln!(out, "  {}", swept.space.label(*plan))?;
        let mut is_same = true;
        for metric in &metrics {
            let paired = compared(swept, *plan, *metric);
            if paired.greater + paired.less == 0 {
                continue;
            }
            is_same = false;
            let mean = Measure { statistic: Statistic::Mean, metric: *metric };
            let shown = cell(&mean, &paired.mean);
            let sign = if paired.mean.value > 0.0 { "+" } else { "" };
            writeln!(
                out,
                "    {metric:<20} {sign}{shown} in the mean; more in {}, less in {} of {} (by chance: {})",
                paired.greater,
                paired.less,
                swept.space.samples(),
                chance(paired.chance)
            )?;
        }
        if is_same {
            writeln!(out, "    the same in every sample")?;
        }
    }
    match plans.len().saturating_sub(TOLD_MAX + 1) {
        0 => Ok(()),
        more => writeln!(out, "  and {}", counted(more, "more plan")),
    }
}

fn write_failures(out: &mut dyn Write, swept: &Swept, plans: &[(u32, Tally)], paint: Paint) -> io::Result<()> {
    let failing: Vec<&(u32, Tally)> = plans.iter().filter(|(_, tally)| tally.first_failed_seed.is_some()).collect();
    for (plan, tally) in failing.iter().take(TOLD_MAX) {
        writeln!(out, "\n{} {}", paint.tone(Tone::Bad, "not all passed:"), swept.space.label(*plan))?;
        for (index, runs) in &tally.failed {
            let text = swept.expectations.get(*index as usize).map_or("an expectation", String::as_str);
            writeln!(out, "  {runs} of {}: failed  {text}", tally.runs)?;
        }
        for (code, runs) in &tally.found {
            let rule = rules::find(code).map_or("", |rule| rule.name);
            writeln!(out, "  {runs} of {}: found   {code} {rule}", tally.runs)?;
        }
        if let Some((_, seed)) = tally.first_failed_seed {
            writeln!(out, "  {}", replay(swept, *plan, seed))?;
        }
    }
    match failing.len().saturating_sub(TOLD_MAX) {
        0 => Ok(()),
        more => writeln!(out, "\nand {} in which not all runs passed", counted(more, "more plan")),
    }
}

/// The command that shows a run again.
pub fn replay(swept: &Swept, plan: u32, seed: u64) -> String {
    let file = shell_word(&swept.manifest.file);
    let values = swept.space.values(plan);
    if values.is_empty() {
        return format!("replay: greenroom run {file} --seed {seed}");
    }
    let mut line = format!("replay: greenroom sweep {file} --samples 1 --seed {seed}");
    for (path, value) in values {
        line.push_str(" --vary ");
        line.push_str(&shell_word(&format!("{path}={value}")));
    }
    line
}

fn write_search(out: &mut dyn Write, swept: &Swept, paint: Paint) -> io::Result<()> {
    let Some(search) = &swept.search else { return Ok(()) };
    let find = &search.find;
    writeln!(out, "\nfind     {find}")?;
    for (place, holds) in &search.found.seen {
        let tone = match holds {
            Holds::Yes => Tone::Good,
            Holds::Undecided => Tone::Notice,
            Holds::No => Tone::Bad,
        };
        let value = swept.space.varied()[0].values.get(*place).map_or("", String::as_str);
        writeln!(out, "  {value:<8} {}", paint.tone(tone, verdict(*holds)))?;
    }
    let together = share(search.together.share());
    if search.found.is_monotone {
        let values = &swept.space.varied()[0].values;
        let others = values.iter().enumerate().filter(|(place, _)| !search.found.seen.contains_key(place));
        let others = others.count();
        let left = match others {
            0 => String::new(),
            _ => {
                let was = if others == 1 { "was" } else { "were" };
                format!(
                    "{} {was} not looked at: what is good enough was taken to stay so. ",
                    counted(others, "other value")
                )
            }
        };
        writeln!(out, "  {left}All statements together have {together} confidence.")?;
    } else {
        writeln!(
            out,
            "  What is good enough does not stay so: all values were looked at, and {together} confidence is that of {}.",
            counted(find.statements(swept.space.varied()[0].values.len()) as usize, "statement")
        )?;
    }
    match search.found.best {
        Some(place) => {
            let value = &swept.space.varied()[0].values[place];
            writeln!(out, "{}", paint.tone(Tone::Good, &format!("found    {}={value}", find.path)))
        }
        None => {
            let undecided = search.found.seen.values().any(|holds| *holds == Holds::Undecided);
            let more = if undecided { ": more samples may decide" } else { "" };
            writeln!(
                out,
                "{}",
                paint.tone(Tone::Bad, &format!("found    no value that is shown to be good enough{more}"))
            )
        }
    }
}

/// `0.0312`; what would be shown as 0 is not, as nothing is that sure.
fn chance(chance: f64) -> String {
    if chance < CHANCE_LEAST { format!("<{CHANCE_LEAST}") } else { format!("{chance:.4}") }
}

fn samples(number: u64) -> String {
    counted(number as usize, "sample")
}

/// `95%`, `99.375%`.
fn share(share: f64) -> String {
    let text = format!("{:.4}", share * 100.0);
    format!("{}%", text.trim_end_matches('0').trim_end_matches('.'))
}

#[cfg(test)]
mod tests {
    use super::chance;

    #[test]
    fn a_small_chance_is_not_shown_as_none() {
        assert_eq!(
            [1.0, 0.031_25, 0.000_1, 0.000_099, 1e-300, 0.0].map(chance).join(" "),
            "1.0000 0.0312 0.0001 <0.0001 <0.0001 <0.0001"
        );
    }
}
