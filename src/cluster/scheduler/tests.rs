//! The index against the plain scheduler, and small figures worked out by hand.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::cluster::node::{HOSTNAME_LABEL, NodeSpec, ZONE_LABEL};
use crate::workload::resources::NVIDIA_GPU;
use crate::workload::selector::Weighted;
use crate::workload::{
    Container, NodeRequirement, NodeTerm, Operator, PodTemplate, Resources, Taint, TaintEffect, Toleration,
};

const GIBIBYTE: u64 = 1 << 30;

/// A template of one container.
pub(super) fn pod(cpu_milli: u64, memory_bytes: u64, gpus: u64) -> PodTemplate {
    let requests = Resources { cpu_milli, memory_bytes, ..Resources::of(NVIDIA_GPU, gpus) };
    PodTemplate {
        containers: vec![Container {
            name: "main".to_owned(),
            image: "main:1".to_owned(),
            requests,
            ..Container::default()
        }],
        ..PodTemplate::default()
    }
}

/// A node that is ready.
pub(super) fn node(names: &mut Names, name: &str, cpu: u64, gibibytes: u64, gpus: u64) -> NodeSpec {
    let (cpu_milli, memory_bytes) = (cpu * 1000, gibibytes * GIBIBYTE);
    NodeSpec::new(names.name(name), Resources { cpu_milli, memory_bytes, ..Resources::of(NVIDIA_GPU, gpus) })
}

pub(super) fn taint(key: &str, effect: TaintEffect) -> Taint {
    Taint { key: key.to_owned(), value: String::new(), effect }
}

/// The templates that the property draws from: they differ in what they ask for, tolerate, select and run.
fn pods() -> Vec<PodTemplate> {
    let tolerates =
        |key: Option<&str>| Toleration { key: key.map(str::to_owned), value: None, effect: None, seconds: None };
    let selects = |operator| NodeRequirement { key: "tier".into(), operator, values: vec!["a".into()] };
    let mut tolerant = pod(1000, 4 * GIBIBYTE, 1);
    tolerant.tolerations = vec![tolerates(Some("soft")), tolerates(Some("hard"))];
    let mut picky = pod(500, 0, 0);
    picky.node_terms = vec![NodeTerm { requirements: vec![selects(Operator::In)] }];
    let mut shy = pod(0, 0, 0);
    shy.node_selector = [("tier".to_owned(), "b".to_owned())].into();
    shy.tolerations = vec![tolerates(None)];
    let mut heavy = pod(2000, GIBIBYTE, 0);
    heavy.containers.push(Container { image: "side".to_owned(), ..heavy.containers[0].clone() });
    heavy.init_containers.push(Container { image: "main:1".to_owned(), ..heavy.containers[0].clone() });
    let mut choosy = pod(500, GIBIBYTE, 0);
    let prefers = |value: &str, weight| {
        let tier = NodeRequirement { key: "tier".into(), operator: Operator::In, values: vec![value.into()] };
        Weighted { weight, term: NodeTerm { requirements: vec![tier] } }
    };
    choosy.affinity.preferred_nodes = vec![prefers("a", 30), prefers("b", 70)];
    vec![pod(0, 0, 1), pod(1000, GIBIBYTE, 0), tolerant, picky, shy, heavy, pod(0, 0, 0), choosy]
}

/// One thing that happens; numbers are taken modulo what there is.
#[derive(Clone, Debug)]
enum Step {
    Join { size: usize, zone: usize, tier: usize },
    Leave(usize),
    Place { template: usize, spread: usize, binds: bool },
    Release(usize),
    Terminate(usize),
    Taint(usize, usize),
    Cordon(usize),
    Label(usize, usize),
    Image(usize, usize, u64),
    Gpus(usize, u64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        2 => (0usize..4, 0usize..4, 0usize..3).prop_map(|(size, zone, tier)| Step::Join { size, zone, tier }),
        1 => any::<usize>().prop_map(Step::Leave),
        30 => (0usize..8, 0usize..4, prop::bool::weighted(0.9))
            .prop_map(|(template, spread, binds)| Step::Place { template, spread, binds }),
        6 => any::<usize>().prop_map(Step::Release),
        3 => any::<usize>().prop_map(Step::Terminate),
        2 => (any::<usize>(), 0usize..4).prop_map(|(node, which)| Step::Taint(node, which)),
        1 => any::<usize>().prop_map(Step::Cordon),
        1 => (any::<usize>(), 0usize..3).prop_map(|(node, tier)| Step::Label(node, tier)),
        3 => (any::<usize>(), 0usize..2, 0u64..3).prop_map(|(node, image, size)| Step::Image(node, image, size)),
        1 => (any::<usize>(), 0u64..5).prop_map(|(node, gpus)| Step::Gpus(node, gpus)),
    ]
}

