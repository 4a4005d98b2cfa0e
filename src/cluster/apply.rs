//! Objects as they come in through the API: created, changed, deleted, read.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::behaviour::Candidate;
use super::deployment::Deployment;
use super::pod::{Owner, PodSet};
use super::service::Service;
use super::{
    Arg, Cause, Cluster, CronJobId, DaemonSetId, DeploymentId, JobId, PodSetId, ReplicaSetId, ServiceId, SpreadId,
    StatefulSetId, Subject, Why,
};
use crate::kernel::Time;
use crate::timeline::Kind;
use crate::workload::{DeploymentSpec, DeploymentStatus, Object, PodTemplate, ServiceSpec, ServiceStatus};

/// Where an object lives in its table.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ObjectId {
    /// A Deployment.
    Deployment(DeploymentId),
    /// A StatefulSet.
    StatefulSet(StatefulSetId),
    /// A DaemonSet.
    DaemonSet(DaemonSetId),
    /// A Job.
    Job(JobId),
    /// A CronJob.
    CronJob(CronJobId),
    /// A Service.
    Service(ServiceId),
    /// A pool of nodes.
    NodePool(super::PoolId),
    /// A PriorityClass; it is known by its name.
    PriorityClass,
    /// A ReplicaSet that no Deployment owns.
    ReplicaSet(ReplicaSetId),
    /// A pod that stands alone, by its set.
    Pod(PodSetId),
    /// A PodDisruptionBudget.
    Budget(super::BudgetId),
    /// A ResourceQuota.
    Quota(super::QuotaId),
    /// A HorizontalPodAutoscaler.
    Autoscaler(super::AutoscalerId),
    /// A PersistentVolumeClaim.
    Claim(super::ClaimId),
    /// A PersistentVolume.
    Volume(super::VolumeId),
    /// A StorageClass.
    StorageClass,
    /// A custom resource.
    Custom,
    /// A LeaderWorkerSet; it is known by its name.
    GroupSet,
    /// A group of pods; it is known by its name.
    PodGroup,
    /// A topology; it is known by its name.
    Topology,
    /// A ConfigMap, a Secret or a Namespace: that it is there is all that counts.
    Present,
}

