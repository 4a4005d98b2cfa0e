//! Deploys: each runs mark-for-deployment's machine for one group, and does what that wants done. Waiting is `waiting`'s.

use super::controller::Paasta;
use super::mark_for_deployment::{Effect, Machine, Plan, Raised, State, Trigger, Way};
use super::model::Step;
use super::rollout::WaiterKey;
use super::state::{Crashloops, Deploy, Timer};
use super::version::{Tag, Verb, Version};
use crate::kernel::Duration;
use crate::timeline::{Arg, Cause, Kind, Why};
use crate::workload::World;

/// What watches a deploy from outside.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Monitor {
    /// The SLOs of the service.
    Slo,
    /// Its alerts.
    Alertmanager,
}

/// How a deploy is begun.
#[derive(Clone, Copy, Debug)]
pub struct Start<'a> {
    /// The deploy group.
    pub group: &'a str,
    /// The version.
    pub version: &'a Version,
    /// The step of the pipeline; `None`: somebody marks by hand, and does not wait.
    pub step: Option<&'a Step>,
    /// The step stands in a parallel block, where its settings for alerts and crash loops are not found
    /// (`_get_deploy_group_config` looks at steps of the top level alone).
    pub is_nested: bool,
    /// The run of the pipeline and the member of its item.
    pub of: Option<(usize, usize)>,
}

impl Paasta {
    /// Begins a deploy.
    pub(super) fn start_deploy(&mut self, start: Start<'_>, cause: Cause, world: &mut dyn World) {
        let Start { group, version, step, is_nested, of } = start;
        let profile = &self.options.rollout;
        let old = self.memory.deployed.get(group).map(|(old, _)| old.clone());
        let rollback_is_possible = old.as_ref().is_some_and(|old| old != version);
        let waiting = step.map(|step| step.waiting.clone()).unwrap_or_default();
        let rollback = step.map(|step| step.rollback.clone()).unwrap_or_default();
        let watched = (!is_nested).then_some(&rollback);
        let alertmanager = watched.and_then(|one| one.alertmanager).unwrap_or(false);
        let plan = Plan {
            rollback_is_possible,
            block: step.is_some_and(|step| step.wait_for_deployment),
            auto_rollback: rollback_is_possible && rollback.auto_rollback.unwrap_or(false),
            alertmanager,
            alertmanager_dry_run: watched.and_then(|one| one.alertmanager_dry_run).unwrap_or(false),
            auto_certify_delay: waiting.auto_certify_delay,
            auto_certify_delay_default: profile.auto_certify_delay,
            auto_abandon_delay: waiting.auto_abandon_delay.unwrap_or(profile.auto_abandon_delay),
            auto_rollback_delay: waiting.auto_rollback_delay.unwrap_or(profile.auto_rollback_delay),
            waiter_outlives_deploying: version.image_version.is_some() && profile.waiter_key == WaiterKey::Commit,
        };
        let crashloops = watched.filter(|one| one.crashloop == Some(true)).map(|one| {
            let restarts = one.crashloop_min_restarts.and_then(|count| u32::try_from(count).ok());
            Crashloops {
                restarts_min: restarts.unwrap_or(profile.crashloop_min_restarts),
                threshold: one.crashloop_threshold.clone().unwrap_or_else(|| profile.crashloop_threshold.clone()),
                baseline: None,
                reported: false,
                next: None,
            }
        });
        let interval = watched.and_then(|one| one.alertmanager_poll_interval);
        let warn = waiting.warn_percent.and_then(|percent| u32::try_from(percent).ok());
        let deploy = Deploy {
            subject: self.subject(Kind::Step, group, None, world),
            group: group.to_owned(),
            of,
            machine: Machine::new(plan),
            version: version.clone(),
            old,
            began: world.now(),
            timeout: waiting.timeout.unwrap_or(self.options.rollout.timeout),
            warn_percent: warn.unwrap_or(self.options.rollout.warn_percent),
            crashloops,
            alert_interval: alertmanager.then(|| interval.unwrap_or(self.options.rollout.alertmanager_poll_interval)),
            forward: None,
            back: None,
            entry: cause,
        };
        self.memory.deploys.push(deploy);
        if let Some(step) = step {
            self.pledge_deploy(step, version, world);
        }
        self.fire(self.memory.deploys.len() - 1, Trigger::StartDeploy, cause, world);
    }