/// A pod that is bound.
struct Bound {
    node: NodeId,
    template: TemplateId,
    spread: SpreadId,
    devices: u64,
    terminating: bool,
}

struct Rehearsal {
    names: Names,
    nodes: Nodes,
    templates: Templates,
    ids: Vec<TemplateId>,
    bound: Vec<Bound>,
    scheduler: Scheduler,
}

impl Rehearsal {
    fn new(profile: &SchedulerProfile) -> Rehearsal {
        let mut names = Names::default();
        let mut templates = Templates::default();
        let ids = pods().iter().map(|pod| templates.intern(&mut names, pod)).collect();
        let scheduler = Scheduler::new(profile, &mut names);
        Rehearsal { names, nodes: Nodes::default(), templates, ids, bound: Vec::new(), scheduler }
    }

    fn joined(&self, pick: usize) -> Option<NodeId> {
        let ids: Vec<NodeId> = self.nodes.in_order().map(|(id, _)| id).collect();
        (!ids.is_empty()).then(|| ids[pick % ids.len()])
    }

    fn join(&mut self, size: usize, zone: usize, tier: usize) {
        let (cpu, memory, gpus) = [(4, 16, 2), (4, 16, 0), (8, 64, 4), (3, 24, 1)][size];
        let mut spec = node(&mut self.names, "any", cpu, memory, gpus);
        spec.zone = (zone > 0).then(|| format!("zone-{zone}"));
        spec.labels = labels(tier);
        spec.pods_max = 6;
        self.nodes.add(&mut self.names, spec);
    }

    fn play(&mut self, step: &Step) {
        match *step {
            Step::Join { size, zone, tier } => self.join(size, zone, tier),
            Step::Place { template, spread, binds } => self.place(template, spread, binds),
            Step::Leave(pick) => {
                if let Some(node) = self.joined(pick) {
                    self.nodes.remove(node);
                }
            }
            Step::Release(pick) if !self.bound.is_empty() => {
                let pod = self.bound.swap_remove(pick % self.bound.len());
                self.nodes.give_back(pod.node, pod.devices);
                self.nodes.release(&self.templates, pod.node, pod.template, pod.spread, pod.terminating);
            }
            Step::Terminate(pick) if !self.bound.is_empty() => {
                let at = pick % self.bound.len();
                let pod = &mut self.bound[at];
                if !pod.terminating {
                    self.nodes.terminate(&self.templates, pod.node, pod.template, pod.spread);
                    pod.terminating = true;
                }
            }
            Step::Taint(pick, which) => {
                let Some(node) = self.joined(pick) else {
                    return;
                };
                match which {
                    0 => self.nodes.add_taint(node, taint("hard", TaintEffect::NoSchedule)),
                    1 => self.nodes.add_taint(node, taint("soft", TaintEffect::PreferNoSchedule)),
                    2 => self.nodes.add_taint(node, taint("softer", TaintEffect::PreferNoSchedule)),
                    _ => self.nodes.set_taints(node, Vec::new()),
                };
            }
            Step::Cordon(pick) => {
                let Some(node) = self.joined(pick) else {
                    return;
                };
                let cordoned = self.nodes.get(node).unschedulable;
                self.nodes.set_unschedulable(node, !cordoned);
            }
            Step::Label(pick, tier) => {
                let Some(node) = self.joined(pick) else {
                    return;
                };
                let mut labels = labels(tier);
                // Every kubelet names its host.
                labels.insert(HOSTNAME_LABEL.to_owned(), "any".to_owned());
                labels.extend(self.nodes.get(node).zone().map(|zone| (ZONE_LABEL.to_owned(), zone.to_owned())));
                self.nodes.set_labels(node, labels);
            }
            Step::Image(pick, image, size) => {
                let Some(node) = self.joined(pick) else {
                    return;
                };
                self.nodes.set_image(&mut self.names, node, ["main:1", "side"][image], size * 700 * 1024 * 1024);
            }
            Step::Gpus(pick, gpus) => {
                let Some(node) = self.joined(pick) else {
                    return;
                };
                self.nodes.set_extended(&mut self.names, node, NVIDIA_GPU, gpus);
            }
            Step::Release(_) | Step::Terminate(_) => {}
        }
    }

