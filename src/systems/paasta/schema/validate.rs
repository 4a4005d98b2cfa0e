//! What a schema says of a value: all mistakes in the order in which Python's jsonschema 3.2 finds them, and the one of them
//! that its `best_match` picks.
//!
//! Sources: python-jsonschema/jsonschema v3.2.0, jsonschema/_validators.py, _legacy_validators.py (draft 4) and exceptions.py.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use regex::Regex;

use super::python::{HIDDEN, canonical, compare, is_whole, quoted, quoted_list, repr, schema_repr};
use super::{Rule, Schema, Type, is_secret};
use crate::text::tree::{Key, Value};
use crate::text::{Node, Span};

/// The most mistakes that are gathered of one value; which is told is decided among them.
const MISTAKES_MAX: usize = 10_000;

/// A rule that a value does not satisfy.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mistake {
    /// The message, as jsonschema words it.
    pub message: String,
    /// Where the value stands, or its key.
    pub span: Span,
    /// How many keys and positions lead to the value, from where the rules began.
    depth: usize,
    /// True for `anyOf` and `oneOf`, which say less than any other rule.
    is_weak: bool,
    /// The mistakes of each of the schemas of which one would have had to fit.
    within: Vec<Mistake>,
}

impl Mistake {
    /// How much a mistake tells: the shallower the more, and weak ones less than others.
    fn relevance(&self) -> (std::cmp::Reverse<usize>, bool) {
        (std::cmp::Reverse(self.depth), !self.is_weak)
    }
}

/// The mistake that tells most of a value, if it has any. Of several that tell as much it is the first.
pub fn best_match(schema: Schema, node: &Node) -> Option<Mistake> {
    let mut validator = Validator { patterns: BTreeMap::new(), hides: false };
    let mut mistakes = Vec::new();
    validator.all(schema, node, node.span, 0, &mut mistakes);
    let mut best = pick(mistakes, Ordering::Greater)?;
    // Where one of several had to fit, the deepest mistake is the nearest to what was meant.
    while !best.within.is_empty() {
        best = pick(best.within, Ordering::Less)?;
    }
    Some(best)
}

/// The first mistake of those with the greatest, or the least, relevance.
fn pick(mistakes: Vec<Mistake>, wanted: Ordering) -> Option<Mistake> {
    mistakes
        .into_iter()
        .reduce(|best, next| if next.relevance().cmp(&best.relevance()) == wanted { next } else { best })
}

struct Validator {
    /// Patterns by their text: a schema uses the same one for each of many keys.
    patterns: BTreeMap<&'static str, Option<Regex>>,
    /// True below a key whose values are not shown.
    hides: bool,
}

impl Validator {
    /// Adds what is wrong with a value that stands `depth` below where the rules began, under a key at `key`.
    fn all(&mut self, schema: Schema, node: &Node, key: Span, depth: usize, found: &mut Vec<Mistake>) {
        for rule in schema {
            if found.len() >= MISTAKES_MAX {
                return;
            }
            if let Some(message) = self.scalar(rule, node).or_else(|| self.list(rule, node)) {
                found.push(mistake(message, node.span, depth));
            } else {
                self.map(rule, schema, node, key, depth, found);
                self.combined(rule, node, key, depth, found);
            }
        }
    }

    fn is_valid(&mut self, schema: Schema, node: &Node) -> bool {
        let mut found = Vec::new();
        self.all(schema, node, node.span, 0, &mut found);
        found.is_empty()
    }

    /// The value as a message shows it.
    fn shown(&self, node: &Node) -> String {
        if self.hides { HIDDEN.to_owned() } else { repr(node) }
    }

    /// Rules of single values. Each says nothing of values of another type.
    fn scalar(&mut self, rule: &Rule, node: &Node) -> Option<String> {
        let hides = self.hides;
        let shown = || if hides { HIDDEN.to_owned() } else { repr(node) };
        match rule {
            Rule::Type(types) => {
                let names: Vec<String> = types.iter().map(|one| quoted(one.text())).collect();
                let fits = types.iter().any(|one| is_type(node, *one));
                (!fits).then(|| format!("{} is not of type {}", shown(), names.join(", ")))
            }
            Rule::OneOfTexts(texts) => {
                let fits = node.as_str().is_some_and(|text| texts.contains(&text));
                (!fits).then(|| format!("{} is not one of {}", shown(), quoted_list(texts)))
            }
            Rule::Only(number) => {
                let fits = is_type(node, Type::Number) && compare(node, &number.to_string()) == Some(Ordering::Equal);
                (!fits).then(|| format!("{} is not one of [{number}]", shown()))
            }
            Rule::Minimum(bound, exclusive) => match compare(node, bound)? {
                Ordering::Less | Ordering::Equal if *exclusive => {
                    Some(format!("{} is less than or equal to the minimum of {bound}", shown()))
                }
                Ordering::Less => Some(format!("{} is less than the minimum of {bound}", shown())),
                _ => None,
            },
            Rule::Maximum(bound) => (compare(node, bound)? == Ordering::Greater)
                .then(|| format!("{} is greater than the maximum of {bound}", shown())),
            Rule::MaxLength(most) => {
                (node.as_str()?.chars().count() > *most).then(|| format!("{} is too long", shown()))
            }
            Rule::Pattern(pattern) => {
                let text = node.as_str()?;
                (!self.fits(pattern, text)).then(|| format!("{} does not match {}", shown(), quoted(pattern)))
            }
            _ => None,
        }
    }

