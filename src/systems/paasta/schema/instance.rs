//! The rules of kubernetes- and `eks-<cluster>.yaml`, which differ in four keys: kubernetes_schema.json, eks_schema.json and
//! autoscaling_schema.json.

use super::placement::{
    ANTI_AFFINITY, ANTI_AFFINITY_PREFERRED, EKS_SPREAD, NODE_SELECTORS, NODE_SELECTORS_PREFERRED, SPREAD,
};
use super::shared::*;
use super::{Rule, Schema};

const METRICS_PROVIDER: Schema = &[
    IS_OBJECT,
    Rule::Properties(&[
        (
            "type",
            &[Rule::OneOfTexts(&[
                "uwsgi",
                "uwsgi-v2",
                "cpu",
                "memory",
                "piscina",
                "gunicorn",
                "active-requests",
                "arbitrary-promql",
                "worker-load",
            ])],
        ),
        ("decision_policy", STRING),
        ("desired_active_requests_per_replica", NUMBER),
        ("setpoint", NUMBER),
        ("max_instances_alert_threshold", NUMBER),
        ("forecast_policy", &[Rule::OneOfTexts(&["moving_average", "current"])]),
        ("moving_average_window_seconds", &[IS_INTEGER, Rule::Minimum("60", false)]),
        ("metrics_query", STRING),
        ("series_query", STRING),
        ("target_type", &[Rule::OneOfTexts(&["Value", "AverageValue"])]),
        ("resources", &[IS_OBJECT, Rule::Closed, Rule::Properties(&[("overrides", OBJECT), ("template", STRING)])]),
    ]),
    Rule::Closed,
];
const AUTOSCALING: Schema = &[
    IS_OBJECT,
    Rule::Properties(&[
        ("metrics_providers", &[IS_ARRAY, Rule::Items(METRICS_PROVIDER)]),
        ("scaledown_policies", OBJECT),
    ]),
    Rule::Closed,
];

/// A probe by a command needs the command.
const HEALTHCHECK: Schema = &[Rule::OneOf(&[
    &[Rule::Properties(&[("healthcheck_mode", &[Rule::OneOfTexts(&["tcp", "http", "https"])])])],
    &[
        Rule::Properties(&[("healthcheck_mode", &[Rule::OneOfTexts(&["cmd"])]), ("healthcheck_cmd", STRING)]),
        Rule::Required(&["healthcheck_cmd"]),
    ],
])];

/// Draining by HTTP needs to be told how.
const DRAINING: Schema = &[Rule::OneOf(&[
    &[Rule::Properties(&[("drain_method", &[Rule::OneOfTexts(&["noop", "hacheck", "test"])])])],
    &[
        Rule::Properties(&[
            ("drain_method", &[Rule::OneOfTexts(&["http"])]),
            (
                "drain_method_params",
                &[
                    IS_OBJECT,
                    Rule::Properties(&[
                        ("drain", OBJECT),
                        ("stop_draining", OBJECT),
                        ("is_draining", OBJECT),
                        ("is_safe_to_kill", OBJECT),
                    ]),
                    Rule::Required(&["drain", "stop_draining", "is_draining", "is_safe_to_kill"]),
                ],
            ),
        ]),
        Rule::Required(&["drain_method_params"]),
    ],
])];

const BOUNCE_HEALTH: Schema = &[
    IS_OBJECT,
    Rule::Properties(&[
        ("check_haproxy", BOOLEAN),
        ("min_task_uptime", NUMBER),
        ("haproxy_min_fraction_up", &[IS_NUMBER, Rule::Minimum("0.0", true), Rule::Maximum("1.0")]),
    ]),
];

const MONITORING: Schema =
    &[IS_OBJECT, Rule::Properties(&[("team", STRING), ("page", BOOLEAN), ("alert_after", ALERT_AFTER)])];

const PERSISTENT_VOLUME: Schema = &[
    IS_OBJECT,
    Rule::Properties(&[
        ("container_path", STRING),
        ("size", INTEGER),
        ("mode", STRING),
        ("storage_class_name", STRING),
    ]),
    Rule::Closed,
];

