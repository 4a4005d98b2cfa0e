//! What Backend.AI's manager owes by its documents and BEP-1049, whatever mistakes its code has.
//! Source: lablup/backend.ai c0032c472e, proposals/BEP-1049 (time-outs of sub-steps; a blue-green update without an operator promotes
//! itself once its routes are healthy).

use super::deployments::Deployments;
use super::policy::Policy;
use super::profile::Engine;
use crate::kernel::Time;
use crate::workload::{Leaves, Numbered, Pledge, Reaches, World};

impl Deployments {
    /// A sub-step has begun that ends with its time-out at the latest. Called with each entry about a deployment.
    pub(super) fn pledge_end(&self, index: usize, world: &mut dyn World) {
        let one = &self.list[index];
        let state = one.status.word();
        if state == "awaiting_promotion" && one.since == world.now() && self.options.engine != Engine::ReplicaGroups {
            let rule = "AWAITING_PROMOTION expires with deploying_timeout";
            world.pledge(Pledge::Leaves(Leaves { of: one.subject, state, by: self.timed_out(world), rule }));
        }
    }

    /// A revision was activated: it is the current one within the time-out of its rollout, unless a route of its fails or an operator
    /// has to promote it. A deployment without a policy owes nothing, because it cannot be evaluated.
    pub(super) fn pledge_revision(&self, index: usize, revision: usize, world: &mut dyn World) {
        let spec = self.spec(index);
        let by_itself = match &spec.policy {
            Some(Policy::BlueGreen { auto_promote, .. }) => *auto_promote,
            Some(Policy::Rolling { .. }) => true,
            Some(Policy::Canary { .. }) | None => false,
        };
        if !by_itself || self.options.engine == Engine::ReplicaGroups {
            return;
        }
        let name = spec.revisions[revision].name.clone();
        let stem = world.intern(&format!("{}-{name}", spec.name));
        let (of, value) = (self.list[index].subject, world.intern(&name));
        let parts = Numbered { namespace: of.namespace, stem };
        let rule = "an activated revision whose routes are healthy is promoted";
        let by = self.timed_out(world);
        world.pledge(Pledge::Reaches(Reaches { of, key: "current_revision", value, by, parts, rule }));
    }

    /// When a sub-step that begins now has run out of time, and the coordinator has looked at it since.
    fn timed_out(&self, world: &dyn World) -> Time {
        let look = self.options.deployments.long;
        world.now() + self.options.deploying_timeout + look + look
    }
}
