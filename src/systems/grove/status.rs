//! What Grove's controllers write of their objects. Hashes are numbers here: two are equal where the real ones are.
//! Source: ai-dynamo/grove, operator/api/core/v1alpha1 and operator/api/common/constants/constants.go.

use crate::kernel::Time;

/// The hash of a template, or of all templates of a set.
pub type Hash = u64;

/// A condition of a status.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Condition {
    /// Which.
    pub kind: ConditionKind,
    /// True, false, or `None` for unknown.
    pub holds: Option<bool>,
    /// Why.
    pub reason: &'static str,
    /// When it last became so.
    pub since: Time,
}

/// The conditions that Grove writes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum ConditionKind {
    /// Fewer pods or copies are there than must be.
    MinAvailableBreached,
    /// A PodClique has enough pods with a node.
    PodCliqueScheduled,
    /// A replica's pods were deleted and have not come back yet.
    GangTerminationInProgress,
    /// It was whole once: pull request #790.
    HealthyStateObserved,
    /// A topology names a level that the cluster has not.
    TopologyLevelsUnavailable,
    /// All pods of a PodGang are there.
    Initialized,
    /// The scheduler placed the least pods of every group of a PodGang.
    Scheduled,
}

impl ConditionKind {
    /// The condition as the API has it.
    pub const fn text(self) -> &'static str {
        match self {
            ConditionKind::MinAvailableBreached => "MinAvailableBreached",
            ConditionKind::PodCliqueScheduled => "PodCliqueScheduled",
            ConditionKind::GangTerminationInProgress => "GangTerminationInProgress",
            ConditionKind::HealthyStateObserved => "HealthyStateObserved",
            ConditionKind::TopologyLevelsUnavailable => "TopologyLevelsUnavailable",
            ConditionKind::Initialized => "Initialized",
            ConditionKind::Scheduled => "Scheduled",
        }
    }
}

/// The conditions of one status, each kind once.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Conditions(Vec<Condition>);

impl Conditions {
    /// The condition of this kind.
    pub fn get(&self, kind: ConditionKind) -> Option<Condition> {
        self.0.iter().find(|condition| condition.kind == kind).copied()
    }

    /// True if the condition is there and true.
    pub fn holds(&self, kind: ConditionKind) -> bool {
        self.get(kind).is_some_and(|condition| condition.holds == Some(true))
    }

    /// Writes a condition; the time is kept unless the truth changed, as `meta.SetStatusCondition` does.
    /// Source: k8s.io/apimachinery v0.36.3, pkg/api/meta/conditions.go.
    pub fn set(&mut self, mut new: Condition) {
        match self.0.iter_mut().find(|condition| condition.kind == new.kind) {
            Some(old) => {
                if old.holds == new.holds {
                    new.since = old.since;
                }
                *old = new;
            }
            None => self.0.push(new),
        }
    }

    /// Takes a condition out.
    pub fn remove(&mut self, kind: ConditionKind) {
        self.0.retain(|condition| condition.kind != kind);
    }

    /// All of them, in the order in which they came to be.
    pub fn iter(&self) -> impl Iterator<Item = Condition> {
        self.0.iter().copied()
    }
}

/// `status` of a PodCliqueSet.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct PodCliqueSetStatus {
    /// The generation that was wholly handled last; `None`: none yet.
    pub observed_generation: Option<u64>,
    /// Replicas that are wanted.
    pub replicas: u32,
    /// Replicas of the newest templates.
    pub updated: u32,
    /// Replicas of which nothing is breached.
    pub available: u32,
    /// The hash of all templates that it goes by.
    pub generation_hash: Option<Hash>,
    /// How an update fares.
    pub update: Option<SetUpdate>,
    /// Conditions.
    pub conditions: Conditions,
}

/// How an update of a PodCliqueSet fares.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SetUpdate {
    /// When it began.
    pub started_at: Time,
    /// When nothing was left to do.
    pub ended_at: Option<Time>,
    /// The replica that is updated now.
    pub current: Option<u32>,
}

/// `status` of a PodCliqueScalingGroup.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct PodCliqueScalingGroupStatus {
    /// The generation that was wholly handled last; `None`: none yet.
    pub observed_generation: Option<u64>,
    /// Copies that are wanted.
    pub replicas: u32,
    /// Copies all of whose cliques have enough pods with a node.
    pub scheduled: u32,
    /// Copies all of whose cliques have enough ready pods.
    pub available: u32,
    /// Available copies of the newest templates.
    pub updated: u32,
    /// The hash of all templates that all its cliques follow.
    pub set_hash: Option<Hash>,
    /// How an update fares.
    pub update: Option<GroupUpdate>,
    /// Conditions.
    pub conditions: Conditions,
}

/// How an update of a PodCliqueScalingGroup fares.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct GroupUpdate {
    /// When it began.
    pub started_at: Time,
    /// When nothing was left to do.
    pub ended_at: Option<Time>,
    /// To which hash of the set.
    pub set_hash: Hash,
    /// The copy that is updated now.
    pub current: Option<u32>,
    /// Copies that were ready and have been updated.
    pub completed: Vec<u32>,
}

/// `status` of a PodClique.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct PodCliqueStatus {
    /// The generation that was wholly handled last; `None`: none yet.
    pub observed_generation: Option<u64>,
    /// Pods that are not on their way out.
    pub replicas: u32,
    /// Of these, pods that are ready.
    pub ready: u32,
    /// Pods of the newest template.
    pub updated: u32,
    /// Pods that still have the scheduling gate.
    pub gated: u32,
    /// Pods that have a node.
    pub scheduled: u32,
    /// The hash of all templates that it follows.
    pub set_hash: Option<Hash>,
    /// The hash of the template that its pods follow.
    pub template_hash: Option<Hash>,
    /// How an update fares.
    pub update: Option<CliqueUpdate>,
    /// Conditions.
    pub conditions: Conditions,
}

/// How an update of a PodClique fares.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CliqueUpdate {
    /// When it began.
    pub started_at: Time,
    /// When nothing was left to do.
    pub ended_at: Option<Time>,
    /// To which hash of the set.
    pub set_hash: Hash,
    /// To which template.
    pub template_hash: Hash,
    /// The ready pod that is replaced now.
    pub current: Option<String>,
    /// Ready pods that have been replaced.
    pub completed: Vec<String>,
}

/// `status` of a PodGang.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct PodGangStatus {
    /// `Pending`, `Starting` or `Running`; empty until it is written.
    pub phase: &'static str,
    /// Conditions.
    pub conditions: Conditions,
}
