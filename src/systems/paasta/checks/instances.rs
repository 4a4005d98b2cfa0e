//! Each instance by itself, and their names.

use std::collections::{BTreeMap, BTreeSet};

use super::Findings;
use crate::systems::paasta::model::InstanceKind;
use crate::systems::paasta::reading::{Folder, Origin, Role};
use crate::text::diagnostic::quote;
use crate::text::tree::Value;
use crate::text::{Diagnostic, Node, Span};

/// Checks each instance: InstanceConfig.validate, validate_min_max_instances, and what is raised when it is set up.
pub fn check(folder: &Folder, findings: &mut Findings) {
    for origin in folder.instances() {
        dependencies(folder, &origin, findings);
        registrations(folder, &origin, findings);
        lacking_namespaces(folder, &origin, findings);
        min_max(&origin, findings);
        if origin.file.role != Role::Instances(InstanceKind::Adhoc) {
            // The schema tells of the same mistake where the file itself makes it.
            if findings.is_sound(origin.file) {
                healthcheck(&origin, findings);
            }
            ebs_volumes(&origin, findings);
        }
    }
}

/// check_dependencies_reference of paasta_tools/utils.py.
fn dependencies(folder: &Folder, origin: &Origin<'_>, findings: &mut Findings) {
    let Some(node) = origin.fields.get("dependencies_reference") else { return };
    let Some(name) = node.as_str() else { return };
    match folder.file(Role::Dependencies).map(|file| &file.root) {
        None => {
            let message = format!("dependencies_reference \"{name}\" declared but no dependencies found");
            findings.problem(origin.file, node.span, message);
        }
        Some(known) if known.get(name).is_none() => {
            let message = format!("dependencies_reference \"{name}\" not found in dependencies dictionary");
            findings.problem(origin.file, node.span, message);
        }
        Some(_) => {}
    }
}

/// get_invalid_registrations of paasta_tools/long_running_service_tools.py: a registration has two or four parts.
fn registrations(folder: &Folder, origin: &Origin<'_>, findings: &mut Findings) {
    let given = origin.fields.list("registrations");
    let is_wrong = |node: &&Node| node.as_str().is_some_and(|text| !matches!(text.split('.').count(), 2 | 4));
    let wrong: Vec<&Node> = given.iter().filter(is_wrong).collect();
    if let Some(first) = wrong.first() {
        let names: Vec<&str> = wrong.iter().filter_map(|node| node.as_str()).collect();
        let message = format!(
            "Service registrations must be of the form service.registration. The following registrations for {}.{} are \
             invalid: {}",
            folder.name,
            origin.key.text,
            names.join(", ")
        );
        findings.problem(origin.file, first.span, message);
    }
}

/// A registration in the service's own smartstack.yaml whose namespace that lacks: PaaSTA takes it, and nobody finds the copies.
fn lacking_namespaces(folder: &Folder, origin: &Origin<'_>, findings: &mut Findings) {
    let file = folder.file(Role::Smartstack);
    for node in origin.fields.list("registrations") {
        let own = node.as_str().and_then(|text| text.strip_prefix(folder.name.as_str())?.strip_prefix('.'));
        let Some(name) = own.filter(|name| !name.contains('.')) else { continue };
        if file.is_none_or(|file| file.root.get(name).is_none()) {
            let text = format!("smartstack.yaml has no namespace {}: nobody finds the copies there", quote(name));
            findings.warning(origin.file, node.span, text);
        }
    }
}

fn min_max(origin: &Origin<'_>, findings: &mut Findings) {
    let Some(most) = origin.fields.whole("max_instances") else { return };
    let least = origin.fields.whole("min_instances").unwrap_or(1);
    if most < least {
        let at = origin.fields.get("min_instances").or_else(|| origin.fields.get("max_instances"));
        // PaaSTA has no space between the two sentences.
        let message = format!(
            "Instance {} on cluster {} has a greater number of min_instances than max_instances.The number of \
             min_instances ({least}) cannot be greater than the max_instances ({most}).",
            origin.key.text, origin.cluster
        );
        findings.problem(origin.file, at.map_or(origin.key.span, |node| node.span), message);
    }
}

/// get_healthcheck_cmd: the schema sees only what the file itself says.
fn healthcheck(origin: &Origin<'_>, findings: &mut Findings) {
    let Some(mode) = origin.fields.get("healthcheck_mode") else { return };
    if mode.as_str() == Some("cmd") && origin.fields.get("healthcheck_cmd").is_none_or(Node::is_null) {
        let message = "healthcheck mode 'cmd' requires a healthcheck_cmd to run";
        findings.problem(origin.file, origin.key.span, message);
    }
}

/// get_bounce_method and get_desired_instances of paasta_tools/kubernetes_tools.py.
fn ebs_volumes(origin: &Origin<'_>, findings: &mut Findings) {
    let fields = &origin.fields;
    if fields.list("aws_ebs_volumes").is_empty() {
        return;
    }
    let method = fields.get("bounce_method");
    if method.and_then(Node::as_str) != Some("downthenup") {
        let message = "If service instance defines an EBS volume it must use a downthenup bounce_method";
        findings.problem(origin.file, place(method, origin.key.span), message);
    }
    let most = fields.get("max_instances");
    let count = most.or_else(|| fields.get("instances"));
    if let Some(node) = count
        && let Value::Int(number) = node.value
        && !matches!(number, 0 | 1)
    {
        findings.problem(origin.file, node.span, "Number of instances must be 1 or 0 if an EBS volume is defined.");
    }
}

fn place(node: Option<&Node>, or: Span) -> Span {
    node.map_or(or, |node| node.span)
}

/// validate_unique_instance_names: one name in two files of a cluster.
pub fn unique_names(folder: &Folder, findings: &mut Findings) {
    for cluster in folder.clusters() {
        let mut names: BTreeMap<String, Vec<(Origin<'_>, Span)>> = BTreeMap::new();
        for origin in folder.instances().into_iter().filter(|origin| origin.cluster == cluster) {
            let span = origin.key.span;
            names.entry(origin.key.text.clone()).or_default().push((origin, span));
        }
        for origin in folder.jobs().into_iter().filter(|origin| origin.cluster == cluster) {
            for (key, _) in origin.fields.get("actions").and_then(Node::as_map).unwrap_or_default() {
                let name = format!("{}.{}", origin.key.text, key.text);
                names.entry(name).or_default().push((origin.clone(), key.span));
            }
        }
        names.retain(|_, places| places.len() > 1);
        let Some(places) = names.values().next() else { continue };
        let (first, second) = (&places[0], &places[1]);
        let list: BTreeSet<&str> = names.keys().map(String::as_str).collect();
        let list: Vec<&str> = list.into_iter().collect();
        let message = format!(
            "Service {} uses the following duplicate instance names for cluster {cluster}: {}",
            folder.name,
            list.join(" ")
        );
        let problem = Diagnostic::error(&second.0.file.source, second.1, message);
        findings.report(second.0.file, problem.related(&first.0.file.source, first.1, "first here"));
    }
}
