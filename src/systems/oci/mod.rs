//! OCI AI Blueprints: groups of deployments with dependencies, exports and references between them.
//! `document`, `fields`, `form`, `decode`, `recipe` and `check` read what is submitted; `names`, `reference`, `resolve` and
//! `plan` turn it into workloads; `controller` and what it calls decide when.

mod check;
mod decode;
mod document;
mod fields;
mod form;
mod names;
pub mod options;
mod order;
mod recipe;
mod reference;
mod resolve;
mod rules;
mod shape;
