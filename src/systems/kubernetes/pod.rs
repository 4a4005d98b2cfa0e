//! Pod templates of a manifest, with the API server's defaults and checks.
//! Source: k8s.io/kubernetes v1.36.3, pkg/apis/core/v1/defaults.go and pkg/apis/core/validation/validation.go.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::api::core::v1 as core;
use k8s_openapi::apimachinery::pkg::apis::meta::v1 as meta;

use super::complaint::Findings;
use super::fingerprint::fingerprint;
use super::placement::{self, Placing};
use super::{container, figures, names, pod_group, volumes};
use crate::kernel::Duration;
use crate::workload::{BatchScheduler, Container, PodTemplate, Resources, RestartPolicy, Written};

/// What a ReplicaSet's pods are ranked by when it shrinks.
const DELETION_COST: &str = "controller.kubernetes.io/pod-deletion-cost";
/// The label that a workload gives the pods of one revision. Source: k8s.io/api v0.36.3, apps/v1/types.go.
const REVISION_LABELS: &[&str] = &["pod-template-hash", "controller-revision-hash"];
/// Time that a pod has to stop (`DefaultTerminationGracePeriodSeconds`).
const GRACE_SECONDS: i64 = 30;

/// A template of pods. `mounts` are volumes that pods have besides those of the template: the claims of a StatefulSet.
pub fn template(from: &core::PodTemplateSpec, mounts: &[&str], path: &str, findings: &mut Findings) -> PodTemplate {
    let empty = core::PodSpec::default();
    let none = meta::ObjectMeta::default();
    let metadata = from.metadata.as_ref().unwrap_or(&none);
    let spec = from.spec.as_ref().unwrap_or(&empty);
    let mut template = pod(metadata, spec, mounts, (&format!("{path}.metadata"), &format!("{path}.spec")), findings);
    template.fingerprint = fingerprint(from);
    template.written = serde_json::to_value(from).map(Written::of).unwrap_or_default();
    label_revision(&mut template);
    template
}

/// A template whose metadata and spec stand at these places.
pub fn template_at(from: &core::PodTemplateSpec, paths: (&str, &str), findings: &mut Findings) -> PodTemplate {
    let (metadata, spec) = (from.metadata.clone().unwrap_or_default(), from.spec.clone().unwrap_or_default());
    let mut template = pod(&metadata, &spec, &[], paths, findings);
    template.fingerprint = fingerprint(from);
    template.written = serde_json::to_value(from).map(Written::of).unwrap_or_default();
    label_revision(&mut template);
    template
}

/// A pod that no workload makes.
pub fn bare(metadata: &meta::ObjectMeta, spec: &core::PodSpec, findings: &mut Findings) -> PodTemplate {
    let mut template = pod(metadata, spec, &[], ("metadata", "spec"), findings);
    let from = core::PodTemplateSpec { metadata: None, spec: Some(spec.clone()) };
    template.fingerprint = fingerprint(&from);
    template.written = serde_json::to_value(from).map(Written::of).unwrap_or_default();
    template
}

/// Terms that name the label of a revision need it on the pods: it is the template's number.
pub fn label_revision(template: &mut PodTemplate) {
    let old: Vec<String> = REVISION_LABELS.iter().filter_map(|label| template.labels.get(*label).cloned()).collect();
    let Some(old) = old.first() else { return };
    let new = format!("{:016x}", template.fingerprint);
    for label in REVISION_LABELS {
        if let Some(value) = template.labels.get_mut(*label) {
            value.clone_from(&new);
        }
    }
    let spread = template.spread.iter_mut().flat_map(|one| &mut one.selector.requirements);
    let affinity = &mut template.affinity;
    let pods = affinity.pods.iter_mut().chain(&mut affinity.anti_pods);
    let preferred = affinity.preferred_pods.iter_mut().map(|one| &mut one.term);
    let terms = pods.chain(preferred).flat_map(|one| &mut one.selector.requirements);
    for requirement in spread.chain(terms) {
        if REVISION_LABELS.contains(&requirement.key.as_str()) {
            for value in requirement.values.iter_mut().filter(|value| *value == old) {
                value.clone_from(&new);
            }
        }
    }
}