    /// Rules of a list as a whole.
    fn list(&self, rule: &Rule, node: &Node) -> Option<String> {
        match rule {
            Rule::MaxItems(most) => (node.as_seq()?.len() > *most).then(|| format!("{} is too long", self.shown(node))),
            Rule::Unique => {
                (!is_unique(node.as_seq()?)).then(|| format!("{} has non-unique elements", self.shown(node)))
            }
            _ => None,
        }
    }

    /// Rules of maps and of what is in them and in lists.
    fn map(&mut self, rule: &Rule, schema: Schema, node: &Node, key: Span, depth: usize, found: &mut Vec<Mistake>) {
        if let (Rule::Items(each), Some(items)) = (rule, node.as_seq()) {
            for item in items {
                self.all(each, item, item.span, depth + 1, found);
            }
        }
        let Some(entries) = node.as_map() else { return };
        match rule {
            Rule::NotEmpty if entries.is_empty() => {
                found.push(mistake(format!("{} does not have enough properties", self.shown(node)), node.span, depth));
            }
            Rule::Properties(properties) => {
                for (name, each) in *properties {
                    if let Some((key, value)) = node.entry(name) {
                        let outer = self.hides;
                        self.hides |= is_secret(name);
                        self.all(each, value, key.span, depth + 1, found);
                        self.hides = outer;
                    }
                }
            }
            Rule::PatternProperties(patterns) => {
                for (pattern, each) in *patterns {
                    for (key, value) in entries {
                        if self.fits(pattern, &key.text) {
                            self.all(each, value, key.span, depth + 1, found);
                        }
                    }
                }
            }
            Rule::Others(each) => {
                for (key, value) in self.others(schema, entries) {
                    self.all(each, value, key.span, depth + 1, found);
                }
            }
            Rule::Closed => {
                let others = self.others(schema, entries);
                if let Some((first, _)) = others.first() {
                    found.push(mistake(unexpected(schema, &others), first.span, depth));
                }
            }
            Rule::Required(keys) => {
                for missing in keys.iter().filter(|key| node.get(key).is_none()) {
                    found.push(mistake(format!("{} is a required property", quoted(missing)), key, depth));
                }
            }
            Rule::Needs(key, other) => {
                if let Some((key, _)) = node.entry(key)
                    && node.get(other).is_none()
                {
                    let message = format!("{} is a dependency of {}", quoted(other), quoted(&key.text));
                    found.push(mistake(message, key.span, depth));
                }
            }
            _ => {}
        }
    }

    /// Rules that are made of schemas.
    fn combined(&mut self, rule: &Rule, node: &Node, key: Span, depth: usize, found: &mut Vec<Mistake>) {
        match rule {
            Rule::AllOf(schemas) => {
                for schema in *schemas {
                    self.all(schema, node, key, depth, found);
                }
            }
            Rule::AnyOf(schemas) => {
                if let Err(within) = self.first_fit(schemas, node, key) {
                    found.push(none_fits(self.shown(node), node.span, within, depth));
                }
            }
            Rule::OneOf(schemas) => match self.first_fit(schemas, node, key) {
                Err(within) => found.push(none_fits(self.shown(node), node.span, within, depth)),
                Ok(first) => {
                    let mut fitting: Vec<Schema> = Vec::new();
                    for schema in &schemas[first + 1..] {
                        if self.is_valid(schema, node) {
                            fitting.push(schema);
                        }
                    }
                    if !fitting.is_empty() {
                        fitting.push(schemas[first]);
                        let shown: Vec<String> = fitting.into_iter().map(schema_repr).collect();
                        let message = format!("{} is valid under each of {}", self.shown(node), shown.join(", "));
                        found.push(Mistake { is_weak: true, ..mistake(message, node.span, depth) });
                    }
                }
            },
            Rule::Not(schema) if self.is_valid(schema, node) => {
                let message = format!("{} is not allowed for {}", schema_repr(schema), self.shown(node));
                found.push(mistake(message, node.span, depth));
            }
            _ => {}
        }
    }

