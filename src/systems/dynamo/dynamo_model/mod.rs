//! The controller of models: which pods serve the base model of a DynamoModel, and whether an adapter of it is loaded into each.
//!
//! A base model is never ready; that pods serve it is all that its condition asks. An adapter is loaded into every pod that is ready;
//! while one lacks it, the controller looks again every half minute.
//! Source: ai-dynamo/dynamo, deploy/operator/internal/controller/dynamo_model_controller.go and internal/modelendpoint/client.go.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::kernel::{Duration, Time};
use crate::systems::dynamo::model::{Model, ModelSpec, ModelType, Resource};
use crate::systems::dynamo::operator::keys::{COMPONENT, FINALIZER};
use crate::systems::dynamo::operator::pass::Pass;
use crate::systems::dynamo::status::{Condition, Endpoint, ModelStatus, Truth};
use crate::systems::dynamo::store::Stored;
use crate::systems::grove::model as grove;
use crate::systems::machinery::{Finish, Refusal};
use crate::timeline::{Arg, Cause, Kind, Subject, Why};
use crate::workload::Status;
use crate::workload::world::Dial;

/// A request to load an adapter is given up after this: client.go, RequestTimeout.
const LOAD_MAX: Duration = Duration::from_secs(15);

/// An adapter that is being loaded.
#[derive(Clone, Debug)]
struct Load {
    begun: Time,
    /// Into which pods.
    pods: BTreeSet<String>,
    /// What took the last pod meanwhile.
    lost: Option<Cause>,
}

/// Adapters that are being loaded, by model. It is memory of the controller's process alone.
#[derive(Clone, Debug, Default)]
pub struct Loads(BTreeMap<Subject, Load>);

impl Loads {
    /// How long the requests still take that are under way for a model, if any are.
    fn busy(&self, key: Subject, pass: &Pass<'_>) -> Option<Duration> {
        let end = self.0.get(&key)?.begun + pass.options.lora_load.min(LOAD_MAX);
        (end > pass.now()).then(|| end.since(pass.now()))
    }
}

/// Reconciles a model.
pub fn reconcile(pass: &mut Pass<'_>, loads: &mut Loads) -> Finish {
    let key = pass.item.key;
    let Some(found) = pass.get(key) else { return Finish::Done };
    let Resource::Model(model) = &found.value else { return Finish::Done };
    if found.is_leaving() {
        loads.0.remove(&key);
        unload(&model.spec, key, pass);
        let written = finalizer(&found, false, pass);
        return ended(written, Finish::Done, pass);
    }
    if !found.meta.finalizers.contains(FINALIZER)
        && let Err(refusal) = finalizer(&found, true, pass)
    {
        return ended(Err(refusal), Finish::Done, pass);
    }
    let pods = candidates(&model.spec, key, pass);
    let mut model = model.clone();
    if pods.is_empty()
        && loads.busy(key, pass).is_none()
        && let Some(load) = loads.0.remove(&key)
    {
        // The requests went to pods that are gone by now. That they failed is written first, and the next look finds nobody.
        pass.cause = load.lost.unwrap_or(pass.cause);
        let failed = in_vain(&model, load.pods, pass);
        if let Err(refusal) = write(&model, key, failed.clone(), pass) {
            return ended(Err(refusal), Finish::Done, pass);
        }
        model.status = failed;
    }
    let (status, finish) = look(&model, key, &pods, pass, loads);
    let written = write(&model, key, status, pass);
    ended(written, finish, pass)
}

fn ended(written: Result<(), Refusal>, finish: Finish, pass: &mut Pass<'_>) -> Finish {
    match written {
        Ok(()) => finish,
        Err(Refusal::NotFound | Refusal::Gone) => Finish::Done,
        Err(refusal) => pass.retry(&refusal),
    }
}

fn finalizer(found: &Stored, is_there: bool, pass: &mut Pass<'_>) -> Result<(), Refusal> {
    let mut stored = found.clone();
    if is_there {
        stored.meta.finalizers.insert(FINALIZER.to_owned());
    } else {
        stored.meta.finalizers.remove(FINALIZER);
    }
    pass.api.update(stored, Some(found.meta.version), pass.writer()).map(drop)
}

/// The pods that are ready of components whose model is this base model: those behind the Service that the operator makes for it.
fn candidates(spec: &ModelSpec, key: Subject, pass: &Pass<'_>) -> Vec<(Subject, String)> {
    let components = pass.api.list(Kind::DynamoComponentDeployment).filter(|one| one.key.namespace == key.namespace);
    let serving = components.filter(|one| {
        let model = one.value.component().and_then(|one| one.spec.component.model.as_ref());
        model.is_some_and(|model| model.name == spec.base)
    });
    let mut found = Vec::new();
    for component in serving {
        for workload in pass.asked.of(component.key) {
            let pods = pass.world.observed_pods(workload);
            let ready = pods.into_iter().filter(|(_, pod)| pod.ready && !pod.terminating);
            found.extend(ready.map(|(pod, _)| (pod, pass.name_of(pod))));
        }
    }
    found.append(&mut of_cliques(&spec.base, key, pass));
    found
}

