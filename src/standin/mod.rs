//! What runs in a container instead of the real program when a scenario is rehearsed on a real cluster: it starts, serves, becomes
//! ready, crashes and stops as the scenario says, so that the cluster's own reactions are real. Nothing of a run lives here:
//! this is the one layer with a clock of the machine, threads and a network, and no other layer runs it but `cli/`.

mod crashes;
mod http;
mod options;
mod run;
mod schedule;
mod serve;
mod signals;

pub use options::{Crash, Options, Run};
pub use run::{Failure, run};
pub use schedule::{Phase, Step, schedule};
