//! What controllers are told, and when: watches that may lag, answers to asks, timers.
//!
//! Observed state is a position in a log of changes: with a latency of `l`, a controller sees at `t` what was true at `t - l`.
//! Without a latency the log is not kept, because the position is always its end.

use std::collections::{BTreeMap, BTreeSet};

use smallvec::SmallVec;

use super::{Cause, Class, Cluster, Event, PodId, Subject};
use crate::kernel::{Duration, Time};
use crate::workload::{AskId, Happening, Outcome, PodStatus, Status};

/// Something for a controller that is on its way.
#[derive(Clone, Debug)]
pub enum Parcel {
    /// A change; no subject means nodes.
    Changed(usize, Option<Subject>, Cause),
    /// An answer.
    Answered(usize, AskId, Outcome, Cause),
    /// A timer.
    Timer(usize, u64, Cause),
}

/// Who watches what, and what they have been shown.
#[derive(Clone, Debug, Default)]
pub struct Watches {
    objects: BTreeMap<Subject, SmallVec<[usize; 2]>>,
    nodes: SmallVec<[usize; 2]>,
    /// The last delivery that was planned, so that changes at one instant make one wake.
    planned: BTreeMap<(usize, Option<Subject>), Time>,
    /// How often a controller's watches hand out everything again, if they do.
    pub(super) resyncs: BTreeMap<usize, Duration>,
    /// Controllers that have no watches: what they are told stands for an answer, and is told as it is.
    pub(super) unwatched: BTreeSet<usize>,
    /// True once a fault may show what was true earlier.
    pub(super) keeps_history: bool,
    history: BTreeMap<Subject, Vec<(Time, Option<Status>)>>,
    pods: BTreeMap<PodId, Vec<(Time, Option<PodStatus>)>>,
    parcels: Vec<Option<Parcel>>,
    free: Vec<u32>,
}

/// The last value of a log at a time; `None` if the log begins later.
fn at<T: Copy>(log: &[(Time, T)], time: Time) -> Option<T> {
    let after = log.partition_point(|(when, _)| *when <= time);
    after.checked_sub(1).map(|index| log[index].1)
}

/// Appends to a log; of several values at one instant the last stays.
fn append<T>(log: &mut Vec<(Time, T)>, time: Time, value: T) {
    match log.last_mut() {
        Some(last) if last.0 == time => last.1 = value,
        _ => log.push((time, value)),
    }
}

impl Watches {
    /// What is on its way to a controller.
    pub fn parcel(&self, slot: u32) -> Option<&Parcel> {
        self.parcels.get(slot as usize)?.as_ref()
    }

    /// When a controller that missed a change of now hears of it after all.
    pub(super) fn resynced_at(&self, controller: usize, now: Time) -> Option<Time> {
        let period = self.resyncs.get(&controller)?.nanos().max(1);
        Some(Time::from_nanos((now.nanos() / period + 1) * period))
    }

    /// What somebody watches.
    pub fn watched(&self) -> Vec<Subject> {
        self.objects.keys().copied().collect()
    }
}

impl Cluster {
    /// True if what controllers see may differ from what is.
    fn lags(&self) -> bool {
        !self.profile.watch_latency.is_zero() || self.watches.keeps_history
    }

    /// Keeps what an object shows now, if anyone may see it late.
    pub(super) fn record_object(&mut self, key: Subject) {
        if self.lags() {
            let now = self.queue.now();
            let status = self.true_status(key);
            append(self.watches.history.entry(key).or_default(), now, status);
        }
    }

    pub(super) fn add_watch(&mut self, controller: usize, key: Subject) {
        self.record_object(key);
        let watchers = self.watches.objects.entry(key).or_default();
        if !watchers.contains(&controller) {
            watchers.push(controller);
        }
    }

    pub(super) fn remove_watch(&mut self, controller: usize, key: Subject) {
        if let Some(watchers) = self.watches.objects.get_mut(&key) {
            watchers.retain(|other| *other != controller);
        }
    }

