//! Where a deployment stands in its life: the words of Backend.AI's database and API. What moves a deployment from one to
//! the next is `coordinator`'s and its handlers'.
//! Source: lablup/backend.ai, src/ai/backend/manager/data/deployment/types.py (EndpointLifecycle, DeploymentLifecycleSubStep).

/// The life of a deployment as a whole.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Lifecycle {
    /// Accepted, and nothing is done yet.
    Pending,
    /// A revision is being rolled out.
    Deploying,
    /// Its current revision is what it runs.
    Ready,
    /// It is being taken down.
    Destroying,
    /// Nothing is left of it.
    Destroyed,
}

/// What is done while a revision is rolled out.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum SubStep {
    /// The proxy learns of the deployment.
    Initializing,
    /// Routes of the new revision are made.
    Provisioning,
    /// They are there and wait for the switch.
    AwaitingPromotion,
    /// The group of the new revision is waited for.
    Provisioned,
    /// Traffic goes to that group.
    Promoting,
    /// That group takes the place of the old one.
    Finalizing,
    /// The old group is emptied.
    Draining,
    /// They are taken away again.
    RollingBack,
}

/// A lifecycle and, while a revision is rolled out, what is done.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Status {
    /// The lifecycle.
    pub lifecycle: Lifecycle,
    /// The sub-step; absent unless a revision is rolled out, and after some mistakes even then.
    pub sub_step: Option<SubStep>,
}

impl Lifecycle {
    /// The word of the API.
    pub const fn text(self) -> &'static str {
        match self {
            Lifecycle::Pending => "PENDING",
            Lifecycle::Deploying => "DEPLOYING",
            Lifecycle::Ready => "READY",
            Lifecycle::Destroying => "DESTROYING",
            Lifecycle::Destroyed => "DESTROYED",
        }
    }
}

impl SubStep {
    /// The word of the API.
    pub const fn text(self) -> &'static str {
        match self {
            SubStep::Initializing => "INITIALIZING",
            SubStep::Provisioning => "PROVISIONING",
            SubStep::Provisioned => "PROVISIONED",
            SubStep::Promoting => "PROMOTING",
            SubStep::Finalizing => "FINALIZING",
            SubStep::Draining => "DRAINING",
            SubStep::AwaitingPromotion => "AWAITING_PROMOTION",
            SubStep::RollingBack => "ROLLING_BACK",
        }
    }
}

impl Status {
    /// A lifecycle without a sub-step.
    pub const fn of(lifecycle: Lifecycle) -> Status {
        Status { lifecycle, sub_step: None }
    }

    /// A sub-step of a rollout.
    pub const fn deploying(sub_step: SubStep) -> Status {
        Status { lifecycle: Lifecycle::Deploying, sub_step: Some(sub_step) }
    }

    /// The word of the timeline: the sub-step while there is one.
    pub const fn word(self) -> &'static str {
        match (self.lifecycle, self.sub_step) {
            (Lifecycle::Deploying, Some(SubStep::Initializing)) => "initializing",
            (Lifecycle::Deploying, Some(SubStep::Provisioning)) => "provisioning",
            (Lifecycle::Deploying, Some(SubStep::Provisioned)) => "provisioned",
            (Lifecycle::Deploying, Some(SubStep::Promoting)) => "promoting",
            (Lifecycle::Deploying, Some(SubStep::Finalizing)) => "finalizing",
            (Lifecycle::Deploying, Some(SubStep::Draining)) => "draining",
            (Lifecycle::Deploying, Some(SubStep::AwaitingPromotion)) => "awaiting_promotion",
            (Lifecycle::Deploying, Some(SubStep::RollingBack)) => "rolling_back",
            (Lifecycle::Deploying, None) => "deploying",
            (Lifecycle::Pending, _) => "pending",
            (Lifecycle::Ready, _) => "ready",
            (Lifecycle::Destroying, _) => "destroying",
            (Lifecycle::Destroyed, _) => "destroyed",
        }
    }
}
