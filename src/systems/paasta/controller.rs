//! A service of PaaSTA as a state machine: what wakes it and to whom that is handed. `setup` brings instances to the cluster,
//! `pipeline` walks a commit through deploy.yaml, `deploy` and `waiting` run mark-for-deployment, `tron` runs jobs, and
//! `actions` does what operators ask for.

use std::sync::Arc;

use super::model::Service;
use super::objects::Setting;
use super::options::Options;
use super::state::{Memory, Timer};
use crate::kernel::{Symbol, Time};
use crate::timeline::{Cause, EntryId, Kind, Subject, Why};
use crate::workload::{Controller, Wake, World};

/// A service, and all that PaaSTA does about it.
#[derive(Clone, Debug)]
pub struct Paasta {
    pub(super) service: Arc<Service>,
    pub(super) options: Arc<Options>,
    /// Why its folder is rejected, if it is.
    pub(super) rejection: Option<Arc<str>>,
    pub(super) memory: Memory,
}

impl Paasta {
    /// A service that is not submitted yet. One that is rejected says so when it is.
    pub fn new(service: Service, options: &Options, rejection: Option<Arc<str>>) -> Paasta {
        Paasta { service: Arc::new(service), options: Arc::new(options.clone()), rejection, memory: Memory::default() }
    }

    /// The name of the service.
    pub fn name(&self) -> &str {
        &self.service.name
    }

    /// An instance with what its objects depend on.
    pub(super) fn setting(&self, unit: usize) -> Setting<'_> {
        let unit = &self.memory.instances[unit];
        let (cluster, instance) = unit.at;
        Setting {
            service: &self.service,
            instance: &self.service.clusters[cluster].instances[instance],
            profile: &self.options.rollout,
            subject: unit.subject,
        }
    }

    /// The subject `kind/<service>` or `kind/<service>.<name>`, at a cluster if there are several.
    pub(super) fn subject(&self, kind: Kind, name: &str, cluster: Option<&str>, world: &mut dyn World) -> Subject {
        let mut text = self.service.name.clone();
        if !name.is_empty() {
            text = format!("{text}.{name}");
        }
        if let Some(cluster) = cluster.filter(|_| !self.options.rollout.clusters.is_empty()) {
            text = format!("{text}@{cluster}");
        }
        Subject::new(kind, world.name(&text))
    }

    /// Wakes the controller for something at a time.
    pub(super) fn set_timer(&mut self, at: Time, timer: Timer, cause: Cause, world: &mut dyn World) {
        let token = self.memory.next_timer;
        self.memory.next_timer += 1;
        self.memory.timers.insert(token, timer);
        world.wake_at(at, token, cause);
    }

    /// Writes an entry about an instance and remembers it.
    pub(super) fn tell_unit(
        &mut self,
        unit: usize,
        word: &'static str,
        why: Why,
        cause: Cause,
        world: &mut dyn World,
    ) -> EntryId {
        let unit = &mut self.memory.instances[unit];
        let entry = world.note(unit.subject, word, why, cause);
        unit.word = word;
        unit.entry = Cause::Entry(entry);
        entry
    }

    fn timer(&mut self, token: u64, cause: Cause, world: &mut dyn World) {
        let Some(timer) = self.memory.timers.remove(&token) else { return };
        if self.memory.undeployed && !matches!(timer, Timer::CleanUp(_)) {
            return;
        }
        match timer {
            Timer::CleanUp(index) => self.clean_up(index, cause, world),
            Timer::Setup | Timer::Bounce(_) if self.memory.is_setup_away => {}
            Timer::Setup => self.setup(cause, world),
            Timer::Built(run, member) => self.built(run, member, cause, world),
            Timer::Marked(deploy, way) => self.marked(deploy, way, cause, world),
            Timer::Poll(deploy, way) => self.poll(deploy, way, cause, world),
            Timer::TimedOut(deploy, way) => self.timed_out(deploy, way, cause, world),
            Timer::Warned(deploy) => self.warn(deploy, cause, world),
            Timer::Diagnosis(deploy) => self.diagnose(deploy, cause, world),
            Timer::CountDown(deploy, number) => self.counted_down(deploy, number, cause, world),
            Timer::Monitor(deploy, monitor, fails) => self.monitor(deploy, monitor, fails, cause, world),
            Timer::Bounce(unit) => self.bounce(unit, cause, world),
            Timer::Job(job) => self.run_job(job, cause, world),
        }
    }

    /// An object of an instance or of a Tron job changed.
    fn changed(&mut self, object: Subject, cause: Cause, world: &mut dyn World) {
        if self.memory.undeployed {
            return;
        }
        if object.kind == Kind::Job {
            return self.job_changed(object, cause, world);
        }
        let Some(unit) = self.memory.watched.get(&object).copied() else { return };
        self.observe(unit, cause, world);
        self.request_polls(unit, cause, world);
    }
}

impl Controller for Paasta {
    fn wake(&mut self, wake: Wake, cause: Cause, world: &mut dyn World) -> Result<(), String> {
        match wake {
            Wake::Submitted => self.submit(cause, world),
            Wake::Timer(token) => self.timer(token, cause, world),
            Wake::Changed(object) => self.changed(object, cause, world),
            Wake::NodesChanged => {}
            Wake::Answered(ask, outcome) => self.answered(ask, outcome, cause, world),
            Wake::Action(action) => return self.act(action, cause, world),
        }
        Ok(())
    }

    fn native(&self, world: &dyn World) -> serde_json::Value {
        super::native::state(self, world)
    }
}

/// The subject `kind/namespace/name`.
pub(super) fn object(kind: Kind, namespace: &str, name: &str, world: &mut dyn World) -> Subject {
    let namespace = if namespace == "default" { Symbol::EMPTY } else { world.intern(namespace) };
    Subject { kind, namespace, name: world.name(name) }
}
