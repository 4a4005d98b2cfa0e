//! The controllers of one control plane: what each has been shown, what waits in its queue, and whose turn it is.
//! Source: kubernetes-sigs/controller-runtime v0.21, pkg/internal/controller/controller.go (`reconcileHandler`) and
//! pkg/handler/enqueue*.go. What a turn does is the system's.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use smallvec::SmallVec;

use super::api::Api;
use super::queue::{RateLimits, WorkQueue};
use super::reads::ReadFaults;
use super::resource::{Spec, Version};
use super::turns::Turns;
use super::view::Cursors;
pub use super::view::View;
use super::watch::{Event, Verb};
use crate::kernel::{Duration, Time};
use crate::timeline::{Cause, Kind, Subject};
use crate::workload::Edge;

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
    /// The controller has ended, which only has to be told.
    Ended(Ended),
    /// The controller starts again, because of this: what it kept in memory is lost. It lists everything.
    Started(ControllerId, Cause),
    /// Reconcile a key, and say how it ended by [`Runtime::finish`].
    Reconcile(Item),
    /// Controllers answer each other without end, which has to be told: nothing is due from now on.
    Endless,
}

/// A controller that has ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ended {
    /// Which.
    pub controller: ControllerId,
    /// How long it is away.
    pub lasts: Duration,
    /// What ended it.
    pub cause: Cause,
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

/// How often watches hand out everything again. Source: kubernetes-sigs/controller-runtime v0.21, pkg/cache/cache.go
/// (`defaultSyncPeriod`); its jitter of a tenth is left out, and it is counted from the start of the run.
const RESYNC: Duration = Duration::from_secs(10 * 3600);

/// Keys that an event concerns.
pub type Keys = SmallVec<[Subject; 2]>;

/// Says which keys of a controller an event concerns: its predicates, and its mapping of what is owned to owners.
pub type Route<'r, T> = dyn FnMut(ControllerId, &Event<T>, &View<'_, T>) -> Keys + 'r;

/// One controller.
#[derive(Clone, Debug)]
struct Controller {
    spec: ControllerSpec,
    queue: WorkQueue,
    /// How many writes of each kind it has been shown.
    cursors: Cursors,
    /// When its watches hand out everything again, and why that matters: it has missed something.
    resync: Option<(Time, Cause)>,
    /// It is away until then, and what ended it.
    away: Option<(Time, Cause)>,
    /// How often it ended.
    starts: u32,
}

/// The controllers of one control plane.
#[derive(Clone, Debug)]
pub struct Runtime {
    controllers: Vec<Controller>,
    pub(super) faults: ReadFaults,
    /// Restarts at once, by the number of their fault.
    pub(super) restarts: BTreeSet<u32>,
    /// Controllers that ended, until that is told.
    untold: VecDeque<Ended>,
    /// The version of the last write that all controllers have been shown.
    shown: Option<Version>,
    /// A turn that waits for what happens before it.
    stopped: Option<Item>,
    /// How often each key had its turn since the system was woken.
    pub(super) turns: Turns,
}

impl Runtime {
    /// The controllers of a control plane; each has its position among them as its number.
    pub fn new(specs: &[ControllerSpec]) -> Runtime {
        let controllers = specs.iter().map(|spec| Controller {
            spec: *spec,
            queue: WorkQueue::new(spec.limits),
            cursors: spec.watches.iter().map(|kind| (*kind, 0)).collect(),
            resync: None,
            away: None,
            starts: 0,
        });
        Runtime {
            controllers: controllers.collect(),
            faults: ReadFaults::default(),
            restarts: BTreeSet::new(),
            untold: VecDeque::new(),
            shown: None,
            stopped: None,
            turns: Turns::default(),
        }
    }

    /// The system was woken: what it has to do now is counted from here on.
    pub fn woken(&mut self) {
        self.turns.begin();
    }

    /// What a controller reads. It stands still during a turn: what is written in it is seen from the next one on.
    pub fn view<'a, T>(&'a self, api: &'a Api<T>, controller: ControllerId) -> View<'a, T> {
        View { api, cursors: &self.controllers[usize::from(controller.0)].cursors }
    }

