//! PaaSTA: services whose folders say what runs where, and in which order new versions come to it.
//! `model` is what a folder says and `options` the profile. The cluster itself is not known here.

pub mod model;
pub mod options;
pub mod schema;

pub use options::Options;