    /// Something happens to a deploy. What it raises is written down, and the deploy goes on.
    pub(super) fn fire(&mut self, index: usize, trigger: Trigger, cause: Cause, world: &mut dyn World) {
        let fired = self.memory.deploys[index].machine.fire(trigger);
        self.perform(index, fired, cause, world);
    }

    /// A countdown of a deploy ends.
    pub(super) fn counted_down(&mut self, index: usize, number: u32, cause: Cause, world: &mut dyn World) {
        let expired = self.memory.deploys[index].machine.expired(number);
        self.perform(index, expired, cause, world);
    }

    fn perform(&mut self, index: usize, fired: Result<Vec<Effect>, Raised>, mut cause: Cause, world: &mut dyn World) {
        let subject = self.memory.deploys[index].subject;
        let effects = match fired {
            Ok(effects) => effects,
            Err(raised) => {
                let why = Why::symbol(world.intern(&raised.to_string()));
                world.note(subject, "raised", why, cause);
                return;
            }
        };
        let exit = effects.iter().find_map(|effect| match effect {
            Effect::Exit(code) => Some(*code),
            _ => None,
        });
        for effect in effects {
            match effect {
                Effect::Entered(state) => {
                    let why = self.why_entered(index, state, exit, world);
                    cause = Cause::Entry(world.note(subject, state.text(), why, cause));
                    self.memory.deploys[index].entry = cause;
                }
                Effect::Mark(way) => self.push_tag(index, way, cause, world),
                Effect::Wait(way) => self.wait(index, way, cause, world),
                Effect::StopWaiting(Way::Forward) => self.memory.deploys[index].forward = None,
                Effect::StopWaiting(Way::Back) => self.memory.deploys[index].back = None,
                Effect::CountDown(number, delay, trigger) => {
                    let why = Why::with2("{} in {}", Arg::Text(world.intern(trigger.text())), Arg::Length(delay));
                    let entry = Cause::Entry(world.note(subject, "countdown", why, cause));
                    self.set_timer(world.now() + delay, Timer::CountDown(index, number), entry, world);
                }
                Effect::CountDownCancelled(trigger) => {
                    let why = Why::with("{}", Arg::Text(world.intern(trigger.text())));
                    world.note(subject, "countdown_cancelled", why, cause);
                }
                Effect::Exit(code) => self.exited(index, code, cause, world),
            }
        }
    }

    /// What an entry about a state says beside its word: the version, and the exit code of one that ends the process.
    fn why_entered(&self, index: usize, state: State, exit: Option<u8>, world: &mut dyn World) -> Why {
        let deploy = &self.memory.deploys[index];
        let version =
            if state.is_back() || state == State::Abandon { deploy.old.as_ref() } else { Some(&deploy.version) };
        let version = Arg::Text(world.intern(&version.map(Version::text).unwrap_or_default()));
        match exit {
            None => Why::with("{}", version),
            Some(code) => Why::with2("{}, exit code {}", version, Arg::Count(code.into())),
        }
    }

    fn push_tag(&mut self, index: usize, way: Way, cause: Cause, world: &mut dyn World) {
        let length = self.options.rollout.tag_push;
        if length.is_zero() {
            return self.marked(index, way, cause, world);
        }
        self.set_timer(world.now() + length, Timer::Marked(index, way), cause, world);
    }

