//! A rollout for `plan`: two versions of so many manifests on so many nodes. Half of the manifests are Deployments of
//! five to fourteen pods with one to four GPUs each, the other half the Services in front of them.

use std::fmt::Write;

use greenroom::plan::{Options, Plan, judge, rollout};
use greenroom::scenario::{Documents, load_cluster_from};
use greenroom::text::Source;

/// No document at all.
struct Nothing;

impl Documents for Nothing {
    fn read(&self, path: &str) -> Result<String, String> {
        Err(format!("there is no {path}"))
    }
}

/// The manifests of a version.
fn manifests(count: u32, tag: u32) -> Source {
    let mut text = String::new();
    for index in 0..count / 2 {
        write!(
            text,
            "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{ name: serve-{index} }}\nspec:\n  replicas: {}\n  selector: {{ \
             matchLabels: {{ app: serve-{index} }} }}\n  template:\n    metadata: {{ labels: {{ app: serve-{index} }} }}\n    spec:\n      \
             containers:\n        - name: c\n          image: registry.example.com/serve-{index}:{tag}\n          resources: {{ limits: {{ \
             nvidia.com/gpu: {} }} }}\n          readinessProbe: {{ httpGet: {{ path: /health, port: 80 }}, periodSeconds: 5 }}\n---\n\
             apiVersion: v1\nkind: Service\nmetadata: {{ name: serve-{index} }}\nspec: {{ selector: {{ app: serve-{index} }}, ports: [ {{ \
             port: 80 }} ] }}\n",
            5 + index % 10,
            1 + index % 4,
        )
        .expect("writing to a string cannot fail");
    }
    Source::new(format!("v{tag}.yaml"), text)
}

/// Plans the rollout, over so many seeds.
///
/// # Panics
/// If the manifests cannot be planned.
pub fn plan(manifests_count: u32, nodes: u32, seeds: u32) -> Plan {
    let cluster = format!(
        "cluster:\n  nodes: [ {{ pool: gpu, count: {nodes}, cpu: 64, memory: 256Gi, gpus: {{ model: A100, count: 8 }} }} ]\nbehaviour:\n  \
         - {{ match: {{}}, pull: 30s, start: {{ normal: {{ mean: 2m, deviation: 20s }} }} }}\n"
    );
    let stage = load_cluster_from(&Source::new("cluster.yaml", cluster), &Nothing).expect("a cluster");
    let (old, new) = ([manifests(manifests_count, 1)], [manifests(manifests_count, 2)]);
    let (scenario, _) = rollout::between(stage, &old, &new, 0).expect("the manifests can be applied");
    judge(&scenario, Options { seed: None, seeds, mends: true }).expect("the rollout can be planned")
}
