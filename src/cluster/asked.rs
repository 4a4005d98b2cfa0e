//! What is asked for and is not there: the workloads that have fewer pods than they want, and which of their pods are on their
//! way. What stands behind a Service by what is asked, whatever is there. For those who judge a run; no controller reads it.

use std::collections::BTreeSet;

use super::apply::ObjectId;
use super::kubelet::ContainerState;
use super::pod::Owner;
use super::{Cluster, ContainerId, PodId, PodSetId, Subject};
use crate::timeline::Kind;
use crate::workload::apps::{DaemonSetStrategy, StatefulSetStrategy};
use crate::workload::asked::{Short, Unready};
use crate::workload::rollout::RolloutStrategy;
use crate::workload::{Object, PodPhase};

/// A container that was restarted so often crashes again and again; what it does next is no progress.
const CRASHES: u32 = 3;

impl Cluster {
    /// Everything that has fewer pods than are asked for, workloads by kind and in the order in which they were made.
    pub(super) fn short_of_pods(&self) -> Vec<Short> {
        let mut short = Vec::new();
        self.short_deployments(&mut short);
        self.short_replicasets(&mut short);
        self.short_statefulsets(&mut short);
        self.short_daemonsets(&mut short);
        self.short_jobs(&mut short);
        self.short_alone(&mut short);
        self.short_deployments_of_systems(&mut short);
        short
    }

    /// Deployments whose system makes their pods one by one and has told how many it wants.
    fn short_deployments_of_systems(&self, short: &mut Vec<Short>) {
        for (&subject, &wanted) in &self.wanted {
            let sets = self.sets_of(subject).unwrap_or_default();
            let asked = || sets.iter().copied().filter(|set| !self.set(*set).unwanted);
            let there: u32 = asked().map(|set| self.set(set).available).sum();
            if there < wanted {
                let empty = asked().map(|id| self.set(id)).filter(|set| set.active.is_empty());
                let gone = empty.map(|set| set.workload).filter(|one| one.kind == Kind::Pod).collect();
                short.push(Short { gone, ..Short::new(subject, wanted, there, self.unready(asked())) });
            }
        }
    }

    fn short_deployments(&self, short: &mut Vec<Short>) {
        for deployment in self.deployments.iter().filter(|one| !one.deleted && one.spec.replicas > 0) {
            let own = || deployment.replicasets.iter().map(|id| self.replicaset(*id)).filter(|one| !one.deleted);
            let newest = own().find(|one| one.template == deployment.spec.template);
            let there = newest.map_or(0, |one| self.set(one.set).available);
            if there < deployment.spec.replicas {
                let pods = newest.map(|one| self.unready([one.set])).unwrap_or_default();
                short.push(Short {
                    parts: own().map(|one| one.key).collect(),
                    paused: deployment.spec.paused,
                    ..Short::new(deployment.key, deployment.spec.replicas, there, pods)
                });
            }
        }
    }

    /// Those that no Deployment owns.
    fn short_replicasets(&self, short: &mut Vec<Short>) {
        for one in self.replicasets.iter().filter(|one| !one.deleted && one.deployment.is_none() && one.replicas > 0) {
            let there = self.set(one.set).available;
            if there < one.replicas {
                let (subject, pods) = (one.owner.unwrap_or(one.key), self.unready([one.set]));
                short.push(Short { parts: vec![one.key], ..Short::new(subject, one.replicas, there, pods) });
            }
        }
    }

    fn short_statefulsets(&self, short: &mut Vec<Short>) {
        for one in self.statefulsets.iter().filter(|one| !one.deleted && one.spec.replicas > 0) {
            let all = || one.revisions.iter().map(|revision| revision.set);
            let keeps_old = match one.spec.strategy {
                StatefulSetStrategy::OnDelete => true,
                StatefulSetStrategy::RollingUpdate { partition, .. } => partition > 0,
            };
            let counted = all().filter(|set| keeps_old || one.update == Some(*set));
            let there: u32 = counted.map(|set| self.set(set).available).sum();
            if there < one.spec.replicas {
                short.push(Short::new(one.key, one.spec.replicas, there, self.unready(all())));
            }
        }
    }

