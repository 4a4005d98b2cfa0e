//! The workload controllers against recordings of the real ones (Kubernetes v1.36.3 with kwok v0.8.0).
//!
//! The recordings are not part of this repository: `GREENROOM_SHARED` names the folder that holds them, and without it
//! the tests say that they were skipped.

mod agreement;
#[path = "../bench/mod.rs"]
mod bench;
mod failing_jobs;
#[path = "../support/golden.rs"]
mod golden;
mod manifest;
mod observed;
mod recordings;
mod rig;
mod rollouts;
