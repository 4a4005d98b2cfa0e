//! The words that all forms of an explanation share: headings, and the labels of a graph.

use super::Explained;
use crate::explain::graph::{Link, Node};
use crate::explain::{About, Topic};
use crate::rehearsal::{Ending, RunResult, VerdictStatus};
use crate::text::mask::mask;
use crate::text::render;
use crate::timeline::{EntryId, LineId, ScenarioLine, Subject};

/// How something came out, and what it is: `FAILED`, `expectation 2: eventually group/a: monitoring`.
pub fn heading(run: &RunResult, about: About) -> (&'static str, String) {
    match about {
        About::Entry(id) => ("ENTRY", format!("{} {}", id.0, entry(run, id))),
        About::Expectation(index) => {
            let verdict = &run.verdicts[index];
            let word = match verdict.status {
                VerdictStatus::Passed => "passed",
                VerdictStatus::Failed => "FAILED",
                VerdictStatus::Unjudged => "UNJUDGED",
            };
            (word, format!("expectation {}: {}", index + 1, mask(&verdict.text)))
        }
        About::Unfired(index) => ("UNFIRED", run.unfired[index].name.clone()),
        About::Document(_) => ("INVALID", format!("a document of {} is rejected", run.name)),
        About::Finding(index) => {
            let finding = &run.findings[index];
            ("FAILED", format!("{} {}: {}", finding.rule.code, finding.rule.name, mask(&finding.subject)))
        }
        About::Missed(index) => {
            let missed = &run.missed[index];
            let about = missed.about.as_deref().unwrap_or("anything");
            ("FAILED", format!("{} {}: {about}", missed.rule.code, missed.rule.name))
        }
        About::Limit => ("FAILED", "the run comes to its end".to_owned()),
    }
}

/// What was found, a line each.
pub fn findings(run: &RunResult, about: About) -> Vec<String> {
    let lines = |text: &str| text.lines().map(|line| mask(line).into_owned()).collect();
    match about {
        About::Entry(_) => Vec::new(),
        About::Expectation(index) => lines(&run.verdicts[index].detail),
        About::Unfired(index) => lines(&run.unfired[index].why),
        About::Document(index) => {
            let problems = run.rejections[index].diagnostics.iter();
            problems.map(|problem| format!("{}: {}", problem.place(), mask(&problem.message))).collect()
        }
        About::Finding(index) => lines(&run.findings[index].detail),
        About::Missed(_) => lines("the scenario expects this oracle to find it, and it did not"),
        About::Limit => match &run.ending {
            Ending::LimitReached(limit) => lines(limit),
            _ => Vec::new(),
        },
    }
}

/// The line of the scenario that says what is explained, if it is an expectation or a fault or an action.
pub fn stands_in(run: &RunResult, about: About) -> Option<&ScenarioLine> {
    match about {
        About::Expectation(index) => Some(&run.verdicts[index].line),
        About::Unfired(index) => Some(&run.unfired[index].line),
        About::Missed(index) => Some(&run.missed[index].line),
        About::Entry(_) | About::Document(_) | About::Finding(_) | About::Limit => None,
    }
}

/// `00:20:00.000 Pod/llm-r2-0 Unschedulable`.
fn entry(run: &RunResult, id: EntryId) -> String {
    run.timeline
        .get(id)
        .map_or_else(String::new, |entry| format!("{} {} {}", entry.at, entry.subject.show(&run.names), entry.became))
}

/// `scenario.yaml:12:5`.
pub fn place(line: &ScenarioLine) -> String {
    format!("{}:{}:{}", line.file, line.line, line.column)
}

/// What stands in a line of the scenario, masked; what it is about, if the line is in another file.
pub fn line_text(explained: &Explained, line: &ScenarioLine) -> String {
    let own = *line.file == **explained.source.name();
    let text = if own { render::line(&explained.source, line.line) } else { String::new() };
    if text.is_empty() { mask(&line.what).into_owned() } else { text }
}

/// The question that a section answers.
pub fn topic(run: &RunResult, topic: Topic) -> String {
    let show = |subject: Subject| subject.show(&run.names);
    match topic {
        Topic::Became(subject) => format!("what became of {}", show(subject)),
        Topic::WaitsFor(subject) => format!("what stands in the way of {}", show(subject)),
        Topic::CameToBe(subject) => format!("how {} came to this", show(subject)),
        Topic::Holders(pod) => format!("who holds what {} needs", show(pod)),
        Topic::Nodes(_) => "nodes that do not take every pod".to_owned(),
        Topic::Serves(pod) => format!("what {} serves", show(pod)),
        Topic::OnNode(pod) => format!("the node of {}", show(pod)),
        Topic::MadeOf(subject) => format!("the parts of {} that changed last", show(subject)),
        Topic::LedTo(_) => "what it led to".to_owned(),
    }
}

/// The name of a topic in JSON.
pub const fn topic_name(topic: Topic) -> &'static str {
    match topic {
        Topic::Became(_) => "became",
        Topic::WaitsFor(_) => "waits_for",
        Topic::CameToBe(_) => "came_to_be",
        Topic::Holders(_) => "holders",
        Topic::Nodes(_) => "nodes",
        Topic::Serves(_) => "serves",
        Topic::OnNode(_) => "on_node",
        Topic::MadeOf(_) => "made_of",
        Topic::LedTo(_) => "led_to",
    }
}

/// True if what is left out of a section comes before what is told.
pub const fn tells_the_last(topic: Topic) -> bool {
    matches!(topic, Topic::Became(_) | Topic::OnNode(_) | Topic::MadeOf(_))
}

/// The name of a node in a graph, which holds letters and digits alone.
pub fn node_id(explained: &Explained, node: Node) -> String {
    match node {
        Node::Line(line) => format!("line{}", line.0),
        Node::Entry(id) => format!("entry{}", id.0),
        Node::Sink(index) => match explained.story.explanations[index].about {
            About::Expectation(index) => format!("expectation{}", index + 1),
            About::Unfired(index) => format!("unfired{}", index + 1),
            About::Document(index) => format!("document{}", index + 1),
            About::Finding(index) => format!("finding{}", index + 1),
            About::Missed(index) => format!("missed{}", index + 1),
            About::Entry(_) | About::Limit => format!("about{index}"),
        },
    }
}

/// The label of a node, a line each.
pub fn node_label(explained: &Explained, node: Node) -> Vec<String> {
    let run = &explained.run;
    match node {
        Node::Line(line) => run
            .timeline
            .line(line)
            .map_or_else(Vec::new, |line: &ScenarioLine| vec![place(line), mask(&line.what).into_owned()]),
        Node::Entry(id) => run.timeline.get(id).map_or_else(Vec::new, |entry| {
            vec![entry.at.to_string(), entry.subject.show(&run.names), entry.became.to_owned()]
        }),
        Node::Sink(index) => {
            let (word, what) = heading(run, explained.story.explanations[index].about);
            vec![word.to_owned(), what]
        }
    }
}

/// The label of an edge; empty for a plain cause.
pub fn link_label(link: Link) -> String {
    match link {
        Link::Causes(0) | Link::Decides => String::new(),
        Link::Causes(left_out) => format!("{left_out} causes left out"),
        Link::Awaited => "awaited".to_owned(),
        Link::Holds => "holds what it needs".to_owned(),
    }
}

/// The line behind an id.
pub fn line(run: &RunResult, id: LineId) -> Option<&ScenarioLine> {
    run.timeline.line(id)
}
