//! Rules that several schemas share.

use super::{Rule, Schema, Type};

/// `[-_a-z0-9]`, as names of instances have it.
pub const INSTANCE_NAME: &str = "^([a-z0-9]|[a-z0-9][a-z0-9_-]*[a-z0-9])*$";

pub const IS_ARRAY: Rule = Rule::Type(&[Type::Array]);
pub const IS_INTEGER: Rule = Rule::Type(&[Type::Integer]);
pub const IS_NUMBER: Rule = Rule::Type(&[Type::Number]);
pub const IS_OBJECT: Rule = Rule::Type(&[Type::Object]);
pub const IS_STRING: Rule = Rule::Type(&[Type::String]);

pub const ANYTHING: Schema = &[];
pub const ARRAY: Schema = &[IS_ARRAY];
pub const BOOLEAN: Schema = &[Rule::Type(&[Type::Boolean])];
pub const INTEGER: Schema = &[IS_INTEGER];
pub const NUMBER: Schema = &[IS_NUMBER];
pub const OBJECT: Schema = &[IS_OBJECT];
pub const STRING: Schema = &[IS_STRING];

pub const INTEGER_FROM_0: Schema = &[IS_INTEGER, Rule::Minimum("0", false)];
pub const INTEGER_FROM_1: Schema = &[IS_INTEGER, Rule::Minimum("1", false)];
pub const INTEGER_ABOVE_0: Schema = &[IS_INTEGER, Rule::Minimum("0", true)];
pub const NUMBER_FROM_0: Schema = &[IS_NUMBER, Rule::Minimum("0", false)];
pub const NUMBER_FROM_0_0: Schema = &[IS_NUMBER, Rule::Minimum("0.0", false)];
pub const NUMBER_ABOVE_0: Schema = &[IS_NUMBER, Rule::Minimum("0", true)];
pub const SHARE: Schema = &[IS_NUMBER, Rule::Minimum("0", false), Rule::Maximum("1")];
pub const PORT: Schema = &[IS_INTEGER, Rule::Minimum("0", false), Rule::Maximum("65535")];

pub const STRINGS: Schema = &[IS_ARRAY, Rule::Items(STRING)];
pub const UNIQUE_STRINGS: Schema = &[IS_ARRAY, Rule::Items(STRING), Rule::Unique];
pub const UNIQUE_ARRAYS: Schema = &[IS_ARRAY, Rule::Items(ARRAY), Rule::Unique];
pub const UNIQUE_OBJECTS: Schema = &[IS_ARRAY, Rule::Items(OBJECT), Rule::Unique];
pub const MAP_OF_STRINGS: Schema = &[IS_OBJECT, Rule::Others(STRING)];

/// A template: anything under a name that begins with `_`.
pub const TEMPLATE: Schema = OBJECT;

pub const COST_OWNER: Schema = &[IS_STRING, Rule::Pattern("^[a-z0-9]([a-z0-9-]*[a-z0-9])?$"), Rule::MaxLength(63)];
pub const IAM_ROLE: Schema = &[IS_STRING, Rule::Pattern("^arn:aws:iam::[0-9]+:role/[a-zA-Z0-9+=,.@_-]+$")];
pub const IAM_ROLE_PROVIDER: Schema = &[Rule::OneOfTexts(&["aws"])];
pub const FS_GROUP_CHANGE_POLICY: Schema = &[Rule::OneOfTexts(&["Always", "OnRootMismatch"])];
pub const CFS_PERIOD: Schema = &[IS_INTEGER, Rule::Minimum("1000", false), Rule::Maximum("1000000")];

/// A role of AWS, or a name that stands for one.
pub const NOT_ACCOUNT_AND_ROLE: Schema = &[Rule::Not(&[Rule::Required(&["service_account_name", "iam_role"])])];

pub const ENV: Schema = &[IS_OBJECT, Rule::PatternProperties(&[("^[a-zA-Z_]+[a-zA-Z0-9_]*$", STRING)]), Rule::Closed];

const KEY_NAMES: Schema = &[IS_ARRAY, Rule::Items(&[IS_STRING, Rule::Pattern("^[a-zA-Z0-9_.-]+$")]), Rule::Unique];
pub const CRYPTO_KEYS: Schema =
    &[IS_OBJECT, Rule::Closed, Rule::Properties(&[("encrypt", KEY_NAMES), ("decrypt", KEY_NAMES)])];

const SECRET_ITEM: Schema = &[
    IS_OBJECT,
    Rule::Properties(&[("key", STRING), ("path", STRING), ("mode", STRING)]),
    Rule::Required(&["key", "path"]),
];
const SECRET_VOLUME: Schema = &[
    IS_OBJECT,
    Rule::Properties(&[
        ("container_path", STRING),
        ("secret_name", STRING),
        ("default_mode", STRING),
        ("items", &[IS_ARRAY, Rule::MaxItems(1), Rule::Items(SECRET_ITEM), Rule::Unique]),
    ]),
    Rule::Required(&["container_path", "secret_name"]),
];
pub const SECRET_VOLUMES: Schema = &[IS_ARRAY, Rule::Items(SECRET_VOLUME), Rule::Unique];

const PROJECTED_VOLUME: Schema = &[
    IS_OBJECT,
    Rule::Properties(&[("container_path", STRING), ("audience", STRING), ("expiration_seconds", INTEGER)]),
    Rule::Required(&["container_path", "audience"]),
];
pub const PROJECTED_SA_VOLUMES: Schema = &[IS_ARRAY, Rule::Items(PROJECTED_VOLUME), Rule::Unique];

const SSM_SECRET: Schema = &[
    IS_OBJECT,
    Rule::Properties(&[
        ("source", &[IS_STRING, Rule::Pattern("^[a-zA-Z0-9._/-]+$")]),
        ("secret_name", &[IS_STRING, Rule::Pattern("^[a-zA-Z_]+[a-zA-Z0-9_]*$")]),
    ]),
    Rule::Required(&["source", "secret_name"]),
    Rule::Closed,
];
pub const SSM_SECRETS: Schema = &[IS_ARRAY, Rule::Items(SSM_SECRET), Rule::Unique];

const SIDECAR_AMOUNTS: Schema = &[
    IS_OBJECT,
    Rule::Closed,
    Rule::Properties(&[("cpu", NUMBER_FROM_0_0), ("memory", STRING), ("ephemeral-storage", STRING)]),
];
const SIDECAR: Schema = &[IS_OBJECT, Rule::Properties(&[("requests", SIDECAR_AMOUNTS), ("limits", SIDECAR_AMOUNTS)])];
pub const SIDECAR_RESOURCES: Schema = &[IS_OBJECT, Rule::Closed, Rule::Properties(&[("hacheck", SIDECAR)])];

/// `alert_after`: a length of time such as `10m`, or seconds.
pub const ALERT_AFTER: Schema =
    &[Rule::OneOf(&[&[IS_STRING, Rule::Pattern("^[1-9]+[0-9]*[YMWDhms]$")], INTEGER_FROM_0])];
