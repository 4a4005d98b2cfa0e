//! INITIALIZING, PROVISIONING and PROVISIONED: the proxy learns of the deployment, the group that the revision is rolled out in
//! is chosen or made, and then it is waited for.
//! Source: lablup/backend.ai c0032c472e, manager/sokovan/deployment/handlers/deploying_{initializing,provisioning,
//! provisioned}.py and manager/repositories/replica_group (setup_target_groups).

use super::model::GroupLifecycle;
use crate::systems::backendai::deployments::Deployments;
use crate::systems::backendai::handler::Outcome;
use crate::systems::backendai::policy::Policy;
use crate::timeline::Why;
use crate::workload::World;

/// Makes the deployment known to the proxy. Here the proxy always answers.
pub fn initializing(deployments: &mut Deployments, index: usize) -> Outcome {
    let groups = &mut deployments.list[index].groups;
    let is_new = !std::mem::replace(&mut groups.is_registered, true);
    Outcome::Success(Why::text(if is_new { "the proxy knows it now" } else { "the proxy knows it" }))
}

/// Chooses the group that the revision is rolled out in: a rolling update takes the one that serves, if there is one. Its
/// wanted numbers stay as they are; a new group wants all at once.
pub fn provisioning(deployments: &mut Deployments, index: usize, world: &mut dyn World) -> Outcome {
    let in_place = matches!(deployments.spec(index).policy, Some(Policy::Rolling { .. }));
    let has_policy = deployments.spec(index).policy.is_some();
    let one = &mut deployments.list[index];
    let (Some(deploying), true) = (one.deploying, has_policy) else {
        return Outcome::Unfinished(Why::text("it has no deployment policy or no deploying revision"));
    };
    if let Some(primary) = one.groups.primary.filter(|_| in_place) {
        one.groups.target = Some(primary);
        let group = &mut one.groups.list[primary];
        group.target = Some(deploying);
        group.lifecycle = GroupLifecycle::Rolling;
        let wants = deployments.wants(index, primary, world);
        deployments.tell_group(index, primary, wants, world);
        return Outcome::Success(Why::text("it is rolled out in the group that serves"));
    }
    let desired = one.desired;
    let group = deployments.add_group(index, |group| {
        group.target = Some(deploying);
        group.desired_target = desired;
    });
    deployments.list[index].groups.target = Some(group);
    deployments.name_group(index, group, world);
    Outcome::Success(Why::text("it is rolled out in a group of its own"))
}

/// Waits until the group is stable. Every look before that is a failure, and there may be any number of them.
pub fn provisioned(deployments: &Deployments, index: usize) -> Outcome {
    let groups = &deployments.list[index].groups;
    let Some(target) = groups.target else {
        return Outcome::Unfinished(Why::text("it has no target group"));
    };
    match groups.list[target].lifecycle {
        GroupLifecycle::Stable => Outcome::Success(Why::text("its target group is stable")),
        GroupLifecycle::Draining | GroupLifecycle::Drained => {
            Outcome::Unfinished(Why::text("its target group is being drained"))
        }
        GroupLifecycle::Rolling => Outcome::Unfinished(Why::text("its target group is not stable yet")),
    }
}
