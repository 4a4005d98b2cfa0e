//! How the new takes the place of the old: the words and the arithmetic that Kubernetes and the systems share. What a strategy
//! decides is a function of what it is shown; who carries that out, and when it looks again, is not known here.
//!
//! | module | strategy | who uses it |
//! |---|---|---|
//! | `rolling` | bounds of a rolling update | Deployments, Argo Rollouts |
//! | `replacement` | replace one by one within bounds, as it is seen | Backend.AI's routes |
//! | `group_rolling` | replace within a group, by what is wanted on both sides | Backend.AI's replica groups |
//! | `blue_green` | make all the new, then switch | Backend.AI's routes |
//! | `traffic_shift` | move traffic at once, after a delay, or by shares | Backend.AI's replica groups |
//! | `bounce` | brutal, crossover, upthendown, downthenup | PaaSTA |
//!
//! What decides by a custom resource's own algorithm (Argo's canary and blue-green) stands with its controller.

pub mod blue_green;
pub mod bounce;
pub mod group_rolling;
pub mod replacement;
pub mod rolling;
pub mod traffic_shift;

pub use rolling::Bounds;

/// How the pods of a workload are replaced.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Strategy {
    /// All old pods end before the first new one starts.
    Recreate,
    /// New pods come and old pods go within bounds.
    RollingUpdate {
        /// Pods above the wanted number; a percentage is rounded up.
        max_surge: IntOrPercent,
        /// Pods that may be missing; a percentage is rounded down.
        max_unavailable: IntOrPercent,
    },
}

/// A number of pods, or a share of the wanted number.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum IntOrPercent {
    /// So many pods.
    Int(u32),
    /// So many hundredths of the wanted number.
    Percent(u32),
}

impl Default for Strategy {
    /// A rolling update with 25 % and 25 %: k8s.io/kubernetes v1.36.3, pkg/apis/apps/v1/defaults.go.
    fn default() -> Strategy {
        let quarter = IntOrPercent::Percent(25);
        Strategy::RollingUpdate { max_surge: quarter, max_unavailable: quarter }
    }
}

impl std::fmt::Display for IntOrPercent {
    /// `1`, `25%`.
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            IntOrPercent::Int(count) => write!(out, "{count}"),
            IntOrPercent::Percent(percent) => write!(out, "{percent}%"),
        }
    }
}

impl IntOrPercent {
    /// The number of pods out of `replicas`, a fraction rounded up.
    pub const fn rounded_up(self, replicas: u32) -> u32 {
        match self {
            IntOrPercent::Int(count) => count,
            IntOrPercent::Percent(percent) => (replicas as u64 * percent as u64).div_ceil(100) as u32,
        }
    }

    /// The number of pods out of `replicas`, a fraction rounded down.
    pub const fn rounded_down(self, replicas: u32) -> u32 {
        match self {
            IntOrPercent::Int(count) => count,
            IntOrPercent::Percent(percent) => (replicas as u64 * percent as u64 / 100) as u32,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn surge_rounds_up_and_unavailable_down() {
        let quarter = IntOrPercent::Percent(25);
        assert_eq!((quarter.rounded_up(3), quarter.rounded_down(3)), (1, 0));
        assert_eq!((quarter.rounded_up(8), quarter.rounded_down(8)), (2, 2));
        assert_eq!(IntOrPercent::Percent(100).rounded_up(u32::MAX), u32::MAX);
    }
}
