//! The coordinator: control loops over deployments, each run by a handler. It selects by status, knows how often and since
//! when, sorts what a handler says into transitions, and keeps the history. What handlers do, and which there are, is not
//! known here: both eras of Backend.AI bring their own.
//! Source: lablup/backend.ai c0032c472e, src/ai/backend/manager/sokovan/deployment/coordinator.py.
//!
//! Handlers that roll revisions out share one lock. Here a look takes no time, so that the lock is the order of the list: at
//! one instant a handler sees what those before it did.

use super::cycle::Mark;
use super::handler::{Candidate, Exception, Handler, Outcome};
use super::history::{History, Record, Verdict};
use super::status::Status;
use crate::kernel::Time;
use crate::timeline::Why;
use crate::workload::World;

/// The deployments, and what handlers do with them.
pub trait Board {
    /// How many deployments there are.
    fn count(&self) -> usize;

    /// Where one stands.
    fn status(&self, deployment: usize) -> Status;

    /// Its history.
    fn history(&mut self, deployment: usize) -> &mut History;

    /// Its history, to read.
    fn seen_history(&self, deployment: usize) -> &History;

    /// False if a look of this handler could change nothing before something else does.
    fn could_act(&self, handler: &Handler, deployment: usize) -> bool;

    /// Handles a batch, in the order of its deployments.
    ///
    /// # Errors
    /// An error that the handler does not catch. What it did before stays done.
    fn execute(
        &mut self,
        handler: &Handler,
        batch: &[Candidate],
        world: &mut dyn World,
    ) -> Result<Vec<(usize, Outcome)>, Exception>;

    /// Makes a status that of a deployment, and tells of it if it is another.
    fn become_status(&mut self, deployment: usize, to: Status, why: Why, world: &mut dyn World);
}

/// Which row tells of earlier attempts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Attempts {
    /// The last row, if it is the handler's own.
    OfPhase,
    /// The last row of the handler's category, if it is the handler's own.
    OfCategory,
}

/// The loops and their marks.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Coordinator {
    handlers: Vec<Handler>,
    marks: Vec<Mark>,
    attempts: Attempts,
}

impl Coordinator {
    /// With these handlers, in the order in which they take the lock.
    pub fn new(handlers: Vec<Handler>, attempts: Attempts) -> Coordinator {
        let marks = vec![Mark::default(); handlers.len()];
        Coordinator { handlers, marks, attempts }
    }

    /// Sets the mark of every handler that looks at deployments of this status.
    pub fn mark(&mut self, status: Status, now: Time) {
        for (handler, mark) in self.handlers.iter().zip(&mut self.marks) {
            if handler.selects(status) {
                handler.cycle.set(mark, now);
            }
        }
    }

    /// When a handler looks next at a deployment that it could do something with.
    pub fn next(&self, board: &impl Board, now: Time) -> Option<Time> {
        let due = self.handlers.iter().zip(&self.marks).filter_map(|(handler, mark)| {
            let has_work = |one| handler.selects(board.status(one)) && board.could_act(handler, one);
            (0..board.count()).any(has_work).then(|| handler.cycle.next(*mark, now))
        });
        due.min()
    }

    /// Runs what is due at this instant.
    pub fn tick<B: Board>(&mut self, board: &mut B, world: &mut dyn World) {
        let now = world.now();
        for index in 0..self.handlers.len() {
            let looks = self.handlers[index].cycle.looks(&mut self.marks[index], now);
            for _ in 0..looks {
                self.look(index, board, world);
            }
        }
    }

    /// One look of one handler.
    fn look<B: Board>(&mut self, index: usize, board: &mut B, world: &mut dyn World) {
        let handler = self.handlers[index].clone();
        let batch: Vec<Candidate> = (0..board.count())
            .filter(|one| handler.selects(board.status(*one)))
            .map(|one| self.candidate(&handler, one, board))
            .collect();
        if batch.is_empty() {
            return;
        }
        let outcomes = match board.execute(&handler, &batch, world) {
            Ok(outcomes) => outcomes,
            Err(Exception { code, why }) => {
                batch.iter().map(|one| (one.deployment, Outcome::Failure(code, why))).collect()
            }
        };
        for (deployment, outcome) in outcomes {
            let Some(candidate) = batch.iter().find(|one| one.deployment == deployment) else { continue };
            self.settle(&handler, *candidate, outcome, board, world);
        }
        // A mark that nobody waits for would only be consumed.
        let stays = |one| handler.selects(board.status(one));
        if handler.marks_itself && (0..board.count()).any(stays) {
            handler.cycle.set(&mut self.marks[index], world.now());
        }
    }

    fn candidate<B: Board>(&self, handler: &Handler, deployment: usize, board: &B) -> Candidate {
        let history = board.seen_history(deployment);
        let last = match self.attempts {
            Attempts::OfPhase => history.last(),
            Attempts::OfCategory => history.last_of(handler.category),
        };
        let own = last.filter(|record| record.phase == handler.name);
        Candidate {
            deployment,
            attempts: own.map_or(0, |record| record.attempts),
            started_at: own.map(|record| record.created_at),
        }
    }

    /// Turns what a handler says into a transition and a row of history.
    fn settle<B: Board>(
        &mut self,
        handler: &Handler,
        candidate: Candidate,
        outcome: Outcome,
        board: &mut B,
        world: &mut dyn World,
    ) {
        let now = world.now();
        let Some((verdict, code, why)) = handler.classify(candidate, outcome, now) else { return };
        let to = match outcome {
            Outcome::SuccessTo(to, _) => Some(to),
            _ => handler.transitions.of(verdict),
        };
        let Some(to) = to else { return };
        let deployment = candidate.deployment;
        let from = board.status(deployment);
        board.history(deployment).add(Record {
            phase: handler.name,
            category: handler.category,
            error_code: code,
            from,
            to,
            verdict,
            attempts: 1,
            created_at: now,
            updated_at: now,
        });
        self.enter(handler, to, deployment, board, now);
        board.become_status(deployment, to, why, world);
        if verdict == Verdict::Success {
            self.mark(to, now);
        }
    }

    /// Writes the row with which a phase begins, where its handler wants one.
    fn enter<B: Board>(&self, left: &Handler, to: Status, deployment: usize, board: &mut B, now: Time) {
        let entered = self.handlers.iter().find(|one| one.records_entry && one.selects(to));
        let Some(entered) = entered.filter(|one| one.name != left.name) else { return };
        board.history(deployment).add(Record {
            phase: entered.name,
            category: entered.category,
            error_code: None,
            from: to,
            to,
            verdict: Verdict::Entered,
            attempts: 0,
            created_at: now,
            updated_at: now,
        });
    }
}
