//! ResourceQuotas: pods and objects that would exceed what their namespace may use are refused when they are created.
//! Sources: k8s.io/apiserver v0.36.3, pkg/admission/plugin/resourcequota/controller.go (CheckRequest); k8s.io/kubernetes
//! v1.36.3, pkg/controller/resourcequota (what is given back, and when).

mod usage;

use std::collections::{BTreeMap, BTreeSet};

use super::apply::ObjectId;
use super::pod::Owner;
use super::{Cause, Class, Cluster, Event, PodId, PodSetId, QuotaId, Subject, Symbol, Why};
use crate::kernel::{Duration, Time};
use crate::timeline::EntryId;
use crate::workload::policy::QuotaSpec;
use crate::workload::storage::ClaimSpec;
use crate::workload::{Object, PodTemplate, QuotaStatus};
use usage::Usage;

/// One ResourceQuota.
#[derive(Clone, Debug)]
pub struct Quota {
    /// Its kind, namespace and name.
    pub key: Subject,
    spec: QuotaSpec,
    used: Usage,
    queued: bool,
    deleted: bool,
    last: EntryId,
}

/// Pods of a set that the API refused to create.
#[derive(Clone, Copy, Debug)]
struct Refused {
    /// How often in a row.
    times: u32,
    /// What it said last.
    message: Symbol,
    /// When it is tried again.
    again_at: Time,
}

/// A namespace in which somebody else has used everything up.
#[derive(Clone, Copy, Debug)]
struct Exhausted {
    namespace: Symbol,
    until: Time,
    cause: Cause,
    effect: usize,
}

/// All quotas.
#[derive(Clone, Debug, Default)]
pub struct Quotas {
    quotas: Vec<Quota>,
    by_namespace: BTreeMap<Symbol, Vec<QuotaId>>,
    refused: BTreeMap<PodSetId, Refused>,
    /// Terminating pods that are charged until their grace period is over.
    charged_until: BTreeMap<PodId, Time>,
    exhausted: Vec<Exhausted>,
    /// What every object is charged for, by namespace.
    objects: BTreeMap<Subject, Usage>,
    /// Workloads whose controllers may not create an object of their own, and when they try again.
    refused_owners: BTreeMap<Subject, Refused>,
}

impl Quotas {
    /// Nothing bounds anything.
    pub fn is_empty(&self) -> bool {
        self.by_namespace.is_empty() && self.exhausted.is_empty()
    }
}

impl Cluster {
    fn quota(&self, id: QuotaId) -> &Quota {
        &self.quotas.quotas[id.0 as usize]
    }

    fn quota_mut(&mut self, id: QuotaId) -> &mut Quota {
        &mut self.quotas.quotas[id.0 as usize]
    }

    pub(super) fn create_quota(&mut self, key: Subject, spec: QuotaSpec, cause: Cause) {
        let id = QuotaId(self.quotas.quotas.len() as u32);
        let last = self.note(key, "Created", Why::NONE, cause);
        if !self.quotas.by_namespace.contains_key(&key.namespace) {
            self.charge_owned(key.namespace);
        }
        let used = Usage::new();
        self.quotas.quotas.push(Quota { key, spec, used, queued: false, deleted: false, last });
        self.quotas.by_namespace.entry(key.namespace).or_default().push(id);
        self.objects.insert(key, ObjectId::Quota(id));
        self.sync_quota(id);
    }

    pub(super) fn change_quota(&mut self, id: QuotaId, spec: QuotaSpec, cause: Cause) {
        if self.quota(id).spec == spec {
            return;
        }
        let key = self.quota(id).key;
        let last = self.note(key, "Changed", Why::NONE, cause);
        let quota = self.quota_mut(id);
        (quota.spec, quota.last) = (spec, last);
        self.sync_quota(id);
    }

    pub(super) fn delete_quota(&mut self, id: QuotaId, cause: Cause) {
        let quota = self.quota_mut(id);
        quota.deleted = true;
        let key = quota.key;
        if let Some(quotas) = self.quotas.by_namespace.get_mut(&key.namespace) {
            quotas.retain(|other| *other != id);
        }
        self.quotas.by_namespace.retain(|_, quotas| !quotas.is_empty());
        let entry = self.note(key, "Deleted", Why::NONE, cause);
        self.touch_object(key, Cause::Entry(entry));
    }

