//! An expectation in one line, as reports name it: `eventually group/llama-stack: monitoring within 45m`.

use std::fmt::Write as _;

use crate::scenario::model::{Condition, ExpectEntry, ExpectKind, Mark, SubjectState, View};

/// The line of an expectation.
pub fn text(entry: &ExpectEntry) -> String {
    let mut line = match &entry.kind {
        ExpectKind::Eventually { states: wanted, within } => {
            let within = within.map(|within| format!(" within {within}")).unwrap_or_default();
            format!("eventually {}{within}", states(wanted))
        }
        ExpectKind::Before { first, second } => format!("{} before {}", state(first), state(second)),
        ExpectKind::Always { condition, from, until } => held("always", condition, from.as_ref(), until.as_ref()),
        ExpectKind::Never { condition, from, until } => held("never", condition, from.as_ref(), until.as_ref()),
        ExpectKind::Export { values } => {
            let values: Vec<String> =
                values.iter().map(|value| format!("{}.{} =~ {}", value.subject, value.key, value.pattern)).collect();
            format!("export {}", values.join(", "))
        }
        ExpectKind::Final { states: wanted } => format!("final {}", states(wanted)),
        ExpectKind::StableFor { states: wanted, length } => format!("{} stable for {length}", states(wanted)),
    };
    if entry.view == View::Observed {
        line.push_str(" (as observed)");
    }
    // A report gives an expectation one line, however many its expression has.
    if line.contains(char::is_control) {
        line = line.replace(char::is_control, " ");
        line = line.split_whitespace().collect::<Vec<_>>().join(" ");
    }
    line
}

fn held(word: &str, condition: &Condition, from: Option<&Mark>, until: Option<&Mark>) -> String {
    let mut line = match condition {
        Condition::States(wanted) => format!("{word} {}", states(wanted)),
        Condition::Cel(source) => format!("{word} {source}"),
    };
    for (word, end) in [("from", from), ("until", until)] {
        if let Some(end) = end {
            write!(line, " {word} {}", mark(end)).expect("writing to a string cannot fail");
        }
    }
    line
}

fn mark(mark: &Mark) -> String {
    match mark {
        Mark::At(time) => time.to_string(),
        Mark::States(wanted) => states(wanted),
        Mark::Action(name) => format!("action {name}"),
        Mark::Fault(name) => format!("fault {name}"),
    }
}

fn states(wanted: &[SubjectState]) -> String {
    wanted.iter().map(state).collect::<Vec<_>>().join(", ")
}

fn state((subject, state): &SubjectState) -> String {
    format!("{subject}: {state}")
}
