//! Groups and topologies as the API keeps them: made, changed, deleted, read.

use super::super::apply::ObjectId;
use super::super::{Arg, Cause, Cluster, Subject, Why};
use super::Gang;
use crate::workload::{PodGroupSpec, PodGroupStatus, TopologySpec};

impl Cluster {
    /// Creates a group or changes what it asks for.
    pub(in crate::cluster) fn apply_pod_group(&mut self, key: Subject, spec: PodGroupSpec, cause: Cause) {
        let why = Why::with("at least {} pods together", Arg::Count(spec.min_member.into()));
        let became = match self.gangs.groups.get(&key) {
            Some(known) if known.spec == spec => return,
            Some(_) => "Changed",
            None => "Created",
        };
        let last = self.note(key, became, why, cause);
        match self.gangs.groups.get_mut(&key) {
            Some(known) => (known.spec, known.last) = (spec, last),
            None => {
                self.gangs.groups.insert(key, Gang { spec, status: PodGroupStatus::default(), last });
                self.objects.insert(key, ObjectId::PodGroup);
            }
        }
        self.journal_object(key);
        self.touch_object(key, Cause::Entry(last));
    }

    /// A group was deleted; its pods stay.
    pub(in crate::cluster) fn delete_pod_group(&mut self, key: Subject, cause: Cause) {
        self.gangs.groups.remove(&key);
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
        self.gangs.groups.get(&key).map(|gang| &gang.spec)
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
        self.touch_object(key, Cause::Entry(last));
    }

    /// A topology was deleted.
    pub(in crate::cluster) fn delete_topology(&mut self, key: Subject, cause: Cause) {
        self.gangs.topologies.remove(&key);
        let last = self.note(key, "Deleted", Why::NONE, cause);
        self.touch_object(key, Cause::Entry(last));
    }
}
