//! The Grove path of a graph: one PodCliqueSet for all components, scaled through the cliques and groups that Grove makes of it.
//!
//! Source: ai-dynamo/dynamo, deploy/operator/internal/controller/dgd_grove_program.go and dgd_grove_scaler.go; of 0.8.0
//! reconcileGroveResources in deploy/cloud/operator/internal/controller/dynamographdeployment_controller.go. What the set is made
//! of is `cliques`', how its parts fare `grove_status`'.

use super::asked::Wanted;
use super::look::Look;
use super::pass::{Failure, Pass, Step, Synced};
use super::workloads::{FAILED, Outcome};
use super::{adapters, claims, cliques, graph, grove_status, keys, names, render, rollout};
use crate::systems::dynamo::model::{Component, ComponentType};
use crate::systems::grove::model::{PodCliqueSetSpec, Resource};
use crate::systems::machinery::resource::Owner;
use crate::systems::machinery::{Meta, Writer};
use crate::timeline::{Kind, Subject};

/// Makes the PodCliqueSet of a graph what it should be, and looks at how its cliques fare.
pub fn reconcile(look: &mut Look, pass: &mut Pass<'_>) -> Step<Outcome> {
    let is_1_5 = pass.options.operator.is_1_5();
    if is_1_5 {
        rollout::remember(look, pass)?;
    }
    claims::reconcile(look, pass)?;
    if !is_1_5 {
        adapters::of_graph(look, pass)?;
    }
    let key = set_of(look, pass);
    let annotated = if is_1_5 {
        let updated = grove_status::updated(look, key, pass);
        graph::restart_with(look, &updated, pass)
    } else {
        None
    };
    let spec = cliques::of(look, key, &annotated, pass)?;
    sync(look, key, spec, pass)?;
    for component in look.spec.components.clone() {
        scale(key, &component, pass)?;
        service(look, &component, pass)?;
    }
    let outcome = grove_status::of(look, key, pass);
    if is_1_5 {
        adapters::of_graph(look, pass)?;
    }
    Ok(outcome)
}

/// The PodCliqueSet of a graph.
pub fn set_of(look: &Look, pass: &mut Pass<'_>) -> Subject {
    let name = crate::systems::dynamo::pod_clique_set_name(&look.name, &look.spec.components);
    pass.beside(look.key, Kind::PodCliqueSet, &name)
}

/// What Grove makes of a component: a clique, or a group of them.
pub fn part_of(set: Subject, component: &Component, pass: &mut Pass<'_>) -> Subject {
    let kind = if cliques::is_group(component) { Kind::PodCliqueScalingGroup } else { Kind::PodClique };
    let name = format!("{}-0-{}", pass.name_of(set), component.name.to_lowercase());
    pass.beside(set, kind, &name)
}

/// Who writes Grove's objects: no controller of Grove's own.
fn writer(pass: &Pass<'_>) -> Writer {
    Writer { controller: None, ..pass.writer() }
}

/// Creates the set, or makes its spec what is wanted. Sizes that it has stay as they are: they are changed by the subresource
/// alone, so that a new size is no new template.
fn sync(look: &Look, key: Subject, mut spec: PodCliqueSetSpec, pass: &mut Pass<'_>) -> Step<()> {
    let failed = |refusal: &crate::systems::machinery::Refusal| {
        Failure::write(FAILED, "failed to sync the Grove GangSet", refusal)
    };
    let known = pass.grove.api.get(key).cloned();
    if let Some(Resource::PodCliqueSet(known)) = known.as_deref().map(|stored| &stored.value) {
        if pass.options.operator.is_1_5() {
            keep_sizes(&mut spec, &known.spec);
        }
        if known.spec == spec {
            pass.synced(look.key, key, Synced::Same);
            return Ok(());
        }
    }
    pass.api.write_elsewhere(key, true, pass.writer()).map_err(|refusal| failed(&refusal))?;
    let mut meta = known.as_deref().map_or_else(Meta::default, |stored| stored.meta.clone());
    meta.labels.clone_from(&look.spec.labels);
    meta.labels.insert(keys::GRAPH.to_owned(), look.name.clone());
    meta.owner = Some(Owner { key: look.key, uid: look.meta.uid });
    let by = writer(pass);
    pass.grove.apply(key, meta, spec, by, pass.world).map(drop).map_err(|refusal| failed(&refusal))?;
    pass.synced(look.key, key, if known.is_some() { Synced::Updated } else { Synced::Created });
    Ok(())
}

fn keep_sizes(spec: &mut PodCliqueSetSpec, known: &PodCliqueSetSpec) {
    for clique in &mut spec.template.cliques {
        if let Some(before) = known.template.clique(&clique.name) {
            clique.spec.replicas = before.spec.replicas;
        }
    }
    for group in &mut spec.template.scaling_groups {
        if let Some(before) = known.template.scaling_groups.iter().find(|one| one.name == group.name) {
            group.replicas = before.replicas;
        }
    }
}

/// Gives a clique or a group the size that the graph says. One that Grove has not made yet gets it with the set.
fn scale(set: Subject, component: &Component, pass: &mut Pass<'_>) -> Step<()> {
    let key = part_of(set, component, pass);
    let before = match pass.grove.api.get(key).map(|stored| &stored.value) {
        Some(Resource::PodClique(clique)) => clique.spec.replicas,
        Some(Resource::PodCliqueScalingGroup(group)) => group.spec.replicas,
        _ => return Ok(()),
    };
    if before == component.replicas {
        return Ok(());
    }
    let what = format!("failed to reconcile Grove scaling: failed to scale {}", pass.name_of(key));
    pass.api.write_elsewhere(key, true, pass.writer()).map_err(|refusal| Failure::write(FAILED, &what, &refusal))?;
    let by = writer(pass);
    let scaled = pass.grove.scale(key, component.replicas, by, pass.world);
    scaled.map(drop).map_err(|refusal| Failure::write(FAILED, &what, &refusal))
}

/// The Service of a frontend.
fn service(look: &Look, component: &Component, pass: &mut Pass<'_>) -> Step<()> {
    if component.component_type != ComponentType::Frontend {
        return Ok(());
    }
    let name = names::component(&look.name, &component.name);
    let key = pass.beside(look.key, Kind::Service, &name);
    let serves = look.component_subject(&component.name, pass);
    let wanted = Wanted { key, object: render::service(&name), owner: look.key, serves };
    let is_new = !pass.asked.is_held(key);
    let mut done = Synced::Same;
    if pass.asked.differs(&wanted, pass.world) {
        done = if is_new { Synced::Created } else { Synced::Updated };
        pass.api
            .write_elsewhere(key, true, pass.writer())
            .map_err(|refusal| Failure::write(FAILED, "failed to sync the main component service", &refusal))?;
        pass.asked.apply(wanted, pass.cause, pass.world);
    }
    pass.synced(look.key, key, done);
    Ok(())
}
