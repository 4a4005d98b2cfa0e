//! The rules of `monitoring` of a Tron job.

use super::shared::*;
use super::{Rule, Schema, Type};

pub const MONITORING: Schema = &[
    IS_OBJECT,
    Rule::Properties(&[
        ("issuetype", STRING),
        ("team", STRING),
        ("runbook", STRING),
        ("page", BOOLEAN),
        ("tip", STRING),
        ("notification_email", &[Rule::Type(&[Type::String, Type::Boolean, Type::Null])]),
        ("realert_every", &[IS_INTEGER, Rule::Minimum("-1", false)]),
        ("dependencies", STRINGS),
        ("irc_channels", STRINGS),
        ("slack_channels", STRINGS),
        ("ticket", BOOLEAN),
        ("project", STRING),
        ("tags", STRINGS),
        ("component", &[Rule::Type(&[Type::String, Type::Array])]),
        ("description", STRING),
        ("alert_after", ALERT_AFTER),
        ("check_that_every_day_has_a_successful_run", BOOLEAN),
        ("page_for_expected_runtime", BOOLEAN),
        ("priority", STRING),
        ("check_oom_events", BOOLEAN),
    ]),
    Rule::Closed,
];
