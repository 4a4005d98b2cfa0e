//! Faults and actions that join a run while it goes on: what a search does to a fork. A run with an injected fault goes the way of a
//! run whose scenario had the fault from its start.

use super::Rehearsal;
use super::cues::CueKind;
use crate::scenario::model::{ActionEntry, FaultEntry, TieEntry, Trigger};
use crate::text::Place;
use crate::timeline::{EntryId, Subject};
use crate::workload::Stage;

impl<S: Stage> Rehearsal<S> {
    /// Adds a fault to what is still in store. Its trigger means what it would have meant from the start on: an `at` that is past
    /// strikes now, an `on` counts what was reached before. What was reached often enough before this instant strikes now. Writes and
    /// reads are counted from the start if the world keeps them ([`Stage::keep_accesses`]), and from now on if not, as are those in an API of a
    /// control plane's own; a point that lies before this instant is never met.
    pub fn inject_fault(&mut self, fault: FaultEntry) {
        let kind = CueKind::Fault(self.store.faults.len());
        let (what, place, trigger) = (format!("fault {}", fault.name), fault.place.clone(), fault.trigger.clone());
        self.store.faults.push(fault);
        self.inject(kind, &place, &what, trigger);
    }

    /// Adds an operator's action to what is still in store, by the same rules.
    pub fn inject_action(&mut self, action: ActionEntry) {
        let kind = CueKind::Action(self.store.actions.len());
        let (what, place, trigger) = (format!("action {}", action.name), action.place.clone(), action.trigger.clone());
        self.store.actions.push(action);
        self.inject(kind, &place, &what, trigger);
    }

    /// Puts what happens with a subject at an instant behind its peers, which is what the same entry of a scenario does: what waits for
    /// that instant gives way too. At the present instant, or before it, nothing is moved any more.
    pub fn inject_tie(&mut self, tie: TieEntry) {
        self.cues.tie(&mut self.stage, self.store.ties.len(), &tie);
        self.store.ties.push(tie);
    }

    fn inject(&mut self, kind: CueKind, place: &Place, what: &str, trigger: Trigger) {
        let now = self.stage.now();
        let (trigger, already) = match trigger {
            Trigger::At(at) => (Trigger::At(at.max(now)), None),
            Trigger::On { subject, reaches, occurrence, after } => {
                let seen = self.reached_so_far(&subject, &reaches);
                let left = occurrence.saturating_sub(seen.len() as u32);
                let already = (left == 0).then(|| seen[occurrence.max(1) as usize - 1]);
                (Trigger::On { subject, reaches, occurrence: left, after }, already.map(|at| (at + after).max(now)))
            }
            // Those before are counted by the world, if it keeps them.
            access @ Trigger::Access(_) => (access, None),
        };
        let token = self.cues.cues.len() as u64;
        self.cues.add(&mut self.stage, kind, place, what, &trigger);
        self.arm();
        if let Some(at) = already {
            self.stage.call_at(at, token, false);
        }
    }

    /// When a subject came to a state, each time, among the entries that triggers have seen.
    fn reached_so_far(&mut self, subject: &str, state: &str) -> Vec<crate::kernel::Time> {
        let (_, names) = self.stage.timeline_mut();
        let Some(subject) = Subject::parse(subject, names) else { return Vec::new() };
        let entries = (0..self.seen as u32).filter_map(|index| self.stage.timeline().head(EntryId(index)));
        entries.filter(|entry| entry.subject == subject && entry.became == state).map(|entry| entry.at).collect()
    }
}
