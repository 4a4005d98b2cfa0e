//! Pod templates, and pods that no workload makes.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1 as core;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta};

use super::figures::{milli, some, units};
use super::{
    Draft, FINGERPRINT, Nodes, Pods, RUN, SERVES, Unsupported, WORKLOAD, container, keyed, naming, placement,
    run_labels, storage,
};
use crate::kernel::Duration;
use crate::live::conduct::{KwokStages, Owner, PodConduct, kwok_stages};
use crate::timeline::Kind;
use crate::workload::{PodTemplate, RestartPolicy, Toleration};

/// The annotation that ranks pods when their ReplicaSet shrinks.
const DELETION_COST: &str = "controller.kubernetes.io/pod-deletion-cost";
/// The longest value of a label (k8s.io/apimachinery v0.36.3, pkg/util/validation/validation.go, LabelValueMaxLength).
const LABEL_BYTES_MAX: usize = 63;

/// Whose pods a template is for, as the simulation and rows of behaviour have it.
pub struct Crew<'a> {
    /// The kind of the workload.
    pub kind: Kind,
    /// Its name.
    pub name: &'a str,
    /// Its first pod.
    pub first_pod: String,
}

impl<'a> Crew<'a> {
    /// The pods of an object, numbered from `first` on.
    pub(super) fn of(draft: &'a Draft<'_>, first: u32) -> Crew<'a> {
        Crew { kind: draft.kind, name: &draft.name, first_pod: format!("{}-{first}", draft.name) }
    }
}

/// A template of a workload. `claims` are volumes that its pods have besides.
pub fn template(
    draft: &Draft<'_>,
    crew: &Crew<'_>,
    from: &PodTemplate,
    claims: &[&str],
) -> Result<core::PodTemplateSpec, Unsupported> {
    let (metadata, spec) = parts(draft, crew, from, claims)?;
    Ok(core::PodTemplateSpec { metadata: Some(metadata), spec: Some(spec) })
}

/// A pod that no workload makes.
pub fn pod(draft: &Draft<'_>, from: &PodTemplate) -> Result<core::Pod, Unsupported> {
    let crew = Crew { first_pod: draft.name.clone(), ..Crew::of(draft, 0) };
    let (inner, spec) = parts(draft, &crew, from, &[])?;
    let metadata = ObjectMeta { labels: inner.labels, annotations: inner.annotations, ..draft.metadata() };
    Ok(core::Pod { metadata, spec: Some(spec), status: None })
}

/// What a workload selects its pods by.
pub fn selector(draft: &Draft<'_>) -> LabelSelector {
    LabelSelector { match_labels: Some([(WORKLOAD.to_owned(), workload(draft))].into()), match_expressions: None }
}

/// The value of the label that ties pods to their workload: `deployment.web`.
fn workload(draft: &Draft<'_>) -> String {
    naming::fitted(format!("{}.{}", draft.kind.text().to_ascii_lowercase(), draft.name), LABEL_BYTES_MAX)
}

/// What the pods of a template do, if anything plays it.
pub(super) struct Played<'a> {
    /// What their containers do.
    pub conduct: PodConduct,
    /// The image of the stand-ins, and whether it is pulled; `None`: kwok plays.
    pub image: Option<&'a str>,
    /// What kwok is told.
    pub stages: KwokStages,
}

fn played<'a>(draft: &Draft<'a>, crew: &Crew<'_>, from: &PodTemplate) -> Result<Option<Played<'a>>, Unsupported> {
    let (conducts, image) = match &draft.rendering.pods {
        Pods::Plain => return Ok(None),
        Pods::Kwok(conducts) => (conducts, None),
        Pods::StandIn { conducts, image } => (conducts, Some(image.as_str())),
    };
    let deployment = from.serves.map(|serves| draft.names.show(serves.name));
    let Crew { kind, name, ref first_pod } = *crew;
    let owner = Owner { kind, name, deployment: deployment.as_deref(), first_pod };
    let conduct = conducts.pod(&owner, from);
    let stages = match image {
        None => kwok_stages(&conduct, from, kind == Kind::Job).map_err(|error| draft.of(error))?,
        Some(_) => KwokStages::default(),
    };
    Ok(Some(Played { conduct, image, stages }))
}

fn parts(
    draft: &Draft<'_>,
    crew: &Crew<'_>,
    from: &PodTemplate,
    claims: &[&str],
) -> Result<(ObjectMeta, core::PodSpec), Unsupported> {
    let played = played(draft, crew, from)?;
    let keys = placement::revision_keys(from);
    let mut labels = keyed(&from.labels);
    // The workload's controller gives them to its pods.
    labels.retain(|key, _| !keys.contains(&key.as_str()));
    labels.extend(run_labels(draft.naming()));
    labels.insert(WORKLOAD.to_owned(), workload(draft));
    let mut annotations = BTreeMap::new();
    if from.fingerprint != 0 {
        annotations.insert(FINGERPRINT.to_owned(), format!("{:016x}", from.fingerprint));
    }
    if let Some(serves) = from.serves {
        annotations.insert(SERVES.to_owned(), serves.show(draft.names));
    }
    if from.deletion_cost != 0 {
        annotations.insert(DELETION_COST.to_owned(), from.deletion_cost.to_string());
    }
    if let Some(played) = &played {
        labels.extend(played.stages.labels.clone());
        annotations.extend(played.stages.annotations.clone());
    }
    let spec = spec(draft, from, claims, played.as_ref())?;
    Ok((ObjectMeta { labels: Some(labels), annotations: some(annotations), ..ObjectMeta::default() }, spec))
}

