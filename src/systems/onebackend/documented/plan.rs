//! One step of an update or a change of size, as a function of what is there: how many new instances come and how many go.
//! Source: the page of Deploy Svc at 1backend/1backend 1305defcf2: a rolling update starts new instances beside the old ones and
//! takes old ones out once new ones are healthy, within maxUnavailable and maxSurge; a recreation stops all first.
//! *Assumed*: where both bounds are 0, one instance may be missing, as in Kubernetes.

use crate::workload::Strategy;
use crate::workload::strategy::Bounds;

/// What is there, and what is wanted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct There {
    /// How many instances there are to be.
    pub wanted: u32,
    /// Instances of the newest revision that are healthy.
    pub new_healthy: u32,
    /// Instances of the newest revision that are on their way.
    pub new_coming: u32,
    /// Old instances that are healthy.
    pub old_healthy: u32,
    /// Old instances that are not.
    pub old_unhealthy: u32,
    /// Instances that were told to stop and still run.
    pub stopping: u32,
}

/// What comes next.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Step {
    /// New instances to start.
    pub start: u32,
    /// Old healthy instances to stop.
    pub stop_healthy: u32,
    /// Old instances to stop that are not healthy, which nobody misses.
    pub stop_unhealthy: u32,
    /// Surplus instances of the newest revision to stop.
    pub stop_new: u32,
}

/// One step.
pub fn step(there: There, strategy: &Strategy) -> Step {
    let There { wanted, new_healthy, new_coming, old_healthy, old_unhealthy, stopping } = there;
    let new = new_healthy + new_coming;
    let stop_new = new.saturating_sub(wanted);
    if *strategy == Strategy::Recreate {
        let old = old_healthy + old_unhealthy;
        let start = if old + stopping == 0 { wanted.saturating_sub(new) } else { 0 };
        return Step { start, stop_healthy: old_healthy, stop_unhealthy: old_unhealthy, stop_new };
    }
    let bounds = Bounds::of_strategy(strategy, wanted);
    let least = wanted.saturating_sub(bounds.unavailable);
    let stop_healthy = (new_healthy.min(wanted) + old_healthy).saturating_sub(least).min(old_healthy);
    // While there is nothing old, there is nothing to be careful with.
    let most = wanted.saturating_add(bounds.surge);
    let room = match old_healthy + old_unhealthy {
        0 => wanted,
        old => most.saturating_sub(new + old - stop_healthy - old_unhealthy),
    };
    Step { start: room.min(wanted.saturating_sub(new)), stop_healthy, stop_unhealthy: old_unhealthy, stop_new }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop_assert, prop_assert_eq, proptest};

    use super::*;
    use crate::workload::IntOrPercent;

    fn rolling(unavailable: u32, surge: u32) -> Strategy {
        let (max_unavailable, max_surge) = (IntOrPercent::Int(unavailable), IntOrPercent::Int(surge));
        Strategy::RollingUpdate { max_surge, max_unavailable }
    }

    #[test]
    fn a_recreation_stops_all_and_then_starts_all() {
        let there = There { wanted: 3, old_healthy: 3, ..There::default() };
        assert_eq!(step(there, &Strategy::Recreate), Step { stop_healthy: 3, ..Step::default() });
        let there = There { wanted: 3, stopping: 1, ..There::default() };
        assert_eq!(step(there, &Strategy::Recreate), Step::default());
        let there = There { wanted: 3, ..There::default() };
        assert_eq!(step(there, &Strategy::Recreate), Step { start: 3, ..Step::default() });
    }

    #[test]
    fn without_unavailability_a_new_instance_comes_first() {
        let there = There { wanted: 3, old_healthy: 3, ..There::default() };
        assert_eq!(step(there, &rolling(0, 1)), Step { start: 1, ..Step::default() });
        let there = There { new_coming: 1, ..there };
        assert_eq!(step(there, &rolling(0, 1)), Step::default());
        let there = There { new_coming: 0, new_healthy: 1, ..there };
        assert_eq!(step(there, &rolling(0, 1)), Step { start: 1, stop_healthy: 1, ..Step::default() });
    }

    proptest! {
        /// Whatever the bounds, an update whose new instances become healthy ends, and never leaves its bounds meanwhile.
        #[test]
        fn an_update_keeps_its_bounds_and_ends(
            wanted in 1_u32..20, old in 0_u32..25, unavailable in 0_u32..6, surge in 0_u32..6,
        ) {
            let strategy = rolling(unavailable, surge);
            let bounds = Bounds::of_strategy(&strategy, wanted);
            let mut there = There { wanted, old_healthy: old, ..There::default() };
            for _ in 0..200 {
                let step = step(there, &strategy);
                let available = there.new_healthy + there.old_healthy;
                there.old_healthy -= step.stop_healthy;
                there.new_coming += step.start;
                let after = there.new_healthy + there.old_healthy;
                prop_assert!(after == available || after >= wanted - bounds.unavailable);
                if there.old_healthy > 0 && step.start > 0 {
                    prop_assert!(after + there.new_coming <= wanted + bounds.surge);
                }
                there.new_healthy += there.new_coming;
                there.new_coming = 0;
            }
            prop_assert_eq!((there.new_healthy, there.old_healthy), (wanted, 0));
        }
    }
}
