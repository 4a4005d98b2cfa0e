//! What the webhook asks about topologies when a graph is made: that they are there, and have the levels. It reads Grove's
//! ClusterTopologyBindings, so that this is no matter of the document alone.
//! Source: ai-dynamo/dynamo, deploy/operator/internal/webhook/validation/dynamographdeployment.go (validateSpecTopologyConstraint) and
//! shared_v1beta1.go (validateTopologyConstraint).

use super::super::model::{ApiVersion, GraphSpec, Resource, Table};
use super::super::profile::Options;
use super::graph::without_grove;
use crate::systems::grove::Profile;

/// Why a new object is refused for its topology.
pub fn topologies(object: &Resource, annotations: &Table, grove: &Profile, options: &Options) -> Option<String> {
    let Resource::Graph(graph) = object else { return None };
    let asked = options.webhook && options.operator.is_1_5() && without_grove(annotations, options).is_none();
    if asked { of(&graph.spec, grove) } else { None }
}

fn of(spec: &GraphSpec, grove: &Profile) -> Option<String> {
    let topology = spec.topology.as_ref()?;
    let name = &topology.name;
    let path = "spec.topologyConstraint";
    let Some(known) = grove.domains(name) else {
        let field = if spec.api == ApiVersion::V1Alpha1 { "topologyProfile" } else { "clusterTopologyName" };
        let why = "references a ClusterTopologyBinding resource that was not found";
        return Some(format!("{path}.{field}: Invalid value: {name:?}: {why}"));
    };
    let rank = |domain: &Option<String>| domain.as_ref().and_then(|one| known.iter().position(|known| known == one));
    let missing = |path: &str, domain: &str| {
        let all = known.join(" ");
        let why = format!("does not exist in ClusterTopologyBinding {name:?}; available domains: [{all}]");
        format!("{path}.packDomain: Invalid value: {domain:?}: {why}")
    };
    if let Some(domain) = topology.pack_domain.as_ref().filter(|_| rank(&topology.pack_domain).is_none()) {
        return Some(missing(path, domain));
    }
    for (index, one) in spec.components.iter().enumerate() {
        let Some(own) = &one.topology else { continue };
        let Some(domain) = &own.pack_domain else { continue };
        let path = match spec.api {
            ApiVersion::V1Alpha1 => format!("spec.services[{}].topologyConstraint", one.name),
            ApiVersion::V1Beta1 => format!("spec.components[{index}].topologyConstraint"),
        };
        match (rank(&own.pack_domain), rank(&topology.pack_domain)) {
            (None, _) => return Some(missing(&path, domain)),
            (Some(inner), Some(outer)) if inner < outer => {
                let outer = topology.pack_domain.as_deref().unwrap_or("");
                let why = format!("must be equal to or narrower than the deployment-level domain {outer:?}");
                return Some(format!("{path}.packDomain: Invalid value: {domain:?}: {why}"));
            }
            _ => {}
        }
    }
    None
}