fn pod(
    metadata: &meta::ObjectMeta,
    spec: &core::PodSpec,
    mounts: &[&str],
    paths: (&str, &str),
    findings: &mut Findings,
) -> PodTemplate {
    let (metadata_path, path) = paths;
    let mut labels = metadata.labels.clone().unwrap_or_default();
    // Those of a pod that no workload makes are those of the object, which are checked.
    if metadata_path != "metadata" {
        names::check_labels(&labels, &format!("{metadata_path}.labels"), findings);
        for key in metadata.annotations.iter().flatten().map(|(key, _)| key) {
            names::check_key(&key.to_ascii_lowercase(), &format!("{metadata_path}.annotations"), findings);
        }
    }
    for label in revision_labels(spec) {
        labels.insert(label.to_owned(), "unknown".to_owned());
    }
    notes(spec, path, findings);
    let mut named: BTreeSet<&str> = spec.volumes.iter().flatten().map(|volume| volume.name.as_str()).collect();
    named.extend(mounts);
    let volumes = volumes::volumes(spec, path, findings);
    let (init_containers, containers) = container::containers(spec, &named, path, findings);
    let overhead = overhead(spec, (&init_containers, &containers), path, findings);
    let host_ports = host_ports(spec);
    let mut placing = Placing { labels: &labels, findings };
    let (node_terms, affinity) = placement::affinity(spec.affinity.as_ref(), &format!("{path}.affinity"), &mut placing);
    let constraints = spec.topology_spread_constraints.as_deref();
    let spread = placement::spread(constraints, &format!("{path}.topologySpreadConstraints"), &mut placing);
    let findings = placing.findings;
    let node_selector = spec.node_selector.clone().unwrap_or_default();
    names::check_labels(&node_selector, &format!("{path}.nodeSelector"), findings);
    let mut grace = spec.termination_grace_period_seconds.unwrap_or(GRACE_SECONDS);
    if grace < 0 {
        // pkg/api/pod/warnings.go, warningsForPodSpecAndMeta.
        let warning = "must be >= 0; negative values are invalid and will be treated as 1";
        findings.note(format!("{path}.terminationGracePeriodSeconds"), warning);
        grace = 1;
    }
    let gates = spec.scheduling_gates.iter().flatten().map(|gate| gate.name.clone()).collect();
    PodTemplate {
        init_containers,
        containers,
        restart_policy: restart_policy(spec, path, findings),
        termination_grace_period: Duration::from_secs(grace.unsigned_abs().min(u64::from(u32::MAX))),
        node_selector,
        node_terms,
        tolerations: placement::tolerations(spec.tolerations.as_deref(), &format!("{path}.tolerations"), findings),
        affinity,
        spread,
        stated_priority: spec.priority,
        priority_class: spec.priority_class_name.clone().unwrap_or_default(),
        preempts: preempts(spec.preemption_policy.as_deref(), &format!("{path}.preemptionPolicy"), findings),
        deletion_cost: deletion_cost(metadata, metadata_path, findings),
        volumes,
        has_empty_dir: spec.volumes.iter().flatten().any(|volume| volume.empty_dir.is_some()),
        host_ports,
        node_name: spec.node_name.clone().filter(|name| !name.is_empty()),
        // Its default and none are one.
        scheduler_name: spec.scheduler_name.clone().filter(|name| name != "default-scheduler").unwrap_or_default(),
        scheduling_gates: gates,
        gang: pod_group::member(metadata, spec.scheduler_name.as_deref().unwrap_or("")),
        overhead,
        active_deadline: figures::seconds(
            spec.active_deadline_seconds,
            &format!("{path}.activeDeadlineSeconds"),
            findings,
        ),
        labels,
        ..PodTemplate::default()
    }
}

/// Labels of revisions that the terms of a pod name.
fn revision_labels(spec: &core::PodSpec) -> BTreeSet<&str> {
    let spread =
        spec.topology_spread_constraints.iter().flatten().flat_map(|one| one.match_label_keys.iter().flatten());
    let affinity = spec.affinity.as_ref();
    let pods = affinity.and_then(|all| all.pod_affinity.as_ref());
    let anti = affinity.and_then(|all| all.pod_anti_affinity.as_ref());
    let required = (pods.iter().flat_map(|one| one.required_during_scheduling_ignored_during_execution.iter()))
        .chain(anti.iter().flat_map(|one| one.required_during_scheduling_ignored_during_execution.iter()));
    let preferred = (pods.iter().flat_map(|one| one.preferred_during_scheduling_ignored_during_execution.iter()))
        .chain(anti.iter().flat_map(|one| one.preferred_during_scheduling_ignored_during_execution.iter()));
    let terms = required.flatten().chain(preferred.flatten().map(|weighted| &weighted.pod_affinity_term));
    let keys = terms.flat_map(|one| one.match_label_keys.iter().chain(&one.mismatch_label_keys).flatten());
    spread.chain(keys).map(String::as_str).filter(|key| REVISION_LABELS.contains(key)).collect()
}

