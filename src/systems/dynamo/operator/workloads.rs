//! The component path of a graph: each component gets a resource of its own, workers one for each generation.
//!
//! Source: ai-dynamo/dynamo, deploy/operator/internal/controller/dgd_component_workloads_reconciler.go;
//! deploy/operator/internal/dynamo/graph.go, generateSingleDCD; internal/controller_common/resource.go, SyncResource. Components
//! are handled in the order of the spec; the real order is that of a Go map, which is none.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::keys;
use super::look::Look;
use super::pass::{Failure, Pass, Step, Synced};
use super::rollout::Plan;
use crate::systems::dynamo::model::{Component, ComponentDeployment, ComponentDeploymentSpec, Resource, Table};
use crate::systems::dynamo::status::{ComponentFigures, ComponentStatus, Truth};
use crate::systems::dynamo::store::Stored;
use crate::systems::machinery::Refusal;
use crate::timeline::{Arg, Kind, Subject, Why};

/// The reason of a failure that has no word of its own.
pub const FAILED: &str = "failed_to_reconcile_the_resources";

/// How the workloads of a graph fare.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Outcome {
    /// Why resources are not ready; empty if all are.
    pub waiting: Vec<String>,
    /// Figures of each component.
    pub figures: BTreeMap<String, ComponentFigures>,
    /// The reason where the usual one is too coarse; Grove's path alone has it.
    pub reason: Option<&'static str>,
}

/// What a restart puts on components: the id, and whose pods get it.
pub type Annotated = Option<(String, Vec<String>)>;

/// Makes the resources of all components what they should be.
pub fn reconcile(look: &Look, plan: &Plan, restart: &Annotated, pass: &mut Pass<'_>) -> Step<Outcome> {
    let mut outcome = Outcome::default();
    let hash = if pass.options.operator.is_1_5() { plan.hash.as_str() } else { "" };
    for component in &look.spec.components {
        let name = look.resource_name(component, hash);
        let key = pass.beside(look.key, Kind::DynamoComponentDeployment, &name);
        let existing = pass.get(key);
        let wanted = wanted(look, component, plan, restart, existing.as_deref());
        let status = sync(look, key, wanted, hash, existing, pass)?;
        let available = status.conditions.get("Available").is_some_and(|one| one.status == Truth::True);
        if !available {
            outcome.waiting.push(format!("{name}: Component deployment not ready - Available condition not true"));
        }
        outcome.figures.extend(status.figures.map(|figures| (component.name.clone(), figures)));
    }
    scale_old(plan, pass)?;
    add_old(look, plan, &mut outcome, pass);
    Ok(outcome)
}

/// What a component's resource is to ask for.
fn wanted(
    look: &Look,
    component: &Component,
    plan: &Plan,
    restart: &Annotated,
    existing: Option<&Stored>,
) -> ComponentDeploymentSpec {
    let mut component = component.clone();
    for (name, value) in &look.spec.annotations {
        component.annotations.entry(name.clone()).or_insert_with(|| value.clone());
    }
    if let Some(discovery) = look.annotation(keys::DISCOVERY) {
        component.annotations.entry(keys::DISCOVERY.to_owned()).or_insert_with(|| discovery.to_owned());
    }
    let before = existing.and_then(|stored| stored.value.component());
    let carried = before.and_then(|before| before.spec.component.annotations.get(keys::RESTART_AT).cloned());
    let put = restart.as_ref().filter(|(_, names)| names.contains(&component.name)).map(|(id, _)| id.clone());
    if let Some(id) = put.or(carried) {
        component.annotations.insert(keys::RESTART_AT.to_owned(), id);
    }
    if let Some(replicas) = plan.new.get(&component.name) {
        component.replicas = *replicas;
    }
    let backend = before.map_or(look.spec.backend, |before| before.spec.backend);
    ComponentDeploymentSpec { api: look.spec.api, backend, component }
}

