//! ROLLING_BACK: a rollout is given up. A deployment that never ran anything has nothing to go back to and is taken down.
//! Source: lablup/backend.ai c0032c472e, manager/sokovan/deployment/handlers/deploying_rolling_back.py; #11706.

use super::ending::drain;
use super::model::{GroupLifecycle, Scaling};
use crate::systems::backendai::deployments::Deployments;
use crate::systems::backendai::handler::Outcome;
use crate::timeline::Why;
use crate::workload::World;

/// Within the group that serves, the target revision is dropped and the current one is wanted in full again; a group of the
/// rollout's own is to be drained. That group's scaling goes on until it has settled, which is the source's way.
pub fn rolling_back(deployments: &mut Deployments, index: usize, world: &mut dyn World) -> Outcome {
    if deployments.list[index].current.is_none() {
        return Outcome::Unfinished(Why::text("there is no current revision to go back to"));
    }
    let groups = &mut deployments.list[index].groups;
    if let Some(target) = groups.target.take() {
        if groups.primary == Some(target) {
            restore(deployments, index, target, world);
        } else {
            drain(deployments, index, target, Why::text("its rollout is rolled back"), world);
        }
    }
    let one = &mut deployments.list[index];
    let (deploying, current) = (one.deploying.take(), one.current);
    deployments.publish_revisions(index, world);
    deployments.pledge_given_up(index, deploying, world);
    let given_up = deployments.shown_revision(index, deploying, world);
    let current = deployments.shown_revision(index, current, world);
    Outcome::Success(Why::with2("{} is given up; runs {}", given_up, current))
}

/// Wants the current revision alone, in full. Routes of the other are evicted later: nothing counts them any more.
fn restore(deployments: &mut Deployments, index: usize, group: usize, world: &mut dyn World) {
    let one = &mut deployments.list[index];
    let desired = one.desired;
    let group_row = &mut one.groups.list[group];
    (group_row.desired_current, group_row.desired_target) = (desired, 0);
    (group_row.lifecycle, group_row.scaling) = (GroupLifecycle::Stable, Scaling::Scaling);
    group_row.target = None;
    let wants = deployments.wants(index, group, world);
    deployments.tell_group(index, group, wants, world);
}
