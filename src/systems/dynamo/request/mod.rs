//! The controller of requests: a profiling Job finds a graph that meets the request's objectives, which is then applied or kept for
//! somebody to apply. `phases` holds the steps, `look` one turn's view and its writes, `output` what the profiler leaves behind.
//!
//! Source: ai-dynamo/dynamo, deploy/operator/internal/controller/dynamographdeploymentrequest_controller.go, chart 1.5.0; of 0.8.0
//! deploy/cloud/operator/internal/controller/dynamographdeploymentrequest_controller.go.

mod look;
mod output;
mod phases;
mod route;

pub use output::config_map;
pub use phases::reconcile;
pub use route::of_graph;
