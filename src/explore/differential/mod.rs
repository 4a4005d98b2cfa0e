//! Oracles that compare runs: more is made than the faults explain (GR108), the end is another than without the faults (GR109), another
//! than when the last documents stand from the start (GR110). Each compares only what two runs without faults agree in.

mod churn;
mod convergence;
mod decided;
mod ends;
mod path;

pub use churn::{Made, churn};
pub use convergence::divergence;
pub use ends::Ends;
pub use path::{at_once, path_dependence};
