//! A comparison for people: the verdict, what was compared, where the runs part first with the causes on both sides, and what
//! else differs.

use std::io::{self, Write};

use super::{substrate, word};
use crate::conform::{Comparison, Conformity, Difference, Evidence, Side, Told};
use crate::report::paint::{Paint, Tone};
use crate::report::text::{STATE_WIDTH, SUBJECT_WIDTH, column};

/// The most findings of each gravity that are shown.
const SHOWN_MAX: usize = 20;

/// Writes a comparison.
///
/// # Errors
/// Those of the writer.
pub fn write(out: &mut dyn Write, comparison: &Comparison, paint: Paint) -> io::Result<()> {
    writeln!(out, "conform    {}", comparison.name)?;
    writeln!(out, "seed       {}", comparison.seed)?;
    writeln!(out, "substrate  {}\n", substrate(comparison.substrate))?;
    writeln!(out, "{}\n", paint.tone(tone(comparison.verdict), &verdict(comparison)))?;
    for (aspect, count) in &comparison.compared {
        let findings: Vec<_> = comparison.findings.iter().filter(|finding| finding.aspect == *aspect).collect();
        let diverge = findings.iter().filter(|finding| finding.conformity() == Conformity::Diverge).count();
        let mut told = format!("{count} compared");
        for (count, word) in [(diverge, "diverge"), (findings.len() - diverge, "tolerated")] {
            if count > 0 {
                told.push_str(&format!(", {count} {word}"));
            }
        }
        writeln!(out, "  {:<14}{told}", aspect.text())?;
    }
    if !comparison.not_checked.is_empty() {
        writeln!(out, "\n{}", paint.tone(Tone::Strong, "what is not checked"))?;
        for what in &comparison.not_checked {
            writeln!(out, "  {what}")?;
        }
    }
    for (gravity, title) in
        [(Conformity::Diverge, "where the runs diverge, the first first"), (Conformity::Tolerated, "what is tolerated")]
    {
        let count = comparison.findings_of(gravity).count();
        if count == 0 {
            continue;
        }
        writeln!(out, "\n{}", paint.tone(Tone::Strong, title))?;
        for (position, finding) in comparison.findings_of(gravity).take(SHOWN_MAX).enumerate() {
            one(out, finding, gravity == Conformity::Diverge && position == 0, paint)?;
        }
        if count > SHOWN_MAX {
            writeln!(out, "\n  … {} more", count - SHOWN_MAX)?;
        }
    }
    Ok(())
}

const fn tone(conformity: Conformity) -> Tone {
    match conformity {
        Conformity::Agree => Tone::Good,
        Conformity::Tolerated => Tone::Notice,
        Conformity::Diverge => Tone::Bad,
    }
}

/// The verdict in a line.
fn verdict(comparison: &Comparison) -> String {
    let count = |conformity| comparison.findings_of(conformity).count();
    let subjects = comparison.subjects.len();
    match (comparison.verdict, count(Conformity::Diverge), count(Conformity::Tolerated)) {
        (Conformity::Agree, ..) => format!("the runs agree: {subjects} subjects"),
        (Conformity::Tolerated, _, tolerated) => {
            format!("the runs agree: {subjects} subjects, {} tolerated", differences(tolerated))
        }
        (Conformity::Diverge, diverge, tolerated) => {
            format!("THE RUNS DIVERGE: {}, and {tolerated} tolerated, in {subjects} subjects", differences(diverge))
        }
    }
}

fn differences(count: usize) -> String {
    if count == 1 { "1 difference".to_owned() } else { format!("{count} differences") }
}

/// Writes a finding; `whole` with the causes on both sides.
fn one(out: &mut dyn Write, finding: &Difference, whole: bool, paint: Paint) -> io::Result<()> {
    let label = paint.tone(tone(finding.conformity()), &format!("{:<10}", word(finding.conformity())));
    writeln!(out, "\n  {label}  {:<13} {}", finding.aspect.text(), paint.tone(Tone::Strong, &finding.about))?;
    for (name, side) in [("simulated", &finding.simulated), ("live", &finding.live)] {
        writeln!(out, "    {name:<10}{}", side.text)?;
        causes(out, side, whole, paint)?;
    }
    for toleration in &finding.tolerated {
        let reason = toleration.tolerance;
        writeln!(out, "    {:<10}{}: {}; {}", "tolerated", reason.text(), toleration.detail, reason.reason())?;
    }
    Ok(())
}

fn causes(out: &mut dyn Write, side: &Side, whole: bool, paint: Paint) -> io::Result<()> {
    let Some(Evidence { line, chain, left_out }) = &side.evidence else { return Ok(()) };
    if !whole {
        return side.evidence.as_ref().and_then(Evidence::entry).map_or(Ok(()), |entry| columns(out, entry));
    }
    if let Some(line) = line {
        let place = format!("{}:{}:{}", line.file, line.line, line.column);
        writeln!(out, "      {}  {}", paint.tone(Tone::Faint, &place), line.what)?;
    }
    for (position, told) in chain.iter().enumerate() {
        if let Some((count, _)) = left_out.filter(|(_, after)| *after == position) {
            writeln!(out, "      {}", paint.tone(Tone::Faint, &format!("… {count} causes between are left out")))?;
        }
        columns(out, told)?;
    }
    Ok(())
}

fn columns(out: &mut dyn Write, told: &Told) -> io::Result<()> {
    let mut line = format!("      {}  ", told.at);
    column(&mut line, SUBJECT_WIDTH, |line| line.push_str(&told.subject));
    column(&mut line, STATE_WIDTH, |line| line.push_str(told.became));
    line.push_str(&told.why);
    writeln!(out, "{}", line.trim_end())
}
