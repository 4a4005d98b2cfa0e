//! One look at a Rollout and all that follows from it: what the source calls a reconciliation. The order of what is done
//! stands here; each part has its own file. Source: argo-rollouts v1.10.1, rollout/controller.go (syncHandler,
//! newRolloutContext), rollout/context.go (reconcile) and rollout/sync.go.

use std::sync::Arc;

use super::Rollout;
use super::analysis::CurrentRuns;
use super::conditions::{Condition, ConditionType, Truth, reason};
use super::pause::PauseContext;
use super::profile::V1_10;
use super::sets::{HASH_LABEL, Places};
use super::status::{PauseReason, Status};
use crate::kernel::Time;
use crate::timeline::{Arg, Cause, Kind, Why};
use crate::workload::rollout::{RolloutStrategy, TemplateSource};
use crate::workload::{Object, PodTemplate, World};

/// A reconciliation. `ro.status` is what it began with; `next` is what it will write.
pub struct Pass<'a> {
    /// The Rollout.
    pub ro: &'a mut Rollout,
    /// The world.
    pub world: &'a mut dyn World,
    /// The present.
    pub now: Time,
    /// What led to it.
    pub cause: Cause,
    /// The status to come.
    pub next: Status,
    /// What was decided about pauses and aborts.
    pub pause: PauseContext,
    /// The ReplicaSet of the newest template.
    pub new: Option<usize>,
    /// The ReplicaSet that an abort goes back to.
    pub stable: Option<usize>,
    /// ReplicaSets that are neither.
    pub others: Places,
    /// The AnalysisRuns that the update has now.
    pub runs: CurrentRuns,
    /// The newest ReplicaSet was to be scaled down, and is not yet.
    pub new_is_within_delay: bool,
}

