//! The controllers of one control plane: what each has been shown, what waits in its queue, and whose turn it is.
//! Source: kubernetes-sigs/controller-runtime v0.21, pkg/internal/controller/controller.go (`reconcileHandler`) and
//! pkg/handler/enqueue*.go. What a turn does is the system's.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use smallvec::SmallVec;

use super::api::Api;
use super::faults::{Strike, WriteFault};
use super::queue::{RateLimits, WorkQueue};
use super::resource::{Resource, Spec, Version};
use super::watch::{Event, Verb};
use crate::kernel::{Duration, Time};
use crate::timeline::{Cause, Kind, Subject};
use crate::workload::api_fault::{About, ApiFault, ApiTrouble, Moment};

/// A controller of a runtime: its position among them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ControllerId(pub u8);

/// What a runtime knows of a controller.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ControllerSpec {
    /// Its name, as faults name it.
    pub name: &'static str,
    /// The kinds that it reads or is woken by; kinds of Kubernetes' own too, whose changes a system tells of.
    pub watches: &'static [Kind],
    /// How many keys it works on at once: `MaxConcurrentReconciles`.
    pub workers: usize,
    /// How soon it tries again what failed.
    pub limits: RateLimits,
}

/// A key that a controller is to reconcile.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Item {
    /// Whose turn it is.
    pub controller: ControllerId,
    /// The key.
    pub key: Subject,
    /// What led to it last.
    pub cause: Cause,
    /// Which start of the controller it belongs to.
    start: u32,
}

/// What a system has to do next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Turn {
    /// The controller starts again: what it kept in memory is lost. It lists everything.
    Started(ControllerId),
    /// Reconcile a key, and say how it ended by [`Runtime::finish`].
    Reconcile(Item),
}

/// How a reconcile ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Finish {
    /// Well: nothing more until something changes.
    Done,
    /// Well: look again after this long (`RequeueAfter`).
    After(Duration),
    /// With an error, or with the wish to be called again (`Requeue`): as soon as the limits of retries allow.
    Retry,
    /// With an error that no retry mends (`TerminalError`).
    Terminal,
}

/// Keys that an event concerns.
pub type Keys = SmallVec<[Subject; 2]>;

/// One controller.
#[derive(Clone, Debug)]
struct Controller {
    spec: ControllerSpec,
    queue: WorkQueue,
    /// How many writes of each kind it has been shown.
    cursors: BTreeMap<Kind, u64>,
    /// It is away until then, and what ended it.
    away: Option<(Time, Cause)>,
    /// How often it ended.
    starts: u32,
}

/// A fault of reads.
#[derive(Clone, Debug)]
struct ReadFault {
    number: u32,
    controller: Option<ControllerId>,
    about: About,
    from: Time,
    kind: ReadTrouble,
    effects: u64,
}

#[derive(Clone, Debug)]
enum ReadTrouble {
    Lag {
        by: Option<Duration>,
        until: Time,
    },
    /// Changes that pass, then changes that are missed; what was decided of each write stays, whoever sees it when.
    Missed {
        spared: u32,
        left: u32,
        decided: BTreeMap<Version, bool>,
    },
}

/// The controllers of one control plane.
#[derive(Clone, Debug)]
pub struct Runtime {
    controllers: Vec<Controller>,
    faults: Vec<ReadFault>,
    /// Restarts at once, by the number of their fault.
    restarts: BTreeSet<u32>,
    /// The version of the last write that all controllers have been shown.
    shown: Option<Version>,
}

/// What one controller reads: the resources as its watches have shown them.
#[derive(Clone, Copy, Debug)]
pub struct View<'a, T> {
    api: &'a Api<T>,
    controller: &'a Controller,
}

impl<'a, T> View<'a, T> {
    /// A resource; `None` if the controller does not know of it.
    pub fn get(&self, key: Subject) -> Option<&'a Arc<Resource<T>>> {
        self.api.log.at(key, self.position(key.kind))
    }

    /// The resources of a kind, in the order of their keys.
    pub fn list(&self, kind: Kind) -> impl Iterator<Item = &'a Arc<Resource<T>>> + use<'a, T> {
        self.api.log.list(kind, self.position(kind))
    }

    /// The position of the log that it shows of a kind. A kind that the controller does not watch it reads as it is.
    pub fn position(&self, kind: Kind) -> Version {
        match self.controller.cursors.get(&kind) {
            Some(cursor) => self.api.log.position(kind, *cursor),
            None => self.api.log.head(),
        }
    }
}

