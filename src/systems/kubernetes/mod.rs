//! Plain Kubernetes manifests, as `kubectl apply`, `helm template` or `kustomize build` have them. `document`, `object`, `typed` and
//! what they call read them; `controller` applies them and says how they fare. What the objects then do is the cluster's.

mod actions;
mod analysis_template;
mod answers;
mod apps;
mod autoscaler;
pub mod batch;
pub mod complaint;
mod container;
mod controller;
pub mod custom;
mod document;
mod figures;
pub mod fingerprint;
mod health;
mod kinds;
mod last_applied;
mod leader_worker_set;
mod manifest;
mod names;
pub mod native;
mod object;
pub mod opaque;
mod placement;
pub mod pod;
mod pod_group;
mod policy;
mod rollout;
mod rollout_strategy;
pub mod secret;
mod selectors;
mod served;
mod standing;
mod state;
pub mod typed;
pub mod volumes;

pub use controller::{Kubernetes, load, load_beside};
pub use document::{Manifests, Read, Refused, read};
pub use manifest::{Body, Identity, Manifest};
pub use names::{label as label_mistake, taint_mistake};
pub use object::read_custom;
pub use secret::hidden;
