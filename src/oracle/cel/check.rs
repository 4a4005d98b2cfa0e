//! What can be said against an expression before a run: that it is none, that a function is unknown, that a text is no
//! subject, that types do not fit, that it does not give a boolean.

use std::sync::{Arc, Mutex};

use cel::common::ast::{EntryExpr, Expr, LiteralValue};
use cel::parser::Expression as Node;
use cel::{Context, Env, ExecutionError, ParseErrors, Program, Value};

use super::table::{Answer, Question, Table};
use super::{functions, lock};
use crate::oracle::board::Board;
use crate::text::diagnostic::nearest;
use crate::timeline::{Kind, states};

/// The most bytes of an expression. The library reads and evaluates by recursion; so long a chain of operators fits into
/// the stack of any thread.
const SOURCE_BYTES_MAX: usize = 2048;
/// The deepest nesting of `all`, `exists`, `map` and the like in each other. Each multiplies the work.
const LOOPS_MAX: u32 = 3;
/// The deepest nesting of brackets, counted before the library sees the text.
const BRACKETS_MAX: u32 = 64;

/// What is wrong with an expression.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mistake {
    /// What: a lower-case fragment.
    pub message: String,
    /// The character of the expression, from 0, that it is about, if it is about one.
    pub offset: Option<usize>,
}

impl Mistake {
    fn whole(message: String) -> Mistake {
        Mistake { message, offset: None }
    }
}

