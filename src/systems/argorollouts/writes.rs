//! What becomes of the controller's writes of ReplicaSets that are there, and when it looks again if one fails. How they are
//! sized is decided elsewhere. Source: argo-rollouts v1.10.1, rollout/replicaset.go, rollout/sync.go and
//! utils/{controller/controller,queue/queue}.go.

use super::Rollout;
use super::profile::V1_10;
use super::sets::ReplicaSet;
use crate::kernel::{Duration, Time};
use crate::timeline::{Arg, Cause, Kind, Subject, Why};
use crate::workload::{AskId, Outcome, World};

/// The controller as entries name it.
const CONTROLLER: &str = "rollout";
/// Doubled more often than this, the first wait is longer than the longest.
const DOUBLINGS_MAX: u32 = 20;

/// What the controller may change of a ReplicaSet.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Stored {
    revision: u32,
    replicas: u32,
    desired: u32,
    deadline: Option<Time>,
    min_ready: Duration,
}

impl ReplicaSet {
    /// What a write of it now would store.
    pub const fn as_stored(&self) -> Stored {
        let ReplicaSet { revision, replicas, desired, deadline, min_ready, .. } = *self;
        Stored { revision, replicas, desired, deadline, min_ready }
    }

    /// It is read again.
    const fn restore(&mut self) {
        let Stored { revision, replicas, desired, deadline, min_ready } = self.stored;
        (self.revision, self.replicas, self.desired) = (revision, replicas, desired);
        (self.deadline, self.min_ready) = (deadline, min_ready);
    }
}

/// A write that was asked for.
#[derive(Clone, Copy, Debug)]
struct Write {
    ask: AskId,
    key: Subject,
    stores: Stored,
    /// It is of a ReplicaSet that is neither the newest nor the stable one.
    is_other: bool,
}

/// Writes that are on their way.
#[derive(Clone, Debug, Default)]
pub struct Writes {
    asked: Vec<Write>,
    /// Reconciliations that failed in a row.
    failures: u32,
}

impl Rollout {
    /// A ReplicaSet that is there was written as it stands here now.
    pub(super) fn remember_write(&mut self, ask: AskId, place: usize, is_other: bool) {
        let set = &self.sets[place];
        self.writes.asked.push(Write { ask, key: set.key, stores: set.as_stored(), is_other });
    }

    /// What became of a write of a ReplicaSet. `None` if it is none of them, else true if it failed: the ReplicaSet is as it was
    /// before, and the reconciliation is repeated.
    pub(super) fn written(
        &mut self,
        ask: AskId,
        outcome: Outcome,
        cause: Cause,
        world: &mut dyn World,
    ) -> Option<bool> {
        let place = self.writes.asked.iter().position(|write| write.ask == ask)?;
        let write = self.writes.asked.remove(place);
        let set = self.sets.iter_mut().find(|set| set.key == write.key);
        let failed = match outcome {
            Outcome::Accepted(_) | Outcome::Measured(_) => {
                if let Some(set) = set {
                    set.stored = write.stores;
                }
                if self.writes.asked.is_empty() {
                    self.writes.failures = 0;
                }
                return Some(false);
            }
            // It is gone; its watch says so.
            Outcome::NotFound => return Some(false),
            Outcome::Refused(_) | Outcome::Failed(_) | Outcome::Unknown => "failed",
            Outcome::Conflict => "conflict",
        };
        // A later write has all of it, and its own answer.
        if self.writes.asked.iter().any(|later| later.key == write.key) {
            return Some(false);
        }
        if let Some(set) = set {
            set.restore();
        }
        let now = world.now();
        let again = match write.is_other {
            // `reconcileOtherReplicaSets` keeps the error to itself: something else must make it look.
            true => next_resync(now),
            false => now + self.writes.back_off(),
        };
        let controller = Subject::new(Kind::Controller, world.name(CONTROLLER));
        let (key, wait) = (Arg::Subject(write.key), Arg::Length(again.since(now)));
        let why = match failed {
            "conflict" => Why::with2("{} has been modified: again after {}", key, wait),
            _ => Why::with2("{} could not be written: again after {}", key, wait),
        };
        world.note(controller, failed, why, cause);
        self.enqueue(again);
        Some(true)
    }
}

impl Writes {
    /// How long the work queue waits after one more failure (`DefaultArgoRolloutsRateLimiter`).
    fn back_off(&mut self) -> Duration {
        let doublings = self.failures.min(DOUBLINGS_MAX);
        self.failures += 1;
        let nanos = V1_10.first_retry.nanos() << doublings;
        Duration::from_nanos(nanos).min(V1_10.failure_retry)
    }
}

/// When all Rollouts are looked at again, if the controller began with the run.
fn next_resync(now: Time) -> Time {
    let period = V1_10.resync.nanos();
    Time::from_nanos((now.nanos() / period + 1) * period)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_doubles_up_to_ten_seconds() {
        let mut writes = Writes::default();
        let waits: Vec<u64> = (0..16).map(|_| writes.back_off().nanos() / 1_000_000).collect();
        assert_eq!(waits[..4], [1, 2, 4, 8]);
        assert_eq!(waits[13..], [8192, 10_000, 10_000]);
    }

    #[test]
    fn a_resync_is_each_quarter_of_an_hour() {
        let minute = |count: u64| Time::ZERO + Duration::from_secs(60 * count);
        assert_eq!([0, 14, 15].map(|at| next_resync(minute(at))), [15, 15, 30].map(minute));
    }
}
