//! The keys of a map, with those of another map where it has none.

use crate::kernel::Duration;
use crate::systems::paasta::model::Decimal;
use crate::text::tree::{Key, Value};
use crate::text::{Node, quantity};

/// The longest length of time that is kept; schemas have no bound.
const SECONDS_MAX: u64 = 1 << 28;

/// The keys of a map. A value of a type that does not fit is as good as none.
#[derive(Clone, Copy, Debug)]
pub struct Fields<'n> {
    node: &'n Node,
    defaults: Option<&'n Node>,
}

impl<'n> Fields<'n> {
    /// The keys of `node`, and where it has none those of `defaults`.
    pub const fn new(node: &'n Node, defaults: Option<&'n Node>) -> Fields<'n> {
        Fields { node, defaults }
    }

    /// The map itself.
    pub const fn node(&self) -> &'n Node {
        self.node
    }

    /// A key and its value.
    pub fn entry(&self, key: &str) -> Option<&'n (Key, Node)> {
        let of = |node: &'n Node| node.as_map()?.iter().find(|(candidate, _)| candidate.text == key);
        of(self.node).or_else(|| self.defaults.and_then(of))
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&'n Node> {
        self.entry(key).map(|(_, value)| value)
    }

    /// The keys of a map under a key.
    pub fn map(&self, key: &str) -> Option<Fields<'n>> {
        self.get(key).filter(|node| node.as_map().is_some()).map(|node| Fields::new(node, None))
    }

    /// The items of a list.
    pub fn list(&self, key: &str) -> &'n [Node] {
        self.get(key).and_then(Node::as_seq).unwrap_or_default()
    }

    /// The texts of a list of texts.
    pub fn texts(&self, key: &str) -> Vec<String> {
        self.list(key).iter().filter_map(Node::as_str).map(str::to_owned).collect()
    }

    /// A text.
    pub fn text(&self, key: &str) -> Option<String> {
        self.get(key).and_then(Node::as_str).map(str::to_owned)
    }

    /// A truth value.
    pub fn truth(&self, key: &str) -> Option<bool> {
        self.get(key).and_then(Node::as_bool)
    }

    /// A whole number.
    pub fn whole(&self, key: &str) -> Option<i64> {
        self.get(key).and_then(Node::as_i64)
    }

    /// A whole number that is not negative; one beyond 32 bits is the largest of these.
    pub fn count(&self, key: &str) -> Option<u32> {
        self.whole(key).filter(|number| *number >= 0).map(|number| u32::try_from(number).unwrap_or(u32::MAX))
    }

    /// A number as it is written.
    pub fn decimal(&self, key: &str) -> Option<Decimal> {
        self.get(key).and_then(number).map(Decimal)
    }

    /// A number in thousandths, rounded up as Kubernetes does.
    pub fn milli(&self, key: &str) -> Option<u64> {
        quantity::milli(&number(self.get(key)?)?).ok()
    }

    /// A number of MiB in bytes.
    pub fn mebibytes(&self, key: &str) -> Option<u64> {
        let text = number(self.get(key)?)?;
        quantity::units(&format!("{text}Mi")).ok()
    }

    /// A number of seconds. One below zero is none, as whoever waits for it goes on at once.
    pub fn seconds(&self, key: &str) -> Option<Duration> {
        let text = number(self.get(key)?)?;
        if text.starts_with('-') {
            return Some(Duration::ZERO);
        }
        let millis = quantity::milli(&text).unwrap_or(u64::MAX);
        Some(Duration::from_millis(millis.min(SECONDS_MAX * 1000)))
    }
}

/// A number as it is written.
pub fn number(node: &Node) -> Option<String> {
    match &node.value {
        Value::Int(number) => Some(number.to_string()),
        Value::Float(text) => Some(text.clone()),
        _ => None,
    }
}