    fn weigh(&mut self, template: TemplateId, spread: SpreadId) -> Weighed {
        struct Nothing;
        impl Surroundings for Nothing {
            fn tenants(&self, _: NodeId) -> Vec<Tenant> {
                Vec::new()
            }
        }
        let nominations = Nominations::default();
        let view =
            View { nodes: &self.nodes, templates: &self.templates, nominations: &nominations, surroundings: &Nothing };
        let seeker = Seeker { pod: PodId(u32::MAX), template, spread, only: None };
        self.scheduler.weigh(&view, seeker, &self.names)
    }

    fn place(&mut self, template: usize, spread: usize, binds: bool) {
        let template = self.ids[template];
        let spread = if spread == 0 { SpreadId::NONE } else { SpreadId(spread as u32) };
        let plain = plain::place(&self.scheduler.rules[0], &self.nodes, &self.templates, template, spread);
        let placed = self.scheduler.place(&self.nodes, &self.templates, template, spread);
        assert_eq!(placed, plain);
        self.scheduler.surveys_all = true;
        let surveyed = self.scheduler.place(&self.nodes, &self.templates, template, spread);
        self.scheduler.surveys_all = false;
        assert_eq!(surveyed, plain, "looked at node by node");
        let weighed = self.weigh(template, spread);
        let most = weighed.feasible.iter().map(|(_, total)| *total).max();
        let ranks = (0..weighed.feasible.len()).filter(|rank| Some(weighed.feasible[*rank].1) == most);
        let first = ranks.min_by_key(|rank| preorder(*rank)).map(|rank| weighed.feasible[rank].0);
        assert_eq!(first, placed.clone().ok(), "the first of the best");
        assert_eq!(weighed.feasible.len() + weighed.refused.len(), self.nodes.len());
        if let (Ok(node), true) = (placed, binds) {
            let devices = self.nodes.take_devices(&self.templates, node, template);
            let held = self.bound.iter().filter(|pod| pod.node == node).fold(0, |held, pod| held | pod.devices);
            assert_eq!(devices.unwrap_or(0) & held, 0, "a GPU is held by one pod");
            self.nodes.bind(&self.templates, node, template, spread);
            self.bound.push(Bound { node, template, spread, devices: devices.unwrap_or(0), terminating: false });
        }
    }
}

