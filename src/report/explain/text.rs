//! Explanations for people: what came out, the chain of causes from the line of the scenario down, and what surrounds it.

use std::io::{self, Write};

use super::{Explained, words};
use crate::explain::{About, Chain, Content, Explanation, Row, Section, Topic};
use crate::kernel::Time;
use crate::report::paint::{Paint, Tone};
use crate::report::replay::replay;
use crate::report::text::{Form, STATE_WIDTH, SUBJECT_WIDTH, column, header};
use crate::timeline::{EntryId, ScenarioLine, render};

/// Width of the column that says how long after the step before, or for how long.
const SPAN_WIDTH: usize = 14;
/// How far what belongs to a heading stands from the left.
const INDENT: &str = "          ";

/// Writes the explanations.
///
/// # Errors
/// Those of the writer.
pub fn write(out: &mut dyn Write, explained: &Explained, paint: Paint) -> io::Result<()> {
    let Explained { run, story, .. } = explained;
    header(out, run, Form::Screen(paint))?;
    if story.all_well {
        let held = if run.verdicts.is_empty() { "nothing went wrong" } else { "every expectation holds" };
        let then = if story.explanations.is_empty() { "" } else { "; how everything came to its end:" };
        writeln!(out, "\n{held}{then}")?;
    }
    let mut replays: Vec<String> = Vec::new();
    for explanation in &story.explanations {
        writeln!(out)?;
        one(out, explained, explanation, paint)?;
        let again = match explanation.about {
            About::Entry(_) => continue,
            About::Unfired(_) | About::Document(_) | About::Missed(_) => replay(run, None),
            About::Expectation(_) | About::Finding(_) | About::Limit => replay(run, Some(explanation.moment)),
        };
        if !replays.contains(&again) {
            replays.push(again);
        }
    }
    if story.left_out > 0 {
        writeln!(out, "\n… {} more to explain: ask for them one by one", story.left_out)?;
    }
    if !replays.is_empty() {
        writeln!(out)?;
    }
    for again in replays {
        writeln!(out, "{}", paint.tone(Tone::Strong, &again))?;
    }
    Ok(())
}

fn one(out: &mut dyn Write, explained: &Explained, explanation: &Explanation, paint: Paint) -> io::Result<()> {
    let run = &explained.run;
    let (word, what) = words::heading(run, explanation.about);
    let tone = match word {
        "passed" => Tone::Good,
        "ENTRY" => Tone::Notice,
        _ => Tone::Bad,
    };
    writeln!(out, "{}  {}", paint.tone(tone, &format!("{word:<8}")), paint.tone(Tone::Strong, &what))?;
    if let Some(line) = words::stands_in(run, explanation.about) {
        scenario_line(out, explained, line, INDENT, paint)?;
    }
    for finding in words::findings(run, explanation.about) {
        writeln!(out, "{INDENT}{finding}")?;
    }
    if let Some(steps) = &explanation.chain {
        title(out, "how it came about", paint)?;
        chain(out, explained, steps, paint)?;
    }
    for section in &explanation.sections {
        title(out, &words::topic(run, section.topic), paint)?;
        content(out, explained, section, explanation.moment, paint)?;
    }
    Ok(())
}

fn title(out: &mut dyn Write, text: &str, paint: Paint) -> io::Result<()> {
    writeln!(out, "\n  {}", paint.tone(Tone::Strong, text))
}

fn scenario_line(
    out: &mut dyn Write,
    explained: &Explained,
    line: &ScenarioLine,
    indent: &str,
    paint: Paint,
) -> io::Result<()> {
    let place = words::place(line);
    writeln!(out, "{indent}{}  {}", paint.tone(Tone::Faint, &place), words::line_text(explained, line))
}

fn content(
    out: &mut dyn Write,
    explained: &Explained,
    section: &Section,
    moment: Time,
    paint: Paint,
) -> io::Result<()> {
    let before = words::tells_the_last(section.topic);
    let left_out = |word: &str| paint.tone(Tone::Faint, &format!("… {} {word}", section.left_out));
    if section.left_out > 0 && before {
        writeln!(out, "    {}", left_out("earlier"))?;
    }
    match &section.content {
        Content::Chain(steps) => chain(out, explained, steps, paint)?,
        Content::Rows(rows) => {
            let mut last = None;
            for row in rows {
                let at = explained.run.timeline.get(row.entry).map_or(moment, |entry| entry.at);
                let span = match section.topic {
                    Topic::Became(_) | Topic::OnNode(_) => last.map_or_else(String::new, |last| after(at, last)),
                    Topic::LedTo(id) => after(at, explained.run.timeline.get(id).map_or(at, |entry| entry.at)),
                    _ if at < moment => format!("for {}", moment.since(at)),
                    _ => String::new(),
                };
                last = Some(at);
                writeln!(out, "    {}", columns(explained, row, &span))?;
            }
        }
    }
    if section.left_out > 0 && !before {
        writeln!(out, "    {}", left_out("more"))?;
    }
    Ok(())
}

/// Writes a chain of causes, each step with the time since the one before.
fn chain(out: &mut dyn Write, explained: &Explained, chain: &Chain, paint: Paint) -> io::Result<()> {
    let run = &explained.run;
    if let Some(line) = chain.line.and_then(|line| words::line(run, line)) {
        scenario_line(out, explained, line, "    ", paint)?;
    }
    let mut before = chain.joins.and_then(|id| run.timeline.get(id)).map(|entry| entry.at);
    if let Some(joined) = chain.joins {
        let text = format!("after {}, as above", entry_text(explained, joined));
        writeln!(out, "    {}", paint.tone(Tone::Faint, &text))?;
    }
    for (position, step) in chain.steps.iter().enumerate() {
        if let Some(count) = chain.gap_before(position) {
            writeln!(out, "    {}", paint.tone(Tone::Faint, &format!("… {count} causes between are left out")))?;
        }
        let Some(entry) = run.timeline.get(*step) else { continue };
        let span = before.map_or_else(String::new, |before| after(entry.at, before));
        writeln!(out, "    {}", columns(explained, &Row { depth: 0, entry: *step, now: *step }, &span))?;
        before = Some(entry.at);
    }
    Ok(())
}

/// How long after another instant this one is; nothing if it is the same.
fn after(at: Time, before: Time) -> String {
    if at > before { format!("+{}", at.since(before)) } else { String::new() }
}

/// An entry in columns.
fn columns(explained: &Explained, row: &Row, span: &str) -> String {
    let run = &explained.run;
    let (Some(entry), Some(now)) = (run.timeline.get(row.entry), run.timeline.get(row.now)) else {
        return String::new();
    };
    let mut line = format!("{}  ", entry.at);
    column(&mut line, SPAN_WIDTH, |line| line.push_str(span));
    column(&mut line, SUBJECT_WIDTH, |line| {
        line.push_str(&"  ".repeat(row.depth));
        entry.subject.write(&run.names, line);
    });
    column(&mut line, STATE_WIDTH, |line| line.push_str(now.became));
    line.push_str(&render::why(&entry.why, &run.names));
    line.truncate(line.trim_end().len());
    line
}

fn entry_text(explained: &Explained, id: EntryId) -> String {
    let run = &explained.run;
    run.timeline.get(id).map_or_else(String::new, |entry| {
        format!("{} {} at {}", entry.subject.show(&run.names), entry.became, entry.at)
    })
}
