//! What the API server finds wrong with an object, in its own words, and where in the text that stands.
//! Source of the words: k8s.io/apimachinery v0.36.3, pkg/util/validation/field/errors.go.

use std::fmt::Display;

use crate::text::{Node, Span};

/// Something wrong with a field.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Complaint {
    /// The field, as the API names it: `spec.template.spec.containers[0].name`.
    pub path: String,
    /// What is wrong: `Required value`, `Invalid value: -1: must be greater than or equal to 0`.
    pub message: String,
}

/// What is found while one object is read.
#[derive(Clone, Debug, Default)]
pub struct Findings {
    /// Why the API server refuses it.
    pub complaints: Vec<Complaint>,
    /// Fields that are read and have no effect here.
    pub notes: Vec<Complaint>,
}

impl Findings {
    fn complain(&mut self, path: impl Into<String>, message: String) {
        self.complaints.push(Complaint { path: path.into(), message });
    }

    /// The field must be there.
    pub fn required(&mut self, path: impl Into<String>, detail: &str) {
        let colon = if detail.is_empty() { "" } else { ": " };
        self.complain(path, format!("Required value{colon}{detail}"));
    }

    /// The value, written as in JSON, is not allowed.
    pub fn invalid(&mut self, path: impl Into<String>, value: impl Display, detail: &str) {
        let colon = if detail.is_empty() { "" } else { ": " };
        self.complain(path, format!("Invalid value: {value}{colon}{detail}"));
    }

    /// The text is not allowed.
    pub fn invalid_text(&mut self, path: impl Into<String>, value: &str, detail: &str) {
        self.invalid(path, format_args!("{value:?}"), detail);
    }

    /// The text is none of those that are known.
    pub fn unsupported(&mut self, path: impl Into<String>, value: &str, supported: &[&str]) {
        let supported: Vec<String> = supported.iter().map(|one| format!("{one:?}")).collect();
        self.complain(path, format!("Unsupported value: {value:?}: supported values: {}", supported.join(", ")));
    }

    /// There are more items than a list or map may have.
    pub fn too_many(&mut self, path: impl Into<String>, count: usize, most: usize) {
        self.complain(path, format!("Too many: {count}: must have at most {most} items"));
    }

    /// The field must not be there.
    pub fn forbidden(&mut self, path: impl Into<String>, detail: &str) {
        self.complain(path, format!("Forbidden: {detail}"));
    }

    /// Another one has this value.
    pub fn duplicate(&mut self, path: impl Into<String>, value: &str) {
        self.complain(path, format!("Duplicate value: {value:?}"));
    }

    /// Another entry of a list that is a map has these keys.
    pub fn duplicate_entry(&mut self, path: impl Into<String>, keys: &[(&str, &str)]) {
        let keys: Vec<String> = keys.iter().map(|(key, value)| format!("{key:?}:{value:?}")).collect();
        self.complain(path, format!("Duplicate value: {{{}}}", keys.join(",")));
    }

    /// What the value names is not there.
    pub fn not_found(&mut self, path: impl Into<String>, value: &str) {
        self.complain(path, format!("Not found: {value:?}"));
    }

    /// The field has no effect here.
    pub fn note(&mut self, path: impl Into<String>, message: &str) {
        self.notes.push(Complaint { path: path.into(), message: message.to_owned() });
    }
}

/// Where a field stands: its value if that is a text or number, else its key; what encloses it if it is not there.
pub fn locate(object: &Node, path: &str) -> Option<Span> {
    let mut node = object;
    let mut span = None;
    for step in steps(path) {
        let (next, place) = match node.as_seq() {
            Some(items) => {
                let Some(item) = step.parse::<usize>().ok().and_then(|index| items.get(index)) else { break };
                (item, item.span)
            }
            None => {
                let Some((key, value)) = node.entry(step) else { break };
                let whole = value.as_map().is_some() || value.as_seq().is_some() || value.is_null();
                (value, if whole { key.span } else { value.span })
            }
        };
        node = next;
        span = Some(place);
    }
    span
}

/// The parts of a path: `spec.limits[nvidia.com/gpu]` has three.
fn steps(path: &str) -> impl Iterator<Item = &str> {
    let mut rest = path;
    std::iter::from_fn(move || {
        rest = rest.trim_start_matches('.');
        if rest.is_empty() {
            return None;
        }
        let (step, behind) = match rest.strip_prefix('[') {
            Some(inner) => inner.split_once(']').unwrap_or((inner, "")),
            None => rest.split_at(rest.find(['.', '[']).unwrap_or(rest.len())),
        };
        rest = behind;
        Some(step)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::{Source, tree};

    #[test]
    fn finds_the_deepest_part_that_is_there() {
        let text = "spec:\n  containers:\n  - name: a\n    limits: { nvidia.com/gpu: x }\n";
        let source = Source::new("a.yaml", text);
        let node = tree::parse(&source).expect("it is YAML");
        let at = |path: &str| locate(&node, path).map(|span| source.slice(span).to_owned());
        assert_eq!(at("spec.containers[0].name").as_deref(), Some("a"));
        assert_eq!(at("spec.containers[0].limits[nvidia.com/gpu]").as_deref(), Some("x"));
        assert_eq!(at("spec.containers").as_deref(), Some("containers"));
        assert_eq!(at("spec.containers[4].name").as_deref(), Some("containers"));
        assert_eq!(at("spec.template.metadata").as_deref(), Some("spec"));
        assert_eq!(at("status"), None);
    }

    #[test]
    fn speaks_as_the_api_server_does() {
        let mut findings = Findings::default();
        findings.required("spec.selector", "");
        findings.invalid("spec.replicas", -1, "must be greater than or equal to 0");
        findings.unsupported("spec.type", "x", &["A", "B"]);
        findings.duplicate("spec.containers[1].name", "a");
        let told: Vec<&str> = findings.complaints.iter().map(|one| one.message.as_str()).collect();
        let expected = [
            "Required value",
            "Invalid value: -1: must be greater than or equal to 0",
            "Unsupported value: \"x\": supported values: \"A\", \"B\"",
            "Duplicate value: \"a\"",
        ];
        assert_eq!(told, expected);
    }
}
