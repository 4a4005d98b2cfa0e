//! NVIDIA Dynamo: graphs of components that serve a model, and the operator that keeps them.

pub mod operator;
