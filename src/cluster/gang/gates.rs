//! Scheduling gates: what keeps a pod from every scheduler until somebody takes them off, one by one
//! (KEP-3521; k8s.io/kubernetes v1.36.3, pkg/scheduler/framework/plugins/schedulinggates/scheduling_gates.go).

use super::super::{Arg, Cause, Cluster, PodId, Subject, Why};
use crate::workload::Outcome;

impl Cluster {
    /// Notes the gates of a new pod. True if there are any: no scheduler looks at it.
    pub(in crate::cluster) fn gate(&mut self, id: PodId, gates: &[String], cause: Cause) -> bool {
        if gates.is_empty() {
            return false;
        }
        self.scheduling.gates.insert(id, gates.to_vec());
        let gates = self.names.intern(&gates.join(", "));
        let cause = self.note_pod(id, "SchedulingGated", Why::with("waits for {}", Arg::Text(gates)), cause);
        self.touch_pod(id, cause);
        true
    }

    /// True while a gate keeps the pod back.
    pub(in crate::cluster) fn is_gated(&self, id: PodId) -> bool {
        self.scheduling.gates.contains_key(&id)
    }

    /// Takes a gate off a pod; with the last one it goes to its scheduler.
    pub(in crate::cluster) fn ungate(&mut self, key: Subject, gate: &str, cause: Cause) -> Outcome {
        let Some(id) = self.find_pod(key) else { return Outcome::NotFound };
        let Some(gates) = self.scheduling.gates.get_mut(&id) else { return Outcome::Accepted(None) };
        gates.retain(|one| one != gate);
        if gates.is_empty() {
            self.scheduling.gates.remove(&id);
            let gate = self.names.intern(gate);
            let cause = self.note_pod(id, "Ungated", Why::with("{} was taken off", Arg::Text(gate)), cause);
            self.await_scheduler(id, cause);
            self.touch_pod(id, cause);
        }
        Outcome::Accepted(None)
    }
}
