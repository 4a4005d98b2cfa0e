//! What a route weighs for the proxy. Weights of groups are stored and, today, not applied: every route that serves weighs the
//! same, whichever group it is of. A profile says what it would be like if they were.
//! Source: lablup/backend.ai c0032c472e, src/ai/backend/appproxy/coordinator/repositories/endpoint.py: the ratio of a route is
//! 1.0, as the manager does not push one.

use crate::systems::backendai::deployments::Deployment;
use crate::systems::backendai::profile::{Engine, Options};

/// What a route that serves weighs. Where weights are applied, the routes of a group share its weight: each route's is the
/// group's times the number of routes of all others, so that shares are exact in whole numbers.
pub fn of_route(deployment: &Deployment, position: usize, options: &Options) -> u32 {
    if options.engine != Engine::ReplicaGroups || !options.weights_applied {
        return 1;
    }
    let groups = &deployment.groups.list;
    let serving = |group: usize| {
        let routes = groups[group].routes.iter();
        routes.filter(|route| deployment.routes[**route].serves()).count() as u64
    };
    let Some(own) = groups.iter().position(|group| group.routes.contains(&position)) else { return 0 };
    let others = (0..groups.len()).filter(|group| *group != own && groups[*group].traffic_weight > 0);
    let product: u64 = others.map(serving).filter(|count| *count > 0).product();
    u32::try_from(u64::from(groups[own].traffic_weight).saturating_mul(product)).unwrap_or(u32::MAX)
}