/// The same of components that Grove renders. Of several nodes the leader alone serves.
fn of_cliques(base: &str, key: Subject, pass: &Pass<'_>) -> Vec<(Subject, String)> {
    let mut found = Vec::new();
    for stored in pass.grove.api.list(Kind::PodClique).filter(|one| one.key.namespace == key.namespace) {
        let grove::Resource::PodClique(clique) = &stored.value else { continue };
        let graph = pass.grove.maker_of(stored.key).and_then(|graph| pass.api.get(graph));
        let Some(graph) = graph.and_then(|stored| stored.value.graph()) else { continue };
        let name = clique.spec.pods.labels.get(COMPONENT);
        let component = graph.spec.components.iter().find(|one| Some(&one.name) == name);
        let serves = component.is_some_and(|one| {
            let is_worker_of_many = one.is_multinode() && clique.spec.role.ends_with("-wkr");
            one.model.as_ref().is_some_and(|model| model.name == base) && !is_worker_of_many
        });
        for pod in pass.grove.pods_of(stored.key).filter(|_| serves) {
            if let Some(Status::Pod(status)) = pass.world.observed(pod)
                && status.ready
                && !status.terminating
            {
                found.push((pod, pass.name_of(pod)));
            }
        }
    }
    found
}

/// What the status is to say, and when to look again.
fn look(
    model: &Model,
    key: Subject,
    pods: &[(Subject, String)],
    pass: &mut Pass<'_>,
    loads: &mut Loads,
) -> (ModelStatus, Finish) {
    let mut status = model.status.clone();
    let base = &model.spec.base;
    if pods.is_empty() {
        if let Some(busy) = loads.busy(key, pass) {
            loads.0.entry(key).and_modify(|load| load.lost = Some(pass.cause));
            return (status, Finish::After(busy));
        }
        let message = format!("No endpoint slices found for base model {base}");
        pass.event(key, true, "NoEndpointsFound", message.clone());
        (status.endpoints, status.ready, status.total) = (Vec::new(), 0, 0);
        condition(&mut status, "ServicesFound", Truth::False, "NoServicesFound", &message, pass);
        condition(&mut status, "EndpointsReady", Truth::False, "NoEndpoints", &message, pass);
        return (status, Finish::Done);
    }
    let is_lora = model.spec.kind == ModelType::Lora;
    let mut loaded: BTreeSet<String> = BTreeSet::new();
    if is_lora {
        match load(model, key, pods, pass, loads) {
            Ok(names) => loaded = names,
            // The worker is busy with the requests: its status follows when they are answered.
            Err(busy) => return (status, Finish::After(busy)),
        }
    }
    let names = pods.iter().map(|(_, name)| name.clone()).collect();
    let is_whole = count(&mut status, names, &loaded, model, pass);
    (status, if is_lora && !is_whole { Finish::After(pass.options.model_requeue) } else { Finish::Done })
}

/// The status after requests to pods that are gone: those that had the adapter had it, the others never got it.
fn in_vain(model: &Model, asked: BTreeSet<String>, pass: &mut Pass<'_>) -> ModelStatus {
    let ready = model.status.endpoints.iter().filter(|one| one.ready);
    let loaded: BTreeSet<String> = ready.map(|one| one.pod.clone()).collect();
    let mut status = model.status.clone();
    count(&mut status, loaded.union(&asked).cloned().collect(), &loaded, model, pass);
    status
}

/// Counts these pods, of which these have the adapter; true if all have.
fn count(
    status: &mut ModelStatus,
    names: Vec<String>,
    loaded: &BTreeSet<String>,
    model: &Model,
    pass: &mut Pass<'_>,
) -> bool {
    let (key, base) = (pass.item.key, &model.spec.base);
    condition(status, "ServicesFound", Truth::True, "ServicesFound", "Found 1 service(s)", pass);
    status.endpoints = names.into_iter().map(|pod| Endpoint { ready: loaded.contains(&pod), pod }).collect();
    let total = u32::try_from(status.endpoints.len()).unwrap_or(u32::MAX);
    let ready = u32::try_from(status.endpoints.iter().filter(|one| one.ready).count()).unwrap_or(u32::MAX);
    (status.total, status.ready) = (total, ready);
    if model.spec.kind != ModelType::Lora {
        let message = format!("Found {total} endpoint(s) for base model");
        pass.event(key, false, "EndpointsDiscovered", format!("Discovered {total} endpoints for base model {base}"));
        condition(status, "EndpointsReady", Truth::True, "EndpointsDiscovered", &message, pass);
    } else if ready == total {
        let message = format!("All {total} endpoint(s) are ready");
        pass.event(key, false, "EndpointsReady", format!("All {total} endpoints ready for base model {base}"));
        condition(status, "EndpointsReady", Truth::True, "AllEndpointsReady", &message, pass);
    } else {
        let message = format!("Found {ready} ready endpoint(s) out of {total} total");
        let text = format!("Only {ready} of {total} endpoints ready for base model {base}");
        pass.event(key, true, "NotReady", text);
        condition(status, "EndpointsReady", Truth::False, "NotReady", &message, pass);
    }
    ready == total
}

