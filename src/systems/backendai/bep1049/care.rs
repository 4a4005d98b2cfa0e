//! What the first era does with a deployment outside the steps of a rollout: routes that are missing or too many, routes that
//! nothing belongs to, the way back from a rollout, and the end.

use crate::systems::backendai::deployments::Deployments;
use crate::systems::backendai::handler::Outcome;
use crate::systems::backendai::profile::BugMode;
use crate::systems::backendai::route::Route;
use crate::timeline::{Arg, Why};
use crate::workload::World;

/// Active routes of a revision that is neither run nor rolled out. Those that take traffic are left to the rollout, which counts
/// them among the old ones: assumed.
pub fn orphans(deployments: &Deployments, index: usize) -> Vec<usize> {
    let one = &deployments.list[index];
    let known = [one.current, one.deploying];
    deployments.routes_where(index, |route| {
        route.is_active() && !route.takes_traffic && !known.contains(&Some(route.revision))
    })
}

/// Makes the routes of a deployment that is new.
pub fn begin(deployments: &mut Deployments, index: usize, world: &mut dyn World) -> Outcome {
    if let Some(current) = deployments.list[index].current {
        let desired = deployments.list[index].desired;
        deployments.create_routes(index, current, desired, true, world);
    }
    let revision = deployments.shown_revision(index, deployments.list[index].current, world);
    Outcome::Success(Why::with("runs {}", revision))
}

/// Drains orphans.
pub fn evict(deployments: &mut Deployments, index: usize, world: &mut dyn World) -> Outcome {
    for route in orphans(deployments, index) {
        let cause = deployments.list[index].cause;
        deployments.drain(index, route, Why::text("its revision is neither run nor rolled out"), cause, world);
    }
    Outcome::Success(Why::NONE)
}

/// Makes routes that are missing of the revision that it runs, and drains those that are too many.
pub fn replicas(deployments: &mut Deployments, index: usize, world: &mut dyn World) -> Outcome {
    let one = &deployments.list[index];
    let (Some(current), desired) = (one.current, one.desired as usize) else { return Outcome::Skipped };
    let mut active = deployments.active_of(index, current);
    if active.len() < desired {
        deployments.create_routes(index, current, (desired - active.len()) as u32, true, world);
    } else {
        let surplus = active.len() - desired;
        active.sort_by_key(|route| deployments.list[index].routes[*route].health);
        for route in active.into_iter().take(surplus) {
            let cause = deployments.list[index].cause;
            deployments.drain(index, route, Why::text("one too many"), cause, world);
        }
    }
    Outcome::Success(Why::NONE)
}

/// Gives the revision up that was rolled out, and its routes.
pub fn roll_back(deployments: &mut Deployments, index: usize, world: &mut dyn World) -> Outcome {
    let deploying = deployments.list[index].deploying;
    if let Some(revision) = deploying
        && !deployments.options.has(BugMode::GreenLeak)
    {
        for route in deployments.active_of(index, revision) {
            let cause = deployments.list[index].cause;
            deployments.drain(index, route, Why::text("its rollout is rolled back"), cause, world);
        }
    }
    let one = &mut deployments.list[index];
    one.deploying = None;
    one.status.sub_step = None;
    let current = one.current;
    deployments.publish_revisions(index, world);
    let current = deployments.shown_revision(index, current, world);
    let Some(_) = deploying else { return Outcome::Success(Why::with("runs {}", current)) };
    deployments.pledge_given_up(index, deploying, world);
    let given_up = deployments.shown_revision(index, deploying, world);
    Outcome::Success(Why::with2("{} is given up; runs {}", given_up, current))
}

/// Ends all routes, and waits until they are told.
pub fn destroy(deployments: &mut Deployments, index: usize, world: &mut dyn World) -> Outcome {
    deployments.drain_all(index, world);
    if deployments.list[index].routes.iter().all(Route::is_over) {
        deployments.free_name(index, world);
        return Outcome::Success(Why::text("no route is left"));
    }
    Outcome::Skipped
}

/// An argument for a number of routes.
pub fn count(number: usize) -> Arg {
    Arg::Count(number as u64)
}
