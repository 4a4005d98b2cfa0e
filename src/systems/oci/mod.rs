//! OCI AI Blueprints: groups of deployments with dependencies, exports and references between them.
//! `document`, `fields`, `form`, `decode`, `recipe` and `check` read what is submitted; `names`, `reference`, `resolve` and
//! `plan` turn it into workloads; `controller` and what it calls decide when. The cluster itself is not known here.

mod check;
mod controller;
mod decode;
mod document;
mod exports;
mod fields;
mod form;
mod names;
mod native;
mod notices;
pub mod options;
mod order;
mod passes;
mod plan;
mod pledges;
mod pools;
mod recipe;
mod records;
mod reference;
mod resolve;
mod rules;
mod shape;
mod start;
mod state;
mod submit;
mod undeploy;

pub use controller::{Oci, Read, read};
pub use native::list as native_list;
pub use options::Options;
