//! What a rollout costs while it goes on: the figures of one run.

use crate::kernel::{Duration, Time};

/// GPUs that pods hold.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Gpus {
    /// When the rollout began.
    pub before: u64,
    /// The most at the end of any instant of it.
    pub peak: u64,
    /// When that was first so.
    pub peak_at: Time,
    /// At its end.
    pub after: u64,
    /// GPUs of ready nodes at its end.
    pub capacity: u64,
}

impl Gpus {
    /// The most that were held above what is held before and after: what the rollout itself needs.
    pub fn above_steady(&self) -> u64 {
        self.peak.saturating_sub(self.before.max(self.after))
    }
}

/// The pods of a workload.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Workload {
    /// The workload: `Deployment/web`, `deployment/vllm`.
    pub subject: String,
    /// Available pods when the rollout began; `None`: it was not there.
    pub before: Option<u32>,
    /// The fewest available pods once as many were available as wanted.
    pub lowest: u32,
    /// When that was first so.
    pub lowest_at: Time,
    /// Available pods at the end.
    pub after: u32,
    /// Pods that are wanted at the end.
    pub desired: u32,
}

/// The endpoints of a Service.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Service {
    /// The Service: `Service/web`.
    pub subject: String,
    /// The fewest ready endpoints once there was one; `None`: there never was.
    pub lowest: Option<u32>,
    /// When it had no ready endpoint after it had one. The last may have no end.
    pub outages: Vec<Outage>,
}

/// A time without a ready endpoint.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Outage {
    /// Its begin.
    pub from: Time,
    /// Its end; `None`: it goes on.
    pub until: Option<Time>,
}

impl Service {
    /// How long it was without a ready endpoint in all, up to `now` where an outage goes on.
    pub fn outage(&self, now: Time) -> Duration {
        let length = |outage: &Outage| outage.until.unwrap_or(now).since(outage.from);
        self.outages.iter().map(length).fold(Duration::ZERO, |sum, one| sum + one)
    }

    /// True if it has no ready endpoint at the end, although it had one.
    pub fn is_out(&self) -> bool {
        self.outages.last().is_some_and(|last| last.until.is_none())
    }
}

/// A time in which nothing of the rollout went on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Stall {
    /// The last progress before it.
    pub from: Time,
    /// How long it was; up to the end of the run where nothing came any more.
    pub length: Duration,
}
