//! What the schema asks of the pods that a component says: amounts, names and images. What a pod means is `kubernetes`'.
//! Source: deploy/operator/config/crd/bases/nvidia.com_dynamographdeployments.yaml of ai-dynamo/dynamo, chart 1.5.0.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::api::core::v1::{Container, PodSpec, PodTemplateSpec, ResourceRequirements};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;

use super::super::operator::keys::{EXECUTOR, is_executor};
use super::alpha::MAIN;
use super::file::{AmountsFile, ResourcesFile};
use super::object::Object;
use crate::text::quantity;

/// Checks the pod of a component of `v1beta1`.
pub fn template(template: &PodTemplateSpec, path: &str, object: &mut Object<'_>) {
    let annotations = template.metadata.as_ref().and_then(|metadata| metadata.annotations.as_ref());
    if let Some(value) = annotations.and_then(|all| all.get(EXECUTOR))
        && !is_executor(value)
    {
        let detail = "podTemplate backend annotation must be mp or ray, case-insensitively";
        object.schema.invalid(format!("{path}.metadata.annotations"), "\"object\"", detail);
    }
    let Some(spec) = &template.spec else { return };
    pod(spec, &format!("{path}.spec"), object);
    for (index, one) in spec.containers.iter().enumerate() {
        if one.name != MAIN && one.image.as_ref().is_none_or(String::is_empty) {
            let path = format!("{path}.spec.containers[{index}]");
            object.schema.invalid(path, "\"object\"", "sidecar containers must specify a non-empty image");
        }
    }
    for (index, one) in spec.init_containers.iter().flatten().enumerate() {
        if one.image.as_ref().is_none_or(String::is_empty) {
            let path = format!("{path}.spec.initContainers[{index}]");
            object.schema.invalid(path, "\"object\"", "init containers must specify a non-empty image");
        }
    }
}

/// Checks a pod's spec, of either version.
pub fn pod(spec: &PodSpec, path: &str, object: &mut Object<'_>) {
    containers(&spec.containers, &format!("{path}.containers"), object);
    containers(spec.init_containers.as_deref().unwrap_or_default(), &format!("{path}.initContainers"), object);
    for (index, claim) in spec.resource_claims.iter().flatten().enumerate() {
        let path = format!("{path}.resourceClaims[{index}].name");
        object.required((!claim.name.is_empty()).then_some(&claim.name), &path);
    }
    for (index, volume) in spec.volumes.iter().flatten().enumerate() {
        let size = volume.empty_dir.as_ref().and_then(|one| one.size_limit.as_ref());
        object.quantity(size.map(|size| size.0.as_str()), &format!("{path}.volumes[{index}].emptyDir.sizeLimit"));
    }
}

/// Checks a list of containers: it is a map by their names.
fn containers(list: &[Container], path: &str, object: &mut Object<'_>) {
    let mut names = BTreeSet::new();
    for (index, one) in list.iter().enumerate() {
        let path = format!("{path}[{index}]");
        if one.name.is_empty() {
            object.required(None::<&String>, &format!("{path}.name"));
        } else if !names.insert(one.name.as_str()) {
            object.schema.duplicate_entry(&path, &[("name", &one.name)]);
        }
        container(one, &path, object);
    }
}

/// Checks the amounts of a container.
pub fn container(one: &Container, path: &str, object: &mut Object<'_>) {
    requirements(one.resources.as_ref(), &format!("{path}.resources"), object);
}

/// Checks the amounts that a container asks for.
pub fn requirements(resources: Option<&ResourceRequirements>, path: &str, object: &mut Object<'_>) {
    let Some(resources) = resources else { return };
    let mut check = |amounts: &Option<BTreeMap<String, Quantity>>, list: &str| {
        for (name, amount) in amounts.iter().flatten() {
            object.quantity(Some(&amount.0), &format!("{path}.{list}[{name}]"));
        }
    };
    check(&resources.requests, "requests");
    check(&resources.limits, "limits");
}

/// What Kubernetes says of a text that is no amount. Source: k8s.io/apimachinery, pkg/api/resource/quantity.go, ErrFormatWrong.
const NO_QUANTITY: &str = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";

/// Checks the amounts of `v1alpha1`, which are plain texts to the schema. Of 0.8 the operator cannot render the pods then
/// (deploy/cloud/operator/internal/controller_common/resource.go, GetResourcesConfig). The conversion of 1.5 leaves such an amount
/// out without a word (deploy/operator/api/v1alpha1/shared_spec_conversion.go, itemToResourceList), so that a worker would have no GPU:
/// it is refused here with the words of 0.8.
pub fn amounts(resources: &ResourcesFile, path: &str, object: &mut Object<'_>) {
    for (list, amounts) in [("requests", &resources.requests), ("limits", &resources.limits)] {
        let Some(amounts) = amounts else { continue };
        let AmountsFile { cpu, memory, gpu, custom, .. } = amounts;
        let plain = [("cpu", cpu), ("memory", memory), ("gpu", gpu)];
        let plain = plain.into_iter().filter_map(|(name, amount)| Some((name.to_owned(), amount.as_ref()?)));
        let custom = custom.iter().flatten().map(|(name, amount)| (format!("custom[{name}]"), amount));
        for (name, amount) in plain.chain(custom) {
            let bare = amount.strip_prefix(['+', '-']).unwrap_or(amount);
            if !amount.is_empty() && quantity::milli(bare).is_err_and(|wrong| wrong != quantity::TOO_LARGE) {
                let what = name.split('[').next().unwrap_or("");
                let detail = format!("parse {list} {what} quantity: {NO_QUANTITY}");
                object.schema.invalid_text(format!("{path}.{list}.{name}"), amount, &detail);
            }
        }
    }
}
