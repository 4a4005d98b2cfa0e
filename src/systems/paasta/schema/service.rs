//! The rules of service.yaml: service_schema.json.

use super::shared::*;
use super::{Rule, Schema, Type};

pub const SCHEMA: Schema = &[
    IS_OBJECT,
    Rule::Properties(&[
        ("needs_puppet_help", BOOLEAN),
        ("description", STRING),
        (
            "git_url",
            &[
                Rule::Type(&[Type::String, Type::Null]),
                Rule::Pattern("^git@github.yelpcorp.com:[-a-z]+/[-_a-z0-9]+(\\.git)?$"),
            ],
        ),
        ("external_link", STRING),
        ("cost_owner", COST_OWNER),
    ]),
    Rule::Required(&["description", "external_link"]),
];
