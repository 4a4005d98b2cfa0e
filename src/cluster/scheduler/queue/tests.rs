//! The scheduling queue in small cases, and against the plain one.

use proptest::prelude::*;

use super::plain::PlainQueue;
use super::*;
use crate::cluster::node::NodeId;
use crate::cluster::scheduler::tests::{node, pod, taint};
use crate::cluster::scheduler::{Scheduler, SchedulerProfile};
use crate::cluster::template::SpreadId;
use crate::kernel::Names;
use crate::workload::TaintEffect;

fn at(millis: u64) -> Time {
    Time::ZERO + Duration::from_millis(millis)
}

/// One node with 4 CPUs, a template that fills it, and who waits.
struct Waiting {
    names: Names,
    nodes: Nodes,
    templates: Templates,
    full: TemplateId,
    scheduler: Scheduler,
    queue: SchedulingQueue,
}

impl Waiting {
    fn new(nodes: usize) -> Waiting {
        let mut names = Names::default();
        let mut templates = Templates::default();
        let full = templates.intern(&mut names, &pod(4000, 0, 0));
        let scheduler = Scheduler::new(&SchedulerProfile::KubeDefault, &mut names);
        let mut table = Nodes::default();
        for _ in 0..nodes {
            let spec = node(&mut names, "n", 4, 16, 0);
            table.add(&mut names, spec);
        }
        Waiting { names, nodes: table, templates, full, scheduler, queue: SchedulingQueue::default() }
    }

    /// Pops a pod and tries to place it; its number and its node.
    fn try_next(&mut self, now: Time) -> Option<(u32, Option<u32>)> {
        let pod = self.queue.pop(now)?;
        match self.scheduler.place(&self.nodes, &self.templates, self.full, SpreadId::NONE) {
            Ok(node) => {
                self.nodes.bind(&self.templates, node, self.full, SpreadId::NONE);
                self.queue.forget(pod);
                Some((pod.0, Some(node.0)))
            }
            Err(rejection) => {
                self.queue.rejected(pod, &rejection, now);
                Some((pod.0, None))
            }
        }
    }

    fn release(&mut self, node: u32, now: Time) {
        let event = self.nodes.release(&self.templates, NodeId(node), self.full, SpreadId::NONE, false);
        self.tell(&event, now);
    }

    fn tell(&mut self, event: &ClusterEvent, now: Time) {
        self.queue.on_event(event, &self.nodes, &self.templates, self.scheduler.config(), now);
    }
}

#[test]
fn pods_go_by_priority_then_time_then_order() {
    let mut queue = SchedulingQueue::default();
    for (pod, priority, time) in [(0, 0, 1), (1, 0, 1), (2, 10, 2), (3, -1, 2), (4, 10, 2), (5, 0, 2)] {
        queue.add(PodId(pod), priority, at(time));
    }
    queue.forget(PodId(1));
    assert_eq!(queue.len(), 5);
    let order: Vec<u32> = std::iter::from_fn(|| queue.pop(at(3))).map(|pod| pod.0).collect();
    assert_eq!(order, [2, 4, 0, 5, 3]);
    assert_eq!(queue.next_due(at(3)), None);
    assert!(queue.is_empty());
}

#[test]
fn a_rejected_pod_waits_for_an_event_that_helps() {
    let mut world = Waiting::new(1);
    world.queue.add(PodId(0), 0, at(0));
    world.queue.add(PodId(1), 0, at(0));
    assert_eq!(world.try_next(at(0)), Some((0, Some(0))));
    assert_eq!(world.try_next(at(0)), Some((1, None)));
    assert_eq!(world.try_next(at(0)), None, "it is unschedulable");
    // A taint that goes away helps pods that a taint kept away, not this one.
    let dedicated = taint("dedicated", TaintEffect::NoSchedule);
    let _ = world.nodes.add_taint(NodeId(0), dedicated);
    let event = world.nodes.remove_taint(NodeId(0), "dedicated");
    world.tell(&event, at(100));
    assert_eq!(world.queue.pop(at(100)), None);
    // The other pod goes: this one backs off for a second yet, but nobody else waits, so it is taken at once.
    world.release(0, at(200));
    assert_eq!(world.queue.next_due(at(200)), Some(at(200)));
    assert_eq!(world.try_next(at(200)), Some((1, Some(0))));
}

#[test]
fn back_off_lets_others_go_first_until_its_window_is_over() {
    let mut world = Waiting::new(1);
    world.queue.add(PodId(0), 0, at(500));
    world.try_next(at(500));
    world.queue.add(PodId(1), 5, at(500));
    assert_eq!(world.try_next(at(500)), Some((1, None)));
    // Rejected at 0.5 s: back-off ends at 1.5 s, so in the window from 1 s, which is over at 2 s.
    world.release(0, at(600));
    world.queue.add(PodId(2), 0, at(700));
    assert_eq!(world.queue.clone().pop(at(1999)), Some(PodId(2)), "the other goes first, for all its priority");
    assert_eq!(world.queue.clone().pop(at(2000)), Some(PodId(1)), "it is in the active queue again");
}