    /// Puts a key into a controller's queue.
    pub fn add(&mut self, controller: ControllerId, key: Subject, cause: Cause) {
        let controller = self.controller(controller);
        if controller.away.is_none() {
            controller.queue.add(key, cause);
        }
    }

    /// Puts a key into a controller's queue because what it asked for failed: as soon as the limits of retries allow.
    pub fn add_rate_limited(&mut self, controller: ControllerId, key: Subject, now: Time, cause: Cause) {
        let controller = self.controller(controller);
        if controller.away.is_none() {
            controller.queue.add_rate_limited(key, now, cause);
        }
    }

    /// What a controller asked of the world for a key was refused, or done: retries come later from refusal to refusal.
    pub fn answered(&mut self, controller: ControllerId, key: Subject, refused: bool) {
        let queue = &mut self.controller(controller).queue;
        if refused { queue.refuse(key) } else { queue.accept(key) }
    }

    /// Puts a key into a controller's queue because an object of Kubernetes' own changed, unless a fault has it miss that.
    pub fn add_for(&mut self, changed: Subject, controller: ControllerId, key: Subject, cause: Cause) {
        if !self.faults.misses(controller, changed, None) {
            self.add(controller, key, cause);
        }
    }

    /// Shows controllers what they can see by now, and says what is to be done next; `None` if nothing is due.
    pub fn next<T: Spec>(&mut self, api: &mut Api<T>, now: Time, route: &mut Route<'_, T>) -> Option<Turn> {
        if self.turns.are_endless() || api.faults.points.are_met() {
            return None;
        }
        for (ended, lasts, cause) in api.faults.take_ended() {
            self.end(ended, now, lasts, cause);
        }
        if let Some(ended) = self.untold.pop_front() {
            return Some(Turn::Ended(ended));
        }
        if let Some((started, cause)) = self.start(api, now, route) {
            return Some(Turn::Started(started, cause));
        }
        self.show(api, now, route);
        self.resync(api, now, route);
        if let Some(item) = self.stopped.take().filter(|item| self.is_current(*item)) {
            api.faults.count_read(Edge::AfterRead, item.controller, item.key, now);
            return Some(Turn::Reconcile(item));
        }
        let numbers = 0..self.controllers.len() as u8;
        for (controller, number) in self.controllers.iter_mut().zip(numbers) {
            if controller.away.is_some() || controller.queue.in_work() >= controller.spec.workers {
                continue;
            }
            if let Some((key, cause)) = controller.queue.take(now) {
                let item = Item { controller: ControllerId(number), key, cause, start: controller.starts };
                if self.turns.count(item.controller, key, now) {
                    return Some(Turn::Endless);
                }
                api.faults.count_read(Edge::BeforeRead, item.controller, key, now);
                if api.faults.points.are_met() {
                    self.stopped = Some(item);
                    return None;
                }
                api.faults.count_read(Edge::AfterRead, item.controller, key, now);
                return Some(Turn::Reconcile(item));
            }
        }
        None
    }

    /// True if the controller has not ended since this turn of its began.
    fn is_current(&self, item: Item) -> bool {
        let controller = &self.controllers[usize::from(item.controller.0)];
        controller.starts == item.start && controller.away.is_none()
    }

