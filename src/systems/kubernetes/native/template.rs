//! The template of pods as the API shows it: what the document says, without what may be secret, and over it what the model has,
//! which a control plane may have changed since: probes, gates, labels, the scheduler.

use serde_json::{Map, Value, json};

use crate::kernel::Duration;
use crate::workload::{Container, EnvironmentSource, PodTemplate, Probe, Resources, RestartPolicy};

/// `{metadata, spec}` of pods.
pub fn template(from: &PodTemplate) -> Value {
    let written = from.written.get();
    let part = |name: &str| {
        let part = written.and_then(|written| written.get(name)).and_then(Value::as_object);
        part.cloned().unwrap_or_default()
    };
    let (mut metadata, mut spec) = (part("metadata"), part("spec"));
    put(&mut metadata, "labels", json!(from.labels), from.labels.is_empty());
    init_containers(&mut spec, &from.init_containers);
    containers(&mut spec, "containers", &from.containers);
    let policy = match from.restart_policy {
        RestartPolicy::Always => "Always",
        RestartPolicy::OnFailure => "OnFailure",
        RestartPolicy::Never => "Never",
    };
    spec.insert("restartPolicy".to_owned(), json!(policy));
    spec.insert("terminationGracePeriodSeconds".to_owned(), json!(from.termination_grace_period.whole_secs()));
    put(&mut spec, "nodeSelector", json!(from.node_selector), from.node_selector.is_empty());
    put(&mut spec, "priorityClassName", json!(from.priority_class), from.priority_class.is_empty());
    let scheduler = if from.scheduler_name.is_empty() { "default-scheduler" } else { &from.scheduler_name };
    spec.insert("schedulerName".to_owned(), json!(scheduler));
    let gates: Vec<Value> = from.scheduling_gates.iter().map(|gate| json!({ "name": gate })).collect();
    let is_empty = gates.is_empty();
    put(&mut spec, "schedulingGates", Value::Array(gates), is_empty);
    json!({ "metadata": metadata, "spec": spec })
}

/// Writes a field, or takes it out.
fn put(into: &mut Map<String, Value>, name: &str, value: Value, is_empty: bool) {
    if is_empty {
        into.remove(name);
    } else {
        into.insert(name.to_owned(), value);
    }
}

fn init_containers(spec: &mut Map<String, Value>, from: &[Container]) {
    if from.is_empty() {
        spec.remove("initContainers");
    } else {
        containers(spec, "initContainers", from);
    }
}

/// The containers of the model, each with what the document says of it.
fn containers(spec: &mut Map<String, Value>, field: &str, from: &[Container]) {
    let written = spec.get(field).and_then(Value::as_array).cloned().unwrap_or_default();
    let shown = from.iter().map(|one| {
        let known = written.iter().find(|known| known["name"] == one.name.as_str()).and_then(Value::as_object);
        container(known.cloned(), one)
    });
    spec.insert(field.to_owned(), Value::Array(shown.collect()));
}

fn container(written: Option<Map<String, Value>>, from: &Container) -> Value {
    let is_own = written.is_none();
    let mut shown = written.unwrap_or_default();
    shown.insert("name".to_owned(), json!(from.name));
    put(&mut shown, "image", json!(from.image), from.image.is_empty());
    if is_own {
        let sources: Vec<Value> = from.environment.iter().map(environment).collect();
        let is_empty = sources.is_empty();
        put(&mut shown, "envFrom", Value::Array(sources), is_empty);
        let resources = resources(from);
        let is_empty = resources.is_empty();
        put(&mut shown, "resources", Value::Object(resources), is_empty);
        put(&mut shown, "restartPolicy", json!("Always"), !from.sidecar);
    }
    let probes = [
        ("startupProbe", &from.startup_probe),
        ("livenessProbe", &from.liveness_probe),
        ("readinessProbe", &from.readiness_probe),
    ];
    for (name, probe) in probes {
        match probe {
            None => drop(shown.remove(name)),
            Some(probe) => timing(&mut shown, name, probe),
        }
    }
    Value::Object(shown)
}

/// When a probe is made; what it asks is the document's.
fn timing(container: &mut Map<String, Value>, name: &str, from: &Probe) {
    let shown = container.entry(name).or_insert_with(|| json!({}));
    let Value::Object(shown) = shown else { return };
    let seconds = |length: Duration| json!(length.whole_secs());
    if !from.initial_delay.is_zero() {
        shown.insert("initialDelaySeconds".to_owned(), seconds(from.initial_delay));
    }
    shown.insert("periodSeconds".to_owned(), seconds(from.period));
    shown.insert("timeoutSeconds".to_owned(), seconds(from.timeout));
    shown.insert("successThreshold".to_owned(), json!(from.success_threshold));
    shown.insert("failureThreshold".to_owned(), json!(from.failure_threshold));
}

fn environment(from: &EnvironmentSource) -> Value {
    match from {
        EnvironmentSource::ConfigMap { name, optional } => {
            json!({ "configMapRef": { "name": name, "optional": optional } })
        }
        EnvironmentSource::Secret { name, optional } => json!({ "secretRef": { "name": name, "optional": optional } }),
    }
}

fn resources(from: &Container) -> Map<String, Value> {
    let mut shown = Map::new();
    for (name, amounts) in [("requests", &from.requests), ("limits", &from.limits)] {
        let amounts = quantities(amounts);
        let is_empty = amounts.is_empty();
        put(&mut shown, name, Value::Object(amounts), is_empty);
    }
    shown
}

/// Amounts by resource; what is zero is not said.
pub fn quantities(from: &Resources) -> Map<String, Value> {
    let cpu = match from.cpu_milli {
        whole if whole % 1000 == 0 => (whole / 1000).to_string(),
        milli => format!("{milli}m"),
    };
    let plain = [
        ("cpu", from.cpu_milli, cpu),
        ("memory", from.memory_bytes, from.memory_bytes.to_string()),
        ("ephemeral-storage", from.ephemeral_storage_bytes, from.ephemeral_storage_bytes.to_string()),
    ];
    let plain = plain.into_iter().filter(|(_, amount, _)| *amount > 0);
    let plain = plain.map(|(name, _, text)| (name.to_owned(), Value::String(text)));
    let extended = from.extended.iter().map(|(name, count)| (name.clone(), Value::String(count.to_string())));
    plain.chain(extended).collect()
}