    /// A DaemonSet wants a pod on nodes that are down as well; those that no kubelet answers for are not counted.
    fn short_daemonsets(&self, short: &mut Vec<Short>) {
        for one in self.daemonsets.iter().filter(|one| !one.deleted) {
            let all = || one.templates_sets();
            let keeps_old = one.spec.strategy == DaemonSetStrategy::OnDelete;
            let counted = all().filter(|set| keeps_old || one.newest_set() == Some(*set));
            let there: u32 = counted.map(|set| self.set(set).available).sum();
            let is_lost = |id: &PodId| {
                let pod = self.pod(*id);
                !pod.available && pod.node.is_some_and(|node| !self.kubelet(node).in_touch())
            };
            let lost = all().flat_map(|set| self.pods_in(set)).filter(is_lost).count() as u32;
            let wanted = one.status.desired.saturating_sub(lost);
            if there < wanted {
                let mut pods = self.unready(all());
                pods.retain(|one| self.find_pod(one.pod).is_none_or(|id| !is_lost(&id)));
                short.push(Short::new(one.key, wanted, there, pods));
            }
        }
    }

    fn short_jobs(&self, short: &mut Vec<Short>) {
        let goes_on = |one: &&super::job::Job| !one.deleted && !one.status.complete && !one.status.gave_up;
        for one in self.jobs.iter().filter(goes_on) {
            let set = self.set(one.set);
            let wanted = one.spec.completions.unwrap_or(1);
            let runs = set.running > 0;
            let there = set.succeeded.min(wanted.saturating_sub(1));
            short.push(Short {
                paused: one.spec.suspended,
                comes: runs || (set.active.is_empty() && one.due.is_some()),
                ..Short::new(one.key, wanted, there, self.unready([one.set]))
            });
        }
    }

    /// Pods that nobody in the cluster owns: each by itself, as long as who made it asks for it. Whoever made it is told by what led to it.
    fn short_alone(&self, short: &mut Vec<Short>) {
        for (index, set) in self.sets.iter().enumerate() {
            let Owner::Alone(_) = set.owner else { continue };
            let is_told = set.source.serves.is_some_and(|serves| self.wanted.contains_key(&serves));
            if set.active.is_empty() || set.available > 0 || set.unwanted || is_told {
                continue;
            }
            let pods = self.unready([PodSetId(index as u32)]);
            // A pod that runs to its end is on its way for as long as it runs.
            let comes = set.source.restart_policy != crate::workload::RestartPolicy::Always && set.running > 0;
            let parts = set.source.serves.into_iter().collect();
            short.push(Short { parts, comes, ..Short::new(set.workload, 1, 0, pods) });
        }
    }

    /// Pods of these sets that are not available, those on their way out among them, in the order in which they were made.
    fn unready(&self, sets: impl IntoIterator<Item = PodSetId>) -> Vec<Unready> {
        let waits = |id: &PodId| {
            let pod = self.pod(*id);
            !pod.available && !matches!(pod.phase, PodPhase::Succeeded | PodPhase::Failed) && !self.is_off(*id)
        };
        let pods = sets.into_iter().flat_map(|set| self.pods_in(set)).filter(waits);
        let tell = |id: PodId| {
            let pod = self.pod(id);
            Unready { pod: self.pod_subject(id), last: pod.last, comes: self.comes(id), leaves: pod.terminating }
        };
        pods.map(tell).collect()
    }

