//! Questions of capacity. Fleets of nodes as capacity planners see them: traces of pods, policies that place them, and what is measured on the
//! way; a pod there is what it asks for, when it comes and how long it stays, without deployment documents and workload controllers. And
//! many runs of one scenario, with their statistics: what one run is stands in `rehearsal`. What is shown is in `report`.
//!
//! `inventory` is the nodes, `demand` the pods, `placement` decides where a pod goes, `replay` plays a trace on a fleet, `read` makes
//! both from tables; `sweep` is a scenario over parameters and seeds, `statistics` what can be said of its runs. `inventory` to `replay` are
//! pure: no I/O, clock or thread; floats are in the named functions that repeat a source's own.

pub mod demand;
pub mod inventory;
pub mod placement;
pub mod read;
pub mod replay;
pub mod statistics;
pub mod sweep;
