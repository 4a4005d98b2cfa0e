//! deploy.yaml: the pipeline and its steps.

use super::{Fields, File};
use crate::systems::paasta::model::{
    Decimal, DeploymentStep, Notify, Pipeline, PipelineItem, Progress, Step, StepRollback, Waiting,
};
use crate::text::Node;

/// Reads it; none if the file is no map. Items that are neither a step nor a block are left out: the checks tell of them.
pub fn read(file: &File) -> Option<Pipeline> {
    file.root.as_map()?;
    let fields = Fields::new(&file.root, None);
    Some(Pipeline {
        place: file.source.place(file.root.span),
        items: fields.list("pipeline").iter().filter_map(|node| item(file, node)).collect(),
        production_deploy_group: fields.text("production_deploy_group"),
        slack_channels: fields.texts("slack_channels"),
        slack_notify: fields.truth("slack_notify").unwrap_or(true),
        default_deploy_strategy: fields.text("default_deploy_strategy"),
    })
}

/// A block if `parallel` holds anything, else a step: get_pipeline_deploy_group_configs of paasta_tools/utils.py.
fn item(file: &File, node: &Node) -> Option<PipelineItem> {
    node.as_map()?;
    let fields = Fields::new(node, None);
    let members = fields.list("parallel");
    if members.is_empty() {
        return step(file, node).map(|step| PipelineItem::Step(Box::new(step)));
    }
    Some(PipelineItem::Parallel {
        place: file.source.place(node.span),
        steps: members.iter().filter_map(|member| step(file, member)).collect(),
        trigger_next_step_manually: fields.truth("trigger_next_step_manually").unwrap_or(false),
    })
}

fn step(file: &File, node: &Node) -> Option<Step> {
    let fields = Fields::new(node, None);
    let is = |key: &str| fields.truth(key).unwrap_or(false);
    Some(Step {
        place: file.source.place(node.span),
        name: fields.text("step").filter(|name| !name.is_empty())?,
        trigger_next_step_manually: is("trigger_next_step_manually"),
        wait_for_deployment: fields.truth("wait_for_deployment").unwrap_or(true),
        disabled: is("disabled"),
        ignore_failure: is("ignore_failure"),
        command: fields.text("command"),
        display_step_for_confirmation: is("display_step_for_confirmation"),
        confirmation_required: is("confirmation_required"),
        service_account: fields.text("service_account"),
        waiting: Waiting {
            timeout: fields.seconds("timeout"),
            warn_percent: fields.whole("warn"),
            auto_certify_delay: fields.seconds("auto_certify_delay"),
            auto_abandon_delay: fields.seconds("auto_abandon_delay"),
            auto_rollback_delay: fields.seconds("auto_rollback_delay"),
        },
        rollback: StepRollback {
            auto_rollback: fields.truth("auto_rollback"),
            alertmanager: fields.truth("alertmanager_rollback"),
            alertmanager_dry_run: fields.truth("alertmanager_rollback_dry_run"),
            alertmanager_poll_interval: fields.seconds("alertmanager_poll_interval_s"),
            crashloop: fields.truth("enable_crashloop_auto_rollback"),
            crashloop_min_restarts: fields.whole("min_restarts_for_crashloop_rollback"),
            crashloop_threshold: fields.decimal("crashloop_rollback_percentage_threshold"),
        },
        notify: Notify {
            slack: fields.truth("slack_notify"),
            after_mark: fields.truth("notify_after_mark"),
            after_good_deploy: fields.truth("notify_after_good_deploy"),
            after_auto_rollback: fields.truth("notify_after_auto_rollback"),
            after_abort: fields.truth("notify_after_abort"),
        },
        progress: Progress {
            steps: fields.list("deployment_steps").iter().filter_map(deployment_step).collect(),
            abandon_above_breakage_percent: fields.decimal("abandon_above_breakage_pct"),
            complete_below_breakage_percent: fields.decimal("complete_below_breakage_pct"),
            prompt_after_abandon: fields.truth("prompt_after_abandon"),
            confirm_complete: fields.truth("confirm_complete"),
            enable_automated_redeploys: fields.truth("enable_automated_redeploys"),
        },
    })
}

fn deployment_step(node: &Node) -> Option<DeploymentStep> {
    let fields = Fields::new(node, None);
    Some(DeploymentStep {
        deploy_group: fields.text("deploy_group")?,
        progress: fields.decimal("progress").unwrap_or(Decimal("0".to_owned())),
        confirm_before: fields.truth("confirm_before").unwrap_or(false),
        deploy_below_breakage_percent: fields.decimal("deploy_below_breakage_pct"),
    })
}
