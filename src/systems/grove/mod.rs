//! Grove: PodCliqueSets, and what their controllers make of them: PodCliqueScalingGroups, PodCliques, PodGangs and pods. Here
//! stand its API objects, the reading and admission of its documents, and its controllers, against [`crate::workload::World`]
//! alone. Which graphs become PodCliqueSets is not known here: `systems/dynamo` says it.
//! Source: ai-dynamo/grove, `operator/`, main of mid 2026; where versions differ, a profile says which.

pub mod check;
pub mod model;
pub mod names;
pub mod profile;
pub mod read;
pub mod status;

pub use profile::Profile;
