//! A plan for people: the verdict, its figures, and each finding at its place with what mends it.

use std::io::{self, Write};

use super::Judged;
use crate::kernel::Time;
use crate::plan::course::{Course, Outcome};
use crate::plan::finding::{Finding, Mend};
use crate::plan::mend::{Change, told as told_changes};
use crate::plan::rules::Gravity;
use crate::report::Paint;
use crate::report::paint::Tone;
use crate::systems::kubernetes::hidden;
use crate::text::counted::counted;
use crate::text::render::render;
use crate::text::{Diagnostic, diagnostic::Severity};

/// The most workloads and Services of which figures are shown; those with findings come first.
const SHOWN_MAX: usize = 12;

/// Writes a plan.
///
/// # Errors
/// Those of the writer.
pub fn write(out: &mut dyn Write, judged: &Judged, paint: Paint) -> io::Result<()> {
    let (plan, course) = (&judged.plan, &judged.plan.course);
    writeln!(out, "plan     {}", plan.name)?;
    writeln!(out, "seed     {}", plan.seed)?;
    writeln!(out, "profile  {}\n", plan.profile)?;
    let word = if course.took().is_some() {
        paint.tone(Tone::Good, &verdict(course))
    } else {
        paint.tone(Tone::Bad, &verdict(course))
    };
    writeln!(out, "{word}\n")?;
    for (what, figure) in figures(judged) {
        writeln!(out, "  {what:<22} {figure}")?;
    }
    for (index, finding) in plan.findings.iter().enumerate() {
        writeln!(out)?;
        let same = |other: &&Finding| other.rule == finding.rule && changes_of(other) == changes_of(finding);
        let first = plan.findings[..index].iter().find(same);
        write_finding(out, finding, first, paint)?;
    }
    write_baseline(out, judged)?;
    for notice in &course.notices {
        writeln!(out, "\nnotice: {}:{}: {}", notice.file, notice.line, notice.text)?;
    }
    writeln!(out)?;
    for failure in &judged.failures {
        writeln!(out, "{} {failure}", paint.tone(Tone::Bad, "failed:"))?;
    }
    let counts = [Gravity::Error, Gravity::Warning, Gravity::Note].map(|gravity| plan.findings_of(gravity).count());
    let words = ["error", "warning", "note"].into_iter().zip(counts);
    let told: Vec<String> = words.map(|(word, count)| counted(count, word)).collect();
    writeln!(out, "{}", told.join(", "))
}

/// The verdict in a line.
pub fn verdict(course: &Course) -> String {
    match course.outcome {
        Outcome::Finished(at) => format!("finishes after {}, at {at}", at.since(course.begins)),
        Outcome::Deadlocked => format!("DEADLOCK: nothing goes on after {}", course.last_progress),
        Outcome::Failed => format!("FAILS: the last progress is at {}", course.last_progress),
        Outcome::Waiting => format!("WAITS for an operator from {} on", course.last_progress),
        Outcome::Unfinished => format!("DOES NOT FINISH by {}", course.ends),
    }
}

fn figures(judged: &Judged) -> Vec<(String, String)> {
    let (plan, course) = (&judged.plan, &judged.plan.course);
    let mut rows = Vec::new();
    let mut row = |what: &str, figure: String| rows.push((what.to_owned(), figure));
    if course.begins > Time::ZERO {
        row("begins", course.begins.to_string());
    }
    if let Some(spread) = plan.spread {
        let ends = match spread.finished {
            0 => format!("none of {} seeds", spread.seeds),
            _ => format!(
                "p50 {}, p90 {}, p99 {} ({} of {} seeds)",
                spread.p50, spread.p90, spread.p99, spread.finished, spread.seeds
            ),
        };
        row("time to finish", ends);
    }
    let gpus = course.gpus;
    let peak = format!("{} before, {} at most", gpus.before, gpus.peak);
    let extra = match gpus.above_steady() {
        0 => String::new(),
        extra => format!(" ({extra} more than before and after, at {})", gpus.peak_at),
    };
    row("GPUs held", format!("{peak}{extra}, {} after, of {}", gpus.after, gpus.capacity));
    let has_finding = |subject: &str| plan.findings.iter().any(|finding| finding.subject == subject);
    let mut workloads: Vec<_> = course.workloads.iter().collect();
    workloads.sort_by_key(|one| !has_finding(&one.subject));
    for one in workloads.iter().take(SHOWN_MAX) {
        let before = one.before.map_or_else(|| "new".to_owned(), |before| format!("{before} before"));
        let lowest = format!("{} at least at {}", one.lowest, one.lowest_at);
        row(&one.subject, format!("available: {before}, {lowest}, {} of {} after", one.after, one.desired));
    }
    if workloads.len() > SHOWN_MAX {
        row("", format!("and {} more workloads", workloads.len() - SHOWN_MAX));
    }
    let mut services: Vec<_> = course.services.iter().collect();
    services.sort_by_key(|one| !has_finding(&one.subject));
    for service in services.iter().take(SHOWN_MAX) {
        let lowest = service.lowest.map_or_else(|| "none ever".to_owned(), |lowest| format!("{lowest} at least"));
        let outage = match (service.outages.len(), service.is_out()) {
            _ if service.preview => "a preview".to_owned(),
            (0, _) => "no outage".to_owned(),
            (_, true) => format!("out since {}", service.outages.last().map_or(Time::ZERO, |last| last.from)),
            (_, false) => format!("out for {} in all", service.outage(course.ends)),
        };
        row(&service.subject, format!("ready endpoints: {lowest}, {outage}"));
    }
    if services.len() > SHOWN_MAX {
        row("", format!("and {} more Services", services.len() - SHOWN_MAX));
    }
    let stall = course.stall;
    let is_the_end = course.took().is_none() && stall.from == course.last_progress;
    let length = if is_the_end { "without end".to_owned() } else { stall.length.to_string() };
    row("longest stall", format!("{length}, from {}", stall.from));
    rows
}