    pub(super) fn add_node_watch(&mut self, controller: usize) {
        if !self.watches.nodes.contains(&controller) {
            self.watches.nodes.push(controller);
        }
    }

    /// An object changed: whoever watches it is told.
    pub(super) fn touch_object(&mut self, key: Subject, cause: Cause) {
        if self.watches.objects.is_empty() {
            return;
        }
        let Some(watchers) = self.watches.objects.get(&key).cloned() else { return };
        self.record_object(key);
        for controller in watchers {
            self.deliver_change(controller, Some(key), cause);
        }
    }

    /// Nodes changed: whoever watches nodes is told.
    pub(super) fn touch_nodes(&mut self, cause: Cause) {
        for controller in self.watches.nodes.clone() {
            self.deliver_change(controller, None, cause);
        }
    }

    /// Keeps what a pod showed, if anyone may see it late.
    pub(super) fn record_pod(&mut self, id: PodId) {
        if self.lags() {
            let now = self.queue.now();
            let status = (!self.pod(id).gone).then(|| self.pod_status(id));
            append(self.watches.pods.entry(id).or_default(), now, status);
        }
    }

    fn deliver_change(&mut self, controller: usize, subject: Option<Subject>, cause: Cause) {
        let Some(at) = self.told_at(controller, subject) else { return };
        let planned = self.watches.planned.insert((controller, subject), at);
        if planned != Some(at) {
            self.send(at, Parcel::Changed(controller, subject, cause));
        }
    }

    /// Plans the arrival of something for a controller.
    pub(super) fn send(&mut self, at: Time, parcel: Parcel) {
        let class = match parcel {
            Parcel::Timer(..) => Class::SYSTEM,
            Parcel::Changed(..) | Parcel::Answered(..) => Class::DELIVERY,
        };
        let slot = match self.watches.free.pop() {
            Some(slot) => slot,
            None => {
                self.watches.parcels.push(None);
                self.watches.parcels.len() as u32 - 1
            }
        };
        self.watches.parcels[slot as usize] = Some(parcel);
        self.schedule(at, class, Event::Parcel(slot));
    }

    /// Handles [`Event::Parcel`].
    pub(super) fn on_parcel(&mut self, slot: u32) -> Option<Happening> {
        let parcel = self.watches.parcels.get_mut(slot as usize)?.take()?;
        self.watches.free.push(slot);
        Some(match parcel {
            Parcel::Changed(controller, subject, cause) => {
                self.watches.planned.remove(&(controller, subject));
                Happening::Changed { controller, subject, cause }
            }
            Parcel::Answered(controller, ask, outcome, cause) => {
                Happening::Answered { controller, ask, outcome, cause }
            }
            Parcel::Timer(controller, token, cause) => Happening::Timer { controller, token, cause },
        })
    }

    /// An object's status as a controller's watch shows it, or as watches in general do. What nobody watches is read from the
    /// API, as it is.
    pub(super) fn observed_status(&self, controller: Option<usize>, key: Subject) -> Option<Status> {
        match self.watches.history.get(&key) {
            Some(log) if self.lags() => at(log, self.shown_at(controller, key)?).flatten(),
            _ => self.true_status(key),
        }
    }

    /// A pod's status as a controller's watch shows it, or as watches in general do.
    pub(super) fn observed_pod(&self, controller: Option<usize>, id: PodId) -> Option<PodStatus> {
        match self.watches.pods.get(&id) {
            Some(log) if self.lags() => at(log, self.shown_at(controller, self.pod_subject(id))?).flatten(),
            _ => (!self.pod(id).gone).then(|| self.pod_status(id)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_shows_what_was_true_at_a_time() {
        let second = |count| Time::ZERO + Duration::from_secs(count);
        let mut log = Vec::new();
        append(&mut log, second(1), 'a');
        append(&mut log, second(3), 'b');
        append(&mut log, second(3), 'c');
        assert_eq!(at(&log, second(0)), None);
        assert_eq!(at(&log, second(2)), Some('a'));
        assert_eq!(at(&log, second(3)), Some('c'));
    }
}
