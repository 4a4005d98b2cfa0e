//! A cluster in which a recording is played again, step by step, with our scheduler asked for each decision. A pod goes where
//! the real scheduler put it, whatever ours says.

use std::cell::RefCell;
use std::collections::BTreeMap;

use greenroom::cluster::PodId;
use greenroom::cluster::node::{NodeId, NodeSpec, Nodes};
use greenroom::cluster::scheduler::{
    Budget, Nominations, Nominee, Preemption, Rejection, Scheduler, SchedulerProfile, Seeker, Surroundings, Tenant,
    View,
};
use greenroom::cluster::template::{SpreadId, TemplateId, Templates};
use greenroom::kernel::Names;

use super::recorded::{node_spec, requests, taint};
use super::{Case, Step, pod_template, selector};

/// A pod on a node.
struct Bound {
    node: NodeId,
    template: TemplateId,
    terminating: bool,
    preempted: bool,
}

/// The cluster.
pub struct World {
    names: Names,
    nodes: Nodes,
    templates: Templates,
    ids: Vec<TemplateId>,
    scheduler: Scheduler,
    nominations: Nominations,
    around: Around,
    /// Pods that put out others and have no node yet.
    waiting: BTreeMap<u32, TemplateId>,
}

#[derive(Default)]
struct Around {
    pods: RefCell<BTreeMap<u32, Bound>>,
    priorities: BTreeMap<TemplateId, i32>,
    budgets: Vec<Budget>,
}

impl Surroundings for Around {
    fn tenants(&self, node: NodeId) -> Vec<Tenant> {
        let pods = self.pods.borrow();
        let there = pods.iter().filter(|(_, pod)| pod.node == node);
        let tenant = |(number, pod): (&u32, &Bound)| Tenant {
            pod: PodId(*number),
            template: pod.template,
            spread: SpreadId::NONE,
            priority: self.priorities[&pod.template],
            started_second: (*number).into(),
            staying: !pod.terminating,
            preempted: pod.preempted,
        };
        there.map(tenant).collect()
    }

    fn budgets(&self) -> Vec<Budget> {
        self.budgets.clone()
    }
}

impl World {
    /// The cluster of a case before its first step, with this scheduler.
    pub fn new(case: &Case, profile: &SchedulerProfile) -> World {
        let mut names = Names::default();
        let mut nodes = Nodes::default();
        for (number, node) in case.nodes.iter().enumerate() {
            let allocatable = requests(node.cpu * 1000, node.gi << 30, node.gpus);
            let spec = node_spec(&mut names, number, allocatable, &node.taints);
            nodes.add(&mut names, NodeSpec { labels: node.labels.clone(), ..spec });
        }
        let mut templates = Templates::default();
        let mut around = Around::default();
        let mut ids = Vec::new();
        for template in &case.templates {
            let id = templates.intern_in(&mut names, &pod_template(template), &template.namespace);
            around.priorities.insert(id, template.priority);
            ids.push(id);
        }
        for budget in &case.budgets {
            around.budgets.push(Budget {
                namespace: budget.namespace.clone(),
                selector: selector(&budget.labels, &[]),
                allowed: budget.allowed,
            });
        }
        let scheduler = Scheduler::new(profile, &mut names);
        World {
            names,
            nodes,
            templates,
            ids,
            scheduler,
            nominations: Nominations::default(),
            around,
            waiting: BTreeMap::new(),
        }
    }

    fn find(&mut self, pod: u32, template: TemplateId) -> Result<NodeId, Rejection> {
        let view = View {
            nodes: &self.nodes,
            templates: &self.templates,
            nominations: &self.nominations,
            surroundings: &self.around,
        };
        self.scheduler.find(&view, Seeker { pod: PodId(pod), template, spread: SpreadId::NONE, only: None })
    }

    fn bind(&mut self, pod: u32, template: TemplateId, node: u32) {
        let node = NodeId(node);
        self.nodes.bind(&self.templates, node, template, SpreadId::NONE);
        let bound = Bound { node, template, terminating: false, preempted: false };
        self.around.pods.borrow_mut().insert(pod, bound);
        self.nominations.clear(PodId(pod));
        self.waiting.remove(&pod);
    }

    fn terminate(&mut self, pod: u32, preempted: bool) {
        let mut pods = self.around.pods.borrow_mut();
        let bound = pods.get_mut(&pod).expect("it is bound");
        if !bound.terminating {
            self.nodes.terminate(&self.templates, bound.node, bound.template, SpreadId::NONE);
        }
        (bound.terminating, bound.preempted) = (true, bound.preempted || preempted);
    }

