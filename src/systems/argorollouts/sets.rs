//! The ReplicaSets of a Rollout: which there are, and how they are made, sized and forgotten. Which size is right is
//! decided elsewhere. Source: argo-rollouts v1.10.1, rollout/sync.go, rollout/replicaset.go and
//! utils/{replicaset,annotations}.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Rollout;
use super::conditions::{Condition, ConditionType, Truth, reason};
use super::pass::Pass;
use super::profile::V1_10;
use super::writes::Stored;
use crate::kernel::{Duration, Time};
use crate::timeline::{Cause, Subject, Why};
use crate::workload::pod::{NodeRequirement, Operator};
use crate::workload::rollout::AntiAffinity;
use crate::workload::selector::{LabelSelector, Namespaces, PodTerm, Weighted};
use crate::workload::{Ask, AskId, Object, Outcome, PodTemplate, ReplicaSetSpec, ReplicaSetStatus, Status, World};

/// The label of a ReplicaSet's pods (`DefaultRolloutUniqueLabelKey`).
pub const HASH_LABEL: &str = "rollouts-pod-template-hash";
const REVISION: &str = "rollout.argoproj.io/revision";
const DESIRED: &str = "rollout.argoproj.io/desired-replicas";
const DEADLINE: &str = "scale-down-deadline";

/// A ReplicaSet of the Rollout, with what the controller notes in its annotations.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReplicaSet {
    /// Its kind, namespace and name.
    pub key: Subject,
    /// Its name.
    pub name: String,
    /// The value of [`HASH_LABEL`] of its pods.
    pub hash: String,
    /// The Rollout's template that it is of.
    pub of: Arc<PodTemplate>,
    /// What its pods are made from.
    pub template: Arc<PodTemplate>,
    /// When it was made, in whole seconds.
    pub created_at: Time,
    /// Its revision.
    pub revision: u32,
    /// Pods that it should have.
    pub replicas: u32,
    /// Pods that the Rollout wanted when it was last sized.
    pub desired: u32,
    /// When it is to be scaled down, in whole seconds.
    pub deadline: Option<Time>,
    /// How long its pods must be ready to count as available.
    pub min_ready: Duration,
    /// `replicas` and `desired` as they were when the reconciliation began.
    pub read: (u32, u32),
    /// What the API has of it.
    pub stored: Stored,
}

/// A list of ReplicaSets by their place among the Rollout's.
pub type Places = Vec<usize>;

