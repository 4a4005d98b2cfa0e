//! The phases of a request, one step a turn: validation, the profiling Job, the graph that it found, and how that graph fares.

use super::look::Look;
use super::output::{self, Generated};
use super::route;
use crate::systems::dynamo::model::Table;
use crate::systems::dynamo::operator::asked::Wanted;
use crate::systems::dynamo::operator::keys::FINALIZER;
use crate::systems::dynamo::operator::pass::Pass;
use crate::systems::dynamo::status::{GraphState, ProfilingPhase, RequestPhase, Truth};
use crate::systems::dynamo::store::Stored;
use crate::systems::machinery::{Finish, Refusal};
use crate::timeline::{Arg, Kind, Why};
use crate::workload::{Object, Status};

/// What of a turn is left to the queue.
type Turn = Result<Finish, Refusal>;

/// Reconciles a request.
pub fn reconcile(pass: &mut Pass<'_>) -> Finish {
    let key = pass.item.key;
    let Some(found) = pass.get(key) else { return Finish::Done };
    let name = pass.name_of(key);
    let Some(mut look) = Look::of(&found, name) else { return Finish::Done };
    match turn(&mut look, found.is_leaving(), pass) {
        Ok(finish) => finish,
        Err(Refusal::NotFound | Refusal::Gone) => Finish::Done,
        Err(refusal) => pass.retry(&refusal),
    }
}

fn turn(look: &mut Look, is_leaving: bool, pass: &mut Pass<'_>) -> Turn {
    if is_leaving {
        // The Job goes with its request; the graph stays.
        look.finalizer(false, pass)?;
        return Ok(Finish::Done);
    }
    look.tell_missed(pass);
    if !look.meta.finalizers.contains(FINALIZER) {
        look.finalizer(true, pass)?;
    }
    let seen = look.status.observed_generation;
    if seen > 0 && seen != look.meta.generation && look.status.phase.is_immutable() {
        let message = format!(
            "Cannot modify spec in phase '{}'. DynamoGraphDeploymentRequest is immutable once profiling starts. Create a new \
            resource with a different name instead.",
            look.phase_text(pass)
        );
        // Nothing more is done for the request, whatever its Job or its graph does: the generation that was seen stays the old one.
        let told = pass.journal.events().iter().any(|one| one.about == look.key && one.message == message);
        if !told {
            let phase = pass.world.intern(look.phase_text(pass));
            pass.note(look.key, "spec_change_rejected", Why::with("in {}", Arg::Text(phase)));
        }
        pass.event(look.key, true, "SpecChangeRejected", message);
        look.tell_still(pass);
        return Ok(Finish::Done);
    }
    match look.status.phase {
        RequestPhase::Pending if seen == 0 => begin(look, pass),
        RequestPhase::Pending => create_job(look, pass),
        RequestPhase::Profiling => profile(look, pass),
        RequestPhase::Deploying => deploy(look, pass),
        RequestPhase::Deployed => watch(look, pass),
        RequestPhase::Ready | RequestPhase::Failed | RequestPhase::DeploymentDeleted => {
            look.tell_still(pass);
            Ok(Finish::Done)
        }
    }
}

/// A request that nobody looked at yet.
fn begin(look: &mut Look, pass: &mut Pass<'_>) -> Turn {
    if let Some(why) = invalid(look, pass) {
        pass.event(look.key, true, "ValidationFailed", why.clone());
        return fail(look, "Validation", "ValidationFailed", &why, pass);
    }
    look.status.observed_generation = look.meta.generation;
    pass.event(look.key, false, "Initialized", "DGDR initialized successfully".to_owned());
    look.go(RequestPhase::Pending, pass);
    if pass.options.operator.is_1_5() {
        look.condition("Profiling", Truth::False, "DiscoveringHardware", DISCOVERING, pass);
    }
    look.write("", pass)?;
    Ok(Finish::Done)
}

const DISCOVERING: &str = "Discovering GPU hardware and preparing profiling job";

