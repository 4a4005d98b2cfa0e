//! PaaSTA: services whose folders say what runs where, and in which order new versions come to it.
//! `model` is what a folder says and `options` the profile; `bounce`, `done` and `mark_for_deployment` are the rules of a rollout. The cluster itself is not known here.

pub mod bounce;
pub mod done;
pub mod mark_for_deployment;
pub mod model;
pub mod options;

pub use options::Options;
