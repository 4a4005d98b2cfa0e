//! What the words of the systems, and of Kubernetes' own objects that no count of pods tells of, say about what is asked for:
//! whether it is there, on its way, waits for somebody, was given up, or goes. For those who judge a run without knowing what
//! its scenario expects.
//!
//! Which words there are says `timeline::states`; here each of them has a meaning, or is left out because it tells of a step on
//! the way rather than of a state.

use super::grove::ON_DELETE;
use crate::timeline::{Head, Kind};

/// How what is asked for stands, by the last word about it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standing {
    /// It is there.
    There,
    /// It is asked for and not there.
    Coming,
    /// It waits for an operator, or for a pause to end that its document asks for.
    Waits,
    /// It is not there, and its system does nothing more about it and says so.
    GaveUp,
    /// It is being taken away.
    Leaving,
    /// It is gone.
    Gone,
    /// It was never taken on: a document or an action that was refused.
    Refused,
}

/// What an entry says of how its subject stands; `None`: nothing.
pub fn standing_of(entry: &Head) -> Option<Standing> {
    match (entry.subject.kind, entry.became) {
        // Its pods get the new template as somebody deletes them.
        (Kind::PodCliqueSet, "UpdateStarted") if entry.template == ON_DELETE => Some(Standing::Waits),
        (kind, became) => standing(kind, became),
    }
}

/// What a word says about a subject of this kind; `None`: it says nothing of how it stands.
pub fn standing(kind: Kind, became: &str) -> Option<Standing> {
    use Standing::{Coming, GaveUp, Gone, Leaving, Refused, There, Waits};
    Some(match (kind, became) {
        (Kind::Fault | Kind::Action | Kind::Scenario | Kind::Controller | Kind::Traffic, _) => return None,
        (_, "rejected" | "Rejected" | "refused") => Refused,
        (_, "deleted" | "Deleted" | "undeployed" | "destroyed" | "removed" | "Expired") => Gone,
        (_, "deleting" | "undeploying" | "destroying") => Leaving,

        (Kind::Manifests, "ready" | "complete") => There,
        // That manifests are `failed` says what was seen of their objects: nobody gives anything up with that, and a Deployment past its
        // deadline goes on.
        (Kind::Manifests, "submitted" | "progressing" | "degraded" | "failed") => Coming,

        (Kind::Group, "monitoring") => There,
        (Kind::Group, "submitted" | "deploying" | "degraded") => Coming,
        (Kind::Group, "failed") => GaveUp,

        (Kind::Member, word) => return member(word),
        (Kind::Instance, word) => return instance(word),
        (Kind::Step, word) => return step(word),

        (Kind::Gate, "waiting") => Waits,
        (Kind::Gate, "opened") => There,
        (Kind::Gate, "aborted") => Gone,

        (Kind::Definition, "building") => Coming,
        (Kind::Definition, "built" | "saved") => There,
        // An image is built for a deployment, which waits for it and is judged for itself.
        (Kind::Definition, "failed") => Gone,

        // What fails in a pass over a graph is tried again by its controller, without end.
        (Kind::Graph, "created" | "initializing" | "pending" | "failed") => Coming,
        (Kind::Graph, "successful") => There,
        (Kind::Request, "created" | "pending" | "profiling" | "deploying" | "creation_failed") => Coming,
        (Kind::Request, "deployed" | "ready") => There,
        (Kind::Request, "failed") => GaveUp,
        // The graph that it made was deleted by hand, and it does not make it again by design.
        (Kind::Request, "deployment_deleted") => Gone,
        (Kind::Model, "created" | "not_ready") => Coming,
        (Kind::Model, "ready") => There,
        (Kind::Checkpoint, "created" | "pending" | "creating") => Coming,
        (Kind::Checkpoint, "ready") => There,
        (Kind::Checkpoint, "failed") => GaveUp,
        (Kind::DynamoComponentDeployment, "Created" | "Unavailable" | "Failed") => Coming,
        (Kind::DynamoComponentDeployment, "Available") => There,
        (Kind::DynamoComponentDeployment, "Deleting") => Leaving,
        (Kind::PodCliqueSet | Kind::PodClique | Kind::PodCliqueScalingGroup, word) => match word {
            "Created" | "UpdateStarted" | "MinAvailableBreached" | "Failed" => Coming,
            // A clique that is scaled to nothing is not available by what it says, and so it is to be.
            "NotAvailable" if kind == Kind::PodCliqueSet => Coming,
            "UpdateCompleted" | "Available" => There,
            _ => return None,
        },

        (Kind::LeaderWorkerSet, "Created" | "Progressing" | "UpdateInProgress" | "GroupRestarted" | "FailedCreate") => {
            Coming
        }
        (Kind::LeaderWorkerSet, "Available") => There,
        // That it was restarted or has completed an update is no phase: the phase stays, or has an entry of its own.
        (Kind::Rollout, "Created" | "Progressing" | "FailedCreate") => Coming,
        (Kind::Rollout, "Healthy") => There,
        (Kind::Rollout, "Paused") => Waits,
        (Kind::Rollout, "Degraded") => GaveUp,

        (Kind::Job, "Created" | "Resumed" | "FailedCreate") => Coming,
        (Kind::Job, "Suspended") => Waits,
        (Kind::Job, "Complete" | "SuccessCriteriaMet") => There,
        (Kind::Job, "Failed" | "FailureTarget") => GaveUp,

        // How a pool that grows by itself ends its growth is told of its nodes.
        (Kind::NodePool, "Created" | "Provisioning") => Coming,
        (Kind::NodePool, "Ready") => There,
        (Kind::NodePool, "Failed") => GaveUp,
        (Kind::Node, "Draining") => Coming,
        (Kind::Node, "Drained") => There,
        (Kind::Node, "DrainFailed") => GaveUp,
        (Kind::Node, "DrainRefused") => Refused,
        (Kind::Node, "Removed" | "Reclaimed") => Gone,
        (Kind::Namespace | Kind::PersistentVolumeClaim, "Terminating") => Leaving,
        (Kind::PersistentVolumeClaim, "Bound") => There,
        _ => return None,
    })
}

