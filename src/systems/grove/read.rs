//! PodCliqueSets as documents have them, with the defaults of the custom resource definition and of the defaulting webhook.
//! What the validating webhook refuses is in `check`.
//! Source: ai-dynamo/grove, operator/api/core/v1alpha1/crds/grove.io_podcliquesets.yaml and
//! operator/internal/webhook/admission/pcs/defaulting/podcliqueset.go.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;

use super::model::{
    Autoscaling, CliqueTemplate, KeptHash, PodCliqueSetSpec, PodCliqueSetTemplate, PodCliqueSpec, ScalingGroupConfig,
    StartupType, TERMINATION_DELAY, TopologyConstraint, UpdateStrategy,
};
use super::sharing;
use crate::kernel::Duration;
use crate::systems::kubernetes::custom::{self, ApiKind, Custom, Findings, Metadata, Opaque, PodSpec};
use crate::systems::kubernetes::{Identity, read_custom};
use crate::text::{Node, Source, duration};
use crate::timeline::Kind;

/// The kind as the API serves it.
pub const POD_CLIQUE_SET: ApiKind = ApiKind {
    kind: Kind::PodCliqueSet,
    group: "grove.io",
    versions: &["v1alpha1"],
    namespaced: true,
    keys: &["spec", "status"],
};

/// A PodCliqueSet that can be applied.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Submitted {
    /// Its kind, namespace and name.
    pub identity: Identity,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Its annotations.
    pub annotations: BTreeMap<String, String>,
    /// What it asks for.
    pub spec: PodCliqueSetSpec,
}

/// True for a document that is a PodCliqueSet.
pub fn is_pod_clique_set(document: &Node) -> bool {
    let text = |key: &str| document.get(key).and_then(Node::as_str);
    let group = text("apiVersion").and_then(|version| version.split_once('/')).map(|(group, _)| group);
    text("kind") == Some("PodCliqueSet") && group == Some(POD_CLIQUE_SET.group)
}

