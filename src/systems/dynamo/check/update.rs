//! What the webhook and the schema's rules ask of a change: of a graph above all.
//! Source: ai-dynamo/dynamo, deploy/operator/internal/webhook/validation/dynamographdeployment.go (ValidateUpdate) and
//! shared_v1beta1.go. That a restart is refused during a rolling update is as old as these updates are (pull request 6110, before 1.0),
//! and in every version of that file since.
//! Of chart 0.8.0 deploy/cloud/operator/internal/webhook/validation/dynamographdeployment.go.

use std::collections::{BTreeMap, BTreeSet};

use super::super::model::{Backend, Beside, Component, GraphSpec, Resource, Table};
use super::super::operator::keys::PROVIDER;
use super::super::profile::{Operator, Options};
use super::super::status::{GraphStatus, RollingUpdatePhase};
use super::graph::order;
use super::request::request_change;

/// A change of a graph.
#[derive(Clone, Copy, Debug)]
pub struct Change<'g> {
    /// What it was.
    pub old: &'g GraphSpec,
    /// What it is to be.
    pub new: &'g GraphSpec,
    /// How it fares.
    pub status: &'g GraphStatus,
    /// True if the operator itself or the planner asks: they alone may change the replicas of a component with an adapter.
    pub by_operator: bool,
}

/// Why a change is refused: each reason with its field. Empty if it is not.
pub fn update(change: &Change<'_>, options: &Options) -> Vec<String> {
    let mut found = Vec::new();
    let old: BTreeMap<&str, &Component> = by_name(change.old);
    if options.operator.is_1_5() {
        rules(change, &old, &mut found);
    }
    if options.webhook {
        match options.operator {
            Operator::V0_8 => before(change, &old, &mut found),
            Operator::V1_5 => now(change, &old, &mut found),
        }
    }
    found
}

/// Why a user's change of an object is refused, of whatever kind it is.
pub fn change(old: &Resource, new: &Resource, options: &Options) -> Vec<String> {
    match (old, new) {
        (Resource::Graph(was), Resource::Graph(is)) => {
            let change = Change { old: &was.spec, new: &is.spec, status: &was.status, by_operator: false };
            update(&change, options)
        }
        (Resource::Component(was), Resource::Component(is)) => {
            let mut found = Vec::new();
            let (one, other) = (&was.spec.component, &is.spec.component);
            if options.operator.is_1_5() && one.min_available.is_some() && one.min_available != other.min_available {
                found.push("spec: minAvailable is immutable after creation".to_owned());
            }
            if options.webhook && was.spec.backend != is.spec.backend {
                found.push(framework(&is.spec.backend));
            }
            if options.webhook && options.operator.is_1_5() {
                component(one, other, ("spec", "DynamoComponentDeployment"), false, &mut found);
            }
            found
        }
        (Resource::Request(was), Resource::Request(is)) => {
            request_change(&was.spec, &is.spec, was.status.phase, options).into_iter().collect()
        }
        (Resource::Model(was), Resource::Model(is)) if options.webhook => {
            let fixed =
                [("modelType", was.spec.kind == is.spec.kind), ("baseModelName", was.spec.base == is.spec.base)];
            let changed = fixed.into_iter().filter(|(_, same)| !same);
            changed
                .map(|(field, _)| format!("spec.{field} is immutable and cannot be changed after creation"))
                .collect()
        }
        (Resource::Checkpoint(was), Resource::Checkpoint(is)) if was.spec.identity != is.spec.identity => {
            vec!["spec.identity is immutable after creation".to_owned()]
        }
        _ => Vec::new(),
    }
}

/// Why a change of a graph's annotations is refused: what the operator chose to render it as stays. One that a document leaves out
/// is kept, as the defaulting webhook does (internal/webhook/defaulting/dynamographdeployment_handler.go; *assumed* of 1.5.0).
pub fn provider(old: &Table, new: &Table, options: &Options) -> Option<String> {
    let (was, is) = (old.get(PROVIDER)?, new.get(PROVIDER)?);
    let refused = options.webhook && options.operator.is_1_5() && was != is;
    refused.then(|| format!("metadata.annotations[{PROVIDER}]: Invalid value: {is:?}: field is immutable"))
}

fn by_name(spec: &GraphSpec) -> BTreeMap<&str, &Component> {
    spec.components.iter().map(|one| (one.name.as_str(), one)).collect()
}

/// Rules of the schema, which hold without a webhook too.
fn rules(change: &Change<'_>, old: &BTreeMap<&str, &Component>, found: &mut Vec<String>) {
    for one in &change.new.components {
        let before = old.get(one.name.as_str()).and_then(|old| old.min_available);
        if before.is_some() && before != one.min_available {
            found.push(format!("spec.components[{}]: minAvailable is immutable after creation", one.name));
        }
    }
}

