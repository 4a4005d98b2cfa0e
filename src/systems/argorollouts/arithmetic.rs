//! What the source works out with floating-point numbers, operation by operation; what leaves here is whole.
//! Source: argo-rollouts v1.10.1, utils/replicaset/canary.go and metricproviders/job/job.go.

use crate::kernel::Duration;

/// One way to share pods out: new ones, of all.
pub type Share = (u32, u32);

/// New pods rounded up and rounded down are equally far from the weight (`floorCeilingTied`).
pub fn is_tied(weight: u32, replicas: u32) -> bool {
    let exact = f64::from(replicas) * (f64::from(weight) / 100.0);
    exact - exact.trunc() == 0.5
}

/// The first of the shares that come closest to a weight (`weightDelta`).
pub fn closest(weight: u32, shares: &[Share]) -> Option<Share> {
    let delta = |(new, all): Share| (f64::from(new * 100) / f64::from(all) - f64::from(weight)).abs();
    let mut best = *shares.first()?;
    for share in &shares[1..] {
        if delta(*share) < delta(best) {
            best = *share;
        }
    }
    Some(best)
}

/// How long until a Job that has run for a while is looked at again (`Resume`).
pub fn look_again_after(elapsed: Duration) -> Duration {
    let seconds = elapsed.nanos() as f64 / 1e9;
    Duration::from_nanos(((2.0 * seconds).sqrt() * 1e9) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ties_are_those_of_the_source() {
        assert!(is_tied(50, 3));
        assert!(!is_tied(50, 4));
        // Exactly 14.5, and not so in floating-point numbers.
        assert!(!is_tied(29, 50));
    }

    #[test]
    fn the_first_of_equals_is_taken() {
        assert_eq!(closest(50, &[(3, 4), (1, 4)]), Some((3, 4)));
        // Equally far, and not so in floating-point numbers.
        assert_eq!(closest(50, &[(2, 3), (1, 3)]), Some((1, 3)));
        assert_eq!(closest(10, &[(1, 10), (1, 11)]), Some((1, 10)));
        assert_eq!(closest(10, &[]), None);
    }

    #[test]
    fn a_job_is_looked_at_more_and_more_seldom() {
        assert_eq!(look_again_after(Duration::from_secs(2)), Duration::from_secs(2));
        assert_eq!(look_again_after(Duration::from_secs(8)), Duration::from_secs(4));
        assert_eq!(look_again_after(Duration::ZERO), Duration::ZERO);
    }
}
