//! Resolves references: puts what members published, and properties of their recipes, into a recipe's texts.

use std::fmt;
use std::sync::Arc;

use super::document::Recipe;
use super::fields::{EXPORTS, RECIPE};
use super::form::Inspector;
use super::recipe;
use super::reference::{self, references};
use crate::text::tree::Value;
use crate::text::{Node, Source, mask};

/// A reference that a recipe makes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Wanted {
    /// The member that it names.
    pub member: String,
    /// What of it.
    pub key: String,
}

/// What stood in a recipe and what it became, credentials masked.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Resolved {
    /// The reference.
    pub wanted: Wanted,
    /// Its value.
    pub value: String,
}

/// What came of the references of a recipe once. How it is shown leaves out the values, which may hold credentials.
pub struct Resolution {
    /// Their values, in the order of the references.
    pub values: Vec<Option<String>>,
    /// The recipe with these.
    pub recipe: Arc<Recipe>,
    /// What each became.
    pub resolved: Arc<[Resolved]>,
}

impl fmt::Debug for Resolution {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Resolution").field("resolved", &self.resolved).finish_non_exhaustive()
    }
}

/// All references of a recipe, each once, in order of their names.
pub fn wanted(recipe: &Node) -> Vec<Wanted> {
    let mut all = Vec::new();
    super::check::each_text(recipe, None, &mut |text, _| {
        for one in references(text) {
            all.push(Wanted { member: one.member.to_owned(), key: one.key.to_owned() });
        }
    });
    all.sort();
    all.dedup();
    all
}

/// True for a key that is published when a deployment is up, not read from its recipe.
pub fn is_export(key: &str) -> bool {
    EXPORTS.contains(&key)
}

/// The property of a recipe that a key names: itself, or with the prefix that fields of recipes have (`port` is
/// `recipe_container_port`). Only scalars can be named; environment variables cannot, they may be secret.
pub fn property_name(recipe: &Node, key: &str) -> Option<String> {
    [key.to_owned(), format!("recipe_{key}"), format!("recipe_container_{key}")]
        .into_iter()
        .find(|name| recipe.get(name).is_some_and(|value| value.scalar_text().is_some()))
}

/// The value of the property of a recipe that a key names.
pub fn property(recipe: &Node, key: &str) -> Option<String> {
    recipe.get(&property_name(recipe, key)?)?.scalar_text()
}

/// A recipe with every reference replaced by what `value` gives.
///
/// # Errors
/// The first reference that has no value.
pub fn resolve(
    node: &Node,
    value: &dyn Fn(&str, &str) -> Option<String>,
    into: &mut Vec<Resolved>,
) -> Result<Node, Wanted> {
    let resolved = match &node.value {
        Value::String(text) => Value::String(reference::replace(text, |one| {
            let wanted = Wanted { member: one.member.to_owned(), key: one.key.to_owned() };
            let found = value(one.member, one.key).ok_or_else(|| wanted.clone())?;
            let value = mask::mask_named(one.key, &found).into_owned();
            into.push(Resolved { wanted, value });
            Ok(found)
        })?),
        Value::Seq(items) => Value::Seq(items.iter().map(|item| resolve(item, value, into)).collect::<Result<_, _>>()?),
        Value::Map(entries) => Value::Map(
            entries
                .iter()
                .map(|(key, inner)| Ok((key.clone(), resolve(inner, value, into)?)))
                .collect::<Result<_, Wanted>>()?,
        ),
        other => other.clone(),
    };
    Ok(Node { value: resolved, span: node.span })
}

/// Reads a recipe after its references were resolved.
///
/// # Errors
/// What is wrong with it now: a port that is no number, and the like.
pub fn reread(source: &Source, node: &Arc<Node>) -> Result<Recipe, String> {
    let mut inspector = Inspector::new(source, false);
    inspector.references_resolved = true;
    inspector.recipe(node, RECIPE);
    match inspector.errors.first() {
        None => Ok(recipe::read(node)),
        Some(problem) => Err(problem.message.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::tree;

    fn node(text: &str) -> Node {
        tree::parse(&Source::new("recipe.json", text)).expect("JSON")
    }

    #[test]
    fn resolves_at_any_depth_and_leaves_shell_text_alone() {
        let recipe = node(
            r#"{"recipe_image_uri":"r/${config.app_version}/api","recipe_container_port":"${config.port}",
                "recipe_container_command_args":["${db.internal_dns_name}","${LLM_MODEL}","$(X)"],
                "recipe_container_env":[{"key":"URL","value":"http://${db.internal_dns_name}:5432"}],
                "pvcs":{"volumes":[{"name":"${db.internal_dns_name}"}]}}"#,
        );
        let config = node(r#"{"app_version":"1.2","recipe_container_port":"8080"}"#);
        let value = |member: &str, key: &str| match member {
            "config" => property(&config, key),
            _ => Some("db.local".to_owned()),
        };
        let mut resolved = Vec::new();
        let after = resolve(&recipe, &value, &mut resolved).expect("all have values").to_json();
        assert_eq!(after["recipe_image_uri"], "r/1.2/api");
        assert_eq!(after["recipe_container_port"], "8080");
        assert_eq!(after["recipe_container_command_args"], serde_json::json!(["db.local", "${LLM_MODEL}", "$(X)"]));
        assert_eq!(after["recipe_container_env"][0]["value"], "http://db.local:5432");
        assert_eq!(after["pvcs"]["volumes"][0]["name"], "db.local");
        assert_eq!(resolved.len(), 5);
        let missing = resolve(&recipe, &|_, _| None, &mut Vec::new());
        assert_eq!(missing, Err(Wanted { member: "config".into(), key: "app_version".into() }));
    }

    #[test]
    fn environment_variables_are_no_properties() {
        let recipe =
            node(r#"{"recipe_container_env":[{"key":"password","value":"hunter2"}],"recipe_replica_count":2}"#);
        assert_eq!(property(&recipe, "password"), None);
        assert_eq!(property(&recipe, "env"), None);
        assert_eq!(property(&recipe, "replica_count").as_deref(), Some("2"));
    }

    #[test]
    fn a_resolved_text_may_be_a_number() {
        let source = Source::new("recipe.json", "");
        let with = |count: &str| {
            Arc::new(node(&format!(
                r#"{{"recipe_mode":"service","deployment_name":"a","recipe_replica_count":"{count}"}}"#
            )))
        };
        assert_eq!(reread(&source, &with("3")).map(|recipe| recipe.replicas), Ok(3));
        let problem = reread(&source, &with("three")).expect_err("no number");
        assert_eq!(problem, "`recipe_replica_count` must be a whole number, not `three`");
    }
}
