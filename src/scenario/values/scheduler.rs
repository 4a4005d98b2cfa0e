//! A scheduler: the name of a profile, or the file that configures one.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::inline_schema;
use crate::text::Node;
use crate::text::decode::{Context, FromNode, Spanned};

/// What `cluster.scheduler` says, and where.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SchedulerValue(pub Spanned<String>);

impl FromNode for SchedulerValue {
    fn from_node(node: &Node, context: &mut Context<'_>) -> Option<SchedulerValue> {
        Spanned::from_node(node, context).map(SchedulerValue)
    }
}

inline_schema!(SchedulerValue, {
    "anyOf": [
        { "type": "string", "enum": ["kube-default", "kube-sampled", "kube-most-allocated"] },
        { "type": "string", "pattern": "\\.(yaml|yml|json)$" },
    ]
});