    /// Repeats a step; true if it was a decision, and the same as ours.
    ///
    /// # Errors
    /// How ours differs.
    pub fn play(&mut self, step: &Step) -> Result<bool, String> {
        let template = self.ids[step.template];
        match step.what.as_str() {
            "place" | "reject" => {
                let real = if step.what == "place" { format!("node {}", step.node) } else { step.message.clone() };
                let ours = match self.find(step.pod, template) {
                    Ok(node) => format!("node {}", node.0),
                    Err(rejection) => self.message(&rejection),
                };
                if ours != real {
                    return Err(format!("ours is {ours}"));
                }
                if step.what == "place" {
                    self.bind(step.pod, template, step.node);
                }
                return Ok(true);
            }
            "bound" => {
                let ours = self.find(step.pod, template).map_err(|rejection| self.message(&rejection))?;
                if ours.0 != step.node {
                    return Err(format!("ours is node {}", ours.0));
                }
                self.bind(step.pod, template, step.node);
                return Ok(true);
            }
            "preempt" => {
                self.preempt(step, template)?;
                return Ok(true);
            }
            "terminate" => self.terminate(step.pod, false),
            "release" => {
                let bound = self.around.pods.borrow_mut().remove(&step.pod).expect("it is bound");
                let Bound { node, template, terminating, .. } = bound;
                self.nodes.release(&self.templates, node, template, SpreadId::NONE, terminating);
                self.try_those_who_wait()?;
            }
            "image" => {
                let bytes = step.mi << 20;
                self.nodes.set_image(&mut self.names, NodeId(step.node), &step.texts[0], bytes);
            }
            "taints" => {
                let taints = step.texts.iter().map(|text| taint(text)).collect();
                self.nodes.set_taints(NodeId(step.node), taints);
            }
            "label" => {
                let mut labels = BTreeMap::clone(&self.nodes.get(NodeId(step.node)).labels);
                labels.insert(step.texts[0].clone(), step.texts[1].clone());
                self.nodes.set_labels(NodeId(step.node), labels);
            }
            other => panic!("unknown step {other}"),
        }
        Ok(false)
    }

    /// A pod that left may help those that wait for others to leave; who finds a node is told by the next steps. One that
    /// finds neither a node nor pods to put out waits for no node in particular any more.
    fn try_those_who_wait(&mut self) -> Result<(), String> {
        for (pod, template) in self.waiting.clone() {
            match self.find(pod, template).map_err(|rejection| rejection.preemption) {
                Ok(_) | Err(Preemption::Waits) => {}
                Err(Preemption::NoVictims | Preemption::Failed(_)) => drop(self.nominations.clear(PodId(pod))),
                // Pods that leave anyway, from another node.
                Err(Preemption::Nominated(node, victims)) if victims.is_empty() => {
                    let priority = self.around.priorities[&template];
                    let nominee = Nominee { pod: PodId(pod), template, spread: SpreadId::NONE, priority, node };
                    self.nominations.set(nominee);
                }
                Err(other) => return Err(format!("pod {pod} waits, and now: {other:?}")),
            }
        }
        Ok(())
    }

    fn message(&self, rejection: &Rejection) -> String {
        rejection.message(&self.names, self.templates.get(rejection.template)).to_owned()
    }

    fn preempt(&mut self, step: &Step, template: TemplateId) -> Result<(), String> {
        let rejection = match self.find(step.pod, template) {
            Ok(node) => return Err(format!("ours is node {}", node.0)),
            Err(rejection) => rejection,
        };
        let message = self.message(&rejection);
        let Preemption::Nominated(node, victims) = &rejection.preemption else {
            return Err(format!("ours is {message}"));
        };
        if message != step.message {
            return Err(format!("our message is {message}"));
        }
        let mut victims: Vec<u32> = victims.iter().map(|pod| pod.0).collect();
        victims.sort_unstable();
        if (node.0, &victims) != (step.node, &step.victims) {
            return Err(format!("ours is node {} and pods {victims:?}", node.0));
        }
        let priority = self.around.priorities[&template];
        for other in self.nominations.below(NodeId(step.node), priority) {
            self.nominations.clear(other);
        }
        let (pod, node) = (PodId(step.pod), NodeId(step.node));
        self.nominations.set(Nominee { pod, template, spread: SpreadId::NONE, priority, node });
        self.waiting.insert(step.pod, template);
        step.victims.iter().for_each(|victim| self.terminate(*victim, true));
        Ok(())
    }
}