    /// What a quota shows.
    pub(super) fn quota_status(&self, id: QuotaId) -> QuotaStatus {
        let quota = self.quota(id);
        let full = |(name, hard): (&String, &u64)| quota.used.get(name).copied().unwrap_or(0) >= *hard;
        QuotaStatus {
            bounds: quota.spec.hard.len() as u32,
            full: quota.spec.hard.iter().filter(|one| full(*one)).count() as u32,
        }
    }

    /// Counts again what a quota's namespace uses, as its controller does when pods end or go.
    pub(super) fn sync_quota(&mut self, id: QuotaId) {
        let now = self.queue.now();
        self.quota_mut(id).queued = false;
        let quota = self.quota(id);
        if quota.deleted {
            return;
        }
        let (namespace, scopes) = (quota.key.namespace, &quota.spec.scopes);
        let mut used: Usage = quota.spec.hard.keys().map(|name| (name.clone(), 0)).collect();
        let mut add = |usage: &Usage, times: u64| {
            for (name, amount) in usage {
                if let Some(total) = used.get_mut(name) {
                    *total += amount * times;
                }
            }
        };
        let counts = |source: &PodTemplate| !source.docker && usage::in_scope(source, scopes);
        for set in self.sets.iter().filter(|set| set.namespace == namespace && counts(&set.source)) {
            let mut each = usage::pod_usage(&set.source);
            each.remove(usage::POD_OBJECTS);
            add(&each, set.active.len() as u64);
            add(&[(usage::POD_OBJECTS.to_owned(), 1)].into(), u64::from(set.there()));
        }
        for (pod, until) in &self.quotas.charged_until {
            let set = self.set(self.pod(*pod).set);
            if set.namespace == namespace && *until > now && counts(&set.source) {
                let mut each = usage::pod_usage(&set.source);
                each.remove(usage::POD_OBJECTS);
                add(&each, 1);
            }
        }
        for (_, usage) in self.quotas.objects.iter().filter(|(key, _)| key.namespace == namespace) {
            add(usage, 1);
        }
        self.quota_mut(id).used = used;
    }

    /// Handles [`Event::Quota`].
    pub(super) fn on_quota(&mut self, id: QuotaId) {
        self.sync_quota(id);
        let (key, cause) = (self.quota(id).key, Cause::Entry(self.quota(id).last));
        self.touch_object(key, cause);
    }

    fn queue_quotas(&mut self, namespace: Symbol, at: Time) {
        for id in self.quotas.by_namespace.get(&namespace).cloned().unwrap_or_default() {
            if !std::mem::replace(&mut self.quota_mut(id).queued, true) {
                self.schedule(at, Class::BUILT_IN, Event::Quota(id));
            }
        }
    }

    /// A pod has ended, or left the API: what it was charged for is given back.
    pub(super) fn pod_discharged(&mut self, id: PodId) {
        if self.quotas.by_namespace.is_empty() {
            return;
        }
        self.quotas.charged_until.remove(&id);
        let namespace = self.set(self.pod(id).set).namespace;
        self.queue_quotas(namespace, self.queue.now());
    }

    /// A pod is to go: it is charged until its grace period is over, which is found out at the next full count.
    pub(super) fn pod_goes(&mut self, id: PodId) {
        if self.quotas.by_namespace.is_empty() {
            return;
        }
        let until = self.queue.now() + self.grace_period(id);
        self.quotas.charged_until.insert(id, until);
        let namespace = self.set(self.pod(id).set).namespace;
        if !self.pod(id).node.is_some_and(|node| self.kubelet(node).in_touch()) {
            let resync = (until + Duration::from_nanos(1)).ceil_to(Time::ZERO, self.profile.quota_resync);
            for id in self.quotas.by_namespace.get(&namespace).cloned().unwrap_or_default() {
                self.schedule(resync, Class::BUILT_IN, Event::Quota(id));
            }
        }
    }

    /// True if the API lets a pod of this set be created now, which then counts. If not, its owner's controller tries
    /// again after its back-off.
    pub(super) fn admit_pod(&mut self, set: PodSetId, cause: Cause) -> bool {
        if let Err(message) = self.resolve_priority(set) {
            self.back_off_creation(set, &message, cause);
            return false;
        }
        if self.quotas.is_empty() && self.quotas.refused.is_empty() {
            return true;
        }
        match self.pod_refusal(set) {
            None => {
                self.quotas.refused.remove(&set);
                true
            }
            Some((message, cause)) => {
                self.back_off_creation(set, &message, cause);
                false
            }
        }
    }

