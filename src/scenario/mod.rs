//! The scenario file: what may stand in it, its reading, its checks and its JSON Schema. Nothing is run here.

pub mod documents;
pub mod file;
pub mod model;
pub mod read;
pub mod scheduler;
pub mod schema;
mod speed;
pub mod values;

pub use documents::{Documents, Folder};
pub use model::Scenario;
pub use read::{load, load_cluster, load_cluster_from, load_from};
pub use schema::schema;

#[cfg(test)]
mod tests;
