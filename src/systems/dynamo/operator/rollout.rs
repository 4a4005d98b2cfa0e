//! Workers that are rolled over generation by generation: when a rollout begins and ends, and what each generation should want.
//!
//! Source: ai-dynamo/dynamo, deploy/operator/internal/controller/dynamographdeployment_rollingupdate.go of chart 1.5.0; what was
//! mended after it in dgd_worker_rollout_reconciler.go of the same folder.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::generations::{self, Generation, Order};
use super::look::Look;
use super::mend::Mend;
use super::pass::{Failure, Pass, Step};
use super::planner::{self, Bounds, Replicas};
use super::{hash, keys};
use crate::systems::dynamo::model::{Component, ComponentDeployment};
use crate::systems::dynamo::status::{RollingUpdatePhase, RollingUpdateStatus};
use crate::systems::dynamo::store::Stored;
use crate::systems::machinery::Refusal;
use crate::timeline::{Kind, Subject};
use crate::workload::{PodPhase, World};

const INITIALIZE: &str = "failed_to_initialize_worker_hash";
const FAILED: &str = "rolling_update_failed";

/// What generations of workers should want at one look.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Plan {
    /// The hash of the new generation.
    pub hash: String,
    /// What old generations should want, each by itself.
    pub old: BTreeMap<Subject, u32>,
    /// What the new generation of each component should want; a component without old ones is not in it.
    pub new: BTreeMap<String, u32>,
    /// The components that have old generations.
    pub components: Vec<String>,
}

impl Plan {
    /// True while there are old generations to be rolled over.
    pub const fn is_rolling(&self) -> bool {
        !self.components.is_empty()
    }
}

/// A worker's own resource as the controller knows it.
#[derive(Clone, Debug)]
struct Worker {
    stored: Arc<Stored>,
    hash: String,
    component: String,
    replicas: Replicas,
}

impl Worker {
    fn deployment(&self) -> Option<&ComponentDeployment> {
        self.stored.value.component()
    }
}

/// True while a rollout has begun and not ended.
pub fn is_rolling(status: Option<&RollingUpdateStatus>) -> bool {
    status.is_some_and(|one| matches!(one.phase, RollingUpdatePhase::Pending | RollingUpdatePhase::InProgress))
}

/// The workers of a graph that it owns.
fn workers(look: &Look, pass: &Pass<'_>) -> Vec<Worker> {
    let mut found = Vec::new();
    for stored in pass.owned(Kind::DynamoComponentDeployment, look.key) {
        let Some(deployment) = stored.value.component() else { continue };
        let is_own = stored.meta.owner.is_some_and(|owner| owner.key == look.key && owner.uid == look.meta.uid);
        let component = &deployment.spec.component;
        if !is_own || stored.label(keys::GRAPH) != Some(&look.name) || !component.component_type.is_worker() {
            continue;
        }
        let figures = deployment.status.figures.as_ref();
        let replicas = Replicas {
            spec: component.replicas,
            actual: figures.map_or(0, |one| one.replicas),
            available: figures.and_then(|one| one.available).unwrap_or(0),
            ready: figures.and_then(|one| one.ready).unwrap_or(0),
        };
        let hash = stored.label(keys::WORKER_HASH).unwrap_or_default().to_owned();
        found.push(Worker { hash, component: component.name.clone(), replicas, stored });
    }
    found
}

/// Looks at the rollout of the workers: begins one, goes on with it, ends it. Of a graph with several nodes a component the
/// operator only remembers the hash.
pub fn reconcile(look: &mut Look, pass: &mut Pass<'_>) -> Step<()> {
    if look.has_multinode() {
        return remember(look, pass);
    }
    initialize(look, pass)?;
    let desired = hash::workers(&look.spec);
    let differs = look.current_hash().is_some_and(|current| current != desired);
    if is_rolling(look.status.rolling_update.as_ref()) || differs {
        advance(look, &desired, pass)?;
    }
    Ok(())
}

/// A graph that has no hash gets that of its workers. Nobody looks whether it has workers already, so that those of another hash
/// stay for ever (#13495).
fn initialize(look: &mut Look, pass: &mut Pass<'_>) -> Step<()> {
    if look.current_hash().is_some() {
        return Ok(());
    }
    let desired = hash::workers(&look.spec);
    let known = workers(look, pass);
    let newest = known.iter().filter(|one| !one.hash.is_empty()).max_by_key(|one| one.stored.meta.uid);
    let adopted = newest.filter(|_| pass.options.mends(Mend::KnownGenerations)).map(|one| one.hash.clone());
    write_hash(look, &adopted.unwrap_or(desired), pass)
        .map_err(|refusal| Failure::write(INITIALIZE, "failed to initialize worker hash", &refusal))
}

