//! PROMOTING and FINALIZING: traffic goes to the target group step by step, then the groups change places. What is moved are
//! weights that are stored; whether anybody reads them is the profile's.
//! Source: lablup/backend.ai c0032c472e, manager/sokovan/deployment/handlers/deploying_{promoting,finalizing}.py.

use super::handlers::LIFECYCLE;
use crate::kernel::Duration;
use crate::systems::backendai::deployments::Deployments;
use crate::systems::backendai::handler::Outcome;
use crate::systems::backendai::policy::Policy;
use crate::timeline::{Arg, Cause, Why};
use crate::workload::World;
use crate::workload::strategy::traffic_shift::{ALL, Mover, Split, traffic_step};

/// One step. A step that is not the last counts as a failure, and five of them are too many.
///
/// The time of the last change is that of the last row of history, whichever handler wrote it: in the first look that is the
/// row of PROVISIONED, which began with the first wait, and then the row of these failures, which never moves.
pub fn promoting(deployments: &mut Deployments, index: usize, world: &mut dyn World) -> Outcome {
    let policy = deployments.spec(index).policy.as_ref();
    let one = &deployments.list[index];
    let (Some(mover), Some(target)) = (policy.map(mover), one.groups.target) else {
        return Outcome::Unfinished(Why::text("it has no deployment policy or no target group"));
    };
    let serving = one.groups.primary.filter(|primary| *primary != target);
    let weight = |group: usize| one.groups.list[group].traffic_weight;
    let split = Split { target: weight(target), serving: serving.map_or(0, weight) };
    let last = one.history.last_of(LIFECYCLE);
    let elapsed = last.map_or(Duration::ZERO, |row| world.now().since(row.created_at));
    let (next, completed) = traffic_step(mover, split, elapsed);
    weigh(deployments, index, target, next.target, world);
    if let Some(serving) = serving {
        weigh(deployments, index, serving, next.serving, world);
    }
    match completed {
        true => Outcome::Success(Why::text("all of the traffic is the target group's")),
        false => Outcome::Unfinished(Why::text("traffic shift in progress")),
    }
}

/// How a policy moves traffic.
const fn mover(policy: &Policy) -> Mover {
    match *policy {
        Policy::Rolling { .. } => Mover::Rolling,
        Policy::BlueGreen { auto_promote, promote_delay } => Mover::BlueGreen { auto_promote, promote_delay },
        Policy::Canary { step_weight, step_interval } => Mover::Canary { step_weight, step_interval },
    }
}

/// Stores a weight, and tells of it if it is another.
fn weigh(deployments: &mut Deployments, index: usize, group: usize, weight: u32, world: &mut dyn World) {
    let one = &mut deployments.list[index].groups.list[group];
    let before = std::mem::replace(&mut one.traffic_weight, weight);
    if before != weight {
        let why = Why::with2("its weight is {} rather than {}", Arg::Count(weight.into()), Arg::Count(before.into()));
        deployments.tell_group(index, group, why, world);
    }
}

/// The groups change places: the target group is the one that serves.
pub fn finalizing(deployments: &mut Deployments, index: usize, world: &mut dyn World) -> Outcome {
    let groups = &deployments.list[index].groups;
    let (Some(target), primary) = (groups.target, groups.primary) else {
        return Outcome::Unfinished(Why::text("it has no target group"));
    };
    weigh(deployments, index, target, ALL, world);
    if let Some(superseded) = primary.filter(|primary| *primary != target) {
        weigh(deployments, index, superseded, 0, world);
    }
    if primary.is_some_and(|primary| primary != target) {
        deployments.pledge_takeover(index, deployments.list[index].deploying, world);
    }
    let groups = &mut deployments.list[index].groups;
    groups.primary = Some(target);
    groups.target = None;
    deployments.follow_primary(index, world);
    let name = Arg::Subject(deployments.list[index].groups.list[target].subject);
    Outcome::Success(Why::with("{} serves from now on", name))
}

/// Sets the weights of a rollout by hand, as nothing but a change of the records can.
///
/// # Errors
/// Why there is nothing to weigh.
pub fn set_weight(
    deployments: &mut Deployments,
    index: usize,
    percent: u32,
    cause: Cause,
    world: &mut dyn World,
) -> Result<(), String> {
    let groups = &deployments.list[index].groups;
    let name = &deployments.spec(index).name;
    let Some(target) = groups.target else {
        return Err(format!("deployment {name} has no target replica group: nothing is being rolled out"));
    };
    let Some(primary) = groups.primary.filter(|primary| *primary != target) else {
        return Err(format!(
            "deployment {name} is rolled out within the group that serves: there is no other to weigh"
        ));
    };
    if percent > ALL {
        return Err(format!("a weight is at most {ALL}"));
    }
    deployments.list[index].cause = cause;
    weigh(deployments, index, target, percent, world);
    weigh(deployments, index, primary, ALL - percent, world);
    Ok(())
}
