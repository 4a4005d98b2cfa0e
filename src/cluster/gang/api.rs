//! Groups and topologies as the API keeps them: made, changed, deleted, read; and which batch schedulers there are.

use super::super::apply::ObjectId;
use super::super::{Arg, Cause, Cluster, Subject, Why};
use super::{BatchProfile, Gang};
use crate::workload::{PodGroupSpec, PodGroupStatus, TopologySpec};

impl Cluster {
    /// Installs a batch scheduler, before any pod is there.
    pub fn add_batch_scheduler(&mut self, profile: BatchProfile) {
        self.gangs.profiles.insert(profile.scheduler, profile);
    }

    /// Creates a group or changes what it asks for.
    pub(in crate::cluster) fn apply_pod_group(&mut self, key: Subject, spec: PodGroupSpec, cause: Cause) {
        let scheduler = spec.scheduler;
        let known = self.gangs.groups.get(&key).and_then(|gang| gang.spec.as_ref());
        let became = match known {
            Some(known) if *known == spec => return,
            Some(_) => "Changed",
            None => "Created",
        };
        let why = match spec.subgroups.len() {
            0 => Why::with("at least {} pods together", Arg::Count(spec.min_member.into())),
            parts => Why::with("{} parts", Arg::Count(parts as u64)),
        };
        let last = self.note(key, became, why, cause);
        let gangs = &mut *self.gangs;
        let order = gangs.made;
        let gang = gangs.groups.entry(key).or_insert_with(|| Gang::new(None, scheduler, order));
        if gang.order == order {
            gangs.made += 1;
        }
        (gang.spec, gang.scheduler, gang.last) = (Some(spec), scheduler, Some(last));
        self.objects.insert(key, ObjectId::PodGroup);
        self.recount(key, Cause::Entry(last));
        self.gangs.touched.insert(key);
        self.plan_gang_cycle(scheduler);
        self.journal_object(key);
        self.touch_object(key, Cause::Entry(last));
    }

    /// A group was deleted; its pods stay.
    pub(in crate::cluster) fn delete_pod_group(&mut self, key: Subject, cause: Cause) {
        self.gangs.touched.remove(&key);
        if let Some(gang) = self.gangs.groups.get_mut(&key) {
            (gang.spec, gang.last, gang.status) = (None, None, PodGroupStatus::default());
            if gang.pods.is_empty() {
                self.gangs.groups.remove(&key);
                self.gangs.waiting.remove(&key);
            }
        }
        let last = self.note(key, "Deleted", Why::NONE, cause);
        self.journal_object(key);
        self.touch_object(key, Cause::Entry(last));
    }

    /// What a group shows.
    pub(in crate::cluster) fn pod_group_status(&self, key: Subject) -> Option<PodGroupStatus> {
        self.gangs.groups.get(&key).map(|gang| gang.status)
    }

    /// What a group asks for.
    pub(in crate::cluster) fn pod_group_spec(&self, key: Subject) -> Option<&PodGroupSpec> {
        self.gangs.groups.get(&key)?.spec.as_ref()
    }

    /// Creates a topology or changes its levels.
    pub(in crate::cluster) fn apply_topology(&mut self, key: Subject, spec: TopologySpec, cause: Cause) {
        let levels = self.names.intern(&spec.levels.join(", "));
        let became = match self.gangs.topologies.insert(key, spec.clone()) {
            Some(known) if known == spec => return,
            Some(_) => "Changed",
            None => "Created",
        };
        self.objects.insert(key, ObjectId::Topology);
        let last = self.note(key, became, Why::with("{}", Arg::Text(levels)), cause);
        self.room_for_gangs();
        self.touch_object(key, Cause::Entry(last));
    }

    /// A topology was deleted.
    pub(in crate::cluster) fn delete_topology(&mut self, key: Subject, cause: Cause) {
        self.gangs.topologies.remove(&key);
        let last = self.note(key, "Deleted", Why::NONE, cause);
        self.touch_object(key, Cause::Entry(last));
    }
}