/// The same where the operator rolls nothing over: a change is told and remembered.
pub fn remember(look: &mut Look, pass: &mut Pass<'_>) -> Step<()> {
    let desired = hash::workers(&look.spec);
    let is_new = look.current_hash().is_none();
    if look.current_hash() == Some(&desired) {
        return Ok(());
    }
    if !is_new {
        let text = "Worker spec changed but custom rolling updates are not supported for Grove/multinode deployments";
        pass.event(look.key, true, "RollingUpdateNotSupported", text.to_owned());
    }
    let written = write_hash(look, &desired, pass);
    match written {
        Ok(()) => Ok(()),
        Err(Refusal::Gone) => Err(Failure::write(INITIALIZE, "", &Refusal::Gone)),
        // That it could not be remembered is only logged.
        Err(_) if !is_new => Ok(()),
        Err(refusal) => Err(Failure::write(INITIALIZE, "failed to initialize worker hash", &refusal)),
    }
}

fn write_hash(look: &mut Look, hash: &str, pass: &mut Pass<'_>) -> Result<(), Refusal> {
    look.annotate(pass, |annotations| drop(annotations.insert(keys::CURRENT_HASH.to_owned(), hash.to_owned())))
}

/// One step of a rollout.
fn advance(look: &mut Look, desired: &str, pass: &mut Pass<'_>) -> Step<()> {
    let is_current = look.current_hash() == Some(desired);
    let phase = look.status.rolling_update.as_ref().map(|one| one.phase);
    if phase == Some(RollingUpdatePhase::Completed) && !is_current {
        let (old, new) = sides(&workers(look, pass), desired);
        if updated(look, &old, &new).len() == look.workers().count() && !new.is_empty() {
            // What is wanted serves already: the annotation was behind.
            return write_hash(look, desired, pass)
                .map_err(|refusal| Failure::write(FAILED, "failed to update current worker hash", &refusal));
        }
        look.status.rolling_update = None;
    }
    let reverts = pass.options.mends(Mend::RevertRolls);
    let phase = look.status.rolling_update.as_ref().map(|one| one.phase);
    if phase == Some(RollingUpdatePhase::InProgress) && is_current && !reverts {
        // Taken for a rollout that ended and could not say so: what else there is goes at once, whether it serves or not (#13620).
        return complete(look, desired, pass);
    }
    match phase {
        None => {
            let now = pass.now();
            let begun =
                RollingUpdateStatus { phase: RollingUpdatePhase::Pending, started_at: Some(now), ..Default::default() };
            look.status.rolling_update = Some(begun);
            let text = format!("Starting rolling update to worker hash {desired}");
            pass.event(look.key, false, "RollingUpdateStarted", text.clone());
            pass.note_text(look.key, "rolling", &text);
            Ok(())
        }
        Some(RollingUpdatePhase::Pending) => {
            if let Some(status) = &mut look.status.rolling_update {
                status.phase = RollingUpdatePhase::InProgress;
            }
            Ok(())
        }
        Some(RollingUpdatePhase::InProgress) => {
            let (old, new) = sides(&workers(look, pass), desired);
            let done = updated(look, &old, &new);
            let is_done = done.len() == look.workers().count() && !done.is_empty();
            if let Some(status) = &mut look.status.rolling_update {
                status.updated_components = done;
            }
            if is_done { complete(look, desired, pass) } else { Ok(()) }
        }
        Some(_) => Ok(()),
    }
}

/// The old workers and the new ones.
fn sides(workers: &[Worker], hash: &str) -> (Vec<Worker>, Vec<Worker>) {
    workers.iter().cloned().partition(|one| one.hash != hash)
}

/// The components whose new workers are ready and whose old ones are not, by name.
fn updated(look: &Look, old: &[Worker], new: &[Worker]) -> Vec<String> {
    let ready = |side: &[Worker], component: &Component| {
        side.iter().filter(|one| one.component == component.name).map(|one| one.replicas.ready).sum::<u32>()
    };
    let has_new = |component: &Component| new.iter().any(|one| one.component == component.name);
    let mut done: Vec<String> = look
        .workers()
        .filter(|one| has_new(one) && ready(new, one) >= one.replicas && ready(old, one) == 0)
        .map(|one| one.name.clone())
        .collect();
    done.sort();
    done
}

