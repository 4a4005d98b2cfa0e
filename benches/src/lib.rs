//! Work that the benches measure, and the clock that they measure it by. Nothing here is part of greenroom.

pub mod clock;
pub mod fork;
pub mod gangs;
pub mod graphs;
pub mod hold;
pub mod peer;
pub mod plan;
pub mod rollout;
pub mod scheduling;
pub mod table;
pub mod workload;
pub mod workloads;
