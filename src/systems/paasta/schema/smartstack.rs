//! The rules of smartstack.yaml: smartstack_schema.json.

use super::shared::*;
use super::{Rule, Schema, Type};

const DAY: Schema = &[IS_INTEGER, Rule::Minimum("0", false), Rule::Maximum("86400000")];
const MODE: Schema = &[Rule::OneOfTexts(&["http", "https", "http2", "tcp"])];

const DELAY: Schema = &[
    IS_OBJECT,
    Rule::Properties(&[
        ("duration_ms", &[IS_NUMBER, Rule::Minimum("0", false), Rule::Maximum("86400000")]),
        ("percent", &[IS_INTEGER, Rule::Minimum("0", false), Rule::Maximum("100")]),
    ]),
    Rule::Required(&["duration_ms", "percent"]),
];

const PLUGINS: Schema = &[
    IS_OBJECT,
    Rule::Properties(&[
        (
            "source_required",
            &[IS_OBJECT, Rule::Properties(&[("enabled", BOOLEAN)]), Rule::Required(&["enabled"]), Rule::Closed],
        ),
        (
            "logging",
            &[
                IS_OBJECT,
                Rule::Properties(&[("enabled", BOOLEAN), ("sample_rate", SHARE)]),
                Rule::Required(&["enabled"]),
            ],
        ),
    ]),
];

const ENDPOINT: Schema = &[
    IS_OBJECT,
    Rule::Properties(&[
        ("name", STRING),
        ("error_threshold_ratio", SHARE),
        ("minimum_error_rps", NUMBER_FROM_0),
        ("timeout_threshold_ratio", SHARE),
        ("team", STRING),
        ("slack_channel", STRING),
        ("project", STRING),
        ("ticket", BOOLEAN),
        ("page", BOOLEAN),
        ("page_nonprod", BOOLEAN),
    ]),
    Rule::Required(&["name"]),
];

const MONITORING: Schema = &[
    IS_OBJECT,
    Rule::Properties(&[
        ("team", STRING),
        ("slack_channel", STRING),
        ("project", STRING),
        ("ticket", BOOLEAN),
        ("page", BOOLEAN),
        ("page_nonprod", BOOLEAN),
        ("error_threshold_ratio", SHARE),
        ("minimum_error_rps", NUMBER_FROM_0),
        ("timeout_threshold_ratio", SHARE),
        ("timeout_alerting", BOOLEAN),
        ("timeout_page", BOOLEAN),
        ("timeout_ticket", BOOLEAN),
        ("default_endpoint_alerting", BOOLEAN),
        ("endpoint_error_threshold_ratio", SHARE),
        ("endpoint_minimum_error_rps", NUMBER_FROM_0),
        ("endpoints", &[IS_ARRAY, Rule::Items(ENDPOINT)]),
    ]),
];

const NAMESPACE: Schema = &[
    IS_OBJECT,
    Rule::Properties(&[
        (
            "proxy_port",
            &[Rule::Type(&[Type::Integer, Type::Null]), Rule::Minimum("19000", false), Rule::Maximum("21000")],
        ),
        ("port", PORT),
        ("healthcheck_uri", &[IS_STRING, Rule::Pattern("^/[-_0-9a-zA-Z/\\?&\\.=]*$")]),
        ("healthcheck_timeout_s", &[IS_NUMBER, Rule::Minimum("0", false), Rule::Maximum("10")]),
        ("updown_timeout_s", DAY),
        ("healthcheck_mode", MODE),
        ("healthcheck_port", PORT),
        ("healthcheck_body_expect", STRING),
        ("retries", &[IS_INTEGER, Rule::Minimum("0", false), Rule::Maximum("10")]),
        ("allredisp", BOOLEAN),
        ("timeout_connect_ms", &[IS_INTEGER, Rule::Minimum("0", false), Rule::Maximum("60000")]),
        ("timeout_client_ms", DAY),
        ("timeout_server_ms", DAY),
        ("idle_timeout", DAY),
        ("balance", &[IS_STRING, Rule::Pattern("^(leastconn|roundrobin)$")]),
        ("advertise", STRINGS),
        ("discover", STRING),
        ("extra_advertise", &[IS_OBJECT, Rule::Others(STRINGS)]),
        ("extra_headers", OBJECT),
        (
            "extra_healthcheck_headers",
            &[
                IS_OBJECT,
                Rule::Properties(&[("Host", STRING), ("X-ProxiedSSL", STRING), ("X-Source-Id", STRING)]),
                Rule::Others(STRING),
            ],
        ),
        ("mode", MODE),
        (
            "lb_policy",
            &[Rule::OneOfTexts(&["ROUND_ROBIN", "LEAST_REQUEST", "RING_HASH", "RANDOM", "MAGLEV", "CLUSTER_PROVIDED"])],
        ),
        ("choice_count", INTEGER_FROM_1),
        ("chaos", &[IS_OBJECT, Rule::Others(ANYTHING)]),
        ("proxied_through", STRING),
        ("clb_proxy", STRING),
        ("fixed_delay", &[IS_OBJECT, Rule::Others(DELAY)]),
        ("is_proxy", BOOLEAN),
        ("plugins", PLUGINS),
        ("endpoint_timeouts", &[IS_OBJECT, Rule::Others(NUMBER_FROM_0)]),
        ("allow_websocket_upgrade", BOOLEAN),
        ("vip_upgrade", STRING),
        ("monitoring", MONITORING),
    ]),
    Rule::Required(&["proxy_port"]),
    Rule::Closed,
];

pub const SCHEMA: Schema = &[IS_OBJECT, Rule::NotEmpty, Rule::Others(NAMESPACE)];
