//! Custom resources: the API keeps what they ask for and what their controllers write of them. What is done about them is
//! decided outside, by the controllers of systems. Measurements from outside the cluster are answered here too, as the
//! scenario has them.

use super::apply::ObjectId;
use super::eviction::Refusal;
use super::{Arg, Cause, Cluster, Subject, Why};
use crate::kernel::Time;
use crate::timeline::Kind;
use crate::workload::rollout::SelectorPatch;
use crate::workload::{
    AnalysisPhase, DeploymentSpec, Object, Outcome, ReplicaSetSpec, RolloutStatus, ServiceStatus, Status,
};

/// A custom resource.
#[derive(Clone, Debug)]
pub struct Custom {
    /// What it asks for.
    pub object: Object,
    /// What its controller wrote last.
    pub status: Option<Status>,
}

/// What a provider outside the cluster answers to the measurements of some analyses.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Measurements {
    /// The row of behaviour that says so.
    pub row: u32,
    /// The AnalysisTemplate; `None`: any.
    pub analysis: Option<String>,
    /// The metric; `None`: any.
    pub metric: Option<String>,
    /// What it answers from a time on, in the order of time.
    pub points: Vec<(Time, AnalysisPhase)>,
}

impl Measurements {
    /// What is answered at a time to one measurement, and by which row: the first that fits counts. `None`: none fits, and all goes
    /// well.
    pub fn answer(rows: &[Measurements], template: &str, metric: &str, now: Time) -> Option<(u32, AnalysisPhase)> {
        let fits = |own: &Option<String>, asked: &str| own.as_deref().is_none_or(|own| own == asked);
        let row = rows.iter().find(|row| fits(&row.analysis, template) && fits(&row.metric, metric))?;
        let at = row.points.partition_point(|(from, _)| *from <= now);
        let phase = at.checked_sub(1).map_or(AnalysisPhase::Successful, |at| row.points[at].1);
        Some((row.row, phase))
    }
}

impl Custom {
    /// What it shows. How many pods it wants is the spec's.
    pub fn shown(&self) -> Option<Status> {
        match (self.status, &self.object) {
            (Some(Status::Rollout(status)), Object::Rollout(spec)) => {
                Some(Status::Rollout(RolloutStatus { desired: spec.replicas, ..status }))
            }
            (status, Object::Rollout(_) | Object::AnalysisRun(_)) => status,
            _ => Some(Status::Present),
        }
    }
}

impl Cluster {
    /// What providers outside the cluster answer; the first that fits counts, and where none does all goes well.
    pub fn set_measurements(&mut self, measurements: Vec<Measurements>) {
        self.measurements = measurements.into();
    }

    /// Creates a custom resource or changes what it asks for. Its controller writes down what comes of it.
    pub(super) fn apply_custom(&mut self, key: Subject, object: Object, cause: Cause) {
        let told = matches!(key.kind, Kind::AnalysisTemplate | Kind::ClusterAnalysisTemplate);
        let known = self.custom.get_mut(&key);
        let mut cause = cause;
        match known {
            Some(known) if known.object == object => return,
            Some(known) => {
                known.object = object;
                if told {
                    cause = Cause::Entry(self.note(key, "Changed", Why::NONE, cause));
                }
            }
            None => {
                self.custom.insert(key, Custom { object, status: None });
                self.objects.insert(key, ObjectId::Custom);
                if told {
                    cause = Cause::Entry(self.note(key, "Created", Why::NONE, cause));
                }
            }
        }
        self.touch_object(key, cause);
    }

    /// A custom resource was deleted.
    pub(super) fn delete_custom(&mut self, key: Subject, cause: Cause) {
        self.custom.remove(&key);
        let mut cause = cause;
        if matches!(key.kind, Kind::AnalysisTemplate | Kind::ClusterAnalysisTemplate) {
            cause = Cause::Entry(self.note(key, "Deleted", Why::NONE, cause));
        }
        self.journal_object(key);
        self.touch_object(key, cause);
    }

    /// What a custom resource shows. How many pods it wants is the spec's.
    pub(super) fn custom_status(&self, key: Subject) -> Option<Status> {
        self.custom.get(&key)?.shown()
    }

    /// The controller of a custom resource writes its status.
    pub(super) fn write_status(&mut self, key: Subject, status: Status, cause: Cause) -> Outcome {
        let Some(custom) = self.custom.get_mut(&key) else { return Outcome::NotFound };
        // More of it may have changed than is shown here.
        custom.status = Some(status);
        self.journal_object(key);
        self.touch_object(key, cause);
        Outcome::Accepted(None)
    }