const DATASTORES: Schema = &[
    IS_OBJECT,
    Rule::Closed,
    Rule::Properties(&[(
        "mysql",
        &[IS_ARRAY, Rule::Items(&[IS_STRING, Rule::Pattern("^[a-zA-Z0-9_-]+$")]), Rule::Unique],
    )]),
];

const LIFECYCLE: Schema = &[
    IS_OBJECT,
    Rule::Properties(&[
        ("termination_grace_period_seconds", INTEGER_FROM_0),
        ("pre_stop_command", &[Rule::OneOf(&[STRING, STRINGS])]),
        ("pre_stop_drain_seconds", INTEGER_FROM_0),
        ("pre_stop_wait_for_connections_to_complete", BOOLEAN),
    ]),
];

const MEM: Schema = &[IS_NUMBER, Rule::Minimum("32", false)];
const MEM_LIMIT: Schema = &[IS_INTEGER, Rule::Minimum("32", false)];
const DISK_LIMIT: Schema = &[IS_INTEGER, Rule::Minimum("128", false)];
const AUTOTUNE_LIMITS: Schema = &[
    IS_OBJECT,
    Rule::Closed,
    Rule::Properties(&[
        ("cpus", &[IS_OBJECT, Rule::Properties(&[("min", NUMBER_ABOVE_0), ("max", NUMBER_ABOVE_0)])]),
        ("mem", &[IS_OBJECT, Rule::Properties(&[("min", MEM_LIMIT), ("max", MEM_LIMIT)])]),
        ("disk", &[IS_OBJECT, Rule::Properties(&[("min", DISK_LIMIT), ("max", DISK_LIMIT)])]),
    ]),
];

