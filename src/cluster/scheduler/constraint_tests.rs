//! What pods ask of other pods, ports, places and volumes, in small clusters with figures worked out by hand; samples of
//! nodes; preemption.

use super::rules::{AddedAffinity, DefaultSpread, Slope};
use super::tests::{node, pod, taint};
use super::*;
use crate::cluster::node::ZONE_LABEL;
use crate::workload::selector::{Namespaces, PodTerm, Weighted};
use crate::workload::{LabelSelector, NodeRequirement, NodeTerm, Operator, PodTemplate, TaintEffect, TopologySpread};

const GIBIBYTE: u64 = 1 << 30;

/// Pods on nodes, by node.
#[derive(Default)]
struct Around {
    tenants: Vec<(NodeId, Tenant)>,
    budgets: Vec<Budget>,
    volumes: BTreeMap<(PodId, NodeId), VolumeProblem>,
    claims: BTreeMap<PodId, Option<ClaimProblem>>,
}

impl Surroundings for Around {
    fn tenants(&self, node: NodeId) -> Vec<Tenant> {
        self.tenants.iter().filter(|(at, _)| *at == node).map(|(_, tenant)| *tenant).collect()
    }

    fn budgets(&self) -> Vec<Budget> {
        self.budgets.clone()
    }

    fn has_claims(&self, pod: PodId) -> bool {
        self.claims.contains_key(&pod)
    }

    fn claim_problem(&self, pod: PodId) -> Option<ClaimProblem> {
        self.claims.get(&pod).copied().flatten()
    }

    fn volume_problem(&self, pod: PodId, node: NodeId) -> Option<VolumeProblem> {
        self.volumes.get(&(pod, node)).copied()
    }
}

struct World {
    names: Names,
    nodes: Nodes,
    templates: Templates,
    scheduler: Scheduler,
    nominations: Nominations,
    around: Around,
    pods: u32,
}

impl World {
    fn with(rules: Rules) -> World {
        let mut names = Names::default();
        let profile = SchedulerProfile::Configured(Arc::new(SchedulerConfig::one(rules)));
        let scheduler = Scheduler::new(&profile, &mut names);
        World {
            names,
            nodes: Nodes::default(),
            templates: Templates::default(),
            scheduler,
            nominations: Nominations::default(),
            around: Around::default(),
            pods: 0,
        }
    }

    /// Nodes of 8 CPUs and 32 Gi, each with a zone.
    fn new(zones: &[&str]) -> World {
        let mut world = World::with(Rules::kube_default());
        zones.iter().for_each(|zone| world.join(zone));
        world
    }

    fn join(&mut self, zone: &str) {
        let mut spec = node(&mut self.names, "n", 8, 32, 0);
        spec.labels.insert("kubernetes.io/hostname".into(), format!("n-{}", self.nodes.len()));
        spec.zone = Some(zone.to_owned()).filter(|zone| !zone.is_empty());
        self.nodes.add(&mut self.names, spec);
    }

    fn template(&mut self, pod: &PodTemplate) -> TemplateId {
        self.templates.intern_in(&mut self.names, pod, "default")
    }

    fn seeker(&self, template: TemplateId, spread: SpreadId) -> Seeker {
        Seeker { pod: PodId(self.pods), template, spread, only: None }
    }

    fn find(&mut self, seeker: Seeker) -> Result<NodeId, Rejection> {
        let view = View {
            nodes: &self.nodes,
            templates: &self.templates,
            nominations: &self.nominations,
            surroundings: &self.around,
        };
        let weighed = self.scheduler.weigh(&view, seeker, &self.names);
        let found = self.scheduler.find(&view, seeker);
        // Whatever a test is about: what is taken is among the best, unless only some were looked at.
        let is_sampled = self.scheduler.config().profiles.iter().any(|rules| rules.sampling != Sampling::All);
        match &found {
            Ok(node) if is_sampled => assert!(weighed.score(*node).is_some()),
            Ok(node) => assert!(weighed.best().any(|best| best == *node), "{node:?}: {weighed:?}"),
            Err(_) => assert_eq!(weighed.feasible, []),
        }
        found
    }

    fn place(&mut self, template: TemplateId) -> Result<u32, String> {
        let seeker = self.seeker(template, SpreadId::NONE);
        match self.find(seeker) {
            Ok(node) => {
                self.bind(template, node.0);
                Ok(node.0)
            }
            Err(rejection) => {
                let message = rejection.message(&self.names, self.templates.get(template));
                Err(message.split(". no new claims").next().unwrap_or_default().to_owned())
            }
        }
    }

