//! greenroom rehearses a GPU deployment before it goes on stage.

pub mod cli;
pub mod cluster;
pub mod conform;
pub mod explain;
pub mod explore;
pub mod fleet;
pub mod kernel;
#[cfg(feature = "live")]
pub mod live;
pub mod oracle;
pub mod plan;
pub mod rehearsal;
pub mod report;
pub mod scenario;
pub mod standin;
pub mod systems;
pub mod text;
pub mod timeline;
pub mod workload;
