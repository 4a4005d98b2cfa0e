//! What the API shows of an object, and true figures that no API shows.

use std::borrow::Cow;

use super::apply::ObjectId;
use super::pod::{NO_ORDINAL, Owner};
use super::{Cause, Cluster, PodId, PodSetId, Subject};
use crate::timeline::Kind;
use crate::workload::{Counts, DaemonSetStatus, DeploymentStatus, PodStatus, StatefulSetStatus, Status};

impl Cluster {
    /// The status of an object; `None` if there is none of this name.
    pub(super) fn true_status(&self, key: Subject) -> Option<Status> {
        if key.kind == Kind::Pod {
            return self.find_pod(key).map(|id| Status::Pod(self.pod_status(id)));
        }
        if key.kind == Kind::ReplicaSet && !self.objects.contains_key(&key) {
            return self.owned_replicaset(key).map(|id| Status::ReplicaSet(self.replicaset_status(id)));
        }
        Some(match *self.objects.get(&key)? {
            ObjectId::Deployment(id) => {
                let deployment = self.deployment(id);
                // Until its controller has looked at it, the status is that of the generation before.
                Status::Deployment(DeploymentStatus {
                    generation: deployment.generation,
                    desired: deployment.spec.replicas,
                    ..deployment.status
                })
            }
            ObjectId::ReplicaSet(id) => Status::ReplicaSet(self.replicaset_status(id)),
            ObjectId::Pod(set) => Status::Pod(self.pod_status(self.pods_in(set).next()?)),
            ObjectId::StatefulSet(id) => {
                let statefulset = self.statefulset(id);
                let (generation, desired) = (statefulset.generation, statefulset.spec.replicas);
                Status::StatefulSet(StatefulSetStatus { generation, desired, ..statefulset.status })
            }
            ObjectId::DaemonSet(id) => {
                let daemonset = self.daemonset(id);
                Status::DaemonSet(DaemonSetStatus { generation: daemonset.generation, ..daemonset.status })
            }
            ObjectId::CronJob(id) => Status::CronJob(self.cronjob(id).status),
            ObjectId::Job(id) => Status::Job(self.job(id).status),
            ObjectId::Service(id) => Status::Service(self.services[id.0 as usize].status),
            ObjectId::Autoscaler(id) => Status::HorizontalPodAutoscaler(self.autoscaler_status(id)),
            ObjectId::Claim(id) => Status::PersistentVolumeClaim(self.claim_status(id)),
            ObjectId::Quota(id) => Status::ResourceQuota(self.quota_status(id)),
            ObjectId::Custom => return self.custom_status(key),
            ObjectId::Budget(id) => Status::PodDisruptionBudget(self.budgets.get(id).status),
            ObjectId::NodePool(id) => Status::NodePool(self.pools[id.0 as usize].status),
            ObjectId::GroupSet => Status::LeaderWorkerSet(self.group_sets.get(&key)?.status()),
            ObjectId::PodGroup => Status::PodGroup(self.pod_group_status(key)?),
            ObjectId::PriorityClass
            | ObjectId::Volume(_)
            | ObjectId::StorageClass
            | ObjectId::Topology
            | ObjectId::Present => Status::Present,
        })
    }

    /// What a ReplicaSet shows.
    pub(super) fn replicaset_status(&self, id: super::ReplicaSetId) -> crate::workload::ReplicaSetStatus {
        let replicaset = self.replicaset(id);
        // The wanted number is the spec's, which others read as soon as it is written.
        crate::workload::ReplicaSetStatus { desired: replicaset.replicas, ..replicaset.status }
    }

    /// The status of a pod.
    pub(super) fn pod_status(&self, id: PodId) -> PodStatus {
        let (pod, record) = (self.pod(id), self.pod_record(id));
        PodStatus {
            phase: pod.phase,
            ready: pod.ready,
            registered: self.is_registered(id),
            terminating: pod.terminating,
            gated: self.is_gated(id),
            started: self.main_containers(id).any(|one| one.attempts > 0),
            node: pod.node.map(|node| self.nodes.get(node).name),
            restarts: pod.restarts,
            reason: record.reason,
            startup_failures: record.startup_failures,
            created_at: record.created_at,
            serial: id.0,
        }
    }

    /// The pod of this name that is there, if there is one.
    pub(super) fn find_pod(&self, key: Subject) -> Option<PodId> {
        let ordinal = key.name.ordinal().unwrap_or(NO_ORDINAL);
        let has_name = |id: &PodId| self.pod(*id).ordinal == ordinal && !self.pod(*id).gone;
        let alone = self.sets_by_subject.get(&key).into_iter().flatten();
        let owned = self.sets_by_base.get(&(key.namespace, key.name.base())).into_iter().flatten();
        alone.chain(owned).rev().find_map(|set| {
            let set = self.set(*set);
            if let Owner::ReplicaSet(_) = set.owner {
                // Its numbers grow, so that what is oldest comes first here too.
                let at = set.all.partition_point(|id| self.pod(*id).ordinal < ordinal);
                return set.all.get(at).copied().filter(has_name);
            }
            set.all.iter().copied().find(has_name)
        })
    }

