//! Waiting for a deploy group: who waits for which instances, and when they are looked at.
//! Source: Yelp/paasta cc57ae869d, paasta_tools/cli/cmds/mark_for_deployment.py (wait_for_deployment,
//! wait_until_instance_is_done).
//!
//! A look that cannot find anything new is none: after a change, the next look of the grid is planned.

use super::controller::Paasta;
use super::done::{Answer, BounceStatus, Check, DeployStatus, Found};
use super::mark_for_deployment::{State, Trigger, Way};
use super::options::Engine;
use super::rollout::WaitChecks;
use super::state::{Deploy, Timer, Waiter};
use super::version::Version;
use crate::kernel::{Duration, Time};
use crate::timeline::{Arg, Cause, Why};
use crate::workload::{Object, Status, World};

impl Deploy {
    /// Who waits on a way.
    const fn waiter(&mut self, way: Way) -> &mut Option<Waiter> {
        match way {
            Way::Forward => &mut self.forward,
            Way::Back => &mut self.back,
        }
    }

    /// The part of its time after which it warns.
    fn warns_after(&self) -> Duration {
        Duration::from_nanos(self.timeout.nanos() / 100 * u64::from(self.warn_percent))
    }
}

/// The next point of a grid at or after now; the one after it if that was used.
fn next_look(now: Time, origin: Time, interval: Duration, used: Option<Time>) -> Time {
    let at = now.ceil_to(origin, interval);
    if used == Some(at) { at + interval } else { at }
}

impl Paasta {
    /// Begins to wait until the instances of a deploy's group run a version.
    pub(super) fn wait(&mut self, index: usize, way: Way, cause: Cause, world: &mut dyn World) {
        let now = world.now();
        let deploy = &self.memory.deploys[index];
        let version = match way {
            Way::Forward => deploy.version.clone(),
            Way::Back => deploy.old.clone().unwrap_or_else(|| deploy.version.clone()),
        };
        let (group, timeout) = (deploy.group.clone(), deploy.timeout);
        let is_of_group = |unit: &usize| {
            let instance = self.setting(*unit).instance;
            instance.deploy_group == group && instance.is_waited_for()
        };
        let pending: Vec<usize> = (0..self.memory.instances.len()).filter(is_of_group).collect();
        let clusters = pending.iter().map(|unit| &self.setting(*unit).instance.cluster);
        let unknown = clusters.into_iter().find(|cluster| !self.options.rollout.knows_cluster(cluster)).cloned();
        if let Some(cluster) = unknown {
            let why = Why::with("NoSuchCluster: {} is not in api_endpoints", Arg::Text(world.intern(&cluster)));
            let cause = Cause::Entry(world.note(self.memory.deploys[index].subject, "raised", why, cause));
            return self.fire(index, Trigger::DeployErrored, cause, world);
        }
        let waiter = Waiter { version, began: now, pending, poll_at: Some(now), polled_at: None, entry: cause };
        *self.memory.deploys[index].waiter(way) = Some(waiter);
        self.set_timer(now + timeout, Timer::TimedOut(index, way), cause, world);
        if way == Way::Forward {
            let after = self.memory.deploys[index].warns_after();
            self.set_timer(now + after, Timer::Warned(index), cause, world);
            self.plan_first_diagnosis(index, cause, world);
        }
        self.poll(index, way, cause, world);
    }

    /// An instance changed: whoever waits for it looks again at its next time.
    pub(super) fn request_polls(&mut self, unit: usize, cause: Cause, world: &mut dyn World) {
        let now = world.now();
        let interval = self.options.rollout.polling_interval;
        for index in 0..self.memory.deploys.len() {
            for way in [Way::Forward, Way::Back] {
                let Some(waiter) = self.memory.deploys[index].waiter(way) else { continue };
                if !waiter.pending.contains(&unit) {
                    continue;
                }
                let at = next_look(now, waiter.began, interval, waiter.polled_at);
                if waiter.poll_at.is_none_or(|planned| planned > at) {
                    waiter.poll_at = Some(at);
                    self.set_timer(at, Timer::Poll(index, way), cause, world);
                }
            }
            self.request_diagnosis(index, unit, cause, world);
        }
    }

