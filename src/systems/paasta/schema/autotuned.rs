//! The rules of autotuned_defaults/: figures that a program proposes. autotuned_defaults/*_schema.json.

use super::shared::*;
use super::{Rule, Schema};

pub const KUBERNETES: Schema = &[
    IS_OBJECT,
    Rule::Closed,
    Rule::NotEmpty,
    Rule::PatternProperties(&[(
        INSTANCE_NAME,
        &[
            IS_OBJECT,
            Rule::Closed,
            Rule::NotEmpty,
            Rule::Properties(&[
                ("cpus", NUMBER_ABOVE_0),
                ("cpu_burst_add", NUMBER_FROM_0_0),
                ("disk", &[IS_NUMBER, Rule::Minimum("128", false)]),
                ("mem", &[IS_NUMBER, Rule::Minimum("32", false)]),
                ("min_instances", INTEGER_FROM_0),
                ("max_instances", INTEGER_FROM_0),
                ("sidecar_resource_requirements", SIDECAR_RESOURCES),
            ]),
        ],
    )]),
];

pub const CASSANDRA: Schema = &[
    IS_OBJECT,
    Rule::Closed,
    Rule::NotEmpty,
    Rule::PatternProperties(&[(
        INSTANCE_NAME,
        &[
            IS_OBJECT,
            Rule::Closed,
            Rule::NotEmpty,
            Rule::Properties(&[
                ("cpus", NUMBER_ABOVE_0),
                ("cpu_burst_percent", NUMBER_FROM_0),
                ("disk", STRING),
                ("mem", STRING),
                ("replicas", NUMBER_ABOVE_0),
            ]),
        ],
    )]),
];