    fn bind(&mut self, template: TemplateId, node: u32) -> PodId {
        let pod = PodId(self.pods);
        self.pods += 1;
        self.nodes.bind(&self.templates, NodeId(node), template, SpreadId::NONE);
        let tenant = Tenant {
            pod,
            template,
            spread: SpreadId::NONE,
            priority: self.templates.get(template).priority,
            started_second: pod.0.into(),
            staying: true,
            preempted: false,
        };
        self.around.tenants.push((NodeId(node), tenant));
        pod
    }
}

fn app(name: &str, cpu_milli: u64) -> PodTemplate {
    PodTemplate { labels: [("app".to_owned(), name.to_owned())].into(), ..pod(cpu_milli, GIBIBYTE, 0) }
}

fn term(name: &str, key: &str) -> PodTerm {
    let selector = LabelSelector::labels([("app".to_owned(), name.to_owned())].into());
    PodTerm { selector, namespaces: Namespaces::Own, topology_key: key.to_owned() }
}

fn spread(name: &str, key: &str, required: bool) -> TopologySpread {
    TopologySpread {
        max_skew: 1,
        topology_key: key.to_owned(),
        required,
        selector: LabelSelector::labels([("app".to_owned(), name.to_owned())].into()),
        min_domains: None,
        honors_affinity: true,
        honors_taints: false,
    }
}

#[test]
fn anti_affinity_binds_both_sides() {
    let mut world = World::new(&["a", "a", "b"]);
    let mut lonely = app("db", 1000);
    lonely.affinity.anti_pods = vec![term("web", ZONE_LABEL)];
    let (lonely, web) = (world.template(&lonely), world.template(&app("web", 1000)));
    world.bind(lonely, 0);
    assert_eq!(world.place(web), Ok(2), "zone a is the lonely pod's");
    assert_eq!(world.place(lonely), Ok(1), "zone b has a web pod");
    world.nodes.set_unschedulable(NodeId(2), true);
    let refusal = "0/3 nodes are available: 1 node(s) were unschedulable, 2 node(s) didn't satisfy existing pods \
                   anti-affinity rules";
    assert_eq!(world.place(web), Err(refusal.to_owned()));
}

#[test]
fn the_first_of_pods_that_want_each_other_goes_anywhere() {
    let mut world = World::new(&["a", "b", "b"]);
    let mut flock = app("flock", 1000);
    flock.affinity.pods = vec![term("flock", ZONE_LABEL)];
    let flock = world.template(&flock);
    assert_eq!(world.place(flock), Ok(0));
    assert_eq!(world.place(flock), Ok(0), "zone a has but one node");
    let mut other = app("other", 1000);
    other.affinity.pods = vec![term("nobody", ZONE_LABEL)];
    let other = world.template(&other);
    let refusal = "0/3 nodes are available: 3 node(s) didn't match pod affinity rules";
    assert_eq!(world.place(other), Err(refusal.to_owned()));
}

#[test]
fn preferred_terms_weigh_their_places() {
    let mut world = World::new(&["a", "b", "c"]);
    let web = world.template(&app("web", 100));
    let mut fan = app("fan", 100);
    fan.affinity.preferred_pods = vec![Weighted { weight: 10, term: term("web", ZONE_LABEL) }];
    let fan = world.template(&fan);
    for node in [1, 2, 2] {
        world.bind(web, node);
    }
    // Zone b has 10, zone c 20, zone a 0: 50, 100 and 0, twice; what a pod more costs in resources is far less.
    assert_eq!(world.place(fan), Ok(2));
    assert_eq!(
        [score::normal_pods(10, 0, 20), score::normal_pods(20, 0, 20), score::normal_pods(0, 0, 0)],
        [50, 100, 0]
    );
    // Truncated, as int64 of a float64 is: 100 * (1/3).
    assert_eq!(score::normal_pods(1, 0, 3), 33);
}

#[test]
fn a_hard_spread_keeps_to_its_skew_and_least_number_of_places() {
    let mut world = World::new(&["a", "a", "b", ""]);
    let mut even = app("even", 100);
    even.spread = vec![spread("even", ZONE_LABEL, true)];
    let even = world.template(&even);
    let placed: Vec<_> = (0..4).map(|_| world.place(even)).collect();
    let zones: Vec<bool> = placed.iter().map(|node| matches!(node, Ok(2))).collect();
    assert_eq!(zones, [false, true, false, true], "{placed:?}");
    let mut wide = app("wide", 100);
    wide.spread = vec![TopologySpread { min_domains: Some(3), ..spread("wide", ZONE_LABEL, true) }];
    let wide = world.template(&wide);
    assert!(world.place(wide).is_ok() && world.place(wide).is_ok());
    let refusal = "0/4 nodes are available: 1 node(s) didn't match pod topology spread constraints (missing required \
                   label), 3 node(s) didn't match pod topology spread constraints";
    assert_eq!(world.place(wide), Err(refusal.to_owned()), "two zones count as three of which one is empty");
}