/// The changes of a finding's mends.
fn changes_of(finding: &Finding) -> Vec<&[Change]> {
    finding.mends.iter().map(|mend| &*mend.changes).collect()
}

/// Writes a finding; `first` is one before it that is mended by the same changes.
fn write_finding(out: &mut dyn Write, finding: &Finding, first: Option<&Finding>, paint: Paint) -> io::Result<()> {
    let mut shown = diagnostic(finding);
    shown.notes = finding.evidence.clone();
    out.write_all(render(&[shown], paint == Paint::Colour).trim_end().as_bytes())?;
    writeln!(out)?;
    if finding.mends.is_empty() {
        return Ok(());
    }
    if let Some(first) = first {
        return writeln!(out, "  mends: those of {}", first.subject);
    }
    writeln!(out, "  mends (each was run):")?;
    for mend in &finding.mends {
        let changes = told_changes(&mend.changes);
        writeln!(out, "    - {}", changes)?;
        writeln!(out, "      {}", outlook(mend))?;
    }
    Ok(())
}

/// What a mend leads to, in a line.
pub fn outlook(mend: &Mend) -> String {
    let mut parts = vec![match mend.took {
        Some(took) => format!("finishes after {took}"),
        None => "something else still keeps it from its end".to_owned(),
    }];
    parts.extend(mend.lowest.map(|lowest| format!("{lowest} available at least")));
    let plural = if mend.gpus_peak == 1 { "" } else { "s" };
    parts.push(format!("{} GPU{plural} at most", mend.gpus_peak));
    if !mend.outage.is_zero() {
        parts.push(format!("{} without an endpoint", mend.outage));
    }
    parts.join(", ")
}

/// A finding as a message about its place.
pub fn diagnostic(finding: &Finding) -> Diagnostic {
    let title = format!("[{} {}] {}", finding.rule.code, finding.rule.name, finding.message);
    let about = crate::text::Source::new(finding.subject.clone(), "");
    let shown = match &finding.place {
        Some((source, span)) => {
            let hidden = hidden(source);
            Diagnostic { hidden, ..Diagnostic::error(source, *span, title) }
        }
        None => Diagnostic::about(&about, title),
    };
    let severity = match finding.rule.gravity {
        Gravity::Error => Severity::Error,
        Gravity::Warning => Severity::Warning,
        Gravity::Note => Severity::Note,
    };
    Diagnostic { severity, ..shown }
}

fn write_baseline(out: &mut dyn Write, judged: &Judged) -> io::Result<()> {
    let Some(baseline) = &judged.baseline else { return Ok(()) };
    writeln!(out, "\nbeside the baseline:")?;
    let changes = baseline.changes(&judged.plan);
    for change in &changes {
        let worse = if change.worse { "  worse" } else { "" };
        writeln!(out, "  {:<22} {} -> {}{worse}", change.what, change.before, change.after)?;
    }
    let new: Vec<&Finding> = judged.plan.findings.iter().filter(|finding| !baseline.has(finding)).collect();
    for finding in &new {
        writeln!(out, "  new  {} {}", finding.rule.code, finding.subject)?;
    }
    let gone = baseline.gone(&judged.plan);
    for (code, subject) in &gone {
        writeln!(out, "  gone {code} {subject}")?;
    }
    if changes.is_empty() && new.is_empty() && gone.is_empty() {
        writeln!(out, "  nothing differs")?;
    }
    Ok(())
}
