//! What the API's own objects owe by their specs, told when they are created. Source: `k8s.io/website`,
//! content/en/docs/concepts/workloads/controllers/statefulset.md, "OrderedReady Pod Management".

use std::sync::Arc;

use super::{Cluster, Subject};
use crate::workload::{Numbered, Pledge, StatefulSetSpec};

impl Cluster {
    /// Something is owed from now on.
    pub(super) fn owe(&mut self, pledge: Pledge) {
        Arc::make_mut(&mut self.pledges).push(pledge);
    }

    /// The order in which the pods of a StatefulSet are made, unless it wants them all at once.
    pub(super) fn owe_turns(&mut self, set: Subject, spec: &StatefulSetSpec) {
        let shown = self.names.show(set.name);
        let pods = Numbered { namespace: set.namespace, stem: self.names.intern(&shown) };
        let in_turn = |pledge: &Pledge| matches!(pledge, Pledge::InTurn { pods: known, .. } if *known == pods);
        if !spec.parallel {
            self.owe(Pledge::InTurn { pods, first: spec.first_ordinal });
        } else if self.pledges.iter().any(in_turn) {
            self.owe(Pledge::AtOnce { pods });
        }
    }
}
