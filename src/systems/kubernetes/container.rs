//! Containers of a manifest, their probes and resources, with the API server's defaults and checks.
//! Source: k8s.io/kubernetes v1.36.3, pkg/apis/core/v1/defaults.go and pkg/apis/core/validation/validation.go.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::api::core::v1 as core;
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;

use super::complaint::Findings;
use super::{figures, names};
use crate::kernel::Duration;
use crate::workload::{Container, EnvironmentSource, Probe, Resources};

/// What the API server says of a port that is none.
const PORT: &str = "must be between 1 and 65535, inclusive";

/// The containers of a pod, those that run before the others first: their names must all differ.
pub fn containers(
    pod: &core::PodSpec,
    volumes: &BTreeSet<&str>,
    path: &str,
    findings: &mut Findings,
) -> (Vec<Container>, Vec<Container>) {
    let mut names = BTreeSet::new();
    let mut read = |list: &[core::Container], field: &str, init: bool, findings: &mut Findings| {
        let mut containers = Vec::with_capacity(list.len());
        for (index, one) in list.iter().enumerate() {
            let path = format!("{path}.{field}[{index}]");
            if !one.name.is_empty() && !names.insert(one.name.clone()) {
                findings.duplicate(format!("{path}.name"), &one.name);
            }
            containers.push(container(one, init, volumes, &path, findings));
        }
        containers
    };
    let init = read(pod.init_containers.as_deref().unwrap_or_default(), "initContainers", true, findings);
    let running = read(&pod.containers, "containers", false, findings);
    if running.is_empty() {
        findings.required(format!("{path}.containers"), "");
    }
    (init, running)
}

fn container(
    from: &core::Container,
    init: bool,
    volumes: &BTreeSet<&str>,
    path: &str,
    findings: &mut Findings,
) -> Container {
    if from.name.is_empty() {
        findings.required(format!("{path}.name"), "");
    } else if let Some(wrong) = names::label(&from.name) {
        findings.invalid_text(format!("{path}.name"), &from.name, &wrong);
    }
    let image = from.image.clone().unwrap_or_default();
    if image.is_empty() {
        findings.required(format!("{path}.image"), "");
    } else if image.trim() != image {
        let detail = "must not have leading or trailing whitespace";
        // Templates are not asked; the pods of one are (validateContainerOnlyForPod).
        if path.starts_with("spec.containers") || path.starts_with("spec.initContainers") {
            findings.invalid_text(format!("{path}.image"), &image, detail);
        } else {
            let message = "has white space around it: the API server takes this template and refuses pods of it, which are made here";
            findings.note(format!("{path}.image"), message);
        }
    }
    let sidecar = match from.restart_policy.as_deref() {
        Some("Always") => init,
        Some(other) if init => {
            findings.unsupported(format!("{path}.restartPolicy"), other, &["Always"]);
            false
        }
        Some(_) => {
            findings.note(format!("{path}.restartPolicy"), "the restart policy of the pod counts");
            false
        }
        None => false,
    };
    for (index, mount) in from.volume_mounts.iter().flatten().enumerate() {
        let path = format!("{path}.volumeMounts[{index}]");
        if mount.name.is_empty() {
            findings.required(format!("{path}.name"), "");
        } else if !volumes.contains(mount.name.as_str()) {
            findings.not_found(format!("{path}.name"), &mount.name);
        }
        if mount.mount_path.is_empty() {
            findings.required(format!("{path}.mountPath"), "");
        }
    }
    for (index, env) in from.env.iter().flatten().enumerate() {
        if env.name.is_empty() {
            findings.required(format!("{path}.env[{index}].name"), "");
        }
        if env.value_from.is_some() && env.value.as_ref().is_some_and(|value| !value.is_empty()) {
            let path = format!("{path}.env[{index}].valueFrom");
            // The API server repeats the reference; the value beside it is never repeated.
            findings.invalid_text(path, "", "may not be specified when `value` is not empty");
        }
    }
    for (index, port) in from.ports.iter().flatten().enumerate() {
        let path = format!("{path}.ports[{index}]");
        check_port(port.container_port, &format!("{path}.containerPort"), findings);
        if let Some(host) = port.host_port {
            check_port(host, &format!("{path}.hostPort"), findings);
        }
    }
    let (requests, limits) = resources(from.resources.as_ref(), &format!("{path}.resources"), findings);
    let probed = |probe: &Option<core::Probe>, field: &str, findings: &mut Findings| {
        if init && !sidecar && probe.is_some() {
            let detail = "may not be set for init containers without restartPolicy=Always";
            findings.forbidden(format!("{path}.{field}"), detail);
        }
        let only_one = field != "readinessProbe";
        probe.as_ref().map(|probe| self::probe(probe, only_one, &format!("{path}.{field}"), findings))
    };
    Container {
        awaits: Vec::new(),
        name: from.name.clone(),
        image,
        requests,
        limits,
        environment: environment(from),
        never_pulls: never_pulls(from.image_pull_policy.as_deref(), path, findings),
        runs_on: false,
        pre_stop: pre_stop(from.lifecycle.as_ref(), path, findings),
        sidecar,
        startup_probe: probed(&from.startup_probe, "startupProbe", findings),
        liveness_probe: probed(&from.liveness_probe, "livenessProbe", findings),
        readiness_probe: probed(&from.readiness_probe, "readinessProbe", findings),
    }
}