impl Pass<'_> {
    /// A ReplicaSet.
    pub fn set(&self, place: usize) -> &ReplicaSet {
        &self.ro.sets[place]
    }

    /// What a ReplicaSet shows.
    pub fn shown(&self, place: usize) -> ReplicaSetStatus {
        match self.world.observed(self.set(place).key) {
            Some(Status::ReplicaSet(status)) => status,
            _ => ReplicaSetStatus::default(),
        }
    }

    /// Pods that a ReplicaSet has available.
    pub fn available(&self, place: usize) -> u32 {
        self.shown(place).available
    }

    /// The ReplicaSet with this hash; none for an empty one.
    pub fn with_hash(&self, hash: &str) -> Option<usize> {
        if hash.is_empty() { None } else { self.ro.sets.iter().position(|set| set.hash == hash) }
    }

    /// Both the Rollout and the ReplicaSet hold that it has all wanted pods, and all are available (`IsSaturated`). That is judged
    /// by what was read: a size that this reconciliation has written counts from the next one on (`scaleReplicaSet` writes a copy).
    pub fn is_saturated(&self, place: usize) -> bool {
        let wanted = self.ro.spec.replicas;
        self.set(place).read == (wanted, wanted) && self.available(place) == wanted
    }

    /// Sums a figure over all ReplicaSets.
    pub fn sum(&self, figure: impl Fn(ReplicaSetStatus) -> u32) -> u32 {
        (0..self.ro.sets.len()).map(|place| figure(self.shown(place))).sum()
    }

    /// Makes the ReplicaSet of the newest template, without pods (`createDesiredReplicaSet`).
    pub fn create_set(&mut self, of: Arc<PodTemplate>) {
        self.ro.made += 1;
        let mark = self.ro.mark();
        let hash = format!("{mark}{}", self.ro.made);
        let revision = self.ro.sets.iter().map(|set| set.revision).max().unwrap_or(0) + 1;
        let mut template = PodTemplate::clone(&of);
        template.labels.insert(HASH_LABEL.to_owned(), hash.clone());
        self.inject_anti_affinity(&mut template);
        let name = format!("{}-{hash}", self.ro.name);
        let key = self.ro.neighbour(crate::timeline::Kind::ReplicaSet, &name, self.world);
        self.ro.sets.push(ReplicaSet {
            key,
            name,
            hash,
            of,
            template: Arc::new(template),
            created_at: self.now.whole_seconds(),
            revision,
            replicas: 0,
            desired: self.ro.spec.replicas,
            deadline: None,
            min_ready: self.ro.spec.min_ready,
            read: (0, self.ro.spec.replicas),
            stored: Stored::default(),
        });
        let place = self.ro.sets.len() - 1;
        self.ro.sets[place].stored = self.set(place).as_stored();
        self.world.watch(key);
        let ask = self.apply_set(place);
        self.ro.creating.insert(ask, key);
        self.set_revision(revision);
    }

    /// New pods keep away from nodes with stable ones (`GenerateReplicaSetAffinity`).
    fn inject_anti_affinity(&self, template: &mut PodTemplate) {
        let (Some(wanted), stable) = (self.ro.spec.anti_affinity, &self.ro.status.stable) else { return };
        if stable.is_empty() {
            return;
        }
        let requirement =
            NodeRequirement { key: HASH_LABEL.to_owned(), operator: Operator::In, values: vec![stable.clone()] };
        let selector = LabelSelector { match_labels: BTreeMap::new(), requirements: vec![requirement] };
        let topology_key = "kubernetes.io/hostname".to_owned();
        let term = PodTerm { selector, namespaces: Namespaces::Own, topology_key };
        match wanted {
            AntiAffinity::Required => template.affinity.anti_pods.push(term),
            AntiAffinity::Preferred(weight) => {
                template.affinity.preferred_pods.push(Weighted { weight: -(weight as i32), term });
            }
        }
    }

    /// Writes a ReplicaSet that is there as it should be.
    pub fn write_set(&mut self, place: usize) {
        let ask = self.apply_set(place);
        let is_other = self.others.contains(&place);
        self.ro.remember_write(ask, place, is_other);
    }

    fn apply_set(&mut self, place: usize) -> AskId {
        let set = &self.ro.sets[place];
        let mut annotations = BTreeMap::from([
            (REVISION.to_owned(), set.revision.to_string()),
            (DESIRED.to_owned(), set.desired.to_string()),
        ]);
        if let Some(deadline) = set.deadline {
            annotations.insert(DEADLINE.to_owned(), (deadline.nanos() / 1_000_000_000).to_string());
        }
        let object = Object::ReplicaSet(ReplicaSetSpec {
            replicas: set.replicas,
            min_ready: set.min_ready,
            template: Arc::clone(&set.template),
            owner: Some(self.ro.key),
            annotations,
        });
        let ask = Ask::Apply { key: set.key, object, serves: self.ro.serves };
        self.world.ask(ask, self.cause)
    }

    /// The newest ReplicaSet has the highest revision; it takes what the Rollout says now (`syncReplicaSetRevision`).
    pub fn sync_revision(&mut self) {
        let Some(new) = self.new else { return };
        let older = self.ro.sets.iter().enumerate().filter(|(place, _)| *place != new);
        let revision = older.map(|(_, set)| set.revision).max().unwrap_or(0) + 1;
        let min_ready = self.ro.spec.min_ready;
        let set = &mut self.ro.sets[new];
        if set.revision < revision || set.min_ready != min_ready {
            set.revision = set.revision.max(revision);
            set.min_ready = min_ready;
            self.write_set(new);
        }
        let revision = self.set(new).revision;
        self.set_revision(revision);
    }

    /// Gives a ReplicaSet another size, and notes what the Rollout wants (`scaleReplicaSetAndRecordEvent`). True if the
    /// size changed.
    pub fn scale(&mut self, place: usize, replicas: u32) -> bool {
        let wanted = self.ro.spec.replicas;
        let keeps_deadline = self.delays_scale_down_on_abort();
        let set = &mut self.ro.sets[place];
        let annotated = set.desired == wanted && !(wanted == 0 && set.deadline.is_some());
        if set.replicas == replicas && annotated {
            return false;
        }
        let scaled = set.replicas != replicas;
        (set.replicas, set.desired) = (replicas, wanted);
        if replicas == 0 && !keeps_deadline {
            set.deadline = None;
        }
        self.write_set(place);
        scaled
    }

    /// Sets or takes away when a ReplicaSet is scaled down.
    pub fn set_deadline(&mut self, place: usize, deadline: Option<Time>) {
        if self.set(place).deadline != deadline {
            self.ro.sets[place].deadline = deadline;
            self.write_set(place);
        }
    }

    /// Plans a ReplicaSet's end (`addScaleDownDelay`): a delay of zero plans none.
    pub fn add_delay(&mut self, place: usize, delay: Duration) {
        let deadline = (!delay.is_zero()).then(|| (self.now + delay).whole_seconds());
        self.set_deadline(place, deadline);
    }

    /// When a ReplicaSet ends, if that is planned and not past (`GetTimeRemainingBeforeScaleDownDeadline`).
    pub fn deadline_ahead(&self, place: usize) -> Option<Time> {
        self.set(place).deadline.filter(|deadline| *deadline > self.now)
    }

    /// Takes the newest and the stable ReplicaSet off the list of those that end (`removeScaleDownDeadlines`).
    pub fn remove_deadlines(&mut self) {
        let new = self.new.filter(|_| !self.delays_scale_down_on_abort());
        for place in [new, self.stable.filter(|stable| new != Some(*stable))].into_iter().flatten() {
            self.set_deadline(place, None);
        }
    }

    /// Deletes old ReplicaSets beyond the limit that have no pods (`reconcileRevisionHistoryLimit`).
    pub fn clean_up(&mut self) {
        let limit = self.ro.spec.revision_history as usize;
        let surplus = self.others.len().saturating_sub(limit);
        let oldest: Places = self.others.iter().copied().take(surplus).collect();
        let idle = |place: &usize| {
            let status = self.shown(*place);
            status.replicas == 0 && self.set(*place).replicas == 0
        };
        let gone: Vec<Subject> = oldest.iter().filter(|place| idle(place)).map(|place| self.set(*place).key).collect();
        for key in &gone {
            self.world.ask(Ask::Delete { key: *key, serves: self.ro.serves }, self.cause);
            self.world.unwatch(*key);
        }
        if !gone.is_empty() {
            self.ro.sets.retain(|set| !gone.contains(&set.key));
            self.find_sets();
        }
    }

    /// The newest revision first (`ReplicaSetsByRevisionNumber`, reversed).
    pub fn newest_first(&self, places: &[usize]) -> Places {
        let mut sorted: Places = places.to_vec();
        sorted.sort_by_key(|place| std::cmp::Reverse((self.set(*place).revision, *place)));
        sorted
    }
}

