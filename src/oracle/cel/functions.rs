//! The functions that an expression may call beside those of the language itself.

use std::sync::{Arc, Mutex};

use cel::{Context, ExecutionError};

use super::lock;
use super::table::{Answer, Figure, Question, Table};

/// The names of the functions that take one subject and no more, beside those of [`Figure`].
pub const STATUS: &str = "status";
/// Whether a subject ever was in a state.
pub const REACHED: &str = "reached";
/// The share of a name's requests that go to a party, in percent.
pub const SHARE: &str = "share";
/// How long nobody served a name although somebody had before, in seconds.
pub const OUTAGE: &str = "outage";
/// GPUs of ready nodes.
pub const GPUS_TOTAL: &str = "gpus_total";
/// GPUs that pods hold.
pub const GPUS_USED: &str = "gpus_used";

/// Every function, as a message lists them.
pub fn names() -> Vec<&'static str> {
    let mut names: Vec<&'static str> = Figure::ALL.iter().map(|figure| figure.function()).collect();
    names.extend([STATUS, REACHED, SHARE, OUTAGE, GPUS_TOTAL, GPUS_USED]);
    names
}

/// True if the first argument of the function is a subject.
pub fn takes_subject(function: &str) -> bool {
    function != GPUS_TOTAL && function != GPUS_USED && names().contains(&function)
}

/// Adds the functions; they read from the table.
pub fn declare(context: &mut Context<'_, '_>, table: &Arc<Mutex<Table>>) {
    let declared = "no function of the language has this name";
    for figure in Figure::ALL {
        let table = Arc::clone(table);
        let count = move |subject: Arc<String>| number(&table, Question::Count(figure, subject.to_string()));
        context.add_function(figure.function(), count).expect(declared);
    }
    let own = Arc::clone(table);
    let status = move |subject: Arc<String>| match look_up(&own, Question::Status(subject.to_string()))? {
        Answer::Text(text) => Ok(text),
        Answer::Number(_) | Answer::Truth(_) => unreachable!("a status is a text"),
    };
    context
        .add_function(STATUS, move |subject: Arc<String>| -> Result<cel::Value, ExecutionError> {
            status(subject).map(cel::Value::from)
        })
        .expect(declared);
    let own = Arc::clone(table);
    let reached = move |subject: Arc<String>, state: Arc<String>| -> Result<bool, ExecutionError> {
        match look_up(&own, Question::Reached(subject.to_string(), state.to_string()))? {
            Answer::Truth(truth) => Ok(truth),
            Answer::Number(_) | Answer::Text(_) => unreachable!("a state was reached or not"),
        }
    };
    context.add_function(REACHED, reached).expect(declared);
    let own = Arc::clone(table);
    let share = move |name: Arc<String>, party: Arc<String>| -> Result<f64, ExecutionError> {
        Ok(number(&own, Question::SharePpm(name.to_string(), party.to_string()))? as f64 / 10_000.0)
    };
    context.add_function(SHARE, share).expect(declared);
    let own = Arc::clone(table);
    let outage = move |name: Arc<String>| -> Result<f64, ExecutionError> {
        Ok(number(&own, Question::OutageMillis(name.to_string()))? as f64 / 1_000.0)
    };
    context.add_function(OUTAGE, outage).expect(declared);
    let own = Arc::clone(table);
    context.add_function(GPUS_TOTAL, move || number(&own, Question::GpusTotal)).expect(declared);
    let own = Arc::clone(table);
    context.add_function(GPUS_USED, move || number(&own, Question::GpusUsed)).expect(declared);
}

fn number(table: &Mutex<Table>, question: Question) -> Result<i64, ExecutionError> {
    match look_up(table, question)? {
        Answer::Number(number) => Ok(number),
        Answer::Text(_) | Answer::Truth(_) => unreachable!("a figure is a number"),
    }
}

/// What is not in the table is an error of this try alone: the expression is tried again with the answer.
fn look_up(table: &Mutex<Table>, question: Question) -> Result<Answer, ExecutionError> {
    lock(table).look_up(question).ok_or_else(|| ExecutionError::InternalError("not asked yet".to_owned()))
}
