//! One run: plays documents, faults and actions into a world, drives observers, and gathers one result.
//! What an expectation means is `oracle`'s; how a result looks is `report`'s.

pub mod observer;
pub mod result;

pub use observer::Observer;
pub use result::{Ending, Notice, RunResult, Unfired, Verdict, VerdictStatus};
