//! From the expectations of a scenario to rules: subjects are looked up in the board, expressions and patterns compiled.

use regex::Regex;

use super::board::Board;
use super::cel::Expression;
use super::hold::{Condition, Hold};
use super::reach::{Before, Eventually, StableFor};
use super::scene::Wanted;
use super::window::{Mark, Window};
use super::{Expectation, Export, Judge, Rule, export, words};
use crate::kernel::Time;
use crate::scenario::model::{self, ExpectEntry, ExpectKind, ExportPattern, SubjectState, View};
use crate::text::diagnostic::quote;
use crate::text::{Diagnostic, Place, Source, Span};
use crate::timeline::{Kind, ScenarioLine};

/// Compiles expectations.
///
/// # Errors
/// Everything that is wrong with them, in the order of the file.
pub fn compile(entries: &[ExpectEntry], source: &Source) -> Result<Judge, Vec<Diagnostic>> {
    let mut board = Board::default();
    let mut expectations = Vec::with_capacity(entries.len());
    let mut faults = Vec::new();
    for entry in entries {
        match rule(entry, &mut board) {
            Ok(rule) => {
                let place = entry.place.clone();
                let line = ScenarioLine {
                    file: place.file,
                    line: place.line,
                    column: place.column,
                    what: format!("expect {}", entry.kind.text()).into(),
                };
                expectations.push(Expectation { line, text: words::text(entry), rule, decision: None });
            }
            Err(wrong) => {
                let span = span(source, &entry.place, wrong.expression.as_ref());
                let label = format!("in this `{}`", entry.kind.text());
                faults.push(Diagnostic::error(source, span, wrong.message).label(label));
            }
        }
    }
    if faults.is_empty() {
        Ok(Judge { board, expectations, looked_at: None, decided_only: false })
    } else {
        Err(faults)
    }
}

/// What is wrong with one expectation.
struct Wrong {
    message: String,
    /// If it is about an expression: the expression, and the character of it, from 0, that it is about.
    expression: Option<(String, Option<usize>)>,
}

impl From<String> for Wrong {
    fn from(message: String) -> Self {
        Wrong { message, expression: None }
    }
}

/// The span of what is wrong: the character of the expression if it stands as it is in the source, else the start of
/// the expectation.
fn span(source: &Source, place: &Place, expression: Option<&(String, Option<usize>)>) -> Span {
    let start = source.span_at(place.line, place.column);
    let behind = &source.text()[start.start as usize..];
    let Some((expression, offset)) = expression.filter(|(expression, _)| !expression.is_empty()) else { return start };
    let Some(found) = behind.find(expression.as_str()).map(|found| start.start as usize + found) else { return start };
    let (from, length) = match offset.map(|offset| expression.char_indices().nth(offset)) {
        None => (0, expression.len()),
        Some(Some((byte, letter))) => (byte, letter.len_utf8()),
        Some(None) => (expression.len(), 0),
    };
    Span::new((found + from) as u32, (found + from + length) as u32)
}

fn rule(entry: &ExpectEntry, board: &mut Board) -> Result<Rule, Wrong> {
    let view = entry.view;
    Ok(match &entry.kind {
        ExpectKind::Eventually { states, within } => {
            let wanted = all_wanted(states, view, board)?;
            Rule::Eventually(Eventually { wanted, deadline: within.map(|within| Time::ZERO + within) })
        }
        ExpectKind::Before { first, second } => {
            Rule::Before(Before { first: wanted(first, view, board)?, second: wanted(second, view, board)? })
        }
        ExpectKind::Always { condition, from, until } => {
            Rule::Hold(hold(condition, from.as_ref(), until.as_ref(), true, view, board)?)
        }
        ExpectKind::Never { condition, from, until } => {
            Rule::Hold(hold(condition, from.as_ref(), until.as_ref(), false, view, board)?)
        }
        ExpectKind::Export { values } => {
            let values = values.iter().map(|value| exported(value, board)).collect::<Result<_, _>>()?;
            Rule::Export(Export::new(values))
        }
        ExpectKind::Final { states } => Rule::Final(all_wanted(states, view, board)?),
        ExpectKind::StableFor { states, length } => {
            Rule::StableFor(StableFor::new(all_wanted(states, view, board)?, *length))
        }
    })
}

fn hold(
    condition: &model::Condition,
    from: Option<&model::Mark>,
    until: Option<&model::Mark>,
    must: bool,
    view: View,
    board: &mut Board,
) -> Result<Hold, Wrong> {
    let condition = match condition {
        model::Condition::States(states) => Condition::States(all_wanted(states, view, board)?),
        model::Condition::Cel(source) => {
            let compiled = Expression::compile(source, view);
            let expression = compiled.map_err(|mistake| Wrong {
                message: mistake.message,
                expression: Some((source.clone(), mistake.offset)),
            })?;
            Condition::Cel(Box::new(expression))
        }
    };
    let from = from.map(|from| mark(from, board)).transpose()?;
    let until = until.map(|until| mark(until, board)).transpose()?;
    Ok(Hold::new(condition, Window::new(from, until), must))
}

fn mark(mark: &model::Mark, board: &mut Board) -> Result<Mark, Wrong> {
    Ok(match mark {
        model::Mark::At(time) => Mark::At(*time),
        model::Mark::States(states) => Mark::States(all_wanted(states, View::Actual, board)?),
        model::Mark::Action(name) => Mark::Event(board.watch_named(Kind::Action, name)),
        model::Mark::Fault(name) => Mark::Event(board.watch_named(Kind::Fault, name)),
    })
}

fn all_wanted(states: &[SubjectState], view: View, board: &mut Board) -> Result<Vec<Wanted>, Wrong> {
    states.iter().map(|state| wanted(state, view, board)).collect()
}

fn wanted((subject, state): &SubjectState, view: View, board: &mut Board) -> Result<Wanted, Wrong> {
    let slot = board.watch(subject)?;
    // What a system says of its own objects is what it believes; the states of Kubernetes' objects are the true ones.
    if view == View::Observed && subject.starts_with(|letter: char| letter.is_ascii_uppercase()) {
        let message = format!(
            "`view: observed` of the state of {subject} is not known; use an expression, as in ready('{subject}') >= 1"
        );
        return Err(message.into());
    }
    Ok(Wanted { slot, state: state.clone() })
}

fn exported(value: &ExportPattern, board: &mut Board) -> Result<export::Value, Wrong> {
    let slot = board.watch(&value.subject)?;
    let form = Regex::new(&value.pattern)
        .map_err(|error| format!("{} is no regular expression: {error}", quote(&value.pattern)))?;
    Ok(export::Value { slot, key: value.key.clone(), form })
}
