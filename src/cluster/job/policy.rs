//! Rules of a Job on failed pods and on successes.
//! Source: pod_failure_policy.go and success_policy.go of pkg/controller/job, k8s.io/kubernetes v1.36.3.

use super::indexes::Intervals;
use crate::cluster::kubelet::ContainerState;
use crate::cluster::{Cluster, ContainerId, JobId, PodId};
use crate::workload::batch::{FailureAction, FailureMatch, SuccessRule};

impl Cluster {
    /// The action of the first rule that a failed pod matches.
    pub(super) fn failure_action(&self, id: JobId, pod: PodId) -> Option<FailureAction> {
        let rules = &self.job(id).spec.failure_policy;
        rules.iter().find(|rule| self.failure_matches(pod, &rule.on)).map(|rule| rule.action)
    }

    fn failure_matches(&self, pod: PodId, on: &FailureMatch) -> bool {
        match on {
            FailureMatch::ExitCodes { container, included, codes } => {
                let (mut containers, _) = self.containers_of(pod);
                containers.any(|one| {
                    let one = ContainerId(one);
                    let state = self.container(one);
                    state.state == ContainerState::Terminated
                        && state.exit_code != 0
                        && container.as_ref().is_none_or(|name| *name == self.container_spec(one).name)
                        && codes.contains(&state.exit_code) == *included
                })
            }
            FailureMatch::Conditions(conditions) => {
                let is_disruption = |(kind, status): &(String, String)| kind == "DisruptionTarget" && status == "True";
                self.pod_record(pod).disrupted && conditions.iter().any(is_disruption)
            }
        }
    }
}

/// True once a rule on successes is met (`matchSuccessPolicy`).
pub fn succeeds_early(rules: &[SuccessRule], succeeded: &Intervals) -> bool {
    succeeded.total() > 0
        && rules.iter().any(|rule| {
            if rule.indexes.is_empty() {
                return rule.count.is_some_and(|count| succeeded.total() >= count);
            }
            let all: u32 = rule.indexes.iter().map(|(first, last)| last - first + 1).sum();
            let have: u32 = rule.indexes.iter().map(|(first, last)| succeeded.overlap(*first, *last)).sum();
            have == all || rule.count.is_some_and(|count| have >= count)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_on_successes_needs_its_indexes_or_its_count() {
        let mut succeeded = Intervals::default();
        let leader = SuccessRule { indexes: vec![(0, 0)], count: None };
        let any_two = SuccessRule { indexes: vec![], count: Some(2) };
        let two_of = SuccessRule { indexes: vec![(1, 3), (7, 9)], count: Some(2) };
        assert!(!succeeds_early(&[leader.clone(), any_two.clone()], &succeeded));
        succeeded.insert(2);
        assert!(!succeeds_early(&[leader.clone(), any_two.clone(), two_of.clone()], &succeeded));
        succeeded.insert(8);
        assert!(succeeds_early(std::slice::from_ref(&two_of), &succeeded) && succeeds_early(&[any_two], &succeeded));
        succeeded.insert(0);
        assert!(succeeds_early(&[leader], &succeeded));
    }
}
