//! The setup job: it makes the cluster hold what deployments.json and the service's files ask for, and looks how far that is.
//! Source: Yelp/paasta cc57ae869d, paasta_tools/setup_kubernetes_job.py (setup_kube_deployments).

use std::sync::Arc;

use super::controller::{Paasta, object};
use super::model::{DesiredState, InstanceKind};
use super::options::Engine;
use super::state::{Timer, Unit};
use super::version::{Tag, Verb, Version};
use crate::kernel::{Duration, Time};
use crate::timeline::{Arg, Cause, Kind, Subject, Why};
use crate::workload::strategy::bounce::Method;
use crate::workload::{Ask, AskId, Object, Outcome, Status, World};

impl Paasta {
    /// The service is there: what its deploy groups run already is brought to the cluster.
    pub(super) fn submit(&mut self, cause: Cause, world: &mut dyn World) {
        if std::mem::replace(&mut self.memory.submitted, true) {
            return;
        }
        let group = self.subject(Kind::Group, "", None, world);
        if let Some(rejection) = &self.rejection {
            let why = Why::symbol(world.intern(rejection));
            world.note(group, "rejected", why, cause);
            self.memory.undeployed = true;
            return;
        }
        let cause = Cause::Entry(world.note(group, "submitted", Why::NONE, cause));
        let service = Arc::clone(&self.service);
        for group in service.deploy_groups().into_iter().map(str::to_owned) {
            let Some(deployed) = self.options.rollout.deployed_at_start(&group) else { continue };
            let version = Version::parse(deployed);
            let tag = Tag { group: group.clone(), version: version.clone(), at: world.now(), verb: Verb::Deploy };
            self.memory.tags.push(tag);
            self.memory.deployed.insert(group, (version, cause));
        }
        for (cluster, files) in service.clusters.iter().enumerate() {
            for (position, instance) in files.instances.iter().enumerate() {
                if instance.kind == InstanceKind::Adhoc {
                    continue;
                }
                let subject = self.subject(Kind::Instance, &instance.name, Some(&instance.cluster), world);
                self.memory.instances.push(Unit::new(subject, (cluster, position), cause));
            }
        }
        self.make_namespaces(cause, world);
        self.request_setup(cause, world);
        self.schedule_jobs(cause, world);
    }

    fn make_namespaces(&mut self, cause: Cause, world: &mut dyn World) {
        let mut made: Vec<String> = Vec::new();
        let group = self.subject(Kind::Group, "", None, world);
        for unit in 0..self.memory.instances.len() {
            let namespace = self.setting(unit).namespace();
            if !made.contains(&namespace) {
                let key = object(Kind::Namespace, "default", &namespace, world);
                world.ask(Ask::Apply { key, object: Object::Namespace(()), serves: group }, cause);
                made.push(namespace);
            }
        }
    }

    /// Plans the next run of the setup job, unless one is planned.
    pub(super) fn request_setup(&mut self, cause: Cause, world: &mut dyn World) {
        let interval = self.options.rollout.setup_interval;
        let mut at = world.now().ceil_to(Time::ZERO, interval);
        if self.memory.setup_passed_at == Some(at) {
            at += interval;
        }
        if self.memory.setup_at.is_none_or(|planned| planned > at) {
            self.memory.setup_at = Some(at);
            self.set_timer(at, Timer::Setup, cause, world);
        }
    }

    /// From now on the setup job does not run, and no bounce is looked at. Pipelines and whoever waits in them are processes of their own.
    pub fn end_setup(&mut self) {
        self.memory.is_setup_away = true;
    }

    /// The setup job runs again. It keeps nothing: what it finds at its next run is compared with what should be there, whatever it had
    /// done before.
    pub fn start_setup(&mut self, cause: Cause, world: &mut dyn World) {
        self.memory.is_setup_away = false;
        for unit in 0..self.memory.instances.len() {
            let is_lacking = self.options.engine == Engine::Kubernetes && self.is_lacking(unit, world);
            let one = &mut self.memory.instances[unit];
            one.again |= is_lacking;
            if one.bounce_at.take().is_some() {
                self.request_bounce(unit, cause, world);
            }
        }
        self.memory.setup_at = None;
        self.request_setup(cause, world);
    }

    /// True if the cluster does not have what was decided for an instance: the job ended before it had written that.
    fn is_lacking(&self, unit: usize, world: &dyn World) -> bool {
        let Unit { version: Some(version), workload: Some(workload), .. } = &self.memory.instances[unit] else {
            return false;
        };
        world.observed_spec(*workload).is_none() || !self.holds(unit, version, world)
    }