/// What is wrong with a request that no schema sees.
fn invalid(look: &Look, pass: &mut Pass<'_>) -> Option<String> {
    let spec = &look.spec;
    if spec.thorough && spec.backend.is_none() {
        let why = "spec.searchStrategy \"thorough\" is incompatible with spec.backend \"auto\": set spec.backend to a specific \
            backend (sglang, trtllm, or vllm)";
        return Some(why.to_owned());
    }
    if let Some(claim) = &spec.model_cache {
        let key = pass.beside(look.key, Kind::PersistentVolumeClaim, claim);
        if pass.world.observed(key).is_none() {
            let namespace = pass.world.text(look.key.namespace);
            let namespace = if namespace.is_empty() { "default" } else { &namespace };
            return Some(format!("model cache PVC {claim} not found in namespace {namespace}"));
        }
    }
    let hardware = &spec.hardware;
    let stated = !hardware.gpu_sku.is_empty() || hardware.says_memory || hardware.gpus_per_node.is_some();
    // An operator of one namespace may not look at nodes; one of all namespaces is taken to find what it looks for.
    if !stated && pass.options.namespace.is_some() {
        return Some("GPU hardware info required but cannot be auto-discovered.".to_owned());
    }
    None
}

fn fail(look: &mut Look, kind: &'static str, reason: &str, why: &str, pass: &mut Pass<'_>) -> Turn {
    look.status.profiling = None;
    look.go(RequestPhase::Failed, pass);
    look.condition(kind, Truth::False, reason, why, pass);
    look.write(&format!("{reason}: {why}"), pass)?;
    Ok(Finish::Done)
}

/// Makes the profiling Job.
fn create_job(look: &mut Look, pass: &mut Pass<'_>) -> Turn {
    let key = look.job(pass);
    if !look.spec.has_image {
        let why = "spec.image is required but not set; ensure the defaulting webhook ran or set spec.image explicitly";
        pass.event(look.key, true, "ProfilingJobFailed", why.to_owned());
        return fail(look, "Profiling", "JobCreationFailed", why, pass);
    }
    if !pass.asked.is_held(key) {
        pass.api.write_elsewhere(key, false, pass.writer())?;
        let object = Object::Job(look.spec.job.clone());
        pass.asked.apply(Wanted { key, object, owner: look.key, serves: look.key }, pass.cause, pass.world);
    }
    look.status.job = pass.name_of(key);
    let made = if look.spec.online { "Profiling job created" } else { "AIC profiling job created" };
    pass.event(look.key, false, "ProfilingJobCreated", made.to_owned());
    look.go(RequestPhase::Profiling, pass);
    if pass.options.operator.is_1_5() {
        look.status.profiling = Some(ProfilingPhase::Initializing);
        look.condition("Profiling", Truth::False, "DiscoveringHardware", DISCOVERING, pass);
    } else {
        look.condition("Profiling", Truth::False, "ProfilingRunning", "Profiling is in progress", pass);
    }
    look.write("", pass)?;
    Ok(Finish::Done)
}

/// Waits for the profiling Job.
fn profile(look: &mut Look, pass: &mut Pass<'_>) -> Turn {
    if let Some(why) = pass.asked.take_failure(look.key) {
        pass.event(look.key, true, "ProfilingJobFailed", why.clone());
        return fail(look, "Profiling", "JobCreationFailed", &why, pass);
    }
    let key = look.job(pass);
    if !pass.asked.is_held(key) {
        // Somebody deleted it: checkProfilingJobStatus gives the error of the API, and any error ends the request.
        let why = format!("Job.batch {:?} not found", pass.name_of(key));
        return lost(look, &why, pass);
    }
    let Some(Status::Job(job)) = pass.world.observed(key) else { return Ok(Finish::Done) };
    if job.gave_up {
        let limit = job.ending.map_or("", |ending| ending.reason.text());
        let why = format!("profiling job failed: {limit}");
        return lost(look, &why, pass);
    }
    if !job.complete {
        let runs = job.ready > 0;
        let since = look.status.profiles_since.filter(|_| runs).or_else(|| runs.then(|| pass.now()));
        look.status.profiles_since = since;
        let next = sub_phase(look, since, pass);
        if pass.options.operator.is_1_5() && job.active > 0 {
            look.condition("Profiling", Truth::False, "ProfilingRunning", "Profiling is in progress", pass);
        }
        look.write("", pass)?;
        return Ok(next);
    }
    finish(look, pass)
}