    /// A tag was pushed: deployments.json has the version from now on.
    pub(super) fn marked(&mut self, index: usize, way: Way, cause: Cause, world: &mut dyn World) {
        let deploy = &self.memory.deploys[index];
        let expected = match way {
            Way::Forward => State::StartDeploy,
            Way::Back => State::StartRollback,
        };
        // Somebody pressed the other button, or ctrl-C, while the tag was on its way.
        if deploy.machine.state() != expected {
            return;
        }
        let (group, at) = (deploy.group.clone(), world.now());
        let version = match way {
            Way::Forward => deploy.version.clone(),
            Way::Back => deploy.old.clone().unwrap_or_else(|| deploy.version.clone()),
        };
        if way == Way::Back {
            let version = deploy.version.clone();
            self.memory.tags.push(Tag { group: group.clone(), version, at, verb: Verb::Rollback });
        }
        self.memory.tags.push(Tag { group: group.clone(), version: version.clone(), at, verb: Verb::Deploy });
        self.memory.deployed.insert(group, (version, cause));
        self.request_setup(cause, world);
        self.fire(index, Trigger::MfdSucceeded, cause, world);
    }

    /// The process of a deploy ends.
    fn exited(&mut self, index: usize, code: u8, cause: Cause, world: &mut dyn World) {
        let deploy = &mut self.memory.deploys[index];
        deploy.forward = None;
        deploy.back = None;
        if let Some((run, member)) = deploy.of {
            self.member_ended(run, member, code == 0, cause, world);
        }
    }

    /// The deploy of this step that goes on: the newest.
    pub(super) fn live_deploy(&self, is_meant: impl Fn(&Deploy) -> bool) -> Option<usize> {
        let live = |deploy: &Deploy| !deploy.machine.has_ended() && is_meant(deploy);
        self.memory.deploys.iter().rposition(live)
    }

    /// A monitor begins to see a failure, which lasts for a while.
    pub(super) fn alarm(
        &mut self,
        of: &str,
        monitor: Monitor,
        lasts: Option<Duration>,
        cause: Cause,
        world: &mut dyn World,
    ) -> Result<(), String> {
        let is_all = of == self.service.name;
        let name = of.strip_prefix("step/").unwrap_or(of);
        let name = name.strip_prefix(&format!("{}.", self.service.name)).unwrap_or(name).to_owned();
        let live: Vec<usize> = (0..self.memory.deploys.len())
            .filter(|index| !self.memory.deploys[*index].machine.has_ended())
            .filter(|index| is_all || self.memory.deploys[*index].group == name)
            .collect();
        if live.is_empty() {
            return Err(format!("no deploy of {of} is under way: what fails before it begins does not count"));
        }
        let now = world.now();
        for index in live {
            let (began, alerts) = (self.memory.deploys[index].began, self.memory.deploys[index].alert_interval);
            let seen = |at| match (monitor, alerts) {
                (Monitor::Slo, _) => Some(at),
                (Monitor::Alertmanager, Some(interval)) => Some(crate::kernel::Time::ceil_to(at, began, interval)),
                (Monitor::Alertmanager, None) => None,
            };
            let Some(at) = seen(now) else {
                return Err(format!("nobody watches the alerts of {of}: its step lacks `alertmanager_rollback`"));
            };
            self.set_timer(at, Timer::Monitor(index, monitor, true), cause, world);
            if let Some(end) = lasts.and_then(|lasts| seen(now + lasts)).filter(|end| *end > at) {
                self.set_timer(end, Timer::Monitor(index, monitor, false), cause, world);
            }
        }
        Ok(())
    }

    /// What a monitor sees has reached a deploy.
    pub(super) fn monitor(&mut self, index: usize, of: Monitor, fails: bool, cause: Cause, world: &mut dyn World) {
        let deploy = &self.memory.deploys[index];
        if deploy.machine.has_ended() {
            return;
        }
        let trigger = match (of, fails) {
            (Monitor::Slo, true) => Trigger::SlosStartedFailing,
            (Monitor::Slo, false) => Trigger::SlosStoppedFailing,
            (Monitor::Alertmanager, true) => Trigger::AlertmanagerStartedFailing,
            (Monitor::Alertmanager, false) => Trigger::AlertmanagerStoppedFailing,
        };
        let cause = Cause::Entry(world.note(deploy.subject, trigger.text(), Why::NONE, cause));
        self.fire(index, trigger, cause, world);
    }
}
