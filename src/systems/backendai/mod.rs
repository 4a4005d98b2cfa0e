//! Backend.AI's model service: deployments with revisions, routes that run them, and the coordinator that rolls a revision out.
//! What a file of deployments says is read by `read`, `policy` and `slots`; `coordinator` and `handler` are the control loops
//! that all eras share, `loops` those over routes; `bep1049/` is the first era's way to replace a revision, `groups/` the
//! second's. The cluster itself
//! is not known here.

mod actions;
mod arithmetic;
pub mod bep1049;
mod board;
mod checks;
mod controller;
pub mod coordinator;
pub mod cycle;
mod deployments;
mod document;
mod file;
pub mod groups;
pub mod handler;
pub mod history;
mod loops;
mod names;
mod native;
mod pledges;
mod policy;
pub mod profile;
mod read;
mod route;
mod session;
mod slots;
pub mod status;
mod traffic;

pub use controller::{BackendAi, Read, read};
pub use policy::Budget;
pub use profile::{BugMode, DelayFrom, Engine, Options};
pub use route::{is_route_there, revision_of_route};
