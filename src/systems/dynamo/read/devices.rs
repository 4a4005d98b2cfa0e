//! Claims of devices (dynamic resource allocation): what a ResourceClaimTemplate asks for, as far as it can be counted.
//! Source: kubernetes/kubernetes v1.36, staging/src/k8s.io/api/resource/v1/types.go (DeviceRequest, ExactDeviceRequest); v1beta1 has
//! the fields of `exactly` beside the name.
//!
//! Devices are counted, not allocated one by one: a request of a whole number of one class is so many units of a resource. Whatever
//! chooses among devices (selectors, alternatives, constraints) cannot be counted, and the pods are refused with that reason.

use std::collections::BTreeMap;

use crate::text::Node;
use crate::workload::resources::NVIDIA_GPU;

/// The class of whole GPUs of NVIDIA: its devices are those that the device plugin counts.
/// Source: NVIDIA/k8s-dra-driver-gpu, deployments/helm/nvidia-dra-driver-gpu/templates/deviceclass-gpu.yaml.
const GPU_CLASS: &str = "gpu.nvidia.com";
/// The name that Kubernetes gives every other class as a resource of nodes: staging/src/k8s.io/api/resource/v1/types.go,
/// ResourceDeviceClassPrefix.
const CLASS_RESOURCE: &str = "deviceclass.resource.kubernetes.io/";

/// What each claim of a template takes: units of resources; or why that cannot be counted.
pub type Devices = Result<BTreeMap<String, u64>, String>;

/// A ResourceClaimTemplate.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ClaimTemplate {
    /// Its namespace, empty for `default`.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// What a claim of it takes.
    pub devices: Devices,
}

/// Reads a document that makes claims possible: a ResourceClaimTemplate, or a ComputeDomain, whose controller makes one for a channel
/// to other nodes, which takes no device. `None` for any other document.
pub fn template(document: &Node) -> Option<ClaimTemplate> {
    let text = |key: &str| document.get(key).and_then(Node::as_str);
    let (group, _) = text("apiVersion")?.split_once('/')?;
    let metadata = document.get("metadata");
    let named = |key: &str| metadata.and_then(|one| one.get(key)).and_then(Node::as_str).unwrap_or("").to_owned();
    let namespace = Some(named("namespace")).filter(|name| name != "default").unwrap_or_default();
    let spec = document.get("spec");
    match (group, text("kind")?) {
        ("resource.k8s.io", "ResourceClaimTemplate") => {
            let requests = spec.and_then(|spec| spec.get("spec")).and_then(|spec| spec.get("devices"));
            let devices = requests.map_or_else(|| Ok(BTreeMap::new()), devices);
            Some(ClaimTemplate { namespace, name: named("name"), devices })
        }
        ("resource.nvidia.com", "ComputeDomain") => {
            let channel = spec.and_then(|spec| spec.get("channel")).and_then(|one| one.get("resourceClaimTemplate"));
            let name = channel.and_then(|one| one.get("name")).and_then(Node::as_str)?.to_owned();
            Some(ClaimTemplate { namespace, name, devices: Ok(BTreeMap::new()) })
        }
        _ => None,
    }
}

/// What the `devices` of a claim come to.
fn devices(devices: &Node) -> Devices {
    if devices.get("constraints").is_some_and(|list| !list.as_seq().unwrap_or_default().is_empty()) {
        return Err("its `constraints` choose among devices, which are only counted here".to_owned());
    }
    let mut all = BTreeMap::new();
    for request in devices.get("requests").and_then(Node::as_seq).unwrap_or_default() {
        let name = request.get("name").and_then(Node::as_str).unwrap_or("");
        if request.get("firstAvailable").is_some() {
            return Err(format!(
                "request {name:?}: `firstAvailable` chooses among devices, which are only counted here"
            ));
        }
        let (resource, count) = exact(request.get("exactly").unwrap_or(request), name)?;
        let sum = all.entry(resource).or_insert(0_u64);
        *sum = sum.saturating_add(count);
    }
    Ok(all)
}

/// The resource of a request and how much of it.
fn exact(request: &Node, name: &str) -> Result<(String, u64), String> {
    let text = |key: &str| request.get(key).and_then(Node::as_str);
    let class = text("deviceClassName").filter(|class| !class.is_empty());
    let class = class.ok_or_else(|| format!("request {name:?}: no deviceClassName"))?;
    if request.get("selectors").is_some_and(|list| !list.as_seq().unwrap_or_default().is_empty()) {
        return Err(format!("request {name:?}: CEL `selectors` choose among devices, which are only counted here"));
    }
    if request.get("adminAccess").is_some_and(|node| !node.is_null()) {
        return Err(format!("request {name:?}: `adminAccess` takes no device of its own"));
    }
    match text("allocationMode") {
        None | Some("ExactCount") => {}
        Some(mode) => return Err(format!("request {name:?}: allocationMode {mode} depends on what a node has")),
    }
    let count = match request.get("count") {
        None => 1,
        Some(node) => match node.as_whole().and_then(|count| u64::try_from(count).ok()).filter(|count| *count > 0) {
            Some(count) => count,
            None => return Err(format!("request {name:?}: count: must be greater than zero")),
        },
    };
    let resource = if class == GPU_CLASS { NVIDIA_GPU.to_owned() } else { format!("{CLASS_RESOURCE}{class}") };
    Ok((resource, count))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::{Source, tree};

    fn read(devices: &str) -> Devices {
        let text = format!(
            "{{ apiVersion: resource.k8s.io/v1, kind: ResourceClaimTemplate, metadata: {{ name: gpus }}, \
            spec: {{ spec: {{ devices: {devices} }} }} }}"
        );
        let node = tree::parse(&Source::new("claim.yaml", text.as_str())).expect("it is YAML");
        template(&node).expect("it is a template").devices
    }

    #[test]
    fn whole_numbers_of_a_class_are_counted() {
        let counted = |resource: &str, count| Ok(BTreeMap::from([(resource.to_owned(), count)]));
        let of_v1 = "{ requests: [ { name: gpu, exactly: { deviceClassName: gpu.nvidia.com, count: 2 } } ] }";
        assert_eq!(read(of_v1), counted("nvidia.com/gpu", 2));
        let beta = "{ requests: [ { name: gpu, deviceClassName: gpu.intel.com } ] }";
        assert_eq!(read(beta), counted("deviceclass.resource.kubernetes.io/gpu.intel.com", 1));
        let two = "{ requests: [ { name: a, deviceClassName: gpu.nvidia.com }, { name: b, deviceClassName: gpu.nvidia.com } ] }";
        assert_eq!(read(two), counted("nvidia.com/gpu", 2));
    }

    #[test]
    fn what_chooses_among_devices_is_refused_with_a_reason() {
        for (devices, reason) in [
            ("{ requests: [ { name: a, exactly: { deviceClassName: x, selectors: [ { cel: {} } ] } } ] }", "selectors"),
            ("{ requests: [ { name: a, firstAvailable: [] } ] }", "firstAvailable"),
            ("{ requests: [ { name: a, deviceClassName: x, allocationMode: All } ] }", "allocationMode All"),
            ("{ requests: [ { name: a, deviceClassName: x, count: 0 } ] }", "greater than zero"),
            ("{ requests: [ { name: a, deviceClassName: x, adminAccess: true } ] }", "adminAccess"),
            ("{ requests: [ { name: a } ] }", "no deviceClassName"),
            ("{ requests: [], constraints: [ { matchAttribute: a } ] }", "constraints"),
        ] {
            assert!(read(devices).is_err_and(|why| why.contains(reason)), "{devices}");
        }
    }
}
