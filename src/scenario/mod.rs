//! The scenario file: what may stand in it, its reading, its checks and its JSON Schema. Nothing is run here.

pub mod file;
pub mod model;
pub mod values;

pub use model::Scenario;
