//! What a built-in oracle is expected to find.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::inline_schema;
use crate::text::Node;
use crate::text::decode::{Context, FromNode, Spanned, Table};
use crate::text::tree::Value;

/// What a built-in oracle is expected to find: of any subject, or of one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ExpectedFindingValue {
    /// The oracle alone, by its code or name.
    Any(String),
    /// The oracle, and a glob over subjects.
    About(Table<Spanned<String>>),
}

impl FromNode for ExpectedFindingValue {
    fn from_node(node: &Node, context: &mut Context<'_>) -> Option<ExpectedFindingValue> {
        match &node.value {
            Value::String(text) => Some(ExpectedFindingValue::Any(text.clone())),
            Value::Map(entries) if entries.len() == 1 => {
                Table::from_node(node, context).map(ExpectedFindingValue::About)
            }
            _ => {
                context.not_what_was_expected("an oracle such as `stuck`, or `{ outage: traffic/chat }`", node);
                None
            }
        }
    }
}

inline_schema!(ExpectedFindingValue, {
    "anyOf": [
        { "type": "string" },
        { "type": "object", "additionalProperties": { "type": "string" }, "minProperties": 1, "maxProperties": 1 },
    ],
});
