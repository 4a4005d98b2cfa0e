//! What the control plane owes by its documentation, whatever the profile says: `oracle-quickstart/oci-ai-blueprints` at 1807459dc149,
//! docs/deployment_groups: a deployment is not started before all that it depends on is `monitoring`.

use super::controller::Oci;
use super::document::Mode;
use crate::workload::{Order, Pledge, World};

/// The words of a deployment that something is being done for.
const BEGAN: &[&str] = &["creating", "active", "monitoring", "completed"];

/// Where a dependency must be. What is documented of services is undefined for a job, which ends: that it runs is accepted as well.
const fn opens(mode: Mode) -> &'static [&'static str] {
    match mode {
        Mode::Service | Mode::SharedNodePool => &["monitoring"],
        Mode::Job => &["monitoring", "completed"],
        Mode::Update | Mode::Team => &["completed"],
    }
}

impl Oci {
    /// Tells the world who must wait for whom, as the document has it.
    pub(super) fn pledge_order(&self, world: &mut dyn World) {
        for (index, member) in self.document.members.iter().enumerate() {
            for named in &member.depends_on {
                let Some(at) = self.document.position(&named.text) else { continue };
                let (dependent, dependency) = (self.memory.members[index].subject, self.memory.members[at].subject);
                let reached = opens(self.document.members[at].recipe.mode);
                world.pledge(Pledge::Order(Order { dependent, began: BEGAN, dependency, reached, lasts: true }));
            }
        }
    }
}
