//! Scaling adapters: what an autoscaler writes the size of a component to. A graph makes them; their own controller writes what they
//! ask for into the graph.
//!
//! Source: ai-dynamo/dynamo, deploy/operator/internal/controller/dgd_scaling_adapters_reconciler.go and
//! dynamographdeploymentscalingadapter_controller.go; of 0.8.0 reconcileScalingAdapters in
//! deploy/cloud/operator/internal/controller/dynamographdeployment_controller.go, which writes the graph's replicas into its
//! adapters at every turn, so that each writes over the other (#12080).

use super::look::Look;
use super::mend::Mend;
use super::pass::{Failure, Pass, Step, Synced};
use super::workloads::FAILED;
use super::{keys, names};
use crate::systems::dynamo::model::{Adapter, AdapterSpec, Component, Resource};
use crate::systems::dynamo::status::AdapterStatus;
use crate::systems::dynamo::store::Stored;
use crate::systems::machinery::resource::Owner;
use crate::systems::machinery::{Finish, Refusal};
use crate::timeline::{Arg, Kind, Subject, Why};

/// Makes the adapters of a graph, and takes away those that are no longer wanted.
pub fn of_graph(look: &Look, pass: &mut Pass<'_>) -> Step<()> {
    for component in look.spec.components.clone() {
        let name = names::component(&look.name, &component.name);
        let key = pass.beside(look.key, Kind::Adapter, &name);
        let known = pass.get(key);
        if !component.scaling_adapter {
            if known.is_some() {
                remove(look, key, pass)?;
                tell_removed(look, key, &component.name, false, pass);
            }
            continue;
        }
        match known {
            None => create(look, key, &name, &component, pass)?,
            Some(stored) if !pass.options.mends(Mend::OneWayAdapters) => {
                let done = write_back(&stored, &component, pass)?;
                pass.synced(look.key, key, done);
            }
            Some(_) => {}
        }
    }
    let names = look.component_names();
    for stored in pass.list(Kind::Adapter, look.key.namespace) {
        let Some(adapter) = stored.value.adapter() else { continue };
        let is_own = stored.label(keys::GRAPH) == Some(&look.name);
        if is_own && !names.contains(&adapter.spec.component.as_str()) {
            remove(look, stored.key, pass)?;
            tell_removed(look, stored.key, &adapter.spec.component, true, pass);
        }
    }
    Ok(())
}

fn failed(refusal: &Refusal) -> Failure {
    Failure::write(FAILED, "failed to reconcile scaling adapters", refusal)
}

fn create(look: &Look, key: Subject, name: &str, component: &Component, pass: &mut Pass<'_>) -> Step<()> {
    let spec =
        AdapterSpec { replicas: component.replicas, graph: look.name.clone(), component: component.name.clone() };
    let mut created = Stored::new(key, Resource::Adapter(Adapter { spec, status: AdapterStatus::default() }));
    created.meta.labels.insert(keys::GRAPH.to_owned(), look.name.clone());
    created.meta.labels.insert(keys::COMPONENT.to_owned(), component.name.clone());
    created.meta.owner = Some(Owner { key: look.key, uid: look.meta.uid });
    pass.api.create(created, pass.writer()).map_err(|refusal| failed(&refusal))?;
    let replicas = Arg::Count(component.replicas.into());
    pass.world.note(key, "created", Why::with("replicas: {}", replicas), pass.cause);
    if pass.options.operator.is_1_5() {
        let text = format!("Created scaling adapter {name} for component {}", component.name);
        pass.event(look.key, false, "AdapterCreated", text);
    } else {
        pass.synced(look.key, key, Synced::Created);
    }
    Ok(())
}

fn remove(look: &Look, key: Subject, pass: &mut Pass<'_>) -> Step<()> {
    debug_assert!(key.namespace == look.key.namespace, "an adapter stands beside its graph");
    match pass.api.delete(key, pass.writer()) {
        Ok(_) => {
            pass.world.note(key, "deleted", Why::text("its component has no adapter"), pass.cause);
            Ok(())
        }
        Err(Refusal::NotFound) => Ok(()),
        Err(refusal) => Err(failed(&refusal)),
    }
}

