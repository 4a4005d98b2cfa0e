//! NVIDIA Dynamo: graphs of components that serve a language model, and what its operator makes of them.
//! What documents say is in `model`, and is read by `read` and judged by `check`; what depends on the version of the operator and on
//! the switches of its chart is in `profile`. The gangs of Grove are a system of their own, and the cluster is not known here.

pub mod model;
pub mod operator;
pub mod profile;
pub mod status;
pub mod store;

pub use profile::{Operator, Options, Provider};