    /// Why a pod that nobody owns cannot be created; charges it if it can.
    pub(super) fn lone_pod_refusal(&mut self, set: PodSetId) -> Option<String> {
        if self.quotas.is_empty() || self.is_docker(set) {
            return None;
        }
        self.pod_refusal(set).map(|(refusal, _)| refusal)
    }

    /// Why a pod of this set cannot be created; charges it if it can.
    fn pod_refusal(&mut self, set: PodSetId) -> Option<(String, Cause)> {
        let now = self.queue.now();
        let namespace = self.set(set).namespace;
        let exhausted = self.quotas.exhausted.iter().find(|one| one.namespace == namespace && now < one.until).copied();
        if let Some(exhausted) = exhausted {
            self.effects[exhausted.effect] += 1;
            return Some(("exceeded quota: used up by others".to_owned(), exhausted.cause));
        }
        let source = std::sync::Arc::clone(&self.set(set).source);
        let ids: Vec<QuotaId> = self.quotas.by_namespace.get(&namespace).cloned().unwrap_or_default();
        let ids: Vec<QuotaId> =
            ids.into_iter().filter(|id| usage::in_scope(&source, &self.quota(*id).spec.scopes)).collect();
        let asked = usage::pod_usage(&source);
        for id in &ids {
            let quota = self.quota(*id);
            let name = self.names.show(quota.key.name);
            let refusal = usage::not_stated(&source, &quota.spec.hard)
                .map(|missing| format!("failed quota: {name}: {missing}"))
                .or_else(|| usage::exceeded(&name, &quota.spec.hard, &quota.used, &asked));
            if let Some(refusal) = refusal {
                return Some((refusal, Cause::Entry(quota.last)));
            }
        }
        for id in ids {
            self.charge(id, &asked);
        }
        None
    }

    fn charge(&mut self, id: QuotaId, asked: &Usage) {
        for (name, total) in &mut self.quota_mut(id).used {
            *total += asked.get(name).copied().unwrap_or(0);
        }
    }

    /// Tells of a refusal, once while the API says the same, and plans the next try (`AddRateLimited`).
    fn back_off_creation(&mut self, set: PodSetId, message: &str, cause: Cause) {
        let now = self.queue.now();
        let message = self.names.intern(message);
        let before = self.quotas.refused.get(&set).copied();
        if before.is_some_and(|before| before.again_at > now && before.message == message) {
            // The rest of the batch, or a look for another reason: the back-off goes on.
            return;
        }
        let times = before.map_or(0, |before| before.times);
        let [first, most] = match self.set(set).owner {
            Owner::Job(_) => self.profile.job_api_backoff,
            _ => self.profile.sync_backoff,
        };
        let again_at = now + (first * (1_u64 << times.min(30))).min(most);
        self.quotas.refused.insert(set, Refused { times: times + 1, message, again_at });
        self.schedule(again_at, Class::BUILT_IN, Event::CreateAgain(set));
        if before.is_none_or(|before| before.message != message) {
            let key = self.owner_subject(self.set(set).owner);
            let entry = self.note(key, "FailedCreate", Why::symbol(message), cause);
            let workload = self.set(set).workload;
            self.touch_object(workload, Cause::Entry(entry));
        }
    }

    /// True if the API refused to create a pod of a set at the last try.
    pub(super) fn is_refused(&self, set: PodSetId) -> bool {
        !self.quotas.refused.is_empty() && self.quotas.refused.contains_key(&set)
    }

    /// Handles [`Event::CreateAgain`].
    pub(super) fn on_create_again(&mut self, set: PodSetId) {
        if self.quotas.refused.contains_key(&set) {
            self.queue_owner(set);
        }
    }

    /// Has the owner of a set look at its pods.
    fn queue_owner(&mut self, set: PodSetId) {
        match self.set(set).owner {
            Owner::ReplicaSet(id) => self.queue_replicaset(id),
            Owner::StatefulSet(id) => self.queue_statefulset(id),
            Owner::DaemonSet(id) => self.queue_daemonset(id),
            Owner::Job(id) => self.queue_job(id, Duration::ZERO),
            Owner::Alone(_) => {}
        }
    }

