//! Values of the `paasta` map: shares as documents write them, and what deploy groups run at the start.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::inline_schema;
use crate::systems::paasta::is_commit;
use crate::systems::paasta::model::Decimal;
use crate::text::Node;
use crate::text::decode::{Context, FromNode, Spanned, Table};
use crate::text::diagnostic::quote;
use crate::text::tree::Value;

/// A share from 0 to 1, as it is written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ShareValue(pub Decimal);

impl FromNode for ShareValue {
    fn from_node(node: &Node, context: &mut Context<'_>) -> Option<ShareValue> {
        let text = match &node.value {
            Value::Int(whole) => whole.to_string(),
            Value::Float(text) => text.clone(),
            _ => String::new(),
        };
        if text.parse().is_ok_and(|share: f64| (0.0..=1.0).contains(&share)) {
            return Some(ShareValue(Decimal(text)));
        }
        context.not_what_was_expected("a share from 0 to 1, such as 0.95", node);
        None
    }
}

inline_schema!(ShareValue, { "type": "number", "minimum": 0, "maximum": 1 });

/// What is told of a text that is no commit.
pub fn no_commit(text: &str) -> String {
    let of = "letters, digits, `.`, `_` and `-`, and may have an image version behind a `+`";
    format!("{} is no commit: one is made of {of}", quote(text))
}

/// What deploy groups run at the start: all the same commit, or each its own.
#[derive(Clone, PartialEq, Debug)]
pub enum DeployedValue {
    /// All the same.
    All(String),
    /// Each its own; `none` for nothing.
    Each(Table<Spanned<String>>),
}

impl FromNode for DeployedValue {
    fn from_node(node: &Node, context: &mut Context<'_>) -> Option<DeployedValue> {
        match &node.value {
            Value::String(commit) if is_commit(commit) => Some(DeployedValue::All(commit.clone())),
            Value::String(commit) => {
                context.error(node.span, no_commit(commit));
                None
            }
            Value::Map(_) => {
                let table: Table<Spanned<String>> = Table::from_node(node, context)?;
                for (_, commit) in table.0.iter().filter(|(_, commit)| !is_commit(&commit.value)) {
                    context.error(commit.span, no_commit(&commit.value));
                }
                Some(DeployedValue::Each(table))
            }
            _ => {
                let expected = "a commit such as `4c0ffee`, in quotes if it has digits alone, or `{ GROUP: COMMIT }`";
                context.not_what_was_expected(expected, node);
                None
            }
        }
    }
}

inline_schema!(DeployedValue, {
    "anyOf": [{ "type": "string" }, { "type": "object", "additionalProperties": { "type": "string" } }],
});