#[test]
fn tainted_nodes_count_for_a_spread_unless_they_are_not_to() {
    for (honors_taints, expected) in [(false, false), (true, true)] {
        let mut world = World::new(&["a", "b"]);
        world.nodes.set_taints(NodeId(1), vec![taint("hard", TaintEffect::NoSchedule)]);
        let mut even = app("even", 100);
        even.spread = vec![TopologySpread { honors_taints, ..spread("even", ZONE_LABEL, true) }];
        let even = world.template(&even);
        assert_eq!(world.place(even), Ok(0));
        assert_eq!(world.place(even).is_ok(), expected, "zone b is empty and counts: {}", !honors_taints);
    }
}

#[test]
fn soft_spread_repeats_the_source() {
    // Two constraints, 3 and 1 pods, skews 1 and 2, in 4 and 2 places: 3 ln 6 + 0 + 1 ln 4 + 1 = 5.375 + 2.386 = 7.76.
    assert_eq!(score::soft_spread([(3, 1, 4), (1, 2, 2)].into_iter()), 8);
    let mut world = World::new(&["a", "a", "b"]);
    let mut even = app("even", 100);
    even.spread = vec![spread("even", ZONE_LABEL, false)];
    let even = world.template(&even);
    world.bind(even, 0);
    assert_eq!(world.place(even), Ok(2));
}

#[test]
fn a_port_is_held_by_one_pod_a_node() {
    let mut world = World::new(&["a", "b"]);
    let mut server = app("server", 100);
    server.host_ports = vec![(8000, "TCP".to_owned())];
    let server = world.template(&server);
    assert_eq!([world.place(server), world.place(server)], [Ok(0), Ok(1)]);
    let refusal = "0/2 nodes are available: 2 node(s) didn't have free ports for the requested pod ports";
    assert_eq!(world.place(server), Err(refusal.to_owned()));
    world.nodes.release(&world.templates, NodeId(1), server, SpreadId::NONE, false);
    assert_eq!(world.place(server), Ok(1));
}

#[test]
fn volumes_say_where_a_pod_can_go() {
    let mut world = World::new(&["a", "b", "b"]);
    let web = world.template(&app("web", 100));
    world.around.claims.insert(PodId(0), None);
    world.around.volumes.insert((PodId(0), NodeId(0)), VolumeProblem::Elsewhere);
    world.around.volumes.insert((PodId(0), NodeId(2)), VolumeProblem::InUse);
    assert_eq!(world.place(web), Ok(1));
    world.around.claims.insert(PodId(1), Some(ClaimProblem::Unbound));
    let refusal = "0/3 nodes are available: pod has unbound immediate PersistentVolumeClaims";
    assert_eq!(world.place(web), Err(refusal.to_owned()));
}

#[test]
fn a_pod_of_a_daemon_set_has_one_node() {
    let mut world = World::new(&["a", "b"]);
    let agent = world.template(&app("agent", 6000));
    let only = Seeker { only: Some(NodeId(1)), ..world.seeker(agent, SpreadId::NONE) };
    assert_eq!(world.find(only), Ok(NodeId(1)));
    world.bind(agent, 1);
    let rejection = world.find(Seeker { pod: PodId(9), ..only }).expect_err("it is full");
    assert_eq!(
        rejection.message(&world.names, world.templates.get(agent)),
        "0/2 nodes are available: 1 Insufficient cpu, 1 node(s) didn't satisfy plugin(s) [NodeAffinity]. no new claims \
         to deallocate, preemption: 0/2 nodes are available: 1 No preemption victims found for incoming pod, \
         1 Preemption is not helpful for scheduling."
    );
}

#[test]
fn the_fewest_and_least_important_are_put_out() {
    let mut world = World::new(&["a", "a", "a"]);
    let of = |priority, cpu| PodTemplate { priority, ..app("low", cpu) };
    let (low, mid) = (world.template(&of(1, 4000)), world.template(&of(5, 4000)));
    // Node 0: two low; node 1: a low and a mid; node 2: two mid. One of 4 CPUs must go; node 0 or 1 lose a low one, and the
    // victim of node 1 started later.
    for (template, node) in [(low, 0), (low, 0), (low, 1), (mid, 1), (mid, 2), (mid, 2)] {
        world.bind(template, node);
    }
    let high = world.template(&PodTemplate { priority: 10, ..app("high", 4000) });
    let seeker = world.seeker(high, SpreadId::NONE);
    let rejection = world.find(seeker).expect_err("it is full");
    assert_eq!(rejection.preemption, Preemption::Nominated(NodeId(1), vec![PodId(2)]));
    assert_eq!(
        rejection.message(&world.names, world.templates.get(high)),
        "0/3 nodes are available: 3 Insufficient cpu."
    );
    // A budget that allows none of the low pods makes them violations: the mid pods of node 2 have the same label, and so
    // all nodes have one violation; the lowest of the highest priorities decides then, as before.
    world.around.budgets = vec![Budget {
        namespace: "default".into(),
        selector: LabelSelector::labels([("app".to_owned(), "low".to_owned())].into()),
        allowed: 1,
    }];
    let rejection = world.find(seeker).expect_err("it is full");
    // The budget allows one: kube-scheduler counts from the most important on, so that on each node the second one violates
    // and is kept first; the more important one goes. On node 0 and 1 that is the earlier, and the mid.
    assert_eq!(rejection.preemption, Preemption::Nominated(NodeId(0), vec![PodId(0)]));
}

