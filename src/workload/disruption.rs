//! What an operator, a cloud provider or bad luck does to a node as a whole.

use super::pod::Taint;
use crate::kernel::Duration;

/// What is done to a node.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum NodeDisruption {
    /// Its kubelet is not heard of and hears of nothing; its containers go on.
    Silent {
        /// For how long; `None`: for ever.
        lasts: Option<Duration>,
    },
    /// No new pods (`kubectl cordon`).
    Cordon {
        /// For how long; `None`: until it is uncordoned.
        lasts: Option<Duration>,
    },
    /// New pods again (`kubectl uncordon`).
    Uncordon,
    /// A taint is set (`kubectl taint`).
    Taint {
        /// The taint.
        taint: Taint,
        /// For how long; `None`: until it is taken off.
        lasts: Option<Duration>,
    },
    /// Every taint with this key is taken off.
    Untaint {
        /// The key.
        key: String,
    },
    /// It is cordoned and its pods are evicted (`kubectl drain`).
    Drain(Drain),
    /// It shuts down: with a grace period its kubelet ends the pods in order first, then the node is off.
    Shutdown {
        /// The kubelet's `shutdownGracePeriod`; zero, its default: nobody is told.
        grace_period: Duration,
        /// The part of it that is kept for critical pods (`shutdownGracePeriodCriticalPods`).
        critical: Duration,
        /// For how long it stays off; `None`: for ever.
        lasts: Option<Duration>,
    },
    /// The provider takes it back after a notice.
    Reclaim {
        /// From the notice to the end of the node.
        notice: Duration,
        /// A handler of the notice drains the node meanwhile.
        drains: bool,
    },
}

/// The options of `kubectl drain` that decide anything. Pods of DaemonSets are always left (`--ignore-daemonsets`).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Drain {
    /// `--force`: pods that no controller would make again go too; without it they refuse the drain.
    pub force: bool,
    /// `--delete-emptydir-data`: pods with data in an `emptyDir` go too; without it they refuse the drain.
    pub deletes_empty_dirs: bool,
    /// `--disable-eviction`: pods are deleted, whatever budgets say.
    pub ignores_budgets: bool,
    /// `--grace-period`; `None`: that of each pod.
    pub grace_period: Option<Duration>,
    /// `--timeout`; `None`: it is tried for ever.
    pub timeout: Option<Duration>,
}
