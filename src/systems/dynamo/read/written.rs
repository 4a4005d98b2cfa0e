//! What documents say in the shape in which the API server keeps it, for output alone: fields that nobody knows are dropped, and what
//! was written in `v1alpha1` is converted where the operator keeps `v1beta1`. What may be secret is taken out.
//! Source: ai-dynamo/dynamo, deploy/operator/api/v1alpha1/shared_spec_conversion.go, dynamographdeployment_conversion.go and
//! dynamographdeploymentrequest_conversion.go, chart 1.5.0. What the conversion keeps in annotations of its own is left out.

use serde_json::{Map, Value, json};

use super::super::model::ApiVersion;
use super::super::profile::{Operator, Options, PROFILER_IMAGE};
use super::alpha::Alpha;
use super::component::TYPES;
use super::file::BetaFile;
use super::object::Object;
use crate::text::Node;
use crate::workload::Written;

/// A part of a document without the fields that no schema has.
pub fn known(node: Option<&Node>, path: &str, object: &Object<'_>) -> Value {
    let mut value = node.map_or_else(|| json!({}), Node::to_json);
    for unknown in object.unknown_paths() {
        if let Some(rest) = unknown.strip_prefix(path) {
            prune(&mut value, rest);
        }
    }
    value
}

/// Takes out the field at `.a.b[0].c`.
fn prune(value: &mut Value, path: &str) {
    let Some((first, rest)) = step(path) else { return };
    let inner = match first {
        Step::Item(index) => value.get_mut(index),
        Step::Field(name) if rest.is_empty() => {
            if let Value::Object(entries) = value {
                entries.remove(name);
            }
            None
        }
        Step::Field(name) => value.get_mut(name),
    };
    if let Some(inner) = inner {
        prune(inner, rest);
    }
}

enum Step<'p> {
    Field(&'p str),
    Item(usize),
}

fn step(path: &str) -> Option<(Step<'_>, &str)> {
    if let Some(rest) = path.strip_prefix('[') {
        let (index, rest) = rest.split_once(']')?;
        return Some((Step::Item(index.parse().ok()?), rest));
    }
    let rest = path.strip_prefix('.')?;
    let end = rest.find(['.', '[']).unwrap_or(rest.len());
    Some((Step::Field(&rest[..end]), &rest[end..]))
}

/// A graph without its components.
pub fn graph(spec: Option<&Node>, api: ApiVersion, options: &Options, object: &Object<'_>) -> Written {
    let mut spec = known(spec, "spec", object);
    if let Value::Object(spec) = &mut spec
        && api == ApiVersion::V1Alpha1
        && options.operator != Operator::V0_8
    {
        rename(spec, "envs", "env");
        spec.remove("pvcs");
        spec.remove("dynamoGraph");
        if let Some(Value::Object(topology)) = spec.get_mut("topologyConstraint") {
            rename(topology, "topologyProfile", "clusterTopologyName");
        }
    }
    Written::of(spec)
}

fn rename(map: &mut Map<String, Value>, from: &str, to: &str) {
    if let Some(value) = map.remove(from) {
        map.insert(to.to_owned(), value);
    }
}

/// A component of `v1alpha1`.
pub fn service(
    node: Option<&Node>,
    path: &str,
    (alpha, name): (&Alpha, &str),
    options: &Options,
    object: &Object<'_>,
) -> Written {
    let spec = known(node, path, object);
    let Value::Object(from) = spec else { return Written::default() };
    if options.operator == Operator::V0_8 {
        return Written::of(Value::Object(from));
    }
    Written::of(Value::Object(beta(from, &alpha.beta(name))))
}

/// A component of `v1beta1`.
pub fn component(node: Option<&Node>, path: &str, object: &Object<'_>) -> Written {
    Written::of(known(node, path, object))
}

/// Fields that are the same in both versions.
const SAME: &[&str] = &[
    "backendFramework",
    "eppConfig",
    "globalDynamoNamespace",
    "minAvailable",
    "modelRef",
    "multinode",
    "providerOverride",
    "replicas",
    "runtimeVersionOverride",
    "topologyConstraint",
];

