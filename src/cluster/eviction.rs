//! The eviction API: a deletion that budgets may refuse.
//! Source: k8s.io/kubernetes v1.36.3, pkg/registry/core/pod/storage/eviction.go (Create, checkAndDecrement).

use super::{BudgetId, Cause, Cluster, PodId, Why};
use crate::kernel::Duration;
use crate::workload::PodPhase;

/// Why an eviction is refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Refusal {
    /// 429: this budget allows no disruption now.
    TooMany(BudgetId),
    /// 500: more than one budget selects the pod.
    SeveralBudgets,
}

impl Cluster {
    /// Evicts a pod.
    ///
    /// # Errors
    /// Why it stays. `TooMany` passes; `SeveralBudgets` does not.
    pub(super) fn evict(&mut self, id: PodId, grace: Option<Duration>, why: Why, cause: Cause) -> Result<(), Refusal> {
        if !self.ignores_budgets(id) {
            self.check_and_decrement(id)?;
        }
        self.mark_disrupted(id);
        self.delete_pod_within(id, grace, why, cause);
        Ok(())
    }

    /// True for a pod that does nothing that a budget could protect (`canIgnorePDB`).
    fn ignores_budgets(&self, id: PodId) -> bool {
        let pod = self.pod(id);
        pod.terminating || matches!(pod.phase, PodPhase::Pending | PodPhase::Succeeded | PodPhase::Failed)
    }

    fn check_and_decrement(&mut self, id: PodId) -> Result<(), Refusal> {
        let budget = match *self.budgets.of(self.pod(id).set) {
            [] => return Ok(()),
            [budget] => budget,
            _ => return Err(Refusal::SeveralBudgets),
        };
        let (spec, status) = (&self.budgets.get(budget).spec, self.budgets.get(budget).status);
        // A pod that is not ready is not counted, so that its eviction takes nothing away.
        let healthy = status.healthy >= status.desired && status.desired > 0;
        if !self.pod(id).ready && (spec.always_evicts_unready || healthy) {
            return Ok(());
        }
        if status.allowed == 0 {
            return Err(Refusal::TooMany(budget));
        }
        self.budgets.use_up(budget);
        Ok(())
    }
}