fn labels(tier: usize) -> BTreeMap<String, String> {
    match tier {
        0 => BTreeMap::new(),
        1 => [("tier".to_owned(), "a".to_owned())].into(),
        _ => [("tier".to_owned(), "b".to_owned())].into(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Goal: the index chooses what the plain scheduler chooses, and rejects with the same counts, whatever happened.
    /// Method: nodes join and leave in up to three zones and none, pods are bound, terminate and go, taints, labels,
    /// cordons, images and GPUs change; each placement is made by both, and by a survey of the nodes as pods with terms about
    /// others get it, of whose best nodes it is the first. ReplicaSets are counted by their index or not.
    #[test]
    fn the_index_agrees_with_the_plain_scheduler(
        packed in any::<bool>(),
        exceptions_max in 0usize..12,
        first in 0usize..30,
        steps in prop::collection::vec(step(), 1..250),
    ) {
        let profile = if packed { SchedulerProfile::KubeMostAllocated } else { SchedulerProfile::KubeDefault };
        let mut rehearsal = Rehearsal::new(&profile);
        rehearsal.scheduler.exceptions_max = exceptions_max;
        for at in 0..first {
            rehearsal.join(at % 3, at * at % 4, at % 2);
        }
        for step in &steps {
            rehearsal.play(step);
        }
    }
}

#[test]
fn balanced_allocation_repeats_the_source() {
    // 8 CPUs and 64 Gi, empty: 4 CPUs and 8 Gi make shares 0.5 and 0.125, deviation 0.1875, so 81 after 100 before.
    let has = [8000, 64 * GIBIBYTE];
    assert_eq!(balanced_allocation_score([0, 0], [4000, 8 * GIBIBYTE], has), 50 + (50 + 81 - 100) / 2);
    // The pod that brings the shares together again gets more than 75.
    let unequal = [4000, 8 * GIBIBYTE];
    assert_eq!(balanced_allocation_score(unequal, [4000, 32 * GIBIBYTE], has), 50 + (50 + 100 - 81) / 2);
    // Shares above one count as one; without memory there is nothing to compare.
    assert_eq!(balanced_allocation_score([0, 0], [16000, 128 * GIBIBYTE], has), 75);
    assert_eq!(balanced_allocation_score([0, 0], [4000, 0], [8000, 0]), 75);
}

#[test]
fn packs_gpus_only_if_told_to() {
    for (profile, expected) in [(SchedulerProfile::KubeDefault, 2), (SchedulerProfile::KubeMostAllocated, 0)] {
        let mut world = Rehearsal::new(&profile);
        for name in ["n-0", "n-1", "n-2"] {
            let spec = node(&mut world.names, name, 64, 512, 8);
            world.nodes.add(&mut world.names, spec);
        }
        let one_gpu = world.templates.intern(&mut world.names, &pod(1000, GIBIBYTE, 1));
        let mut place = || {
            let node = world.scheduler.place(&world.nodes, &world.templates, one_gpu, SpreadId::NONE).expect("room");
            world.nodes.bind(&world.templates, node, one_gpu, SpreadId::NONE);
            node.0
        };
        assert_eq!([place(), place(), place()], [0, expected / 2, expected], "{profile:?}");
    }
}

#[test]
fn the_spread_counts_pods_of_the_replica_set_until_they_terminate() {
    let mut world = Rehearsal::new(&SchedulerProfile::KubeDefault);
    for name in ["n-0", "n-1"] {
        let spec = node(&mut world.names, name, 64, 512, 0);
        world.nodes.add(&mut world.names, spec);
    }
    let (tiny, other) = (world.ids[6], SpreadId(7));
    // Node 1 is a little fuller, node 0 holds the pods of the ReplicaSet: two pods weigh more than 1 % of CPU.
    let heavier = world.templates.intern(&mut world.names, &pod(700, GIBIBYTE, 0));
    world.nodes.bind(&world.templates, NodeId(1), heavier, SpreadId::NONE);
    for _ in 0..2 {
        world.nodes.bind(&world.templates, NodeId(0), tiny, other);
    }
    let place = |world: &mut Rehearsal| world.scheduler.place(&world.nodes, &world.templates, tiny, other);
    assert_eq!(place(&mut world), Ok(NodeId(1)));
    for _ in 0..2 {
        world.nodes.terminate(&world.templates, NodeId(0), tiny, other);
    }
    assert_eq!(place(&mut world), Ok(NodeId(0)), "they terminate");
}

#[test]
fn rejections_speak_as_kubernetes_does() {
    let mut world = Rehearsal::new(&SchedulerProfile::KubeDefault);
    for at in 0..12 {
        let mut spec = node(&mut world.names, "n", 4, 16, if at < 2 { 1 } else { 0 });
        if at == 11 {
            spec.taints = vec![taint("gpu", TaintEffect::NoSchedule)];
        }
        world.nodes.add(&mut world.names, spec);
    }
    let gpu = world.templates.intern(&mut world.names, &pod(4000, 0, 1));
    for node in 0..2 {
        world.nodes.bind(&world.templates, NodeId(node), gpu, SpreadId::NONE);
    }
    let rejection = world.scheduler.place(&world.nodes, &world.templates, gpu, SpreadId::NONE).expect_err("it is full");
    assert_eq!(
        rejection.message(&world.names, world.templates.get(gpu)),
        "0/12 nodes are available: 1 node(s) had untolerated taint(s), 11 Insufficient nvidia.com/gpu, \
         2 Insufficient cpu. no new claims to deallocate, preemption: 0/12 nodes are available: \
         10 Preemption is not helpful for scheduling, 2 No preemption victims found for incoming pod."
    );
    assert_eq!(rejection.plugins.names().collect::<Vec<_>>(), ["TaintToleration", "NodeResourcesFit"]);
    let nowhere = Nodes::default();
    let none = world.scheduler.clone().place(&nowhere, &world.templates, gpu, SpreadId::NONE).expect_err("no node");
    assert_eq!(none.message(&world.names, world.templates.get(gpu)), "no nodes available to schedule pods");
}