/// The event about an adapter that was taken away, because its component has no adapter, or is itself no more.
fn tell_removed(look: &Look, key: Subject, component: &str, is_orphan: bool, pass: &mut Pass<'_>) {
    let name = pass.name_of(key);
    let text = match (pass.options.operator.is_1_5(), is_orphan) {
        (true, _) => format!("Deleted scaling adapter {name} for component {component}"),
        (false, true) => format!("Deleted orphaned scaling adapter {name} for removed service {component}"),
        (false, false) => {
            pass.synced(look.key, key, Synced::Deleted);
            return;
        }
    };
    pass.event(look.key, false, "AdapterDeleted", text);
}

/// Has an adapter ask for what the graph says, whatever it was asked to ask for.
fn write_back(stored: &Stored, component: &Component, pass: &mut Pass<'_>) -> Step<Synced> {
    let Some(adapter) = stored.value.adapter() else { return Ok(Synced::Same) };
    let (before, now) = (adapter.spec.replicas, component.replicas);
    if before == now {
        return Ok(Synced::Same);
    }
    let mut changed = stored.clone();
    if let Some(adapter) = changed.value.adapter_mut() {
        adapter.spec.replicas = now;
    }
    pass.api.update(changed, Some(stored.meta.version), pass.writer()).map_err(|refusal| failed(&refusal))?;
    let why = Why::with2("replicas {} to {}, as the graph has them", Arg::Count(before.into()), Arg::Count(now.into()));
    pass.world.note(stored.key, "overwritten", why, pass.cause);
    Ok(Synced::Updated)
}

/// Reconciles an adapter: what it asks for goes into its graph.
pub fn reconcile(pass: &mut Pass<'_>) -> Finish {
    let key = pass.item.key;
    let Some(found) = pass.get(key).filter(|found| !found.is_leaving()) else { return Finish::Done };
    let Some(adapter) = found.value.adapter().cloned() else { return Finish::Done };
    let graph = pass.beside(key, Kind::Graph, &adapter.spec.graph);
    // A graph that is not there is an error, and asked for again and again.
    let Some(stored) = pass.get(graph) else { return pass.retry(&Refusal::NotFound) };
    let is_1_5 = pass.options.operator.is_1_5();
    let component = stored
        .value
        .graph()
        .and_then(|graph| graph.spec.components.iter().find(|one| one.name == adapter.spec.component));
    let Some(component) = component else { return if is_1_5 { Finish::Done } else { Finish::Retry } };
    if is_1_5 && !component.scaling_adapter {
        return Finish::Done;
    }
    let mut status = adapter.status.clone();
    let (before, wanted) = (component.replicas, adapter.spec.replicas);
    if before != wanted {
        let mut changed = Stored::clone(&stored);
        let components = changed.value.graph_mut().map(|graph| &mut graph.spec.components);
        if let Some(one) = components.into_iter().flatten().find(|one| one.name == adapter.spec.component) {
            one.replicas = wanted;
        }
        // The whole graph is written: whoever wrote it since it was read is not written over.
        if let Err(refusal) = pass.api.update(changed, Some(stored.meta.version), pass.writer()) {
            if refusal == Refusal::Gone {
                return Finish::Done;
            }
            let text = format!("Failed to update DGD {}: {refusal}", adapter.spec.graph);
            pass.event(key, true, "UpdateFailed", text);
            let why = pass.world.intern(&refusal.to_string());
            pass.note(key, "update_failed", Why::symbol(why));
            return pass.retry(&refusal);
        }
        let (from, to) = (Arg::Count(before.into()), Arg::Count(wanted.into()));
        pass.note(key, "scaled", Why::with2("replicas {} to {}", from, to));
        let word = if is_1_5 { "component" } else { "service" };
        let text = format!("Scaled {word} {} from {before} to {wanted} replicas", adapter.spec.component);
        pass.event(key, false, "Scaled", text);
        status.last_scale = Some(pass.now());
    }
    status.replicas = wanted;
    // 1.5 has the labels in the order of their names, 0.8 the graph before the component.
    let component = format!("{}={}", keys::COMPONENT, adapter.spec.component);
    let graph = format!("{}={}", keys::GRAPH, adapter.spec.graph);
    status.selector = if is_1_5 { format!("{component},{graph}") } else { format!("{graph},{component}") };
    if status == adapter.status {
        return Finish::Done;
    }
    let value = Resource::Adapter(Adapter { spec: adapter.spec, status });
    let written = Stored { key, meta: found.meta.clone(), value };
    match pass.api.update_status(&written, Some(found.meta.version), pass.writer()) {
        Ok(_) | Err(Refusal::Gone) => Finish::Done,
        Err(refusal) => pass.retry(&refusal),
    }
}
