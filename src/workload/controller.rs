//! A system's decision maker: a pure state machine that a world wakes.

use super::{ApiFault, AskId, Outcome, OwnPoint, World};
use crate::kernel::Duration;
use crate::text::Source;
use crate::timeline::{Cause, Subject};

/// Why a controller is woken.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Wake {
    /// Its document is submitted.
    Submitted,
    /// A timer that it set.
    Timer(u64),
    /// An object that it watches changed.
    Changed(Subject),
    /// Nodes joined, left or changed.
    NodesChanged,
    /// What became of an ask.
    Answered(AskId, Outcome),
    /// An operator does something.
    Action(Action),
}

/// What an operator may do. A system that does not know an action says so in its answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Action {
    /// Take down the group, deployment or manifests of this name.
    Undeploy(String),
    /// Create what these manifests describe, or change it to that; what they do not say stays as it is.
    Apply(Source),
    /// Make what is there what these manifests describe.
    Replace(Source),
    /// Delete an object, which is named as a subject: `Deployment/web`.
    Delete(String),
    /// Give workloads other numbers of replicas.
    Scale(Vec<(String, u32)>),
    /// Replace the pods of a workload one after the other, as its update strategy has it.
    Restart(String),
    /// Go back to an earlier template of a workload.
    Rollback {
        /// The workload.
        target: String,
        /// Which revision; `None`: the one before.
        revision: Option<u32>,
    },
    /// Stop rollouts of a Deployment, or suspend a Job or CronJob.
    Pause(String),
    /// Go on with what was paused.
    Resume(String),
    /// End a pause of an update, or skip a step of it.
    Promote {
        /// The workload.
        target: String,
        /// Skip all that is left, what is analysed too.
        full: bool,
    },
    /// Give an update up.
    Abort(String),
    /// Begin an update that was given up again.
    Retry(String),
    /// Open a gate that waits for somebody.
    Click(String),
    /// Say that a step that waits for it is done.
    Complete(String),
    /// Give a step up that was rolled back.
    Abandon(String),
    /// Roll a step forward again that is being rolled back.
    Forward(String),
    /// Make a revision the one that a deployment runs.
    Activate {
        /// The deployment.
        target: String,
        /// The revision's name.
        revision: String,
    },
    /// Say how much of a deployment's traffic goes to what is being rolled out.
    Weight {
        /// The deployment.
        target: String,
        /// The share in percent.
        percent: u32,
    },
    /// Bring a new commit of a service, which starts its pipeline.
    Push {
        /// The service.
        service: String,
        /// The commit.
        commit: String,
    },
    /// Not an operator but a monitor speaks: what watches a rollout begins to see a failure.
    Alarm {
        /// Of which step, deploy group or service.
        of: String,
        /// True: alerts fire; false: service level objectives are missed.
        alert: bool,
        /// For how long; `None`: for ever.
        lasts: Option<Duration>,
    },
    /// Mark a commit for a deploy group by hand.
    Mark {
        /// The deploy group.
        group: String,
        /// The commit.
        commit: String,
    },
    /// Do this, which was decided by what was read so long ago: refuse it with a conflict if that was written since.
    AsRead {
        /// How long ago.
        ago: Duration,
        /// What is done.
        action: Box<Action>,
    },
    /// Not an operator: a fault of watches or writes stands or strikes from now on.
    Disturb(ApiFault),
    /// Not an operator: a point in the control plane's own API is waited for.
    Await(OwnPoint),
}

/// The part of a system that decides. It is woken, reads what it observes, asks for changes, and returns.
pub trait Controller {
    /// Handles one wake. `cause` is the entry or line that led to it.
    ///
    /// # Errors
    /// The reason, when an operator's action is refused. Nothing else is an error: a controller writes what goes wrong
    /// into the timeline.
    fn wake(&mut self, wake: Wake, cause: Cause, world: &mut dyn World) -> Result<(), String>;

    /// The state as the real system would show it, as JSON: the answer of its API or its command.
    fn native(&self, world: &dyn World) -> serde_json::Value;
}