#[test]
fn back_off_doubles_up_to_ten_seconds() {
    let end = |failures| Backoff::default().end(at(250), failures);
    let ends: Vec<Time> = (1..7).map(end).collect();
    assert_eq!(ends, [1, 2, 4, 8, 10, 10].map(|seconds| at(seconds * 1000)));
}

#[test]
fn without_nodes_pods_are_retried_by_time_alone() {
    let mut world = Waiting::new(0);
    world.queue.add(PodId(0), 0, at(100));
    assert_eq!(world.try_next(at(100)), Some((0, None)));
    // Back-off after an error is not cut short: 1.1 s is in the window from 1 s, over at 2 s.
    assert_eq!(world.queue.next_due(at(100)), Some(at(2000)));
    let spec = node(&mut world.names, "n", 4, 16, 0);
    let added = world.nodes.add(&mut world.names, spec);
    world.tell(&ClusterEvent::NodeAdded(added), at(200));
    assert_eq!(world.queue.pop(at(1999)), None);
    assert_eq!(world.try_next(at(2000)), Some((0, Some(0))));
}

#[test]
fn unschedulable_pods_are_tried_again_after_five_minutes() {
    let mut world = Waiting::new(1);
    world.queue.add(PodId(0), 0, at(0));
    world.queue.add(PodId(1), 0, at(0));
    world.try_next(at(10_000));
    assert_eq!(world.try_next(at(10_000)), Some((1, None)));
    // Looked through every 30 s: at 310 s the pod has waited 300 s, not more, at 330 s it has.
    assert_eq!(world.queue.next_due(at(10_000)), Some(at(330_000)));
    assert_eq!(world.queue.pop(at(329_999)), None);
    assert_eq!(world.queue.pop(at(330_000)), Some(PodId(1)));
}

#[test]
fn a_node_that_joins_helps_those_whom_it_could_hold() {
    let mut world = Waiting::new(1);
    world.queue.add(PodId(0), 0, at(0));
    world.queue.add(PodId(1), 0, at(0));
    world.try_next(at(0));
    world.try_next(at(0));
    for (cpu, helps) in [(2, false), (4, true)] {
        let spec = node(&mut world.names, "n", cpu, 16, 0);
        let added = world.nodes.add(&mut world.names, spec);
        world.tell(&ClusterEvent::NodeAdded(added), at(100));
        assert_eq!(world.queue.clone().pop(at(100)).is_some(), helps, "{cpu} CPUs");
    }
}

/// One thing that happens; numbers are taken modulo what there is.
#[derive(Clone, Debug)]
enum Step {
    Add { template: usize, priority: i32, count: usize },
    Wait(u64),
    Release(usize),
    Forget(usize),
    Join(u64),
    Taint(usize),
    Untaint(usize),
    Drain,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0usize..3, prop::sample::select(vec![0, 0, 0, 7]), 1usize..6)
            .prop_map(|(template, priority, count)| Step::Add { template, priority, count }),
        4 => prop::sample::select(vec![1, 400, 999, 1000, 2500, 15_000, 200_000]).prop_map(Step::Wait),
        5 => any::<usize>().prop_map(Step::Release),
        1 => any::<usize>().prop_map(Step::Forget),
        1 => (0u64..7).prop_map(Step::Join),
        1 => any::<usize>().prop_map(Step::Taint),
        1 => any::<usize>().prop_map(Step::Untaint),
        3 => Just(Step::Drain),
    ]
}

/// What both queues can do.
trait Queue {
    fn add(&mut self, pod: PodId, priority: i32, now: Time);
    fn pop(&mut self, now: Time) -> Option<PodId>;
    fn rejected(&mut self, pod: PodId, rejection: &Rejection, now: Time);
    fn forget(&mut self, pod: PodId);
    fn tell(&mut self, event: &ClusterEvent, nodes: &Nodes, templates: &Templates, now: Time);
    fn state(&self, now: Time) -> (usize, Option<Time>);
}

macro_rules! is_queue {
    ($queue:ty) => {
        impl Queue for $queue {
            fn add(&mut self, pod: PodId, priority: i32, now: Time) {
                self.add(pod, priority, now);
            }
            fn pop(&mut self, now: Time) -> Option<PodId> {
                self.pop(now)
            }
            fn rejected(&mut self, pod: PodId, rejection: &Rejection, now: Time) {
                self.rejected(pod, rejection, now);
            }
            fn forget(&mut self, pod: PodId) {
                self.forget(pod);
            }
            fn tell(&mut self, event: &ClusterEvent, nodes: &Nodes, templates: &Templates, now: Time) {
                let config = SchedulerProfile::KubeDefault.config();
                self.on_event(event, nodes, templates, &config, now);
            }
            fn state(&self, now: Time) -> (usize, Option<Time>) {
                (self.len(), self.next_due(now))
            }
        }
    };
}
is_queue!(SchedulingQueue);
is_queue!(PlainQueue);

/// A cluster with a queue, and what came of it.
struct Played<Q> {
    names: Names,
    nodes: Nodes,
    templates: Templates,
    ids: Vec<TemplateId>,
    scheduler: Scheduler,
    queue: Q,
    template_of: Vec<TemplateId>,
    bound: Vec<(PodId, NodeId)>,
    placed: Vec<(PodId, NodeId)>,
    tries: usize,
}

