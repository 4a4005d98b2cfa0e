//! The rules of where copies may run: node selectors, anti-affinity, spread.

use super::shared::{INTEGER, IS_ARRAY, IS_INTEGER, IS_OBJECT, IS_STRING, STRING, UNIQUE_STRINGS};
use super::{Rule, Schema};

const LABEL: &str = "^[a-zA-Z0-9]+[a-zA-Z0-9-_./]*[a-zA-Z0-9]+$";

const IN: Schema = &[
    IS_OBJECT,
    Rule::Closed,
    Rule::Properties(&[("operator", &[Rule::OneOfTexts(&["In", "NotIn"])]), ("values", UNIQUE_STRINGS)]),
    Rule::Required(&["operator", "values"]),
];
const EXISTS: Schema = &[
    IS_OBJECT,
    Rule::Closed,
    Rule::Properties(&[("operator", &[Rule::OneOfTexts(&["Exists", "DoesNotExist"])])]),
    Rule::Required(&["operator"]),
];
const COMPARED: Schema = &[
    IS_OBJECT,
    Rule::Closed,
    Rule::Properties(&[("operator", &[Rule::OneOfTexts(&["Gt", "Lt"])]), ("value", INTEGER)]),
    Rule::Required(&["operator", "value"]),
];
const REQUIREMENTS: Schema = &[IS_ARRAY, Rule::Items(&[Rule::AnyOf(&[IN, EXISTS, COMPARED])])];
const SELECTOR: Schema = &[Rule::AnyOf(&[STRING, UNIQUE_STRINGS, REQUIREMENTS])];

pub const NODE_SELECTORS: Schema = &[IS_OBJECT, Rule::Closed, Rule::PatternProperties(&[(LABEL, SELECTOR)])];

const PREFERRED: Schema = &[IS_OBJECT, Rule::Properties(&[("weight", INTEGER), ("preferences", NODE_SELECTORS)])];
pub const NODE_SELECTORS_PREFERRED: Schema = &[IS_ARRAY, Rule::Items(PREFERRED)];

const KEPT_OFF: Schema = &[IS_OBJECT, Rule::Properties(&[("service", STRING), ("instance", STRING)])];
const KEPT_OFF_WEIGHTED: Schema = &[
    IS_OBJECT,
    Rule::Properties(&[
        ("service", STRING),
        ("instance", STRING),
        ("weight", &[IS_INTEGER, Rule::Minimum("1", false), Rule::Maximum("100")]),
    ]),
];
pub const ANTI_AFFINITY: Schema = &[Rule::OneOf(&[KEPT_OFF, &[IS_ARRAY, Rule::Items(KEPT_OFF), Rule::Unique]])];
pub const ANTI_AFFINITY_PREFERRED: Schema =
    &[Rule::OneOf(&[KEPT_OFF, &[IS_ARRAY, Rule::Items(KEPT_OFF_WEIGHTED), Rule::Unique]])];

const WHEN: Schema = &[IS_STRING, Rule::OneOfTexts(&["ScheduleAnyway", "DoNotSchedule"])];
pub const SPREAD: Schema = &[
    IS_ARRAY,
    Rule::Items(&[
        IS_OBJECT,
        Rule::Properties(&[("topology_key", STRING), ("when_unsatisfiable", WHEN), ("max_skew", INTEGER)]),
    ]),
    Rule::Unique,
];

const LABEL_KEY: Schema = &[
    IS_STRING,
    Rule::Pattern("^([a-zA-Z0-9]([-a-zA-Z0-9_.]*[a-zA-Z0-9])?/)?[a-zA-Z0-9]([-a-zA-Z0-9_.]*[a-zA-Z0-9])?$"),
    Rule::MaxLength(63),
];
const NOT_OWN_LABEL: Schema =
    &[Rule::Not(&[Rule::OneOfTexts(&["paasta.yelp.com/service", "paasta.yelp.com/instance"])])];
/// The spread of eks files, which have one key more.
pub const EKS_SPREAD: Schema = &[
    IS_ARRAY,
    Rule::Items(&[
        IS_OBJECT,
        Rule::Properties(&[
            ("topology_key", STRING),
            ("when_unsatisfiable", WHEN),
            ("max_skew", INTEGER),
            ("match_label_keys", &[IS_ARRAY, Rule::Items(&[Rule::AllOf(&[LABEL_KEY, NOT_OWN_LABEL])]), Rule::Unique]),
        ]),
    ]),
    Rule::Unique,
];