/// True for `imagePullPolicy: Never`.
fn never_pulls(policy: Option<&str>, path: &str, findings: &mut Findings) -> bool {
    if let Some(other) = policy.filter(|policy| !["", "Always", "IfNotPresent", "Never"].contains(policy)) {
        findings.unsupported(format!("{path}.imagePullPolicy"), other, &["Always", "IfNotPresent", "Never"]);
    }
    policy == Some("Never")
}

/// How long the hook before a stop sleeps; other hooks take no time here.
fn pre_stop(lifecycle: Option<&core::Lifecycle>, path: &str, findings: &mut Findings) -> Duration {
    let Some(hook) = lifecycle.and_then(|lifecycle| lifecycle.pre_stop.as_ref()) else { return Duration::ZERO };
    let path = format!("{path}.lifecycle.preStop");
    for (field, there) in [("exec", hook.exec.is_some()), ("httpGet", hook.http_get.is_some())] {
        if there {
            findings
                .note(format!("{path}.{field}"), "this has no effect here: the container stops as its behaviour says");
        }
    }
    let seconds = hook.sleep.as_ref().map(|sleep| sleep.seconds);
    figures::seconds(seconds, &format!("{path}.sleep.seconds"), findings).unwrap_or(Duration::ZERO)
}

/// The objects that a container's environment is made from, in the order in which the kubelet looks for them.
fn environment(from: &core::Container) -> Vec<EnvironmentSource> {
    let config_map = |name: &str, optional: Option<bool>| {
        let (name, optional) = (name.to_owned(), optional.unwrap_or(false));
        (!name.is_empty()).then_some(EnvironmentSource::ConfigMap { name, optional })
    };
    let secret = |name: &str, optional: Option<bool>| {
        let (name, optional) = (name.to_owned(), optional.unwrap_or(false));
        (!name.is_empty()).then_some(EnvironmentSource::Secret { name, optional })
    };
    let mut read = Vec::new();
    for source in from.env_from.iter().flatten() {
        read.extend(source.config_map_ref.as_ref().and_then(|map| config_map(&map.name, map.optional)));
        read.extend(source.secret_ref.as_ref().and_then(|one| secret(&one.name, one.optional)));
    }
    for from in from.env.iter().flatten().filter_map(|env| env.value_from.as_ref()) {
        read.extend(from.config_map_key_ref.as_ref().and_then(|map| config_map(&map.name, map.optional)));
        read.extend(from.secret_key_ref.as_ref().and_then(|one| secret(&one.name, one.optional)));
    }
    read.dedup();
    read
}

fn check_port(port: i32, path: &str, findings: &mut Findings) {
    if port == 0 {
        findings.required(path, "");
    } else if !(1..=65535).contains(&port) {
        findings.invalid(path, port, PORT);
    }
}

