//! Single writes and reads of the cluster's API: points at which something is to happen, and what waits while it does.
//!
//! A controller's turn is not cut in two. Where a point is met, what the controller decided on from there on lines up; who drives the
//! world is called, and when it is done the rest is written, in the same order. What a turn has read it has read: it is as if its
//! requests were on their way. Without points, and unless accesses are kept, all of it costs one branch a write.

use std::collections::VecDeque;

use super::pen::Draft;
use super::port::Port;
use super::{Cause, Class, Cluster, Event, NodeId, PodId, Subject};
use crate::timeline::Kind;
use crate::workload::{Access, AccessPoint, Actor, Ask, AskId, BuiltIn, Edge, RecordChange, Records};

/// A point that is waited for, and how often something that it means happened since.
#[derive(Clone, Debug)]
struct Armed {
    point: AccessPoint,
    token: u64,
    seen: u32,
}

/// A write, or a look, that is decided on and not done.
#[derive(Clone, Debug)]
pub enum Decided {
    /// A write of a built-in controller.
    Draft(Draft),
    /// What a system asks for.
    Ask(usize, AskId, Ask, Cause),
    /// Records that a system commits.
    Commit(usize, Vec<RecordChange>),
    /// The scheduler's binding of a pod.
    Bind(PodId, NodeId),
    /// The scheduler's search of a node.
    Seek(PodId),
    /// A look of a built-in controller.
    Look(Event),
}

#[derive(Clone, Debug)]
struct Held {
    what: Decided,
    /// True once the points before it have been met.
    passed: bool,
}

/// What is waited for, and what waits.
#[derive(Clone, Debug, Default)]
pub struct Accesses {
    armed: Vec<Armed>,
    kept: Option<Vec<Access>>,
    /// True while anybody counts.
    pub(super) watched: bool,
    held: VecDeque<Held>,
    /// True while what is held is sure to go on.
    planned: bool,
    /// True while who drives the world acts at a point: what is asked for then waits for nothing.
    striking: bool,
    /// A system that ended in the middle of its turn, or whose turn is a trial: nothing of what it does counts.
    silent: Option<usize>,
    /// What a trial has read.
    trial: Option<Vec<Subject>>,
    /// The records as they will be when what is held is done.
    pub(super) ahead: Option<Records>,
}

impl Accesses {
    /// True if nothing of what this system does counts now.
    pub fn is_silent(&self, controller: usize) -> bool {
        self.silent == Some(controller)
    }

    /// True while a turn is a trial.
    pub const fn is_trial(&self) -> bool {
        self.trial.is_some()
    }

    /// True while this system may end at a point.
    pub fn may_end(&self, controller: usize) -> bool {
        self.armed.iter().any(|one| one.point.ends == Some(controller) && one.seen < one.point.nth)
    }

    /// True while reads of systems are of interest.
    pub fn counts_reads(&self) -> bool {
        self.watched
            && (self.trial.is_some()
                || self.kept.is_some()
                || self.armed.iter().any(|one| !one.point.edge.is_of_writes() && one.seen < one.point.nth))
    }

    /// True while something waits for a point.
    pub fn waits(&self) -> bool {
        self.planned
    }

    fn look_again(&mut self) {
        let waits = self.armed.iter().any(|one| one.seen < one.point.nth);
        self.watched = waits || self.kept.is_some() || !self.held.is_empty();
    }
}

impl Cluster {
    pub(super) fn arm(&mut self, point: AccessPoint, token: u64) {
        // A point that joins a run which keeps its accesses counts those from the start on.
        let of_writes = point.edge.is_of_writes();
        let meant = |one: &&Access| one.is_write == of_writes && point.means(one.by, one.key);
        let seen = self.kept_accesses().iter().filter(meant).count() as u32;
        self.accesses.armed.push(Armed { point, token, seen });
        self.accesses.watched = true;
    }

    pub(super) fn seen_accesses(&self, token: u64) -> u32 {
        self.accesses.armed.iter().find(|one| one.token == token).map_or(0, |one| one.seen)
    }

    pub(super) fn keep_all_accesses(&mut self) {
        self.accesses.kept.get_or_insert_default();
        self.accesses.watched = true;
    }

    pub(super) fn kept_accesses(&self) -> &[Access] {
        self.accesses.kept.as_deref().unwrap_or_default()
    }

    /// Who drives the world has done what it was called for.
    pub(super) fn go_on(&mut self) {
        self.accesses.striking = false;
        if self.accesses.trial.is_none() {
            self.accesses.silent = None;
        }
    }

    /// Who drives the world is called.
    pub(super) fn strike_begins(&mut self) {
        self.accesses.striking = !self.accesses.held.is_empty();
    }