    /// Says how a reconcile ended; gives how soon its key comes again by itself. What a controller began before it ended counts for
    /// nothing.
    pub fn finish(&mut self, item: Item, finish: Finish, now: Time) -> Option<Duration> {
        let controller = self.controller(item.controller);
        if controller.starts != item.start || controller.away.is_some() {
            return None;
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
        queue.time_of(item.key).map(|at| at.since(now))
    }

    /// The name of a controller.
    pub fn name(&self, controller: ControllerId) -> &'static str {
        self.controllers[usize::from(controller.0)].spec.name
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
            controller.resync.into_iter().for_each(|(at, _)| offer(at));
            for (kind, cursor) in &controller.cursors {
                let Some(event) = api.log.event(*kind, *cursor) else { continue };
                let shown = self.faults.shown_at(ControllerId(number as u8), event.key(), event.at, now).0;
                if shown < Time::MAX {
                    offer(shown);
                }
            }
        }
        soonest
    }

    /// The names of the controllers, for messages.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.controllers.iter().map(|controller| controller.spec.name)
    }

    /// True if one of the controllers watches this kind.
    pub(super) fn watches(&self, kind: Kind) -> bool {
        self.controllers.iter().any(|controller| controller.spec.watches.contains(&kind))
    }

    pub(super) fn named(&self, name: &str) -> Option<ControllerId> {
        let index = self.controllers.iter().position(|controller| controller.spec.name == name)?;
        Some(ControllerId(index as u8))
    }

    fn controller(&mut self, controller: ControllerId) -> &mut Controller {
        &mut self.controllers[usize::from(controller.0)]
    }

    /// A controller ends, or all do: queues and what was shown are lost.
    pub(super) fn end(&mut self, which: Option<ControllerId>, now: Time, lasts: Duration, cause: Cause) {
        for (number, controller) in self.controllers.iter_mut().enumerate() {
            if which.is_none_or(|which| usize::from(which.0) == number) {
                controller.queue = WorkQueue::new(controller.spec.limits);
                controller.resync = None;
                controller.away = Some((now + lasts, cause));
                controller.starts += 1;
                self.untold.push_back(Ended { controller: ControllerId(number as u8), lasts, cause });
            }
        }
    }

    /// Hands out everything again to a controller that has missed something. It is done for all controllers all the time, and
    /// where none has missed anything, nothing comes of it: that is left out.
    fn resync<T: Spec>(&mut self, api: &Api<T>, now: Time, route: &mut Route<'_, T>) {
        for (index, controller) in self.controllers.iter_mut().enumerate() {
            let Some((_, cause)) = controller.resync.take_if(|(at, _)| *at <= now) else { continue };
            let view = View { api, cursors: &controller.cursors };
            let mut found = Keys::new();
            for resource in controller.spec.watches.iter().flat_map(|kind| view.list(*kind)) {
                let (version, old) = (resource.meta.version, Some(Arc::clone(resource)));
                let event = Event { version, at: now, cause, verb: Verb::Updated, old, new: Arc::clone(resource) };
                found.extend(route(ControllerId(index as u8), &event, &view));
            }
            found.into_iter().for_each(|key| controller.queue.add(key, cause));
        }
    }

    /// Starts one controller whose absence is over: it is shown everything that is there, as new.
    fn start<T: Spec>(&mut self, api: &Api<T>, now: Time, route: &mut Route<'_, T>) -> Option<(ControllerId, Cause)> {
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
                let view = View { api, cursors: &controller.cursors };
                found.extend(route(number, &event, &view));
            }
        }
        found.into_iter().for_each(|key| controller.queue.add(key, cause));
        Some((number, cause))
    }

    /// Shows every controller the writes that it can see by now, in their order.
    fn show<T: Spec>(&mut self, api: &mut Api<T>, now: Time, route: &mut Route<'_, T>) {
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
                    self.faults.held(fault);
                    all = false;
                    break;
                }
                let Some(cursor) = self.controllers[index].cursors.get_mut(&kind) else { break };
                let seen = *cursor;
                *cursor += 1;
                let Some(event) = api.log.event(kind, seen) else { break };
                let keys = route(number, event, &View { api, cursors: &self.controllers[index].cursors });
                if keys.is_empty() {
                    continue;
                }
                if self.faults.misses(number, event.key(), Some(event.version)) {
                    let next = (now + Duration::from_nanos(1)).ceil_to(Time::ZERO, RESYNC);
                    self.controllers[index].resync.get_or_insert((next, event.cause));
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
            let (shown, fault) = self.faults.shown_at(number, event.key(), event.at, now);
            if shown > now {
                held = held.or(Some((*kind, fault)));
            } else if first.is_none_or(|(version, _)| event.version < version) {
                first = Some((event.version, *kind));
            }
        }
        first.map(|(_, kind)| (kind, None)).or(held)
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
