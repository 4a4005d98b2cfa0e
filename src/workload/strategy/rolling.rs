//! Rolling updates: how far one may go above and below the wanted number.

use super::{IntOrPercent, Strategy};

/// How far a rolling update may go above and below the wanted number.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Bounds {
    /// Pods above the wanted number.
    pub surge: u32,
    /// Pods that may be missing.
    pub unavailable: u32,
}

impl Bounds {
    /// No pod above the wanted number, and none that may be missing: what a recreation goes by.
    pub const NONE: Bounds = Bounds { surge: 0, unavailable: 0 };

    /// Surge is rounded up and unavailable down; if both come to nothing, one may be unavailable.
    ///
    /// Source: `ResolveFenceposts` of k8s.io/kubernetes v1.36.3, pkg/controller/deployment/util/deployment_util.go, which
    /// argo-rollouts v1.10.1 repeats (utils/replicaset/replicaset.go).
    pub const fn of(surge: IntOrPercent, unavailable: IntOrPercent, replicas: u32) -> Bounds {
        match (surge.rounded_up(replicas), unavailable.rounded_down(replicas)) {
            (0, 0) => Bounds { surge: 0, unavailable: 1 },
            (surge, unavailable) => Bounds { surge, unavailable },
        }
    }

    /// Those of a strategy, never more missing than there are.
    pub const fn of_strategy(strategy: &Strategy, replicas: u32) -> Bounds {
        match *strategy {
            Strategy::Recreate => Bounds::NONE,
            Strategy::RollingUpdate { max_surge, max_unavailable } => {
                let bounds = Bounds::of(max_surge, max_unavailable, replicas);
                let unavailable = if bounds.unavailable < replicas { bounds.unavailable } else { replicas };
                Bounds { unavailable, ..bounds }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_may_be_missing_where_the_bounds_come_to_nothing() {
        let quarter = IntOrPercent::Percent(25);
        let none = IntOrPercent::Int(0);
        assert_eq!(Bounds::of(none, quarter, 3), Bounds { surge: 0, unavailable: 1 });
        assert_eq!(Bounds::of(quarter, quarter, 3), Bounds { surge: 1, unavailable: 0 });
        let all = Strategy::RollingUpdate { max_surge: none, max_unavailable: IntOrPercent::Int(9) };
        assert_eq!(Bounds::of_strategy(&all, 4), Bounds { surge: 0, unavailable: 4 });
        assert_eq!(Bounds::of_strategy(&Strategy::Recreate, 4), Bounds::NONE);
    }
}
