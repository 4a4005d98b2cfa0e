//! A request as its controller works on it in one turn: what was read, and how its status and metadata are written.

use crate::systems::dynamo::model::{Request, RequestSpec, Resource};
use crate::systems::dynamo::operator::keys::FINALIZER;
use crate::systems::dynamo::operator::pass::Pass;
use crate::systems::dynamo::profile::Operator;
use crate::systems::dynamo::status::{Condition, RequestPhase, RequestStatus, Truth};
use crate::systems::dynamo::store::Stored;
use crate::systems::machinery::{Meta, Refusal};
use crate::timeline::{Arg, Kind, Subject, Why};

/// A request in one turn.
pub struct Look {
    /// The request.
    pub key: Subject,
    /// Its name.
    pub name: String,
    /// Its metadata, as the last write left it.
    pub meta: Meta,
    /// What it asks for.
    pub spec: RequestSpec,
    /// What its status is to say.
    pub status: RequestStatus,
    /// What its status says.
    written: RequestStatus,
}

impl Look {
    /// What was read; `None` if it is no request.
    pub fn of(found: &Stored, name: String) -> Option<Look> {
        let Resource::Request(request) = &found.value else { return None };
        let Request { spec, status } = &**request;
        let (meta, spec) = (found.meta.clone(), spec.clone());
        Some(Look { key: found.key, name, meta, spec, status: status.clone(), written: status.clone() })
    }

    /// The profiling Job. Chart 0.8.0 tells by the name how it profiles.
    pub fn job(&self, pass: &mut Pass<'_>) -> Subject {
        let name = match (pass.options.operator, self.spec.online) {
            (Operator::V0_8, true) => format!("profile-online-{}", self.name),
            (Operator::V0_8, false) => format!("profile-aic-{}", self.name),
            (Operator::V1_5, _) => format!("profile-{}", self.name),
        };
        pass.beside(self.key, Kind::Job, &name)
    }

    /// The graph, once it is known.
    pub fn graph(&self, pass: &mut Pass<'_>) -> Subject {
        let mut graph = pass.beside(self.key, Kind::Graph, &self.status.graph);
        if let Some(namespace) = &self.spec.graph.namespace {
            graph.namespace = pass.world.intern(if namespace == "default" { "" } else { namespace });
        }
        graph
    }

    /// The phase as the operator of this version has it.
    pub fn phase_text(&self, pass: &Pass<'_>) -> &'static str {
        match pass.options.operator {
            Operator::V0_8 => self.status.phase.v1alpha1(),
            Operator::V1_5 => self.status.phase.text(),
        }
    }

    /// Sets a condition.
    pub fn condition(&mut self, kind: &'static str, status: Truth, reason: &str, message: &str, pass: &Pass<'_>) {
        self.status.conditions.set(Condition {
            kind,
            status,
            reason: reason.to_owned(),
            message: message.to_owned(),
            since: pass.now(),
            observed_generation: self.meta.generation,
        });
    }

    /// Goes to a phase; with 1.5 one condition sums the others up.
    pub fn go(&mut self, phase: RequestPhase, pass: &Pass<'_>) {
        self.status.phase = phase;
        if !pass.options.operator.is_1_5() {
            return;
        }
        let (status, reason, message) = match phase {
            RequestPhase::Pending => (Truth::False, "Pending", "DGDR is pending"),
            RequestPhase::Profiling => (Truth::False, "Profiling", "Profiling is in progress"),
            RequestPhase::Ready => (Truth::True, "SpecGenerated", "Profiling complete, spec available"),
            RequestPhase::Deploying => (Truth::False, "Deploying", "Deployment is in progress"),
            RequestPhase::Deployed => (Truth::True, "Deployed", "Deployment is healthy"),
            RequestPhase::Failed | RequestPhase::DeploymentDeleted => (Truth::False, "Failed", "DGDR has failed"),
        };
        self.condition("Succeeded", status, reason, message, pass);
    }

    /// Writes the status, if it changed, and tells of a phase that is new.
    ///
    /// # Errors
    /// Why it was not written.
    pub fn write(&mut self, why: &str, pass: &mut Pass<'_>) -> Result<(), Refusal> {
        if self.status == self.written {
            return Ok(());
        }
        let value = Resource::Request(Box::new(Request { spec: self.spec.clone(), status: self.status.clone() }));
        let stored = Stored { key: self.key, meta: self.meta.clone(), value };
        pass.api.update_status(&stored, Some(self.meta.version), pass.writer())?;
        let is_first = self.written.observed_generation == 0 && self.written.phase == self.status.phase;
        if self.status.phase != self.written.phase || is_first {
            self.tell(why, pass);
        } else if self.status.profiling != self.written.profiling
            && let Some(phase) = self.status.profiling
        {
            pass.note(self.key, "profiling", Why::text(phase.text()));
        }
        self.written = self.status.clone();
        if let Some(now) = pass.api.get(self.key) {
            self.meta = now.meta.clone();
        }
        Ok(())
    }

    /// Somebody changed the spec, and the phase stays what it was: what happened to it does not stand for what it is.
    pub fn tell_still(&self, pass: &mut Pass<'_>) {
        if self.status.observed_generation > 0 && pass.journal.said(self.key) == Some("changed") {
            self.tell("the phase stays", pass);
        }
    }

    /// Tells of a phase that was written by a controller that ended before it could say so.
    pub fn tell_missed(&self, pass: &mut Pass<'_>) {
        let is_current = pass.api.get(self.key).is_some_and(|now| now.meta.version == self.meta.version);
        let said = pass.journal.said(self.key).filter(|said| *said != "changed");
        if self.written.observed_generation > 0 && is_current && said.is_some_and(|said| said != self.word(pass)) {
            self.tell("", pass);
        }
    }

    /// The word for its phase.
    fn word(&self, pass: &Pass<'_>) -> &'static str {
        match (self.status.phase, pass.options.operator) {
            (RequestPhase::Pending, _) => "pending",
            (RequestPhase::Profiling, _) => "profiling",
            (RequestPhase::Deploying, _) => "deploying",
            (RequestPhase::Deployed, Operator::V1_5) => "deployed",
            // Its API has one word for both.
            (RequestPhase::Ready, _) | (RequestPhase::Deployed, Operator::V0_8) => "ready",
            (RequestPhase::DeploymentDeleted, _) => "deployment_deleted",
            (RequestPhase::Failed, _) => "failed",
        }
    }

    fn tell(&self, why: &str, pass: &mut Pass<'_>) {
        let became = self.word(pass);
        let why = if why.is_empty() { Why::NONE } else { Why::with("{}", Arg::Text(pass.world.intern(why))) };
        pass.note(self.key, became, why);
        pass.journal.say(self.key, became);
    }

    /// Puts the operator's finalizer on, or takes it off.
    ///
    /// # Errors
    /// Why it was not written.
    pub fn finalizer(&mut self, is_there: bool, pass: &mut Pass<'_>) -> Result<(), Refusal> {
        let mut meta = self.meta.clone();
        if is_there {
            meta.finalizers.insert(FINALIZER.to_owned());
        } else {
            meta.finalizers.remove(FINALIZER);
        }
        let value = Resource::Request(Box::new(Request { spec: self.spec.clone(), status: self.written.clone() }));
        pass.api.update(Stored { key: self.key, meta, value }, Some(self.meta.version), pass.writer())?;
        if let Some(now) = pass.api.get(self.key) {
            self.meta = now.meta.clone();
        }
        Ok(())
    }
}
