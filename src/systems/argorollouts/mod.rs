//! Argo Rollouts: blue-green and canary updates of ReplicaSets, with pauses, promotions, aborts and analyses.
//! Source: argo-rollouts v1.10.1; each file names the files that it follows. Traffic routers and experiments are not here.
//!
//! It is written against [`World`]: whoever is asked for a Rollout keeps one of these, and hands it the changes of what it
//! watches, the answers to what it asked, its timers, and what a user does. `pass` is one reconciliation; it looks once,
//! writes, and leaves what follows from its own writes to the next, which it plans.

mod actions;
mod analysis;
mod arithmetic;
mod blue_green;
mod canary;
pub mod conditions;
mod judge;
mod measure;
mod native;
mod pass;
mod pause;
mod pledges;
pub mod profile;
mod restart;
mod rollback;
mod runs;
mod services;
mod sets;
pub mod status;
mod weights;
mod workload_ref;
mod writes;

use std::collections::BTreeMap;
use std::sync::Arc;

use pass::Pass;
use profile::V1_10;
use runs::Run;
use sets::ReplicaSet;
use status::Status;
use writes::Writes;

use crate::kernel::{Symbol, Time};
use crate::timeline::{Arg, Cause, Kind, Subject, Why};
use crate::workload::rollout::TemplateSource;
use crate::workload::{Ask, AskId, Object, Outcome, PodTemplate, RolloutPhase, RolloutSpec, RolloutStatus, World};

/// More reconciliations than this at one instant are no progress but a mistake of this model.
const PASSES_MAX: u32 = 1_000;

/// One Rollout.
#[derive(Clone, Debug)]
pub struct Rollout {
    key: Subject,
    name: String,
    serves: Subject,
    /// What its timers are known by.
    token: u64,
    spec: RolloutSpec,
    generation: u32,
    /// `rollout.argoproj.io/revision`.
    revision: u32,
    /// The template that the spec means now.
    template: Option<Arc<PodTemplate>>,
    /// Counts changes of a referenced workload's template.
    workload_generation: u32,
    status: Status,
    /// Its ReplicaSets, in the order in which they were made.
    sets: Vec<ReplicaSet>,
    /// How many ReplicaSets were made so far.
    made: u32,
    /// Its AnalysisRuns, in the order in which they were made.
    runs: Vec<Run>,
    /// Measurements that were asked for: the run and the metric of each.
    measuring: BTreeMap<AskId, (String, usize)>,
    /// ReplicaSets that were asked for.
    creating: BTreeMap<AskId, Subject>,
    /// A ReplicaSet was refused, and none is asked for before this time.
    refused_until: Option<Time>,
    /// Writes of ReplicaSets that were asked for, and how often they failed.
    writes: Writes,
    /// A user has written its status, and no reconciliation has seen that yet.
    told: Option<Cause>,
    /// Evictions of a restart that were asked for.
    evicting: BTreeMap<AskId, Time>,
    /// All pods that are to be restarted were asked to go.
    restart_is_done: bool,
    /// A restart that was carried out and is not written down yet.
    restarted: Option<Time>,
    /// Its Services, by their names.
    services: BTreeMap<String, Subject>,
    /// What a Service was last switched to, and what it was seen to select then.
    switched: BTreeMap<Subject, (Symbol, String)>,
    /// When it is to be looked at next.
    due: Option<Time>,
    /// The timer that was set last.
    planned: Option<Time>,
    /// How often it was looked at in this instant.
    passes: (Time, u32),
    deleted: bool,
}

impl Rollout {
    /// Creates the Rollout, which whoever does so watches. Its timers have this token.
    pub fn create(
        key: Subject,
        serves: Subject,
        spec: RolloutSpec,
        token: u64,
        cause: Cause,
        world: &mut dyn World,
    ) -> Rollout {
        let name = world.show(key.name);
        let count = Arg::Count(spec.replicas.into());
        world.note(key, "Created", Why::with("replicas: {}", count), cause);
        world.resyncs(V1_10.resync);
        let now = world.now();
        Rollout {
            key,
            name,
            serves,
            token,
            spec,
            generation: 1,
            revision: 0,
            template: None,
            workload_generation: 0,
            status: Status::default(),
            sets: Vec::new(),
            made: 0,
            runs: Vec::new(),
            measuring: BTreeMap::new(),
            creating: BTreeMap::new(),
            refused_until: None,
            writes: Writes::default(),
            told: None,
            evicting: BTreeMap::new(),
            restart_is_done: false,
            restarted: None,
            services: BTreeMap::new(),
            switched: BTreeMap::new(),
            due: None,
            planned: None,
            passes: (now, 0),
            deleted: false,
        }
    }

