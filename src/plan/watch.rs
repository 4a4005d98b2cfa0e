//! Watches the run of a rollout and keeps its figures. What they mean is `diagnose`'s.

use std::collections::BTreeMap;

use super::figures::{Gpus, Outage, Service, Stall, Workload};
use crate::kernel::{Duration, Time};
use crate::rehearsal::{Observer, Verdict};
use crate::timeline::{Entry, EntryId, Kind, Subject};
use crate::workload::Stage;

/// What is known of a workload so far.
#[derive(Clone, Debug, Default)]
struct Pods {
    before: Option<u32>,
    lowest: Option<(u32, Time)>,
    /// True once as many pods were available as wanted.
    was_complete: bool,
}

/// What is known of a Service so far.
#[derive(Clone, Debug, Default)]
struct Endpoints {
    /// Ready endpoints at the end of the last instant before the rollout.
    before: u32,
    lowest: Option<u32>,
    outages: Vec<Outage>,
}

/// What is known of a pod.
#[derive(Clone, Copy, Debug)]
pub struct PodState {
    /// The last entry about it.
    pub last: EntryId,
    /// True if it is ready.
    pub ready: bool,
}

/// Watches one run.
#[derive(Clone, Debug, Default)]
pub struct Watch {
    /// When the rollout began: at the first action of an operator, or at the start.
    begins: Option<Time>,
    /// True if a rollout begins with an action, because the scenario has one.
    waits_for_action: bool,
    gpus: Gpus,
    workloads: BTreeMap<Subject, Pods>,
    services: BTreeMap<Subject, Endpoints>,
    /// Each pod that is there.
    pods: BTreeMap<Subject, PodState>,
    /// The last entry about each set of manifests, group, drain and workload.
    others: BTreeMap<Subject, EntryId>,
    last_progress: Time,
    /// Instants at which something of the rollout went on.
    progress: Vec<Time>,
    /// True if pods or Services changed at this instant.
    dirty: bool,
    ends: Time,
}

/// Kinds that have pods which count.
const fn is_workload(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Deployment
            | Kind::Rollout
            | Kind::StatefulSet
            | Kind::DaemonSet
            | Kind::LeaderWorkerSet
            | Kind::ReplicaSet
            | Kind::Member
    )
}

/// What a pod becomes when a rollout goes on; the other words say that it waits, or fails.
fn is_progress(became: &str) -> bool {
    matches!(
        became,
        "Pending"
            | "Scheduled"
            | "Initializing"
            | "Pulling"
            | "Running"
            | "Serving"
            | "Ready"
            | "Registered"
            | "Terminating"
            | "Succeeded"
            | "Deleted"
    )
}

impl Watch {
    /// A watch over a run in which the rollout begins with the first action, or at the start.
    pub fn new(waits_for_action: bool) -> Watch {
        Watch { begins: (!waits_for_action).then_some(Time::ZERO), waits_for_action, ..Watch::default() }
    }

    /// When the rollout began; the end of the run if it never did.
    pub fn begins(&self) -> Time {
        self.begins.unwrap_or(self.ends)
    }

    /// Each pod that is there at the end.
    pub const fn pods(&self) -> &BTreeMap<Subject, PodState> {
        &self.pods
    }

    /// The last entry about what else matters: sets, groups, nodes, workloads, claims.
    pub const fn others(&self) -> &BTreeMap<Subject, EntryId> {
        &self.others
    }

    /// The last time that something of the rollout went on.
    pub const fn last_progress(&self) -> Time {
        self.last_progress
    }

    fn begin(&mut self, now: Time, stage: &dyn Stage) {
        self.begins = Some(now);
        let (_, held) = stage.gpus();
        self.gpus = Gpus { before: held, peak: held, peak_at: now, ..Gpus::default() };
        self.last_progress = now;
        for (subject, pods) in &mut self.workloads {
            let available = stage.counts(*subject).map_or(0, |counts| counts.available);
            pods.before = Some(available);
            pods.was_complete = true;
            pods.lowest = Some((available, now));
        }
        for endpoints in self.services.values_mut() {
            // What the action itself has changed is part of the rollout.
            endpoints.lowest = (endpoints.before > 0).then_some(endpoints.before);
        }
    }

    /// Keeps what is there before the rollout.
    fn look(&mut self, stage: &dyn Stage) {
        for (subject, endpoints) in &mut self.services {
            endpoints.before = stage.ready_endpoints(*subject).unwrap_or(0);
        }
    }

