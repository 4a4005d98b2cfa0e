//! The states and triggers of a deploy, under the names of the source; what leads where is the machine's.

/// The states.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub enum State {
    /// Before anything happens.
    #[default]
    Begin,
    /// The new version is being marked.
    StartDeploy,
    /// It was marked and is waited for.
    Deploying,
    /// It runs.
    Deployed,
    /// It could not be marked.
    MfdFailed,
    /// Waiting for it failed.
    DeployErrored,
    /// Waiting for it took too long, or was interrupted.
    DeployCancelled,
    /// The old version is being marked.
    StartRollback,
    /// It was marked and is waited for.
    RollingBack,
    /// The old version runs again.
    RolledBack,
    /// The deploy was given up after a rollback.
    Abandon,
    /// The deploy went well.
    Complete,
}

impl State {
    /// All states, in the order of the source.
    pub const ALL: [State; 12] = [
        State::Begin,
        State::StartDeploy,
        State::Deploying,
        State::Deployed,
        State::MfdFailed,
        State::DeployErrored,
        State::DeployCancelled,
        State::StartRollback,
        State::RollingBack,
        State::RolledBack,
        State::Abandon,
        State::Complete,
    ];

    /// Its name in the source.
    pub const fn text(self) -> &'static str {
        match self {
            State::Begin => "_begin",
            State::StartDeploy => "start_deploy",
            State::Deploying => "deploying",
            State::Deployed => "deployed",
            State::MfdFailed => "mfd_failed",
            State::DeployErrored => "deploy_errored",
            State::DeployCancelled => "deploy_cancelled",
            State::StartRollback => "start_rollback",
            State::RollingBack => "rolling_back",
            State::RolledBack => "rolled_back",
            State::Abandon => "abandon",
            State::Complete => "complete",
        }
    }

    /// On the way to the new version (`rollforward_states`).
    pub const fn is_forward(self) -> bool {
        matches!(self, State::StartDeploy | State::Deploying | State::Deployed)
    }

    /// On the way back (`rollback_states`).
    pub const fn is_back(self) -> bool {
        matches!(self, State::StartRollback | State::RollingBack | State::RolledBack)
    }
}

/// What can happen to the machine.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Trigger {
    /// It begins.
    StartDeploy,
    /// The tag was pushed.
    MfdSucceeded,
    /// It could not be pushed.
    MfdFailed,
    /// All instances run what is waited for.
    DeployFinished,
    /// Waiting failed.
    DeployErrored,
    /// Waiting took too long, or somebody pressed ctrl-C.
    DeployCancelled,
    /// Somebody wants the old version back.
    RollbackButtonClicked,
    /// The countdown after a failing SLO is over.
    RollbackSloFailure,
    /// The countdown after a firing alert is over.
    RollbackAlertmanagerFailure,
    /// The countdown after crash loops is over.
    RollbackCrashloopFailure,
    /// Somebody wants the new version after all.
    ForwardButtonClicked,
    /// Somebody is content.
    CompleteButtonClicked,
    /// Nobody objected for long enough.
    AutoCertify,
    /// Somebody gives the deploy up.
    AbandonButtonClicked,
    /// Nobody wanted to go forward again.
    AutoAbandon,
    /// An SLO fails that did not before.
    SlosStartedFailing,
    /// No SLO fails any more.
    SlosStoppedFailing,
    /// An alert fires.
    AlertmanagerStartedFailing,
    /// No alert fires any more.
    AlertmanagerStoppedFailing,
    /// Pods of the new version crash again and again.
    CrashloopsStartedFailing,
}

impl Trigger {
    /// All triggers.
    pub const ALL: [Trigger; 20] = [
        Trigger::StartDeploy,
        Trigger::MfdSucceeded,
        Trigger::MfdFailed,
        Trigger::DeployFinished,
        Trigger::DeployErrored,
        Trigger::DeployCancelled,
        Trigger::RollbackButtonClicked,
        Trigger::RollbackSloFailure,
        Trigger::RollbackAlertmanagerFailure,
        Trigger::RollbackCrashloopFailure,
        Trigger::ForwardButtonClicked,
        Trigger::CompleteButtonClicked,
        Trigger::AutoCertify,
        Trigger::AbandonButtonClicked,
        Trigger::AutoAbandon,
        Trigger::SlosStartedFailing,
        Trigger::SlosStoppedFailing,
        Trigger::AlertmanagerStartedFailing,
        Trigger::AlertmanagerStoppedFailing,
        Trigger::CrashloopsStartedFailing,
    ];

    /// Its name in the source.
    pub const fn text(self) -> &'static str {
        match self {
            Trigger::StartDeploy => "start_deploy",
            Trigger::MfdSucceeded => "mfd_succeeded",
            Trigger::MfdFailed => "mfd_failed",
            Trigger::DeployFinished => "deploy_finished",
            Trigger::DeployErrored => "deploy_errored",
            Trigger::DeployCancelled => "deploy_cancelled",
            Trigger::RollbackButtonClicked => "rollback_button_clicked",
            Trigger::RollbackSloFailure => "rollback_slo_failure",
            Trigger::RollbackAlertmanagerFailure => "rollback_alertmanager_failure",
            Trigger::RollbackCrashloopFailure => "rollback_crashloop_failure",
            Trigger::ForwardButtonClicked => "forward_button_clicked",
            Trigger::CompleteButtonClicked => "complete_button_clicked",
            Trigger::AutoCertify => "auto_certify",
            Trigger::AbandonButtonClicked => "abandon_button_clicked",
            Trigger::AutoAbandon => "auto_abandon",
            Trigger::SlosStartedFailing => "slos_started_failing",
            Trigger::SlosStoppedFailing => "slos_stopped_failing",
            Trigger::AlertmanagerStartedFailing => "alertmanager_started_failing",
            Trigger::AlertmanagerStoppedFailing => "alertmanager_stopped_failing",
            Trigger::CrashloopsStartedFailing => "crashloops_started_failing",
        }
    }

    /// The four ways back, and the way forward again: known to the machine only if there is somewhere to go back to.
    pub const fn needs_old_version(self) -> bool {
        matches!(
            self,
            Trigger::RollbackButtonClicked
                | Trigger::RollbackSloFailure
                | Trigger::RollbackAlertmanagerFailure
                | Trigger::RollbackCrashloopFailure
                | Trigger::ForwardButtonClicked
        )
    }
}
