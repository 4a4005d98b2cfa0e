//! Grove: PodCliqueSets, and what their controllers make of them: PodCliqueScalingGroups, PodCliques, PodGangs and pods. Here
//! stand its API objects, the reading and admission of its documents, and its controllers, against [`crate::workload::World`]
//! alone. Which graphs become PodCliqueSets is not known here: `systems/dynamo` says it.
//! Source: ai-dynamo/grove, `operator/`, main of mid 2026; where versions differ, a profile says which.
//!
//! - `set`, `group` and `clique` are its three controllers; `route` says which change wakes which.
//! - `operator` drives them: it takes wakes, lets the controllers work until nothing is due, and asks to be woken again.
//! - `pods` is what the controllers know of the pods that they asked for.

mod asked;
mod binding;
pub mod check;
mod clique;
mod family;
mod group;
mod hash;
pub mod model;
pub mod names;
mod native;
mod operator;
mod owned;
mod pledges;
mod pods;
mod points;
pub mod profile;
pub mod read;
mod route;
mod set;
mod sharing;
pub mod status;

pub use binding::{Binding, binding, is_binding};
pub use operator::Grove;
pub use profile::{Profile, Release};
pub use set::ON_DELETE;
