//! What the webhooks of the operator refuse, in their words. What the schema of the API refuses is told while documents are read.

mod graph;
mod names;
mod request;
mod shared;
mod topology;
mod update;

pub use graph::{component_deployment, graph};
pub use names::pod_clique_set_name;
pub use request::{Asked, request};
pub use shared::{alpha, beta};
pub use topology::topologies;
pub use update::{Change, change, provider, update};
