//! Watches one run and measures it. It keeps what it needs of whom it has met; at an instant at which nothing of that changed it does
//! nothing.

use std::collections::{BTreeMap, BTreeSet};

use crate::kernel::{Duration, Time};
use crate::plan::course::is_settled;
use crate::rehearsal::{Observer, Verdict};
use crate::timeline::{EntryId, Kind, Subject};
use crate::workload::Stage;

/// A watch over one run.
#[derive(Clone, Debug)]
pub struct Watch {
    first_deploy: Time,
    last_deploy: Time,
    /// Whom systems tell of as a whole, and whether that is as it should be.
    told: BTreeMap<Subject, bool>,
    /// Since when all of it is.
    settled_since: Option<Time>,
    ready_at: Option<Time>,
    workloads: BTreeMap<Subject, Workload>,
    services: BTreeMap<Subject, Service>,
    waiting: BTreeSet<Subject>,
    gpus: Gpus,
    /// What changed at this instant.
    pods_changed: bool,
    told_changed: bool,
}

#[derive(Clone, Copy, Debug, Default)]
struct Workload {
    was_complete: bool,
    lowest_ppm: Option<i64>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Service {
    had_somebody: bool,
    out_since: Option<Time>,
    out: Duration,
}

#[derive(Clone, Copy, Debug, Default)]
struct Gpus {
    held: u64,
    peak: u64,
    since: Time,
    /// GPUs times nanoseconds, up to `since`.
    integral: u128,
}

/// What was measured.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Measured {
    /// From the first document to when all was as it should be for the first time.
    pub ready: Option<Duration>,
    /// The same for the last time.
    pub settled: Option<Duration>,
    /// The longest outage in all of one Service.
    pub outage: Duration,
    /// The least share of available pods in millionths.
    pub lowest_ppm: Option<i64>,
    /// GPU-seconds.
    pub gpu_secs: i64,
    /// The most GPUs held.
    pub peak_gpus: u64,
    /// Pods without a node.
    pub pods_pending: usize,
}

impl Watch {
    /// A watch over a run in which documents are submitted at these times.
    pub fn new(deploys: impl Iterator<Item = Time> + Clone) -> Watch {
        Watch {
            first_deploy: deploys.clone().min().unwrap_or(Time::ZERO),
            last_deploy: deploys.max().unwrap_or(Time::ZERO),
            told: BTreeMap::new(),
            settled_since: None,
            ready_at: None,
            workloads: BTreeMap::new(),
            services: BTreeMap::new(),
            waiting: BTreeSet::new(),
            gpus: Gpus::default(),
            pods_changed: false,
            told_changed: false,
        }
    }

    fn count(&mut self, stage: &dyn Stage) {
        let now = stage.now();
        self.gpus.advance(now);
        self.gpus.held = stage.gpus().1;
        self.gpus.peak = self.gpus.peak.max(self.gpus.held);
        for (subject, workload) in &mut self.workloads {
            let Some(counts) = stage.counts(*subject).filter(|counts| counts.desired > 0) else { continue };
            workload.was_complete |= counts.available >= counts.desired;
            if workload.was_complete {
                let share = i64::from(counts.available.min(counts.desired)) * 1_000_000 / i64::from(counts.desired);
                workload.lowest_ppm = Some(workload.lowest_ppm.map_or(share, |lowest| lowest.min(share)));
            }
        }
        for (subject, service) in &mut self.services {
            match stage.ready_endpoints(*subject) {
                Some(0) if service.had_somebody => {
                    service.out_since.get_or_insert(now);
                }
                Some(0) => {}
                // One that is gone is missed by nobody.
                None => service.end_outage(now),
                Some(_) => {
                    service.had_somebody = true;
                    service.end_outage(now);
                }
            }
        }
    }

    fn settle(&mut self, now: Time) {
        let is_settled = !self.told.is_empty() && self.told.values().all(|settled| *settled);
        if !is_settled {
            self.settled_since = None;
        } else if self.settled_since.is_none() {
            self.settled_since = Some(now);
        }
        if now >= self.last_deploy && is_settled && self.ready_at.is_none() {
            self.ready_at = Some(now);
        }
    }

    /// What was measured, once the run is over.
    pub fn measured(&self, end: Time) -> Measured {
        let mut gpus = self.gpus;
        gpus.advance(end);
        let outage =
            |service: &Service| service.out + service.out_since.map_or(Duration::ZERO, |since| end.since(since));
        let from = self.first_deploy;
        Measured {
            ready: self.ready_at.map(|at| at.since(from)),
            settled: self.settled_since.map(|at| at.max(self.last_deploy).since(from)),
            outage: self.services.values().map(outage).max().unwrap_or(Duration::ZERO),
            lowest_ppm: self.workloads.values().filter_map(|workload| workload.lowest_ppm).min(),
            gpu_secs: (gpus.integral / 1_000_000_000) as i64,
            peak_gpus: gpus.peak,
            pods_pending: self.waiting.len(),
        }
    }
}

impl Gpus {
    fn advance(&mut self, now: Time) {
        self.integral += u128::from(self.held) * u128::from(now.since(self.since).nanos());
        self.since = now;
    }
}

impl Service {
    fn end_outage(&mut self, now: Time) {
        if let Some(since) = self.out_since.take() {
            self.out = self.out + now.since(since);
        }
    }
}

/// Kinds that have pods which count; what a Deployment owns is counted with it.
const fn is_workload(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Deployment | Kind::Rollout | Kind::StatefulSet | Kind::DaemonSet | Kind::LeaderWorkerSet | Kind::Member
    )
}

impl Observer for Watch {
    fn entry(&mut self, id: EntryId, stage: &dyn Stage) {
        let Some(entry) = stage.timeline().get(id) else { return };
        let subject = entry.subject;
        match subject.kind {
            Kind::Pod => {
                self.pods_changed = true;
                match entry.became {
                    "Pending" => drop(self.waiting.insert(subject)),
                    "Scheduled" | "Deleted" => drop(self.waiting.remove(&subject)),
                    _ => {}
                }
            }
            Kind::Service => {
                self.pods_changed = true;
                self.services.entry(subject).or_default();
            }
            kind => {
                if is_workload(kind) {
                    self.pods_changed = true;
                    self.workloads.entry(subject).or_default();
                }
                if let Some(settled) = is_settled(kind, entry.became) {
                    self.told_changed = true;
                    self.told.insert(subject, settled);
                }
            }
        }
    }

    fn instant_ended(&mut self, stage: &dyn Stage) {
        if std::mem::take(&mut self.pods_changed) {
            self.count(stage);
        }
        if std::mem::take(&mut self.told_changed) || (self.ready_at.is_none() && self.settled_since.is_some()) {
            self.settle(stage.now());
        }
    }

    fn due(&self) -> Option<Time> {
        None
    }

    // It decides nothing: a run that stops once all is decided does so with it too.
    fn settled(&self) -> bool {
        true
    }

    fn finish(&mut self, _stage: &dyn Stage) -> Vec<Verdict> {
        Vec::new()
    }
}