impl<'a> Pass<'a> {
    /// Begins a reconciliation.
    pub fn new(ro: &'a mut Rollout, cause: Cause, world: &'a mut dyn World) -> Pass<'a> {
        let now = world.now();
        let next = Status { restarted_at: ro.status.restarted_at, ..Status::default() };
        let runs = CurrentRuns::of(ro);
        ro.sets.iter_mut().for_each(|set| set.read = (set.replicas, set.desired));
        Pass {
            ro,
            world,
            now,
            cause,
            next,
            pause: PauseContext::default(),
            new: None,
            stable: None,
            others: Vec::new(),
            runs,
            new_is_within_delay: false,
        }
    }

    /// Reconciles.
    pub fn run(mut self) {
        if let Err(problem) = self.resolve_template().and_then(|()| self.check_references()) {
            return self.write_invalid(&problem);
        }
        let Some(template) = self.ro.template.clone() else { return };
        self.find_sets();
        if self.new.is_none() {
            if let Some(until) = self.ro.refused_until.filter(|until| *until > self.now) {
                return self.ro.enqueue(until);
            }
            self.ro.refused_until = None;
            return self.begin_template(template);
        }
        self.new_is_within_delay = self.new.is_some_and(|new| self.deadline_ahead(new).is_some());
        if self.ro.status.is_fully_promoted() && self.pause.is_aborted(&self.ro.status) {
            self.pause.remove_abort();
        }
        if self.check_paused_conditions() {
            return;
        }
        self.sync_revision();
        if self.is_scaling_event() {
            return self.sync_replicas_only();
        }
        match self.ro.spec.strategy {
            RolloutStrategy::BlueGreen(_) => self.blue_green(),
            RolloutStrategy::Canary(_) => self.canary(),
        }
    }

    /// Finds which ReplicaSet is which.
    pub fn find_sets(&mut self) {
        let sets = &self.ro.sets;
        let is_new = |of: &Arc<PodTemplate>| self.ro.template.as_ref() == Some(of);
        self.new = sets.iter().position(|set| is_new(&set.of));
        self.stable = self.with_hash(&self.ro.status.stable);
        let known = [self.new, self.stable];
        self.others = (0..self.ro.sets.len()).filter(|place| !known.contains(&Some(*place))).collect();
    }

    /// A template that has no ReplicaSet yet gets one; what it is for is decided by the next reconciliation.
    fn begin_template(&mut self, template: Arc<PodTemplate>) {
        self.create_set(template);
        let name = self.ro.sets.last().map_or("", |set| set.name.as_str());
        let message = format!("Created new replica set {name:?}");
        let condition = self.condition(ConditionType::Progressing, Truth::True, reason::NEW_REPLICASET, message);
        let mut status = self.ro.status.clone();
        status.conditions.set(condition);
        self.write(status);
    }

    /// The template comes from the spec, or from the workload that the spec names (templateref.go, Resolve).
    fn resolve_template(&mut self) -> Result<(), String> {
        let (kind, name) = match &self.ro.spec.source {
            TemplateSource::Own(template) => {
                self.ro.template = Some(Arc::clone(template));
                return Ok(());
            }
            TemplateSource::Workload { kind, name, .. } => (*kind, name.clone()),
        };
        let key = self.ro.neighbour(kind, &name, self.world);
        self.world.watch(key);
        let found = match self.world.observed_spec(key) {
            Some(Object::Deployment(spec)) => Some(spec.template),
            Some(Object::ReplicaSet(spec)) => Some(spec.template),
            _ => None,
        };
        let Some(found) = found else {
            let plural = format!("{}s.apps", kind.text().to_ascii_lowercase());
            let value = format!("{{\"apiVersion\":\"apps/v1\",\"kind\":\"{}\",\"name\":{name:?}}}", kind.text());
            return Err(format!("spec.workloadRef: Invalid value: {value}: {plural} {name:?} not found"));
        };
        if self.ro.template.as_ref() != Some(&found) {
            self.ro.workload_generation += 1;
            self.ro.template = Some(found);
        }
        Ok(())
    }

    /// A condition that is written now.
    pub fn condition(&self, about: ConditionType, truth: Truth, reason: &'static str, message: String) -> Condition {
        let now = self.now.whole_seconds();
        Condition { about, truth, updated_at: now, since: now, reason, message }
    }

    /// The spec cannot be carried out (`createInvalidRolloutCondition`): it is tried again after a while.
    fn write_invalid(&mut self, problem: &str) {
        let message = format!("The Rollout {:?} is invalid: {problem}", self.ro.name);
        let before = self.ro.status.conditions.get(ConditionType::InvalidSpec);
        let told = before.is_some_and(|before| before.message == message);
        if !told || self.ro.status.observed_generation != self.ro.generation {
            let condition = self.condition(ConditionType::InvalidSpec, Truth::True, reason::INVALID, message);
            let mut status = self.ro.status.clone();
            if !told {
                status.conditions.remove(ConditionType::InvalidSpec);
            }
            self.patch_conditions(&mut status, vec![condition]);
        }
        self.ro.enqueue(self.now + V1_10.invalid_retry);
    }

    /// Writes conditions into the status that is there (`patchCondition`). True if that changed anything.
    fn patch_conditions(&mut self, status: &mut Status, conditions: Vec<Condition>) -> bool {
        for condition in conditions {
            status.conditions.set(condition);
        }
        status.observed_generation = self.ro.generation;
        status.set_phase(&self.ro.spec);
        let changed = *status != self.ro.status;
        if changed {
            self.write(status.clone());
        }
        changed
    }

    /// Pauses and resumptions are conditions too (`checkPausedConditions`). True if the Rollout was written: the rest is
    /// left to the next reconciliation.
    fn check_paused_conditions(&mut self) -> bool {
        let status = &self.ro.status;
        let progressing = status.conditions.reason(ConditionType::Progressing);
        let is_paused = !status.pauses.is_empty() || self.ro.spec.paused;
        let aborted = progressing == reason::ABORTED;
        let paused_message = || "Rollout is paused".to_owned();
        let mut conditions = Vec::new();
        let about = ConditionType::Progressing;
        if is_paused != (progressing == reason::PAUSED) && !aborted && !status.is_completed() {
            let (reason, message) = match is_paused {
                true => (reason::PAUSED, paused_message()),
                false => (reason::RESUMED, "Rollout is resumed".to_owned()),
            };
            conditions.push(self.condition(about, Truth::Unknown, reason, message));
        }
        if !status.abort && aborted {
            let message = "Retrying Rollout after abort".to_owned();
            conditions.push(self.condition(about, Truth::Unknown, reason::RETRY, message));
        }
        let paused = status.conditions.get(ConditionType::Paused).is_some_and(|one| one.truth == Truth::True);
        if is_paused != paused && !aborted {
            let truth = if is_paused { Truth::True } else { Truth::False };
            conditions.push(self.condition(ConditionType::Paused, truth, reason::PAUSED, paused_message()));
        }
        if conditions.is_empty() {
            return false;
        }
        let mut status = self.ro.status.clone();
        self.patch_conditions(&mut status, conditions)
    }

    /// The Rollout wants another number of pods than when its ReplicaSets were last sized (`isScalingEvent`).
    fn is_scaling_event(&self) -> bool {
        let wanted = self.ro.spec.replicas;
        let sized = |place: &usize| self.set(*place).replicas > 0 && self.set(*place).desired != wanted;
        [self.new, self.stable].iter().flatten().any(sized)
    }

    /// Sizes the ReplicaSets and does nothing else (`syncReplicasOnly`).
    fn sync_replicas_only(&mut self) {
        let mut next = self.ro.status.clone();
        match self.ro.spec.strategy {
            RolloutStrategy::BlueGreen(_) => {
                self.size_blue_green();
                self.count_active(&mut next);
                next.ready = self.ro.status.ready;
            }
            RolloutStrategy::Canary(_) => {
                self.size_canary();
                next.available = self.sum(|status| status.available);
                next.hpa_replicas = self.sum(|status| status.replicas);
            }
        }
        self.next = next;
        self.persist();
    }

    /// The figures that every strategy counts alike (`calculateBaseStatus`).
    pub fn count_base(&mut self) {
        let status = &self.ro.status;
        self.next.current = self.new.map_or(String::new(), |new| self.set(new).hash.clone());
        self.next.replicas = self.sum(|status| status.replicas);
        self.next.updated = self.new.map_or(0, |new| self.shown(new).replicas);
        self.next.ready = self.sum(|status| status.ready);
        self.next.conditions = status.conditions.clone();
        self.next.conditions.remove(ConditionType::InvalidSpec);
        self.next.promote_full = !self.next.current.is_empty() && status.promote_full;
    }

    /// Why nothing may move, if so (`haltProgress`).
    pub fn is_halted(&self) -> bool {
        self.ro.spec.paused || self.ro.status.pause(PauseReason::Inconclusive).is_some()
    }

    /// An update begins from its beginning (`resetRolloutStatus`).
    pub fn reset(&mut self) {
        self.pause.clear();
        self.pause.remove_abort();
        self.next.restarted_at = self.ro.spec.restart_at;
        self.next.promote_full = false;
        (self.next.pre_promotion, self.next.post_promotion) = (None, None);
        (self.next.step_run, self.next.background_run) = (None, None);
        self.next.checkpoint = false;
        self.next.step = (!self.steps().is_empty()).then_some(0);
    }

    /// Another template than the status tells of (`CheckPodSpecChange`).
    pub fn template_changed(&self) -> bool {
        let current = &self.ro.status.current;
        !current.is_empty() && self.new.is_some_and(|new| self.set(new).hash != *current)
    }

    /// Notes the newest revision.
    pub fn set_revision(&mut self, revision: u32) {
        self.ro.revision = revision;
    }

    /// Makes the newest template the stable one (`promoteStable`).
    pub fn promote_stable(&mut self, why: &'static str) {
        self.pause.clear();
        self.pause.remove_abort();
        self.next.promote_full = false;
        self.next.checkpoint = false;
        let steps = self.steps().len() as u32;
        self.next.step = (steps > 0).then_some(steps);
        if self.next.stable != self.next.current {
            self.next.stable = self.next.current.clone();
            let (revision, hash) = (Arg::Count(self.ro.revision.into()), self.world.intern(&self.next.current));
            let why = Why::with3("revision {} ({}): {}", revision, Arg::Text(hash), Arg::Text(self.world.intern(why)));
            self.world.note(self.ro.key, "Completed", why, self.cause);
        }
        self.give_up_workload();
    }

    /// The labels that a Service would need to select the Rollout's pods.
    pub fn template_label(&self, key: &str) -> Option<&str> {
        if key == HASH_LABEL {
            return None;
        }
        self.ro.template.as_ref().and_then(|template| template.labels.get(key)).map(String::as_str)
    }

    /// The Service of this name, as a subject.
    pub fn service(&mut self, name: &str) -> crate::timeline::Subject {
        let key = self.ro.neighbour(Kind::Service, name, self.world);
        self.ro.services.insert(name.to_owned(), key);
        key
    }
}