impl<Q: Queue + Default> Played<Q> {
    fn new() -> Played<Q> {
        let mut names = Names::default();
        let mut templates = Templates::default();
        let pods = [pod(2000, 0, 0), pod(4000, 0, 0), pod(1000, 0, 1)];
        let ids = pods.iter().map(|pod| templates.intern(&mut names, pod)).collect();
        let scheduler = Scheduler::new(&SchedulerProfile::KubeDefault, &mut names);
        let (template_of, bound, placed) = (Vec::new(), Vec::new(), Vec::new());
        let (nodes, queue) = (Nodes::default(), Q::default());
        let mut played =
            Played { names, nodes, templates, ids, scheduler, queue, template_of, bound, placed, tries: 0 };
        played.join(4, Time::ZERO);
        played.join(5, Time::ZERO);
        played
    }

    fn join(&mut self, cpu: u64, now: Time) {
        let spec = node(&mut self.names, "n", cpu, 16, cpu % 2);
        let id = self.nodes.add(&mut self.names, spec);
        self.queue.tell(&ClusterEvent::NodeAdded(id), &self.nodes, &self.templates, now);
    }

    fn play(&mut self, step: &Step, now: Time) {
        let any_node = |pick: usize| NodeId((pick % self.nodes.len()) as u32);
        let event = match *step {
            Step::Wait(_) | Step::Drain => return self.drain(now),
            Step::Join(cpu) => return self.join(cpu, now),
            Step::Add { template, priority, count } => {
                for _ in 0..count {
                    let pod = PodId(self.template_of.len() as u32);
                    self.template_of.push(self.ids[template]);
                    self.queue.add(pod, priority, now);
                }
                return;
            }
            Step::Forget(pick) => {
                let pod = PodId((pick % self.template_of.len().max(1)) as u32);
                if self.bound.iter().all(|(bound, _)| *bound != pod) {
                    self.queue.forget(pod);
                }
                return;
            }
            Step::Release(pick) => {
                if self.bound.is_empty() {
                    return;
                }
                let (pod, node) = self.bound.swap_remove(pick % self.bound.len());
                self.nodes.release(&self.templates, node, self.template_of[pod.0 as usize], SpreadId::NONE, false)
            }
            Step::Taint(pick) => self.nodes.add_taint(any_node(pick), taint("t", TaintEffect::NoSchedule)),
            Step::Untaint(pick) => self.nodes.remove_taint(any_node(pick), "t"),
        };
        self.queue.tell(&event, &self.nodes, &self.templates, now);
    }

    fn drain(&mut self, now: Time) {
        while let Some(pod) = self.queue.pop(now) {
            self.tries += 1;
            let template = self.template_of[pod.0 as usize];
            match self.scheduler.place(&self.nodes, &self.templates, template, SpreadId::NONE) {
                Ok(node) => {
                    self.nodes.bind(&self.templates, node, template, SpreadId::NONE);
                    self.queue.forget(pod);
                    self.bound.push((pod, node));
                    self.placed.push((pod, node));
                }
                Err(rejection) => self.queue.rejected(pod, &rejection, now),
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Goal: cohorts change nothing but the work. Method: both queues see the same pods, events and times; the same
    /// pods go to the same nodes in the same order, as many wait, and the next look is due at the same time.
    #[test]
    fn cohorts_agree_with_the_plain_queue(steps in prop::collection::vec(step(), 1..120)) {
        let mut cohorts: Played<SchedulingQueue> = Played::new();
        let mut plain: Played<PlainQueue> = Played::new();
        let mut now = at(300);
        for step in &steps {
            if let Step::Wait(millis) = step {
                // Time goes on only when all that is due is done.
                cohorts.drain(now);
                plain.drain(now);
                now += Duration::from_millis(*millis);
            }
            cohorts.play(step, now);
            plain.play(step, now);
            prop_assert_eq!(&cohorts.placed, &plain.placed);
            if matches!(step, Step::Wait(_) | Step::Drain) {
                prop_assert_eq!(cohorts.queue.state(now), plain.queue.state(now));
            }
        }
        prop_assert!(cohorts.tries <= plain.tries);
    }
}

/// Goal: pods that wait for a full cluster cost nothing to speak of at each event. Method: 2,000 of them, 200 events.
#[test]
fn a_full_cluster_tries_few_of_those_that_wait() {
    let mut world: Played<SchedulingQueue> = Played::new();
    for _ in 0..1000 {
        let now = at(0);
        world.play(&Step::Add { template: 0, priority: 0, count: 1 }, now);
        world.play(&Step::Add { template: 1, priority: 0, count: 1 }, now);
    }
    world.drain(at(0));
    let first = world.tries;
    for event in 1..=200 {
        world.play(&Step::Release(event), at(event as u64 * 37));
        world.drain(at(event as u64 * 37));
    }
    assert!(world.tries - first < 200 * 8, "{} tries", world.tries - first);
}
