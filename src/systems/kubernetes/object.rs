//! One object of a document, from its tree to a manifest: the API server's decoding, defaulting and validation in their order.

use k8s_openapi::api::{apps, autoscaling, batch, core, policy as policy_api, scheduling, storage as storage_api};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde::{Deserialize, Serialize};

use super::complaint::{Findings, locate};
use super::custom::{Custom, Metadata};
use super::kinds::{ApiKind, group_version};
use super::leader_worker_set as lws;
use super::manifest::{Body, Fixed, Identity, Manifest};
use super::typed::{self, Misfit, Unknown};
use super::{
    analysis_template, apps as workloads, autoscaler, batch as jobs, names, pod, pod_group, policy, rollout, volumes,
};
use crate::text::diagnostic::{nearest, quote};
use crate::text::{Diagnostic, Node, Source, Span};
use crate::timeline::Kind;
use crate::workload::Object;

/// The longest name of a CronJob, whose Jobs' names have eleven characters more. Source: k8s.io/kubernetes v1.36.3,
/// pkg/apis/batch/validation/validation.go, ValidateCronJobCreate.
const CRON_JOB_NAME_MAX: usize = 52;

/// An object that was read.
#[derive(Debug, Default)]
pub struct Read {
    /// The object, unless it is refused or has no effect.
    pub manifest: Option<Manifest>,
    /// What it is called, if it has a name that can be told.
    pub identity: Option<Identity>,
    /// The name of the port of the pods that a Service leads to.
    pub named_port: Option<String>,
    /// Why the API server refuses it.
    pub problems: Vec<Diagnostic>,
    /// What has no effect here.
    pub warnings: Vec<Diagnostic>,
}

/// An object while it is read.
struct Reader<'n> {
    node: &'n Node,
    api: &'static ApiKind,
    source: &'n Source,
    unknown: Vec<Unknown>,
    misfits: Vec<Misfit>,
    findings: Findings,
    named_port: Option<String>,
}

/// Reads an object of a known kind.
pub fn read(node: &Node, api: &'static ApiKind, source: &Source) -> Read {
    let mut reader = Reader::of(node, api, source);
    let mut metadata: ObjectMeta = reader.part("metadata");
    if !reader.misfits.is_empty() {
        // Whatever of it does not fit, the object is called by its name.
        let text = |key: &str| node.get("metadata")?.get(key)?.as_str().map(str::to_owned);
        (metadata.name, metadata.namespace) = (text("name"), text("namespace"));
    }
    let identity = reader.identity(&metadata);
    let made = reader.body(&metadata);
    let shown = metadata.name.clone().unwrap_or_default();
    let problems = reader.problems(&shown);
    let warnings = reader.warnings(&shown);
    let manifest = match (&identity, made) {
        (Some(identity), Some((body, fixed))) if problems.is_empty() => Some(Manifest {
            identity: identity.clone(),
            body,
            says_replicas: node.get("spec").and_then(|spec| spec.get("replicas")).is_some_and(|one| !one.is_null()),
            fixed,
        }),
        _ => None,
    };
    Read { manifest, identity, named_port: reader.named_port, problems, warnings }
}

/// Reads an object of a kind that another system owns: its spec is decoded into an `S`, of which `make` makes what it needs.
pub fn read_custom<'n, S: Deserialize<'n> + Default, B>(
    node: &'n Node,
    api: &'static ApiKind,
    source: &'n Source,
    make: impl FnOnce(&Metadata, &S, &mut Findings) -> B,
) -> Custom<B> {
    let mut reader = Reader::of(node, api, source);
    let object: ObjectMeta = reader.part("metadata");
    let identity = reader.identity(&object);
    let spec: S = reader.part("spec");
    let metadata = Metadata {
        name: object.name.unwrap_or_default(),
        labels: object.labels.unwrap_or_default(),
        annotations: object.annotations.unwrap_or_default(),
    };
    let body = reader.misfits.is_empty().then(|| make(&metadata, &spec, &mut reader.findings));
    let problems = reader.problems(&metadata.name);
    let warnings = reader.warnings(&metadata.name);
    Custom { identity, metadata, body, problems, warnings }
}

