//! Cues that wait for a single write or read: who counts it, and what strikes where it is counted. What counts as one stands in
//! docs/faults.md.

use std::collections::BTreeMap;
use std::mem;

use super::Rehearsal;
use super::cues::{CueKind, CueOutcome};
use crate::kernel::Duration;
use crate::scenario::model::{AccessTrigger, ApiEntry, FaultKind, RECORD};
use crate::systems;
use crate::timeline::{Cause, Kind, Subject};
use crate::workload::{
    About, AccessPoint, Accessed, Action, Actor, ApiFault, ApiTrouble, BuiltIn, Controller, Edge, Moment, Object,
    OwnPoint, Stage, Wake,
};

impl<S: Stage> Rehearsal<S> {
    /// Has every cue that waits for a write or read called when it comes.
    pub(super) fn arm(&mut self) {
        for (token, access) in mem::take(&mut self.cues.unarmed) {
            if let Err(refusal) = self.arm_one(token, &access) {
                self.cues.cues[token].outcome = CueOutcome::Refused(refusal);
            }
        }
    }

    fn arm_one(&mut self, token: usize, access: &AccessTrigger) -> Result<(), String> {
        let what = self.accessed(access);
        if let Some(controller) = self.own_api(access, what) {
            return self.arm_own(token, access, what, controller);
        }
        let by = match access.by.as_deref() {
            None => Vec::new(),
            Some(name) => self.actors(name)?,
        };
        let ends = match self.cues.cues[token].kind {
            CueKind::Fault(index) if access.after.is_zero() => match &self.store.faults[index].kind {
                FaultKind::ControllerRestart { of, .. } => self.controller_of(of),
                _ => None,
            },
            _ => None,
        };
        let (edge, nth, after) = (access.edge, access.occurrence, access.after);
        self.stage.call_on_access(AccessPoint { edge, what, by, nth, after, ends }, token as u64)
    }

    fn accessed(&mut self, access: &AccessTrigger) -> Accessed {
        let Some(text) = access.object.as_deref() else { return Accessed::Anything };
        if text == RECORD {
            return Accessed::Records;
        }
        let (_, names) = self.stage.timeline_mut();
        match (Kind::parse(text), Subject::parse(text, names)) {
            (Some(kind), _) => Accessed::Kind(kind),
            (None, Some(subject)) => Accessed::Object(subject),
            (None, None) => Accessed::Anything,
        }
    }

    /// Those of this name: Kubernetes' own controllers, or systems.
    fn actors(&self, name: &str) -> Result<Vec<Actor>, String> {
        let mut actors: Vec<Actor> = BuiltIn::named(name).into_iter().map(Actor::BuiltIn).collect();
        let deploys = self.scenario.deploy.iter().zip(self.takers.iter());
        actors
            .extend(deploys.filter(|(deploy, _)| deploy.system.text() == name).map(|(_, taker)| Actor::System(*taker)));
        if actors.is_empty() {
            actors.extend(self.controller_of(name).map(Actor::System));
        }
        actors.sort_unstable();
        actors.dedup();
        match actors.is_empty() {
            false => Ok(actors),
            true => Err(self.nobody_is_called(name)),
        }
    }

    /// The system in whose own API a write or read takes place, if it does.
    fn own_api(&self, access: &AccessTrigger, what: Accessed) -> Option<usize> {
        let with_api = |system: &systems::System| system.has_own_api();
        let named = access.by.as_deref().is_some_and(|by| {
            self.scenario.deploy.iter().any(|deploy| systems::controllers(deploy.system.text(), true).contains(&by))
        });
        let kind = match what {
            Accessed::Kind(kind) | Accessed::Object(Subject { kind, .. }) => Some(kind),
            Accessed::Anything | Accessed::Records => None,
        };
        let of_a_resource = kind.is_some_and(|kind| !Object::KINDS.contains(&kind)) && access.by.is_none();
        (named || of_a_resource).then(|| self.systems.iter().position(with_api)).flatten()
    }

