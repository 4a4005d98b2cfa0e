//! The conditions of a Rollout's status. Source: argo-rollouts v1.10.1, utils/conditions/conditions.go.

use crate::kernel::Time;

/// What a condition is about.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum ConditionType {
    /// Its spec cannot be carried out.
    InvalidSpec,
    /// Enough pods serve.
    Available,
    /// An update goes on, or not.
    Progressing,
    /// It is paused.
    Paused,
    /// All is as it should be.
    Healthy,
    /// The newest template is the stable one.
    Completed,
}

impl ConditionType {
    /// The type as the API writes it.
    pub const fn text(self) -> &'static str {
        match self {
            ConditionType::InvalidSpec => "InvalidSpec",
            ConditionType::Available => "Available",
            ConditionType::Progressing => "Progressing",
            ConditionType::Paused => "Paused",
            ConditionType::Healthy => "Healthy",
            ConditionType::Completed => "Completed",
        }
    }
}

/// Reasons of the condition `Progressing`, and of the others.
pub mod reason {
    /// The spec cannot be carried out.
    pub const INVALID: &str = "InvalidSpec";
    /// Whether enough pods serve.
    pub const AVAILABLE: &str = "AvailableReason";
    /// A ReplicaSet was made.
    pub const NEW_REPLICASET: &str = "NewReplicaSetCreated";
    /// A ReplicaSet could not be made.
    pub const CREATE_ERROR: &str = "ReplicaSetCreateError";
    /// Something has moved.
    pub const UPDATED: &str = "ReplicaSetUpdated";
    /// A Rollout that was healthy no longer is.
    pub const NOT_AVAILABLE: &str = "ReplicaSetNotAvailable";
    /// All pods of the newest template serve.
    pub const NEW_AVAILABLE: &str = "NewReplicaSetAvailable";
    /// It is paused.
    pub const PAUSED: &str = "RolloutPaused";
    /// It goes on.
    pub const RESUMED: &str = "RolloutResumed";
    /// It was aborted.
    pub const ABORTED: &str = "RolloutAborted";
    /// It begins again after an abort.
    pub const RETRY: &str = "RolloutRetry";
    /// It went without progress for too long.
    pub const TIMED_OUT: &str = "ProgressDeadlineExceeded";
    /// Whether it is healthy.
    pub const HEALTHY: &str = "RolloutHealthy";
    /// Whether it is completed.
    pub const COMPLETED: &str = "RolloutCompleted";
}

/// Whether a condition holds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Truth {
    /// It holds.
    True,
    /// It does not.
    False,
    /// Neither is said.
    Unknown,
}

impl Truth {
    /// The value as the API writes it.
    pub const fn text(self) -> &'static str {
        match self {
            Truth::True => "True",
            Truth::False => "False",
            Truth::Unknown => "Unknown",
        }
    }
}

/// One condition. Its times are in whole seconds, as the API keeps them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Condition {
    /// What it is about.
    pub about: ConditionType,
    /// Whether it holds.
    pub truth: Truth,
    /// When it was last written.
    pub updated_at: Time,
    /// When it last began or ceased to hold.
    pub since: Time,
    /// Why, in a word.
    pub reason: &'static str,
    /// Why, in a sentence.
    pub message: String,
}

/// The conditions in the order in which they were written.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Conditions(pub Vec<Condition>);

impl Conditions {
    /// The condition of a type.
    pub fn get(&self, about: ConditionType) -> Option<&Condition> {
        self.0.iter().find(|one| one.about == about)
    }

    /// The reason of the condition of a type; empty if there is none.
    pub fn reason(&self, about: ConditionType) -> &'static str {
        self.get(about).map_or("", |one| one.reason)
    }

    /// Writes a condition, unless it says what is said already (`SetRolloutCondition`). True if it was written.
    pub fn set(&mut self, mut condition: Condition) -> bool {
        if let Some(current) = self.get(condition.about) {
            if (current.truth, current.reason) == (condition.truth, condition.reason) {
                return false;
            }
            if current.truth == condition.truth {
                condition.since = current.since;
            }
        }
        self.remove(condition.about);
        self.0.push(condition);
        true
    }

    /// Takes a condition out.
    pub fn remove(&mut self, about: ConditionType) {
        self.0.retain(|one| one.about != about);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Duration;

    #[test]
    fn a_condition_keeps_its_time_while_it_says_the_same() {
        let at = |seconds| Time::ZERO + Duration::from_secs(seconds);
        let one = |truth, reason, seconds| Condition {
            about: ConditionType::Progressing,
            truth,
            updated_at: at(seconds),
            since: at(seconds),
            reason,
            message: String::new(),
        };
        let mut all = Conditions::default();
        assert!(all.set(one(Truth::True, reason::UPDATED, 1)));
        assert!(!all.set(one(Truth::True, reason::UPDATED, 2)), "the same is not written again");
        assert!(all.set(one(Truth::True, reason::NEW_AVAILABLE, 3)));
        let kept = all.get(ConditionType::Progressing).expect("it is there");
        assert_eq!((kept.updated_at, kept.since), (at(3), at(1)), "it held all the time");
        assert!(all.set(one(Truth::False, reason::TIMED_OUT, 4)));
        assert_eq!(all.get(ConditionType::Progressing).expect("it is there").since, at(4));
    }
}
