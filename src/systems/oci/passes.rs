//! A processing pass: looks at every deployment as it is observed, in the order of dependencies, and moves it on.

use std::sync::Arc;

use super::controller::Oci;
use super::document::Mode;
use super::options::{Gate, JobGate, MonitoringWhen};
use super::state::{GroupState, Purpose, State};
use crate::kernel::mutation::{Mutation, is_on};
use crate::timeline::{Arg, Cause, Subject, Why};
use crate::workload::{JobStatus, PodPhase, Status, World};

impl Oci {
    /// One pass over all deployments. Asks that failed and exports that could not be read are tried again, which is why
    /// another pass may be planned at its end.
    pub(super) fn pass(&mut self, cause: Cause, world: &mut dyn World) {
        self.memory.passed_at = Some(world.now());
        self.memory.pass_at = None;
        let order = Arc::clone(&self.order);
        for index in order.iter().copied() {
            self.observe(index, cause, world);
            self.ask_again(index, cause, world);
            self.begin_collection(index, world);
            self.try_start(index, world);
        }
        self.undeploy_next(world);
    }

    /// What a deployment has become.
    fn observe(&mut self, index: usize, cause: Cause, world: &mut dyn World) {
        let progress = &self.memory.members[index];
        let seen = progress.seen.unwrap_or(cause);
        match progress.state {
            State::Creating => self.observe_pool(index, seen, world),
            State::Active => self.observe_active(index, seen, world),
            State::Monitoring if progress.recipe.mode == Mode::Job => self.observe_job(index, seen, world),
            State::Monitoring => self.observe_shortage(index, seen, world),
            State::Undeploying => self.observe_removal(index, seen, world),
            _ => {}
        }
    }

    fn observe_pool(&mut self, index: usize, cause: Cause, world: &mut dyn World) {
        let progress = &self.memory.members[index];
        let Some(Some(Status::NodePool(pool))) = progress.pool.map(|key| world.observed(key)) else { return };
        if pool.failed {
            self.fail(index, Why::text("its node pool cannot be delivered"), cause, world);
        } else if pool.ready >= pool.desired && progress.recipe.mode == Mode::SharedNodePool {
            let why = Why::with("nodes ready: {}", Arg::Count(pool.ready.into()));
            let entry = self.become_state(index, State::Monitoring, why, cause, world);
            self.memory.members[index].entry = Cause::Entry(entry);
        } else if pool.ready >= pool.desired {
            let nodes = Arg::Count(pool.ready.into());
            let why = Why::with("nodes of its own pool ready: {}", nodes);
            let entry = self.become_state(index, State::Active, why, cause, world);
            self.memory.members[index].entry = Cause::Entry(entry);
            self.apply_workload(index, Cause::Entry(entry), world);
        }
    }

    fn observe_active(&mut self, index: usize, cause: Cause, world: &mut dyn World) {
        let progress = &self.memory.members[index];
        match progress.recipe.mode {
            Mode::Update if progress.patched => {
                let entry = self.become_state(
                    index,
                    State::Completed,
                    Why::text("the node was changed"),
                    progress.entry,
                    world,
                );
                self.memory.members[index].entry = Cause::Entry(entry);
            }
            Mode::Job => self.observe_job(index, cause, world),
            Mode::Service if self.is_up(index, world) => {
                let progress = &self.memory.members[index];
                let cause = progress.up_since.unwrap_or(cause);
                let count = Arg::Count(progress.recipe.replicas.into());
                let why = match self.options.monitoring_when {
                    MonitoringWhen::Ready => Why::with("pods ready: {}", count),
                    MonitoringWhen::Running => Why::with("pods running: {}", count),
                };
                let entry = self.become_state(index, State::Monitoring, why, cause, world);
                self.memory.members[index].entry = Cause::Entry(entry);
            }
            Mode::Service => {
                self.observe_trouble(index, cause, world);
            }
            _ => {}
        }
    }