/// Chart 0.8.0.
fn before(change: &Change<'_>, old: &BTreeMap<&str, &Component>, found: &mut Vec<String>) {
    if change.old.backend != change.new.backend {
        found.push("spec.backendFramework is immutable and cannot be changed after creation".to_owned());
    }
    for one in &change.new.components {
        let Some(was) = old.get(one.name.as_str()) else { continue };
        let path = format!("spec.services[{}]", one.name);
        if was.is_multinode() != one.is_multinode() {
            let why = "cannot change node topology (between single-node and multi-node) after creation";
            found.push(format!("{path} {why}"));
        }
        if one.scaling_adapter && was.replicas != one.replicas && !change.by_operator {
            let why = "cannot be modified directly when scaling adapter is enabled; scale or update the related \
                DynamoGraphDeploymentScalingAdapter instead";
            found.push(format!("{path}.replicas {why}"));
        }
    }
}

/// Chart 1.5.0.
fn now(change: &Change<'_>, old: &BTreeMap<&str, &Component>, found: &mut Vec<String>) {
    topology_of_components(change, found);
    for one in &change.new.components {
        if let Some(was) = old.get(one.name.as_str()) {
            let path = format!("spec.components[{}]", one.name);
            component(was, one, (&path, "DynamoGraphDeployment"), change.by_operator, found);
        }
    }
    let (was, is) = (change.old, change.new);
    if was.backend != is.backend {
        found.push(framework(&is.backend));
    }
    if was.topology != is.topology {
        found.push(format!("spec.topologyConstraint: Invalid value: {}", fixed("DynamoGraphDeployment")));
    }
    if was.kv_transfer != is.kv_transfer {
        let why = "is immutable and cannot be added, removed, or changed after creation";
        found.push(format!("spec.experimental.kvTransferPolicy: Invalid value: {why}"));
    }
    if let Some(restart) = &is.restart {
        let names: BTreeSet<&str> = is.components.iter().map(|one| one.name.as_str()).collect();
        let wrong = order(restart.parallel, &restart.order, &names);
        found.extend(wrong.into_iter().map(|(path, message)| format!("{path}: {message}")));
    }
    let id = |spec: &GraphSpec| spec.restart.as_ref().map_or(String::new(), |restart| restart.id.clone());
    let rolling = change.status.rolling_update.as_ref().map(|one| one.phase);
    if let Some(phase @ (RollingUpdatePhase::Pending | RollingUpdatePhase::InProgress)) = rolling
        && id(was) != id(is)
    {
        let why = format!("cannot be changed while a rolling update is {}", phase.text());
        found.push(format!("spec.restart.id: Invalid value: {:?}: {why}", id(is)));
    }
}

/// What is said of another framework.
fn framework(is: &Option<Backend>) -> String {
    let is = is.map_or("", Backend::text);
    format!("spec.backendFramework: Invalid value: {is:?}: is immutable and cannot be changed after creation")
}

/// What is said of a topology that was set when its owner was made.
fn fixed(owner: &str) -> String {
    format!(
        "is immutable and cannot be added, removed, or changed after creation; delete and recreate the {owner} to change topology \
         constraints"
    )
}

/// Components stay what they are.
fn topology_of_components(change: &Change<'_>, found: &mut Vec<String>) {
    let names = |spec: &GraphSpec| spec.components.iter().map(|one| one.name.clone()).collect::<BTreeSet<_>>();
    let (old, new) = (names(change.old), names(change.new));
    let listed = |names: Vec<&String>| names.iter().map(|one| one.as_str()).collect::<Vec<_>>().join(" ");
    let (added, removed) = (listed(new.difference(&old).collect()), listed(old.difference(&new).collect()));
    let detail = match (added.is_empty(), removed.is_empty()) {
        (true, true) => return,
        (false, false) => format!("components added: [{added}], components removed: [{removed}]"),
        (false, true) => format!("components added: [{added}]"),
        (true, false) => format!("components removed: [{removed}]"),
    };
    let why = "component topology is immutable and cannot be modified after creation";
    found.push(format!("spec.components: Forbidden: {why}: {detail}"));
}

/// Asks of a component at this place, of an owner of this kind.
fn component(was: &Component, is: &Component, (path, owner): (&str, &str), by_operator: bool, found: &mut Vec<String>) {
    let adapter = was.scaling_adapter || is.scaling_adapter;
    if adapter && !by_operator && was.replicas != is.replicas {
        let why = "cannot be modified directly when scaling adapter is enabled; scale or update the related \
            DynamoGraphDeploymentScalingAdapter instead";
        found.push(format!("{path}.replicas: Forbidden: {why}"));
    }
    if was.is_multinode() != is.is_multinode() {
        let why = "cannot change node topology between single-node and multi-node after creation";
        found.push(format!("{path}.multinode: Invalid value: {why}"));
    }
    if was.topology != is.topology {
        found.push(format!("{path}.topologyConstraint: Invalid value: {}", fixed(owner)));
    }
    if was.force_scaling_group != is.force_scaling_group {
        found.push(format!("{path}.experimental.grove.forceScalingGroup: Invalid value: field is immutable"));
    }
    let between = |one: &Component| one.memory_service.as_ref().is_some_and(|one| one.mode == Beside::InterPod);
    if between(was) != between(is) {
        let why = format!("the inter-pod GMS layout cannot be toggled after creation; delete and recreate the {owner}");
        found.push(format!("{path}.experimental.gpuMemoryService.mode: Invalid value: {why}"));
    }
}
