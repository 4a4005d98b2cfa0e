//! Groups that are put out for one of a higher priority: the least important first, a pod beyond the minimum by itself, the minimum
//! as a whole; and who of them may stay after all.
//! Source: kai-scheduler/KAI-Scheduler v0.17, pkg/scheduler/actions/preempt/preempt.go, api/podgroup_info/eviction_info.go and
//! actions/common/solvers. The source also moves victims to other nodes; here they are made again by their owners.

use std::cmp::Reverse;

use super::super::node::NodeId;
use super::super::template::TemplateId;
use super::super::{Arg, Cluster, PodId, Subject, Why};
use super::cycle::{Rank, Session};
use super::place::{Attempt, template_of};
use super::tree::{ROOT, Tree};
use crate::workload::PodGroupSpec;

/// Pods that go together.
type Step = Vec<(PodId, TemplateId, NodeId)>;

/// Makes room for a group that found none. `true`: others go, and it keeps their places until they have left.
pub fn run(session: &mut Session<'_>, rank: Rank) -> bool {
    let (Reverse(priority), _, _, key) = rank;
    let steps = victims(session, key, priority);
    if steps.is_empty() {
        return false;
    }
    let Some((tree, tallies)) = session.groups.get(&key) else { return false };
    let pods = tree.next(tallies, ROOT);
    let mark = session.ledger.mark();
    for (at, step) in steps.iter().enumerate() {
        for (pod, template, node) in step {
            session.ledger.put_out(*pod, *template, *node);
        }
        let attempt = Attempt { scheduler: session.profile.scheduler, key, tree, tallies, pods: &pods };
        if attempt.run(session.cluster, &mut session.ledger).is_ok() {
            // Who was put out last is the most important: it stays if its places are not needed.
            for step in steps[..=at].iter().rev() {
                if !session.ledger.keep(step) {
                    session.decisions.evict.extend(step.iter().map(|(pod, ..)| (*pod, key)));
                }
            }
            return true;
        }
    }
    session.ledger.roll_back(mark);
    false
}

/// What may be put out for a group, step by step.
fn victims(session: &Session<'_>, key: Subject, priority: i32) -> Vec<Step> {
    let (cluster, profile) = (session.cluster, session.profile);
    let queue = queue_of(cluster, key);
    let may_go = |other: &Subject| {
        let gang = &cluster.gangs.groups[other];
        let own = cluster.priority_of_gang(*other, profile);
        let asked = gang.spec.as_ref().and_then(|spec| spec.preemptible);
        *other != key
            && gang.scheduler == profile.scheduler
            && own < priority
            && asked.unwrap_or(own < profile.preemptible_below)
            && queue_of(cluster, *other) == queue
            && gang.pods.iter().any(|pod| cluster.pod(*pod).node.is_some() && cluster.pod(*pod).is_active())
            && !session.decisions.evict.iter().any(|(pod, _)| gang.pods.contains(pod))
            && !session.decisions.bind.iter().any(|(pod, _)| gang.pods.contains(pod))
    };
    let mut groups: Vec<Subject> = cluster.gangs.groups.keys().filter(|other| may_go(other)).copied().collect();
    groups.sort_by_key(|other| (cluster.priority_of_gang(*other, profile), Reverse(cluster.gangs.groups[other].order)));
    groups.into_iter().flat_map(|other| steps(cluster, other)).collect()
}

fn queue_of(cluster: &Cluster, key: Subject) -> &str {
    cluster.gangs.groups[&key].spec.as_ref().map_or("", |spec: &PodGroupSpec| spec.queue.as_str())
}

/// The pods of a group: those beyond the minimum one by one, the youngest first, then the rest at once (`GetTasksToEvict`).
fn steps(cluster: &Cluster, key: Subject) -> Vec<Step> {
    let gang = &cluster.gangs.groups[&key];
    let tree = Tree::of(gang.spec.as_ref());
    let (mut single, mut rest) = (Vec::new(), Step::new());
    for leaf in tree.leaves_below(ROOT) {
        let of_leaf = |id: &&PodId| {
            let source = &cluster.set(cluster.pod(**id).set).source;
            let subgroup = source.gang.as_ref().map_or("", |member| member.subgroup.as_str());
            tree.leaf(subgroup) == Some(leaf) && cluster.pod(**id).is_active()
        };
        let placed = gang
            .pods
            .iter()
            .filter(of_leaf)
            .filter_map(|id| cluster.pod(*id).node.map(|node| (*id, template_of(cluster, *id), node)));
        let mut placed: Step = placed.collect();
        let min = tree.0[leaf].min as usize;
        while placed.len() > min {
            single.extend(placed.pop().map(|pod| vec![pod]));
        }
        rest.extend(placed);
    }
    single.push(rest);
    single.retain(|step| !step.is_empty());
    single
}

impl Cluster {
    /// Pods go for a group that keeps their places.
    pub(super) fn put_out(&mut self, victims: Vec<(PodId, Subject)>) {
        let mut told: Vec<Subject> = Vec::new();
        // A group that keeps its minimum only loses pods.
        let falls = |key: &Subject| {
            let placed = self.gangs.groups[key].pods.iter().filter(|pod| self.pod(**pod).node.is_some());
            let mut staying =
                placed.filter(|pod| self.pod(**pod).is_active() && !victims.iter().any(|one| one.0 == **pod));
            staying.next().is_none()
        };
        let fallen: Vec<Subject> = victims
            .iter()
            .filter_map(|(pod, _)| self.gangs.members.get(pod))
            .filter(|key| falls(key))
            .copied()
            .collect();
        for (pod, preemptor) in victims {
            let cause = match self.gangs.groups.get(&preemptor).and_then(|gang| gang.last) {
                Some(last) => super::super::Cause::Entry(last),
                None => self.node_cause_or_pod(preemptor, pod),
            };
            let why = Why::with("preempted by {}", Arg::Subject(preemptor));
            let mut cause = cause;
            if let Some(key) = self.gangs.members.get(&pod).copied()
                && fallen.contains(&key)
                && !told.contains(&key)
            {
                told.push(key);
                cause = self.note_group(key, "Evicted", why, cause);
            } else if let Some(last) = self
                .gangs
                .members
                .get(&pod)
                .filter(|key| told.contains(key))
                .and_then(|key| self.gangs.groups[key].last)
            {
                cause = super::super::Cause::Entry(last);
            }
            self.mark_disrupted(pod);
            self.delete_pod(pod, why, cause);
        }
    }

    /// What led to an eviction for a pod that is a group by itself: the last of that pod.
    fn node_cause_or_pod(&self, preemptor: Subject, victim: PodId) -> super::super::Cause {
        let pod = self.find_pod(preemptor).unwrap_or(victim);
        self.pod_cause(pod)
    }
}