fn spec(
    draft: &Draft<'_>,
    from: &PodTemplate,
    claims: &[&str],
    played: Option<&Played<'_>>,
) -> Result<core::PodSpec, Unsupported> {
    if from.priority != 0 && from.priority_class.is_empty() {
        let what = format!("priority {}", from.priority);
        return Err(draft.unsupported(&what, "the API takes priorities from classes alone: name a PriorityClass"));
    }
    if from.gang.is_some() {
        return Err(draft.unsupported("a pod of a group", "no batch scheduler places it: rehearse gangs in simulation"));
    }
    let on_kwok = played.is_some_and(|played| played.image.is_none());
    if !on_kwok && from.init_containers.iter().any(|one| !one.awaits.is_empty()) {
        let why = "stand-ins do not look at other pods: use fake nodes, or rehearse what waits in simulation";
        return Err(draft.unsupported("an init container that waits for pods", why));
    }
    let (mut volumes, mounts) = storage::pod_volumes(draft, from, claims);
    let containers = container::containers(draft, from, mounts, played)?;
    volumes.extend(containers.volumes);
    let grace = if on_kwok {
        played.map_or(Duration::ZERO, |played| played.stages.grace_period)
    } else {
        from.termination_grace_period
    };
    let naming = draft.naming();
    let class = Some(&from.priority_class).filter(|class| !class.is_empty());
    let gates = from.scheduling_gates.iter().map(|name| core::PodSchedulingGate { name: name.clone() });
    Ok(core::PodSpec {
        active_deadline_seconds: from
            .active_deadline
            .map(|length| draft.seconds(length, "activeDeadlineSeconds"))
            .transpose()?,
        affinity: placement::affinity(draft, from),
        containers: containers.main,
        init_containers: some(containers.init),
        node_name: from.node_name.as_ref().map(|name| match draft.rendering.nodes {
            Nodes::Own => naming.name(Kind::Node, name),
            Nodes::Existing { .. } => name.clone(),
        }),
        node_selector: some(node_selector(draft, from)?),
        preemption_policy: (!from.preempts).then(|| "Never".to_owned()),
        priority: from.stated_priority,
        priority_class_name: class.map(|class| naming.reference(Kind::PriorityClass, class)),
        resources: whole(draft, from)?,
        restart_policy: Some(restart_policy(from.restart_policy).to_owned()),
        scheduler_name: Some(from.scheduler_name.clone()).filter(|name| !name.is_empty()),
        scheduling_gates: some(gates.collect()),
        termination_grace_period_seconds: Some(draft.seconds(grace, "terminationGracePeriodSeconds")?),
        tolerations: some(tolerations(draft, from)),
        topology_spread_constraints: some(placement::spread(draft, from)?),
        volumes: some(volumes),
        ..core::PodSpec::default()
    })
}

const fn restart_policy(policy: RestartPolicy) -> &'static str {
    match policy {
        RestartPolicy::Always => "Always",
        RestartPolicy::OnFailure => "OnFailure",
        RestartPolicy::Never => "Never",
    }
}

/// The labels of nodes that the template asks for, and those of the nodes of the run.
fn node_selector(draft: &Draft<'_>, from: &PodTemplate) -> Result<BTreeMap<String, String>, Unsupported> {
    let own = [(RUN.to_owned(), draft.naming().run().to_owned())].into();
    let asked = match &draft.rendering.nodes {
        Nodes::Own => &own,
        Nodes::Existing { selector } => selector,
    };
    let mut labels = from.node_selector.clone();
    for (key, value) in asked {
        if labels.insert(key.clone(), value.clone()).is_some_and(|before| before != *value) {
            let what = format!("nodeSelector {key}");
            return Err(draft.unsupported(&what, "the run keeps to nodes with another value of this label"));
        }
    }
    Ok(labels)
}

fn tolerations(draft: &Draft<'_>, from: &PodTemplate) -> Vec<core::Toleration> {
    let own = core::Toleration {
        key: Some(RUN.to_owned()),
        operator: Some("Equal".to_owned()),
        value: Some(draft.naming().run().to_owned()),
        effect: Some("NoSchedule".to_owned()),
        ..core::Toleration::default()
    };
    let own = (draft.rendering.nodes == Nodes::Own).then_some(own);
    from.tolerations.iter().map(toleration).chain(own).collect()
}

fn toleration(from: &Toleration) -> core::Toleration {
    core::Toleration {
        key: from.key.clone(),
        operator: Some(if from.value.is_some() { "Equal" } else { "Exists" }.to_owned()),
        value: from.value.clone().filter(|value| !value.is_empty()),
        effect: from.effect.map(|effect| effect.text().to_owned()),
        toleration_seconds: from.seconds.map(|seconds| i64::try_from(seconds).unwrap_or(i64::MAX)),
    }
}

/// What the pod requests as a whole, which is how an overhead can be said: the API refuses one without its RuntimeClass
/// (k8s.io/kubernetes v1.36.3, plugin/pkg/admission/runtimeclass/admission.go).
fn whole(draft: &Draft<'_>, from: &PodTemplate) -> Result<Option<core::ResourceRequirements>, Unsupported> {
    let overhead = &from.overhead;
    if overhead.ephemeral_storage_bytes > 0 || !overhead.extended.is_empty() {
        return Err(draft.unsupported("overhead", "a pod as a whole requests CPU and memory alone"));
    }
    let sum = from.requests();
    let mut requests = BTreeMap::new();
    if overhead.cpu_milli > 0 {
        requests.insert("cpu".to_owned(), milli(sum.cpu_milli));
    }
    if overhead.memory_bytes > 0 {
        requests.insert("memory".to_owned(), units(sum.memory_bytes));
    }
    Ok(some(requests).map(|requests| core::ResourceRequirements { requests: Some(requests), ..Default::default() }))
}