impl Cluster {
    /// Creates an object, or makes its spec this one. An error is the API's refusal.
    pub(super) fn apply(&mut self, key: Subject, object: Object, cause: Cause) -> Result<(), String> {
        let known = self.objects.get(&key).copied();
        if known.is_none() {
            self.admit_to_namespace(key)?;
            self.admit_object(key, &object)?;
        }
        match (object, known) {
            (Object::Deployment(spec), Some(ObjectId::Deployment(id))) => self.change_deployment(id, spec, cause),
            (Object::Deployment(spec), None) => self.create_deployment(key, spec, cause),
            (Object::Job(spec), None) => self.create_job(key, spec, cause),
            (Object::Job(spec), Some(ObjectId::Job(id))) => self.change_job(id, spec, cause)?,
            (Object::Service(spec), Some(ObjectId::Service(id))) => self.change_service(id, spec, cause),
            (Object::Service(spec), None) => self.create_service(key, spec, cause),
            (Object::Pod(template), Some(ObjectId::Pod(set))) => self.change_pod(set, &template)?,
            (Object::Pod(template), None) => self.create_lone_pod(key, &template, cause)?,
            (Object::ReplicaSet(spec), Some(ObjectId::ReplicaSet(id))) => self.change_replicaset(id, spec, cause)?,
            (Object::ReplicaSet(spec), None) => self.create_lone_replicaset(key, spec, cause),
            (Object::StatefulSet(spec), Some(ObjectId::StatefulSet(id))) => self.change_statefulset(id, spec, cause),
            (Object::StatefulSet(spec), None) => self.create_statefulset(key, spec, cause),
            (Object::DaemonSet(spec), Some(ObjectId::DaemonSet(id))) => self.change_daemonset(id, spec, cause),
            (Object::DaemonSet(spec), None) => self.create_daemonset(key, spec, cause),
            (Object::PodDisruptionBudget(spec), Some(ObjectId::Budget(id))) => self.change_budget(id, spec, cause),
            (Object::ResourceQuota(spec), Some(ObjectId::Quota(id))) => self.change_quota(id, spec, cause),
            (Object::HorizontalPodAutoscaler(spec), Some(ObjectId::Autoscaler(id))) => {
                self.change_autoscaler(id, *spec, cause);
            }
            (Object::HorizontalPodAutoscaler(spec), None) => self.create_autoscaler(key, *spec, cause),
            (Object::PersistentVolumeClaim(spec), None) => self.create_claim(key, spec, cause),
            (Object::PersistentVolume(spec), None) => {
                self.create_volume(key, spec, cause);
            }
            // Size and access of claims and volumes that are there are not changed here.
            (Object::PersistentVolumeClaim(_), Some(ObjectId::Claim(_))) => {}
            (Object::PersistentVolume(_), Some(ObjectId::Volume(_))) => {}
            (Object::StorageClass(spec), None | Some(ObjectId::StorageClass)) => self.apply_class(key, spec, cause),
            (Object::ResourceQuota(spec), None) => self.create_quota(key, spec, cause),
            (Object::ConfigMap(()) | Object::Secret(()) | Object::Namespace(()), Some(ObjectId::Present)) => {}
            (
                object @ (Object::Rollout(_)
                | Object::AnalysisTemplate(_)
                | Object::ClusterAnalysisTemplate(_)
                | Object::AnalysisRun(_)),
                None | Some(ObjectId::Custom),
            ) => self.apply_custom(key, object, cause),
            (Object::LeaderWorkerSet(spec), None | Some(ObjectId::GroupSet)) => self.apply_group_set(key, spec, cause),
            (Object::PodGroup(spec), None | Some(ObjectId::PodGroup)) => self.apply_pod_group(key, *spec, cause),
            (Object::Topology(spec), None | Some(ObjectId::Topology)) => self.apply_topology(key, spec, cause),
            (Object::ConfigMap(()) | Object::Secret(()) | Object::Namespace(()), None) => {
                self.create_present(key, cause)
            }
            (Object::PodDisruptionBudget(spec), None) => self.create_budget(key, spec, cause),
            (Object::CronJob(spec), Some(ObjectId::CronJob(id))) => self.change_cronjob(id, spec, cause)?,
            (Object::CronJob(spec), None) => self.create_cronjob(key, spec, cause)?,
            (Object::NodePool(spec), None) => self.create_pool(key, spec, cause)?,
            (Object::NodePool(_), Some(_)) => return Err("a pool of nodes cannot be changed".to_owned()),
            (Object::PriorityClass(spec), None | Some(ObjectId::PriorityClass)) => {
                self.apply_priority_class(key, spec, cause)?;
            }
            (object, Some(_)) => {
                return Err(format!("there is another object of this name, not a {:?}", object.kind()));
            }
        }
        Ok(())
    }

    fn create_present(&mut self, key: Subject, cause: Cause) {
        let entry = self.note(key, "Created", Why::NONE, cause);
        self.objects.insert(key, ObjectId::Present);
        self.mountable(key);
        self.environment_comes(key);
        self.touch_object(key, Cause::Entry(entry));
    }

    /// Deletes an object; `false` if there is none of this name.
    pub(super) fn delete(&mut self, key: Subject, cause: Cause) -> bool {
        let known = self.objects.remove(&key);
        if known.is_some() {
            self.object_discharged(key);
        }
        match known {
            None => return self.delete_owned(key, cause),
            Some(ObjectId::ReplicaSet(id)) => self.delete_replicaset(id, cause),
            Some(ObjectId::Pod(set)) => self.delete_lone_pod(set, cause),
            Some(ObjectId::Deployment(id)) => self.delete_deployment(id, cause),
            Some(ObjectId::StatefulSet(id)) => self.delete_statefulset(id, cause),
            Some(ObjectId::DaemonSet(id)) => self.delete_daemonset(id, cause),
            Some(ObjectId::CronJob(id)) => self.delete_cronjob(id, cause),
            Some(ObjectId::Job(id)) => self.delete_job(id, cause),
            Some(ObjectId::Service(id)) => self.delete_service(id, cause),
            Some(ObjectId::NodePool(id)) => self.delete_pool(id, cause),
            Some(ObjectId::PriorityClass) => self.delete_priority_class(key, cause),
            Some(ObjectId::Budget(id)) => self.delete_budget(id, cause),
            Some(ObjectId::Quota(id)) => self.delete_quota(id, cause),
            Some(ObjectId::Claim(id)) => self.delete_claim(id, cause),
            Some(ObjectId::Volume(id)) => self.delete_volume(id, cause),
            Some(ObjectId::StorageClass) => self.delete_class(key, cause),
            Some(ObjectId::Autoscaler(id)) => self.delete_autoscaler(id, cause),
            Some(ObjectId::Custom) => self.delete_custom(key, cause),
            Some(ObjectId::PodGroup) => self.delete_pod_group(key, cause),
            Some(ObjectId::Topology) => self.delete_topology(key, cause),
            Some(ObjectId::GroupSet) => {
                self.group_sets.remove(&key);
                self.journal_object(key);
                self.touch_object(key, cause);
            }
            Some(ObjectId::Present) if key.kind == Kind::Namespace => self.delete_namespace(key, cause),
            Some(ObjectId::Present) => {
                let entry = self.note(key, "Deleted", Why::NONE, cause);
                self.touch_object(key, Cause::Entry(entry));
            }
        }
        true
    }

