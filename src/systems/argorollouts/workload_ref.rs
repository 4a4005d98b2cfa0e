//! The workload that a Rollout has its template from, and how it gives up its own pods (`workloadRef.scaleDown`).
//! Source: argo-rollouts v1.10.1, rollout/sync.go (promoteStable), rollout/replicaset.go (reconcileNewReplicaSet) and
//! rollout/scale_utils.go.

use super::pass::Pass;
use crate::workload::rollout::{ScaleDown, TemplateSource};
use crate::workload::{Ask, Object, RolloutPhase};

impl Pass<'_> {
    /// Once the first revision is healthy the workload loses its pods.
    pub fn give_up_workload(&mut self) {
        if self.is_handing_over(ScaleDown::OnSuccess) && self.ro.status.phase == Some(RolloutPhase::Healthy) {
            self.scale_referenced(0);
        }
    }

    /// The workload loses a pod for each of the first revision that is ready.
    pub fn scale_workload(&mut self) {
        if !self.is_handing_over(ScaleDown::Progressively) {
            return;
        }
        let ready = self.ro.status.ready;
        if self.ro.status.phase == Some(RolloutPhase::Healthy) {
            self.scale_referenced(0);
        } else if ready > 0 {
            self.scale_referenced(self.ro.spec.replicas.saturating_sub(ready));
        }
    }

    /// Only the first revision takes pods over.
    fn is_handing_over(&self, how: ScaleDown) -> bool {
        let says = matches!(&self.ro.spec.source, TemplateSource::Workload { scale_down, .. } if *scale_down == how);
        says && self.new.is_some_and(|new| self.set(new).revision == 1)
    }

    fn scale_referenced(&mut self, replicas: u32) {
        let (kind, name) = match &self.ro.spec.source {
            TemplateSource::Workload { kind, name, .. } => (*kind, name.clone()),
            TemplateSource::Own(_) => return,
        };
        let key = self.ro.neighbour(kind, &name, self.world);
        let now = match self.world.observed_spec(key) {
            Some(Object::Deployment(spec)) => spec.replicas,
            _ => return,
        };
        if now != replicas {
            self.world.ask(Ask::Scale { key, replicas, serves: self.ro.serves }, self.cause);
        }
    }
}
