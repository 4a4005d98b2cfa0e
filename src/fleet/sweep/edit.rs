//! A text with one of its values changed. Everything else stays as it is written, so that what is wrong with a plan is told as it is told
//! of a file.

use super::path::{Path, Step};
use crate::plan::document::Written;
use crate::text::diagnostic::quote;
use crate::text::duration::parse as parse_duration;
use crate::text::{Node, Source, Span, tree, tree::Value};

/// Why a value cannot be set.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refusal {
    /// What is wrong.
    pub part: Part,
    /// Why; a sentence.
    pub why: String,
}

/// A part of what was asked for: `documents[web.yaml].spec.replicas=2`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Part {
    /// The document, or its text as a whole.
    Document,
    /// A step of the path.
    Step(usize),
    /// The path as a whole: what it leads to.
    Path,
    /// The value.
    Value,
}

impl Part {
    /// What is wrong with it.
    pub fn refused(self, why: impl Into<String>) -> Refusal {
        Refusal { part: self, why: why.into() }
    }
}

/// Sets the value at a path of a scenario.
///
/// # Errors
/// The path names nothing there, or the value is of another kind than the one that is there.
pub fn set(source: &Source, path: &Path, value: &str) -> Result<Source, Refusal> {
    let root = tree::parse(source).map_err(|error| Part::Document.refused(error.message))?;
    set_in(source, root, path, value)
}

/// Sets the value at a path of a document, which may hold several manifests.
///
/// # Errors
/// As of [`set`].
pub fn set_in_document(source: &Source, path: &Path, value: &str) -> Result<Source, Refusal> {
    let mut nodes = tree::parse_all(source).map_err(|error| Part::Document.refused(error.message))?;
    let is_key =
        |node: &Node| matches!(path.steps.first(), Some(Step::Key(_))) || node.get(path.steps[0].text()).is_some();
    if nodes.len() == 1 && (is_key(&nodes[0]) || nodes[0].as_map().is_none()) {
        return set_in(source, nodes.remove(0), path, value);
    }
    set_in(source, Node { value: Value::Seq(nodes), span: Span::default() }, path, value)
}

fn set_in(source: &Source, root: Node, path: &Path, value: &str) -> Result<Source, Refusal> {
    let (keys, node) = path.resolve(&root).map_err(|astray| Part::Step(astray.step).refused(astray.why))?;
    let shown = || quote(&path.to_string());
    let value = like(node, value).map_err(|Refusal { part, why }| part.refused(format!("{} {why}", shown())))?;
    let written = Written::of(source.clone(), root.clone());
    let mut keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    let written = match (root.as_seq(), root.span == Span::default()) {
        // Several manifests: the first step chose one of them.
        (Some(nodes), true) => {
            let first = keys.remove(0);
            let node = first.parse::<usize>().ok().and_then(|index| nodes.get(index)).cloned();
            let node = node.ok_or_else(|| Part::Document.refused("the document has no such part"))?;
            Written::of(source.clone(), node)
        }
        _ => written,
    };
    let changed = written.with(&keys, &value);
    changed.ok_or_else(|| Part::Path.refused(format!("{} cannot be changed where it stands", shown())))
}

/// The value as JSON of the kind that is there, which YAML reads too.
fn like(there: &Node, value: &str) -> Result<String, Refusal> {
    let wrong =
        |kind: &str| Err(Part::Value.refused(format!("is {kind}, which {} is not{}", quote(value), meant(value))));
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
            Err(error) => {
                let why = format!("is a length of time, which {} is not: {error}{}", quote(value), meant(value));
                Err(Part::Value.refused(why))
            }
        },
        Value::String(_) => Ok(quoted(value)),
        Value::Null => Ok(match value.parse::<i64>() {
            Ok(number) => number.to_string(),
            Err(_) => quoted(value),
        }),
        Value::Seq(_) => Err(Part::Path.refused("is a list: vary one of its items, as in `[0]`")),
        Value::Map(entries) => {
            let inner = entries.iter().find(|(_, value)| value.scalar_text().is_some());
            let inner = inner.map_or(String::new(), |(key, _)| format!(", such as `.{}`", key.text));
            Err(Part::Path.refused(format!("is a map: vary one of its values{inner}")))
        }
    }
}

/// What may have been meant by a value that is none: several of them, or a range, in the forms of other tools.
fn meant(value: &str) -> String {
    let is_plain = |text: &str| !text.is_empty() && text.chars().all(|letter| letter.is_ascii_alphanumeric());
    let listed: Vec<&str> = value.split([';', '|', ' ']).filter(|part| !part.is_empty()).collect();
    let ranged = || {
        value.split_once('-').or_else(|| value.split_once(" to ")).filter(|(from, to)| is_plain(from) && is_plain(to))
    };
    if listed.len() > 1 && listed.iter().all(|part| is_plain(part)) {
        return format!("; values are parted by commas: did you mean `{}`?", listed.join(","));
    }
    match ranged() {
        Some((from, to)) => format!("; did you mean `{from}..{to}`?"),
        None => String::new(),
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

    fn changed(text: &str, at: &str, value: &str) -> Result<String, Refusal> {
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
            ("cluster.nodes.a10.count", "3"),
            ("cluster.nodes[7].count", "3"),
            ("cluster.nodes[a10].cuont", "3"),
            ("cluster.nodes[a10].count.x", "3"),
            ("clutser.nodes", "3"),
            ("cluster.nodes", "3"),
            ("cluster.nodes[a10]", "3"),
            ("cluster.nodes[a10].count", "many"),
            ("cluster.nodes[a10].count", "2.5"),
            ("cluster.nodes[a10].count", "2;4;8"),
            ("cluster.nodes[a10].count", "2-16"),
            ("faults[lose].after", "30s 5m"),
            ("faults[lose].after", "30"),
            ("documents[a.yaml].spec", "3"),
        ] {
            let Refusal { part, why } = changed(SCENARIO, at, value).expect_err(at);
            told.push_str(&format!("{at}={value}: {part:?}: {why}\n"));
        }
        let two = changed(MANIFESTS, "documents[a.yaml][web].spec.replicas", "3").expect_err("two are called web");
        told.push_str(&format!("{:?}: {}", two.part, two.why));
        insta::assert_snapshot!(told);
    }
}