    /// A waiter looks at all instances that it still waits for.
    pub(super) fn poll(&mut self, index: usize, way: Way, cause: Cause, world: &mut dyn World) {
        let now = world.now();
        let Some(waiter) = self.memory.deploys[index].waiter(way).as_mut() else { return };
        if waiter.poll_at != Some(now) {
            return;
        }
        waiter.poll_at = None;
        waiter.polled_at = Some(now);
        let (version, pending) = (waiter.version.clone(), waiter.pending.clone());
        let mut left = Vec::new();
        for unit in pending {
            match self.check(unit, &version, world) {
                Found::NotYet(_) => left.push(unit),
                Found::Done(why) => {
                    let seen = self.memory.instances[unit].entry;
                    let subject = self.memory.instances[unit].subject;
                    let version = Arg::Text(world.intern(&version.text()));
                    let why = Why::with2("{}: {}", version, Arg::Text(world.intern(why)));
                    let entry = world.note(subject, "done", why, seen);
                    if let Some(waiter) = self.memory.deploys[index].waiter(way) {
                        waiter.entry = Cause::Entry(entry);
                    }
                }
            }
        }
        let Some(waiter) = self.memory.deploys[index].waiter(way).as_mut() else { return };
        waiter.pending = left;
        if waiter.pending.is_empty() {
            let cause = if waiter.polled_at == Some(waiter.began) { cause } else { waiter.entry };
            *self.memory.deploys[index].waiter(way) = None;
            self.fire(index, Trigger::DeployFinished, cause, world);
        }
    }

    /// Whether an instance is done, as a waiter would find now.
    pub(super) fn check(&self, unit: usize, version: &Version, world: &dyn World) -> Found {
        let check = Check {
            margin: self.setting(unit).margin(),
            looks_at_running_versions: self.options.rollout.wait_checks == WaitChecks::Running,
        };
        check.of(self.answer(unit, version, world))
    }

    /// What the API says of an instance.
    pub(super) fn answer(&self, unit: usize, target: &Version, world: &dyn World) -> Answer {
        let one = &self.memory.instances[unit];
        let desired_state = self.setting(unit).instance.desired_state;
        let (expected, running, others) = match self.options.engine {
            Engine::BounceLib => {
                let wanted = self.wanted(unit);
                let counts = one.apps.iter().map(|app| (&app.version, self.app_counts(app, world)));
                let others = counts.clone().any(|(version, (_, active))| version != target && active > 0);
                (wanted, counts.map(|(_, (ready, _))| ready).sum(), others)
            }
            Engine::Kubernetes => {
                let Some(workload) = one.workload else { return Answer::NotFound };
                match world.observed(workload) {
                    None => return Answer::NotFound,
                    Some(Status::Deployment(status)) => {
                        let others = status.replicas > status.updated || status.observed_generation < status.generation;
                        (status.desired, status.ready, others)
                    }
                    Some(Status::StatefulSet(status)) => {
                        let others = status.replicas > status.updated || status.observed_generation < status.generation;
                        (status.desired, status.ready, others)
                    }
                    Some(_) => return Answer::Failed,
                }
            }
        };
        Answer::Status(BounceStatus {
            expected,
            desired_state,
            running,
            target_is_active: one.version.as_ref() == Some(target) && self.holds(unit, target, world),
            others_are_active: others,
            deploy_status: DeployStatus::of(running, expected),
        })
    }

    /// True if the cluster has the version as what the instance should run.
    pub(super) fn holds(&self, unit: usize, target: &Version, world: &dyn World) -> bool {
        let one = &self.memory.instances[unit];
        if self.options.engine == Engine::BounceLib {
            return one.apps.iter().any(|app| app.version == *target);
        }
        let image = target.image(&self.service.name);
        let Some(spec) = one.workload.and_then(|workload| world.observed_spec(workload)) else { return true };
        let template = match &spec {
            Object::Deployment(spec) => &spec.template,
            Object::StatefulSet(spec) => &spec.template,
            _ => return true,
        };
        template.containers.iter().any(|container| container.image == image)
    }

    /// A waiter has waited for too long.
    pub(super) fn timed_out(&mut self, index: usize, way: Way, cause: Cause, world: &mut dyn World) {
        let (now, timeout) = (world.now(), self.memory.deploys[index].timeout);
        let deploy = &mut self.memory.deploys[index];
        let Some(waiter) = deploy.waiter(way).take_if(|waiter| waiter.began + timeout == now) else { return };
        let first = waiter.pending.first().map(|unit| self.memory.instances[*unit].subject);
        let why = Why::with3(
            "after {}, instances not done: {}, the first {}",
            Arg::Length(timeout),
            Arg::Count(waiter.pending.len() as u64),
            first.map_or(Arg::None, Arg::Subject),
        );
        let cause = Cause::Entry(world.note(self.memory.deploys[index].subject, "timed_out", why, cause));
        self.fire(index, Trigger::DeployCancelled, cause, world);
    }

    /// A deploy has taken a good part of its time.
    pub(super) fn warn(&mut self, index: usize, cause: Cause, world: &mut dyn World) {
        let now = world.now();
        let deploy = &self.memory.deploys[index];
        let began = deploy.forward.as_ref().map(|waiter| waiter.began);
        // A waiter that began later has a warning of its own.
        if deploy.machine.state() != State::Deploying || began.map(|began| began + deploy.warns_after()) != Some(now) {
            return;
        }
        let why = Why::with2(
            "it has been {} % of the maximum deploy time ({})",
            Arg::Count(deploy.warn_percent.into()),
            Arg::Length(deploy.timeout),
        );
        world.note(deploy.subject, "warned", why, cause);
    }
}
