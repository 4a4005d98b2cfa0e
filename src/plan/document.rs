//! The texts of a rollout: where an object and its fields stand in them, and how they look with a field changed. Edits keep
//! everything else as it is written, so that a mend can be shown, and tried.

use crate::scenario::Scenario;
use crate::scenario::model::ActionKind;
use crate::systems::kubernetes::Identity;
use crate::text::{Node, Source, Span, tree};

/// An object as a text has it.
#[derive(Clone, Debug)]
pub struct Written {
    /// The text.
    pub source: Source,
    node: Node,
}

/// The texts of a scenario, in the order in which they are applied.
pub fn sources(scenario: &Scenario) -> Vec<&Source> {
    let deployed = scenario.deploy.iter().map(|deploy| &deploy.source);
    let applied = scenario.actions.iter().filter_map(|action| match &action.kind {
        ActionKind::Apply(document) | ActionKind::Replace(document) => Some(&document.source),
        _ => None,
    });
    deployed.chain(applied).collect()
}

/// The object as the text that is applied last has it.
pub fn find(scenario: &Scenario, identity: &Identity) -> Option<Written> {
    sources(scenario).into_iter().rev().find_map(|source| {
        let node = tree::parse_all(source).ok()?.into_iter().find_map(|node| object(node, identity))?;
        Some(Written { source: source.clone(), node })
    })
}

/// The object in a document, or in the list that it is.
fn object(node: Node, identity: &Identity) -> Option<Node> {
    if let Some(items) = node.get("items").and_then(Node::as_seq) {
        return items.iter().find_map(|item| object(item.clone(), identity));
    }
    let text = |node: Option<&Node>, key: &str| node?.get(key)?.as_str().map(str::to_owned);
    let metadata = node.get("metadata");
    let namespace = text(metadata, "namespace").filter(|namespace| namespace != "default").unwrap_or_default();
    let is_it = text(Some(&node), "kind").as_deref() == Some(identity.kind.text())
        && text(metadata, "name").as_deref() == Some(&identity.name)
        && namespace == identity.namespace;
    is_it.then_some(node)
}

impl Written {
    /// A value of a text, as the tree of that text has it.
    pub const fn of(source: Source, node: Node) -> Written {
        Written { source, node }
    }

    /// Where the first of these fields stands that is written; the object's name if none is.
    pub fn first_span(&self, fields: &[&[&str]]) -> Span {
        let name = || self.node.get("metadata").and_then(|metadata| metadata.get("name"));
        let written = fields.iter().find_map(|path| self.key(path));
        written.unwrap_or_else(|| name().map_or(self.node.span, |name| name.span))
    }

    /// Where the key of a field stands.
    fn key(&self, path: &[&str]) -> Option<Span> {
        let (last, outer) = path.split_last()?;
        let map = outer.iter().try_fold(&self.node, |node, key| step(node, key))?;
        map.entry(last).map(|(key, _)| key.span)
    }

    /// The value of a field, as JSON.
    pub fn value(&self, path: &[&str]) -> Option<serde_json::Value> {
        path.iter().try_fold(&self.node, |node, key| step(node, key)).map(Node::to_json)
    }

    /// The text with a field set to a value, which is JSON. `None` if a part of the path is no map.
    pub fn with(&self, path: &[&str], value: &str) -> Option<Source> {
        let mut node = &self.node;
        for (depth, key) in path.iter().enumerate() {
            let Some(next) = step(node, key).filter(|next| !next.is_null()) else {
                // The rest of the path as one flow value.
                let rest = &path[depth + 1..];
                let value = rest.iter().rev().fold(value.to_owned(), |inner, key| format!("{{\"{key}\": {inner}}}"));
                return self.insert(node, key, &value);
            };
            node = next;
        }
        Some(self.replace(self.whole(node.span), value))
    }

    /// A span without the white space at its end; of a flow map or list, up to its closing bracket.
    fn whole(&self, span: Span) -> Span {
        let from = &self.source.text()[span.start as usize..];
        if let Some(length) = from.starts_with(['{', '[']).then(|| flow_length(from)).flatten() {
            return Span::new(span.start, span.start + length as u32);
        }
        let length = self.source.slice(span).trim_end().len() as u32;
        Span::new(span.start, span.start + length)
    }

    fn replace(&self, span: Span, text: &str) -> Source {
        let all = self.source.text();
        let (start, end) = (span.start as usize, span.end as usize);
        Source::new(self.source.name().clone(), format!("{}{text}{}", &all[..start], &all[end..]))
    }

    /// Adds a key to a map, before its first.
    fn insert(&self, map: &Node, key: &str, value: &str) -> Option<Source> {
        let entries = map.as_map()?;
        if let Some((null, value_there)) = map.entry(key) {
            // `key:` without a value, or null.
            let end = self.whole(value_there.span).end.max(null.span.end);
            return Some(self.replace(Span::new(null.span.start, end), &format!("{key}: {value}")));
        }
        let text = self.source.slice(map.span);
        if text.starts_with('{') {
            let comma = if entries.is_empty() { "" } else { ", " };
            let at = map.span.start + 1;
            return Some(self.replace(Span::new(at, at), &format!("\"{key}\": {value}{comma}")));
        }
        let first = entries.first()?.0.span.start;
        let indent = self.source.place(Span::new(first, first)).column.saturating_sub(1) as usize;
        Some(self.replace(Span::new(first, first), &format!("{key}: {value}\n{}", " ".repeat(indent))))
    }
}

