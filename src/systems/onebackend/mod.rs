//! 1Backend's Deploy Svc with the part of its Registry Svc that it reads and writes: definitions, nodes, instances.
//! `model` holds what documents say, `read` reads them as the `oo` client does, `store` is what the two services keep, and `lists`
//! and `native` show it. What a controller decides is decided by one of two loops, which differ so much that they share nothing
//! but this: `documented/` does what the service's documents say, `as_built/` what its code does. The cluster itself is not known here.
//!
//! The service was taken out upstream: 1backend/1backend pull request 526, commit 38eaec279 of 2025-12-25. All that is here is
//! of 1305defcf2b8817a3c3e4335a4de3c84d89800bf, the last commit that has it.

mod actions;
mod amount;
pub mod as_built;
pub mod containers;
mod controller;
mod documented;
mod lists;
mod model;
mod native;
mod profile;
mod read;
mod registry;
mod store;

pub use controller::{OneBackend, Read, read};
pub use model::{
    AutoScaling, Definition, Deployment, Document, Envar, ImageSpec, PortMapping, Reference, RepositorySpec, Resources,
    Strategy, StrategyType, TargetRegion,
};
pub use profile::{Build, Documented, Gpus, NodeFacts, Options, Profile};
pub use store::{DeploymentRow, DeploymentStatus, InstanceRow, InstanceStatus, NodeRow, Store};