    /// Why an object that is not a pod cannot be created; charges it if it can.
    pub(super) fn admit_object(&mut self, key: Subject, object: &Object) -> Result<(), String> {
        self.admit_usage(key, usage::object_usage(object))
    }

    /// Why an object of this usage cannot be created; charges it if it can. One that is charged already is not again.
    fn admit_usage(&mut self, key: Subject, asked: Usage) -> Result<(), String> {
        if self.quotas.objects.contains_key(&key) {
            return Ok(());
        }
        let ids = self.quotas.by_namespace.get(&key.namespace).cloned().unwrap_or_default();
        let ids: BTreeSet<QuotaId> = ids.into_iter().filter(|id| self.quota(*id).spec.scopes.is_empty()).collect();
        for id in &ids {
            let quota = self.quota(*id);
            let name = self.names.show(quota.key.name);
            if let Some(refusal) = usage::exceeded(&name, &quota.spec.hard, &quota.used, &asked) {
                return Err(refusal);
            }
        }
        for id in ids {
            self.charge(id, &asked);
        }
        self.quotas.objects.insert(key, asked);
        Ok(())
    }

    /// When a controller may try again to create an object of its own that the quotas of its namespace refuse; `None`: it is
    /// created, and charged. Each refusal is told once on the owner (`FailedCreate`).
    pub(super) fn refuse_owned(&mut self, owner: Subject, key: Subject, claim: Option<&ClaimSpec>) -> Option<Time> {
        if !self.quotas.by_namespace.contains_key(&key.namespace) {
            return None;
        }
        let usage = match claim {
            Some(claim) => usage::claim_usage(claim),
            None => usage::kind_usage(key.kind),
        };
        let Err(refusal) = self.admit_usage(key, usage) else {
            self.quotas.refused_owners.remove(&owner);
            return None;
        };
        let message = self.names.intern(&refusal);
        let before = self.quotas.refused_owners.get(&owner).copied();
        let now = self.queue.now();
        if let Some(before) = before.filter(|before| before.again_at > now) {
            return Some(before.again_at);
        }
        let times = before.map_or(0, |before| before.times);
        let [first, most] = self.profile.sync_backoff;
        let again_at = now + (first * (1_u64 << times.min(30))).min(most);
        self.quotas.refused_owners.insert(owner, Refused { times: times + 1, message, again_at });
        if before.is_none_or(|before| before.message != message) {
            let quota = self.quotas.by_namespace.get(&key.namespace).and_then(|quotas| quotas.first());
            let cause = quota.map_or(Cause::Entry(EntryId(0)), |id| Cause::Entry(self.quota(*id).last));
            let entry = self.note(owner, "FailedCreate", Why::symbol(message), cause);
            self.touch_object(owner, Cause::Entry(entry));
        }
        Some(again_at)
    }

    /// What controllers made in a namespace before its first quota counts too.
    fn charge_owned(&mut self, namespace: Symbol) {
        let sets = self.replicasets.iter().filter(|one| one.deployment.is_some() && !one.deleted).map(|one| one.key);
        let jobs = self.jobs.iter().filter(|one| one.cronjob.is_some() && !one.deleted).map(|one| one.key);
        let owned: Vec<Subject> = sets.chain(jobs).filter(|key| key.namespace == namespace).collect();
        for key in owned {
            self.quotas.objects.insert(key, usage::kind_usage(key.kind));
        }
        for (key, spec) in self.volumes.claims_in(namespace) {
            self.quotas.objects.insert(key, usage::claim_usage(&spec));
        }
    }

    /// An object is no more.
    pub(super) fn object_discharged(&mut self, key: Subject) {
        if self.quotas.objects.remove(&key).is_none() && self.quotas.by_namespace.is_empty() {
            return;
        }
        let now = self.queue.now();
        self.queue_quotas(key.namespace, now);
    }

    /// From now on somebody else has used up the quota of a namespace; where its effects are counted.
    pub(super) fn exhaust_quota(&mut self, namespace: Symbol, until: Time, cause: Cause) -> usize {
        let effect = self.new_effect();
        self.quotas.exhausted.push(Exhausted { namespace, until, cause, effect });
        effect
    }
}
