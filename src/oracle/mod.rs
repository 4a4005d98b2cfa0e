//! What judges a run: the scenario's expectations, and the built-in oracles that need none. They watch the run as an
//! [`Observer`] and say how it came out, when that was known, and which entry of the timeline decided it. Nothing here
//! changes a run or shows a result.

mod board;
pub mod builtin;
mod cel;
mod compile;
mod export;
mod hold;
#[cfg(test)]
mod mutation_tests;
#[cfg(test)]
mod played;
mod reach;
mod scene;
#[cfg(test)]
mod tests;
mod window;
mod words;

pub use builtin::Oracles;

use board::Board;
use export::Export;
use hold::Hold;
use reach::{Before, Eventually, StableFor, at_the_end};
use scene::{Decision, Scene, Wanted};

use crate::kernel::Time;
use crate::rehearsal::{Observer, Verdict};
use crate::scenario::Scenario;
use crate::text::Diagnostic;
use crate::timeline::{EntryId, ScenarioLine};
use crate::workload::Stage;

/// All that judges a run of this scenario: its expectations and the built-in oracles.
///
/// # Errors
/// What is wrong with what the scenario says of them, expectations first, each in its order.
pub fn judges(scenario: &Scenario) -> Result<(Judge, Oracles), Vec<Diagnostic>> {
    match (Judge::new(scenario), Oracles::new(scenario)) {
        (Ok(judge), Ok(oracles)) => Ok((judge, oracles)),
        (judge, oracles) => Err([judge.err(), oracles.err()].into_iter().flatten().flatten().collect()),
    }
}

/// The judge of one run: every expectation of its scenario.
#[derive(Clone, Debug)]
pub struct Judge {
    board: Board,
    expectations: Vec<Expectation>,
    /// The last instant whose end was looked at.
    looked_at: Option<Time>,
    /// True if the run is cut short and only what was decided by then is told.
    decided_only: bool,
}

#[derive(Clone, Debug)]
struct Expectation {
    line: ScenarioLine,
    text: String,
    rule: Rule,
    decision: Option<Decision>,
}

#[derive(Clone, Debug)]
enum Rule {
    Eventually(Eventually),
    Before(Before),
    StableFor(StableFor),
    Final(Vec<Wanted>),
    Hold(Hold),
    Export(Export),
}

impl Judge {
    /// Compiles the expectations of a scenario.
    ///
    /// # Errors
    /// Everything that is wrong with them, in the order of the file.
    pub fn new(scenario: &Scenario) -> Result<Judge, Vec<Diagnostic>> {
        compile::compile(&scenario.expect, &scenario.source)
    }

    /// The same judge for a run that is cut short: it tells only of what is decided by then.
    #[must_use]
    pub fn decided_only(self) -> Judge {
        Judge { decided_only: true, ..self }
    }

    fn look(&mut self, stage: &dyn Stage) {
        self.looked_at = Some(stage.now());
        let mut scene = Scene { now: stage.now(), board: &mut self.board, stage };
        for open in self.expectations.iter_mut().filter(|expectation| expectation.decision.is_none()) {
            open.decision = open.rule.instant(&mut scene);
        }
    }
}

impl Observer for Judge {
    fn entry(&mut self, id: EntryId, stage: &dyn Stage) {
        let Some(entry) = stage.timeline().get(id) else { return };
        if self.board.entry(id, &entry, stage.names()).is_none() {
            return;
        }
        let mut scene = Scene { now: entry.at, board: &mut self.board, stage };
        for open in self.expectations.iter_mut().filter(|expectation| expectation.decision.is_none()) {
            open.decision = open.rule.entry(&mut scene);
        }
    }

    fn instant_ended(&mut self, stage: &dyn Stage) {
        self.look(stage);
    }

    fn due(&self) -> Option<Time> {
        let open = self.expectations.iter().filter(|expectation| expectation.decision.is_none());
        open.filter_map(|expectation| expectation.rule.due()).min()
    }

    fn settled(&self) -> bool {
        self.expectations.iter().all(|expectation| expectation.decision.is_some())
    }

    fn finish(&mut self, stage: &dyn Stage) -> Vec<Verdict> {
        if self.looked_at != Some(stage.now()) {
            self.look(stage);
        }
        let mut scene = Scene { now: stage.now(), board: &mut self.board, stage };
        let mut verdicts = Vec::with_capacity(self.expectations.len());
        let told = self.expectations.iter_mut().filter(|one| !self.decided_only || one.decision.is_some());
        for expectation in told {
            let rule = &mut expectation.rule;
            let Decision { status, at, detail, evidence } =
                expectation.decision.get_or_insert_with(|| rule.end(&mut scene)).clone();
            let (line, text) = (expectation.line.clone(), expectation.text.clone());
            verdicts.push(Verdict { line, text, status, at, detail, evidence });
        }
        verdicts
    }
}

impl Rule {
    fn entry(&mut self, scene: &mut Scene<'_>) -> Option<Decision> {
        match self {
            Rule::Eventually(rule) => rule.entry(scene),
            Rule::StableFor(rule) => rule.entry(scene),
            Rule::Hold(rule) => rule.entry(scene),
            Rule::Before(_) | Rule::Final(_) | Rule::Export(_) => None,
        }
    }

    fn instant(&mut self, scene: &mut Scene<'_>) -> Option<Decision> {
        match self {
            Rule::Eventually(rule) => rule.instant(scene),
            Rule::Before(rule) => rule.instant(scene),
            Rule::StableFor(rule) => rule.instant(scene),
            Rule::Hold(rule) => rule.instant(scene),
            Rule::Export(rule) => rule.instant(scene),
            Rule::Final(_) => None,
        }
    }

    fn due(&self) -> Option<Time> {
        match self {
            Rule::Eventually(rule) => rule.deadline,
            Rule::StableFor(rule) => rule.due(),
            Rule::Hold(rule) => rule.due(),
            Rule::Before(_) | Rule::Final(_) | Rule::Export(_) => None,
        }
    }

    fn end(&mut self, scene: &mut Scene<'_>) -> Decision {
        match self {
            Rule::Eventually(rule) => rule.end(scene),
            Rule::Before(rule) => rule.end(scene),
            Rule::StableFor(rule) => rule.end(scene),
            Rule::Final(wanted) => at_the_end(wanted, scene),
            Rule::Hold(rule) => rule.end(scene),
            Rule::Export(rule) => rule.end(scene),
        }
    }
}