    /// One run of the setup job: new versions come first, then what could not be made before.
    pub(super) fn setup(&mut self, cause: Cause, world: &mut dyn World) {
        let now = world.now();
        if self.memory.setup_at != Some(now) {
            return;
        }
        self.memory.setup_at = None;
        self.memory.setup_passed_at = Some(now);
        let mut order: Vec<(bool, usize)> = Vec::new();
        for index in 0..self.memory.instances.len() {
            let group = self.setting(index).instance.deploy_group.clone();
            let unit = &self.memory.instances[index];
            match self.memory.deployed.get(&group) {
                Some((version, _)) if unit.version.as_ref() == Some(version) && !unit.again => {}
                Some(_) => order.push((unit.again, index)),
                None if unit.word.is_empty() => self.tell_undeployed(index, &group, cause, world),
                None => {}
            }
        }
        order.sort_unstable();
        for (_, unit) in order {
            self.bring(unit, world);
        }
        self.route(world);
    }

    fn tell_undeployed(&mut self, unit: usize, group: &str, cause: Cause, world: &mut dyn World) {
        let service = &self.service.name;
        let text = format!("{service} not deployed to {group}. Has mark-for-deployment been run?");
        let why = Why::symbol(world.intern(&text));
        self.tell_unit(unit, "not_deployed", why, cause, world);
    }

    /// Makes an instance want the version of its deploy group.
    fn bring(&mut self, index: usize, world: &mut dyn World) {
        let setting = self.setting(index);
        let Some((version, cause)) = self.memory.deployed.get(&setting.instance.deploy_group).cloned() else { return };
        let is_stopped = setting.instance.desired_state == DesiredState::Stop;
        let to = Arg::Text(world.intern(&version.text()));
        let unit = &mut self.memory.instances[index];
        let before = unit.version.replace(version.clone());
        if std::mem::take(&mut unit.again) && before.as_ref() == Some(&version) {
            let cause = unit.entry;
            return self.apply(index, &version, cause, world);
        }
        unit.running = None;
        let (word, why) = match before {
            _ if is_stopped => ("stopped", Why::text("desired_state is stop")),
            None => ("created", Why::with("at {}", to)),
            Some(before) => ("bouncing", Why::with2("{} to {}", Arg::Text(world.intern(&before.text())), to)),
        };
        let cause = Cause::Entry(self.tell_unit(index, word, why, cause, world));
        self.apply(index, &version, cause, world);
    }

    fn apply(&mut self, index: usize, version: &Version, cause: Cause, world: &mut dyn World) {
        match self.options.engine {
            Engine::Kubernetes => self.apply_workload(index, version, cause, world),
            Engine::BounceLib => self.request_bounce(index, cause, world),
        }
    }

    fn apply_workload(&mut self, index: usize, version: &Version, cause: Cause, world: &mut dyn World) {
        let setting = self.setting(index);
        let kind = if setting.instance.has_persistent_volumes { Kind::StatefulSet } else { Kind::Deployment };
        let key = object(kind, &setting.namespace(), &setting.workload_name(), world);
        let size = &setting.instance.size;
        let replicas = match world.scale(key) {
            _ if setting.instance.desired_state == DesiredState::Stop => 0,
            // An autoscaler's word stays.
            Some(replicas) if size.is_autoscaled() => replicas,
            _ => size.limited(size.initial()),
        };
        let workload = setting.workload(version, replicas);
        let autoscaler = setting.autoscaler(key);
        let (namespace, name) = (setting.namespace(), setting.workload_name());
        self.memory.instances[index].workload = Some(key);
        if self.memory.watched.insert(key, index).is_none() {
            world.watch(key);
        }
        self.ask(index, key, workload, cause, world);
        if let Some(autoscaler) = autoscaler {
            let key = object(Kind::HorizontalPodAutoscaler, &namespace, &name, world);
            self.ask(index, key, autoscaler, cause, world);
        }
    }

    /// Asks for an object of an instance.
    pub(super) fn ask(
        &mut self,
        index: usize,
        key: Subject,
        object: Object,
        cause: Cause,
        world: &mut dyn World,
    ) -> AskId {
        let serves = self.memory.instances[index].subject;
        let ask = world.ask(Ask::Apply { key, object, serves }, cause);
        self.memory.asks.insert(ask, index);
        ask
    }

    /// What became of an ask. What failed is asked for again by the next run of the setup job.
    pub(super) fn answered(&mut self, ask: AskId, outcome: Outcome, cause: Cause, world: &mut dyn World) {
        if let Some(index) = self.memory.deletions.remove(&ask) {
            return self.deletion_answered(index, outcome, cause, world);
        }
        let Some(index) = self.memory.asks.remove(&ask) else { return };
        if self.memory.undeployed {
            // A set-up that was on its way came after the deletion.
            return self.clean_up(index, cause, world);
        }
        let reason = match outcome {
            Outcome::Accepted(_) | Outcome::Measured(_) => {
                self.memory.instances[index].failures = 0;
                return self.request_polls(index, cause, world);
            }
            Outcome::Refused(reason) => {
                self.tell_unit(index, "refused", Why::with("{}", Arg::Text(reason)), cause, world);
                return;
            }
            Outcome::Failed(reason) => reason,
            Outcome::NotFound => world.intern("not found"),
            Outcome::Conflict => world.intern("conflict"),
            Outcome::Unknown => world.intern("no answer"),
        };
        let unit = &mut self.memory.instances[index];
        unit.failures += 1;
        unit.again = true;
        if unit.failures.is_power_of_two() {
            self.tell_unit(index, "failed", Why::with("{}: tried again", Arg::Text(reason)), cause, world);
        }
        self.request_setup(cause, world);
    }