    pub(super) fn tries_turns(&self, controller: usize) -> bool {
        self.accesses.watched
            && self.accesses.armed.iter().any(|one| {
                let by = &one.point.by;
                one.point.edge == Edge::BeforeRead
                    && one.seen < one.point.nth
                    && (by.is_empty() || by.contains(&Actor::System(controller)))
            })
    }

    pub(super) fn trial_begins(&mut self, controller: usize) {
        self.accesses.silent = Some(controller);
        self.accesses.trial = Some(Vec::new());
    }

    /// The points before what a trial read. Its reads are counted for them here, and not when the turn is real.
    pub(super) fn trial_ends(&mut self, controller: usize) -> Vec<u64> {
        self.accesses.silent = None;
        let mut met = Vec::new();
        for key in self.accesses.trial.take().unwrap_or_default() {
            for one in &mut self.accesses.armed {
                if one.point.edge == Edge::BeforeRead && one.point.means(Actor::System(controller), Some(key)) {
                    one.seen += 1;
                    if one.seen == one.point.nth {
                        met.push(one.token);
                    }
                }
            }
        }
        self.accesses.look_again();
        met
    }

    /// What a system that has ended had decided on is not done.
    pub(super) fn drop_held_of(&mut self, controller: usize) {
        self.accesses.held.retain(|held| match &held.what {
            Decided::Ask(of, ..) | Decided::Commit(of, _) => *of != controller,
            _ => true,
        });
        self.accesses.ahead = None;
    }

    /// What built-in controllers that have ended had decided on.
    pub(super) fn take_held_drafts(&mut self, of: impl Fn(BuiltIn) -> bool) -> Vec<Draft> {
        let mut dropped = Vec::new();
        let held = std::mem::take(&mut self.accesses.held);
        for one in held {
            match (&one.what, self.decider(&one.what)) {
                (Decided::Draft(draft), Actor::BuiltIn(by)) if of(by) => dropped.push(*draft),
                (Decided::Bind(pod, _) | Decided::Seek(pod), Actor::BuiltIn(by)) if of(by) => self.seek_again(*pod),
                _ => self.accesses.held.push_back(one),
            }
        }
        dropped
    }

    /// Counts one side of a write or read. True if who drives the world is to act there, before anything else happens.
    fn count(&mut self, edge: Edge, by: Actor, key: Option<Subject>) -> bool {
        let now = self.queue.now();
        if let Some(kept) = &mut self.accesses.kept
            && matches!(edge, Edge::BeforeWrite | Edge::BeforeRead)
        {
            kept.push(Access { at: now, is_write: edge.is_of_writes(), by, key });
        }
        let mut due = Vec::new();
        for one in &mut self.accesses.armed {
            if one.point.edge != edge || !one.point.means(by, key) {
                continue;
            }
            one.seen += 1;
            if one.seen == one.point.nth {
                due.push((one.token, one.point.after, one.point.ends));
            }
        }
        let mut acts = false;
        for (token, after, ends) in due {
            let token = u32::try_from(token).expect("a rehearsal sets fewer than 2^32 timers");
            self.schedule(now + after, Class::FAULT, Event::Rehearsal(token));
            acts |= after.is_zero();
            if let (Some(ended), Actor::System(writer)) = (ends, by)
                && ended == writer
            {
                self.accesses.silent = Some(writer);
            }
        }
        acts
    }

    /// Something is decided on: it is done now, or after what waits.
    pub(super) fn line_up(&mut self, what: Decided) {
        self.accesses.held.push_back(Held { what, passed: false });
        if self.accesses.striking {
            // It is no part of the turn that waits, and goes first.
            let Some(held) = self.accesses.held.pop_back() else { return };
            let (by, key) = (self.decider(&held.what), self.decided_key(&held.what));
            self.count(Edge::BeforeWrite, by, key);
            self.do_decided(held.what);
            self.count(Edge::AfterWrite, by, key);
        } else if !self.accesses.planned {
            self.do_held();
        }
    }

    fn plan_held(&mut self) {
        if !std::mem::replace(&mut self.accesses.planned, true) {
            let now = self.queue.now();
            self.schedule(now, Class::FAULT, Event::Held);
        }
    }

    /// Handles [`Event::Held`].
    pub(super) fn on_held(&mut self) {
        self.accesses.planned = false;
        self.do_held();
    }

