//! The values of a scenario file that are more than a text or a number: lengths of time and how they are spread, amounts,
//! timestamps, conditions. Words out of a few are in `words`.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::file::{KubernetesFile, States};
use super::model::Distribution;
use crate::kernel::Duration;
use crate::text::decode::{Context, FromNode, Spanned, list};
use crate::text::diagnostic::{nearest, quote};
use crate::text::tree::Value;
use crate::text::{Diagnostic, Node, duration, quantity};

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

// Behind the macro, which it uses.
mod words;

pub use words::{
    FailOnValue, FailReason, GateValue, JobGateValue, MonitoringWhenValue, NamesValue, NodePoolsValue, ReferencesValue,
    SchedulerValue, SnapshotValue, SystemValue, TaintEffectValue, ViewValue, WaitForValue, WorkloadKindValue,
};

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

/// A length of time, or a distribution of lengths.
#[derive(Clone, PartialEq, Debug)]
pub struct Spread(pub Distribution);

/// The kinds of distribution and the keys of each, the required first.
const SPREADS: &[(&str, &[&str], usize)] = &[
    ("uniform", &["min", "max"], 2),
    ("normal", &["mean", "deviation", "min", "max"], 2),
    ("lognormal", &["mean", "deviation", "min", "max"], 2),
    ("exponential", &["mean", "min", "max"], 1),
];

impl FromNode for Spread {
    fn from_node(node: &Node, context: &mut Context<'_>) -> Option<Spread> {
        let Some(entries) = node.as_map() else {
            return Length::from_node(node, context).map(|length| Spread(Distribution::Constant(length.0)));
        };
        let [(kind, body)] = entries else {
            context.error(node.span, "a distribution is a map with one key, such as `normal`");
            return None;
        };
        let read = match kind.text.as_str() {
            "empirical" => empirical(body, context),
            other => match SPREADS.iter().find(|(name, _, _)| *name == other) {
                Some((name, keys, required)) => parametric(name, keys, *required, body, context),
                None => {
                    context.report(unknown_distribution(node, &kind.text, context));
                    None
                }
            },
        }?;
        if let Err(error) = read.check() {
            context.error(body.span, error);
            return None;
        }
        Some(Spread(read))
    }
}

fn unknown_distribution(node: &Node, kind: &str, context: &Context<'_>) -> Diagnostic {
    let mut known: Vec<&str> = SPREADS.iter().map(|(name, _, _)| *name).collect();
    known.push("empirical");
    let unknown = Diagnostic::error(context.source, node.span, format!("unknown distribution {}", quote(kind)));
    match nearest(kind, known.iter().copied()) {
        Some(near) => unknown.help(format!("did you mean `{near}`?")),
        None => unknown.note(format!("known are {}", list(&known))),
    }
}

/// A distribution with named parameters.
fn parametric(
    name: &str,
    keys: &[&str],
    required: usize,
    body: &Node,
    context: &mut Context<'_>,
) -> Option<Distribution> {
    let Some(entries) = body.as_map() else {
        context.not_what_was_expected(&format!("a map with {}", list(keys)), body);
        return None;
    };
    let mut lengths = [None; 4];
    let mut complete = true;
    for (key, value) in entries {
        match keys.iter().position(|known| *known == key.text) {
            Some(index) => {
                lengths[index] = Length::from_node(value, context).map(|length| length.0);
                complete &= lengths[index].is_some();
            }
            None => {
                let unknown = format!("unknown key {} in `{name}`", quote(&key.text));
                context.report(
                    Diagnostic::error(context.source, key.span, unknown).note(format!("known are {}", list(keys))),
                );
                complete = false;
            }
        }
    }
    for missing in keys[..required].iter().filter(|key| body.get(key).is_none()) {
        context.error(body.span, format!("`{name}` needs the key `{missing}`"));
        complete = false;
    }
    let of = |key: &str| keys.iter().position(|known| *known == key).and_then(|index| lengths[index]);
    let length = |key| of(key).unwrap_or(Duration::ZERO);
    let (mean, deviation, min) = (length("mean"), length("deviation"), length("min"));
    let max = of("max").unwrap_or(Distribution::MAX);
    if !complete {
        return None;
    }
    Some(match name {
        "uniform" => Distribution::Uniform { min, max },
        "normal" => Distribution::Normal { mean, deviation, min, max },
        "lognormal" => Distribution::LogNormal { mean, deviation, min, max },
        _ => Distribution::Exponential { mean, min, max },
    })
}

