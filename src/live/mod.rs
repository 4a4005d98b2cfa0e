//! The world on a real Kubernetes API: the same scenario and the same controllers as in simulation, in real time.
//! This is the only module that may name tokio or kube. Nothing in it knows which cluster it is on.
//!
//! A run is one thread (`session`, `stage`): it takes one message or timer after the other, as the simulation takes events.
//! Tasks of a small runtime watch (`watch`) and make requests (`request`), and send what comes back as messages. Controllers
//! see what watches showed (`mirror`) and ask as they do in simulation (`port`, `asks`); what they ask for is rendered as real
//! objects (`render`), whose behaviour kwok or stand-ins play (`conduct`). All that a run makes carries its id, and is taken
//! away by it (`cleanup`). Causes of entries are inferred: from owners, and from what was asked for last.

pub mod access;
mod answers;
mod asks;
mod awaiting;
pub mod cleanup;
mod clock;
mod cluster;
pub mod conduct;
mod connection;
mod custom;
mod doctor;
mod dry_run;
mod faults;
mod machines;
mod message;
mod mirror;
mod node_change;
mod nodes;
mod notices;
mod options;
mod port;
mod refusals;
pub mod render;
mod request;
mod run_id;
mod session;
mod stage;
mod traffic;
mod trouble;
mod watch;

pub use cleanup::{Cleaned, cleanup};
pub use connection::{Connection, connect};
pub use doctor::{Check, diagnose};
pub use dry_run::{Planned, dry_run};
pub use notices::Notices;
pub use options::{LiveOptions, Progress};
pub use refusals::refusals;
pub use run_id::{is_id, new as new_run_id};
pub use session::{Failure, rehearse_live, rendering};
pub use trouble::Trouble;
