//! What a graph comes to, before anything runs: the pods of each component and role, and their GPUs. Gangs are Grove's, Deployments
//! and LeaderWorkerSets the operator's.
//! Source: ai-dynamo/dynamo, deploy/operator/internal/dynamo/graph.go (expandRolesForComponent): one leader and one worker fewer than
//! there are nodes, in each replica of a multinode component.

use super::model::{Component, DeviceClaim, GraphSpec};
use crate::workload::PodTemplate;

/// What a pod does in its replica.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Role {
    /// It is its replica.
    Main,
    /// The first of several nodes.
    Leader,
    /// Any other of several nodes.
    Worker,
}

/// Equal pods of a component.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Pods {
    /// The component.
    pub component: String,
    /// What they do.
    pub role: Role,
    /// Replicas of the component.
    pub replicas: u32,
    /// Pods of this role in each replica.
    pub each: u32,
    /// GPUs of each pod.
    pub gpus: u64,
    /// Claims of devices of each pod, beside these GPUs.
    pub claims: Vec<DeviceClaim>,
}

impl Pods {
    /// All of them.
    pub const fn count(&self) -> u64 {
        self.replicas as u64 * self.each as u64
    }
}

/// The pods of a graph, in the order of its components.
pub fn plan(graph: &GraphSpec) -> Vec<Pods> {
    graph.components.iter().flat_map(component).collect()
}

/// The pods of a component.
pub fn component(component: &Component) -> Vec<Pods> {
    let pods = |role, each| Pods {
        component: component.name.clone(),
        role,
        replicas: component.replicas,
        each,
        gpus: gpus(&component.template),
        claims: component.claims.clone(),
    };
    match component.nodes {
        Some(nodes) if nodes > 1 => vec![pods(Role::Leader, 1), pods(Role::Worker, nodes - 1)],
        _ => vec![pods(Role::Main, 1)],
    }
}

/// Pods and GPUs of a plan. Documents may ask for more than can be counted: then it is the most that can be.
pub fn totals(plan: &[Pods]) -> (u64, u64) {
    let add = |(pods, gpus): (u64, u64), one: &Pods| {
        let asked = one.count().saturating_mul(one.gpus);
        (pods.saturating_add(one.count()), gpus.saturating_add(asked))
    };
    plan.iter().fold((0, 0), add)
}

/// GPUs of a pod: of whatever kind its containers ask for.
pub fn gpus(template: &PodTemplate) -> u64 {
    let containers = template.containers.iter();
    let asked = containers.flat_map(|one| &one.requests.extended).filter(|(name, _)| name.ends_with("/gpu"));
    asked.fold(0, |sum: u64, (_, count)| sum.saturating_add(*count))
}
