//! Which values of a document may never be shown: those of annotations, headers, variables and arguments, and what Secrets and
//! ConfigMaps hold, whatever shape they have. Their keys and names may be.

use std::sync::Arc;

use crate::text::{Node, Source, Span, tree};

/// Fields whose values may hold a credential.
pub const FIELDS: [&str; 8] =
    ["annotations", "httpHeaders", "env", "args", "command", "data", "stringData", "binaryData"];

/// Where values stand that may never be shown.
pub fn values(documents: &[Node]) -> Vec<Span> {
    let mut spans = Vec::new();
    for document in documents {
        gather(document, false, &mut spans);
    }
    spans
}

/// The same for a text of manifests; a text that cannot be read is hidden as a whole.
pub fn hidden(source: &Source) -> Arc<[Span]> {
    let whole = || vec![Span::new(0, source.text().len() as u32)];
    tree::parse_all(source).map_or_else(|_| whole(), |documents| values(&documents)).into()
}

fn gather(node: &Node, hides: bool, spans: &mut Vec<Span>) {
    if let Some(entries) = node.as_map() {
        for (key, value) in entries {
            gather(value, hides || FIELDS.contains(&key.text.as_str()), spans);
        }
    } else if let Some(items) = node.as_seq() {
        for item in items {
            match item.as_map().filter(|_| hides) {
                // The name of a variable or header is none of its value, if it stands where a name stands.
                Some(entries) => {
                    let values = entries.iter().filter(|(key, _)| key.text != "name");
                    values.for_each(|(_, value)| gather(value, true, spans));
                }
                None => gather(item, hides, spans),
            }
        }
    } else if hides {
        spans.push(node.span);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_hidden_in_every_shape_and_names_are_not() {
        let text = "{ annotations: { a: s1 }, x: [ { httpHeaders: [ { name: h, value: s2 }, s3 ] } ], httpHeaders: { name: s4 },
                   args: s5, env: [ { name: v, value: [ s6 ] } ], data: s7, name: n }";
        let source = Source::new("a.yaml", text);
        let node = tree::parse(&source).expect("it is YAML");
        let hidden: Vec<&str> = values(&[node]).iter().map(|span| source.slice(*span)).collect();
        assert_eq!(hidden, ["s1", "s2", "s3", "s4", "s5", "s6", "s7"]);
    }
}
