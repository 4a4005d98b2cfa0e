//! ClusterTopologyBindings: the levels of a cluster's network by the names that workloads use, from the broadest on.
//! Source: ai-dynamo/grove, operator/api/core/v1alpha1/crds/grove.io_clustertopologybindings.yaml and
//! operator/internal/webhook/admission/clustertopology/validation/validation.go. Its links to topologies of schedulers have no effect.

use crate::text::{Diagnostic, Node, Source};

/// A ClusterTopologyBinding that can be applied.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Binding {
    /// Its name; it is in no namespace.
    pub name: String,
    /// Its levels: domain and label.
    pub levels: Vec<(String, String)>,
}

/// True for a document that is a ClusterTopologyBinding.
pub fn is_binding(document: &Node) -> bool {
    let text = |key: &str| document.get(key).and_then(Node::as_str);
    text("kind") == Some("ClusterTopologyBinding")
        && text("apiVersion").is_some_and(|version| version.starts_with("grove.io/"))
}

/// Reads a ClusterTopologyBinding.
///
/// # Errors
/// Why the API server or the webhook refuses it.
pub fn binding(document: &Node, source: &Source) -> Result<Binding, Vec<Diagnostic>> {
    let name = document.get("metadata").and_then(|metadata| metadata.get("name"));
    let shown = name.and_then(Node::as_str).unwrap_or("");
    let mut problems = Vec::new();
    let mut refuse = |at: &Node, path: &str, message: &str| {
        let message = format!("ClusterTopologyBinding {shown:?} is invalid: {path}: {message}");
        problems.push(Diagnostic::error(source, at.span, message));
    };
    if shown.is_empty() {
        refuse(document, "metadata.name", "Required value: name or generateName is required");
    }
    let list = document.get("spec").and_then(|spec| spec.get("levels"));
    let items = list.and_then(Node::as_seq).unwrap_or_default();
    if items.is_empty() {
        refuse(list.unwrap_or(document), "spec.levels", "Required value");
    }
    let mut levels: Vec<(String, String)> = Vec::new();
    for (index, item) in items.iter().enumerate() {
        let mut field = |key: &str| {
            let value = item.get(key).and_then(Node::as_str).unwrap_or("");
            if value.is_empty() {
                refuse(item, &format!("spec.levels[{index}].{key}"), "Required value");
            }
            value.to_owned()
        };
        let (domain, label) = (field("domain"), field("key"));
        for (key, value) in [("domain", &domain), ("key", &label)] {
            let is_same =
                |level: &(String, String)| if key == "domain" { level.0 == *value } else { level.1 == *value };
            if !value.is_empty() && levels.iter().any(is_same) {
                refuse(item, &format!("spec.levels[{index}].{key}"), &format!("Duplicate value: {value:?}"));
            }
        }
        levels.push((domain, label));
    }
    if problems.is_empty() { Ok(Binding { name: shown.to_owned(), levels }) } else { Err(problems) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::tree;

    fn read(text: &str) -> Result<Binding, Vec<String>> {
        let source = Source::new("binding.yaml", text);
        let node = tree::parse(&source).expect("it is YAML");
        assert!(is_binding(&node));
        binding(&node, &source).map_err(|all| all.into_iter().map(|one| one.message).collect())
    }

    #[test]
    fn levels_have_a_domain_and_a_label_of_their_own() {
        let with = |levels: &str| {
            format!(
                "{{ apiVersion: grove.io/v1alpha1, kind: ClusterTopologyBinding, metadata: {{ name: h100 }}, \
                spec: {{ levels: {levels} }} }}"
            )
        };
        let good = read(&with("[ { domain: zone, key: example.com/zone }, { domain: rack, key: example.com/rack } ]"));
        assert_eq!(good.map(|one| (one.name, one.levels.len())), Ok(("h100".to_owned(), 2)));
        let twice = read(&with("[ { domain: rack, key: a }, { domain: rack, key: b } ]")).expect_err("it is refused");
        assert!(twice[0].ends_with("spec.levels[1].domain: Duplicate value: \"rack\""), "{twice:?}");
        assert!(read(&with("[]")).is_err_and(|all| all[0].ends_with("spec.levels: Required value")));
        assert!(
            read(&with("[ { domain: rack } ]")).is_err_and(|all| all[0].ends_with("levels[0].key: Required value"))
        );
    }
}