    fn count(&mut self, stage: &dyn Stage) {
        let now = stage.now();
        let (capacity, held) = stage.gpus();
        if held > self.gpus.peak {
            (self.gpus.peak, self.gpus.peak_at) = (held, now);
        }
        (self.gpus.after, self.gpus.capacity) = (held, capacity);
        for (subject, pods) in &mut self.workloads {
            let Some(counts) = stage.counts(*subject) else { continue };
            pods.was_complete |= counts.available >= counts.desired && counts.desired > 0;
            if pods.was_complete && pods.lowest.is_none_or(|(lowest, _)| counts.available < lowest) {
                pods.lowest = Some((counts.available, now));
            }
        }
        for (subject, endpoints) in &mut self.services {
            let ready = stage.ready_endpoints(*subject).unwrap_or(0);
            let is_out = endpoints.outages.last().is_some_and(|last| last.until.is_none());
            match (ready, endpoints.lowest) {
                (0, Some(_)) if !is_out => {
                    endpoints.lowest = Some(0);
                    endpoints.outages.push(Outage { from: now, until: None });
                }
                (1.., lowest) => {
                    endpoints.lowest = Some(lowest.map_or(ready, |lowest| lowest.min(ready)));
                    if let Some(last) = endpoints.outages.last_mut().filter(|_| is_out) {
                        last.until = Some(now);
                    }
                }
                _ => {}
            }
        }
    }

    fn pod_entry(&mut self, id: EntryId, entry: &Entry) {
        if entry.became == "Deleted" {
            self.pods.remove(&entry.subject);
        } else {
            let before = self.pods.get(&entry.subject).is_some_and(|pod| pod.ready);
            let ready = match entry.became {
                "Ready" => true,
                // These say nothing of its readiness.
                "Serving" | "Registered" | "Unregistered" | "EvictionRefused" | "Unserved" => before,
                _ => false,
            };
            self.pods.insert(entry.subject, PodState { last: id, ready });
        }
        if is_progress(entry.became) && self.begins.is_some() {
            if self.progress.last() != Some(&entry.at) {
                self.progress.push(entry.at);
            }
            self.last_progress = entry.at;
        }
    }

    /// The figures at the end of a run; the longest stall is that up to `finished`, or up to the end.
    pub fn figures(&self, stage: &dyn Stage, finished: Option<Time>) -> (Gpus, Vec<Workload>, Vec<Service>, Stall) {
        let names = stage.names();
        let workloads = self.workloads.iter().filter_map(|(subject, pods)| {
            let counts = stage.counts(*subject)?;
            let (lowest, lowest_at) = pods.lowest.unwrap_or((0, self.begins()));
            let (after, desired) = (counts.available, counts.desired);
            Some(Workload { subject: subject.show(names), before: pods.before, lowest, lowest_at, after, desired })
        });
        let services = self.services.iter().map(|(subject, endpoints)| Service {
            subject: subject.show(names),
            preview: false,
            lowest: endpoints.lowest,
            outages: endpoints.outages.clone(),
        });
        // What goes on after the end is no part of the rollout.
        let end = finished.unwrap_or(self.ends);
        let mut longest = Stall { from: self.begins(), length: Duration::ZERO };
        let mut from = self.begins();
        for at in self.progress.iter().copied().filter(|at| *at < end).chain([end]) {
            let length = at.since(from);
            if length > longest.length {
                longest = Stall { from, length };
            }
            from = at;
        }
        (self.gpus, workloads.collect(), services.collect(), longest)
    }
}

/// True for the words that say in which state a graph of Dynamo is.
fn is_state_of_graph(became: &str) -> bool {
    matches!(
        became,
        "created" | "initializing" | "pending" | "successful" | "failed" | "rejected" | "deleting" | "deleted"
    )
}

impl Observer for Watch {
    fn entry(&mut self, id: EntryId, stage: &dyn Stage) {
        let Some(entry) = stage.timeline().get(id) else { return };
        match entry.subject.kind {
            Kind::Action if self.waits_for_action && self.begins.is_none() => self.begin(entry.at, stage),
            Kind::Pod => {
                self.dirty = true;
                self.pod_entry(id, &entry);
            }
            Kind::Service => {
                self.dirty = true;
                self.services.entry(entry.subject).or_default();
                self.others.insert(entry.subject, id);
            }
            kind if is_workload(kind) => {
                self.dirty = true;
                // What a Deployment owns is counted with it.
                if kind != Kind::ReplicaSet {
                    self.workloads.entry(entry.subject).or_default();
                }
                self.others.insert(entry.subject, id);
            }
            Kind::Fault | Kind::Action | Kind::Scenario => {}
            // What a graph goes through is told beside the state that it is in.
            Kind::Graph if !is_state_of_graph(entry.became) => {}
            _ => {
                self.others.insert(entry.subject, id);
            }
        }
    }

    fn instant_ended(&mut self, stage: &dyn Stage) {
        self.ends = stage.now();
        if std::mem::take(&mut self.dirty) {
            match self.begins {
                Some(_) => self.count(stage),
                None => self.look(stage),
            }
        }
    }

    fn due(&self) -> Option<Time> {
        None
    }

    fn settled(&self) -> bool {
        false
    }

    fn finish(&mut self, stage: &dyn Stage) -> Vec<Verdict> {
        self.ends = stage.now();
        Vec::new()
    }
}

impl Watch {
    /// When nothing had happened for so long at the end that nothing will.
    pub fn is_still(&self, wait: Duration) -> bool {
        self.ends.since(self.last_progress) >= wait
    }
}
