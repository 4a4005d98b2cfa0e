//! From a tree of text to a document: which kind of document it is, its group, its members and their recipes.
//! Whether the deployments make sense together is `check`'s.

use std::sync::Arc;

use super::document::{Document, Member, Mode, Named, Raw};
use super::fields::{EXPORTS, MODES, RECIPE};
use super::form::Inspector;
use super::recipe;
use crate::text::diagnostic::{nearest, quote};
use crate::text::tree::{self, Key};
use crate::text::{Diagnostic, Node, Source};

/// Keys that may stand beside `deployment_group`. The published schema demands `blueprint_category`; none of the published
/// groups has it, so that it is not demanded here.
const GROUP_SIBLINGS: &[&str] = &["deployment_group", "blueprint_category"];
const GROUP_KEYS: &[&str] = &["name", "deployments"];
const MEMBER_KEYS: &[&str] = &["name", "recipe", "depends_on", "exports"];

/// A document whose form was read.
pub struct Decoded {
    /// The document; where its form is wrong, what could be read of it.
    pub document: Document,
    /// What may not be meant so.
    pub warnings: Vec<Diagnostic>,
    /// What is wrong with its form.
    pub errors: Vec<Diagnostic>,
}

/// Reads a document.
///
/// # Errors
/// What makes it no document that can be submitted: it is not JSON or YAML, it is something else, or it names nothing.
pub fn document(source: &Source) -> Result<Decoded, Vec<Diagnostic>> {
    let root = tree::parse(source).map_err(|problem| vec![problem])?;
    let in_group = root.get("deployment_group").is_some();
    let mut inspector = Inspector::new(source, in_group);
    let (group, members) = if in_group { group(&root, &mut inspector) } else { singles(&root, &mut inspector) };
    let nameless = if in_group { group.is_none() } else { members.is_empty() };
    if nameless {
        return Err(inspector.errors);
    }
    let document = Document { source: source.clone(), group, members };
    Ok(Decoded { document, warnings: inspector.warnings, errors: inspector.errors })
}

/// `{"deployment_group": …}`.
fn group(root: &Node, inspector: &mut Inspector<'_>) -> (Option<Named>, Vec<Member>) {
    closed(root, "the document", GROUP_SIBLINGS, inspector);
    let Some((key, body)) = root.entry("deployment_group") else { return (None, Vec::new()) };
    if body.as_map().is_none() {
        inspector.error(body.span, format!("`deployment_group` must be a map, not {}", body.kind()));
        return (None, Vec::new());
    }
    closed(body, "`deployment_group`", GROUP_KEYS, inspector);
    let name = name(body, key, "the group", inspector);
    let Some((_, list)) = body.entry("deployments") else {
        inspector.error(key.span, "the group has no `deployments`, which it must have");
        return (name, Vec::new());
    };
    let Some(items) = list.as_seq() else {
        inspector.error(list.span, format!("`deployments` must be a list, not {}", list.kind()));
        return (name, Vec::new());
    };
    if items.is_empty() {
        inspector.error(list.span, "the group has no deployments: list at least one");
    }
    (name, items.iter().filter_map(|item| member(item, key, inspector)).collect())
}

fn member(node: &Node, group: &Key, inspector: &mut Inspector<'_>) -> Option<Member> {
    if node.as_map().is_none() {
        inspector.error(node.span, format!("a deployment of a group must be a map, not {}", node.kind()));
        return None;
    }
    closed(node, "a deployment of a group", MEMBER_KEYS, inspector);
    let name = name(node, group, "a deployment of the group", inspector);
    let depends_on = texts(node, "depends_on", inspector);
    let exports = exports(node, inspector);
    let Some((key, raw)) = node.entry("recipe") else {
        let span = name.as_ref().map_or(node.span, |name| name.span);
        inspector.error(span, "the deployment has no `recipe`, which it must have");
        return None;
    };
    if raw.as_map().is_none() {
        inspector.error(raw.span, format!("`{}` must be a map, not {}", key.text, raw.kind()));
        return None;
    }
    inspector.recipe(raw, RECIPE);
    let recipe = recipe::read(raw);
    Some(Member { name: name?, depends_on, exports, recipe, raw: Raw(Arc::new(raw.clone())) })
}

/// One recipe, or a list of them.
fn singles(root: &Node, inspector: &mut Inspector<'_>) -> (Option<Named>, Vec<Member>) {
    let members = match root.as_seq() {
        Some([]) => {
            inspector.error(root.span, "the list has no recipes: list at least one");
            Vec::new()
        }
        Some(items) => items.iter().filter_map(|item| single(item, inspector)).collect(),
        None => single(root, inspector).into_iter().collect(),
    };
    (None, members)
}

