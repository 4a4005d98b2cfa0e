//! Whether the deployments of a document make sense together: names, dependencies, references, exports.
//! The messages use the control plane's own words where they are known. Each recipe by itself is `rules`'.

use std::collections::BTreeMap;

use super::document::{Document, Member};
use super::fields::{EXPORTS, RECIPE};
use super::form::Inspector;
use super::names::{Unique, sanitised};
use super::options::{Names, Options, References};
use super::reference::references;
use super::{order, resolve, rules};
use crate::text::diagnostic::{nearest, quote};
use crate::text::tree::Value;
use crate::text::{Diagnostic, Node, Span};

/// Checks a document whose form is right; gives warnings.
///
/// # Errors
/// All that is wrong with it. A group is accepted or rejected as a whole.
pub fn check(document: &Document, options: &Options) -> Result<Vec<Diagnostic>, Vec<Diagnostic>> {
    let mut inspector = Inspector::new(&document.source, document.group.is_some());
    duplicates(document, options, &mut inspector);
    missing_dependencies(document, &mut inspector);
    cycles(document, &mut inspector);
    for member in &document.members {
        if document.group.is_some() {
            member_references(document, member, options, &mut inspector);
        }
        rules::check(member, options, &mut inspector);
    }
    if inspector.errors.is_empty() { Ok(inspector.warnings) } else { Err(inspector.errors) }
}

/// Names of members, names of deployments, and what becomes of them in the cluster must each be unique.
fn duplicates(document: &Document, options: &Options, inspector: &mut Inspector<'_>) {
    let mut names: BTreeMap<&str, Span> = BTreeMap::new();
    let mut objects: BTreeMap<String, &Member> = BTreeMap::new();
    let group = document.group.as_ref().map(|group| group.text.as_str());
    for member in &document.members {
        let name = member.name.text.as_str();
        if document.group.is_some()
            && let Some(first) = names.insert(name, member.name.span)
        {
            let source = inspector.source;
            let problem = inspector.error(member.name.span, format!("duplicate deployment name {}", quote(name)));
            *problem = problem
                .clone()
                .related(source, first, "first used here")
                .help("give each deployment of the group a name of its own");
        }
        // The digits of a canonical name tell two deployments apart even if the rest is cut off.
        let object = match options.names {
            Names::Corrino if group.is_some() => sanitised(&member.recipe.deployment_name),
            profile => Unique::new(profile, &member.recipe.deployment_name, group, 0).object,
        };
        if let Some(first) = objects.get(&object) {
            let (one, two) = (&first.recipe.deployment_name, &member.recipe.deployment_name);
            let message = if one == two {
                format!("`deployment_name` {} is used twice: it must be unique", quote(two))
            } else {
                format!("`deployment_name` {} and {} both become `{object}` in the cluster", quote(one), quote(two))
            };
            let place =
                |member: &Member| member.raw.0.get("deployment_name").map_or(member.name.span, |node| node.span);
            let source = inspector.source;
            let problem = inspector.error(place(member), message);
            *problem = problem.clone().related(source, place(first), "first used here");
        }
        objects.entry(object).or_insert(member);
    }
}

fn missing_dependencies(document: &Document, inspector: &mut Inspector<'_>) {
    for member in &document.members {
        for (index, dependency) in member.depends_on.iter().enumerate() {
            if document.position(&dependency.text).is_none() {
                let message = format!(
                    "missing dependency: deployment {} depends on {}, which is not in the group",
                    quote(&member.name.text),
                    quote(&dependency.text)
                );
                let known = document.members.iter().map(|member| member.name.text.as_str());
                let meant = nearest(&dependency.text, known).map(|meant| format!("did you mean `{meant}`?"));
                inspector.error(dependency.span, message).helps.extend(meant);
            } else if member.depends_on[..index].iter().any(|earlier| earlier.text == dependency.text) {
                inspector.warn(dependency.span, format!("{} is named twice in `depends_on`", quote(&dependency.text)));
            }
        }
    }
}

fn cycles(document: &Document, inspector: &mut Inspector<'_>) {
    for cycle in order::cycles(&order::dependencies(document)) {
        let name = |index: usize| document.members[index].name.text.as_str();
        let mut path: Vec<&str> = cycle.iter().map(|index| name(*index)).collect();
        path.push(path[0]);
        let first = &document.members[cycle[0]];
        let span = first.depends_on.iter().find(|one| one.text == path[1]).map_or(first.name.span, |one| one.span);
        inspector
            .error(span, format!("circular dependency detected: {}", path.join(" -> ")))
            .helps
            .push("remove one of these from its `depends_on`".to_owned());
    }
}

/// Every `${deployment.key}` must name a member that it depends on, and a key that this member has.
fn member_references(document: &Document, member: &Member, options: &Options, inspector: &mut Inspector<'_>) {
    let mut problems = Vec::new();
    each_text(&member.raw.0, None, &mut |text, span| {
        for one in references(text) {
            problems
                .extend(reference_problem(document, member, options, one.member, one.key).map(|(m, h)| (span, m, h)));
        }
    });
    for (span, message, help) in problems {
        inspector.error(span, message).helps.extend(help);
    }
}

fn reference_problem(
    document: &Document,
    member: &Member,
    options: &Options,
    target: &str,
    key: &str,
) -> Option<(String, Option<String>)> {
    let name = &member.name.text;
    let Some(index) = document.position(target) else {
        // The control plane's own message: ai-accelerator-starter-packs at 0b8d731c4754, BUGS.md, BUG-047.
        let message = format!("Deployment Group / Deployment '{name}' references unknown deployment '{target}'");
        let known = document.members.iter().map(|member| member.name.text.as_str());
        return Some((message, nearest(target, known).map(|meant| format!("did you mean `{meant}`?"))));
    };
    let depends = member.depends_on.iter().any(|one| one.text == target);
    if !depends && target != name && options.references == References::Dependencies {
        let message = format!("deployment `{name}` references `{target}` but does not depend on it");
        return Some((message, Some(format!("add `{target}` to its `depends_on`"))));
    }
    if target == name {
        return Some((format!("deployment `{name}` references itself"), None));
    }
    let target_member = &document.members[index];
    if EXPORTS.contains(&key) {
        let declared = target_member.exports.iter().any(|export| export.text == key);
        let message = format!("export not available: deployment `{target}` does not declare `{key}`");
        return (!declared).then(|| (message, Some(format!("add `{key}` to the `exports` of `{target}`"))));
    }
    if resolve::property_name(&target_member.raw.0, key).is_some() {
        return None;
    }
    let known = EXPORTS.iter().copied().chain(RECIPE.iter().map(|field| field.name));
    let help = nearest(key, known).map(|meant| format!("did you mean `{meant}`?"));
    let message =
        format!("unknown export `{key}` of deployment `{target}`: it is no export and no property of its recipe");
    Some((message, help.or_else(|| Some(format!("a deployment can export {}", EXPORTS.join(", "))))))
}

/// Calls `found` for every text in a tree. A value under a key that may hold a secret is placed at its key.
pub fn each_text(node: &Node, key: Option<Span>, found: &mut dyn FnMut(&str, Span)) {
    match &node.value {
        Value::String(text) => found(text, key.unwrap_or(node.span)),
        Value::Seq(items) => items.iter().for_each(|item| each_text(item, key, found)),
        Value::Map(entries) => {
            for (inner, value) in entries {
                let hides = matches!(inner.text.as_str(), "value" | "par" | "api_key");
                each_text(value, if hides { Some(inner.span) } else { key }, found);
            }
        }
        _ => {}
    }
}
