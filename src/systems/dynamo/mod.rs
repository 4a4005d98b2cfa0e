//! NVIDIA Dynamo: graphs of components that serve a language model, and what its operator makes of them.
//! What documents say is in `model`, and is read by `read` and judged by `check`; what depends on the version of the operator and on
//! the switches of its chart is in `profile`. The gangs of Grove are a system of their own, and the cluster is not known here.

mod actions;
mod check;
mod controller;
mod defaults;
mod dynamo_model;
mod exposition;
mod metrics;
pub mod model;
mod native;
pub mod operator;
pub mod plan;
pub mod profile;
mod read;
mod request;
pub mod status;
pub mod store;
pub mod template;
mod traffic;

pub use check::{Change, pod_clique_set_name, update};
pub use controller::Dynamo;
pub use profile::{Operator, Options, Provider};
pub use read::{Document, Read, Refused, Submitted, read};
