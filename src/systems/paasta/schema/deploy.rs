//! The rules of deploy.yaml: deploy_schema.json, which PaaSTA has and `paasta validate` does not apply.

use super::shared::*;
use super::{Rule, Schema};

const DEPLOYMENT_STEP: Schema = &[
    IS_OBJECT,
    Rule::Closed,
    Rule::Properties(&[
        ("deploy_group", STRING),
        ("progress", NUMBER),
        ("confirm_before", BOOLEAN),
        ("deploy_below_breakage_pct", NUMBER),
    ]),
    Rule::Required(&["deploy_group", "progress"]),
];

const STEP: Schema = &[
    IS_OBJECT,
    Rule::Properties(&[
        ("parallel", ANYTHING),
        ("step", &[IS_STRING, Rule::Pattern("^[a-zA-Z0-9_.-]+$")]),
        ("trigger_next_step_manually", BOOLEAN),
        ("display_step_for_confirmation", BOOLEAN),
        ("confirmation_required", BOOLEAN),
        ("disabled", BOOLEAN),
        ("wait_for_deployment", BOOLEAN),
        ("auto_rollback", BOOLEAN),
        ("auto_certify_delay", INTEGER),
        ("auto_abandon_delay", INTEGER),
        ("auto_rollback_delay", INTEGER),
        ("timeout", INTEGER),
        ("warn", INTEGER),
        ("command", STRING),
        ("slack_notify", BOOLEAN),
        ("ignore_failure", BOOLEAN),
        ("notify_after_mark", BOOLEAN),
        ("notify_after_good_deploy", BOOLEAN),
        ("notify_after_auto_rollback", BOOLEAN),
        ("notify_after_abort", BOOLEAN),
        ("deployment_steps", &[IS_ARRAY, Rule::Items(DEPLOYMENT_STEP)]),
        ("abandon_above_breakage_pct", NUMBER),
        ("complete_below_breakage_pct", NUMBER),
        ("prompt_after_abandon", BOOLEAN),
        ("confirm_complete", BOOLEAN),
        ("enable_automated_redeploys", BOOLEAN),
        ("alertmanager_rollback", BOOLEAN),
        ("alertmanager_rollback_dry_run", BOOLEAN),
        ("alertmanager_poll_interval_s", &[IS_INTEGER, Rule::Minimum("30", false)]),
        ("enable_crashloop_auto_rollback", BOOLEAN),
        ("min_restarts_for_crashloop_rollback", INTEGER),
        ("crashloop_rollback_percentage_threshold", SHARE),
        ("service_account", STRING),
    ]),
    Rule::Required(&["step"]),
    Rule::Closed,
];

/// A step may hold `parallel`, and yet each item must have `step`: the schema refuses the form that the documentation shows.
const ITEM: Schema =
    &[Rule::AllOf(&[STEP, &[IS_OBJECT, Rule::Properties(&[("parallel", &[IS_ARRAY, Rule::Items(STEP)])])]])];

pub const SCHEMA: Schema = &[
    IS_OBJECT,
    Rule::Properties(&[
        ("allowed_push_groups", STRINGS),
        ("pipeline", &[IS_ARRAY, Rule::Items(ITEM)]),
        ("production_deploy_group", STRING),
        ("slack_channels", STRINGS),
        ("slack_notify", BOOLEAN),
        ("allow_no_verify_deploy", BOOLEAN),
        ("default_deploy_strategy", &[IS_STRING, Rule::OneOfTexts(&["verify", "no-verify"])]),
    ]),
    Rule::Required(&["pipeline"]),
    Rule::Closed,
];