/// The length of the flow map or list that a text begins with.
fn flow_length(text: &str) -> Option<usize> {
    let (mut depth, mut quote, mut before) = (0_u32, None, ' ');
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match (quote, character) {
            (Some('"'), '\\') => drop(characters.next()),
            (Some(open), _) if open == character => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(character),
            (None, '#') if before.is_whitespace() => {
                characters.find(|(_, character)| *character == '\n')?;
            }
            (None, '{' | '[') => depth += 1,
            (None, '}' | ']') => {
                depth -= 1;
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
        before = character;
    }
    None
}

/// The value of a key of a map, or the item of a list at a position.
fn step<'n>(node: &'n Node, key: &str) -> Option<&'n Node> {
    match node.as_seq() {
        Some(items) => items.get(key.parse::<usize>().ok()?),
        None => node.get(key),
    }
}

/// The scenario with one of its texts changed.
pub fn replaced(scenario: &Scenario, changed: &Source) -> Scenario {
    let mut scenario = scenario.clone();
    // The text that is applied last under this name is the one that was found.
    let mut done = false;
    for action in scenario.actions.iter_mut().rev() {
        if let ActionKind::Apply(document) | ActionKind::Replace(document) = &mut action.kind
            && document.source.name() == changed.name()
            && !std::mem::replace(&mut done, true)
        {
            document.source = changed.clone();
        }
    }
    for deploy in scenario.deploy.iter_mut().rev() {
        if deploy.source.name() == changed.name() && !std::mem::replace(&mut done, true) {
            deploy.source = changed.clone();
        }
    }
    scenario
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timeline::Kind;

    fn written(text: &str) -> Written {
        let source = Source::new("web.yaml", text);
        let identity = Identity { kind: Kind::Deployment, namespace: String::new(), name: "web".to_owned() };
        let nodes = tree::parse_all(&source).expect("it is YAML");
        let node = nodes.into_iter().find_map(|node| object(node, &identity)).expect("it is there");
        Written { source, node }
    }

    fn changed(text: &str, path: &[&str], value: &str) -> String {
        let source = written(text).with(path, value).expect("it can be changed");
        tree::parse_all(&source).expect("it still is YAML");
        source.text().to_owned()
    }

    const BLOCK: &str = "# Web.\nkind: Deployment\nmetadata:\n  name: web # its name\nspec:\n  replicas: 3\n  strategy:\n    type: \
                         RollingUpdate\n    rollingUpdate:\n      maxSurge: 1\n\n  # The pods.\n  template: {}\n";

    #[test]
    fn a_field_is_changed_and_the_rest_stays() {
        assert_eq!(changed(BLOCK, &["spec", "replicas"], "5"), BLOCK.replace("replicas: 3", "replicas: 5"));
        let recreate = changed(BLOCK, &["spec", "strategy"], "{\"type\": \"Recreate\"}");
        assert!(recreate.contains("  strategy:\n    {\"type\": \"Recreate\"}\n\n  # The pods.\n"), "{recreate}");
        let more = changed(BLOCK, &["spec", "strategy", "rollingUpdate", "maxUnavailable"], "1");
        assert!(more.contains("    rollingUpdate:\n      maxUnavailable: 1\n      maxSurge: 1\n"), "{more}");
        let inner = changed(BLOCK, &["spec", "a", "b"], "1");
        assert!(inner.contains("spec:\n  a: {\"b\": 1}\n  replicas: 3\n"), "{inner}");
    }

    #[test]
    fn flow_values_are_replaced_up_to_their_brackets() {
        let text = "kind: Deployment\nmetadata: { name: web }\nspec:\n  strategy: { type: \"a}b\", x: [ { y: 'it''s }' } ] } # why\n  replicas: 1\n";
        let all = changed(text, &["spec", "strategy"], "{\"type\": \"Recreate\"}");
        assert!(all.contains("  strategy: {\"type\": \"Recreate\"} # why\n  replicas"), "{all}");
        let one = changed(text, &["spec", "strategy", "x"], "1");
        assert!(one.contains("x: 1 } # why"), "{one}");
    }

    #[test]
    fn flow_and_json_are_changed_too() {
        let flow = "{kind: Deployment, metadata: {name: web}, spec: {template: {}, x: ~}}\n";
        let deadline = changed(flow, &["spec", "progressDeadlineSeconds"], "60");
        assert!(deadline.contains("spec: {\"progressDeadlineSeconds\": 60, template: {}"), "{deadline}");
        assert!(changed(flow, &["spec", "template", "a"], "1").contains("template: {\"a\": 1}"));
        assert!(changed(flow, &["spec", "x", "y"], "1").contains("x: {\"y\": 1}"));
    }
}
