//! The search for what goes wrong: from one scenario, runs with other faults, operator's actions and orders, judged by the built-in
//! oracles and by comparison with the run as the scenario has it. Pure but for its threads: a caller writes files and shows results.

pub mod plan;
pub mod shrink;
mod words;

pub use plan::{Plan, Target};
