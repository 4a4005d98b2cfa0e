//! The Grove path of a graph: one PodCliqueSet for all components.

use super::look::Look;
use super::pass::{Failure, Pass, Step};
use super::workloads::{FAILED, Outcome};

/// Makes the PodCliqueSet of a graph what it should be, and looks at how its cliques fare.
pub fn reconcile(_look: &mut Look, _pass: &mut Pass<'_>) -> Step<Outcome> {
    Err(Failure::new(FAILED, "failed to generate the Grove GangSet"))
}