fn single(node: &Node, inspector: &mut Inspector<'_>) -> Option<Member> {
    if let Some(reason) = no_deployment(node) {
        inspector.error(node.as_map().and_then(<[_]>::first).map_or(node.span, |(key, _)| key.span), reason);
        return None;
    }
    inspector.recipe(node, RECIPE);
    let recipe = recipe::read(node);
    let span = node.get("deployment_name")?.span;
    let name = Named { text: recipe.deployment_name.clone(), span };
    Some(Member { name, depends_on: Vec::new(), exports: Vec::new(), recipe, raw: Raw(Arc::new(node.clone())) })
}

/// Why a document is none that can be deployed, if it is a well-known other one.
fn no_deployment(node: &Node) -> Option<String> {
    if node.as_map().is_none() {
        return Some(format!("a deployment document is a map or a list of recipes, not {}", node.kind()));
    }
    if node.get("secrets_payload").is_some() {
        return Some("this is a payload of secrets, not a deployment document".to_owned());
    }
    if node.get("pre_filled_samples").is_some() {
        return Some("this is an entry of the blueprint catalogue: deploy one of its `pre_filled_samples`".to_owned());
    }
    if let (Some(_), Some(kind)) = (node.get("apiVersion"), node.get("kind").and_then(Node::as_str)) {
        return Some(format!("this is a Kubernetes {}, not a deployment document of OCI AI Blueprints", quote(kind)));
    }
    if node.get("$schema").is_some() && node.get("$defs").is_some() {
        return Some("this is a JSON schema, not a deployment document".to_owned());
    }
    let is_recipe = |key: &str| key.starts_with("recipe_") || key == "deployment_name";
    if !node.as_map().is_some_and(|entries| entries.iter().any(|(key, _)| is_recipe(&key.text))) {
        let wanted =
            "expected `deployment_group`, a recipe with `recipe_mode` and `deployment_name`, or a list of recipes";
        return Some(format!("this is no deployment document of OCI AI Blueprints: {wanted}"));
    }
    None
}

/// Rejects keys that an object does not have.
fn closed(node: &Node, whose: &str, keys: &[&'static str], inspector: &mut Inspector<'_>) {
    for (key, _) in node.as_map().unwrap_or_default() {
        if !keys.contains(&key.text.as_str()) {
            let help = nearest(&key.text, keys.iter().copied())
                .map(|meant| format!("did you mean `{meant}`?"))
                .unwrap_or_else(|| format!("its keys are {}", keys.join(", ")));
            inspector.error(key.span, format!("{whose} has no key {}", quote(&key.text))).helps.push(help);
        }
    }
}

/// The `name` of a group or member.
fn name(node: &Node, parent: &Key, whose: &str, inspector: &mut Inspector<'_>) -> Option<Named> {
    let Some(value) = node.get("name") else {
        let span = node.as_map().and_then(<[_]>::first).map_or(parent.span, |(key, _)| key.span);
        inspector.error(span, format!("{whose} has no `name`, which it must have"));
        return None;
    };
    match value.as_str() {
        Some(text) if !text.trim().is_empty() => Some(Named { text: text.to_owned(), span: value.span }),
        Some(_) => {
            inspector.error(value.span, format!("the name of {whose} is empty"));
            None
        }
        None => {
            inspector.error(value.span, format!("`name` must be a text, not {}", value.kind()));
            None
        }
    }
}

/// A list of names; absent is empty.
fn texts(node: &Node, key: &str, inspector: &mut Inspector<'_>) -> Vec<Named> {
    let Some(list) = node.get(key) else { return Vec::new() };
    let Some(items) = list.as_seq() else {
        inspector.error(list.span, format!("`{key}` must be a list, not {}", list.kind()));
        return Vec::new();
    };
    let mut found = Vec::with_capacity(items.len());
    for item in items {
        match item.as_str() {
            Some(text) => found.push(Named { text: text.to_owned(), span: item.span }),
            None => {
                inspector.error(item.span, format!("`{key}` must hold texts, not {}", item.kind()));
            }
        }
    }
    found
}

/// The exports of a member: known keys, each once.
fn exports(node: &Node, inspector: &mut Inspector<'_>) -> Vec<Named> {
    let found = texts(node, "exports", inspector);
    for (index, export) in found.iter().enumerate() {
        if !EXPORTS.contains(&export.text.as_str()) {
            let help = nearest(&export.text, EXPORTS.iter().copied())
                .map(|meant| format!("did you mean `{meant}`?"))
                .unwrap_or_else(|| format!("a deployment can export {}", EXPORTS.join(", ")));
            inspector.error(export.span, format!("unknown export {}", quote(&export.text))).helps.push(help);
        } else if found[..index].iter().any(|earlier| earlier.text == export.text) {
            inspector.error(export.span, format!("`{}` is exported twice", export.text));
        }
    }
    found
}

/// The mode of this text; only after the form was checked.
pub(super) fn mode(text: &str) -> Mode {
    let modes = [Mode::Service, Mode::Job, Mode::Update, Mode::SharedNodePool, Mode::Team];
    debug_assert_eq!(modes.map(Mode::text), *MODES);
    modes.into_iter().find(|mode| mode.text() == text).unwrap_or_default()
}
