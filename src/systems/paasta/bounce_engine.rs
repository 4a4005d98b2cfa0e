//! The engine of bounce_lib: an instance is a ReplicaSet for each version, and the decisions of its bounce scale them. As in
//! the time of Marathon, copies that are drained do not count any more, and a version is deleted once it has none.

use super::bounce::needed;
use super::controller::{Paasta, object};
use super::model::DesiredState;
use super::state::{App, Timer};
use crate::kernel::Time;
use crate::timeline::{Arg, Cause, Kind, Why};
use crate::workload::strategy::bounce::{Decision, Method, Standing, decide};
use crate::workload::{Ask, Status, World};

impl Paasta {
    /// Copies that an instance should have.
    pub(super) fn wanted(&self, unit: usize) -> u32 {
        let instance = self.setting(unit).instance;
        match instance.desired_state {
            DesiredState::Stop => 0,
            DesiredState::Start => instance.size.limited(instance.size.initial()),
        }
    }

    /// Copies of a version that count as happy, and copies that are there and not on their way out.
    pub(super) fn app_counts(&self, app: &App, world: &dyn World) -> (u32, u32) {
        match world.observed(app.key) {
            Some(Status::ReplicaSet(status)) => (status.available, status.replicas),
            _ => (0, 0),
        }
    }

    /// Plans the next look of an instance's bounce.
    pub(super) fn request_bounce(&mut self, index: usize, cause: Cause, world: &mut dyn World) {
        let interval = self.options.rollout.bounce_interval;
        let at = world.now().ceil_to(Time::ZERO, interval);
        let unit = &mut self.memory.instances[index];
        let at = if unit.bounced_at == Some(at) { at + interval } else { at };
        if unit.bounce_at.is_none_or(|planned| planned > at) {
            unit.bounce_at = Some(at);
            self.set_timer(at, Timer::Bounce(index), cause, world);
        }
    }

    /// One look of a bounce.
    pub(super) fn bounce(&mut self, index: usize, cause: Cause, world: &mut dyn World) {
        let now = world.now();
        let unit = &mut self.memory.instances[index];
        if unit.bounce_at != Some(now) {
            return;
        }
        unit.bounce_at = None;
        unit.bounced_at = Some(now);
        let Some(version) = unit.version.clone() else { return };
        let (method, instances) = (self.method(index), self.wanted(index));
        let apps = &self.memory.instances[index].apps;
        let new = apps.iter().position(|app| app.version == version);
        let happy_new = new.map_or(0, |new| self.app_counts(&apps[new], world).0);
        let others = || apps.iter().filter(|app| app.version != version);
        let live: u32 = others().map(|app| app.wanted).sum();
        let decision = decide(
            method,
            Standing {
                instances,
                // One that was drained on another way has to be filled again.
                new_app_running: new.is_some_and(|new| apps[new].wanted == instances),
                happy_new,
                // A version whose last copies are being drained is still there for who waits until it is gone.
                old: if method == Method::DownThenUp { live.max(others().count() as u32) } else { live },
                needed: needed(instances, self.setting(index).margin()),
            },
        );
        self.carry_out(index, decision, cause, world);
        self.forget_empty(index, cause, world);
        self.route(world);
    }

    fn carry_out(&mut self, index: usize, decision: Decision, cause: Cause, world: &mut dyn World) {
        let Some(version) = self.memory.instances[index].version.clone() else { return };
        if decision.create_app {
            let wanted = self.wanted(index);
            let setting = self.setting(index);
            let name = format!("{}-{}", setting.workload_name(), super::objects::sanitised(&version.sha));
            let key = object(Kind::ReplicaSet, &setting.namespace(), &name, world);
            let app = setting.app(&version, wanted);
            let unit = &mut self.memory.instances[index];
            match unit.apps.iter_mut().find(|app| app.version == version) {
                Some(app) => app.wanted = wanted,
                None => unit.apps.push(App { version, key, wanted }),
            }
            let entry = unit.entry;
            self.memory.watched.insert(key, index);
            world.watch(key);
            self.ask(index, key, app, entry, world);
        }
        let mut left = decision.drain;
        for position in 0..self.memory.instances[index].apps.len() {
            let unit = &mut self.memory.instances[index];
            let app = &mut unit.apps[position];
            let is_old = unit.version.as_ref() != Some(&app.version);
            let count = if is_old { app.wanted.min(left) } else { 0 };
            if count == 0 {
                continue;
            }
            left -= count;
            app.wanted -= count;
            let (key, replicas) = (app.key, app.wanted);
            let version = Arg::Text(world.intern(&app.version.text()));
            let why = Why::with2("{}, copies: {}", version, Arg::Count(count.into()));
            let subject = unit.subject;
            let entry = Cause::Entry(world.note(subject, "draining", why, cause));
            let ask = world.ask(Ask::Scale { key, replicas, serves: subject }, entry);
            self.memory.asks.insert(ask, index);
        }
    }

    /// Deletes versions of which nothing is wanted or left.
    fn forget_empty(&mut self, index: usize, cause: Cause, world: &mut dyn World) {
        let unit = &self.memory.instances[index];
        let is_empty = |app: &App| {
            let pods = world.observed_pods(app.key);
            app.wanted == 0 && unit.version.as_ref() != Some(&app.version) && pods.is_empty()
        };
        let empty: Vec<App> = unit.apps.iter().filter(|app| is_empty(app)).cloned().collect();
        let serves = unit.subject;
        if empty.is_empty() {
            return;
        }
        for app in &empty {
            world.unwatch(app.key);
            self.memory.watched.remove(&app.key);
            world.ask(Ask::Delete { key: app.key, serves }, cause);
        }
        self.memory.instances[index].apps.retain(|app| !empty.contains(app));
        // What is gone lets the next look go on.
        self.request_bounce(index, cause, world);
        self.observe(index, cause, world);
    }
}
