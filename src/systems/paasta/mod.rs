//! PaaSTA: services whose folders say what runs where, and in which order new versions come to it.
//! `document` reads a folder into `model` and checks it, by `schema` and by PaaSTA's own rules; `options` and `rollout` are the
//! profile; `bounce`, `done` and `mark_for_deployment` are the rules of a rollout, and `controller` with what it calls decides by
//! them. The cluster itself is not known here.

mod actions;
pub mod bounce;
mod bounce_engine;
mod checks;
mod controller;
mod crashloops;
mod deploy;
mod document;
pub mod done;
pub mod mark_for_deployment;
pub mod model;
mod native;
mod objects;
pub mod options;
mod pipeline;
mod places;
mod pledges;
mod reading;
pub mod rollout;
pub mod schema;
mod setup;
mod state;
mod traffic;
mod tron;
mod version;
mod waiting;

pub use controller::Paasta;
pub use document::{Read, deploy_groups, read};
pub use options::Options;
pub use version::is_commit;

use crate::timeline::{Cause, EntryId};

/// The order in which causes came to be: lines of the scenario before all entries.
const fn order_of(cause: Cause) -> Option<EntryId> {
    match cause {
        Cause::Line(_) => None,
        Cause::Entry(entry) => Some(entry),
    }
}