/// Reads a PodCliqueSet. What the definition of the resource refuses is among its problems; defaults are filled in.
pub fn pod_clique_set(document: &Node, source: &Source) -> Custom<PodCliqueSetSpec> {
    read_custom(document, &POD_CLIQUE_SET, source, |metadata, spec: &Spec, findings| set(metadata, spec, findings))
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Spec {
    replicas: Option<i32>,
    update_strategy: Option<Strategy>,
    template: Template,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Strategy {
    #[serde(rename = "type")]
    kind: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Template {
    pub(super) cliques: Vec<Clique>,
    clique_startup_type: Option<String>,
    priority_class_name: Option<String>,
    headless_service_config: Option<Headless>,
    topology_constraint: Option<Topology>,
    termination_delay: Option<String>,
    pub(super) resource_claim_templates: Option<Vec<ClaimTemplate>>,
    pub(super) resource_sharing: Option<Vec<Sharing>>,
    pub(super) pod_clique_scaling_groups: Option<Vec<Group>>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Headless {
    publish_not_ready_addresses: Option<bool>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Clique {
    pub(super) name: String,
    labels: BTreeMap<String, String>,
    annotations: BTreeMap<String, String>,
    topology_constraint: Option<Topology>,
    pub(super) resource_sharing: Option<Vec<Sharing>>,
    spec: CliqueSpec,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct CliqueSpec {
    role_name: Option<String>,
    pod_spec: Option<PodSpec>,
    replicas: Option<i32>,
    min_available: Option<i32>,
    starts_after: Option<Vec<String>>,
    auto_scaling_config: Option<Scale>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Scale {
    min_replicas: Option<i32>,
    max_replicas: Option<i32>,
    metrics: Option<Opaque>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Group {
    pub(super) name: String,
    pub(super) clique_names: Option<Vec<String>>,
    annotations: BTreeMap<String, String>,
    replicas: Option<i32>,
    min_available: Option<i32>,
    scale_config: Option<Scale>,
    pub(super) resource_sharing: Option<Vec<Sharing>>,
    topology_constraint: Option<Topology>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Topology {
    topology_name: Option<String>,
    pack: Option<Pack>,
    pack_domain: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Pack {
    required: Option<String>,
    preferred: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct ClaimTemplate {
    pub(super) name: String,
    pub(super) template_spec: Option<Opaque>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Sharing {
    pub(super) name: String,
    pub(super) namespace: Option<String>,
    pub(super) scope: Option<String>,
    pub(super) filter: Option<Filter>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Filter {
    pub(super) child_clique_names: Option<Vec<String>>,
    pub(super) child_scaling_group_names: Option<Vec<String>>,
}

fn set(metadata: &Metadata, from: &Spec, findings: &mut Findings) -> PodCliqueSetSpec {
    let strategy = match from.update_strategy.as_ref().and_then(|strategy| strategy.kind.as_deref()) {
        None | Some("RollingRecreate") => UpdateStrategy::RollingRecreate,
        Some("OnDelete") => UpdateStrategy::OnDelete,
        Some(other) => {
            findings.unsupported("spec.updateStrategy.type", other, &["RollingRecreate", "OnDelete"]);
            UpdateStrategy::RollingRecreate
        }
    };
    if metadata.annotations.keys().any(|key| key == "grove.io/mnnvl-group") {
        findings.note("metadata.annotations", "ComputeDomains of NVLink are not made: pods claim none");
    }
    let replicas = count(from.replicas, 0, "spec.replicas", findings);
    PodCliqueSetSpec { replicas, strategy, template: template(&from.template, findings) }
}

fn template(from: &Template, findings: &mut Findings) -> PodCliqueSetTemplate {
    let path = "spec.template";
    let startup = match from.clique_startup_type.as_deref() {
        None | Some("CliqueStartupTypeAnyOrder") => StartupType::AnyOrder,
        Some("CliqueStartupTypeInOrder") => StartupType::InOrder,
        Some("CliqueStartupTypeExplicit") => StartupType::Explicit,
        Some(other) => {
            let known = ["CliqueStartupTypeAnyOrder", "CliqueStartupTypeInOrder", "CliqueStartupTypeExplicit"];
            findings.unsupported(format!("{path}.cliqueStartupType"), other, &known);
            StartupType::AnyOrder
        }
    };
    sharing::check(from, path, findings);
    let cliques = from
        .cliques
        .iter()
        .enumerate()
        .map(|(index, one)| clique(one, &from.priority_class_name, &format!("{path}.cliques[{index}]"), findings));
    let mut cliques: Vec<CliqueTemplate> = cliques.collect();
    for clique in &mut cliques {
        let shared = sharing::of(from, &clique.name);
        clique.spec.refusal = clique.spec.refusal.take().or(shared);
    }
    let groups = from
        .pod_clique_scaling_groups
        .iter()
        .flatten()
        .enumerate()
        .map(|(index, one)| group(one, &format!("{path}.podCliqueScalingGroups[{index}]"), findings));
    let scaling_groups = groups.collect();
    PodCliqueSetTemplate {
        cliques,
        startup,
        priority_class: from.priority_class_name.clone().unwrap_or_default(),
        publish_not_ready: from
            .headless_service_config
            .as_ref()
            .is_none_or(|one| one.publish_not_ready_addresses != Some(false)),
        topology: topology(from.topology_constraint.as_ref(), &format!("{path}.topologyConstraint"), findings),
        termination_delay: delay(from.termination_delay.as_deref(), &format!("{path}.terminationDelay"), findings),
        scaling_groups,
    }
}

fn clique(from: &Clique, priority_class: &Option<String>, path: &str, findings: &mut Findings) -> CliqueTemplate {
    let spec = &from.spec;
    required(&from.name, &format!("{path}.name"), findings);
    let role = spec.role_name.clone().unwrap_or_default();
    if spec.role_name.is_none() {
        findings.required(format!("{path}.spec.roleName"), "");
    }
    if spec.replicas.is_none() {
        findings.required(format!("{path}.spec.replicas"), "");
    }
    let empty = PodSpec::default();
    if spec.pod_spec.is_none() {
        findings.required(format!("{path}.spec.podSpec"), "");
    }
    let (metadata, pod_spec) = (path.to_owned(), format!("{path}.spec.podSpec"));
    let pods = spec.pod_spec.as_ref().unwrap_or(&empty);
    // Only the claims of graphs are counted, which Dynamo's operator renders.
    let claims = pods.resource_claims.iter().flatten().next();
    let claims =
        claims.map(|one| format!("spec.resourceClaims ({}): claims of devices are counted for graphs alone", one.name));
    if let Some(why) = &claims {
        findings.note(format!("{pod_spec}.resourceClaims"), &format!("its pods are not made: {why}"));
    }
    let mut pods = custom::pods(pods, &from.labels, &from.annotations, (&metadata, &pod_spec), findings);
    if let Some(class) = priority_class {
        pods.priority_class.clone_from(class);
    }
    let replicas = count(spec.replicas, 1, &format!("{path}.spec.replicas"), findings);
    // The webhook takes none for one.
    let replicas = replicas.max(1);
    let min_available = count(spec.min_available, replicas, &format!("{path}.spec.minAvailable"), findings);
    let scale = format!("{path}.spec.autoScalingConfig");
    CliqueTemplate {
        name: from.name.clone(),
        labels: from.labels.clone(),
        annotations: from.annotations.clone(),
        topology: topology(from.topology_constraint.as_ref(), &format!("{path}.topologyConstraint"), findings),
        spec: PodCliqueSpec {
            role,
            pods: Arc::new(pods),
            refusal: claims.map(Into::into),
            replicas,
            min_available,
            starts_after: spec.starts_after.clone().unwrap_or_default(),
            autoscaling: autoscaling(spec.auto_scaling_config.as_ref(), replicas, &scale, findings),
        },
        kept_hash: KeptHash::default(),
    }
}

fn group(from: &Group, path: &str, findings: &mut Findings) -> ScalingGroupConfig {
    required(&from.name, &format!("{path}.name"), findings);
    if from.clique_names.is_none() {
        findings.required(format!("{path}.cliqueNames"), "");
    }
    let _ = &from.annotations;
    let replicas = count(from.replicas, 1, &format!("{path}.replicas"), findings);
    ScalingGroupConfig {
        name: from.name.clone(),
        cliques: from.clique_names.clone().unwrap_or_default(),
        replicas,
        min_available: count(from.min_available, 1, &format!("{path}.minAvailable"), findings),
        autoscaling: autoscaling(from.scale_config.as_ref(), replicas, &format!("{path}.scaleConfig"), findings),
        topology: topology(from.topology_constraint.as_ref(), &format!("{path}.topologyConstraint"), findings),
    }
}

fn autoscaling(from: Option<&Scale>, replicas: u32, path: &str, findings: &mut Findings) -> Option<Autoscaling> {
    let from = from?;
    if from.max_replicas.is_none() {
        findings.required(format!("{path}.maxReplicas"), "");
    }
    if from.metrics.is_some() {
        findings.note(path, "no autoscaler is made: replicas change by scale actions alone");
    }
    Some(Autoscaling {
        replicas_min: count(from.min_replicas, replicas, &format!("{path}.minReplicas"), findings),
        replicas_max: count(from.max_replicas, replicas, &format!("{path}.maxReplicas"), findings),
    })
}

/// A constraint, with the older way to write it. The definition of the resource has its rules as CEL.
fn topology(from: Option<&Topology>, path: &str, findings: &mut Findings) -> Option<TopologyConstraint> {
    let from = from?;
    let pack = from.pack.as_ref();
    if pack.is_none() && from.pack_domain.is_none() {
        findings.required(format!("{path}.pack"), "topologyConstraint must specify pack or deprecated packDomain");
    }
    if pack.is_some_and(|pack| pack.required.is_none() && pack.preferred.is_none()) {
        findings.required(format!("{path}.pack"), "pack must specify at least one of required or preferred");
    }
    if from.pack_domain.is_some() {
        // A rule of the schema: sets that are there may keep it, and none here was made with it.
        let detail = "packDomain is deprecated and cannot be used on new workloads; use pack.required";
        findings.invalid(format!("{path}.packDomain"), "\"object\"", detail);
    }
    let required = pack.and_then(|pack| pack.required.clone());
    if required.is_some() && from.pack_domain.is_some() {
        let detail = "must not set both pack.required and deprecated packDomain";
        findings.invalid_text(format!("{path}.pack.required"), required.as_deref().unwrap_or(""), detail);
    }
    Some(TopologyConstraint {
        topology: from.topology_name.clone().unwrap_or_default(),
        required: required.or_else(|| from.pack_domain.clone()),
        preferred: pack.and_then(|pack| pack.preferred.clone()),
    })
}

fn delay(text: Option<&str>, path: &str, findings: &mut Findings) -> Duration {
    let Some(text) = text else { return TERMINATION_DELAY };
    match duration::parse(text) {
        Ok(delay) => delay,
        Err(wrong) => {
            findings.invalid_text(path, text, &wrong);
            TERMINATION_DELAY
        }
    }
}

fn required(text: &str, path: &str, findings: &mut Findings) {
    if text.is_empty() {
        findings.required(path, "");
    }
}

/// A number that is not negative, or its default.
fn count(value: Option<i32>, default: u32, path: &str, findings: &mut Findings) -> u32 {
    match value {
        None => default,
        Some(value) => u32::try_from(value).unwrap_or_else(|_| {
            findings.invalid(path, value, "must be greater than or equal to 0");
            default
        }),
    }
}