impl Runtime {
    /// The controllers of a control plane; each has its position among them as its number.
    pub fn new(specs: &[ControllerSpec]) -> Runtime {
        let controllers = specs.iter().map(|spec| Controller {
            spec: *spec,
            queue: WorkQueue::new(spec.limits),
            cursors: spec.watches.iter().map(|kind| (*kind, 0)).collect(),
            away: None,
            starts: 0,
        });
        Runtime { controllers: controllers.collect(), faults: Vec::new(), restarts: BTreeSet::new(), shown: None }
    }

    /// What a controller reads. It stands still during a turn: what is written in it is seen from the next one on.
    pub fn view<'a, T>(&'a self, api: &'a Api<T>, controller: ControllerId) -> View<'a, T> {
        View { api, controller: &self.controllers[usize::from(controller.0)] }
    }

    /// Puts a key into a controller's queue.
    pub fn add(&mut self, controller: ControllerId, key: Subject, cause: Cause) {
        let controller = self.controller(controller);
        if controller.away.is_none() {
            controller.queue.add(key, cause);
        }
    }

    /// Puts a key into a controller's queue because an object of Kubernetes' own changed, unless a fault has it miss that.
    pub fn add_for(&mut self, changed: Subject, controller: ControllerId, key: Subject, cause: Cause) {
        if !self.misses(controller, changed, None) {
            self.add(controller, key, cause);
        }
    }

    /// Shows controllers what they can see by now, and says what is to be done next; `None` if nothing is due. `route` says
    /// which keys of a controller an event concerns: its predicates and its mapping of owned objects to owners.
    pub fn next<T: Spec>(
        &mut self,
        api: &mut Api<T>,
        now: Time,
        route: &mut dyn FnMut(ControllerId, &Event<T>, &View<'_, T>) -> Keys,
    ) -> Option<Turn> {
        for (ended, lasts, cause) in api.faults.take_ended() {
            self.end(ended, now, lasts, cause);
        }
        if let Some(started) = self.start(api, now, route) {
            return Some(Turn::Started(started));
        }
        self.show(api, now, route);
        let numbers = 0..self.controllers.len() as u8;
        for (controller, number) in self.controllers.iter_mut().zip(numbers) {
            if controller.away.is_some() || controller.queue.in_work() >= controller.spec.workers {
                continue;
            }
            if let Some((key, cause)) = controller.queue.take(now) {
                let item = Item { controller: ControllerId(number), key, cause, start: controller.starts };
                return Some(Turn::Reconcile(item));
            }
        }
        None
    }

    /// Says how a reconcile ended. What a controller began before it ended counts for nothing.
    pub fn finish(&mut self, item: Item, finish: Finish, now: Time) {
        let controller = self.controller(item.controller);
        if controller.starts != item.start || controller.away.is_some() {
            return;
        }
        let queue = &mut controller.queue;
        match finish {
            Finish::Done => queue.forget(item.key),
            Finish::After(length) => {
                queue.forget(item.key);
                queue.add_at(item.key, now + length, item.cause);
            }
            Finish::Retry => queue.add_rate_limited(item.key, now, item.cause),
            Finish::Terminal => {}
        }
        queue.done(item.key);
    }

    /// How often the key failed in a row.
    pub fn failures(&self, controller: ControllerId, key: Subject) -> u32 {
        self.controllers[usize::from(controller.0)].queue.failures(key)
    }

    /// When there is something to do next, if nothing happens before: the time for `world.wake_at`, with what leads to it.
    pub fn wake_time<T: Spec>(&self, api: &Api<T>, now: Time) -> Option<Time> {
        let mut soonest: Option<Time> = None;
        let mut offer = |at: Time| {
            if at > now && soonest.is_none_or(|soonest| at < soonest) {
                soonest = Some(at);
            }
        };
        for (number, controller) in self.controllers.iter().enumerate() {
            if let Some((until, _)) = controller.away {
                offer(until);
                continue;
            }
            controller.queue.next_at().into_iter().for_each(&mut offer);
            for (kind, cursor) in &controller.cursors {
                let Some(event) = api.log.event(*kind, *cursor) else { continue };
                let shown = self.shown_at(ControllerId(number as u8), event.key(), event.at, now).0;
                if shown < Time::MAX {
                    offer(shown);
                }
            }
        }
        soonest
    }

    /// True if this fault names controllers and kinds that are here.
    pub fn takes(&self, fault: &ApiFault) -> bool {
        let named = fault.controller.as_deref().is_none_or(|name| self.named(name).is_some());
        let watched = match fault.about {
            About::Anything => true,
            About::Kind(kind) | About::Object(Subject { kind, .. }) => {
                !matches!(fault.trouble, ApiTrouble::Lag { .. } | ApiTrouble::MissedEvent { .. })
                    || self.controllers.iter().any(|controller| controller.spec.watches.contains(&kind))
            }
        };
        named && watched
    }

    /// The names of the controllers, for messages.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.controllers.iter().map(|controller| controller.spec.name)
    }