/// Creates a component's resource, or makes its spec what is wanted; gives its status.
fn sync(
    look: &Look,
    key: Subject,
    wanted: ComponentDeploymentSpec,
    hash: &str,
    existing: Option<Arc<Stored>>,
    pass: &mut Pass<'_>,
) -> Step<ComponentStatus> {
    let failed = |refusal: &Refusal| Failure::write(FAILED, "failed to sync the DynamoComponentDeployment", refusal);
    let known = existing.as_deref().and_then(|stored| stored.value.component().map(|one| (stored, one)));
    let Some((stored, known)) = known else {
        let labels = labels(look, &wanted.component, hash);
        let replicas = Arg::Count(wanted.component.replicas.into());
        let value = ComponentDeployment { spec: wanted, status: ComponentStatus::default() };
        let mut created = Stored::new(key, Resource::Component(Box::new(value)));
        created.meta.labels = labels;
        created.meta.owner = Some(crate::systems::machinery::resource::Owner { key: look.key, uid: look.meta.uid });
        pass.api.create(created, pass.writer()).map_err(|refusal| failed(&refusal))?;
        pass.world.note(key, "Created", Why::with("replicas: {}", replicas), pass.cause);
        pass.synced(look.key, key, Synced::Created);
        return Ok(ComponentStatus::default());
    };
    if known.spec != wanted {
        let why = change(&known.spec, &wanted);
        let status = known.status.clone();
        let value = ComponentDeployment { spec: wanted, status: status.clone() };
        let changed = Stored { key, meta: stored.meta.clone(), value: Resource::Component(Box::new(value)) };
        let lock = Some(stored.meta.version);
        pass.api.update(changed, lock, pass.writer()).map_err(|refusal| failed(&refusal))?;
        pass.world.note(key, why.0, why.1, pass.cause);
        pass.synced(look.key, key, Synced::Updated);
        return Ok(status);
    }
    pass.synced(look.key, key, Synced::Same);
    Ok(known.status.clone())
}

fn labels(look: &Look, component: &Component, hash: &str) -> Table {
    let mut labels = look.spec.labels.clone();
    labels.insert(keys::GRAPH.to_owned(), look.name.clone());
    labels.insert(keys::COMPONENT.to_owned(), component.name.clone());
    if component.component_type.is_worker() && !hash.is_empty() {
        labels.insert(keys::WORKER_HASH.to_owned(), hash.to_owned());
    }
    labels
}

/// What became of a resource whose spec was changed.
fn change(from: &ComponentDeploymentSpec, to: &ComponentDeploymentSpec) -> (&'static str, Why) {
    let mut same = from.clone();
    same.component.replicas = to.component.replicas;
    let (before, now) = (from.component.replicas, to.component.replicas);
    if same == *to {
        return ("Scaled", Why::with2("replicas {} to {}", Arg::Count(before.into()), Arg::Count(now.into())));
    }
    let restarts = |spec: &ComponentDeploymentSpec| spec.component.annotations.get(keys::RESTART_AT).cloned();
    let why = if restarts(from) == restarts(to) { Why::text("a new template") } else { Why::text("a restart") };
    ("Changed", why)
}

/// Has old generations want what the plan leaves them: a patch of their replicas alone.
fn scale_old(plan: &Plan, pass: &mut Pass<'_>) -> Step<()> {
    for (key, target) in &plan.old {
        let Some(found) = pass.get(*key) else { continue };
        let Some(spec) = found.value.component().map(|one| &one.spec) else { continue };
        let before = spec.component.replicas;
        if before == *target {
            continue;
        }
        let patched = pass.api.patch(*key, pass.writer(), |stored| {
            if let Some(deployment) = stored.value.component_mut() {
                deployment.spec.component.replicas = *target;
            }
        });
        if let Err(refusal) = patched {
            return Err(Failure::write(FAILED, "failed to scale old worker DCDs", &refusal));
        }
        let why = Why::with2("replicas {} to {}", Arg::Count(before.into()), Arg::Count(u64::from(*target)));
        pass.world.note(*key, "Scaled", why, pass.cause);
    }
    Ok(())
}

/// Adds the figures of old generations: only what is new counts as updated, and requests go to the old namespace.
fn add_old(look: &Look, plan: &Plan, outcome: &mut Outcome, pass: &Pass<'_>) {
    for (key, _) in plan.old.iter().rev() {
        let Some(found) = pass.get(*key) else { continue };
        let Some(deployment) = found.value.component() else { continue };
        let Some(old) = &deployment.status.figures else { continue };
        let name = &deployment.spec.component.name;
        debug_assert!(look.component_names().contains(&name.as_str()), "a plan is about components of the graph");
        let sum = outcome
            .figures
            .entry(name.clone())
            .or_insert_with(|| ComponentFigures { kind: old.kind, ..ComponentFigures::default() });
        sum.runtime_namespace.clone_from(&old.runtime_namespace);
        sum.names.extend(old.names.iter().cloned());
        sum.names.sort();
        sum.replicas += old.replicas;
        sum.ready = both(sum.ready, old.ready);
        sum.available = both(sum.available, old.available);
    }
}

/// The sum of two figures that may be unknown.
const fn both(one: Option<u32>, other: Option<u32>) -> Option<u32> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one + other),
        (Some(one), None) | (None, Some(one)) => Some(one),
        (None, None) => None,
    }
}
