//! Faults of watches and writes: which control planes they reach, and whether the world has them too.

use super::Rehearsal;
use super::cues::CueOutcome;
use crate::kernel::Duration;
use crate::scenario::model::ApiEntry;
use crate::text::diagnostic::quote;
use crate::timeline::{Cause, Kind, Subject};
use crate::workload::{
    About, Action, ApiFault, ApiTrouble, BuiltIn, Controller, Disruption, Moment, Object, Stage, Struck, Wake,
};

/// Why what one controller of several reads of a cluster cannot lag alone.
const SHARED: &str =
    "the controllers of a control plane share what they read of Kubernetes' own objects: leave `controller` out";

impl<S: Stage> Rehearsal<S> {
    /// Restarts a controller: one that lives with an API of its own lists everything again, another goes on from its records.
    pub(super) fn restart(
        &mut self,
        index: usize,
        of: &str,
        lasts: Duration,
        token: usize,
        cause: Cause,
    ) -> CueOutcome {
        let until = self.stage.now() + lasts;
        if self.controller_of(of).is_none_or(|controller| !self.systems[controller].has_own_api()) {
            return self.stop_controller(index, of, until, token);
        }
        let trouble = ApiTrouble::Restart { moment: Moment::Now, lasts };
        let entry = ApiEntry { of: Some(of.to_owned()), controller: None, object: None, trouble };
        match self.reach(index, &entry, cause) {
            Ok(true) => CueOutcome::Disturbing(index as u32, None),
            Ok(false) => self.stop_controller(index, of, until, token),
            Err(refusal) => CueOutcome::Refused(refusal),
        }
    }

    /// Lets a fault stand or strike wherever it is meant.
    pub(super) fn disturb(&mut self, index: usize, entry: &ApiEntry, cause: Cause) -> CueOutcome {
        let fault = self.api_fault(index, entry);
        if entry.controller.as_deref().is_some_and(|name| !BuiltIn::named(name).is_empty()) {
            return self.disturb_built_in(fault, cause);
        }
        let one_of_many = entry.controller.is_some() && matches!(entry.trouble, ApiTrouble::Lag { .. });
        if let About::Kind(kind) | About::Object(Subject { kind, .. }) = fault.about
            && one_of_many
            && Object::KINDS.contains(&kind)
        {
            return CueOutcome::Refused(SHARED.to_owned());
        }
        let reached = match self.reach(index, entry, cause) {
            Ok(reached) => reached,
            Err(refusal) => return CueOutcome::Refused(refusal),
        };
        let system = entry.of.as_ref().and_then(|of| self.controller_of(of));
        let of_world = match fault.about {
            About::Anything => true,
            About::Kind(kind) | About::Object(Subject { kind, .. }) => Object::KINDS.contains(&kind),
        };
        if !(of_world && entry.controller.is_none() && entry.trouble.is_of_worlds()) {
            return match reached {
                true => CueOutcome::Disturbing(index as u32, None),
                false => CueOutcome::Refused(why_nobody(entry)),
            };
        }
        match self.stage.disrupt(&Disruption::Api { system, fault }, cause) {
            Ok(Struck::Standing(standing)) => CueOutcome::Disturbing(index as u32, Some(standing)),
            _ if reached => CueOutcome::Disturbing(index as u32, None),
            Ok(Struck::Now(_)) => CueOutcome::Void("it matched nothing".to_owned()),
            Err(refusal) => CueOutcome::Refused(refusal),
        }
    }

    /// Has writes of one of Kubernetes' own controllers refused. What these read is as the API has it, and wakes them at once.
    fn disturb_built_in(&mut self, fault: ApiFault, cause: Cause) -> CueOutcome {
        match fault.trouble {
            ApiTrouble::Conflict { .. } | ApiTrouble::Error { .. } => {}
            ApiTrouble::Restart { .. } => {
                return CueOutcome::Refused(
                    "the process that it is in restarts: `of: kube-controller-manager`".to_owned(),
                );
            }
            _ => return CueOutcome::Refused("of Kubernetes' own controllers only writes can fail".to_owned()),
        }
        match self.stage.disrupt(&Disruption::Api { system: None, fault }, cause) {
            Ok(Struck::Standing(standing)) => CueOutcome::Standing(standing),
            Ok(Struck::Now(_)) => CueOutcome::Void("it matched nothing".to_owned()),
            Err(refusal) => CueOutcome::Refused(refusal),
        }
    }

    /// Gives a fault to every control plane that has what it strikes; if none has, what they say of it.
    fn reach(&mut self, index: usize, entry: &ApiEntry, cause: Cause) -> Result<bool, String> {
        if let Some(of) = entry.of.as_ref().filter(|of| self.controller_of(of).is_none()) {
            return Err(self.no_controller_has(of));
        }
        let action = Action::Disturb(self.api_fault(index, entry));
        let (mut reached, mut refusals) = (false, Vec::new());
        for (controller, system) in self.systems.iter_mut().enumerate() {
            let meant = entry.of.as_ref().is_none_or(|of| system.names().contains(&of.as_str()));
            if !meant || !system.has_own_api() {
                continue;
            }
            let mut world = self.stage.port(controller);
            match system.wake(Wake::Action(action.clone()), cause, world.as_mut()) {
                Ok(()) => reached = true,
                Err(refusal) => refusals.push(refusal),
            }
        }
        let of_world = entry.controller.is_none() && entry.trouble.is_of_worlds();
        match (reached, refusals.is_empty() || of_world) {
            (true, _) => Ok(true),
            (false, true) => Ok(false),
            (false, false) => Err(refusals.join("; ")),
        }
    }

    pub(super) fn api_fault(&mut self, index: usize, entry: &ApiEntry) -> ApiFault {
        let (_, names) = self.stage.timeline_mut();
        let about = match entry.object.as_deref() {
            None => About::Anything,
            Some(text) => match (Kind::parse(text), Subject::parse(text, names)) {
                (Some(kind), _) => About::Kind(kind),
                (None, Some(subject)) => About::Object(subject),
                (None, None) => About::Anything,
            },
        };
        ApiFault {
            number: index as u32,
            of: entry.of.clone(),
            controller: entry.controller.clone(),
            about,
            trouble: entry.trouble,
        }
    }
}

/// Why a fault reached nobody.
fn why_nobody(entry: &ApiEntry) -> String {
    match (&entry.controller, &entry.object) {
        (Some(controller), _) => {
            format!("no control plane here has a controller {} of such objects", quote(controller))
        }
        (None, Some(object)) => format!("no control plane here has {}", quote(object)),
        (None, None) => "no control plane here keeps custom resources".to_owned(),
    }
}