/// The profiling Job failed, or is not there.
fn lost(look: &mut Look, why: &str, pass: &mut Pass<'_>) -> Turn {
    pass.event(look.key, true, "ProfilingCheckFailed", why.to_owned());
    let reason = match look.status.profiling.filter(|_| pass.options.operator.is_1_5()) {
        Some(phase) => format!("{}Failed", phase.text()),
        None => "ProfilingFailed".to_owned(),
    };
    fail(look, "Profiling", &reason, why, pass)
}

/// What the profiler does, by the time since its pod runs, which is who writes it; gives when to look again. A pod that follows on one
/// that failed begins again.
fn sub_phase(look: &mut Look, since: Option<crate::kernel::Time>, pass: &Pass<'_>) -> Finish {
    let (Some(profiler), Some(since)) = (pass.options.profiler(&look.name), since) else { return Finish::Done };
    if !pass.options.operator.is_1_5() {
        return Finish::Done;
    }
    let now = pass.now();
    for (phase, after) in &profiler.phases {
        let begins = since + *after;
        if begins > now {
            return Finish::After(begins.since(now));
        }
        look.status.profiling = Some(*phase);
    }
    Finish::Done
}

/// Reads what the profiler found.
fn finish(look: &mut Look, pass: &mut Pass<'_>) -> Turn {
    let is_1_5 = pass.options.operator.is_1_5();
    let found = match output::generated(&look.name, pass) {
        Ok(found) => found,
        // Nobody writes the ConfigMap: 1.5 waits for it, without end.
        Err(why) if is_1_5 && pass.options.profiler(&look.name).is_none() => {
            look.condition("Profiling", Truth::False, "WaitingForOutput", &why, pass);
            look.write("", pass)?;
            return Ok(Finish::Done);
        }
        Err(why) => {
            pass.event(look.key, true, "GenerationFailed", why.clone());
            return fail(look, "SpecGenerated", "GenerationFailed", &why, pass);
        }
    };
    output::publish(look, pass);
    look.status.profiling = None;
    look.condition("Profiling", Truth::True, "ProfilingCompleted", "Profiling job completed successfully", pass);
    look.status.graph = look.spec.graph.name.clone().unwrap_or_else(|| found.name().to_owned());
    look.status.generated = true;
    let message = "DynamoGraphDeployment spec generated successfully";
    pass.event(look.key, false, "SpecGenerated", message.to_owned());
    output::additional(look, pass);
    if look.spec.auto_apply {
        look.go(RequestPhase::Deploying, pass);
        look.condition("SpecGenerated", Truth::True, "SpecGenerated", message, pass);
        look.write("", pass)?;
    } else {
        look.go(RequestPhase::Ready, pass);
        let message = "Generated spec is available in annotation nvidia.com/generated-dgd-spec";
        look.condition("SpecGenerated", Truth::True, "SpecGenerated", message, pass);
        look.write("the graph is to be applied by hand", pass)?;
    }
    Ok(Finish::Done)
}

/// Applies the graph, and waits until it is ready.
fn deploy(look: &mut Look, pass: &mut Pass<'_>) -> Turn {
    if !look.status.created {
        return create_graph(look, pass);
    }
    let key = look.graph(pass);
    let Some(graph) = pass.get(key) else { return deleted(look, pass) };
    let Some((state, replicas)) = fares(&graph) else { return Ok(Finish::Done) };
    let name = look.status.graph.clone();
    look.status.replicas = Some(replicas);
    let mut why = String::new();
    if state == GraphState::Successful {
        look.go(RequestPhase::Deployed, pass);
        let message = format!("DynamoGraphDeployment {name} is ready");
        pass.event(look.key, false, "DeploymentReady", message.clone());
        look.condition("DeploymentReady", Truth::True, "DeploymentReady", &message, pass);
        why = name;
    } else {
        let message = format!("DGD {name} is in {} state", state.text());
        look.condition("DeploymentReady", Truth::False, "DeploymentInProgress", &message, pass);
    }
    look.write(&why, pass)?;
    Ok(Finish::Done)
}

/// The state of a graph, and its replicas: all, and those that are available.
fn fares(stored: &Stored) -> Option<(GraphState, (u32, u32))> {
    let graph = stored.value.graph()?;
    let figures = graph.status.components.values();
    let replicas =
        figures.fold((0, 0), |(all, available), one| (all + one.replicas, available + one.available.unwrap_or(0)));
    Some((graph.status.state, replicas))
}

