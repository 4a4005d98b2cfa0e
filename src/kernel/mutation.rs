//! Deliberate faults of the models, by which the oracles are tested: each makes one decision wrong at one place of the code. A
//! program for use has none of them: outside this package's own tests [`is_on`] is `false` when it is compiled.

/// A deliberate fault.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mutation {
    /// The kubelet gives out GPUs that are held already.
    DevicesGivenTwice,
    /// What pods ask for is not counted where they are bound.
    RequestsNotCounted,
    /// The scheduler forgets pods that found no node.
    PodsForgotten,
    /// A ReplicaSet makes one pod too many, and takes it away again.
    OnePodTooMany,
    /// A Deployment takes its old pods away before the new ones are available.
    OldPodsGoEarly,
    /// A Deployment keeps all its old ReplicaSets.
    HistoryKept,
    /// The pods of a deleted ReplicaSet stay.
    PodsOrphaned,
    /// A node that is back stays unreachable for the scheduler.
    TaintStays,
    /// A blueprint's deployment starts before those that it depends on.
    GateOpen,
    /// A Rollout switches its Service to pods that are not available.
    SwitchedEarly,
    /// A Rollout that is aborted leaves its Service where it is.
    AbortKeepsTraffic,
    /// A Rollout that is aborted keeps its new pods.
    AbortKeepsPods,
    /// A sub-step of Backend.AI's rollouts goes on beyond its time-out.
    TimeoutLost,
}

#[cfg(not(test))]
/// True while this fault is in the models: never in a program for use.
pub const fn is_on(_: Mutation) -> bool {
    false
}

#[cfg(test)]
pub use in_tests::{is_on, with};

#[cfg(test)]
mod in_tests {
    use std::cell::Cell;

    use super::Mutation;

    std::thread_local! {
        /// Each test has a thread of its own, and its runs stay on it.
        static ACTIVE: Cell<Option<Mutation>> = const { Cell::new(None) };
    }

    /// True while this fault is in the models.
    pub fn is_on(mutation: Mutation) -> bool {
        ACTIVE.get() == Some(mutation)
    }

    /// Does something with a fault in the models, on this thread.
    pub fn with<T>(mutation: Mutation, act: impl FnOnce() -> T) -> T {
        ACTIVE.set(Some(mutation));
        let done = act();
        ACTIVE.set(None);
        done
    }
}
