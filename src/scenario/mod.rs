//! The scenario file: what may stand in it, its reading, its checks and its JSON Schema. Nothing is run here.

pub mod model;
pub mod spread;

pub use model::Scenario;