    /// True if something is planned that brings a pod on, or ends it.
    fn comes(&self, id: PodId) -> bool {
        let pod = self.pod(id);
        let Some(node) = pod.node else { return self.nodes_come() };
        if !self.kubelet(node).in_touch() {
            return false;
        }
        // Its grace period ends; a pod that is ready becomes available.
        if pod.terminating || pod.ready {
            return true;
        }
        let (containers, _) = self.containers_of(id);
        let starts = |container: ContainerId| {
            let one = self.container(container);
            match one.state {
                ContainerState::Pulling | ContainerState::Stopping => true,
                ContainerState::Running => {
                    !one.serving && pod.restarts < CRASHES && !self.awaiting.contains_key(&container)
                }
                _ => false,
            }
        };
        containers.map(ContainerId).any(starts)
    }

    /// True if nodes have been ordered that are not there yet.
    fn nodes_come(&self) -> bool {
        let of_pools = self.pools.iter().any(|pool| {
            let status = pool.status;
            !pool.deleted && !status.failed && status.ready < status.desired
        });
        of_pools || self.late_nodes.iter().any(Option::is_some)
    }

    /// How many pods are asked for behind a name or by a workload; `None` if nothing of the name is there, or if it is a name for
    /// those who look at what does not serve yet.
    pub(super) fn pods_asked(&self, subject: Subject) -> Option<u32> {
        if let Some(told) = self.wanted.get(&subject) {
            return Some(*told);
        }
        if subject.kind == Kind::Service {
            if !self.objects.contains_key(&subject) || self.is_preview(subject) {
                return None;
            }
            let Some(ObjectId::Service(service)) = self.objects.get(&subject) else { return None };
            return Some(self.asked_by(&self.sets_of_service(*service)));
        }
        let sets = self.sets_by_subject.get(&subject)?;
        Some(self.asked_by(sets))
    }

    /// How many pods the owners of these sets ask for together.
    fn asked_by(&self, sets: &[PodSetId]) -> u32 {
        let mut asked = 0u32;
        let mut seen = BTreeSet::new();
        for id in sets {
            let owner = self.set(*id).owner;
            let (who, count) = match owner {
                Owner::ReplicaSet(id) => {
                    let one = self.replicaset(id);
                    match (one.deployment, one.owner) {
                        (Some(deployment), _) => {
                            let deployment = self.deployment(deployment);
                            (deployment.key, if deployment.deleted { 0 } else { deployment.spec.replicas })
                        }
                        (None, Some(owner)) => (owner, self.custom_replicas(owner)),
                        (None, None) => (one.key, if one.deleted { 0 } else { one.replicas }),
                    }
                }
                Owner::StatefulSet(id) => {
                    let one = self.statefulset(id);
                    (one.key, if one.deleted { 0 } else { one.spec.replicas })
                }
                Owner::DaemonSet(id) => {
                    let one = self.daemonset(id);
                    (one.key, if one.deleted { 0 } else { one.status.desired })
                }
                Owner::Job(id) => {
                    let one = self.job(id);
                    let ended = one.deleted || one.status.complete || one.status.gave_up || one.spec.suspended;
                    (one.key, if ended { 0 } else { one.spec.parallelism })
                }
                Owner::Alone(set) => {
                    let workload = self.set(set).workload;
                    (workload, self.set(set).active.len() as u32)
                }
            };
            if seen.insert(who) {
                asked = asked.saturating_add(count);
            }
        }
        asked
    }

    fn custom_replicas(&self, key: Subject) -> u32 {
        match self.custom.get(&key).map(|custom| &custom.object) {
            Some(Object::Rollout(spec)) => spec.replicas,
            Some(_) => 1,
            None => 0,
        }
    }

    /// True for a Service that a Rollout points at pods which do not serve yet.
    fn is_preview(&self, service: Subject) -> bool {
        let name = self.names.show(service.name);
        self.custom.iter().any(|(key, custom)| {
            let Object::Rollout(spec) = &custom.object else { return false };
            let preview = match &spec.strategy {
                RolloutStrategy::BlueGreen(blue_green) => blue_green.preview_service.as_ref(),
                RolloutStrategy::Canary(canary) => canary.canary_service.as_ref(),
            };
            key.namespace == service.namespace && preview == Some(&name)
        })
    }
}
