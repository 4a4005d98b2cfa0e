//! A text with one of its values changed. Everything else stays as it is written, so that what is wrong with a plan is told as it is told
//! of a file.

use super::path::{Path, Step};
use crate::plan::document::Written;
use crate::text::diagnostic::quote;
use crate::text::duration::parse as parse_duration;
use crate::text::{Node, Source, Span, tree, tree::Value};

/// Sets the value at a path of a scenario.
///
/// # Errors
/// The path names nothing there, or the value is of another kind than the one that is there; a sentence.
pub fn set(source: &Source, path: &Path, value: &str) -> Result<Source, String> {
    let root = tree::parse(source).map_err(|error| error.message)?;
    set_in(source, root, path, value)
}

/// Sets the value at a path of a document, which may hold several manifests.
///
/// # Errors
/// As of [`set`].
pub fn set_in_document(source: &Source, path: &Path, value: &str) -> Result<Source, String> {
    let mut nodes = tree::parse_all(source).map_err(|error| error.message)?;
    let is_key =
        |node: &Node| matches!(path.steps.first(), Some(Step::Key(_))) || node.get(path.steps[0].text()).is_some();
    if nodes.len() == 1 && (is_key(&nodes[0]) || nodes[0].as_map().is_none()) {
        return set_in(source, nodes.remove(0), path, value);
    }
    set_in(source, Node { value: Value::Seq(nodes), span: Span::default() }, path, value)
}

fn set_in(source: &Source, root: Node, path: &Path, value: &str) -> Result<Source, String> {
    let (keys, node) = path.resolve(&root)?;
    let value = like(node, value).map_err(|why| format!("{} {why}", quote(&path.to_string())))?;
    let written = Written::of(source.clone(), root.clone());
    let mut keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    let written = match (root.as_seq(), root.span == Span::default()) {
        // Several manifests: the first step chose one of them.
        (Some(nodes), true) => {
            let first = keys.remove(0);
            let node = first.parse::<usize>().ok().and_then(|index| nodes.get(index)).cloned();
            Written::of(source.clone(), node.ok_or_else(|| "the document has no such part".to_owned())?)
        }
        _ => written,
    };
    written.with(&keys, &value).ok_or_else(|| format!("{} cannot be changed where it stands", quote(&path.to_string())))
}

/// The value as JSON of the kind that is there, which YAML reads too.
fn like(there: &Node, value: &str) -> Result<String, String> {
    let wrong = |kind: &str| Err(format!("is {kind}, which {} is not", quote(value)));
    match &there.value {
        Value::Int(_) => match value.parse::<i64>() {
            Ok(number) => Ok(number.to_string()),
            Err(_) => wrong("a whole number"),
        },
        Value::Float(_) => match value.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(value.to_owned()),
            _ => wrong("a number"),
        },
        Value::Bool(_) => match value {
            "true" | "false" => Ok(value.to_owned()),
            _ => wrong("true or false"),
        },
        Value::String(text) if parse_duration(text).is_ok() => match parse_duration(value) {
            Ok(_) => Ok(quoted(value)),
            Err(error) => Err(format!("is a length of time, which {} is not: {error}", quote(value))),
        },
        Value::String(_) => Ok(quoted(value)),
        Value::Null => Ok(match value.parse::<i64>() {
            Ok(number) => number.to_string(),
            Err(_) => quoted(value),
        }),
        Value::Seq(_) => Err("is a list: vary one of its items, as in `[0]`".to_owned()),
        Value::Map(entries) => {
            let inner = entries.iter().find(|(_, value)| value.scalar_text().is_some());
            let inner = inner.map_or(String::new(), |(key, _)| format!(", such as `.{}`", key.text));
            Err(format!("is a map: vary one of its values{inner}"))
        }
    }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fleet::sweep::cursor::Cursor;

    const SCENARIO: &str = "name: a\ncluster:\n  nodes:\n    - { pool: a10, count: 2, gpus: { model: A10, count: 4 } } # the fleet\n    - { pool: cpu, count: 1, labels: { a.b/c: x } }\nfaults:\n  - name: lose\n    after: 30s\n";
    const MANIFESTS: &str = "kind: Service\nmetadata: { name: web }\n---\nkind: Deployment\nmetadata: { name: web }\nspec: { replicas: 3 }\n";

    fn path(text: &str) -> Path {
        Path::read(&mut Cursor::new("--vary", text).expect("a text")).expect("a path")
    }

    fn changed(text: &str, at: &str, value: &str) -> Result<String, String> {
        let source = Source::new("a.yaml", text);
        let path = path(at);
        let set = match &path.document {
            None => set(&source, &path, value),
            Some(_) => set_in_document(&source, &path, value),
        };
        set.map(|source| source.text().to_owned())
    }

    #[test]
    fn a_value_is_changed_and_the_rest_stays() {
        for (at, value, before, after) in [
            ("cluster.nodes[a10].count", "16", "a10, count: 2", "a10, count: 16"),
            ("cluster.nodes[0].gpus.count", "8", "count: 4", "count: 8"),
            ("cluster.nodes[cpu].labels[a.b/c]", "true", "c: x", "c: \"true\""),
            ("faults[lose].after", "2m", "after: 30s", "after: \"2m\""),
        ] {
            assert_eq!(changed(SCENARIO, at, value), Ok(SCENARIO.replace(before, after)), "{at}");
        }
        let seven = Ok(MANIFESTS.replace("replicas: 3", "replicas: 7"));
        assert_eq!(changed(MANIFESTS, "documents[a.yaml][Deployment/web].spec.replicas", "7"), seven);
        let one = "kind: Deployment\nmetadata: { name: web }\nspec: { replicas: 3 }\n";
        for at in ["documents[a.yaml].spec.replicas", "documents[a.yaml][Deployment/web].spec.replicas"] {
            assert_eq!(changed(one, at, "7"), Ok(one.replace('3', "7")), "{at}");
        }
    }

    #[test]
    fn what_a_path_does_not_name_is_told() {
        let mut told = String::new();
        for (at, value) in [
            ("cluster.nodes[a11].count", "3"),
            ("cluster.nodes[A].count", "3"),
            ("cluster.nodes.count", "3"),
            ("cluster.nodes[7].count", "3"),
            ("cluster.nodes[a10].cuont", "3"),
            ("cluster.nodes[a10].count.x", "3"),
            ("clutser.nodes", "3"),
            ("cluster.nodes", "3"),
            ("cluster.nodes[a10]", "3"),
            ("cluster.nodes[a10].count", "many"),
            ("cluster.nodes[a10].count", "2.5"),
            ("faults[lose].after", "30"),
            ("documents[a.yaml].spec", "3"),
        ] {
            told.push_str(&format!("{at}={value}: {}\n", changed(SCENARIO, at, value).expect_err(at)));
        }
        told.push_str(
            &changed(MANIFESTS, "documents[a.yaml][web].spec.replicas", "3").expect_err("two are called web"),
        );
        insta::assert_snapshot!(told);
    }
}
