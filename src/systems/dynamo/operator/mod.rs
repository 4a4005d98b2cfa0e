//! Dynamo's operator: what becomes of a graph. The controllers of graphs, of components as resources of their own and of scaling
//! adapters live here, with the pure functions that they decide by. Documents, admission and the controllers of requests and models
//! are the neighbours'.

pub mod generations;
pub mod names;
pub mod planner;
pub mod readiness;
pub mod restart;
