//! DRAINING after a rollout, and the end of a deployment: groups that serve no more are emptied.
//! Source: lablup/backend.ai c0032c472e, manager/sokovan/deployment/handlers/{deploying_draining,destroying}.py.

use super::model::{GroupLifecycle, Scaling};
use crate::systems::backendai::deployments::Deployments;
use crate::systems::backendai::handler::Outcome;
use crate::systems::backendai::route::Route;
use crate::timeline::{Arg, Why};
use crate::workload::World;

/// Has superseded groups drained, and waits until all of them are. One that never became stable is not drained and waited for.
pub fn draining(deployments: &mut Deployments, index: usize, world: &mut dyn World) -> Outcome {
    let groups = &deployments.list[index].groups;
    let superseded: Vec<usize> = (0..groups.list.len()).filter(|group| Some(*group) != groups.primary).collect();
    for group in &superseded {
        if deployments.list[index].groups.list[*group].lifecycle == GroupLifecycle::Stable {
            drain(deployments, index, *group, Why::text("it is superseded"), world);
        }
    }
    let one = &mut deployments.list[index];
    if superseded.iter().any(|group| one.groups.list[*group].lifecycle != GroupLifecycle::Drained) {
        return Outcome::Skipped;
    }
    one.deploying = None;
    let current = one.current;
    deployments.publish_revisions(index, world);
    let revision = deployments.shown_revision(index, current, world);
    Outcome::Success(Why::with("{} is rolled out", revision))
}

/// Says that a group is to be drained. Its reconciler does it once its last step has settled.
pub fn drain(deployments: &mut Deployments, index: usize, group: usize, why: Why, world: &mut dyn World) {
    deployments.list[index].groups.list[group].lifecycle = GroupLifecycle::Draining;
    deployments.tell_group(index, group, why, world);
}

/// Ends all routes and wants none any more: how the source keeps groups from making routes meanwhile could not be read.
pub fn destroying(deployments: &mut Deployments, index: usize, world: &mut dyn World) -> Outcome {
    for group in 0..deployments.list[index].groups.list.len() {
        let one = &mut deployments.list[index].groups.list[group];
        if one.lifecycle != GroupLifecycle::Drained {
            (one.desired_current, one.desired_target) = (0, 0);
            (one.lifecycle, one.scaling) = (GroupLifecycle::Drained, Scaling::Stable);
            deployments.tell_group(index, group, Why::text("its deployment is taken down"), world);
        }
    }
    deployments.drain_all(index, world);
    let one = &mut deployments.list[index];
    one.deploying = None;
    if one.routes.iter().all(Route::is_over) {
        return Outcome::Success(Why::with("{} routes are over", Arg::Count(one.routes.len() as u64)));
    }
    Outcome::Skipped
}
