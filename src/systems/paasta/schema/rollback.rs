//! The rules of rollback.yaml: rollback_schema.json.

use super::shared::*;
use super::{Rule, Schema, Type};

const BOUND: Schema = &[Rule::Type(&[Type::Number, Type::Null])];

const CONDITION: Schema = &[
    IS_OBJECT,
    Rule::Closed,
    Rule::Properties(&[("query", STRING), ("dry_run", BOOLEAN), ("upper_bound", BOUND), ("lower_bound", BOUND)]),
    Rule::Required(&["query"]),
];

const SPLUNK: Schema = &[
    IS_OBJECT,
    Rule::Closed,
    Rule::Properties(&[
        ("query", STRING),
        ("query_type", &[IS_STRING, Rule::OneOfTexts(&["number", "results"])]),
        ("dry_run", BOOLEAN),
        ("upper_bound", BOUND),
        ("lower_bound", BOUND),
    ]),
    Rule::Required(&["query"]),
];

pub const SCHEMA: Schema = &[
    IS_OBJECT,
    Rule::Closed,
    Rule::Properties(&[
        (
            "conditions",
            &[
                IS_OBJECT,
                Rule::Closed,
                Rule::Properties(&[
                    ("signalfx", &[IS_ARRAY, Rule::Items(CONDITION)]),
                    ("prometheus", &[IS_ARRAY, Rule::Items(CONDITION)]),
                    ("splunk", &[IS_ARRAY, Rule::Items(SPLUNK)]),
                ]),
            ],
        ),
        ("enable_slo_rollback", BOOLEAN),
        ("allowed_failing_queries", INTEGER),
        ("rollback_window_s", INTEGER),
        ("check_interval_s", INTEGER),
    ]),
];
