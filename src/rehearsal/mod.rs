//! One run: plays documents, faults and actions into a world, drives observers, and gathers one result.
//! What an expectation means is `oracle`'s; how a result looks is `report`'s.

mod api_faults;
mod controllers;
mod cues;
mod finish;
mod fork;
mod inject;
mod meant;
mod notices;
pub mod observer;
mod play;
mod points;
mod probe;
mod profiles;
mod recorder;
mod refusal;
pub mod result;
pub mod scheduling;
mod simulate;
mod store;

pub use cues::unlocked as action_of;
pub use observer::Observer;
pub use play::{Options, Rehearsal, rehearse};
pub use probe::Fate;
pub use profiles::profiles;
pub use recorder::Recorder;
pub use result::{
    Cleanup, Ending, Finding, LiveRun, Missed, Notice, Rejection, RunResult, Unfired, Verdict, VerdictStatus,
};
pub use simulate::{behaviour, measurements, node_spec, simulated, usual};
