//! Dynamo's operator: what becomes of a graph. The controllers of graphs, of components as resources of their own and of scaling
//! adapters live here, with the pure functions that they decide by. Documents, admission and the controllers of requests and models
//! are the neighbours'.

pub mod adapters;
pub mod asked;
pub mod claims;
pub mod cliques;
pub mod component;
pub mod devices;
pub mod discovery;
pub mod generations;
pub mod graph;
pub mod grove_path;
pub mod grove_status;
pub mod hash;
pub mod journal;
pub mod keys;
pub mod look;
pub mod mend;
pub mod names;
pub mod parts;
pub mod pass;
pub mod planner;
pub mod provider;
pub mod readiness;
pub mod render;
pub mod restart;
pub mod rollout;
pub mod status;
pub mod workloads;