    /// Lets a fault that [`Runtime::takes`] stand or strike from now on. Call [`Runtime::next`] afterwards.
    pub fn disturb<T: Spec>(&mut self, api: &mut Api<T>, fault: &ApiFault, now: Time, cause: Cause) {
        let controller = fault.controller.as_deref().and_then(|name| self.named(name));
        let until = |lasts: Option<Duration>| lasts.map_or(Time::MAX, |lasts| now + lasts);
        let (strike, spared, left, end) = match fault.trouble {
            ApiTrouble::Lag { by, lasts } => {
                return self.add_fault(fault, controller, now, ReadTrouble::Lag { by, until: until(lasts) });
            }
            ApiTrouble::MissedEvent { occurrence, times } => {
                let kind =
                    ReadTrouble::Missed { spared: occurrence.saturating_sub(1), left: times, decided: BTreeMap::new() };
                return self.add_fault(fault, controller, now, kind);
            }
            ApiTrouble::Restart { moment: Moment::Now, lasts } => {
                self.end(controller, now, lasts, cause);
                self.restarts.insert(fault.number);
                return;
            }
            ApiTrouble::Conflict { occurrence, times } => (Strike::Conflict, occurrence, times, None),
            ApiTrouble::Error { occurrence, times, lasts } => (Strike::Error, occurrence, times, lasts),
            ApiTrouble::WebhookDown { lasts } => (Strike::Webhook, 1, None, lasts),
            ApiTrouble::Restart { moment: moment @ (Moment::BeforeWrite(nth) | Moment::AfterWrite(nth)), lasts } => {
                (Strike::Restart { moment, lasts }, nth, Some(1), None)
            }
        };
        let (number, about) = (fault.number, fault.about);
        let spared = spared.saturating_sub(1);
        api.faults.add(WriteFault { number, controller, about, strike, spared, left, until: until(end), cause });
    }

    /// How often a fault has had an effect so far.
    pub fn effects<T>(&self, api: &Api<T>, number: u32) -> u64 {
        let reads = self.faults.iter().filter(|fault| fault.number == number).map(|fault| fault.effects);
        reads.sum::<u64>() + api.faults.effects(number) + u64::from(self.restarts.contains(&number))
    }

    fn add_fault(&mut self, fault: &ApiFault, controller: Option<ControllerId>, from: Time, kind: ReadTrouble) {
        let (number, about) = (fault.number, fault.about);
        self.faults.push(ReadFault { number, controller, about, from, kind, effects: 0 });
        // What was shown already is looked at again: from now on it may lag.
        self.shown = None;
    }

    fn named(&self, name: &str) -> Option<ControllerId> {
        let index = self.controllers.iter().position(|controller| controller.spec.name == name)?;
        Some(ControllerId(index as u8))
    }

    fn controller(&mut self, controller: ControllerId) -> &mut Controller {
        &mut self.controllers[usize::from(controller.0)]
    }

    /// A controller ends, or all do: queues and what was shown are lost.
    fn end(&mut self, which: Option<ControllerId>, now: Time, lasts: Duration, cause: Cause) {
        for (number, controller) in self.controllers.iter_mut().enumerate() {
            if which.is_none_or(|which| usize::from(which.0) == number) {
                controller.queue = WorkQueue::new(controller.spec.limits);
                controller.away = Some((now + lasts, cause));
                controller.starts += 1;
            }
        }
    }

