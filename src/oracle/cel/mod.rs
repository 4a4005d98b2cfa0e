//! Expressions of the Common Expression Language over the state of a run.
//!
//! An expression cannot reach into the world: its functions look their answers up in a table ([`table`]), and what is not
//! in the table yet is asked of the world before the expression is tried again. The table remembers what was asked, so
//! that at later instants it is filled first, and an expression none of whose figures changed is not evaluated at all.

mod check;
mod functions;
mod table;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::{Arc, Mutex};

use cel::{Context, Env, Program, Value};

pub use check::Mistake;
use table::Table;

use super::scene::Scene;
use crate::scenario::model::View;
use crate::timeline::EntryId;

/// How often an expression is tried again because it asked for something new. What it may ask for is finite: its own
/// texts and the states of what these name.
const ROUNDS_MAX: usize = 100;

/// A compiled expression and what it last gave.
pub struct Expression {
    source: String,
    program: Arc<Program>,
    env: Arc<Env>,
    context: Context<'static, 'static>,
    table: Arc<Mutex<Table>>,
    view: View,
    last: Option<Result<bool, String>>,
}

impl Expression {
    /// Compiles an expression and checks it as far as that is possible before a run.
    ///
    /// # Errors
    /// What is wrong with it and where.
    pub fn compile(source: &str, view: View) -> Result<Expression, Mistake> {
        check::size(source)?;
        let env = Arc::new(Env::stdlib());
        let program = env.compile(source).map_err(|errors| check::syntax(source, &errors))?;
        check::check(source, &program, &env)?;
        Ok(Expression::new(source.to_owned(), Arc::new(program), env, Table::default(), view, None))
    }

    fn new(
        source: String,
        program: Arc<Program>,
        env: Arc<Env>,
        table: Table,
        view: View,
        last: Option<Result<bool, String>>,
    ) -> Expression {
        let table = Arc::new(Mutex::new(table));
        let mut context = Context::with_env(Arc::clone(&env));
        functions::declare(&mut context, &table);
        Expression { source, program, env, context, table, view, last }
    }

    /// Whether it holds now.
    ///
    /// # Errors
    /// Why it gave no boolean.
    pub fn holds(&mut self, scene: &mut Scene<'_>) -> Result<bool, String> {
        let changed = lock(&self.table).refresh(scene, self.view);
        if let Some(last) = self.last.as_ref().filter(|_| !changed) {
            return last.clone();
        }
        let answer = self.evaluate(scene);
        self.last = Some(answer.clone());
        answer
    }

    fn evaluate(&self, scene: &mut Scene<'_>) -> Result<bool, String> {
        for _ in 0..ROUNDS_MAX {
            let answer = self.program.execute(&self.context);
            if !lock(&self.table).answer_missing(scene, self.view)? {
                return match answer {
                    Ok(Value::Bool(holds)) => Ok(holds),
                    Ok(other) => Err(check::not_boolean(&other)),
                    Err(error) => Err(check::in_words(&error)),
                };
            }
        }
        Err(format!("it asked for something new {ROUNDS_MAX} times in a row"))
    }

    /// The figures that it used, in words: `ready('deployment/vllm') was 0`.
    pub fn figures(&self) -> String {
        lock(&self.table).figures()
    }

    /// The entry that tells best why it came out as it did.
    pub fn evidence(&self, scene: &Scene<'_>) -> Option<EntryId> {
        lock(&self.table).evidence(scene)
    }

    /// The subjects that it asked for and that never appeared, in words.
    pub fn never_appeared(&self, scene: &Scene<'_>) -> Option<String> {
        lock(&self.table).never_appeared(scene)
    }
}

fn lock(table: &Mutex<Table>) -> std::sync::MutexGuard<'_, Table> {
    table.lock().expect("no expression panics while it looks something up")
}

impl Clone for Expression {
    fn clone(&self) -> Self {
        let table = lock(&self.table).clone();
        let (program, env) = (Arc::clone(&self.program), Arc::clone(&self.env));
        Expression::new(self.source.clone(), program, env, table, self.view, self.last.clone())
    }
}

impl fmt::Debug for Expression {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.source, out)
    }
}