    fn observe_job(&mut self, index: usize, cause: Cause, world: &mut dyn World) {
        let Some(job) = self.job_status(index, world) else { return };
        if job.complete {
            let why = Why::with("pods that ended well: {}", Arg::Count(job.succeeded.into()));
            let entry = self.become_state(index, State::Completed, why, cause, world);
            self.memory.members[index].entry = Cause::Entry(entry);
        } else if job.gave_up {
            self.fail(
                index,
                Why::with("its job gave up, failed pods: {}", Arg::Count(job.failed.into())),
                cause,
                world,
            );
        } else if self.observe_trouble(index, cause, world) {
        } else if self.options.job_gate == JobGate::Monitoring
            && self.memory.members[index].state == State::Active
            && self.pods_running(index, world) > 0
        {
            let entry = self.become_state(index, State::Monitoring, Why::text("its job runs"), cause, world);
            self.memory.members[index].entry = Cause::Entry(entry);
        }
    }

    fn job_status(&self, index: usize, world: &dyn World) -> Option<JobStatus> {
        match world.observed(self.memory.members[index].workload?)? {
            Status::Job(status) => Some(status),
            _ => None,
        }
    }

    /// Fails a deployment whose pods are in trouble that the profile counts as failure.
    fn observe_trouble(&mut self, index: usize, cause: Cause, world: &mut dyn World) -> bool {
        let fail_on = self.options.fail_on;
        if !(fail_on.startup_probe || fail_on.crash_loop || fail_on.image_pull) {
            return false;
        }
        let Some(workload) = self.memory.members[index].workload else { return false };
        let trouble = world.observed_pods(workload).into_iter().find_map(|(pod, status)| {
            if fail_on.startup_probe && status.startup_failures > 0 {
                Some((pod, "the startup probe of {} ran out of tries"))
            } else if fail_on.crash_loop && status.reason == "CrashLoopBackOff" {
                Some((pod, "{} crashes again and again"))
            } else if fail_on.image_pull && matches!(status.reason, "ImagePullBackOff" | "ErrImagePull") {
                Some((pod, "the image of {} cannot be pulled"))
            } else {
                None
            }
        });
        let Some((pod, text)) = trouble else { return false };
        self.fail(index, Why::with(text, Arg::Subject(pod)), cause, world);
        true
    }

    /// A deployment that was up keeps its state when it loses pods; its group is degraded.
    fn observe_shortage(&mut self, index: usize, cause: Cause, world: &mut dyn World) {
        if self.memory.members[index].recipe.mode != Mode::Service {
            return;
        }
        let short = !self.is_up(index, world);
        if short == self.memory.members[index].short {
            return;
        }
        self.memory.members[index].short = short;
        let (ready, wanted) = match self.memory.members[index].workload.and_then(|key| world.observed(key)) {
            Some(Status::Deployment(status)) => (status.available, status.desired),
            _ => (0, self.memory.members[index].recipe.replicas),
        };
        let (ready, wanted) = (Arg::Count(ready.into()), Arg::Count(wanted.into()));
        self.become_state(index, State::Monitoring, Why::with2("pods ready: {} of {}", ready, wanted), cause, world);
    }

    /// True if a service has all of its pods, as the profile counts them.
    pub(super) fn is_up(&self, index: usize, world: &dyn World) -> bool {
        let Some(workload) = self.memory.members[index].workload else { return false };
        let Some(Status::Deployment(status)) = world.observed(workload) else { return false };
        match self.options.monitoring_when {
            MonitoringWhen::Ready => status.complete(),
            MonitoringWhen::Running => {
                status.observed_generation >= status.generation
                    && status.updated == status.desired
                    && self.pods_running(index, world) >= status.desired
            }
        }
    }

    fn pods_running(&self, index: usize, world: &dyn World) -> u32 {
        let Some(workload) = self.memory.members[index].workload else { return 0 };
        let pods = world.observed_pods(workload);
        pods.iter().filter(|(_, pod)| pod.phase == PodPhase::Running && !pod.terminating).count() as u32
    }