    /// Starts one controller whose absence is over: it is shown everything that is there, as new.
    fn start<T: Spec>(
        &mut self,
        api: &Api<T>,
        now: Time,
        route: &mut dyn FnMut(ControllerId, &Event<T>, &View<'_, T>) -> Keys,
    ) -> Option<ControllerId> {
        let back = |controller: &Controller| controller.away.is_some_and(|(until, _)| until <= now);
        let index = self.controllers.iter().position(back)?;
        let number = ControllerId(index as u8);
        let controller = &mut self.controllers[index];
        let (_, cause) = controller.away.take()?;
        for (kind, cursor) in &mut controller.cursors {
            *cursor = api.log.end_of(*kind);
        }
        let mut found = Keys::new();
        for kind in controller.spec.watches {
            for resource in api.list(*kind) {
                let event = Event {
                    version: resource.meta.version,
                    at: now,
                    cause,
                    verb: Verb::Added,
                    old: None,
                    new: Arc::clone(resource),
                };
                let view = View { api, controller: &*controller };
                found.extend(route(number, &event, &view));
            }
        }
        found.into_iter().for_each(|key| controller.queue.add(key, cause));
        Some(number)
    }

    /// Shows every controller the writes that it can see by now, in their order.
    fn show<T: Spec>(
        &mut self,
        api: &mut Api<T>,
        now: Time,
        route: &mut dyn FnMut(ControllerId, &Event<T>, &View<'_, T>) -> Keys,
    ) {
        if self.shown == Some(api.head()) {
            return;
        }
        let mut all = true;
        for index in 0..self.controllers.len() {
            let number = ControllerId(index as u8);
            while self.controllers[index].away.is_none() {
                let Some((kind, held)) = self.next_event(api, number, now) else {
                    break;
                };
                if let Some(fault) = held {
                    self.faults[fault].effects = self.faults[fault].effects.max(1);
                    all = false;
                    break;
                }
                let Some(cursor) = self.controllers[index].cursors.get_mut(&kind) else { break };
                let seen = *cursor;
                *cursor += 1;
                let Some(event) = api.log.event(kind, seen) else { break };
                let keys = route(number, event, &View { api, controller: &self.controllers[index] });
                if keys.is_empty() || self.misses(number, event.key(), Some(event.version)) {
                    continue;
                }
                let queue = &mut self.controllers[index].queue;
                keys.into_iter().for_each(|key| queue.add(key, event.cause));
            }
            all &= self.controllers[index].away.is_none();
        }
        self.shown = all.then(|| api.head());
        self.forget(api);
    }

    /// The next write that a controller is shown, by its kind; or the fault that holds the only ones back.
    fn next_event<T>(&self, api: &Api<T>, number: ControllerId, now: Time) -> Option<(Kind, Option<usize>)> {
        let controller = &self.controllers[usize::from(number.0)];
        let mut first: Option<(Version, Kind)> = None;
        let mut held = None;
        for (kind, cursor) in &controller.cursors {
            let Some(event) = api.log.event(*kind, *cursor) else { continue };
            let (shown, fault) = self.shown_at(number, event.key(), event.at, now);
            if shown > now {
                held = held.or(Some((*kind, fault)));
            } else if first.is_none_or(|(version, _)| event.version < version) {
                first = Some((event.version, *kind));
            }
        }
        first.map(|(_, kind)| (kind, None)).or(held)
    }

    /// When a controller is shown a write of `at`, and the fault by which it is later than that.
    fn shown_at(&self, number: ControllerId, key: Subject, at: Time, now: Time) -> (Time, Option<usize>) {
        let mut shown = (at, None);
        for (index, fault) in self.faults.iter().enumerate() {
            let ReadTrouble::Lag { by, until } = fault.kind else { continue };
            let meant = fault.controller.is_none_or(|controller| controller == number) && self.lags(fault.about, key);
            if !meant || now >= until || at < fault.from {
                continue;
            }
            let late = by.map_or(until, |by| until.min(at + by));
            if late > shown.0 {
                shown = (late, Some(index));
            }
        }
        shown
    }

    /// A watch is of a kind: if it is late with one object, it is late with all behind it.
    fn lags(&self, about: About, key: Subject) -> bool {
        match about {
            About::Anything => true,
            About::Kind(kind) | About::Object(Subject { kind, .. }) => kind == key.kind,
        }
    }

    /// True if a fault keeps a change from waking a controller.
    fn misses(&mut self, number: ControllerId, changed: Subject, version: Option<Version>) -> bool {
        for fault in &mut self.faults {
            let meant = fault.controller.is_none_or(|controller| controller == number) && fault.about.means(changed);
            let ReadTrouble::Missed { spared, left, decided } = &mut fault.kind else { continue };
            if !meant {
                continue;
            }
            let before = version.and_then(|version| decided.get(&version).copied());
            let missed = before.unwrap_or_else(|| {
                let missed = *spared == 0 && *left > 0;
                *left -= u32::from(missed);
                *spared = spared.saturating_sub(1);
                missed
            });
            if let Some(version) = version {
                decided.insert(version, missed);
            }
            if missed {
                fault.effects += 1;
                return true;
            }
        }
        false
    }

    /// Drops what every controller has been shown.
    fn forget<T>(&self, api: &mut Api<T>) {
        let kinds: BTreeSet<Kind> = self.controllers.iter().flat_map(|one| one.cursors.keys().copied()).collect();
        for kind in kinds {
            // One that is away lists anew when it comes back, and needs no log.
            let there = self.controllers.iter().filter(|one| one.away.is_none());
            let cursors = there.filter_map(|one| one.cursors.get(&kind).copied());
            let seen = cursors.min().unwrap_or_else(|| api.log.end_of(kind));
            api.log.forget(kind, seen);
        }
    }
}