/// A graph that its operator does not own: it is to outlive its request.
fn create_graph(look: &mut Look, pass: &mut Pass<'_>) -> Turn {
    let generated = output::generated(&look.name, pass);
    let graph = match generated {
        Ok(Generated::Graph(graph)) => graph,
        Ok(Generated::Refused(refused)) => return refused_graph(look, &refused.reason, pass),
        Err(why) => return refused_graph(look, &why, pass),
    };
    let key = look.graph(pass);
    let namespace = pass.world.text(look.key.namespace);
    let mut labels: Table = graph.labels.clone();
    labels.extend(look.spec.graph.labels.clone());
    labels.insert(route::NAME.to_owned(), look.name.clone());
    let namespace = if namespace.is_empty() { "default".to_owned() } else { namespace };
    labels.insert(route::NAMESPACE.to_owned(), namespace);
    labels.insert(route::MANAGED_BY.0.to_owned(), route::MANAGED_BY.1.to_owned());
    let mut annotations = graph.annotations.clone();
    annotations.extend(look.spec.graph.annotations.clone());
    let mut created = Stored::new(key, graph.resource);
    (created.meta.labels, created.meta.annotations) = (labels, annotations);
    match pass.api.create(created, pass.writer()) {
        Ok(_) => {
            let name = look.status.graph.clone();
            pass.note(key, "created", Why::NONE);
            pass.event(
                look.key,
                false,
                "DeploymentCreated",
                format!("DynamoGraphDeployment {name} created successfully"),
            );
            let message = format!("DGD {name} created, waiting for Ready");
            look.condition("DeploymentReady", Truth::False, "DeploymentCreated", &message, pass);
        }
        // One of this name is there, whoever made it: it is taken for the request's own.
        Err(Refusal::AlreadyExists) => {}
        Err(Refusal::Invalid(why)) => return refused_graph(look, &why, pass),
        Err(other) => return Err(other),
    }
    look.status.created = true;
    look.write("", pass)?;
    Ok(Finish::Done)
}

/// The API refuses the graph: it is tried again, without end.
fn refused_graph(look: &Look, why: &str, pass: &mut Pass<'_>) -> Turn {
    pass.event(look.key, true, "DeploymentCreationFailed", why.to_owned());
    if pass.runtime.failures(pass.item.controller, look.key) == 0 {
        pass.note_text(look.key, "creation_failed", why);
    }
    Ok(pass.retry(&Refusal::Invalid(String::new())))
}

/// Looks after a graph that was ready.
fn watch(look: &mut Look, pass: &mut Pass<'_>) -> Turn {
    let key = look.graph(pass);
    let Some(graph) = pass.get(key) else { return deleted(look, pass) };
    let Some((state, replicas)) = fares(&graph) else { return Ok(Finish::Done) };
    look.status.replicas = Some(replicas);
    let mut why = String::new();
    if state != GraphState::Successful {
        let name = look.status.graph.clone();
        look.go(RequestPhase::Deploying, pass);
        why = format!("DynamoGraphDeployment {name} degraded from Ready to {}", state.text());
        pass.event(look.key, true, "DeploymentDegraded", why.clone());
        let message = format!("Deployment degraded to {}", state.text());
        look.condition("DeploymentReady", Truth::False, "DeploymentDegraded", &message, pass);
    }
    look.write(&why, pass)?;
    Ok(Finish::Done)
}

/// A graph that somebody deleted is never made again.
fn deleted(look: &mut Look, pass: &mut Pass<'_>) -> Turn {
    let is_1_5 = pass.options.operator.is_1_5();
    let name = std::mem::take(&mut look.status.graph);
    look.go(if is_1_5 { RequestPhase::Failed } else { RequestPhase::DeploymentDeleted }, pass);
    let message = format!(
        "DGD {name} was deleted. DGDR will not recreate it. Delete this DGDR and create a new one to redeploy."
    );
    pass.event(look.key, true, "DeploymentDeleted", message.clone());
    look.status.replicas = None;
    let text = "Deployment was deleted by user. Create a new DGDR to redeploy.";
    look.condition("DeploymentReady", Truth::False, "DeploymentDeleted", text, pass);
    look.write(&format!("DeploymentDeleted: {name}"), pass)?;
    Ok(Finish::Done)
}