    /// Does what is held, up to the next point.
    fn do_held(&mut self) {
        // What is done may decide on more, and meet a point with that.
        while !self.accesses.planned
            && let Some(mut held) = self.accesses.held.pop_front()
        {
            let (by, key) = (self.decider(&held.what), self.decided_key(&held.what));
            let is_write = !matches!(held.what, Decided::Look(_) | Decided::Seek(_)) && !is_get(&held.what);
            let (before, after) = match is_write {
                true => (Edge::BeforeWrite, Edge::AfterWrite),
                false => (Edge::BeforeRead, Edge::AfterRead),
            };
            if !std::mem::replace(&mut held.passed, true) && self.count(before, by, key) {
                self.accesses.held.push_front(held);
                return self.plan_held();
            }
            let looks = matches!(held.what, Decided::Look(_) | Decided::Seek(_));
            // What is decided by a look lines up behind the point after it.
            if looks && self.count(after, by, key) {
                self.plan_held();
                self.do_decided(held.what);
                return;
            }
            self.do_decided(held.what);
            if !looks && self.count(after, by, key) {
                return self.plan_held();
            }
        }
        if self.accesses.held.is_empty() {
            self.accesses.ahead = None;
            self.accesses.look_again();
        }
    }

    fn do_decided(&mut self, what: Decided) {
        match what {
            Decided::Draft(draft) => self.perform_or_fail(draft),
            Decided::Ask(controller, id, ask, cause) => Port::new(self, controller).carry_out(id, ask, cause),
            Decided::Commit(_, changes) => self.records.settle(&changes),
            Decided::Bind(pod, node) => self.bind_decided(pod, node),
            Decided::Seek(pod) if self.pod(pod).gone || !self.pod(pod).is_active() => {}
            Decided::Seek(pod) => self.seek(pod),
            // A process that ended meanwhile looks when it is back.
            Decided::Look(event) if self.processes.any_away && self.puts_off(event) => {}
            Decided::Look(event) => self.dispatch(event),
        }
    }

    /// Who decided on something.
    fn decider(&self, what: &Decided) -> Actor {
        match what {
            Decided::Draft(draft) => Actor::BuiltIn(self.drafter(draft)),
            Decided::Ask(controller, ..) | Decided::Commit(controller, _) => Actor::System(*controller),
            Decided::Bind(..) | Decided::Seek(_) => Actor::BuiltIn(BuiltIn::Scheduler),
            Decided::Look(event) => {
                self.look_of(*event).map_or(Actor::BuiltIn(BuiltIn::Scheduler), |(by, _)| Actor::BuiltIn(by))
            }
        }
    }

    fn decided_key(&self, what: &Decided) -> Option<Subject> {
        match what {
            Decided::Draft(draft) => Some(self.drafted(draft)),
            Decided::Ask(_, _, ask, _) => Some(ask.key()),
            Decided::Commit(..) => None,
            Decided::Bind(pod, _) | Decided::Seek(pod) => Some(self.pod_subject(*pod)),
            Decided::Look(event) => self.look_of(*event).map(|(_, key)| key),
        }
    }

    /// Whose look an event is, and at what; `None` for what is no look of a built-in controller, or of something that is gone.
    pub(super) fn look_of(&self, event: Event) -> Option<(BuiltIn, Subject)> {
        Some(match event {
            Event::Deployment(id) if !self.deployment(id).deleted => (BuiltIn::Deployment, self.deployment(id).key),
            Event::ReplicaSet(id) if !self.replicaset(id).deleted => (BuiltIn::ReplicaSet, self.replicaset(id).key),
            Event::StatefulSet(id) if !self.statefulset(id).deleted => (BuiltIn::StatefulSet, self.statefulset(id).key),
            Event::DaemonSet(id) if !self.daemonset(id).deleted => (BuiltIn::DaemonSet, self.daemonset(id).key),
            Event::Job(id) if !self.job(id).deleted => (BuiltIn::Job, self.job(id).key),
            Event::CronJob(id) if !self.cronjob(id).deleted => (BuiltIn::CronJob, self.cronjob(id).key),
            Event::Autoscaler(id) if self.is_autoscaler_due(id) => {
                (BuiltIn::HorizontalPodAutoscaler, self.autoscaler(id).key)
            }
            _ => return None,
        })
    }

    /// A system has read an object: from its watches, or from the API.
    pub(super) fn count_reads(&mut self, controller: usize, keys: Vec<Subject>) {
        if let Some(trial) = &mut self.accesses.trial {
            trial.extend(keys);
            return;
        }
        for key in keys {
            let by = Actor::System(controller);
            if let Some(kept) = &mut self.accesses.kept {
                kept.push(Access { at: self.queue.now(), is_write: false, by, key: Some(key) });
            }
            if self.count(Edge::AfterRead, by, Some(key)) {
                self.plan_held();
            }
        }
    }

    /// Something of the cluster's nodes as a whole was read.
    pub(super) const fn all_nodes() -> Subject {
        Subject::new(Kind::Node, crate::kernel::Name::plain(crate::kernel::Symbol::EMPTY))
    }
}

fn is_get(what: &Decided) -> bool {
    matches!(what, Decided::Ask(_, _, Ask::Get { .. }, _))
}