/// A component of `v1alpha1` in `v1beta1`: what both have as it is, the rest as it was read.
fn beta(mut from: Map<String, Value>, file: &BetaFile) -> Map<String, Value> {
    let mut shown = Map::new();
    let mut put = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            shown.insert(name.to_owned(), value);
        }
    };
    put("name", file.name.clone().map(Value::String));
    put("type", file.kind.clone().filter(|kind| TYPES.contains(&kind.as_str())).map(Value::String));
    for name in SAME {
        put(name, from.remove(*name));
    }
    put("podTemplate", file.pod_template.as_ref().and_then(|template| serde_json::to_value(template).ok()));
    put("sharedMemorySize", file.shared_memory_size.as_ref().map(|size| json!(size.0)));
    put("frontendSidecar", file.frontend_sidecar.clone().map(Value::String));
    if let Some(cache) = &file.compilation_cache {
        put("compilationCache", Some(json!({ "pvcName": cache.pvc_name, "mountPath": cache.mount_path })));
    }
    let adapter = from.get("scalingAdapter").and_then(|adapter| adapter.get("enabled"));
    put("scalingAdapter", adapter.filter(|enabled| **enabled == true).map(|_| json!({})));
    let mut experimental = Map::new();
    for name in ["failover", "gpuMemoryService"] {
        let Some(Value::Object(mut switch)) = from.remove(name) else { continue };
        if switch.remove("enabled") != Some(Value::Bool(true)) {
            continue;
        }
        if let Some(Value::String(mode)) = switch.get_mut("mode") {
            *mode = mode.replace("intraPod", "IntraPod").replace("interPod", "InterPod");
        }
        experimental.insert(name.to_owned(), Value::Object(switch));
    }
    if let Some(checkpoint) = from.remove("checkpoint") {
        experimental.insert("checkpoint".to_owned(), checkpoint);
    }
    put("experimental", Some(experimental).filter(|all| !all.is_empty()).map(Value::Object));
    shown
}

/// A request, with the defaults of its definition.
pub fn request(spec: Option<&Node>, api: ApiVersion, options: &Options, object: &Object<'_>) -> Written {
    let Value::Object(mut from) = known(spec, "spec", object) else { return Written::default() };
    let default = |into: &mut Map<String, Value>, name: &str, value: Value| {
        into.entry(name).or_insert(value);
    };
    if options.operator == Operator::V0_8 {
        default(&mut from, "autoApply", json!(false));
        return Written::of(Value::Object(from));
    }
    if api == ApiVersion::V1Alpha1 {
        from = beta_request(from);
    } else if options.webhook {
        default(&mut from, "image", json!(PROFILER_IMAGE));
    }
    default(&mut from, "autoApply", json!(true));
    default(&mut from, "backend", json!("auto"));
    default(&mut from, "searchStrategy", json!("rapid"));
    Written::of(Value::Object(from))
}

/// A request of `v1alpha1` in `v1beta1`: what the profiler is told stands in fields of its own there.
fn beta_request(mut from: Map<String, Value>) -> Map<String, Value> {
    let mut shown = Map::new();
    for name in ["model", "backend", "runtimeVersionOverride"] {
        if let Some(value) = from.remove(name) {
            shown.insert(name.to_owned(), value);
        }
    }
    shown.insert("autoApply".to_owned(), from.remove("autoApply").unwrap_or(json!(false)));
    if from.get("useMocker") == Some(&Value::Bool(true)) {
        shown.insert("features".to_owned(), json!({ "mocker": { "enabled": true } }));
    }
    let Some(profiling) = from.remove("profilingConfig") else { return shown };
    if let Some(image) = profiling.get("profilerImage") {
        shown.insert("image".to_owned(), image.clone());
    }
    let sla = profiling.get("config").and_then(|config| config.get("sla"));
    let pick = |names: &[&str]| {
        let found = names.iter().filter_map(|name| Some(((*name).to_owned(), sla?.get(*name)?.clone())));
        found.filter(|(_, value)| value.is_number()).collect::<Map<String, Value>>()
    };
    for (name, figures) in [("workload", pick(&["isl", "osl"])), ("sla", pick(&["ttft", "itl"]))] {
        if !figures.is_empty() {
            shown.insert(name.to_owned(), Value::Object(figures));
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_taken_out_by_its_path() {
        let mut value = json!({ "a": [ { "b": 1, "c": { "d": 2 } } ] });
        prune(&mut value, ".a[0].c.d");
        prune(&mut value, ".a[0].b");
        prune(&mut value, ".x.y");
        assert_eq!(value, json!({ "a": [ { "c": {} } ] }));
    }
}
