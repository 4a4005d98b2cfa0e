//! Which pods are put out for one of a higher priority, and on which node: DefaultPreemption (k8s.io/kubernetes v1.36.3,
//! pkg/scheduler/framework/plugins/defaultpreemption/default_preemption.go and pkg/scheduler/framework/preemption).
//!
//! kube-scheduler begins at a node that it draws; here that is a parameter of the rules. Among candidates that all of its
//! rules leave equal it takes any; here that is the first.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::rejection::{Preemption, Verdict};
use super::rules::PreemptionTries;
use super::surroundings::{Budget, Tenant};
use super::survey::{Load, Survey};
use crate::cluster::node::NodeId;

/// A node with the pods that must leave it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Candidate {
    pub node: NodeId,
    /// The most important first.
    pub victims: Vec<Tenant>,
    /// How many of them a disruption budget would keep.
    pub violations: u32,
}

impl Survey<'_> {
    /// Looks for pods to put out, after every node was rejected: `Preempt`, preemption.go. `verdicts` are those of the nodes.
    pub fn preempt(
        &mut self,
        tries: PreemptionTries,
        verdicts: &BTreeMap<NodeId, Verdict>,
        waits_for: Option<NodeId>,
    ) -> Preemption {
        if !self.template.preempts {
            return Preemption::Never;
        }
        if let Some(node) = waits_for.filter(|node| verdicts.get(node).is_some_and(|one| !one.is_for_good()))
            && self.nodes.get(node).joined
            && self.lower(node).iter().any(|tenant| tenant.preempted)
        {
            return Preemption::Waits;
        }
        let in_order = self.nodes.order().iter().filter_map(|id| Some((id, *verdicts.get(&id)?)));
        let possible: Vec<NodeId> = in_order.filter(|(_, verdict)| !verdict.is_for_good()).map(|(id, _)| id).collect();
        if possible.is_empty() {
            return Preemption::NoVictims;
        }
        let (candidates, failed) = self.candidates(&possible, tries);
        match pick(&candidates) {
            Some(best) => {
                let victims = best.victims.iter().filter(|one| one.staying).map(|one| one.pod).collect();
                Preemption::Nominated(best.node, victims)
            }
            None => Preemption::Failed(failed),
        }
    }

    /// `DryRunPreemption`: tries nodes until enough will do.
    pub fn candidates(&mut self, possible: &[NodeId], tries: PreemptionTries) -> (Vec<Candidate>, Vec<(Verdict, u32)>) {
        let budgets = self.surroundings.budgets();
        let count = possible.len();
        let enough = (count * tries.percent as usize / 100).max(tries.least as usize).min(count);
        let (mut good, mut violating) = (Vec::new(), Vec::new());
        let mut failed: BTreeMap<Verdict, u32> = BTreeMap::new();
        for at in 0..count {
            let node = possible[(tries.offset as usize + at) % count];
            match self.victims_on(node, &budgets) {
                Ok(candidate) => {
                    let list = if candidate.violations == 0 { &mut good } else { &mut violating };
                    if list.len() < enough {
                        list.push(candidate);
                    }
                    if !good.is_empty() && good.len() + violating.len() >= enough {
                        break;
                    }
                }
                Err(verdict) => *failed.entry(verdict).or_default() += 1,
            }
        }
        good.append(&mut violating);
        (good, failed.into_iter().collect())
    }

    /// Pods of a lower priority on a node.
    fn lower(&self, node: NodeId) -> Vec<Tenant> {
        let mut tenants = self.surroundings.tenants(node);
        tenants.retain(|one| self.templates.get(one.template).priority < self.template.priority);
        tenants
    }

    /// `SelectVictimsOnNode`: the fewest pods whose leaving lets the pod in, those that budgets protect kept first.
    fn victims_on(&mut self, node: NodeId, budgets: &[Budget]) -> Result<Candidate, Verdict> {
        let mut possible = self.lower(node);
        if possible.is_empty() {
            return Err(Verdict::NO_VICTIMS);
        }
        let mut load = Load::of(self.nodes.get(node));
        for one in &possible {
            self.leave(&mut load, node, one, false);
        }
        let verdict = self.verdict_under(node, &load);
        if verdict != Verdict::FITS {
            possible.iter().for_each(|one| self.leave(&mut Load::of(self.nodes.get(node)), node, one, true));
            return Err(verdict);
        }
        possible.sort_by_key(|one| self.importance(one));
        let (kept_first, others) = self.by_budget(&possible, budgets);
        let (mut victims, mut violations) = (Vec::new(), 0);
        for (one, protected) in kept_first.iter().map(|one| (one, true)).chain(others.iter().map(|one| (one, false))) {
            self.leave(&mut load, node, one, true);
            if self.verdict_under(node, &load) != Verdict::FITS {
                self.leave(&mut load, node, one, false);
                victims.push(*one);
                violations += u32::from(protected);
            }
        }
        for one in &victims {
            self.leave(&mut load, node, one, true);
        }
        victims.sort_by_key(|one| self.importance(one));
        if victims.is_empty() {
            // kube-scheduler takes this for an error of its own; the filters let the pod in with everyone there.
            return Err(Verdict::NO_VICTIMS);
        }
        Ok(Candidate { node, victims, violations })
    }

    fn leave(&mut self, load: &mut Load, node: NodeId, one: &Tenant, comes_back: bool) {
        load.shift(self.templates.get(one.template), comes_back);
        self.shift(node, one.template, one.spread, if comes_back { 1 } else { -1 });
    }

    /// `MoreImportantPod`, pkg/scheduler/util/utils.go: a higher priority, then an earlier start.
    fn importance(&self, one: &Tenant) -> (Reverse<i32>, i64) {
        (Reverse(self.templates.get(one.template).priority), one.started_second)
    }

    /// `filterPodsWithPDBViolation`: pods that budgets would keep, and the others. The source leaves out pods that were evicted
    /// and not deleted yet (`disruptedPods`); an eviction deletes at once here.
    fn by_budget(&self, pods: &[Tenant], budgets: &[Budget]) -> (Vec<Tenant>, Vec<Tenant>) {
        let mut allowed: Vec<i64> = budgets.iter().map(|one| one.allowed.into()).collect();
        pods.iter().partition(|one| {
            let company = &self.templates.get(one.template).company;
            let mut violates = false;
            for (budget, allowed) in budgets.iter().zip(&mut allowed) {
                let protects = budget.namespace == company.namespace
                    && !company.labels.is_empty()
                    && !budget.selector.is_empty()
                    && budget.selector.matches(&company.labels);
                if protects {
                    *allowed -= 1;
                    violates |= *allowed < 0;
                }
            }
            violates
        })
    }
}

/// `pickOneNodeForPreemption`: the fewest violations of budgets, the least important of the most important victims, the
/// smallest sum of priorities, the fewest victims, the latest start of the earliest of the most important, the first.
fn pick(candidates: &[Candidate]) -> Option<&Candidate> {
    let mut left: Vec<&Candidate> = candidates.iter().collect();
    for rank in RANKS {
        let best = left.iter().map(|one| rank(one)).max()?;
        left.retain(|one| rank(one) == best);
    }
    left.first().copied()
}

/// What is asked of candidates, one after the other; more is better.
const RANKS: [fn(&Candidate) -> i64; 5] = [
    |one| -i64::from(one.violations),
    |one| -i64::from(one.victims[0].priority),
    |one| -one.victims.iter().map(|victim| i64::from(victim.priority) + (1 << 31)).sum::<i64>(),
    |one| -(one.victims.len() as i64),
    |one| {
        let most = one.victims.iter().map(|victim| victim.priority).max();
        let important = one.victims.iter().filter(|victim| Some(victim.priority) == most);
        important.map(|victim| victim.started_second).min().unwrap_or(i64::MIN)
    },
];
