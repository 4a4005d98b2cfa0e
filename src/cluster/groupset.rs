//! LeaderWorkerSets as the API keeps them: a custom resource with a scale and a status. Its controller stands outside, in
//! `systems/leaderworkerset`. Source: kubernetes-sigs/lws, commit 9f47d6c, api/leaderworkerset/v1/leaderworkerset_types.go.

use super::apply::ObjectId;
use super::{Cause, Cluster, Subject};
use crate::timeline::Kind;
use crate::workload::{GroupSetStatus, LeaderWorkerSetSpec};

/// One LeaderWorkerSet.
#[derive(Clone, Debug)]
pub struct GroupSet {
    /// What it asks for.
    pub spec: LeaderWorkerSetSpec,
    /// What its controller wrote last.
    available: bool,
}

impl GroupSet {
    /// What it shows.
    pub const fn status(&self) -> GroupSetStatus {
        GroupSetStatus { desired: self.spec.replicas, available: self.available }
    }
}

impl Cluster {
    /// Keeps the spec; its controller is told of it.
    pub(super) fn apply_group_set(&mut self, key: Subject, spec: LeaderWorkerSetSpec, cause: Cause) {
        let known = self.group_sets.get_mut(&key);
        if known.as_ref().is_some_and(|set| set.spec == spec) {
            return;
        }
        match known {
            Some(set) => {
                let asks = |spec: &LeaderWorkerSetSpec| (spec.replicas, spec.size);
                let same = asks(&set.spec) == asks(&spec)
                    && (&set.spec.leader, &set.spec.worker) == (&spec.leader, &spec.worker);
                *set = GroupSet { available: set.available && same, spec };
            }
            None => {
                self.group_sets.insert(key, GroupSet { spec, available: false });
                self.objects.insert(key, ObjectId::GroupSet);
            }
        }
        self.journal_object(key);
        self.touch_object(key, cause);
    }

    /// Its `scale` subresource is written.
    pub(super) fn scale_group_set(&mut self, key: Subject, replicas: u32, cause: Cause) {
        if let Some(set) = self.group_sets.get(&key) {
            let spec = LeaderWorkerSetSpec { replicas, ..set.spec.clone() };
            self.apply_group_set(key, spec, cause);
        }
    }

    /// Its controller writes its status; `false` if it is not there.
    pub(super) fn tell_groups(&mut self, key: Subject, available: bool, cause: Cause) -> bool {
        let Some(set) = self.group_sets.get_mut(&key) else { return false };
        if std::mem::replace(&mut set.available, available) != available {
            self.journal_object(key);
            self.touch_object(key, cause);
        }
        true
    }

    /// The workload whose pods count for the scale of another: the leaders of a LeaderWorkerSet (`hpaPodSelector`).
    pub(super) const fn scaled_pods(workload: Subject) -> Subject {
        match workload.kind {
            Kind::LeaderWorkerSet => Subject { kind: Kind::StatefulSet, ..workload },
            _ => workload,
        }
    }
}