/// The pods that have the adapter now; `Err`: how long the requests still take. A load that is done once more takes no time.
fn load(
    model: &Model,
    key: Subject,
    pods: &[(Subject, String)],
    pass: &Pass<'_>,
    loads: &mut Loads,
) -> Result<BTreeSet<String>, Duration> {
    let known: BTreeSet<&String> = model.status.endpoints.iter().filter(|one| one.ready).map(|one| &one.pod).collect();
    let lacking: BTreeSet<String> =
        pods.iter().map(|(_, name)| name).filter(|name| !known.contains(name)).cloned().collect();
    if !lacking.is_empty() {
        let begun = pass.now();
        loads.0.entry(key).or_insert_with(|| Load { begun, pods: lacking.clone(), lost: None });
    }
    if let Some(busy) = loads.busy(key, pass) {
        return Err(busy);
    }
    let asked = loads.0.remove(&key).map(|load| load.pods).unwrap_or_default();
    let in_time = pass.options.lora_load <= LOAD_MAX;
    let has = |(pod, name): &&(Subject, String)| {
        known.contains(name) || in_time && asked.contains(name) && pass.world.dial(*pod) == Dial::Accepted
    };
    Ok(pods.iter().filter(has).map(|(_, name)| name.clone()).collect())
}

/// An adapter is taken out of every pod when its model goes.
fn unload(spec: &ModelSpec, key: Subject, pass: &mut Pass<'_>) {
    let pods = candidates(spec, key, pass);
    if spec.kind == ModelType::Lora && !pods.is_empty() {
        pass.event(key, false, "LoRAUnloaded", format!("Unloaded LoRA from {} endpoint(s)", pods.len()));
    }
}

fn condition(status: &mut ModelStatus, kind: &'static str, truth: Truth, reason: &str, message: &str, pass: &Pass<'_>) {
    status.conditions.set(Condition {
        kind,
        status: truth,
        reason: reason.to_owned(),
        message: message.to_owned(),
        since: pass.now(),
        observed_generation: pass.get(pass.item.key).map_or(0, |found| found.meta.generation),
    });
}

/// Writes the status, if it changed, and tells of it.
fn write(model: &Model, key: Subject, status: ModelStatus, pass: &mut Pass<'_>) -> Result<(), Refusal> {
    let Some(now) = pass.api.get(key) else {
        return if status == model.status { Ok(()) } else { Err(Refusal::NotFound) };
    };
    let meta = now.meta.clone();
    if status != model.status {
        let value = Resource::Model(Model { spec: model.spec.clone(), status: status.clone() });
        let stored = Stored { key, meta: meta.clone(), value };
        pass.api.update_status(&stored, Some(meta.version), pass.writer())?;
    }
    let Some(ready) = status.conditions.get("EndpointsReady") else { return Ok(()) };
    let became = if ready.status == Truth::True { "ready" } else { "not_ready" };
    let figures = |status: &ModelStatus| (status.ready, status.total);
    // A word that its controller could not say because it ended is said at the next look.
    if pass.journal.say_of(meta.uid, key, became) || figures(&model.status) != figures(&status) {
        let (of, total) = (Arg::Count(status.ready.into()), Arg::Count(status.total.into()));
        let why = match (model.spec.kind, status.total) {
            (_, 0) => Why::text("no endpoints"),
            (ModelType::Lora, _) => Why::with2("loaded by {} of {}", of, total),
            _ => Why::with("{} endpoints", total),
        };
        pass.note(key, became, why);
    }
    Ok(())
}

/// The models of a namespace that name one of these pods as an endpoint, or ask it to load them.
pub fn of_pods<'a>(
    pods: &BTreeSet<String>,
    near: Subject,
    models: impl Iterator<Item = &'a Arc<Stored>>,
    loads: &Loads,
) -> Vec<Subject> {
    let asks = |key: Subject| loads.0.get(&key).is_some_and(|load| !load.pods.is_disjoint(pods));
    let lists = |one: &&Arc<Stored>| match &one.value {
        Resource::Model(model) => asks(one.key) || model.status.endpoints.iter().any(|one| pods.contains(&one.pod)),
        _ => false,
    };
    models.filter(|one| one.key.namespace == near.namespace).filter(lists).map(|one| one.key).collect()
}

/// The models of a namespace whose base is this one, which a change of its pods concerns.
pub fn of_base<'a>(base: &str, near: Subject, models: impl Iterator<Item = &'a Arc<Stored>>) -> Vec<Subject> {
    let same = models.filter(|one| one.key.namespace == near.namespace);
    let same = same.filter(|one| matches!(&one.value, Resource::Model(model) if model.spec.base == base));
    same.map(|one| one.key).collect()
}