    fn create_deployment(&mut self, key: Subject, spec: DeploymentSpec, cause: Cause) {
        let id = DeploymentId(self.deployments.len() as u32);
        let replicas = Arg::Count(spec.replicas.into());
        let last = self.note(key, "Created", Why::with("replicas: {}", replicas), cause);
        self.deployments.push(Deployment {
            key,
            spec,
            generation: 1,
            revision: 0,
            replicasets: Vec::new(),
            status: DeploymentStatus::default(),
            noted_revision: 0,
            queued: false,
            busy_until: Time::ZERO,
            deleted: false,
            last,
        });
        self.objects.insert(key, ObjectId::Deployment(id));
        self.journal_object(key);
        self.queue_deployment(id);
    }

    pub(super) fn change_deployment(&mut self, id: DeploymentId, spec: DeploymentSpec, cause: Cause) {
        let deployment = self.deployment(id);
        if deployment.spec == spec {
            return;
        }
        let key = deployment.key;
        let why = match (deployment.spec.template == spec.template, deployment.spec.replicas == spec.replicas) {
            (true, false) => Why::with2(
                "replicas {} to {}",
                Arg::Count(deployment.spec.replicas.into()),
                Arg::Count(spec.replicas.into()),
            ),
            (false, _) => Why::text("a new template"),
            (true, true) => match (deployment.spec.paused, spec.paused) {
                (false, true) => Why::text("paused"),
                (true, false) => Why::text("resumed"),
                _ => Why::NONE,
            },
        };
        let last = self.note(key, "Changed", why, cause);
        let deployment = self.deployment_mut(id);
        deployment.spec = spec;
        deployment.generation += 1;
        deployment.last = last;
        self.queue_deployment(id);
    }

    /// The name of a Deployment's next ReplicaSet.
    pub(super) fn next_replicaset(&mut self, deployment: DeploymentId) -> Subject {
        let (revision, owner) = (self.next_revision(deployment, None), self.deployment(deployment).key);
        let name = format!("{}-r{revision}", self.names.show(owner.name));
        Subject { kind: Kind::ReplicaSet, name: self.names.name(&name), ..owner }
    }

    /// Makes the ReplicaSet of a Deployment's template; it has no size yet.
    pub(super) fn make_replicaset(&mut self, deployment: DeploymentId) -> ReplicaSetId {
        let id = ReplicaSetId(self.replicasets.len() as u32);
        let next = self.next_revision(deployment, None);
        let owner = self.deployment_mut(deployment);
        owner.revision = next;
        owner.replicasets.push(id);
        let (revision, template, owner_key) = (owner.revision, Arc::clone(&owner.spec.template), owner.key);
        let last = owner.last;
        let name = format!("{}-r{revision}", self.names.show(owner_key.name));
        let base = self.names.intern(&name);
        let key = Subject { kind: Kind::ReplicaSet, name: self.names.name(&name), ..owner_key };
        // One that was deleted by hand may have had this name: the names of its pods are not given again.
        let before = self.sets_by_subject.get(&key).and_then(|sets| sets.last()).copied();
        let set = self.make_set(base, key, owner_key, Owner::ReplicaSet(id), deployment.0, &template);
        if let Some(before) = before {
            self.set_mut(set).next_ordinal = self.set(before).next_ordinal;
        }
        self.push_replicaset(key, set, Some(deployment), template, revision, last);
        id
    }