    fn arm_own(
        &mut self,
        token: usize,
        access: &AccessTrigger,
        what: Accessed,
        controller: usize,
    ) -> Result<(), String> {
        let about = match what {
            Accessed::Anything | Accessed::Records => About::Anything,
            Accessed::Kind(kind) => About::Kind(kind),
            Accessed::Object(subject) => About::Object(subject),
        };
        let fault = match self.cues.cues[token].kind {
            CueKind::Fault(index) if access.after.is_zero() => self.own_fault(index, controller),
            _ => None,
        };
        let places = fault.as_ref().is_some_and(|fault| !fault.trouble.is_of_reads());
        let point = OwnPoint {
            token: token as u64,
            edge: access.edge,
            about,
            controller: access.by.clone(),
            nth: access.occurrence,
            after: access.after,
            fault,
        };
        let cause = Cause::Line(self.cues.cues[token].line);
        let mut world = self.stage.port(controller);
        self.systems[controller].wake(Wake::Action(Action::Await(point)), cause, world.as_mut())?;
        if places {
            self.placed.insert(token);
        }
        Ok(())
    }

    /// The fault of a scenario as one of the writes of a control plane's own API, if it is one and this control plane is meant.
    fn own_fault(&mut self, index: usize, controller: usize) -> Option<ApiFault> {
        let kind = self.store.faults[index].kind.clone();
        let meant =
            |of: &Option<String>| of.as_ref().is_none_or(|of| self.systems[controller].names().contains(&of.as_str()));
        let entry = match kind {
            FaultKind::Api(entry) if meant(&entry.of) && !entry.trouble.is_of_reads() => entry,
            FaultKind::ControllerRestart { of, lasts } => {
                let of = Some(of);
                if !meant(&of) {
                    return None;
                }
                let trouble = ApiTrouble::Restart { moment: Moment::Now, lasts };
                ApiEntry { of, controller: None, object: None, trouble }
            }
            _ => return None,
        };
        // A fault of a cluster's own objects is the world's.
        let of_world = entry.object.as_deref().is_some_and(|text| {
            let kind = text.split_once('/').map_or(text, |(kind, _)| kind);
            Kind::parse(kind).is_some_and(|kind| Object::KINDS.contains(&kind))
        });
        (!of_world).then(|| self.api_fault(index, &entry))
    }

    /// A turn of a system is tried if somebody waits for its reads: what is to happen before one of them happens now.
    pub(super) fn try_turn(&mut self, controller: usize, wake: &Wake, cause: Cause) {
        if !self.stage.tries_turns_of(controller) || self.systems.get(controller).is_none() {
            return;
        }
        self.stage.begin_trial(controller);
        let mut tried = self.systems[controller].clone();
        {
            let mut world = self.stage.port(controller);
            let _ = tried.wake(wake.clone(), cause, world.as_mut());
        }
        for token in self.stage.end_trial(controller) {
            let after = self.cues.cues[token as usize].waits.as_ref().map_or(Duration::ZERO, |waits| waits.after);
            match after.is_zero() {
                true => self.cue(token as usize),
                false => {
                    let at = self.stage.now() + after;
                    self.stage.call_at(at, token, false);
                }
            }
        }
    }

    /// Both sides of every write and read that the world has kept, as triggers that a scenario of the same course meets there.
    pub fn points(&self) -> Vec<AccessTrigger> {
        let names = self.stage.names();
        let mut counts: BTreeMap<(bool, Actor, Option<Subject>), u32> = BTreeMap::new();
        let mut points = Vec::new();
        for access in self.stage.accesses() {
            // What is read of all nodes at once has no name of its own.
            if access.key.is_some_and(|key| names.show(key.name).is_empty()) {
                continue;
            }
            let occurrence = counts.entry((access.is_write, access.by, access.key)).or_default();
            *occurrence += 1;
            let by = match access.by {
                Actor::BuiltIn(by) => Some(by.text().to_owned()),
                Actor::System(system) => self.systems[system].names().first().map(|name| (*name).to_owned()),
            };
            let object = access.key.map_or_else(|| RECORD.to_owned(), |key| key.show(names));
            let edges = match access.is_write {
                true => [Edge::BeforeWrite, Edge::AfterWrite],
                false => [Edge::BeforeRead, Edge::AfterRead],
            };
            points.extend(edges.map(|edge| AccessTrigger {
                edge,
                object: Some(object.clone()),
                by: by.clone(),
                occurrence: *occurrence,
                after: Duration::ZERO,
            }));
        }
        points
    }

    /// How many writes or reads that a cue waits for there were.
    pub(super) fn seen_at(&self, token: usize) -> u32 {
        let own: u32 = self.systems.iter().map(|system| system.seen_at(token as u64)).sum();
        own + self.stage.accesses_seen(token as u64)
    }
}