    /// Its kind, namespace and name.
    pub const fn key(&self) -> Subject {
        self.key
    }

    /// Its status.
    pub const fn status(&self) -> &Status {
        &self.status
    }

    /// True once it was deleted.
    pub const fn is_deleted(&self) -> bool {
        self.deleted
    }

    /// Where it stands as whoever asks the API is told (`GetRolloutPhase`): a spec that its controller has not seen yet is
    /// on its way.
    pub fn phase(&self) -> RolloutPhase {
        let unpausing = self.status.controller_pause && self.status.pauses.is_empty();
        match self.status.phase {
            Some(phase) if self.status.observed_generation == self.generation && !unpausing => phase,
            _ => RolloutPhase::Progressing,
        }
    }

    /// Why it is degraded, in a word.
    pub fn failure(&self) -> &'static str {
        let failures = [conditions::reason::INVALID, conditions::reason::ABORTED, conditions::reason::TIMED_OUT];
        let told = self.status.conditions.0.iter().map(|one| one.reason).find(|reason| failures.contains(reason));
        told.unwrap_or("Degraded")
    }

    /// Makes its spec this one.
    pub fn change(&mut self, spec: RolloutSpec, cause: Cause, world: &mut dyn World) {
        if self.deleted || spec == self.spec {
            return;
        }
        let (from, to) = (self.spec.replicas, spec.replicas);
        let why = match () {
            () if spec.source != self.spec.source => Why::text("a new template"),
            () if from != to => Why::with2("replicas {} to {}", Arg::Count(from.into()), Arg::Count(to.into())),
            () if spec.paused != self.spec.paused => Why::text(if spec.paused { "paused" } else { "resumed" }),
            () if spec.restart_at != self.spec.restart_at => Why::text("a restart"),
            () => Why::NONE,
        };
        world.note(self.key, "Changed", why, cause);
        self.drop_services(&spec, cause, world);
        self.spec = spec;
        self.generation += 1;
    }

    /// Deletes the Rollout with all that it owns; its Services select without it again.
    pub fn delete(&mut self, cause: Cause, world: &mut dyn World) {
        if std::mem::replace(&mut self.deleted, true) {
            return;
        }
        let cause = Cause::Entry(world.note(self.key, "Deleted", Why::NONE, cause));
        self.release_services(cause, world);
        for set in std::mem::take(&mut self.sets) {
            world.unwatch(set.key);
            world.ask(Ask::Delete { key: set.key, serves: self.serves }, cause);
        }
        for run in std::mem::take(&mut self.runs) {
            run.delete(self.serves, cause, world);
        }
    }

    /// True if a change of this object is to be told to [`Rollout::changed`].
    pub fn watches(&self, subject: Subject) -> bool {
        if self.deleted || subject.namespace != self.key.namespace {
            return false;
        }
        match subject.kind {
            Kind::ReplicaSet => self.sets.iter().any(|set| set.key == subject),
            Kind::Rollout => self.key == subject,
            Kind::Job => self.runs.iter().any(|run| run.measures_with(subject)),
            Kind::Deployment => matches!(self.spec.source, TemplateSource::Workload { .. }),
            _ => false,
        }
    }

    /// Something that it watches has changed.
    pub fn changed(&mut self, subject: Subject, cause: Cause, world: &mut dyn World) {
        let now = world.now();
        match subject.kind {
            Kind::Job => self.runs.iter_mut().filter(|run| run.measures_with(subject)).for_each(|run| run.enqueue(now)),
            // A user or an autoscaler has changed it, or its own status was written.
            Kind::Rollout => match world.observed_spec(subject) {
                Some(Object::Rollout(spec)) if spec.replicas != self.spec.replicas => {
                    let spec = RolloutSpec { replicas: spec.replicas, ..self.spec.clone() };
                    self.change(spec, cause, world);
                    self.enqueue(now);
                }
                _ => self.enqueue(now),
            },
            _ => self.enqueue(now),
        }
        self.go_on(cause, world);
    }

    /// A timer with its token has run out.
    pub fn timer(&mut self, cause: Cause, world: &mut dyn World) {
        if self.planned.is_some_and(|planned| planned <= world.now()) {
            self.planned = None;
        }
        self.go_on(cause, world);
    }

    /// What became of something that it asked for; `false` if it did not.
    pub fn answered(&mut self, ask: AskId, outcome: Outcome, cause: Cause, world: &mut dyn World) -> bool {
        if let Some((run, metric)) = self.measuring.remove(&ask) {
            self.measured(&run, metric, outcome, world);
        } else if let Some(key) = self.creating.remove(&ask) {
            self.created(key, outcome, cause, world);
        } else if let Some(restart) = self.evicting.remove(&ask) {
            self.evicted(restart, outcome, world);
        } else {
            match self.written(ask, outcome, cause, world) {
                Some(true) => {}
                Some(false) => return true,
                None => return false,
            }
        }
        self.go_on(cause, world);
        true
    }

    /// Does what is due, and plans what is to come.
    fn go_on(&mut self, cause: Cause, world: &mut dyn World) {
        if self.deleted {
            return;
        }
        let now = world.now();
        self.sync_runs(world);
        if self.due.is_some_and(|due| due <= now) {
            self.due = None;
            if self.passes.0 != now {
                self.passes = (now, 0);
            }
            self.passes.1 += 1;
            if self.passes.1 <= PASSES_MAX {
                // What a user wrote tells more than what was on its way at the same instant.
                let cause = self.told.take().unwrap_or(cause);
                Pass::new(self, cause, world).run();
            } else {
                let name = self.name.clone();
                world.give_up(format!(
                    "more than {PASSES_MAX} reconciles of Rollout/{name} at {now}: what it writes wakes it again, without end"
                ));
            }
        }
        self.plan(cause, world);
    }

    /// It is looked at again, at this time at the latest.
    fn enqueue(&mut self, at: Time) {
        if self.due.is_none_or(|due| at < due) {
            self.due = Some(at);
        }
    }

    /// Sets a timer for what is due next, unless one is set already.
    fn plan(&mut self, cause: Cause, world: &mut dyn World) {
        let runs = self.runs.iter().filter_map(Run::due);
        let Some(due) = runs.chain(self.due).min() else { return };
        let due = due.max(world.now());
        if self.planned.is_none_or(|planned| due < planned) {
            self.planned = Some(due);
            world.wake_at(due, self.token, cause);
        }
    }

    /// Writes a status. The watch that shows it makes the controller look again.
    fn write_status(&mut self, status: Status, cause: Cause, world: &mut dyn World) {
        let shown = (status.phase, &status.message) != (self.status.phase, &self.status.message);
        self.pledge_status(&status, world);
        self.status = status;
        let mut cause = cause;
        if let (true, Some(phase)) = (shown, self.status.phase) {
            let why = match self.status.message.as_str() {
                "" => Why::NONE,
                message => Why::symbol(world.intern(message)),
            };
            cause = Cause::Entry(world.note(self.key, phase.text(), why, cause));
        }
        let status = crate::workload::Status::Rollout(self.digest(world));
        world.ask(Ask::WriteStatus { key: self.key, status, serves: self.serves }, cause);
    }

    /// The status as others read it.
    fn digest(&self, world: &mut dyn World) -> RolloutStatus {
        let status = &self.status;
        let paused: Vec<&str> = status.pauses.iter().map(|pause| pause.reason.text()).collect();
        RolloutStatus {
            phase: status.phase,
            message: world.intern(&status.message),
            desired: self.spec.replicas,
            replicas: status.replicas,
            updated: status.updated,
            ready: status.ready,
            available: status.available,
            stable: world.intern(&status.stable),
            current: world.intern(&status.current),
            active: world.intern(&status.active),
            preview: world.intern(&status.preview),
            step: status.step,
            paused: world.intern(&paused.join(" ")),
            abort: status.abort,
            observed_generation: status.observed_generation,
        }
    }

    /// Another object of its namespace.
    fn neighbour(&self, kind: Kind, name: &str, world: &mut dyn World) -> Subject {
        Subject { kind, name: world.name(name), ..self.key }
    }

    /// What stands before the number in the hashes of its templates: pods are `web-r1-0`. A Deployment of the same name
    /// has pods of such names too.
    fn mark(&self) -> &'static str {
        match &self.spec.source {
            TemplateSource::Workload { name, .. } if *name == self.name => "ro",
            _ => "r",
        }
    }
}
