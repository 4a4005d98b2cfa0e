//! Deploy groups of instances and actions against the steps of the pipeline, in both directions.

use std::collections::BTreeSet;

use super::Findings;
use crate::systems::paasta::model::Service;
use crate::systems::paasta::reading::{Fields, Folder, FormatError, Origin, Role, format};
use crate::text::diagnostic::{nearest, quote};
use crate::text::{Diagnostic, Node, Span};

/// Checks both.
pub fn check(folder: &Folder, service: &Service, findings: &mut Findings) {
    let pipeline = service.pipeline.iter().flat_map(|pipeline| pipeline.deploy_groups());
    let steps: BTreeSet<&str> = pipeline.map(|step| step.name.as_str()).collect();
    let mut in_use = BTreeSet::new();
    for origin in folder.instances() {
        let name = &origin.key.text;
        match group(folder, &origin, name, &origin.fields) {
            Group::Of(group, span) => {
                unless_deployed(&origin, folder, name, (&group, span), &steps, findings);
                in_use.insert(group);
            }
            Group::Wrong(problem) => findings.report(origin.file, problem),
            Group::Missing => {
                let group = format!("{}.{name}", origin.cluster);
                unless_deployed(&origin, folder, name, (&group, origin.key.span), &steps, findings);
                in_use.insert(group);
            }
            Group::None => {}
        }
    }
    for origin in folder.jobs() {
        for (key, node) in origin.fields.get("actions").and_then(Node::as_map).unwrap_or_default() {
            let fields = Fields::new(node, Some(origin.fields.node()));
            // The pipeline of another service stands in another folder.
            if fields.text("service").is_some_and(|service| service != folder.name) {
                continue;
            }
            let name = format!("{}.{}", origin.key.text, key.text);
            match group(folder, &origin, &name, &fields) {
                Group::Of(group, span) => {
                    unless_deployed(&origin, folder, &name, (&group, span), &steps, findings);
                    in_use.insert(group);
                }
                Group::Wrong(problem) => findings.report(origin.file, problem),
                // Whether an action needs one is checked with the action.
                Group::Missing | Group::None => {}
            }
        }
    }
    unused(folder, service, &in_use, findings);
}

/// What a document says of a group.
enum Group {
    /// This one, and where.
    Of(String, Span),
    /// Nothing.
    Missing,
    /// Null, or no text, which the schemas refuse.
    None,
    /// It cannot be formatted.
    Wrong(Diagnostic),
}

fn group(folder: &Folder, origin: &Origin<'_>, instance: &str, fields: &Fields<'_>) -> Group {
    let Some(node) = fields.get("deploy_group") else { return Group::Missing };
    let Some(text) = node.as_str() else { return Group::None };
    let values = [("cluster", origin.cluster), ("instance", instance), ("service", &folder.name)];
    let error = |message: String| Diagnostic::error(&origin.file.source, node.span, message);
    match format(text, &values) {
        Ok(group) => Group::Of(group, node.span),
        Err(FormatError::Raised(message)) => {
            Group::Wrong(error(message).note("a deploy group may hold {cluster}, {instance} and {service}"))
        }
        Err(FormatError::Unread(part)) => Group::Wrong(
            error(format!("the part {} of a deploy group is not read", quote(&part)))
                .help("write {cluster}, {instance} or {service}"),
        ),
    }
}

/// check_deploy_group of paasta_tools/utils.py.
fn unless_deployed(
    origin: &Origin<'_>,
    folder: &Folder,
    name: &str,
    (group, span): (&str, Span),
    steps: &BTreeSet<&str>,
    findings: &mut Findings,
) {
    if steps.contains(group) {
        return;
    }
    let service = &folder.name;
    let message = format!("{service}.{name} uses deploy_group {group}, but {group} is not deployed to in deploy.yaml");
    let mut problem = Diagnostic::error(&origin.file.source, span, message);
    if let Some(near) = nearest(group, steps.iter().copied()) {
        problem = problem.help(format!("did you mean `{near}`?"));
    } else if folder.file(Role::Deploy).is_none() {
        problem = problem.note("the folder has no deploy.yaml");
    }
    findings.report(origin.file, problem);
}

/// What `paasta mark-for-deployment` says before it continues regardless.
fn unused(folder: &Folder, service: &Service, in_use: &BTreeSet<String>, findings: &mut Findings) {
    let (Some(file), Some(pipeline)) = (folder.file(Role::Deploy), &service.pipeline) else { return };
    for step in pipeline.deploy_groups().filter(|step| !in_use.contains(&step.name)) {
        let at = file.source.span_at(step.place.line, step.place.column);
        let mut message = format!(
            "These deploy groups are not currently used anywhere: {}. This isn't technically wrong because you can \
             mark-for-deployment before deploying there but this is probably a typo.",
            step.name
        );
        if !in_use.is_empty() {
            let used: Vec<&str> = in_use.iter().map(String::as_str).collect();
            message += &format!(" Did you mean one of these in-use deploy groups?: {}", used.join(","));
        }
        findings.warning(file, at, message);
    }
}
