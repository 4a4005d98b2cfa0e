//! Fleets of nodes as capacity planners see them: traces of pods, policies that place them, and what is measured on the way. No
//! deployment documents and no workload controllers: a pod here is what it asks for, when it comes and how long it stays.
//!
//! `inventory` is the nodes, `demand` the pods, `placement` decides where a pod goes, `replay` plays a trace on a fleet, `read` makes
//! both from tables. All but `read` is pure: no I/O, clock or thread; floats are in the named functions that repeat a source's own.

pub mod demand;
pub mod inventory;
pub mod placement;
pub mod read;
pub mod replay;
