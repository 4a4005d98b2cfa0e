//! The pods, nodes and steps of a recording as `testbed/placements` writes them, and what they are in our words.

#![allow(dead_code, reason = "not every recording has everything")]

#[path = "../support/recorded.rs"]
mod recorded;
mod world;

use std::collections::BTreeMap;

use greenroom::cluster::scheduler::SchedulerProfile;
use greenroom::workload::selector::{Namespaces, PodTerm, Weighted};
use greenroom::workload::{LabelSelector, NodeRequirement, NodeTerm, Operator, PodTemplate, TopologySpread};
use recorded::{pods_of, requests};
use serde::Deserialize;

use world::World;

/// All that was recorded of one sort.
#[derive(Deserialize)]
pub struct Recorded {
    pub cases: Vec<Case>,
}

/// A recorded cluster and what happened in it.
#[derive(Deserialize)]
pub struct Case {
    pub about: String,
    #[serde(default)]
    pub config: String,
    pub nodes: Vec<Node>,
    pub templates: Vec<Template>,
    #[serde(default)]
    pub budgets: Vec<Budget>,
    pub steps: Vec<Step>,
}

impl Case {
    /// Plays the case with this scheduler; how many decisions there were, each the same as ours.
    ///
    /// # Errors
    /// Where ours differs first, and how.
    pub fn play(&self, profile: &SchedulerProfile) -> Result<u32, String> {
        let mut world = World::new(self, profile);
        let mut decisions = 0;
        for (at, step) in self.steps.iter().enumerate() {
            match world.play(step) {
                Ok(decided) => decisions += u32::from(decided),
                Err(differs) => return Err(format!("{}, step {at} {step:?}: {differs}", self.about)),
            }
        }
        Ok(decisions)
    }
}

/// A node.
#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Node {
    pub cpu: u64,
    pub gi: u64,
    pub gpus: u64,
    pub labels: BTreeMap<String, String>,
    pub taints: Vec<String>,
}

/// What pods are made from.
#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Template {
    pub namespace: String,
    labels: BTreeMap<String, String>,
    cpu_milli: u64,
    mi: u64,
    gpus: u64,
    pub priority: i32,
    never: bool,
    tolerates: Vec<String>,
    selects: BTreeMap<String, String>,
    terms: Vec<Vec<Need>>,
    prefers: Vec<NodeWish>,
    beside: Vec<PodWish>,
    away: Vec<PodWish>,
    likes: Vec<PodWish>,
    dislikes: Vec<PodWish>,
    spreads: Vec<Spread>,
    ports: Vec<u16>,
    images: Vec<String>,
}

/// A requirement on a label.
#[derive(Deserialize)]
pub struct Need {
    key: String,
    op: String,
    #[serde(default)]
    values: Vec<String>,
}

#[derive(Deserialize)]
struct NodeWish {
    weight: i32,
    needs: Vec<Need>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct PodWish {
    weight: i32,
    labels: BTreeMap<String, String>,
    needs: Vec<Need>,
    namespaces: Vec<String>,
    all: bool,
    key: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Spread {
    skew: u32,
    key: String,
    hard: bool,
    labels: BTreeMap<String, String>,
    label_keys: Vec<String>,
    min_domains: u32,
    ignores_labels: bool,
    honors_taints: bool,
}

/// A disruption budget.
#[derive(Deserialize)]
pub struct Budget {
    pub namespace: String,
    pub labels: BTreeMap<String, String>,
    pub allowed: u32,
}

/// One thing that happened.
#[derive(Deserialize, Debug, Default)]
#[serde(default)]
pub struct Step {
    #[serde(rename = "do")]
    pub what: String,
    pub pod: u32,
    pub template: usize,
    pub node: u32,
    pub message: String,
    pub victims: Vec<u32>,
    pub texts: Vec<String>,
    pub mi: u64,
}

/// The template in our words.
pub fn pod_template(template: &Template) -> PodTemplate {
    let asked = requests(template.cpu_milli, template.mi << 20, template.gpus);
    let mut pod = PodTemplate {
        labels: template.labels.clone(),
        node_selector: template.selects.clone(),
        node_terms: template.terms.iter().map(|needs| node_term(needs)).collect(),
        priority: template.priority,
        preempts: !template.never,
        host_ports: template.ports.iter().map(|port| (*port, "TCP".to_owned())).collect(),
        spread: template.spreads.iter().map(|spread| topology_spread(spread, &template.labels)).collect(),
        ..pods_of(&template.images, &asked, &template.tolerates)
    };
    let prefers = template.prefers.iter();
    pod.affinity.preferred_nodes =
        prefers.map(|one| Weighted { weight: one.weight, term: node_term(&one.needs) }).collect();
    pod.affinity.pods = template.beside.iter().map(pod_term).collect();
    pod.affinity.anti_pods = template.away.iter().map(pod_term).collect();
    let weighted = |one: &PodWish, sign: i32| Weighted { weight: sign * one.weight, term: pod_term(one) };
    let likes = template.likes.iter().map(|one| weighted(one, 1));
    pod.affinity.preferred_pods = likes.chain(template.dislikes.iter().map(|one| weighted(one, -1))).collect();
    pod
}

fn topology_spread(spread: &Spread, labels: &BTreeMap<String, String>) -> TopologySpread {
    let mut wanted = spread.labels.clone();
    for key in &spread.label_keys {
        wanted.extend(labels.get(key).map(|value| (key.clone(), value.clone())));
    }
    TopologySpread {
        max_skew: spread.skew,
        topology_key: spread.key.clone(),
        required: spread.hard,
        selector: LabelSelector::labels(wanted),
        min_domains: (spread.min_domains > 0).then_some(spread.min_domains),
        honors_affinity: !spread.ignores_labels,
        honors_taints: spread.honors_taints,
    }
}

fn pod_term(wish: &PodWish) -> PodTerm {
    let namespaces = match (wish.all, wish.namespaces.as_slice()) {
        (true, _) => Namespaces::All,
        (false, []) => Namespaces::Own,
        (false, names) => Namespaces::Named(names.to_vec()),
    };
    PodTerm { selector: selector(&wish.labels, &wish.needs), namespaces, topology_key: wish.key.clone() }
}

/// A selector of labels and requirements.
pub fn selector(labels: &BTreeMap<String, String>, needs: &[Need]) -> LabelSelector {
    LabelSelector { match_labels: labels.clone(), requirements: needs.iter().map(requirement).collect() }
}

fn node_term(needs: &[Need]) -> NodeTerm {
    NodeTerm { requirements: needs.iter().map(requirement).collect() }
}

fn requirement(need: &Need) -> NodeRequirement {
    let operator = match need.op.as_str() {
        "In" => Operator::In,
        "NotIn" => Operator::NotIn,
        "Exists" => Operator::Exists,
        "DoesNotExist" => Operator::DoesNotExist,
        "Gt" => Operator::Gt,
        "Lt" => Operator::Lt,
        other => panic!("unknown operator {other}"),
    };
    NodeRequirement { key: need.key.clone(), operator, values: need.values.clone() }
}