/// Requests and limits; what is limited and not requested is requested (`SetDefaults_Pod`).
pub fn resources(
    from: Option<&core::ResourceRequirements>,
    path: &str,
    findings: &mut Findings,
) -> (Resources, Resources) {
    let Some(from) = from else { return Default::default() };
    let empty = BTreeMap::new();
    let limited = from.limits.as_ref().unwrap_or(&empty);
    let mut requested: BTreeMap<String, Quantity> = from.requests.clone().unwrap_or_default();
    let stated = requested.clone();
    for (name, amount) in limited {
        requested.entry(name.clone()).or_insert_with(|| amount.clone());
    }
    let before = findings.complaints.len();
    let limits = figures::resources(Some(limited), &format!("{path}.limits"), findings);
    let requests = figures::resources(Some(&stated), &format!("{path}.requests"), findings);
    if findings.complaints.len() == before {
        check_limits(&stated, limited, (&requests, &limits), path, findings);
    }
    let requests = figures::resources(Some(&requested), path, &mut Findings::default());
    (requests, limits)
}

/// A request is at most its limit; what cannot be overcommitted is requested as it is limited.
fn check_limits(
    requested: &BTreeMap<String, Quantity>,
    limited: &BTreeMap<String, Quantity>,
    amounts: (&Resources, &Resources),
    path: &str,
    findings: &mut Findings,
) {
    let of = |resources: &Resources, name: &str| match name {
        "cpu" => resources.cpu_milli,
        "memory" => resources.memory_bytes,
        "ephemeral-storage" => resources.ephemeral_storage_bytes,
        _ => resources.extended(name),
    };
    for (name, request) in requested {
        let overcommits = matches!(name.as_str(), "cpu" | "memory" | "ephemeral-storage");
        let request_path = format!("{path}.requests");
        match limited.get(name) {
            None if !overcommits => {
                findings.required(format!("{path}.limits"), "Limit must be set for non overcommitable resources");
            }
            Some(limit) if !overcommits && of(amounts.0, name) != of(amounts.1, name) => {
                findings.invalid_text(
                    request_path,
                    &request.0,
                    &format!("must be equal to {name} limit of {}", limit.0),
                );
            }
            Some(limit) if of(amounts.0, name) > of(amounts.1, name) => {
                let detail = format!("must be less than or equal to {name} limit of {}", limit.0);
                findings.invalid_text(request_path, &request.0, &detail);
            }
            _ => {}
        }
    }
}

/// A probe; all but the readiness probe succeed with one success.
fn probe(from: &core::Probe, only_one: bool, path: &str, findings: &mut Findings) -> Probe {
    let handlers = [from.exec.is_some(), from.grpc.is_some(), from.http_get.is_some(), from.tcp_socket.is_some()];
    match handlers.iter().filter(|there| **there).count() {
        0 => findings.required(path, "must specify a handler type"),
        1 => {}
        _ => findings.forbidden(path, "may not specify more than 1 handler type"),
    }
    let mut figure = |value: Option<i32>, default: u32, field: &str| {
        let read = figures::count(value, default, &format!("{path}.{field}"), findings);
        if read == 0 { default } else { read }
    };
    let initial_delay = figure(from.initial_delay_seconds, 0, "initialDelaySeconds");
    let timeout = figure(from.timeout_seconds, 1, "timeoutSeconds");
    let period = figure(from.period_seconds, 10, "periodSeconds");
    let success_threshold = figure(from.success_threshold, 1, "successThreshold");
    let failure_threshold = figure(from.failure_threshold, 3, "failureThreshold");
    if only_one && success_threshold != 1 {
        findings.invalid(format!("{path}.successThreshold"), success_threshold, "must be 1");
    }
    Probe {
        initial_delay: Duration::from_secs(initial_delay.into()),
        period: Duration::from_secs(period.into()),
        timeout: Duration::from_secs(timeout.into()),
        success_threshold,
        failure_threshold,
    }
}
