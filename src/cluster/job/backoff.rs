//! The wait before a failed pod of a Job is replaced: it doubles with each failure since the last success, and begins
//! with the last failure. Source: backoff_utils.go of pkg/controller/job, k8s.io/kubernetes v1.36.3.

use super::super::Profile;
use crate::kernel::{Duration, Time};

/// A pod that ended, and when, in whole seconds as a container's status has it.
pub type Ended = (super::PodId, Time);

/// Failures since the last success.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Backoff {
    failures: u32,
    last_failure: Option<Time>,
}

impl Backoff {
    /// The record after these pods have ended (`newBackoffRecord`).
    pub fn after(self, succeeded: &[Ended], failed: &[Ended]) -> Backoff {
        let last = |ended: &[Ended]| ended.iter().map(|(_, at)| *at).max();
        match (last(succeeded), last(failed)) {
            (None, None) => self,
            (None, Some(at)) => Backoff { failures: self.failures + failed.len() as u32, last_failure: Some(at) },
            (Some(success), _) => {
                let later = || failed.iter().map(|(_, at)| *at).filter(|at| *at > success);
                Backoff { failures: later().count() as u32, last_failure: later().max() }
            }
        }
    }

    /// How long to wait from `now` on.
    pub fn remaining(self, profile: &Profile, now: Time) -> Duration {
        self.last_failure.map_or(Duration::ZERO, |at| remaining(profile, self.failures, at, now))
    }
}

/// `getRemainingTimeForFailuresCount`.
pub fn remaining(profile: &Profile, failures: u32, last_failure: Time, now: Time) -> Duration {
    if failures == 0 {
        return Duration::ZERO;
    }
    let doubled = profile.job_backoff * (1_u64 << (failures - 1).min(20));
    (last_failure + doubled.min(profile.job_backoff_max)).since(now)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::PodId;

    fn second(count: u64) -> Time {
        Time::ZERO + Duration::from_secs(count)
    }

    #[test]
    fn the_wait_doubles_up_to_ten_minutes() {
        let profile = Profile::kubernetes_1_36();
        let wait = |failures| remaining(&profile, failures, second(100), second(100));
        assert_eq!([0, 1, 2, 3].map(wait), [0, 10, 20, 40].map(Duration::from_secs));
        assert_eq!(wait(7), Duration::from_secs(600));
        assert_eq!(wait(100), Duration::from_secs(600));
        assert_eq!(remaining(&profile, 1, second(100), second(104)), Duration::from_secs(6));
    }

    #[test]
    fn a_success_resets_the_failures_before_it() {
        let pod = PodId(0);
        let twice = Backoff::default().after(&[], &[(pod, second(1)), (pod, second(2))]);
        assert_eq!(twice, Backoff { failures: 2, last_failure: Some(second(2)) });
        assert_eq!(twice.after(&[(pod, second(5))], &[]), Backoff::default());
        let mixed = twice.after(&[(pod, second(5))], &[(pod, second(4)), (pod, second(6))]);
        assert_eq!(mixed, Backoff { failures: 1, last_failure: Some(second(6)) });
    }
}