impl Rollout {
    /// What became of a new ReplicaSet: one that is refused is tried again.
    pub(super) fn created(&mut self, key: Subject, outcome: Outcome, cause: Cause, world: &mut dyn World) {
        let words = match outcome {
            Outcome::Refused(reason) | Outcome::Failed(reason) => world.text(reason),
            Outcome::Conflict | Outcome::Unknown | Outcome::NotFound => "no answer".to_owned(),
            Outcome::Accepted(_) | Outcome::Measured(_) => return,
        };
        let why = Why::symbol(world.intern(&words));
        let cause = Cause::Entry(world.note(self.key, "FailedCreate", why, cause));
        let Some(place) = self.sets.iter().position(|set| set.key == key) else { return };
        let name = self.sets.remove(place).name;
        self.made -= 1;
        world.unwatch(key);
        let now = world.now().whole_seconds();
        let mut status = self.status.clone();
        status.conditions.set(Condition {
            about: ConditionType::Progressing,
            truth: Truth::False,
            updated_at: now,
            since: now,
            reason: reason::CREATE_ERROR,
            message: format!("Failed to create new replica set {name:?}: {words}"),
        });
        status.observed_generation = self.generation;
        status.set_phase(&self.spec);
        self.refused_until = Some(world.now() + V1_10.failure_retry);
        if status != self.status {
            self.write_status(status, cause, world);
        }
        self.enqueue(world.now() + V1_10.failure_retry);
    }
}
