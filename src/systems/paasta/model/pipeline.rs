//! A service's pipeline: steps, blocks of steps, and what each step says.

use super::Decimal;
use crate::kernel::Duration;
use crate::text::Place;

/// deploy.yaml.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Pipeline {
    /// Where it stands.
    pub place: Place,
    /// Its items, in the order of the file, which is that of the rollout.
    pub items: Vec<PipelineItem>,
    /// `production_deploy_group`.
    pub production_deploy_group: Option<String>,
    /// `slack_channels`.
    pub slack_channels: Vec<String>,
    /// `slack_notify`. Default: true.
    pub slack_notify: bool,
    /// `default_deploy_strategy`.
    pub default_deploy_strategy: Option<String>,
}

impl Pipeline {
    /// The deploy groups in the order in which the pipeline comes to them, those of parallel blocks among them.
    pub fn deploy_groups(&self) -> impl Iterator<Item = &Step> {
        self.items.iter().flat_map(PipelineItem::steps).filter(|step| step.is_deploy())
    }
}

/// An item of a pipeline: a step, or several at once.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum PipelineItem {
    /// One step.
    Step(Box<Step>),
    /// `parallel`: steps that begin together.
    Parallel {
        /// Where the item stands.
        place: Place,
        /// The steps, in the order of the file.
        steps: Vec<Step>,
        /// `trigger_next_step_manually` beside the block: the pipeline waits for a click after it.
        trigger_next_step_manually: bool,
    },
}

impl PipelineItem {
    /// Its steps.
    pub fn steps(&self) -> &[Step] {
        match self {
            PipelineItem::Step(step) => std::slice::from_ref(&**step),
            PipelineItem::Parallel { steps, .. } => steps,
        }
    }

    /// True if the pipeline waits for a click after it.
    pub const fn is_gated(&self) -> bool {
        match self {
            PipelineItem::Step(step) => step.trigger_next_step_manually,
            PipelineItem::Parallel { trigger_next_step_manually, .. } => *trigger_next_step_manually,
        }
    }
}

/// Steps that deploy nothing: DEPLOY_PIPELINE_NON_DEPLOY_STEPS of paasta_tools/utils.py.
pub const NON_DEPLOY_STEPS: &[&str] = &["itest", "itest-and-push-to-registry", "security-check", "push-to-registry"];

/// A step of a pipeline. `None` is what the file does not say.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Step {
    /// Where it stands.
    pub place: Place,
    /// Its name: a deploy group, or one of the steps that deploy nothing.
    pub name: String,
    /// `trigger_next_step_manually`.
    pub trigger_next_step_manually: bool,
    /// `wait_for_deployment`. Default: true.
    pub wait_for_deployment: bool,
    /// `disabled`.
    pub disabled: bool,
    /// `ignore_failure`: the pipeline goes on if the step fails.
    pub ignore_failure: bool,
    /// `command`.
    pub command: Option<String>,
    /// `display_step_for_confirmation`.
    pub display_step_for_confirmation: bool,
    /// `confirmation_required`.
    pub confirmation_required: bool,
    /// `service_account`.
    pub service_account: Option<String>,
    /// How long the deployment may take, and what follows.
    pub waiting: Waiting,
    /// When it goes back by itself.
    pub rollback: StepRollback,
    /// Who is told of what.
    pub notify: Notify,
    /// `deployment_steps`, and what goes with them.
    pub progress: Progress,
}

impl Step {
    /// True if the step's name is a deploy group.
    pub fn is_deploy(&self) -> bool {
        is_deploy_step(&self.name)
    }
}

/// True if a step of this name deploys: is_deploy_step of paasta_tools/utils.py.
pub fn is_deploy_step(name: &str) -> bool {
    !NON_DEPLOY_STEPS.contains(&name) && !name.starts_with("command-")
}

/// How long a deployment may take, and what follows.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Waiting {
    /// `timeout`.
    pub timeout: Option<Duration>,
    /// `warn`: percent of the timeout after which it warns.
    pub warn_percent: Option<i64>,
    /// `auto_certify_delay`; zero for one below zero, which means the same.
    pub auto_certify_delay: Option<Duration>,
    /// `auto_abandon_delay`.
    pub auto_abandon_delay: Option<Duration>,
    /// `auto_rollback_delay`.
    pub auto_rollback_delay: Option<Duration>,
}

/// When a step goes back by itself.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct StepRollback {
    /// `auto_rollback`.
    pub auto_rollback: Option<bool>,
    /// `alertmanager_rollback`.
    pub alertmanager: Option<bool>,
    /// `alertmanager_rollback_dry_run`.
    pub alertmanager_dry_run: Option<bool>,
    /// `alertmanager_poll_interval_s`.
    pub alertmanager_poll_interval: Option<Duration>,
    /// `enable_crashloop_auto_rollback`.
    pub crashloop: Option<bool>,
    /// `min_restarts_for_crashloop_rollback`.
    pub crashloop_min_restarts: Option<i64>,
    /// `crashloop_rollback_percentage_threshold`, a share from 0 to 1.
    pub crashloop_threshold: Option<Decimal>,
}

/// Who is told of what.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Notify {
    /// `slack_notify`.
    pub slack: Option<bool>,
    /// `notify_after_mark`.
    pub after_mark: Option<bool>,
    /// `notify_after_good_deploy`.
    pub after_good_deploy: Option<bool>,
    /// `notify_after_auto_rollback`.
    pub after_auto_rollback: Option<bool>,
    /// `notify_after_abort`.
    pub after_abort: Option<bool>,
}

/// `deployment_steps` and what goes with them: accepted, and without meaning in the code that is public.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Progress {
    /// `deployment_steps`.
    pub steps: Vec<DeploymentStep>,
    /// `abandon_above_breakage_pct`.
    pub abandon_above_breakage_percent: Option<Decimal>,
    /// `complete_below_breakage_pct`.
    pub complete_below_breakage_percent: Option<Decimal>,
    /// `prompt_after_abandon`.
    pub prompt_after_abandon: Option<bool>,
    /// `confirm_complete`.
    pub confirm_complete: Option<bool>,
    /// `enable_automated_redeploys`.
    pub enable_automated_redeploys: Option<bool>,
}

/// A row of `deployment_steps`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DeploymentStep {
    /// `deploy_group`.
    pub deploy_group: String,
    /// `progress`.
    pub progress: Decimal,
    /// `confirm_before`.
    pub confirm_before: bool,
    /// `deploy_below_breakage_pct`.
    pub deploy_below_breakage_percent: Option<Decimal>,
}