/// Refuses what is so large or so deep that reading it could exhaust the stack.
///
/// # Errors
/// What is too much.
pub fn size(source: &str) -> Result<(), Mistake> {
    if source.len() > SOURCE_BYTES_MAX {
        let message = format!("the expression has {} bytes; the most are {SOURCE_BYTES_MAX}", source.len());
        return Err(Mistake::whole(message));
    }
    let mut depth: u32 = 0;
    for (offset, letter) in source.chars().enumerate() {
        match letter {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > BRACKETS_MAX {
            let message =
                format!("the expression is nested too deeply: the most are {BRACKETS_MAX} brackets in each other");
            return Err(Mistake { message, offset: Some(offset) });
        }
    }
    Ok(())
}

/// The first thing that the parser said. It reports the same mistake several times over; the first is the closest.
pub fn syntax(source: &str, errors: &ParseErrors) -> Mistake {
    let Some(first) = errors.errors.first().filter(|_| !source.trim().is_empty()) else {
        return Mistake::whole("the expression is empty".to_owned());
    };
    // The parser goes on to list every token that it would have taken.
    let said = first.msg.split(['\n', '{']).next().unwrap_or_default();
    let said = said.trim_start_matches("Syntax error: ").trim_end_matches(" expecting ").replace("'<EOF>'", "its end");
    let said = said.replace("mismatched input its end", "it ends too early").replace("mismatched input", "unexpected");
    let said = said.replace("extraneous input", "unexpected");
    let (line, column) = first.pos;
    let before: usize =
        source.split_inclusive('\n').take((line.max(1) - 1) as usize).map(|line| line.chars().count()).sum();
    let offset = before + (column.max(1) - 1) as usize;
    Mistake { message: format!("the expression cannot be read: {said}"), offset: Some(offset) }
}

/// What an expression gave that is no boolean, in words.
pub fn not_boolean(value: &Value) -> String {
    format!("gives a value of type {} where true or false is expected", value.type_of())
}

/// Why an expression gave nothing, in words.
pub fn in_words(error: &ExecutionError) -> String {
    match error {
        ExecutionError::UndeclaredReference(name) => format!("nothing is called `{name}`"),
        ExecutionError::NoSuchOverload(overload) => {
            let name = overload.function();
            let name = if name.contains(|letter: char| letter.is_ascii_alphanumeric()) {
                name
            } else {
                name.trim_matches('_')
            };
            format!("`{name}` does not take ({})", overload.argument_types().join(", "))
        }
        ExecutionError::InvalidArgumentCount { expected, actual } => {
            format!("{actual} arguments where {expected} are expected")
        }
        ExecutionError::DivisionByZero(_) => "division by zero".to_owned(),
        ExecutionError::RemainderByZero(_) => "remainder of a division by zero".to_owned(),
        ExecutionError::NoSuchKey(key) => format!("there is no key `{key}`"),
        other => other.to_string(),
    }
}

/// Looks for mistakes in what was parsed.
///
/// # Errors
/// The first mistake.
pub fn check(source: &str, program: &Program, env: &Arc<Env>) -> Result<(), Mistake> {
    known_functions(program, env)?;
    let place = |node: &Node| {
        let (start, _) = program.source_info().offset_for(node.id)?;
        Some((start as usize).min(source.chars().count()))
    };
    walk(program.expression(), &mut |node, function, first| {
        if let Some((wrong, message)) = wrong_state(node) {
            return Err(Mistake { message, offset: place(wrong).or_else(|| place(node)) });
        }
        if functions::takes_subject(function)
            && let Some(Expr::Literal(LiteralValue::String(text))) = first.map(|first| &first.expr)
            && let Err(message) = Board::default().watch(text.inner())
        {
            return Err(Mistake { message, offset: first.and_then(place).or_else(|| place(node)) });
        }
        Ok(())
    })?;
    if loops(program.expression()) > LOOPS_MAX {
        let message = format!("the expression nests more than {LOOPS_MAX} of `all`, `exists`, `map` and `filter`");
        return Err(Mistake::whole(message));
    }
    // With no pods at all and with very many: what both ways through the expression show.
    try_with(program, env, &Answer::Number(0), "", false)?;
    try_with(program, env, &Answer::Number(1_000_000), "Ready", true)
}

/// A state that its subject cannot have: in `reached(SUBJECT, STATE)`, or compared with `status(SUBJECT)`.
fn wrong_state(node: &Node) -> Option<(&Node, String)> {
    let Expr::Call(call) = &node.expr else { return None };
    let arguments: Vec<&Node> = call.target.as_deref().into_iter().chain(&call.args).collect();
    let [first, second] = arguments[..] else { return None };
    let (subject, state) = match call.func_name.as_str() {
        "reached" => (text(first)?, second),
        "_==_" | "_!=_" => match (status_of(first), status_of(second)) {
            (Some(subject), None) => (subject, second),
            (None, Some(subject)) => (subject, first),
            _ => return None,
        },
        _ => return None,
    };
    let kind = subject.split_once('/').and_then(|(kind, _)| Kind::parse(kind))?;
    let (told, help) = states::mistake(kind, text(state).filter(|word| !word.is_empty())?)?;
    Some((state, format!("{told}; {help}")))
}

fn status_of(node: &Node) -> Option<&str> {
    let Expr::Call(call) = &node.expr else { return None };
    let first = call.target.as_deref().or(call.args.first()).filter(|_| call.func_name == "status")?;
    text(first)
}

fn text(node: &Node) -> Option<&str> {
    match &node.expr {
        Expr::Literal(LiteralValue::String(text)) => Some(text.inner()),
        _ => None,
    }
}

fn known_functions(program: &Program, env: &Arc<Env>) -> Result<(), Mistake> {
    let own = functions::names();
    for function in program.references().functions() {
        let is_name = function.starts_with(|letter: char| letter.is_ascii_alphabetic() || letter == '_')
            && function.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
            && !function.trim_matches('_').is_empty();
        // A context refuses a function that its environment has: that is how the language's own ones are known.
        let is_free = || Context::with_env(Arc::clone(env)).add_function(function, || 0_i64).is_ok();
        if is_name && !own.contains(&function) && is_free() {
            let hint = match nearest(function, own.iter().copied()) {
                Some(known) => format!("; did you mean `{known}`?"),
                None => format!("; beside the language's own there are {}", own.join(", ")),
            };
            return Err(Mistake::whole(format!("there is no function `{function}`{hint}")));
        }
    }
    Ok(())
}

/// How deep loops are nested in each other.
fn loops(node: &Node) -> u32 {
    let deepest = |nodes: &mut dyn Iterator<Item = &Node>| nodes.map(loops).max().unwrap_or(0);
    match &node.expr {
        Expr::Call(call) => deepest(&mut call.target.as_deref().into_iter().chain(&call.args)),
        Expr::Comprehension(each) => {
            let inner = [&each.accu_init, &each.loop_cond, &each.loop_step, &each.result];
            loops(&each.iter_range).max(1 + deepest(&mut inner.into_iter()))
        }
        Expr::List(list) => deepest(&mut list.elements.iter()),
        Expr::Select(select) => loops(&select.operand),
        Expr::Map(map) => map.entries.iter().map(|entry| loops_of_entry(&entry.expr)).max().unwrap_or(0),
        Expr::Struct(fields) => fields.entries.iter().map(|entry| loops_of_entry(&entry.expr)).max().unwrap_or(0),
        Expr::Unspecified | Expr::Ident(_) | Expr::Literal(_) => 0,
    }
}

fn loops_of_entry(entry: &EntryExpr) -> u32 {
    match entry {
        EntryExpr::StructField(field) => loops(&field.value),
        EntryExpr::MapEntry(entry) => loops(&entry.key).max(loops(&entry.value)),
    }
}

/// Calls `visit` with every call: its node, its function, its first argument or the object that it is called on.
fn walk(node: &Node, visit: &mut impl FnMut(&Node, &str, Option<&Node>) -> Result<(), Mistake>) -> Result<(), Mistake> {
    match &node.expr {
        Expr::Call(call) => {
            let first = call.target.as_deref().or(call.args.first());
            visit(node, &call.func_name, first)?;
            call.target.iter().try_for_each(|target| walk(target, visit))?;
            call.args.iter().try_for_each(|argument| walk(argument, visit))
        }
        Expr::Comprehension(each) => {
            [&each.iter_range, &each.accu_init, &each.loop_cond, &each.loop_step, &each.result]
                .into_iter()
                .try_for_each(|part| walk(part, visit))
        }
        Expr::List(list) => list.elements.iter().try_for_each(|element| walk(element, visit)),
        Expr::Select(select) => walk(&select.operand, visit),
        Expr::Map(map) => map.entries.iter().try_for_each(|entry| walk_entry(&entry.expr, visit)),
        Expr::Struct(fields) => fields.entries.iter().try_for_each(|entry| walk_entry(&entry.expr, visit)),
        Expr::Unspecified | Expr::Ident(_) | Expr::Literal(_) => Ok(()),
    }
}

fn walk_entry(
    entry: &EntryExpr,
    visit: &mut impl FnMut(&Node, &str, Option<&Node>) -> Result<(), Mistake>,
) -> Result<(), Mistake> {
    match entry {
        EntryExpr::StructField(field) => walk(&field.value, visit),
        EntryExpr::MapEntry(entry) => {
            walk(&entry.key, visit)?;
            walk(&entry.value, visit)
        }
    }
}

/// Evaluates with made-up answers. Only what no other answer could mend is a mistake: a division by zero is not.
fn try_with(program: &Program, env: &Arc<Env>, number: &Answer, text: &str, truth: bool) -> Result<(), Mistake> {
    let table = Arc::new(Mutex::new(Table::default()));
    let mut context = Context::with_env(Arc::clone(env));
    functions::declare(&mut context, &table);
    for _ in 0..super::ROUNDS_MAX {
        let given = program.execute(&context);
        let answered = lock(&table).pretend(|question| match question {
            Question::Status(_) => Answer::Text(text.to_owned()),
            Question::Reached(..) => Answer::Truth(truth),
            Question::Count(..)
            | Question::SharePpm(..)
            | Question::OutageMillis(_)
            | Question::GpusTotal
            | Question::GpusUsed => number.clone(),
        });
        if answered {
            continue;
        }
        return match given {
            Ok(Value::Bool(_)) => Ok(()),
            Ok(other) => Err(Mistake::whole(format!("the expression {}", not_boolean(&other)))),
            Err(
                error @ (ExecutionError::UndeclaredReference(_)
                | ExecutionError::NoSuchOverload(_)
                | ExecutionError::InvalidArgumentCount { .. }
                | ExecutionError::UnexpectedType { .. }
                | ExecutionError::MissingArgumentOrTarget
                | ExecutionError::NotSupportedAsMethod { .. }),
            ) => Err(Mistake::whole(format!("the expression cannot be evaluated: {}", in_words(&error)))),
            Err(_) => Ok(()),
        };
    }
    Ok(())
}
