//! What the control plane owes by its documentation, whatever the profile says: a deployment is not started before all that it depends
//! on is `monitoring`, and is given what these exported. Source: `oracle-quickstart/oci-ai-blueprints` at 1807459dc149, the README of the
//! Llama Stack blueprint, How It Works.

use super::controller::Oci;
use super::document::Mode;
use super::resolve::{self, Resolved};
use crate::workload::{Order, Pledge, Uses, World};

/// The words of a deployment that something is being done for.
const BEGAN: &[&str] = &["creating", "active", "monitoring", "completed"];

/// The words of a deployment whose Service is gone, or was never of use.
const GONE: &[&str] = &["failed", "undeploying", "undeployed", "rejected"];

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
                world.pledge(Pledge::Order(Order {
                    dependent,
                    began: BEGAN,
                    dependency,
                    reached,
                    lasts: true,
                    void: &[],
                    is_back: false,
                }));
            }
        }
    }

    /// Tells the world which exports a deployment that starts is given.
    pub(super) fn pledge_uses(&self, index: usize, resolved: &[Resolved], world: &mut dyn World) {
        let user = self.memory.members[index].subject;
        for one in resolved.iter().filter(|one| resolve::is_export(&one.wanted.key)) {
            let Some(at) = self.document.position(&one.wanted.member) else { continue };
            let (key, of) = (world.intern(&one.wanted.key), self.memory.members[at].subject);
            let value = Some(world.intern(&one.value));
            world.pledge(Pledge::Uses(Uses { user, of, key, value, gone: GONE }));
        }
    }
}