/// A file of instances, with what eks files have beyond the other, in its places.
macro_rules! file {
    ($methods:expr, [$($bounce:tt)*], [$($secrets:tt)*], $spread:expr) => {
        &[
            IS_OBJECT,
            Rule::Closed,
            Rule::NotEmpty,
            Rule::PatternProperties(&[
                ("^_.*$", TEMPLATE),
                (
                    INSTANCE_NAME,
                    &[
                        IS_OBJECT,
                        Rule::Closed,
                        Rule::NotEmpty,
                        Rule::AllOf(&[HEALTHCHECK, DRAINING, NOT_ACCOUNT_AND_ROLE]),
                        Rule::Properties(&[
                            ("cpus", NUMBER_ABOVE_0),
                            ("mem", MEM),
                            ("disk", NUMBER_ABOVE_0),
                            ("gpus", INTEGER_FROM_0),
                            ("instances", INTEGER_FROM_0),
                            ("min_instances", INTEGER_FROM_0),
                            ("max_instances", INTEGER_FROM_0),
                            ("backoff_factor", INTEGER),
                            ("max_launch_delay_seconds", INTEGER),
                            ("registrations", UNIQUE_STRINGS),
                            ("bounce_method", &[Rule::OneOfTexts($methods)]),
                            ("bounce_health_params", BOUNCE_HEALTH),
                            ("bounce_margin_factor", SHARE),
                            ("bounce_priority", INTEGER),
                            ("deploy_group", STRING),
                            $($bounce)*
                            ("autoscaling", AUTOSCALING),
                            ("sfn_autoscaling", OBJECT),
                            ("service_account_name", STRING),
                            ("drain_method", &[Rule::OneOfTexts(&["noop", "hacheck", "http", "test"])]),
                            ("drain_method_params", OBJECT),
                            ("constraints", UNIQUE_ARRAYS),
                            ("extra_constraints", UNIQUE_ARRAYS),
                            ("node_selectors", NODE_SELECTORS),
                            ("node_selectors_preferred", NODE_SELECTORS_PREFERRED),
                            ("pool", STRING),
                            ("cmd", &[Rule::OneOf(&[STRING, ARRAY])]),
                            ("args", STRINGS),
                            ("env", ENV),
                            ("cap_add", STRINGS),
                            ("boto_keys", STRINGS),
                            ("crypto_keys", CRYPTO_KEYS),
                            ("datastore_credentials", DATASTORES),
                            $($secrets)*
                            ("extra_volumes", UNIQUE_OBJECTS),
                            ("monitoring", MONITORING),
                            ("aws_ebs_volumes", UNIQUE_OBJECTS),
                            ("persistent_volumes", &[IS_ARRAY, Rule::Items(PERSISTENT_VOLUME), Rule::Unique]),
                            ("secret_volumes", SECRET_VOLUMES),
                            ("projected_sa_volumes", PROJECTED_SA_VOLUMES),
                            ("replication_threshold", INTEGER_FROM_0),
                            ("cfs_period_us", CFS_PERIOD),
                            ("container_port", NUMBER),
                            ("deploy_blacklist", ARRAY),
                            ("deploy_whitelist", ARRAY),
                            ("monitoring_blacklist", ARRAY),
                            ("iam_role", IAM_ROLE),
                            ("iam_role_provider", IAM_ROLE_PROVIDER),
                            ("fs_group", INTEGER),
                            ("fs_group_change_policy", FS_GROUP_CHANGE_POLICY),
                            ("healthcheck_mode", &[Rule::OneOfTexts(&["cmd", "tcp", "http", "https"])]),
                            ("healthcheck_cmd", STRING),
                            ("healthcheck_grace_period_seconds", NUMBER),
                            ("healthcheck_interval_seconds", NUMBER),
                            ("healthcheck_timeout_seconds", NUMBER),
                            ("healthcheck_max_consecutive_failures", INTEGER),
                            ("healthcheck_uri", STRING),
                            ("cpu_burst_add", NUMBER_FROM_0_0),
                            ("host_port", PORT),
                            ("dependencies_reference", STRING),
                            ("extra_docker_args", MAP_OF_STRINGS),
                            ("sidecar_resource_requirements", SIDECAR_RESOURCES),
                            ("anti_affinity", ANTI_AFFINITY),
                            ("anti_affinity_preferred", ANTI_AFFINITY_PREFERRED),
                            ("prometheus_shard", STRING),
                            ("prometheus_path", STRING),
                            ("prometheus_port", INTEGER_FROM_0),
                            ("routable_ip", BOOLEAN),
                            ("enable_aws_lb_readiness_gate", BOOLEAN),
                            ("lifecycle", LIFECYCLE),
                            ("pod_management_policy", &[Rule::OneOfTexts(&["OrderedReady", "Parallel"])]),
                            ("is_istio_sidecar_injection_enabled", BOOLEAN),
                            ("weight", INTEGER_FROM_1),
                            (
                                "namespace",
                                &[IS_STRING, Rule::Pattern("^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"), Rule::MaxLength(63)],
                            ),
                            ("autotune_limits", AUTOTUNE_LIMITS),
                            ("topology_spread_constraints", $spread),
                            ("uses_bulkdata", BOOLEAN),
                        ]),
                        Rule::Needs("fs_group_change_policy", "fs_group"),
                    ],
                ),
            ]),
        ]
    };
}

/// What `bounce_method` may be on Kubernetes.
const METHODS: &[&str] = &["crossover", "brutal", "downthenup"];
/// What it may be where bounce_lib bounces: the methods of paasta_tools/bounce_lib.py, which marathon_schema.json listed.
const METHODS_OF_BOUNCE_LIB: &[&str] = &["brutal", "upthendown", "downthenup", "crossover"];

pub const KUBERNETES: Schema = file!(METHODS, [], [], SPREAD);

/// The same with the methods of bounce_lib.
pub const KUBERNETES_OF_BOUNCE_LIB: Schema = file!(METHODS_OF_BOUNCE_LIB, [], [], SPREAD);

pub const EKS: Schema = file!(
    METHODS,
    [
        ("cost_owner", COST_OWNER),
        ("bounce_overprovision_factor", &[IS_NUMBER, Rule::Minimum("0.25", false), Rule::Maximum("1")]),
    ],
    [("ssm_secrets", SSM_SECRETS),],
    EKS_SPREAD
);