/// Old generations are deleted, and what is wanted is what serves.
fn complete(look: &mut Look, desired: &str, pass: &mut Pass<'_>) -> Step<()> {
    let (old, _) = sides(&workers(look, pass), desired);
    if pass.options.mends(Mend::RevertRolls) && !old.is_empty() {
        if !old.iter().all(|one| is_drained(one, pass.world)) {
            return Ok(());
        }
        // That they are gone is seen at the next look, and ends the rollout.
        return delete(&old, pass);
    }
    delete(&old, pass)?;
    write_hash(look, desired, pass)
        .map_err(|refusal| Failure::write(FAILED, "failed to update current worker hash", &refusal))?;
    let now = pass.now();
    let names = look.worker_names();
    if let Some(status) = &mut look.status.rolling_update {
        status.phase = RollingUpdatePhase::Completed;
        status.ended_at = Some(now);
        status.updated_components = names;
    }
    let text = format!("Rolling update completed, worker hash {desired}");
    pass.event(look.key, false, "RollingUpdateCompleted", text.clone());
    pass.note_text(look.key, "rolled", &text);
    Ok(())
}

fn delete(old: &[Worker], pass: &mut Pass<'_>) -> Step<()> {
    for worker in old {
        match pass.api.delete(worker.stored.key, pass.writer()) {
            Ok(_) | Err(Refusal::NotFound) => {}
            Err(refusal) => return Err(Failure::write(FAILED, "failed to delete old worker DCDs", &refusal)),
        }
    }
    Ok(())
}

/// True once an old generation wants nothing, has seen that it does, and its last pod has ended: one that is terminating has not.
fn is_drained(worker: &Worker, world: &dyn World) -> bool {
    let Some(deployment) = worker.deployment() else { return true };
    let saw = deployment.status.observed_generation >= Some(worker.stored.meta.generation);
    let is_zero =
        worker.replicas.spec == 0 && saw && deployment.status.figures.is_some() && worker.replicas.actual == 0;
    let key = Subject { kind: Kind::Deployment, ..worker.stored.key };
    is_zero
        && world.observed_pods(key).iter().all(|(_, pod)| matches!(pod.phase, PodPhase::Succeeded | PodPhase::Failed))
}

/// What generations should want now. Both sides are worked out from the same look.
pub fn plan(look: &Look, pass: &Pass<'_>) -> Plan {
    let desired = hash::workers(&look.spec);
    let mut plan = Plan { hash: desired.clone(), ..Plan::default() };
    let is_current = look.current_hash() == Some(&desired);
    if is_current && (look.has_multinode() || !pass.options.mends(Mend::RevertRolls)) {
        return plan;
    }
    let all = workers(look, pass);
    let (old, new) = sides(&all, &desired);
    for component in look.workers() {
        let old: Vec<&Worker> = old.iter().filter(|one| one.component == component.name).collect();
        if old.is_empty() {
            continue;
        }
        let has = old.iter().fold(Replicas::default(), |sum, one| sum.plus(one.replicas));
        let comes = new.iter().find(|one| one.component == component.name);
        let mut gets = comes.map_or(Replicas::default(), |one| one.replicas);
        if let Some(admitted) = comes.and_then(|one| admitted(one, pass)) {
            gets.available = gets.available.min(admitted);
        }
        let said = |name| look.component_annotation(component, name);
        let wanted = component.replicas;
        let targets = if said(keys::STRATEGY) == Some("Recreate") {
            planner::recreate(wanted, old.iter().all(|one| is_drained(one, pass.world)))
        } else {
            let bounds = Bounds::of(said(keys::MAX_SURGE), said(keys::MAX_UNAVAILABLE), wanted);
            match pass.options.mends(Mend::AvailablePlanner) {
                true => planner::rolling(wanted, bounds, has, gets),
                false => planner::trusting_the_old(wanted, bounds, gets),
            }
        };
        plan.components.push(component.name.clone());
        plan.new.insert(component.name.clone(), targets.new);
        let order = if pass.options.mends(Mend::ServingGenerations) { Order::ServingFirst } else { Order::NewestFirst };
        let given: Vec<Generation> = old.iter().map(|one| generation(one, pass)).collect();
        let shares = generations::share(&given, targets.old, order);
        plan.old.extend(old.iter().map(|one| one.stored.key).zip(shares));
    }
    plan
}

fn generation(worker: &Worker, pass: &Pass<'_>) -> Generation {
    // The API keeps whole seconds.
    let created_at = worker.stored.meta.created_at.whole_seconds();
    let name = pass.name_of(worker.stored.key);
    Generation { name, created_at, spec: worker.replicas.spec, available: worker.replicas.available }
}

/// How many pods of a worker the frontend has taken in; `None` where nobody asks it, and what is available counts (#13622).
fn admitted(worker: &Worker, pass: &Pass<'_>) -> Option<u32> {
    if !pass.options.mends(Mend::FrontendAdmission) {
        return None;
    }
    let key = Subject { kind: Kind::Deployment, ..worker.stored.key };
    let pods = pass.world.observed_pods(key);
    Some(pods.iter().filter(|(_, pod)| pod.registered && !pod.terminating).count() as u32)
}
