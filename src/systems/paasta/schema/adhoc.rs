//! The rules of `adhoc-<cluster>.yaml`: adhoc_schema.json.

use super::placement::{NODE_SELECTORS, NODE_SELECTORS_PREFERRED};
use super::shared::*;
use super::{Rule, Schema};

pub const SCHEMA: Schema = &[
    IS_OBJECT,
    Rule::NotEmpty,
    Rule::Closed,
    Rule::PatternProperties(&[
        ("^_.*$", TEMPLATE),
        (
            INSTANCE_NAME,
            &[
                IS_OBJECT,
                Rule::Closed,
                Rule::NotEmpty,
                Rule::Properties(&[
                    ("cpus", NUMBER_ABOVE_0),
                    ("mem", &[IS_NUMBER, Rule::Minimum("32", true)]),
                    ("disk", NUMBER_ABOVE_0),
                    ("gpus", INTEGER_FROM_0),
                    ("cmd", STRING),
                    ("args", STRINGS),
                    ("env", ENV),
                    ("boto_keys", STRINGS),
                    ("iam_role", STRING),
                    ("iam_role_provider", IAM_ROLE_PROVIDER),
                    ("fs_group", INTEGER),
                    ("fs_group_change_policy", FS_GROUP_CHANGE_POLICY),
                    ("crypto_keys", CRYPTO_KEYS),
                    ("secret_volumes", SECRET_VOLUMES),
                    ("uses_bulkdata", BOOLEAN),
                    ("extra_volumes", UNIQUE_OBJECTS),
                    ("deploy_group", STRING),
                    ("net", STRING),
                    ("cap_add", STRINGS),
                    ("privileged", BOOLEAN),
                    ("cfs_period_us", CFS_PERIOD),
                    ("cpu_burst_add", NUMBER_FROM_0_0),
                    ("extra_docker_args", MAP_OF_STRINGS),
                    ("pool", STRING),
                    ("role", STRING),
                    ("namespace", STRING),
                    ("container_port", INTEGER),
                    ("docker_url", STRING),
                    ("node_selectors", NODE_SELECTORS),
                    ("node_selectors_preferred", NODE_SELECTORS_PREFERRED),
                ]),
                Rule::Needs("fs_group_change_policy", "fs_group"),
            ],
        ),
    ]),
];
