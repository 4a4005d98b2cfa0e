//! Objects of kinds that other systems own, read as the API server reads its own: decoded strictly, named, and refused in its
//! words. What their specs mean is the system's, which gives the type that a spec is read into and makes of it what it needs.

use std::collections::BTreeMap;

pub use k8s_openapi::api::core::v1::PodSpec;
use k8s_openapi::api::core::v1::PodTemplateSpec;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

pub use super::complaint::{Complaint, Findings};
pub use super::kinds::ApiKind;
use super::manifest::Identity;
pub use super::opaque::Opaque;
use super::pod;
use crate::text::Diagnostic;
use crate::workload::PodTemplate;

/// What an object says of itself beside its spec.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Metadata {
    /// Its name; empty if it has none.
    pub name: String,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Its annotations.
    pub annotations: BTreeMap<String, String>,
}

/// An object that was read.
#[derive(Clone, Debug)]
pub struct Custom<B> {
    /// What it is called, if it has a name that can be told.
    pub identity: Option<Identity>,
    /// What it says of itself.
    pub metadata: Metadata,
    /// What its system made of the spec, unless it cannot be decoded.
    pub body: Option<B>,
    /// Why the API server refuses it.
    pub problems: Vec<Diagnostic>,
    /// What has no effect here.
    pub warnings: Vec<Diagnostic>,
}

/// The pods of a spec with these labels and annotations, with the API server's defaults and checks.
pub fn pods(
    spec: &PodSpec,
    labels: &BTreeMap<String, String>,
    annotations: &BTreeMap<String, String>,
    paths: (&str, &str),
    findings: &mut Findings,
) -> PodTemplate {
    let metadata =
        ObjectMeta { labels: Some(labels.clone()), annotations: Some(annotations.clone()), ..ObjectMeta::default() };
    let template = PodTemplateSpec { metadata: Some(metadata), spec: Some(spec.clone()) };
    pod::template_at(&template, paths, findings)
}
