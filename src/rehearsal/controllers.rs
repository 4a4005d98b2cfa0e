//! Who takes what the scenario brings: a document, an operator's action, a restart of a controller.

use super::Rehearsal;
use super::cues::CueOutcome;
use crate::kernel::Time;
use crate::scenario::model::FaultKind;
use crate::systems::Restart;
use crate::timeline::Cause;
use crate::workload::{Action, Controller, Stage, Wake};

impl<S: Stage> Rehearsal<S> {
    /// Submits a document: to a controller of its own, or to the one of a control plane that is there already.
    pub(super) fn deploy(&mut self, index: usize, cause: Cause) -> CueOutcome {
        let taker = self.takers[index];
        if self.takers[..index].contains(&taker) {
            let document = Action::Apply(self.scenario.deploy[index].source.clone());
            self.try_turn(taker, &Wake::Action(document.clone()), cause);
            let entries = self.stage.timeline().len();
            let answer = {
                let mut world = self.stage.port(taker);
                self.systems[taker].wake(Wake::Action(document), cause, world.as_mut())
            };
            return match answer {
                Ok(()) => CueOutcome::Fired,
                // What is refused to be made is told by its entry, and what was refused on sight with its document.
                Err(_) if self.tells_of_refusal(entries, cause) => CueOutcome::Fired,
                Err(refusal) => CueOutcome::Refused(refusal),
            };
        }
        self.wake(taker, Wake::Submitted, cause);
        CueOutcome::Fired
    }

    /// True if an entry since then, of this cause, says that an object was refused.
    fn tells_of_refusal(&self, since: usize, cause: Cause) -> bool {
        let entries = self.stage.timeline().since(since);
        entries.into_iter().any(|(_, entry)| entry.became.eq_ignore_ascii_case("rejected") && entry.cause == cause)
    }

    /// The controller that a fault restarts.
    pub(super) fn controller_of(&self, name: &str) -> Option<usize> {
        self.systems.iter().position(|system| system.names().contains(&name))
    }

    /// A controller ends; it is there again at a later time.
    pub(super) fn stop_controller(&mut self, fault: usize, of: &str, until: Time, token: usize) -> CueOutcome {
        let Some(controller) = self.controller_of(of) else {
            return CueOutcome::Void(self.no_controller_has(of));
        };
        let system = &self.systems[controller];
        if system.is_run_once() && self.cues.cues[token].waits.as_ref().is_some_and(|waits| waits.access) {
            // Whoever applies manifests ends between two of them, and nobody starts that again.
            self.stage.drop_held(controller);
            return CueOutcome::Fired;
        }
        match system.restart() {
            Restart::FromRecords | Restart::FromDatabase => {
                self.away.insert(controller);
            }
            Restart::OfJob => self.systems[controller].end_job(),
            Restart::Refused(why) => return CueOutcome::Refused(why.to_owned()),
        }
        self.stage.drop_held(controller);
        let line = self.cues.cues[token].line;
        let token = self.cues.resume(fault, line);
        self.stage.call_at(until, token, false);
        CueOutcome::Fired
    }

    /// A controller that was away begins anew, with what it kept outside its memory.
    pub(super) fn start_controller(&mut self, fault: usize, cause: Cause) {
        let FaultKind::ControllerRestart { of, .. } = &self.store.faults[fault].kind else { return };
        let Some(controller) = self.controller_of(of) else { return };
        self.away.remove(&controller);
        if self.systems[controller].restart() == Restart::FromRecords {
            self.systems[controller] = self.pristine[controller].clone();
        }
        let mut world = self.stage.port(controller);
        self.systems[controller].resume(cause, world.as_mut());
    }

    /// Gives an action to the system that it is most about; if it is about none, all say why they do not take it.
    pub(super) fn act(&mut self, action: &Action, cause: Cause) -> CueOutcome {
        let interests: Vec<u8> = self.systems.iter().map(|system| system.interest(action)).collect();
        let most = interests.iter().copied().max().unwrap_or(0);
        let taker = (most > 0).then(|| interests.iter().position(|interest| *interest == most)).flatten();
        let mut refusals = Vec::new();
        for controller in 0..self.systems.len() {
            if taker.is_some_and(|taker| taker != controller) {
                continue;
            }
            self.try_turn(controller, &Wake::Action(action.clone()), cause);
            let mut world = self.stage.port(controller);
            match self.systems[controller].wake(Wake::Action(action.clone()), cause, world.as_mut()) {
                Ok(()) => return CueOutcome::Fired,
                Err(refusal) => refusals.push(refusal),
            }
        }
        refusals.dedup();
        let why = if refusals.is_empty() { "nothing is deployed".to_owned() } else { refusals.join("; ") };
        CueOutcome::Refused(why)
    }
}