    /// The spec of an object, if anybody outside may ask for it.
    pub(super) fn spec_of(&self, key: Subject) -> Option<Object> {
        if key.kind == Kind::Pod {
            let set = self.pod(self.find_pod(key)?).set;
            return Some(Object::Pod(std::sync::Arc::clone(&self.set(set).source)));
        }
        match *self.objects.get(&key)? {
            ObjectId::Deployment(id) => Some(Object::Deployment(DeploymentSpec::clone(&self.deployment(id).spec))),
            ObjectId::ReplicaSet(id) => {
                let replicaset = self.replicaset(id);
                Some(Object::ReplicaSet(ReplicaSetSpec {
                    replicas: replicaset.replicas,
                    min_ready: replicaset.min_ready,
                    template: std::sync::Arc::clone(&replicaset.template),
                    owner: replicaset.owner,
                    annotations: replicaset.annotations.clone(),
                }))
            }
            ObjectId::Custom => self.custom.get(&key).map(|custom| custom.object.clone()),
            ObjectId::PodGroup => self.pod_group_spec(key).cloned().map(|spec| Object::PodGroup(Box::new(spec))),
            _ => None,
        }
    }

    /// Changes what a Service selects, whatever its document says.
    pub(super) fn patch_selector(&mut self, key: Subject, patch: &SelectorPatch, cause: Cause) -> Outcome {
        let Some(ObjectId::Service(id)) = self.objects.get(&key).copied() else { return Outcome::NotFound };
        let service = &mut self.services[id.0 as usize];
        let before = service.patched.clone();
        for (label, value) in patch {
            match value {
                Some(value) => drop(service.patched.insert(label.clone(), value.clone())),
                None => drop(service.patched.remove(label)),
            }
        }
        if service.patched == before {
            return Outcome::Accepted(None);
        }
        let ready = service.status.ready_endpoints;
        let changed = patch.iter().find(|(label, value)| before.get(*label) != value.as_ref());
        let why = match changed {
            Some((label, value)) => {
                let mut text = |text: &str| Arg::Text(self.names.intern(text));
                let label_text = text(label);
                match (before.get(label), value) {
                    (Some(before), Some(after)) => Why::with3("{}: {} to {}", label_text, text(before), text(after)),
                    (None, Some(after)) => Why::with2("{}: {}", label_text, text(after)),
                    _ => Why::with("{} taken out", label_text),
                }
            }
            None => Why::NONE,
        };
        let last = self.note(key, "Changed", why, cause);
        self.select_pods_anew(id);
        self.services[id.0 as usize].last = last;
        let cause = self.tell_endpoints(id, ready, Cause::Entry(last));
        self.journal_object(key);
        self.touch_object(key, cause);
        Outcome::Accepted(None)
    }

    /// What a Service shows, once its pods were looked for.
    pub(super) fn service_shown(&mut self, id: super::ServiceId, ready_endpoints: u32) -> ServiceStatus {
        let service = &self.services[id.0 as usize];
        let labels: Vec<String> = service.selector().map(|(key, value)| format!("{key}={value}")).collect();
        let ingress_ready = service.spec.ingress;
        let selector = self.names.intern(&labels.join(","));
        ServiceStatus { ready_endpoints, ingress_ready, selector }
    }

    /// Evicts a pod for somebody outside.
    pub(super) fn evict_asked(&mut self, key: Subject, cause: Cause) -> Outcome {
        let Some(pod) = self.find_pod(key) else { return Outcome::NotFound };
        match self.evict(pod, None, Why::text("evicted"), cause) {
            Ok(()) => Outcome::Accepted(None),
            Err(refusal) => {
                let text = match refusal {
                    Refusal::TooMany(_) => "Cannot evict pod as it would violate the pod's disruption budget.",
                    Refusal::SeveralBudgets => {
                        "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support."
                    }
                };
                Outcome::Failed(self.names.intern(text))
            }
        }
    }

    /// Asks a provider outside the cluster.
    pub(super) fn measure(&mut self, template: &str, metric: &str) -> Outcome {
        match Measurements::answer(&self.measurements, template, metric, self.queue.now()) {
            Some((row, phase)) => {
                self.rows_met.insert(row);
                Outcome::Measured(phase)
            }
            None => Outcome::Measured(AnalysisPhase::Successful),
        }
    }
}
