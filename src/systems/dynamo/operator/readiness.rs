//! When the operator takes a workload for ready.
//!
//! Source: ai-dynamo/dynamo, deploy/operator/internal/controller/dynamocomponentdeployment_controller.go, IsDeploymentReady and
//! IsLeaderWorkerSetReady; of 0.8.0 the same below deploy/cloud/operator. Nothing pauses a Deployment here.

use crate::systems::dynamo::profile::Operator;
use crate::workload::DeploymentStatus;

/// True for a Deployment that has all it wants, nothing beside it, and the condition `Available`. One that wants nothing is ready.
/// 0.8 does not look at what is beside it: a rollout that has old pods left to end is over for it.
pub fn deployment(status: &DeploymentStatus, operator: Operator) -> bool {
    status.desired == 0
        || status.observed_generation >= status.generation
            && status.updated >= status.desired
            && status.available >= status.desired
            && (status.replicas == status.desired || !operator.is_1_5())
            && status.minimum_available == Some(true)
}

/// True for a LeaderWorkerSet of which enough groups are ready and which says that it is available.
pub const fn leader_worker_set(desired: u32, ready: u32, is_available: bool) -> bool {
    desired == 0 || ready >= desired && is_available
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pod_of_a_surge_keeps_a_deployment_from_being_ready() {
        let status = DeploymentStatus {
            desired: 2,
            replicas: 2,
            updated: 2,
            ready: 2,
            available: 2,
            minimum_available: Some(true),
            ..DeploymentStatus::default()
        };
        assert!(deployment(&status, Operator::V1_5));
        assert!(!deployment(&DeploymentStatus { replicas: 3, ..status }, Operator::V1_5));
        assert!(deployment(&DeploymentStatus { replicas: 3, ..status }, Operator::V0_8));
        assert!(!deployment(&DeploymentStatus { generation: 2, observed_generation: 1, ..status }, Operator::V1_5));
        assert!(!deployment(&DeploymentStatus { minimum_available: None, ..status }, Operator::V1_5));
        assert!(deployment(&DeploymentStatus { desired: 0, minimum_available: None, ..status }, Operator::V1_5));
    }

    #[test]
    fn groups_must_be_there_and_said_to_be_available() {
        assert!(leader_worker_set(0, 0, false));
        assert!(!leader_worker_set(2, 2, false));
        assert!(!leader_worker_set(2, 1, true));
        assert!(leader_worker_set(2, 2, true));
    }
}
