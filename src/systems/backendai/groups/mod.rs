//! The second era: revisions are rolled out by replica groups, each with a lifecycle, wanted numbers and a traffic weight of its
//! own, as lablup/backend.ai has it since #11871 and #11924. What both eras share (the coordinator, routes, documents) is in the
//! folder above.

mod ending;
mod eviction;
mod handlers;
mod model;
mod native;
mod promotion;
mod reconcile;
mod rollback;
mod target;
mod weights;

pub use handlers::{could_act, execute, handlers};
pub use model::Groups;
pub use native::{groups as native, route_status};
pub use promotion::set_weight;
pub use weights::of_route as weight_of_route;
