//! The rules of `tron-<cluster>.yaml`: tron_schema.json.

use super::placement::NODE_SELECTORS;
use super::shared::*;
use super::spark::ARGS;
use super::tron_monitoring::MONITORING;
use super::{Rule, Schema, Type};

const NAME: Schema = &[IS_STRING, Rule::Pattern("^[A-Za-z_][\\w\\-]{0,254}$")];
const LENGTH: Schema = &[IS_STRING, Rule::Pattern("^\\d+\\s*[a-z]+$")];

const ACTION: Schema = &[
    IS_OBJECT,
    Rule::Closed,
    Rule::Required(&["command"]),
    Rule::AllOf(&[NOT_ACCOUNT_AND_ROLE]),
    Rule::Properties(&[
        ("name", NAME),
        ("command", STRING),
        ("node", NAME),
        ("requires", STRINGS),
        ("retries", INTEGER_FROM_0),
        ("retries_delay", LENGTH),
        ("executor", &[Rule::OneOfTexts(&["ssh", "paasta", "spark"])]),
        ("cpus", NUMBER_ABOVE_0),
        ("cap_add", STRINGS),
        ("mem", &[IS_NUMBER, Rule::Minimum("32", true)]),
        ("disk", NUMBER_ABOVE_0),
        ("constraints", UNIQUE_ARRAYS),
        ("idempotent", BOOLEAN),
        ("extra_constraints", UNIQUE_ARRAYS),
        ("service", STRING),
        ("deploy_group", STRING),
        ("cost_owner", COST_OWNER),
        ("pool", STRING),
        ("service_account_name", STRING),
        ("iam_role", IAM_ROLE),
        ("iam_role_provider", IAM_ROLE_PROVIDER),
        ("node_selectors", NODE_SELECTORS),
        ("env", ENV),
        ("boto_keys", STRINGS),
        ("crypto_keys", CRYPTO_KEYS),
        ("ssm_secrets", SSM_SECRETS),
        ("uses_bulkdata", BOOLEAN),
        ("extra_volumes", UNIQUE_OBJECTS),
        ("secret_volumes", SECRET_VOLUMES),
        ("projected_sa_volumes", PROJECTED_SA_VOLUMES),
        ("cluster", STRING),
        ("expected_runtime", LENGTH),
        ("triggered_by", UNIQUE_STRINGS),
        ("trigger_downstreams", &[Rule::Type(&[Type::Object, Type::Boolean]), Rule::Others(STRING)]),
        ("on_upstream_rerun", STRING),
        ("trigger_timeout", LENGTH),
        ("aws_credentials", &[IS_STRING, Rule::Pattern("[-a-zA-z0-9_]")]),
        ("max_runtime", LENGTH),
        ("force_spark_resource_configs", BOOLEAN),
        ("mrjob", BOOLEAN),
        ("spark_args", ARGS),
    ]),
];

const JOB: Schema = &[
    IS_OBJECT,
    Rule::Required(&["schedule", "actions"]),
    Rule::Closed,
    Rule::Properties(&[
        ("name", NAME),
        ("node", NAME),
        ("schedule", &[Rule::Type(&[Type::String, Type::Object])]),
        (
            "actions",
            &[
                Rule::Type(&[Type::Array, Type::Object]),
                Rule::Items(ACTION),
                Rule::PatternProperties(&[(".+", ACTION)]),
            ],
        ),
        ("cluster", STRING),
        ("monitoring", MONITORING),
        ("queueing", BOOLEAN),
        ("allow_overlap", BOOLEAN),
        ("run_limit", INTEGER_ABOVE_0),
        ("all_nodes", BOOLEAN),
        ("cleanup_action", ACTION),
        ("enabled", BOOLEAN),
        ("max_runtime", LENGTH),
        ("expected_runtime", LENGTH),
        ("time_zone", STRING),
        ("service", STRING),
        ("deploy_group", STRING),
        ("cost_owner", COST_OWNER),
    ]),
];

pub const SCHEMA: Schema = &[IS_OBJECT, Rule::PatternProperties(&[("^_.*$", TEMPLATE), ("^[^_].*$", JOB)])];