    /// A deployment will not come up, and what depends on it stays where it is.
    pub(super) fn fail(&mut self, index: usize, why: Why, cause: Cause, world: &mut dyn World) {
        if self.memory.members[index].state.ends() || self.memory.members[index].state == State::Failed {
            return;
        }
        let entry = self.become_state(index, State::Failed, why, cause, world);
        self.memory.members[index].entry = Cause::Entry(entry);
        self.memory.members[index].again.clear();
        let failed = Arg::Subject(self.memory.members[index].subject);
        let mut behind = vec![false; self.memory.members.len()];
        behind[index] = true;
        let order = Arc::clone(&self.order);
        for other in order.iter().copied() {
            if other != index && self.dependencies[other].iter().any(|dependency| behind[*dependency]) {
                behind[other] = true;
                if self.memory.members[other].state == State::Scheduled {
                    let why = Why::with("stays scheduled: {} failed", failed);
                    self.become_state(other, State::Scheduled, why, Cause::Entry(entry), world);
                }
            }
        }
        self.memory.last_entry = Some(entry);
    }

    /// Asks again for what did not succeed.
    fn ask_again(&mut self, index: usize, cause: Cause, world: &mut dyn World) {
        let again = std::mem::take(&mut self.memory.members[index].again);
        for purpose in again {
            self.ask(index, purpose, cause, world);
        }
    }

    /// True if a dependency is where its dependents may start, exports aside.
    pub(super) fn gate_reached(&self, index: usize) -> bool {
        let progress = &self.memory.members[index];
        if is_on(Mutation::GateOpen) {
            return true;
        }
        match progress.recipe.mode {
            Mode::Service => {
                progress.state == State::Monitoring
                    || (self.options.gate == Gate::Active && progress.state == State::Active)
            }
            Mode::Job => match self.options.job_gate {
                JobGate::Completed => progress.state == State::Completed,
                JobGate::Monitoring => matches!(progress.state, State::Monitoring | State::Completed),
            },
            Mode::SharedNodePool => progress.state == State::Monitoring,
            Mode::Update | Mode::Team => progress.state == State::Completed,
        }
    }

    /// Remembers an ask until its answer comes.
    pub(super) fn ask(&mut self, index: usize, purpose: Purpose, cause: Cause, world: &mut dyn World) {
        let serves = self.memory.members[index].subject;
        if let Some(ask) = self.ask_for(index, &purpose, serves, world) {
            let id = world.ask(ask, cause);
            self.memory.asks.insert(id, (index, purpose));
        }
    }

    /// Watches an object of a deployment.
    pub(super) fn watch(&mut self, index: usize, key: Subject, world: &mut dyn World) {
        self.memory.watched.insert(key, index);
        world.watch(key);
    }

    /// The group follows from its deployments.
    pub(super) fn update_group(&mut self, world: &mut dyn World) {
        if self.memory.dirty.is_empty() {
            return;
        }
        let Some(group) = &self.memory.group else { return };
        if matches!(group.state, GroupState::Rejected) || self.memory.members.is_empty() {
            return;
        }
        let (state, why) = self.group_state();
        if state == group.state {
            return;
        }
        let cause = self.memory.last_entry.map_or(group.entry, Cause::Entry);
        let entry = world.note(group.subject, state.text(), why, cause);
        let group = self.memory.group.as_mut().expect("looked at above");
        group.state = state;
        group.entry = Cause::Entry(entry);
        self.memory.dirty.insert(0);
    }

    fn group_state(&self) -> (GroupState, Why) {
        let members = &self.memory.members;
        let count = |state: State| members.iter().filter(|one| one.state == state).count();
        let left = members.len() - count(State::Undeployed);
        if left == 0 {
            return (GroupState::Undeployed, Why::text("nothing is left of it"));
        }
        if members.iter().all(|one| one.undeploy) {
            return (GroupState::Undeploying, Why::text("in reverse order of dependencies"));
        }
        if let Some(failed) = members.iter().find(|one| one.state == State::Failed) {
            return (GroupState::Failed, Why::with("{} failed", Arg::Subject(failed.subject)));
        }
        let up = count(State::Monitoring) + count(State::Completed);
        if up < left {
            return (GroupState::Deploying, Why::NONE);
        }
        match members.iter().find(|one| one.short && one.state == State::Monitoring) {
            Some(short) => (GroupState::Degraded, Why::with("{} lost pods", Arg::Subject(short.subject))),
            None => (GroupState::Monitoring, Why::with("deployments up: {}", Arg::Count(left as u64))),
        }
    }
}
