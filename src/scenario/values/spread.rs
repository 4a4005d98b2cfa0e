//! A length of time that may vary: `90s`, or `{ normal: { mean: 4m, deviation: 30s, min: 2m } }`.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::Length;
use crate::kernel::{Distribution, Duration};
use crate::text::decode::{Context, FromNode, list};
use crate::text::diagnostic::{nearest, quote};
use crate::text::{Diagnostic, Node};

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
