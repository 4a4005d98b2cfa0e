//! Sweeps: one scenario over parameters and seeds. A *plan* is the scenario with a value for each parameter; a *sample* is a seed, and
//! sample k has the same seed in every plan, so that plans meet the same pull times and the same failures. Run i is a pure function of
//! i, the scenario and the first seed: which process makes it, and when, decides nothing.
//!
//! Nothing here reads a clock, prints or touches a disk but for the documents of the scenario.

pub mod batch;
pub mod cursor;
mod edit;
pub mod find;
pub mod image;
pub mod manifest;
pub mod measure;
pub mod merge;
pub mod metric;
pub mod outcome;
mod path;
pub mod precision;
mod prepare;
pub mod row;
mod run;
pub mod shard;
pub mod space;
pub mod tally;
pub mod vary;
mod watch;

pub use outcome::Outcome;
pub use path::Path;
pub use prepare::Base;
pub use run::Prepared;
pub use space::{Run, Space};
pub use vary::Vary;
