//! What a graph's PodCliqueSet is made of: a clique for each component, and a scaling group of a leader and its workers for each
//! component with several nodes.
//!
//! Source: ai-dynamo/dynamo, deploy/operator/internal/dynamo/graph.go, GenerateGrovePodCliqueSet, buildCliqueForRole,
//! buildGroveScalingGroupConfig and applyCliqueStartupDependencies; grove.go, injectKaiSchedulerIfEnabled.

use std::sync::Arc;

use super::look::Look;
use super::mend::Mend;
use super::pass::{Failure, Pass, Step};
use super::workloads::{Annotated, FAILED};
use super::{discovery, hash, keys, names};
use crate::kernel::Duration;
use crate::systems::dynamo::model::{Backend, Component};
use crate::systems::dynamo::plan::Role;
use crate::systems::dynamo::template;
use crate::systems::grove::model::{
    CliqueTemplate, PodCliqueSetSpec, PodCliqueSetTemplate, Resource, ScalingGroupConfig, StartupType,
    TopologyConstraint, UpdateStrategy,
};
use crate::timeline::Subject;
use crate::workload::PodTemplate;

/// How long a gang may be broken before its replica goes: internal/consts/consts.go, DefaultGroveTerminationDelay. Grove's own
/// default is four hours.
const TERMINATION_DELAY: Duration = Duration::from_secs(15 * 60);

/// True if a component is rendered as a scaling group.
pub fn is_group(component: &Component) -> bool {
    component.nodes.is_some_and(|nodes| nodes > 1) || component.force_scaling_group
}

/// The set of a graph.
pub fn of(look: &Look, set: Subject, annotated: &Annotated, pass: &mut Pass<'_>) -> Step<PodCliqueSetSpec> {
    // grove.go, resolveGroveSchedulerQueue.
    if pass.options.kai && pass.options.volcano_scheduler {
        let message = "failed to generate the Grove GangSet: kai-scheduler and volcano scheduler integrations cannot both be enabled \
             for Grove";
        return Err(Failure::new(FAILED, message));
    }
    let strategy = match look.annotation(keys::GROVE_UPDATE) {
        None | Some("RollingRecreate") => UpdateStrategy::RollingRecreate,
        Some("OnDelete") => UpdateStrategy::OnDelete,
        Some(other) => {
            let message = format!("unsupported Grove update strategy annotation {:?}={other:?}", keys::GROVE_UPDATE);
            return Err(Failure::new(FAILED, message));
        }
    };
    let (mut cliques, mut groups) = (Vec::new(), Vec::new());
    let mut explicit = false;
    for component in &look.spec.components {
        let made = cliques_of(look, set, component, annotated, pass);
        explicit |= made.iter().any(|clique| !clique.spec.starts_after.is_empty());
        if is_group(component) {
            groups.push(group(look, component, &made, pass));
        }
        cliques.extend(made);
    }
    let mut template = PodCliqueSetTemplate::of(cliques);
    template.startup = if explicit { StartupType::Explicit } else { StartupType::AnyOrder };
    template.priority_class.clone_from(&look.spec.priority_class);
    template.topology = look.spec.topology.as_ref().map(|one| constraint(&one.name, one.pack_domain.as_deref()));
    template.termination_delay = TERMINATION_DELAY;
    template.scaling_groups = groups;
    Ok(PodCliqueSetSpec { replicas: 1, strategy, template })
}

fn constraint(topology: &str, domain: Option<&str>) -> TopologyConstraint {
    TopologyConstraint { topology: topology.to_owned(), required: domain.map(str::to_owned), preferred: None }
}

/// The scaling group of a component. 0.8 has one copy in its base gang, whatever is said.
fn group(look: &Look, component: &Component, cliques: &[CliqueTemplate], pass: &Pass<'_>) -> ScalingGroupConfig {
    let least = if pass.options.operator.is_1_5() { component.min_available } else { None };
    let topology = component.topology.as_ref().map(|one| {
        let name = look.spec.topology.as_ref().map_or("", |whole| whole.name.as_str());
        constraint(if one.name.is_empty() { name } else { &one.name }, one.pack_domain.as_deref())
    });
    ScalingGroupConfig {
        name: component.name.to_lowercase(),
        cliques: cliques.iter().map(|clique| clique.name.clone()).collect(),
        replicas: component.replicas,
        min_available: least.unwrap_or(1),
        autoscaling: None,
        topology,
    }
}

