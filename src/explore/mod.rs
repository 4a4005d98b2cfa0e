//! The search for what goes wrong: from one scenario, runs with other faults, operator's actions and orders, judged by the built-in
//! oracles and by comparison with the run as the scenario has it. Pure but for its threads: a caller writes files and shows results.

mod attempt;
mod base;
mod compare;
mod coverage;
mod differential;
mod effect;
mod fork;
mod group;
mod order;
pub mod plan;
mod points;
mod prune;
mod replay;
mod search;
mod settings;
pub mod shrink;
mod vocabulary;
mod words;

pub use compare::{add_comparisons, compares, is_asked_for};
pub use coverage::{Coverage, OfKind};
pub use group::{Group, Signature};
pub use plan::{Plan, Target};
pub use prune::{Pruned, Reason};
pub use replay::{findings_of, shows};
pub use search::{Exploration, Options, Progress, explore};
pub use vocabulary::{Choice, FAULT_WORDS};
