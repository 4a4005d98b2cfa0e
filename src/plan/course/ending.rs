//! How a rollout ended, from what each system tells of what it deployed and from what waits at the end.

use super::super::watch::Watch;
use super::{Outcome, Stuck};
use crate::kernel::Time;
use crate::timeline::{Entry, EntryId, Kind, Subject, Timeline};

/// What the systems themselves say of what they deployed.
pub(super) struct Settled {
    /// When the last of it became as it should be; `None`: not all of it is.
    pub finished: Option<Time>,
    /// The entries of what is not.
    pub unsettled: Vec<EntryId>,
}

/// True if what a system deployed is as it should be once it became this; `None`: that tells nothing.
pub fn is_settled(kind: Kind, became: &str) -> Option<bool> {
    match kind {
        Kind::Manifests | Kind::Group => {
            Some(matches!(became, "ready" | "complete" | "monitoring" | "deleted" | "undeployed"))
        }
        // A graph of Dynamo, and a set of Grove that stands alone, tell of all that is made for them.
        Kind::Graph => Some(matches!(became, "successful" | "deleted")),
        Kind::Request => Some(matches!(became, "deployed" | "ready" | "deleted")),
        Kind::PodCliqueSet => match became {
            "Available" | "UpdateCompleted" | "Deleted" => Some(true),
            "UpdateStarted" | "MinAvailableBreached" | "Terminated" | "Rejected" => Some(false),
            _ => None,
        },
        // A system whose deployments are in no group; of members a group tells.
        Kind::Member => match became {
            "ready" | "destroyed" | "ok" | "removed" => Some(true),
            "error" | "failed" => Some(false),
            "pending" | "initializing" | "provisioning" | "provisioned" | "awaiting_promotion" | "promoting"
            | "finalizing" | "draining" | "rolling_back" | "deploying" | "destroying" => Some(false),
            _ => None,
        },
        _ => None,
    }
}

/// What has settled, by the last entry about each.
pub(super) fn settled(timeline: &Timeline, watch: &Watch) -> Settled {
    let mut settled = Settled { finished: Some(watch.begins()), unsettled: Vec::new() };
    for (subject, id) in watch.others() {
        let Some(entry) = timeline.get(*id) else { continue };
        match is_settled(subject.kind, entry.became) {
            Some(true) => settled.finished = settled.finished.map(|at| at.max(entry.at)),
            Some(false) => {
                settled.finished = None;
                settled.unsettled.push(*id);
            }
            None if subject.kind == Kind::Deployment && entry.became == "ProgressDeadlineExceeded" => {
                settled.unsettled.push(*id);
            }
            None => {}
        }
    }
    settled
}

/// Entries of rollouts that their system gave up and rolled back.
pub(super) fn gave_up(timeline: &Timeline, watch: &Watch) -> Vec<EntryId> {
    let gave_up = timeline.since(0).filter(|(_, entry)| {
        entry.subject.kind == Kind::Member && entry.became == "rolling_back" && entry.at >= watch.begins()
    });
    gave_up.map(|(id, _)| id).collect()
}

/// True if an object that became this last waits for something, or was given up.
pub(super) fn waits(subject: Subject, entry: &Entry) -> bool {
    match subject.kind {
        Kind::Node => matches!(entry.became, "Draining" | "DrainFailed" | "DrainRefused"),
        Kind::PersistentVolumeClaim => {
            matches!(entry.became, "Pending" | "FailedBinding" | "ProvisioningFailed" | "Terminating")
        }
        Kind::Job => matches!(entry.became, "Failed" | "Rejected"),
        Kind::Rollout => matches!(entry.became, "Paused" | "Degraded" | "Rejected"),
        _ => matches!(entry.became, "FailedCreate" | "Rejected" | "ReplicaFailure"),
    }
}
pub(super) fn ended_badly(stuck: &[Stuck], sets: &[Stuck], paused: bool, is_still: bool) -> Outcome {
    let fails = |one: &Stuck| {
        matches!(
            one.became,
            "CrashLoopBackOff"
                | "Error"
                | "Restarted"
                | "ImagePullBackOff"
                | "Rejected"
                | "DrainRefused"
                | "DrainFailed"
        ) || (one.kind == Kind::Job && one.became == "Failed")
            || (one.kind == Kind::Rollout && one.became == "Degraded")
    };
    let waits = |one: &Stuck| {
        matches!(
            one.became,
            "Unschedulable"
                | "SchedulingGated"
                | "FailedMount"
                | "FailedAttachVolume"
                | "WaitsForVolume"
                | "CreateContainerConfigError"
                | "FailedCreate"
                | "Draining"
        )
    };
    let gave_up = sets.iter().any(|one| matches!(one.became, "rejected" | "failed" | "rolling_back"));
    if stuck.iter().any(waits) && is_still {
        Outcome::Deadlocked
    } else if stuck.iter().any(fails) {
        Outcome::Failed
    } else if paused && is_still {
        Outcome::Waiting
    } else if gave_up {
        Outcome::Failed
    } else if is_still {
        Outcome::Deadlocked
    } else {
        Outcome::Unfinished
    }
}
