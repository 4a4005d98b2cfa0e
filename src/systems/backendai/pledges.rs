//! What Backend.AI's manager owes by its proposals, whatever the engine and its bug modes do: a promotion switches to healthy routes of
//! the new revision, and a rollback drains them. Source: lablup/backend.ai, proposals/BEP-1049/blue-green.md.

use super::deployments::Deployments;
use crate::kernel::{Duration, Name};
use crate::timeline::{Kind, Subject};
use crate::workload::{GivenUp, Left, Numbered, Pledge, World};

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

    /// A revision takes the traffic over: it has a healthy route at least.
    pub fn pledge_takeover(&self, index: usize, revision: Option<usize>, world: &mut dyn World) {
        let Some(revision) = revision.filter(|_| self.list[index].desired > 0) else { return };
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
}