    /// The sets of pods that a subject stands for; those that a Service selects now. `None` if nothing of that name ever was.
    pub(super) fn sets_of(&self, subject: Subject) -> Option<Cow<'_, [PodSetId]>> {
        match self.objects.get(&subject) {
            Some(ObjectId::Service(service)) => {
                let of = self.sets_of_service(*service).into_iter();
                Some(of.filter(|set| self.set(*set).services.contains(service)).collect())
            }
            _ => self.sets_by_subject.get(&subject).map(|sets| Cow::Borrowed(sets.as_slice())),
        }
    }

    /// The pods that a subject stands for, in the order of their creation: a pod itself, those of a workload, those that
    /// serve a system's deployment. Pods that are gone are not among them.
    pub(super) fn pods_of(&self, subject: Subject) -> Vec<PodId> {
        if subject.kind == Kind::Pod {
            return self.find_pod(subject).into_iter().collect();
        }
        let sets = self.sets_of(subject).unwrap_or_default();
        let mut pods: Vec<PodId> = sets.iter().flat_map(|set| self.pods_in(*set)).collect();
        pods.sort_unstable();
        pods
    }

    /// True figures of a subject; `None` if nothing of that name ever was.
    pub(super) fn true_counts(&self, subject: Subject) -> Option<Counts> {
        if subject.kind == Kind::Pod {
            let id = self.find_pod(subject)?;
            let pod = self.pod(id);
            let one = |flag: bool| u32::from(flag);
            return Some(Counts {
                desired: 1,
                pods: one(!pod.terminating && !self.is_off(id)),
                running: one(pod.running),
                ready: one(pod.ready),
                available: one(pod.available),
                serving: one(pod.serving),
                registered: one(self.is_registered(id)),
                restarts: pod.restarts,
                gpus: pod.devices.count_ones().into(),
            });
        }
        let mut counts = Counts::default();
        let told = self.wanted.get(&subject).copied();
        let sets = match self.sets_of(subject) {
            Some(sets) => sets,
            None if told.is_some() => Default::default(),
            None => return None,
        };
        for id in sets.iter() {
            let set = self.set(*id);
            let (pods, gpus) = self.there_of(*id);
            counts.pods += pods;
            counts.running += set.running;
            counts.ready += set.ready;
            counts.available += set.available;
            counts.serving += set.serving;
            counts.registered += if set.registers { set.registered } else { set.ready };
            counts.restarts += set.restarts;
            counts.gpus += gpus;
            let desired = match set.owner {
                Owner::ReplicaSet(id) => self.replicaset(id).replicas,
                Owner::StatefulSet(owner) if self.statefulset(owner).update == Some(*id) => {
                    self.statefulset(owner).spec.replicas
                }
                Owner::StatefulSet(_) => 0,
                Owner::DaemonSet(owner) if self.daemonset(owner).newest_set() == Some(*id) => {
                    self.daemonset(owner).status.desired
                }
                Owner::DaemonSet(_) => 0,
                Owner::Job(id) => self.job(id).spec.parallelism,
                // Nobody makes it again: it is wanted for as long as it is there and has not ended.
                Owner::Alone(_) => set.active.len() as u32,
            };
            let desired = if self.owner_is_gone(*id) { 0 } else { desired };
            counts.desired = counts.desired.saturating_add(desired);
        }
        counts.desired = told.unwrap_or(counts.desired);
        Some(counts)
    }

    /// A pod changed: its owner looks at it, and whoever watches its workload is told.
    pub(super) fn touch_pod(&mut self, id: PodId, cause: Cause) {
        self.record_pod(id);
        let set = self.set(self.pod(id).set);
        let (owner, workload) = (set.owner, set.workload);
        match owner {
            Owner::ReplicaSet(id) => self.replicaset_pod_changed(id),
            Owner::StatefulSet(owner) => self.statefulset_pod_changed(owner, id),
            Owner::DaemonSet(owner) => self.daemonset_pod_changed(owner, id),
            Owner::Job(owner) => self.job_pod_changed(owner, id),
            Owner::Alone(_) => {}
        }
        if self.gangs.in_use() {
            self.gang_pod_changed(id, cause);
        }
        self.journal_pod(id);
        let set = self.pod(id).set;
        self.budgets_touched(set);
        if !self.autoscalers.is_empty() {
            self.autoscaled_touched(workload);
        }
        self.touch_object(workload, cause);
    }
}