/// The cliques of a component: one, or those of its leader and its workers.
fn cliques_of(
    look: &Look,
    set: Subject,
    component: &Component,
    annotated: &Annotated,
    pass: &mut Pass<'_>,
) -> Vec<CliqueTemplate> {
    let lower = component.name.to_lowercase();
    let roles = match component.nodes.filter(|nodes| *nodes > 1) {
        Some(nodes) => vec![
            (names::role(&lower, names::LEADER), Role::Leader, 1),
            (names::role(&lower, names::WORKER), Role::Worker, nodes - 1),
        ],
        None if is_group(component) => vec![(lower.clone(), Role::Main, 1)],
        None => vec![(lower.clone(), Role::Main, component.replicas)],
    };
    let workers = names::role(&lower, names::WORKER);
    // Leaders of TensorRT-LLM call their workers by ssh, so that these must be there first.
    let waits = template::backend(&look.spec, component) == Some(Backend::Trtllm);
    let mut made = Vec::new();
    for (name, role, replicas) in roles {
        let mut clique = CliqueTemplate::of(&name, Arc::new(PodTemplate::default()), replicas);
        clique.spec.min_available = least(component, role, replicas, pass);
        if role == Role::Leader && waits {
            clique.spec.starts_after.push(workers.clone());
        }
        clique.labels.insert(keys::GRAPH.to_owned(), look.name.clone());
        let restart = restart_of(look, set, &name, component, annotated, pass);
        if let Some(id) = &restart {
            clique.annotations.insert(keys::RESTART_AT.to_owned(), id.clone());
        }
        if pass.options.kai {
            let queue = look.annotation(keys::KAI_QUEUE).unwrap_or(keys::KAI_QUEUE_DEFAULT).to_owned();
            clique.labels.insert(keys::KAI_QUEUE_LABEL.to_owned(), queue);
        }
        let mut template = pods(look, component, role, restart.as_deref(), pass);
        let devices = pass.asked.claim_templates.of(component, &pass.world.text(look.key.namespace));
        devices.iter().for_each(|devices| super::devices::put(devices, &mut template));
        clique.spec.pods = Arc::new(template);
        let refusal = component.refusal.as_ref().or(devices.as_ref().err());
        clique.spec.refusal = refusal.map(|why| why.replacen("spec.template.", "", 1).into());
        made.push(clique);
    }
    made
}

/// How many pods of a clique are placed together. The cliques of a component with several nodes are of no use in part, which 0.8
/// did not see (#7811).
fn least(component: &Component, role: Role, replicas: u32, pass: &Pass<'_>) -> u32 {
    match role {
        Role::Leader | Role::Worker if pass.options.mends(Mend::WholeGangs) => replicas,
        Role::Main if pass.options.operator.is_1_5() && !is_group(component) => component.min_available.unwrap_or(1),
        _ => 1,
    }
}

/// The restart that a clique carries: the one that is under way, or the one that it has come through.
fn restart_of(
    look: &Look,
    set: Subject,
    clique: &str,
    component: &Component,
    annotated: &Annotated,
    pass: &Pass<'_>,
) -> Option<String> {
    let put = annotated.as_ref().filter(|(_, names)| names.contains(&component.name)).map(|(id, _)| id.clone());
    debug_assert!(look.component_names().contains(&component.name.as_str()), "a component of the graph");
    put.or_else(|| {
        let stored = pass.grove.api.get(set)?;
        let Resource::PodCliqueSet(known) = &stored.value else { return None };
        known.spec.template.clique(clique)?.annotations.get(keys::RESTART_AT).cloned()
    })
}

/// The pods of a role.
fn pods(look: &Look, component: &Component, role: Role, restart: Option<&str>, pass: &mut Pass<'_>) -> PodTemplate {
    let mut pods = template::pod(&look.spec, component, role);
    let name = names::component(&look.name, &component.name);
    pods.serves = Some(look.component_subject(&component.name, pass));
    for (label, value) in [
        (keys::SELECTOR, name.as_str()),
        (keys::COMPONENT, component.name.as_str()),
        (keys::GRAPH, look.name.as_str()),
        (keys::COMPONENT_TYPE, component.component_type.text()),
    ] {
        if !value.is_empty() {
            pods.labels.insert(label.to_owned(), value.to_owned());
        }
    }
    if pods.scheduler_name.is_empty() {
        let scheduler = match (pass.options.kai, pass.options.volcano_scheduler) {
            (true, _) => "kai-scheduler",
            (false, true) => "volcano",
            (false, false) => "default-scheduler",
        };
        scheduler.clone_into(&mut pods.scheduler_name);
    }
    let discovery = pass.options.discovery(look.annotation(keys::DISCOVERY));
    pods.registration = discovery::registration(component, role, discovery);
    pods.process_lease = discovery::process_lease(component, role, discovery, pass.options.operator);
    pods.fingerprint = hash::touched(component.fingerprint, restart.unwrap_or_default());
    pods
}
