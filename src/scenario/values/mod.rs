//! The values of a scenario file that are more than a text or a number: lengths of time and how they are spread, amounts,
//! timestamps, and words out of a few.

mod oracles;
mod paasta;
mod scheduler;
mod spread;
mod timestamp;
mod words;

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::file::{KubernetesFile, States};
use crate::kernel::Duration;
use crate::text::decode::{Context, FromNode, Spanned, Table};
use crate::text::diagnostic::quote;
use crate::text::tree::Value;
use crate::text::{Node, duration, quantity};

pub use oracles::ExpectedFindingValue;
pub use paasta::{DeployedValue, ShareValue, no_commit};
pub use scheduler::SchedulerValue;
pub use spread::Spread;
pub use timestamp::Timestamp;
pub use words::{
    BounceEngineValue, BugModeValue, DelayFromValue, EngineValue, ExpanderValue, FailOnValue, FailReason, FullValue,
    GateValue, GroveReleaseValue, JobGateValue, MeasurementValue, MonitoringWhenValue, NamesValue, NodePoolsValue,
    OneBackendProfileValue, OperatorValue, PackingValue, PassesValue, ProviderValue, ReferencesValue, RowOrderValue,
    SchemasValue, SnapshotValue, StoreValue, SystemValue, TaintEffectValue, UndeployedWhenValue, ViewValue,
    WaitChecksValue, WaitForValue, WaiterKeyValue, WorkloadKindValue,
};

/// Implements the schema of a type that is written in its place rather than by reference.
macro_rules! inline_schema {
    ($type:ty, $($schema:tt)*) => {
        impl JsonSchema for $type {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($($schema)*)
            }
        }
    };
}

use inline_schema;

/// A length of time, or an instant counted from the start.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Length(pub Duration);

/// How a length of time is written: `90s`, `1h30m`, `00:07:31.250`.
const LENGTH_PATTERN: &str = r"^(([0-9]+(\.[0-9]+)?(d|h|m|s|ms|us|µs|ns))+|[0-9]+:[0-5][0-9]:[0-5][0-9](\.[0-9]+)?)$";

impl FromNode for Length {
    fn from_node(node: &Node, context: &mut Context<'_>) -> Option<Length> {
        let Some(text) = node.scalar_text().filter(|_| node.as_bool().is_none()) else {
            context.not_what_was_expected("a length of time such as `90s`", node);
            return None;
        };
        match duration::parse(&text) {
            Ok(length) => Some(Length(length)),
            Err(error) => {
                context.error(node.span, format!("{}: {error}", quote(&text)));
                None
            }
        }
    }
}

inline_schema!(Length, { "type": "string", "pattern": LENGTH_PATTERN });

/// How long something is let be; less than nothing, or `-1`, is for ever, as KAI-Scheduler has it
/// (kai-scheduler/KAI-Scheduler v0.17, pkg/scheduler/actions/stalegangeviction/stalegangeviction.go).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct GraceValue(pub Option<Duration>);

impl FromNode for GraceValue {
    fn from_node(node: &Node, context: &mut Context<'_>) -> Option<GraceValue> {
        if let Some(text) = node.scalar_text()
            && let Some(length) = text.strip_prefix('-')
            && (length.parse::<u64>().is_ok() || duration::parse(length).is_ok())
        {
            return Some(GraceValue(None));
        }
        Length::from_node(node, context).map(|length| GraceValue(Some(length.0)))
    }
}

inline_schema!(GraceValue, { "anyOf": [{ "type": "string", "pattern": LENGTH_PATTERN }, { "type": "string", "pattern": "^-" }, { "type": "integer", "maximum": -1 }] });

/// An amount in Kubernetes' notation, in thousandths and in whole units.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Amount {
    /// In thousandths, rounded up; `None` if that passes 64 bits.
    pub milli: Option<u64>,
    /// In whole units, rounded up.
    pub units: u64,
}

impl FromNode for Amount {
    fn from_node(node: &Node, context: &mut Context<'_>) -> Option<Amount> {
        let Some(text) = node.scalar_text().filter(|_| node.as_bool().is_none()) else {
            context.not_what_was_expected("an amount such as `128Gi` or `500m`", node);
            return None;
        };
        match quantity::units(&text) {
            Ok(units) => Some(Amount { milli: quantity::milli(&text).ok(), units }),
            Err(error) => {
                context.error(node.span, format!("{}: {error}", quote(&text)));
                None
            }
        }
    }
}

inline_schema!(Amount, {
    "type": ["string", "number"],
    "minimum": 0,
    "pattern": r"^([0-9]+(\.[0-9]*)?|\.[0-9]+)([KMGTPE]i|[mkMGTPE]|[eE][+-]?[0-9]+)?$",
});

/// A version of Kubernetes, or a map with settings.
#[derive(Clone, PartialEq, Debug)]
pub enum KubernetesValue {
    /// The version alone.
    Version(Spanned<String>),
    /// The map.
    Profile(KubernetesFile),
}