/// Measured lengths, each as likely as the others; one that stands there twice is twice as likely.
fn empirical(body: &Node, context: &mut Context<'_>) -> Option<Distribution> {
    let lengths = Vec::<Length>::from_node(body, context)?;
    if lengths.is_empty() {
        context.error(body.span, "`empirical` needs at least one length of time");
        return None;
    }
    Some(Distribution::Empirical { values: lengths.into_iter().map(|length| (length.0, 1)).collect() })
}

impl JsonSchema for Spread {
    fn schema_name() -> Cow<'static, str> {
        "Spread".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let length = generator.subschema_for::<Length>();
        let mut kinds = vec![serde_json::json!(length)];
        for (name, keys, required) in SPREADS {
            let parameters: serde_json::Map<String, serde_json::Value> =
                keys.iter().map(|key| ((*key).to_owned(), serde_json::json!(length))).collect();
            kinds.push(serde_json::json!({
                "type": "object",
                "properties": { *name: {
                    "type": "object",
                    "properties": parameters,
                    "required": keys[..*required],
                    "additionalProperties": false,
                }},
                "required": [name],
                "additionalProperties": false,
            }));
        }
        kinds.push(serde_json::json!({
            "type": "object",
            "properties": { "empirical": { "type": "array", "items": length, "minItems": 1 } },
            "required": ["empirical"],
            "additionalProperties": false,
        }));
        json_schema!({ "description": "A length of time, or a distribution of lengths.", "oneOf": kinds })
    }
}

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

/// A wall-clock time, in seconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Timestamp(pub i64);

impl FromNode for Timestamp {
    fn from_node(node: &Node, context: &mut Context<'_>) -> Option<Timestamp> {
        let read = node.as_str().and_then(timestamp);
        if read.is_none() {
            context.not_what_was_expected("a time in UTC such as `2026-01-01T00:00:00Z`", node);
        }
        read.map(Timestamp)
    }
}

inline_schema!(Timestamp, { "type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$" });

/// Seconds since 1970 of `YYYY-MM-DDTHH:MM:SSZ`.
fn timestamp(text: &str) -> Option<i64> {
    let bytes = text.as_bytes();
    let form = b"0000-00-00T00:00:00Z";
    let fits = |(byte, form): (&u8, &u8)| if *form == b'0' { byte.is_ascii_digit() } else { byte == form };
    if bytes.len() != form.len() || !bytes.iter().zip(form).all(fits) {
        return None;
    }
    let number = |from: usize, to: usize| text[from..to].parse::<i64>().ok();
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let month_days = [31, if leap { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let days_of = |month: i64| month_days.get(usize::try_from(month - 1).unwrap_or(12)).copied();
    if !(1..=days_of(month)?).contains(&day) || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let years_before = year - 1;
    let days_before_year = years_before * 365 + years_before / 4 - years_before / 100 + years_before / 400;
    let days_before_month: i64 = month_days.iter().take(usize::try_from(month - 1).ok()?).sum();
    // 719162 days lie between 0001-01-01 and 1970-01-01.
    let days = days_before_year + days_before_month + day - 1 - 719_162;
    Some(((days * 24 + hour) * 60 + minute) * 60 + second)
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_are_counted_from_1970() {
        assert_eq!(timestamp("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(timestamp("2026-01-01T00:00:00Z"), Some(1_767_225_600));
        assert_eq!(timestamp("2024-02-29T23:59:59Z"), Some(1_709_251_199));
        assert_eq!(timestamp("0001-01-01T00:00:00Z"), Some(-62_135_596_800));
        for wrong in [
            "2026-02-29T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-00-01T00:00:00Z",
            "2026-01-00T00:00:00Z",
            "2026-01-01",
            "2026-01-01T24:00:00Z",
            "é026-01-01T00:00:00",
        ] {
            assert_eq!(timestamp(wrong), None, "{wrong}");
        }
    }
}