/// A deployment of OCI AI Blueprints, of Backend.AI or of 1Backend: no word means two things in two of them.
fn member(word: &str) -> Option<Standing> {
    Some(match word {
        "monitoring" | "completed" | "ready" | "ok" => Standing::There,
        "scheduled" | "creating" | "active" | "pending" | "deploying" | "initializing" | "provisioning"
        | "provisioned" | "promoting" | "finalizing" | "draining" | "rolling_back" => Standing::Coming,
        // 1Backend tries again what is in `error`; what is `failed` it does not.
        "error" => Standing::Coming,
        "awaiting_promotion" => Standing::Waits,
        "failed" => Standing::GaveUp,
        _ => return None,
    })
}

/// An instance of a service of PaaSTA. Of those of 1Backend their deployment tells.
fn instance(word: &str) -> Option<Standing> {
    Some(match word {
        "created" | "bouncing" | "looping" => Standing::Coming,
        "done" | "running" | "registered" | "healthy" | "succeeded" | "scheduled" => Standing::There,
        "failed" => Standing::GaveUp,
        "stopped" => Standing::Gone,
        _ => return None,
    })
}

/// A step of a pipeline of PaaSTA.
fn step(word: &str) -> Option<Standing> {
    Some(match word {
        "building" | "start_deploy" | "deploying" | "start_rollback" | "rolling_back" | "countdown" => Standing::Coming,
        // Somebody completes or rolls back by hand what does not certify itself.
        "deployed" => Standing::Waits,
        "built" | "skipped" | "complete" | "rolled_back" | "abandon" | "deploy_cancelled" => Standing::There,
        "failed" | "mfd_failed" | "deploy_errored" | "timed_out" | "raised" => Standing::GaveUp,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_says_how_what_is_asked_for_stands() {
        for (kind, became, expected) in [
            (Kind::Group, "degraded", Some(Standing::Coming)),
            (Kind::Member, "awaiting_promotion", Some(Standing::Waits)),
            (Kind::Member, "destroyed", Some(Standing::Gone)),
            (Kind::Job, "Failed", Some(Standing::GaveUp)),
            (Kind::Node, "DrainRefused", Some(Standing::Refused)),
            (Kind::Node, "NotReady", None),
            (Kind::Graph, "changed", None),
        ] {
            assert_eq!(standing(kind, became), expected, "{} {became}", kind.text());
        }
    }

    /// A word that the tables name and that no subject can become would be a mistake that nothing else finds.
    #[test]
    fn states_that_systems_end_in_are_known_words() {
        for (kind, words) in [
            (Kind::Manifests, &["ready", "failed", "deleted"][..]),
            (Kind::Member, &["monitoring", "ready", "ok", "failed", "error", "awaiting_promotion", "removed"]),
            (Kind::Instance, &["done", "looping", "stopped", "failed"]),
            (Kind::Step, &["complete", "mfd_failed", "deploy_errored", "deployed"]),
            (Kind::Request, &["deployment_deleted", "creation_failed"]),
            (Kind::PodCliqueSet, &["MinAvailableBreached", "UpdateCompleted"]),
        ] {
            for word in words {
                assert_eq!(crate::timeline::states::mistake(kind, word), None);
                assert!(standing(kind, word).is_some(), "{word}");
            }
        }
    }
}