impl FromNode for KubernetesValue {
    fn from_node(node: &Node, context: &mut Context<'_>) -> Option<KubernetesValue> {
        match &node.value {
            Value::Map(_) => KubernetesFile::from_node(node, context).map(KubernetesValue::Profile),
            _ => Spanned::from_node(node, context).map(KubernetesValue::Version),
        }
    }
}

impl JsonSchema for KubernetesValue {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "KubernetesValue".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [{ "type": "string" }, generator.subschema_for::<KubernetesFile>()] })
    }
}

/// States, or an expression.
#[derive(Clone, PartialEq, Debug)]
pub enum ConditionValue {
    /// States that hold together.
    States(States),
    /// An expression in CEL.
    Cel(Spanned<String>),
}

impl FromNode for ConditionValue {
    fn from_node(node: &Node, context: &mut Context<'_>) -> Option<ConditionValue> {
        match &node.value {
            Value::String(_) => Spanned::from_node(node, context).map(ConditionValue::Cel),
            Value::Map(_) => States::from_node(node, context).map(ConditionValue::States),
            _ => {
                context
                    .not_what_was_expected("states such as `deployment/vllm: failed`, or an expression in CEL", node);
                None
            }
        }
    }
}

/// An end of a window: a time, or a map of states, an action or a fault.
#[derive(Clone, PartialEq, Debug)]
pub enum MarkValue {
    /// A time.
    At(Length),
    /// States, or `action: NAME`, or `fault: NAME`.
    Map(States),
}

impl FromNode for MarkValue {
    fn from_node(node: &Node, context: &mut Context<'_>) -> Option<MarkValue> {
        match &node.value {
            Value::Map(_) => States::from_node(node, context).map(MarkValue::Map),
            Value::String(_) | Value::Int(_) | Value::Float(_) => Length::from_node(node, context).map(MarkValue::At),
            _ => {
                context.not_what_was_expected("a time, or a map such as `{ action: undeploy }`", node);
                None
            }
        }
    }
}

/// A workload whose template goes back: to the one before, or to a revision.
#[derive(Clone, PartialEq, Debug)]
pub enum RollbackValue {
    /// To the one before.
    Before(String),
    /// To a revision.
    To(Table<u32>),
}

impl FromNode for RollbackValue {
    fn from_node(node: &Node, context: &mut Context<'_>) -> Option<RollbackValue> {
        match &node.value {
            Value::String(text) => Some(RollbackValue::Before(text.clone())),
            Value::Map(_) => Table::from_node(node, context).map(RollbackValue::To),
            _ => {
                context.not_what_was_expected("a workload such as `Deployment/web`, or `{ Deployment/web: 1 }`", node);
                None
            }
        }
    }
}

/// A Rollout that is promoted: its next step, or all of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum PromoteValue {
    /// What it waits for.
    Next(String),
    /// All that is left of it.
    Full(Table<FullValue>),
}

impl FromNode for PromoteValue {
    fn from_node(node: &Node, context: &mut Context<'_>) -> Option<PromoteValue> {
        match &node.value {
            Value::String(text) => Some(PromoteValue::Next(text.clone())),
            Value::Map(_) => Table::from_node(node, context).map(PromoteValue::Full),
            _ => {
                context.not_what_was_expected("a Rollout such as `Rollout/web`, or `{ Rollout/web: full }`", node);
                None
            }
        }
    }
}

inline_schema!(PromoteValue, {
    "anyOf": [
        { "type": "string" },
        { "type": "object", "additionalProperties": { "type": "string", "enum": ["full"] }, "minProperties": 1, "maxProperties": 1 },
    ],
});

inline_schema!(RollbackValue, {
    "anyOf": [
        { "type": "string" },
        { "type": "object", "additionalProperties": { "type": "integer", "minimum": 1 }, "minProperties": 1, "maxProperties": 1 },
    ],
});

/// The schemas of values that are a text or a map of texts.
macro_rules! text_or_states {
    ($($type:ty),*) => {$(
        inline_schema!($type, {
            "anyOf": [{ "type": "string" }, { "type": "object", "additionalProperties": { "type": "string" } }],
        });
    )*};
}

text_or_states!(ConditionValue, MarkValue);

/// A regular expression.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Pattern(pub String);

/// The most memory that a compiled pattern may take.
const PATTERN_BYTES_MAX: usize = 1 << 20;

impl FromNode for Pattern {
    fn from_node(node: &Node, context: &mut Context<'_>) -> Option<Pattern> {
        let text = String::from_node(node, context)?;
        let compiled = regex::RegexBuilder::new(&text).size_limit(PATTERN_BYTES_MAX).build();
        if let Err(error) = compiled {
            // The last line of the message says what is wrong; those before it repeat the pattern.
            let told = error.to_string();
            let reason = told.lines().last().unwrap_or("").trim().trim_start_matches("error: ").to_owned();
            context.error(node.span, format!("this regular expression is not well formed: {reason}"));
            return None;
        }
        Some(Pattern(text))
    }
}

inline_schema!(Pattern, { "type": "string", "format": "regex" });