    /// The position of the first schema that fits, or the mistakes of all. Depths of these count from here.
    fn first_fit(&mut self, schemas: &[Schema], node: &Node, key: Span) -> Result<usize, Vec<Mistake>> {
        let mut within = Vec::new();
        for (index, schema) in schemas.iter().enumerate() {
            let before = within.len();
            self.all(schema, node, key, 0, &mut within);
            if within.len() == before {
                return Ok(index);
            }
        }
        Err(within)
    }

    /// The entries that the schema has no rule for.
    fn others<'n>(&mut self, schema: Schema, entries: &'n [(Key, Node)]) -> Vec<&'n (Key, Node)> {
        let mut others: Vec<&(Key, Node)> = entries.iter().collect();
        for rule in schema {
            match rule {
                Rule::Properties(properties) => {
                    others.retain(|(key, _)| !properties.iter().any(|(name, _)| *name == key.text));
                }
                Rule::PatternProperties(patterns) => {
                    others.retain(|(key, _)| !patterns.iter().any(|(pattern, _)| self.fits(pattern, &key.text)));
                }
                _ => {}
            }
        }
        others
    }

    /// `re.search`.
    fn fits(&mut self, pattern: &'static str, text: &str) -> bool {
        let compiled = self.patterns.entry(pattern).or_insert_with(|| compile(pattern));
        compiled.as_ref().is_some_and(|compiled| compiled.is_match(text))
    }
}

/// A pattern of Python: `$` may stand before a last line break too. Letters beyond ASCII count as none, which names in these
/// patterns do not have.
fn compile(pattern: &str) -> Option<Regex> {
    let pattern =
        pattern.replace("\\w", "[0-9A-Za-z_]").replace("\\d", "[0-9]").replace("\\s", "[ \\t\\n\\r\\x0b\\x0c]");
    let pattern = match pattern.strip_suffix('$') {
        Some(start) => format!("{start}\\n?$"),
        None => pattern,
    };
    Regex::new(&pattern).ok()
}

const fn mistake(message: String, span: Span, depth: usize) -> Mistake {
    Mistake { message, span, depth, is_weak: false, within: Vec::new() }
}

fn none_fits(shown: String, span: Span, within: Vec<Mistake>, depth: usize) -> Mistake {
    let message = format!("{shown} is not valid under any of the given schemas");
    Mistake { is_weak: true, within, ..mistake(message, span, depth) }
}

/// What `additionalProperties: false` says. Python's order of several keys is that of a set, which changes from run to run:
/// here it is that of the file.
fn unexpected(schema: Schema, others: &[&(Key, Node)]) -> String {
    let mut names: Vec<&str> = others.iter().map(|(key, _)| key.text.as_str()).collect();
    let patterns = schema.iter().find_map(|rule| match rule {
        Rule::PatternProperties(patterns) => Some(patterns),
        _ => None,
    });
    let list = |names: &[&str]| names.iter().map(|name| quoted(name)).collect::<Vec<_>>().join(", ");
    match patterns {
        Some(patterns) => {
            names.sort_unstable();
            let mut patterns: Vec<&str> = patterns.iter().map(|(pattern, _)| *pattern).collect();
            patterns.sort_unstable();
            let verb = if names.len() == 1 { "does" } else { "do" };
            format!("{} {verb} not match any of the regexes: {}", list(&names), list(&patterns))
        }
        None => {
            let verb = if names.len() == 1 { "was" } else { "were" };
            format!("Additional properties are not allowed ({} {verb} unexpected)", list(&names))
        }
    }
}

fn is_type(node: &Node, kind: Type) -> bool {
    match (&node.value, kind) {
        (Value::Null, Type::Null)
        | (Value::Bool(_), Type::Boolean)
        | (Value::Int(_), Type::Integer | Type::Number)
        | (Value::Float(_), Type::Number)
        | (Value::String(_), Type::String)
        | (Value::Seq(_), Type::Array)
        | (Value::Map(_), Type::Object) => true,
        (Value::Float(text), Type::Integer) => is_whole(text),
        _ => false,
    }
}

/// True if no two items are equal, where true is not 1. They are compared in order, so that a long list is no matter.
fn is_unique(items: &[Node]) -> bool {
    let mut keys: Vec<(bool, String)> =
        items.iter().map(|item| (matches!(item.value, Value::Bool(_)), canonical(item))).collect();
    keys.sort_unstable();
    keys.windows(2).all(|pair| pair[0] != pair[1])
}
