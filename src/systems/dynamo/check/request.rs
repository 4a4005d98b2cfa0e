//! What the webhook asks of a request for a graph, and of a change of one.
//! Source: ai-dynamo/dynamo, deploy/operator/internal/webhook/validation/dynamographdeploymentrequest.go and
//! dynamographdeploymentrequest_helpers.go, main at chart 1.5.0. Of 0.8.0 the little that there is stands where v1alpha1 is read.

use super::super::model::RequestSpec;
use super::super::profile::Options;
use super::super::read::object::Object;
use super::super::status::RequestPhase;
use super::shared::has_version;

/// What of a request the webhook looks at.
pub struct Asked<'r> {
    /// The framework, `auto` among them.
    pub backend: &'r str,
    /// How far the profiler searches.
    pub search: &'r str,
    /// The profiler's image, where the document names one: the default has a version.
    pub image: &'r str,
    /// A version is stated beside the image.
    pub says_version: bool,
    /// Something of the hardware is stated that profiling goes by.
    pub says_hardware: bool,
}

/// Asks of a request that is made or changed.
pub fn request(asked: &Asked<'_>, object: &mut Object<'_>, options: &Options) {
    if options.namespace.is_some() && !asked.says_hardware {
        let why = "GPU hardware configuration is required when GPU discovery is disabled";
        object.admission.required("spec.hardware", why);
    }
    if asked.search == "thorough" && asked.backend == "auto" {
        let why = "is incompatible with spec.backend \"auto\"; set spec.backend to a specific backend (sglang, trtllm, or vllm)";
        object.admission.invalid_text("spec.searchStrategy", asked.search, why);
    }
    // As old as the same rule for graphs: pull request 10494.
    if !asked.image.is_empty() && !asked.says_version && !has_version(asked.image) {
        let why = "is required when spec.image has no parseable semantic-version tag";
        object.admission.required("spec.runtimeVersionOverride", why);
    }
}

/// Why a change of a request in this phase is refused. `Ready` is not among the phases: a graph that waits to be applied may be asked
/// for otherwise, and the controller alone minds.
pub fn request_change(was: &RequestSpec, is: &RequestSpec, phase: RequestPhase, options: &Options) -> Option<String> {
    let fixed = matches!(phase, RequestPhase::Profiling | RequestPhase::Deploying | RequestPhase::Deployed);
    let refused = options.webhook && options.operator.is_1_5() && fixed && was.fingerprint != is.fingerprint;
    refused.then(|| {
        format!(
            "spec: Forbidden: updates are forbidden while the resource is in phase {:?}; delete and recreate the resource to change \
             its spec",
            phase.text()
        )
    })
}
