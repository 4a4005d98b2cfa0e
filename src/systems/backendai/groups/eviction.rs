//! The loop that ends routes which nobody needs: those that are unhealthy, and those of a revision that is neither current nor
//! being rolled out.
//! Source: lablup/backend.ai c0032c472e, manager/sokovan/deployment/route/handlers/route_eviction.py (#11370). That unhealthy
//! routes are evicted is the default of a resource group's `cleanup_target_statuses`.

use crate::systems::backendai::deployments::{Deployment, Deployments};
use crate::systems::backendai::handler::Outcome;
use crate::systems::backendai::profile::{BugMode, Options};
use crate::systems::backendai::route::{Health, Route, RouteStatus};
use crate::timeline::Why;
use crate::workload::World;

/// Why a route is to be evicted, if it is.
fn reason(one: &Deployment, route: &Route, options: &Options) -> Option<&'static str> {
    if !route.is_active() {
        return None;
    }
    if route.status == RouteStatus::Running && route.health == Health::Unhealthy {
        return Some("evicted: it is unhealthy");
    }
    let is_wanted = [one.current, one.deploying].contains(&Some(route.revision));
    (!is_wanted && !options.has(BugMode::OrphansKept))
        .then_some("evicted: its revision is neither current nor rolled out")
}

/// True if a deployment has a route that is to be evicted.
pub fn has_any(deployments: &Deployments, index: usize) -> bool {
    let one = &deployments.list[index];
    one.routes.iter().any(|route| reason(one, route, &deployments.options).is_some())
}

/// Evicts them.
pub fn evict(deployments: &mut Deployments, index: usize, world: &mut dyn World) -> Outcome {
    let one = &deployments.list[index];
    let reasons = one.routes.iter().map(|route| reason(one, route, &deployments.options));
    let evicted: Vec<(usize, &str)> =
        reasons.enumerate().filter_map(|(position, reason)| Some((position, reason?))).collect();
    for (position, reason) in evicted {
        let cause = deployments.list[index].routes[position].cause;
        deployments.drain(index, position, Why::text(reason), cause, world);
    }
    Outcome::Skipped
}