#[test]
fn those_who_wait_are_counted_by_their_equals_and_below() {
    let mut world = World::new(&["a"]);
    let of = |priority| PodTemplate { priority, ..app("web", 6000) };
    let (low, high) = (world.template(&of(1)), world.template(&of(9)));
    let nominee = Nominee { pod: PodId(7), template: high, spread: SpreadId::NONE, priority: 9, node: NodeId(0) };
    world.nominations.set(nominee);
    assert!(world.place(low).is_err(), "the room is for another");
    let itself = Seeker { pod: PodId(7), ..world.seeker(high, SpreadId::NONE) };
    assert_eq!(world.find(itself), Ok(NodeId(0)));
    let higher = world.template(&of(10));
    assert_eq!(world.place(higher), Ok(0), "a higher priority does not wait");
}

#[test]
fn a_sample_goes_on_where_the_last_one_ended() {
    let mut world = World::with(Rules::kube_sampled());
    (0..150).for_each(|_| world.join("a"));
    let tiny = world.template(&app("tiny", 100));
    // 50 - 150 / 125 is 49 %, 73 nodes, but at least 100 are looked at; the first of these is taken, then the search goes
    // on at node 100.
    assert_eq!(world.place(tiny), Ok(0));
    assert_eq!(world.place(tiny), Ok(100));
    // 150 to 199 are 0 to 49 again: those from 50 on come first.
    assert_eq!(world.place(tiny), Ok(50));
}

#[test]
fn a_shape_scores_by_its_points() {
    let shape = Slope::RequestedToCapacityRatio(vec![(0, 0), (50, 100), (100, 20)]);
    let mut rules = Rules::kube_default();
    rules.fit.slope = shape;
    rules.weights.balanced = 0;
    let mut world = World::with(rules);
    (0..2).for_each(|_| world.join("a"));
    let half = world.template(&app("half", 2000));
    // 2 of 8 CPUs is 25 %: 50 points; 1 of 32 Gi is 3 %: 6 points; the mean is 28. A second pod there has 100 and 12.
    assert_eq!([world.place(half), world.place(half)], [Ok(0), Ok(0)]);
    // The third would have 75 % of CPU: 60 points and 18, 39 in the mean; the empty node has 28.
    assert_eq!(world.place(half), Ok(0));
}

#[test]
fn added_affinity_holds_for_every_pod() {
    let gold = NodeRequirement { key: "tier".into(), operator: Operator::In, values: vec!["gold".into()] };
    let required = vec![NodeTerm { requirements: vec![gold] }];
    let rules = Rules { added: AddedAffinity { required, preferred: Vec::new() }, ..Rules::kube_default() };
    let mut world = World::with(rules);
    (0..2).for_each(|_| world.join("a"));
    let web = world.template(&app("web", 100));
    let refusal = "0/2 nodes are available: 2 node(s) didn't match scheduler-enforced node affinity";
    assert_eq!(world.place(web), Err(refusal.to_owned()));
    world.nodes.set_labels(NodeId(1), [("tier".to_owned(), "gold".to_owned())].into());
    assert_eq!(world.place(web), Ok(1));
}

#[test]
fn default_constraints_may_be_hard() {
    let hard = DefaultSpread { max_skew: 1, topology_key: ZONE_LABEL.into(), required: true };
    let rules = Rules { spread: SpreadDefaults::List(vec![hard]), ..Rules::kube_default() };
    let mut world = World::with(rules);
    ["a", "b"].iter().for_each(|zone| world.join(zone));
    let web = world.template(&app("web", 5000));
    let seeker = world.seeker(web, SpreadId(1));
    assert_eq!(world.find(seeker), Ok(NodeId(0)));
    world.nodes.bind(&world.templates, NodeId(0), web, SpreadId(1));
    assert_eq!(world.find(seeker), Ok(NodeId(1)));
    world.nodes.set_unschedulable(NodeId(1), true);
    let other = world.template(&app("web", 100));
    let rejection = world.find(Seeker { template: other, ..seeker }).expect_err("zone b is empty and closed");
    assert_eq!(rejection.plugins.names().collect::<Vec<_>>(), ["NodeUnschedulable", "PodTopologySpread"]);
}