fn restart_policy(spec: &core::PodSpec, path: &str, findings: &mut Findings) -> RestartPolicy {
    match spec.restart_policy.as_deref() {
        None | Some("" | "Always") => RestartPolicy::Always,
        Some("OnFailure") => RestartPolicy::OnFailure,
        Some("Never") => RestartPolicy::Never,
        Some(other) => {
            findings.unsupported(format!("{path}.restartPolicy"), other, &["Always", "OnFailure", "Never"]);
            RestartPolicy::Always
        }
    }
}

/// False for `Never`.
pub fn preempts(policy: Option<&str>, path: &str, findings: &mut Findings) -> bool {
    match policy {
        None | Some("PreemptLowerPriority") => true,
        Some("Never") => false,
        Some(other) => {
            findings.unsupported(path, other, &["Never", "PreemptLowerPriority"]);
            true
        }
    }
}

fn deletion_cost(metadata: &meta::ObjectMeta, path: &str, findings: &mut Findings) -> i32 {
    let Some(text) = metadata.annotations.as_ref().and_then(|all| all.get(DELETION_COST)) else { return 0 };
    match text.parse::<i32>() {
        // `strconv.ParseInt` takes what `parse` takes, but the API server refuses a `+` and leading zeros.
        Ok(cost) if cost.to_string() == *text => cost,
        _ => {
            findings.invalid_text(format!("{path}.annotations[{DELETION_COST}]"), text, "must be a 32bit integer");
            0
        }
    }
}

/// What the pod requests beyond its containers: the runtime class's overhead, and requests of the pod as a whole.
fn overhead(
    spec: &core::PodSpec,
    containers: (&[Container], &[Container]),
    path: &str,
    findings: &mut Findings,
) -> Resources {
    let mut overhead = figures::resources(spec.overhead.as_ref(), &format!("{path}.overhead"), findings);
    let Some(whole) = &spec.resources else { return overhead };
    let (requests, _) = container::resources(Some(whole), &format!("{path}.resources"), findings);
    let bare = PodTemplate {
        init_containers: containers.0.to_vec(),
        containers: containers.1.to_vec(),
        ..PodTemplate::default()
    };
    let sum = bare.requests();
    let mut more = |field: &str, whole: u64, sum: u64| {
        if whole > 0 && whole < sum {
            let detail = format!("must be greater than or equal to aggregate container requests of {field}");
            findings.invalid(format!("{path}.resources.requests[{field}]"), whole, &detail);
        }
        whole.saturating_sub(sum)
    };
    overhead.cpu_milli += more("cpu", requests.cpu_milli, sum.cpu_milli);
    overhead.memory_bytes += more("memory", requests.memory_bytes, sum.memory_bytes);
    overhead
}

/// Ports of the node that the pods take; with the host's network that is every port.
fn host_ports(spec: &core::PodSpec) -> Vec<(u16, String)> {
    let on_host = spec.host_network.unwrap_or(false);
    let sidecars = spec.init_containers.iter().flatten().filter(|one| one.restart_policy.as_deref() == Some("Always"));
    let mut ports: BTreeMap<(u16, String), ()> = BTreeMap::new();
    for port in spec.containers.iter().chain(sidecars).flat_map(|one| one.ports.iter().flatten()) {
        let host = port.host_port.or(on_host.then_some(port.container_port));
        if let Some(host) = host.and_then(|host| u16::try_from(host).ok()).filter(|host| *host > 0) {
            ports.insert((host, port.protocol.clone().unwrap_or_else(|| "TCP".to_owned())), ());
        }
    }
    ports.into_keys().collect()
}

/// Tells of fields that decide something in a cluster and nothing here.
fn notes(spec: &core::PodSpec, path: &str, findings: &mut Findings) {
    let other =
        |name: &&String| !matches!(name.as_str(), "" | "default-scheduler") && BatchScheduler::named(name).is_none();
    if spec.scheduler_name.as_ref().is_some_and(|name| other(&name)) {
        let message = "taken as the cluster's own scheduler, unless the scenario's `scheduler` is a file, which names its profiles";
        findings.note(format!("{path}.schedulerName"), message);
    }
    if spec.readiness_gates.as_ref().is_some_and(|gates| !gates.is_empty()) {
        findings.note(format!("{path}.readinessGates"), "nothing sets these conditions here: they are not waited for");
    }
    if spec.resource_claims.as_ref().is_some_and(|claims| !claims.is_empty()) {
        findings.note(format!("{path}.resourceClaims"), "claims of devices are not simulated: the pods need none");
    }
    if spec.scheduling_group.is_some() {
        findings.note(format!("{path}.schedulingGroup"), "scheduling in groups is off by default");
    }
    if spec.runtime_class_name.is_some() && spec.overhead.is_none() {
        findings.note(format!("{path}.runtimeClassName"), "runtime classes are not known here: no overhead is added");
    }
}