    /// Looks whether a bounce is over.
    pub(super) fn observe(&mut self, index: usize, cause: Cause, world: &mut dyn World) {
        if self.options.engine == Engine::BounceLib {
            self.request_bounce(index, cause, world);
        }
        let unit = &self.memory.instances[index];
        if !matches!(unit.word, "created" | "bouncing" | "done" | "looping") || self.is_told(index) {
            return;
        }
        let Some(ready) = self.settled(index, world) else { return };
        let version = self.memory.instances[index].version.as_ref().map(Version::text).unwrap_or_default();
        let why = Why::with2("{} alone, copies: {}", Arg::Text(world.intern(&version)), Arg::Count(ready.into()));
        self.tell_unit(index, "running", why, cause, world);
        self.memory.instances[index].running = self.memory.instances[index].version.clone();
    }

    fn is_told(&self, index: usize) -> bool {
        let unit = &self.memory.instances[index];
        unit.running.is_some() && unit.running == unit.version
    }

    /// The copies that are ready, if the instance is as it should be and nothing is left of other versions.
    fn settled(&self, index: usize, world: &dyn World) -> Option<u32> {
        if self.options.engine == Engine::BounceLib {
            let unit = &self.memory.instances[index];
            let [app] = &unit.apps[..] else { return None };
            let (ready, _) = self.app_counts(app, world);
            let settled = unit.version.as_ref() == Some(&app.version) && ready == app.wanted;
            return settled.then_some(ready);
        }
        match world.observed(self.memory.instances[index].workload?)? {
            Status::Deployment(status) if status.complete() => Some(status.ready),
            Status::StatefulSet(status) if status.complete() => Some(status.ready),
            _ => None,
        }
    }

    /// The bounce method of an instance.
    pub(super) fn method(&self, index: usize) -> Method {
        let instance = self.setting(index).instance;
        match instance.desired_state {
            DesiredState::Stop => Method::Down,
            DesiredState::Start => Method::from(instance.bounce.method),
        }
    }

    /// Takes the service down: all its objects go.
    pub(super) fn undeploy(&mut self, cause: Cause, world: &mut dyn World) {
        self.memory.undeployed = true;
        let group = self.subject(Kind::Group, "", None, world);
        let cause = Cause::Entry(world.note(group, "undeployed", Why::NONE, cause));
        self.end_all(cause, world);
        for index in 0..self.memory.instances.len() {
            self.clean_up(index, cause, world);
        }
        for job in &self.memory.jobs {
            for key in job.made.iter().copied() {
                world.unwatch(key);
                world.ask(Ask::Delete { key, serves: group }, cause);
            }
        }
        self.memory.watched.clear();
    }

    /// Deletes the objects of an instance that no configuration names any more (paasta_tools/cleanup_kubernetes_jobs.py).
    pub(super) fn clean_up(&mut self, index: usize, cause: Cause, world: &mut dyn World) {
        let unit = &self.memory.instances[index];
        let (serves, apps) = (unit.subject, unit.apps.iter().map(|app| app.key));
        for key in unit.workload.into_iter().chain(apps) {
            if key.kind == Kind::Deployment || key.kind == Kind::StatefulSet {
                let scaler = Subject { kind: Kind::HorizontalPodAutoscaler, ..key };
                self.memory.deletions.insert(world.ask(Ask::Delete { key: scaler, serves }, cause), index);
            }
            world.unwatch(key);
            self.memory.deletions.insert(world.ask(Ask::Delete { key, serves }, cause), index);
        }
    }

    /// What the API would not delete is left to the next clean-up. *Assumed*: it comes as often as the setup job.
    fn deletion_answered(&mut self, index: usize, outcome: Outcome, cause: Cause, world: &mut dyn World) {
        let is_planned = |timer: &Timer| *timer == Timer::CleanUp(index);
        if matches!(outcome, Outcome::Accepted(_) | Outcome::NotFound) || self.memory.timers.values().any(is_planned) {
            return;
        }
        let next = (world.now() + Duration::from_nanos(1)).ceil_to(Time::ZERO, self.options.rollout.setup_interval);
        self.set_timer(next, Timer::CleanUp(index), cause, world);
    }
}

impl Unit {
    /// An instance that was never set up.
    pub const fn new(subject: Subject, at: (usize, usize), cause: Cause) -> Unit {
        Unit {
            subject,
            at,
            workload: None,
            version: None,
            running: None,
            entry: cause,
            word: "",
            failures: 0,
            again: false,
            apps: Vec::new(),
            bounce_at: None,
            bounced_at: None,
        }
    }
}