/// A value as the API shows it, to be compared.
fn shown(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// A field that the API server does not let be changed, and whose value no message repeats.
fn immutable_unseen(path: &str, value: String) -> Fixed {
    Fixed { value, refusal: format!("{path}: Invalid value: field is immutable") }
}

/// A field that the API server does not let be changed.
fn immutable(path: &str, value: String) -> Fixed {
    Fixed { refusal: format!("{path}: Invalid value: {value}: field is immutable"), value }
}

fn forbidden(path: &str, value: String, detail: &str) -> Fixed {
    Fixed { value, refusal: format!("{path}: Forbidden: {detail}") }
}

impl<'n> Reader<'n> {
    /// A reader that knows which keys of the object are none of its kind's.
    fn of(node: &'n Node, api: &'static ApiKind, source: &'n Source) -> Reader<'n> {
        let (unknown, misfits) = (Vec::new(), Vec::new());
        let mut reader =
            Reader { node, api, source, unknown, misfits, findings: Findings::default(), named_port: None };
        reader.keys();
        reader
    }

    /// Reads one key of the object; a default if it is not there or does not fit.
    fn part<T: Deserialize<'n> + Default>(&mut self, key: &str) -> T {
        match self.node.get(key) {
            Some(node) if !node.is_null() => match typed::read(node, key, &mut self.unknown) {
                Ok(read) => read,
                Err(misfit) => {
                    self.misfits.push(misfit);
                    T::default()
                }
            },
            _ => T::default(),
        }
    }

    /// Reads the object as a whole, for kinds whose fields stand beside `metadata`.
    fn whole<T: Deserialize<'n> + Default>(&mut self) -> T {
        let mut unknown = Vec::new();
        match typed::read(self.node, "", &mut unknown) {
            Ok(read) => read,
            Err(mut misfit) => {
                misfit.path = misfit.path.trim_start_matches('.').to_owned();
                if !misfit.path.starts_with("metadata") {
                    self.misfits.push(misfit);
                }
                T::default()
            }
        }
    }

    /// Gathers keys that objects of the kind do not have.
    fn keys(&mut self) {
        for (key, _) in self.node.as_map().unwrap_or_default() {
            let known = ["apiVersion", "kind", "metadata"];
            if !known.contains(&key.text.as_str()) && !self.api.keys.contains(&key.text.as_str()) {
                self.unknown.push(Unknown { path: key.text.clone(), span: key.span, known: self.api.keys });
            }
        }
    }

    /// Checks what the object is called.
    fn identity(&mut self, metadata: &ObjectMeta) -> Option<Identity> {
        let findings = &mut self.findings;
        let name = metadata.name.clone().unwrap_or_default();
        let mut fits = true;
        if name.is_empty() {
            fits = false;
            match &metadata.generate_name {
                Some(prefix) => {
                    let detail = format!("from {prefix}: cannot use generate name with apply");
                    findings.forbidden("metadata.generateName", &detail);
                }
                None => findings.required("metadata.name", "name or generateName is required"),
            }
        } else if let Some(wrong) = names::object(self.api.kind, &name) {
            fits = false;
            findings.invalid_text("metadata.name", &name, &wrong);
        }
        // Objects of the whole cluster lose one that they were given: k8s.io/apiserver v0.36.3, pkg/registry/rest/meta.go,
        // EnsureObjectNamespaceMatchesRequestNamespace.
        let namespace = metadata.namespace.clone().filter(|_| self.api.namespaced);
        let mut namespace = namespace.unwrap_or_default();
        if !namespace.is_empty()
            && let Some(wrong) = names::label(&namespace)
        {
            fits = false;
            findings.invalid_text("metadata.namespace", &namespace, &wrong);
        }
        if namespace == "default" {
            namespace.clear();
        }
        if let Some(labels) = &metadata.labels {
            names::check_labels(labels, "metadata.labels", findings);
        }
        for key in metadata.annotations.iter().flatten().map(|(key, _)| key) {
            names::check_key(&key.to_ascii_lowercase(), "metadata.annotations", findings);
        }
        fits.then_some(Identity { kind: self.api.kind, namespace, name })
    }

    /// Reads what the object asks for, and what of it may not be changed later.
    fn body(&mut self, metadata: &ObjectMeta) -> Option<(Body, Vec<Fixed>)> {
        let name = metadata.name.as_deref().unwrap_or("");
        let mut fixed = Vec::new();
        let object = match self.api.kind {
            Kind::Pod => {
                let spec: core::v1::PodSpec = self.part("spec");
                let template = pod::bare(metadata, &spec, &mut self.findings);
                let detail = "pod updates may not change fields other than `spec.containers[*].image`,\
                    `spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to \
                    existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was \
                    previously negative)";
                fixed.push(forbidden("spec", shown_pod(&spec), detail));
                Object::Pod(std::sync::Arc::new(template))
            }
            Kind::Deployment => {
                let spec: apps::v1::DeploymentSpec = self.part("spec");
                fixed.push(immutable("spec.selector", shown(&spec.selector)));
                Object::Deployment(workloads::deployment(&spec, &mut self.findings))
            }
            Kind::ReplicaSet => {
                let spec: apps::v1::ReplicaSetSpec = self.part("spec");
                fixed.push(immutable("spec.selector", shown(&spec.selector)));
                Object::ReplicaSet(workloads::replica_set(&spec, &mut self.findings))
            }
            Kind::StatefulSet => {
                let spec: apps::v1::StatefulSetSpec = self.part("spec");
                let value = (&spec.selector, &spec.service_name, &spec.pod_management_policy);
                let value = format!("{}{}", shown(&value), shown(&spec.volume_claim_templates));
                let detail = "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', \
                    'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and \
                    'minReadySeconds' are forbidden";
                fixed.push(forbidden("spec", value, detail));
                Object::StatefulSet(workloads::stateful_set(&spec, &mut self.findings))
            }
            Kind::DaemonSet => {
                let spec: apps::v1::DaemonSetSpec = self.part("spec");
                fixed.push(immutable("spec.selector", shown(&spec.selector)));
                Object::DaemonSet(workloads::daemon_set(&spec, &mut self.findings))
            }
            Kind::LeaderWorkerSet => {
                let spec: lws::Spec = self.part("spec");
                Object::LeaderWorkerSet(lws::leader_worker_set(&spec, metadata, &mut self.findings))
            }
            Kind::PodGroup if self.api.group == "scheduling.run.ai" => {
                let spec: pod_group::KaiSpec = self.part("spec");
                Object::PodGroup(Box::new(pod_group::of_kai(&spec, &mut self.findings)))
            }
            Kind::PodGroup => {
                let spec: pod_group::VolcanoSpec = self.part("spec");
                Object::PodGroup(Box::new(pod_group::of_volcano(&spec, &mut self.findings)))
            }
            Kind::Topology => {
                let spec: pod_group::Levels = self.part("spec");
                Object::Topology(pod_group::levels(&spec, &mut self.findings))
            }
            Kind::Rollout => {
                let spec: rollout::Spec = self.part("spec");
                Object::Rollout(Box::new(rollout::rollout(&spec, &mut self.findings)))
            }
            Kind::AnalysisTemplate => {
                let spec: analysis_template::Spec = self.part("spec");
                Object::AnalysisTemplate(Box::new(analysis_template::analysis_template(&spec, &mut self.findings)))
            }
            Kind::ClusterAnalysisTemplate => {
                let spec: analysis_template::Spec = self.part("spec");
                let template = analysis_template::analysis_template(&spec, &mut self.findings);
                Object::ClusterAnalysisTemplate(Box::new(template))
            }
            Kind::Job => {
                let spec: batch::v1::JobSpec = self.part("spec");
                let job = jobs::job(&spec, "spec", &mut self.findings);
                let template = (job.template.fingerprint, job.template.requests().cpu_milli);
                fixed.push(immutable("spec.selector", shown(&spec.selector)));
                fixed.push(immutable_unseen("spec.template", shown(&template)));
                fixed.push(immutable("spec.completionMode", job.indexed.to_string()));
                fixed.push(immutable("spec.completions", shown(&job.completions)));
                Object::Job(job)
            }
            Kind::CronJob => {
                let spec: batch::v1::CronJobSpec = self.part("spec");
                if name.len() > CRON_JOB_NAME_MAX {
                    self.findings.invalid_text("metadata.name", name, "must be no more than 52 characters");
                }
                Object::CronJob(Box::new(jobs::cron_job(&spec, &mut self.findings)))
            }
            Kind::Service => {
                let spec: core::v1::ServiceSpec = self.part("spec");
                let (service, named_port) = policy::service(&spec, &mut self.findings)?;
                self.named_port = named_port;
                Object::Service(service)
            }
            Kind::PodDisruptionBudget => {
                let spec: policy_api::v1::PodDisruptionBudgetSpec = self.part("spec");
                Object::PodDisruptionBudget(policy::budget(&spec, &mut self.findings))
            }
            Kind::PriorityClass => {
                let class: scheduling::v1::PriorityClass = self.whole();
                let detail = "may not be changed in an update.";
                fixed.push(forbidden("value", shown(&class.value), detail));
                fixed.push(immutable("preemptionPolicy", shown(&class.preemption_policy)));
                Object::PriorityClass(policy::priority_class(&class, name, &mut self.findings))
            }
            Kind::ResourceQuota => {
                let spec: core::v1::ResourceQuotaSpec = self.part("spec");
                fixed.push(immutable("spec.scopes", shown(&(&spec.scopes, &spec.scope_selector))));
                Object::ResourceQuota(policy::quota(&spec, &mut self.findings))
            }
            Kind::HorizontalPodAutoscaler => return self.autoscaler().map(|body| (body, fixed)),
            Kind::ConfigMap => Object::ConfigMap(()),
            Kind::Secret => Object::Secret(()),
            Kind::Namespace => Object::Namespace(()),
            Kind::PersistentVolumeClaim => {
                let spec: core::v1::PersistentVolumeClaimSpec = self.part("spec");
                let fields = (&spec.storage_class_name, &spec.access_modes, &spec.volume_name, &spec.selector);
                let detail = "spec is immutable after creation except resources.requests and \
                    volumeAttributesClassName for bound claims";
                fixed.push(forbidden("spec", shown(&fields), detail));
                Object::PersistentVolumeClaim(volumes::claim(&spec, "spec", &mut self.findings))
            }
            Kind::PersistentVolume => {
                let spec: core::v1::PersistentVolumeSpec = self.part("spec");
                let labels = metadata.labels.clone().unwrap_or_default();
                Object::PersistentVolume(volumes::volume(&spec, labels, "spec", &mut self.findings))
            }
            Kind::StorageClass => {
                let class: storage_api::v1::StorageClass = self.whole();
                fixed.push(forbidden(
                    "provisioner",
                    class.provisioner.clone(),
                    "updates to provisioner are forbidden.",
                ));
                let detail = "updates to parameters are forbidden.";
                fixed.push(forbidden("parameters", shown(&class.parameters), detail));
                fixed.push(immutable("reclaimPolicy", shown(&class.reclaim_policy)));
                fixed.push(immutable("volumeBindingMode", shown(&class.volume_binding_mode)));
                Object::StorageClass(volumes::class(&class, &mut self.findings))
            }
            _ => return None,
        };
        Some((Body::Object(object), fixed))
    }

    fn autoscaler(&mut self) -> Option<Body> {
        let version = self.node.get("apiVersion").and_then(Node::as_str).unwrap_or("");
        let read = if group_version(version).1 == "v1" {
            let spec: autoscaling::v1::HorizontalPodAutoscalerSpec = self.part("spec");
            autoscaler::first(&spec, &mut self.findings)
        } else {
            let spec: autoscaling::v2::HorizontalPodAutoscalerSpec = self.part("spec");
            autoscaler::autoscaler(&spec, &mut self.findings)
        };
        read.map(|read| Body::Autoscaler(Box::new(read)))
    }

    /// Why the API server refuses the object: what it cannot decode, or else what it finds invalid.
    fn problems(&self, name: &str) -> Vec<Diagnostic> {
        let kind = self.api.kind.text();
        let version = self.node.get("apiVersion").and_then(Node::as_str).unwrap_or("");
        let version = group_version(version).1;
        let cannot = format!("{kind} {name:?} in version {version:?} cannot be handled as a {kind}");
        let mut problems = Vec::new();
        for misfit in &self.misfits {
            let message = format!("{cannot}: {}: {}", misfit.path, misfit.message);
            problems.push(match misfit.span.filter(|_| may_be_secret(&misfit.path)) {
                // Where it begins, and nothing of it.
                Some(span) => self.error(Some(Span::new(span.start, span.start)), message).private(),
                None => self.error(misfit.span, message),
            });
        }
        for unknown in &self.unknown {
            let message = format!("{cannot}: strict decoding error: unknown field {}", quote(&unknown.path));
            // What stands behind a key that nobody knows may be anything.
            let error = self.error(Some(unknown.span), message).private();
            let last = unknown.path.rsplit('.').next().unwrap_or("");
            problems.push(match nearest(last, unknown.known.iter().copied()) {
                Some(near) => error.help(format!("did you mean `{near}`?")),
                None => error,
            });
        }
        if problems.is_empty() {
            for complaint in &self.findings.complaints {
                let message = format!("the {kind} {name:?} is invalid: {}: {}", complaint.path, complaint.message);
                let error = self.error(locate(self.node, &complaint.path), message);
                problems.push(if may_be_secret(&complaint.path) { error.private() } else { error });
            }
        }
        problems
    }

    fn warnings(&self, name: &str) -> Vec<Diagnostic> {
        let kind = self.api.kind.text();
        let warn = |path: &str, message: &str| {
            let span = locate(self.node, path).unwrap_or_else(|| head(self.node));
            Diagnostic::warning(self.source, span, format!("{kind} {name:?}: {path}: {message}"))
        };
        self.findings.notes.iter().map(|note| warn(&note.path, &note.message)).collect()
    }

    fn error(&self, span: Option<Span>, message: String) -> Diagnostic {
        let error = Diagnostic::error(self.source, span.unwrap_or_else(|| head(self.node)), message);
        if matches!(self.api.kind, Kind::Secret | Kind::ConfigMap) { error.private() } else { error }
    }
}

/// True for fields whose values no message repeats.
fn may_be_secret(path: &str) -> bool {
    path.split(['.', '[']).any(|step| matches!(step, "env" | "args" | "command" | "annotations" | "httpHeaders"))
}

/// What a Pod asks for, but for what may be changed.
fn shown_pod(spec: &core::v1::PodSpec) -> String {
    let mut spec = spec.clone();
    spec.tolerations = None;
    spec.active_deadline_seconds = None;
    for container in spec.containers.iter_mut().chain(spec.init_containers.iter_mut().flatten()) {
        container.image = None;
    }
    let template = core::v1::PodTemplateSpec { metadata: None, spec: Some(spec) };
    super::fingerprint::fingerprint(&template).to_string()
}

/// Where an object begins: its kind, or its first key.
pub fn head(node: &Node) -> Span {
    let first = || node.as_map().and_then(<[_]>::first).map(|(key, _)| key.span);
    node.get("kind").map(|kind| kind.span).or_else(first).unwrap_or(node.span)
}
