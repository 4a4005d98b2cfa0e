//! The scheduler against decisions of a real kube-scheduler v1.36.3 that `testbed/placements` recorded.
//!
//! Goal: every decision and every message is the same, with what the other recordings leave out: zones, the spread of
//! ReplicaSets and of pods that terminate, taints of every effect, node selectors, images. Method: the nodes of each case
//! join in order, then its steps are repeated; a pod goes where the real scheduler put it, whatever ours says.

#[path = "support/recorded.rs"]
mod recorded;

use std::collections::BTreeMap;

use greenroom::cluster::node::{NodeId, NodeSpec, Nodes};
use greenroom::cluster::scheduler::{Scheduler, SchedulerProfile};
use greenroom::cluster::template::{SpreadId, TemplateId, Templates};
use greenroom::kernel::Names;
use greenroom::workload::PodTemplate;
use recorded::{node_spec, pods_of, requests, taint};
use serde::Deserialize;

#[derive(Deserialize)]
struct Recorded {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    nodes: Vec<Node>,
    templates: Vec<Template>,
    steps: Vec<String>,
}

#[derive(Deserialize)]
#[serde(default)]
#[derive(Default)]
struct Node {
    cpu: u64,
    gi: u64,
    gpus: u64,
    zone: Option<String>,
    tier: Option<String>,
    taints: Vec<String>,
}

#[derive(Deserialize)]
#[serde(default)]
#[derive(Default)]
struct Template {
    cpu_milli: u64,
    mi: u64,
    gpus: u64,
    tolerates: Vec<String>,
    tier: Option<String>,
    images: Vec<String>,
}

#[test]
fn every_recorded_decision_is_predicted() {
    let recorded: Recorded =
        serde_json::from_str(include_str!("recorded/placements.json")).expect("the recordings are JSON");
    let mut decisions = 0;
    for (number, case) in recorded.cases.iter().enumerate() {
        let mut world = World::new(case);
        for step in &case.steps {
            decisions +=
                usize::from(world.play(step).unwrap_or_else(|differs| panic!("case {number}, {step}: {differs}")));
        }
    }
    assert!(decisions >= 500, "{decisions} decisions");
}

struct World {
    names: Names,
    nodes: Nodes,
    templates: Templates,
    ids: Vec<TemplateId>,
    scheduler: Scheduler,
    bound: BTreeMap<u32, (NodeId, TemplateId, SpreadId, bool)>,
}

impl World {
    fn new(case: &Case) -> World {
        let mut names = Names::default();
        let mut nodes = Nodes::default();
        for (number, node) in case.nodes.iter().enumerate() {
            let allocatable = requests(node.cpu * 1000, node.gi << 30, node.gpus);
            let spec = node_spec(&mut names, number, allocatable, &node.taints);
            nodes.add(&mut names, NodeSpec { labels: tier(node.tier.as_ref()), zone: node.zone.clone(), ..spec });
        }
        let mut templates = Templates::default();
        let ids = case.templates.iter().map(|one| templates.intern(&mut names, &pod_template(one))).collect();
        let scheduler = Scheduler::new(&SchedulerProfile::KubeDefault, &mut names);
        World { names, nodes, templates, ids, scheduler, bound: BTreeMap::new() }
    }

    /// Repeats a step; true if it was a decision, and the same as ours.
    fn play(&mut self, step: &str) -> Result<bool, String> {
        let (what, rest) = step.split_once(' ').expect("a step has arguments");
        let words: Vec<&str> = rest.split(' ').collect();
        let number = |at: usize| words[at].parse::<u32>().expect("a number");
        match what {
            "place" | "reject" => {
                let template = self.ids[number(1) as usize];
                let spread = if number(2) == 0 { SpreadId::NONE } else { SpreadId(number(2)) };
                let ours = self.scheduler.place(&self.nodes, &self.templates, template, spread);
                let ours = match ours {
                    Ok(node) => format!("place {}", node.0),
                    Err(rejection) => {
                        format!("reject {}", rejection.message(&self.names, self.templates.get(template)))
                    }
                };
                let real = format!("{what} {}", words[3..].join(" "));
                if ours != real {
                    return Err(format!("ours is {ours}"));
                }
                if what == "place" {
                    let node = NodeId(number(3));
                    self.nodes.bind(&self.templates, node, template, spread);
                    self.bound.insert(number(0), (node, template, spread, false));
                }
                return Ok(true);
            }
            "terminate" => {
                let (node, template, spread, terminating) = self.bound.get_mut(&number(0)).expect("it is bound");
                self.nodes.terminate(&self.templates, *node, *template, *spread);
                *terminating = true;
            }
            "release" => {
                let (node, template, spread, terminating) = self.bound.remove(&number(0)).expect("it is bound");
                self.nodes.release(&self.templates, node, template, spread, terminating);
            }
            "image" => {
                self.nodes.set_image(&mut self.names, NodeId(number(0)), words[1], u64::from(number(2)) << 20);
            }
            "taints" => {
                self.nodes.set_taints(NodeId(number(0)), words[1..].iter().map(|text| taint(text)).collect());
            }
            other => panic!("unknown step {other}"),
        }
        Ok(false)
    }
}

fn pod_template(template: &Template) -> PodTemplate {
    let asked = requests(template.cpu_milli, template.mi << 20, template.gpus);
    PodTemplate {
        node_selector: tier(template.tier.as_ref()),
        ..pods_of(&template.images, &asked, &template.tolerates)
    }
}

fn tier(tier: Option<&String>) -> BTreeMap<String, String> {
    tier.into_iter().map(|tier| ("tier".to_owned(), tier.clone())).collect()
}
