//! What Backend.AI's manager owes by its proposals, whatever the engine and its bug modes do: a promotion switches to healthy routes of
//! the new revision, a rollback drains them, and no rollout lasts longer than its time-out. Source: lablup/backend.ai c0032c472e,
//! proposals/BEP-1049/blue-green.md (time-outs of sub-steps; an update without an operator promotes itself once its routes are healthy).

use super::deployments::Deployments;
use super::policy::Policy;
use super::profile::Engine;
use super::route::Route;
use crate::kernel::{Duration, Name, Time};
use crate::timeline::{Kind, Subject};
use crate::workload::{GivenUp, Leaves, Left, Numbered, Pledge, Reaches, World};

/// Routes that end are told so within 30 s, and those that nobody counts any more are looked for once a minute.
const DRAINS_WITHIN: Duration = Duration::from_secs(120);

impl Deployments {
    /// Who a revision is where requests are told, and the names of its pods.
    fn revision_subject(&self, index: usize, revision: usize, world: &mut dyn World) -> (Subject, Numbered) {
        let spec = self.spec(index);
        let stem = world.intern(&format!("{}-{}", spec.name, spec.revisions[revision].name));
        let pods = Numbered { namespace: self.list[index].subject.namespace, stem };
        (Subject::new(Kind::Revision, Name::plain(stem)), pods)
    }

    /// A revision takes the traffic over: it has a healthy route at least. What the manager knows of health is as old as its last
    /// check, and the proposal asks no more of it: with a route that is healthy as far as it knows, it has kept its word.
    pub fn pledge_takeover(&self, index: usize, revision: Option<usize>, world: &mut dyn World) {
        let Some(revision) = revision.filter(|_| self.list[index].desired > 0) else { return };
        let is_known = |route: &Route| route.revision == revision && route.is_healthy();
        if self.list[index].routes.iter().any(is_known) {
            return;
        }
        let (party, _) = self.revision_subject(index, revision, world);
        let name = Subject { kind: Kind::Traffic, ..self.list[index].subject };
        world.pledge(Pledge::TakesOver { name, party, pods: 1 });
    }

    /// A rollout was rolled back: nothing of its revision is left, and the current one has its routes.
    pub fn pledge_given_up(&self, index: usize, revision: Option<usize>, world: &mut dyn World) {
        let one = &self.list[index];
        let Some(revision) = revision.filter(|revision| one.current != Some(*revision)) else { return };
        let (version, pods) = self.revision_subject(index, revision, world);
        world.pledge(Pledge::GivenUp(GivenUp {
            of: one.subject,
            version,
            left: Left::Numbered(pods, one.numbers[revision]),
            traffic: Some(Subject { kind: Kind::Traffic, ..one.subject }),
            back: one.subject,
            pods: if one.current.is_some() { one.desired } else { 0 },
            within: DRAINS_WITHIN,
        }));
    }

    /// A revision is rolled out, perhaps once more.
    pub fn pledge_wanted(&self, index: usize, revision: usize, world: &mut dyn World) {
        let (version, _) = self.revision_subject(index, revision, world);
        world.pledge(Pledge::Wanted { version });
    }

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
        if !by_itself || self.list[index].desired == 0 || self.options.engine == Engine::ReplicaGroups {
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