    fn create_service(&mut self, key: Subject, spec: ServiceSpec, cause: Cause) {
        let id = ServiceId(self.services.len() as u32);
        let last = self.note(key, "Created", ServiceSpec::leads(spec.port, spec.target_port), cause);
        let status = ServiceStatus::default();
        let patched = BTreeMap::new();
        self.services.push(Service { key, spec, patched, status, deleted: false, last });
        self.objects.insert(key, ObjectId::Service(id));
        self.select_pods(id);
        self.touch_object(key, Cause::Entry(last));
    }

    fn change_service(&mut self, id: ServiceId, spec: ServiceSpec, cause: Cause) {
        let service = &mut self.services[id.0 as usize];
        if service.spec == spec {
            return;
        }
        service.spec = spec;
        let key = service.key;
        let last = self.note(key, "Changed", Why::NONE, cause);
        let service = &mut self.services[id.0 as usize];
        service.last = last;
        let before = service.status.ready_endpoints;
        self.select_pods_anew(id);
        let cause = self.tell_endpoints(id, before, Cause::Entry(last));
        self.touch_object(key, cause);
    }

    /// Makes the set of pods of a ReplicaSet or Job.
    pub(super) fn make_set(
        &mut self,
        base: super::Symbol,
        key: Subject,
        workload: Subject,
        owner: Owner,
        family: u32,
        source: &Arc<PodTemplate>,
    ) -> PodSetId {
        let id = PodSetId(self.sets.len() as u32);
        let workload_name = self.behaviour_name(workload);
        let serves = source.serves.map(|subject| self.names.show(subject.name));
        let containers = || source.init_containers.iter().chain(&source.containers);
        let row = |image: &str| {
            let candidate =
                Candidate { deployment: serves.as_deref(), workload: &workload_name, kind: workload.kind, image };
            let matching = self.rows.iter().position(|row| row.applies_to.matches(&candidate));
            matching.expect("the last row is the default and matches everything") as u32
        };
        let behaviour: Vec<u32> = containers().map(|one| row(&one.image)).collect();
        let images = containers().map(|one| self.names.intern(&one.image)).collect();
        let services = self.services_for(key.namespace, &source.labels);
        let namespace = self.names.text(key.namespace).to_owned();
        let template = self.templates.intern_in(&mut self.names, source, &namespace);
        let spread = match owner {
            Owner::ReplicaSet(_) | Owner::StatefulSet(_) => SpreadId(id.0),
            Owner::DaemonSet(_) | Owner::Job(_) | Owner::Alone(_) => SpreadId::NONE,
        };
        self.rows_met.extend(&behaviour);
        let delayed = behaviour[source.init_containers.len()..].iter().any(|row| self.rows[*row as usize].registers);
        self.sets.push(PodSet {
            base,
            family,
            namespace: key.namespace,
            owner,
            workload,
            source: Arc::clone(source),
            template,
            spread,
            behaviour,
            images,
            init_count: source.init_containers.len(),
            services,
            next_ordinal: 0,
            active: Vec::new(),
            all: Vec::new(),
            gone: 0,
            ranks: None,
            addressed: 0,
            running: 0,
            ready: 0,
            available: 0,
            serving: 0,
            registers: delayed || source.registration.is_some(),
            registered: 0,
            terminating: 0,
            succeeded: 0,
            failed: 0,
            restarts: 0,
            gpus: 0,
            unwanted: false,
        });
        self.labelled.add_set(id, key.namespace, &source.labels);
        // A pod that stands alone is found by its whole name.
        if !matches!(owner, Owner::Alone(_)) {
            self.sets_by_base.entry((key.namespace, base)).or_default().push(id);
        }
        self.sets_by_subject.entry(workload).or_default().push(id);
        self.budgets_for_set(id);
        if key != workload {
            self.sets_by_subject.entry(key).or_default().push(id);
        }
        if let Some(serves) = source.serves {
            self.sets_by_subject.entry(serves).or_default().push(id);
        }
        id
    }
}
