//! What operators do: activate a revision, promote what waits for it, scale, and take down. A refusal has the words of the API
//! where these are known.
//! Source: lablup/backend.ai refs/pull/10426/head d0ef5ec06c, manager/services/deployment/service.py.

use super::bep1049;
use super::controller::BackendAi;
use super::groups;
use super::history::{Record, Verdict};
use super::names::meant;
use super::profile::Engine;
use super::read::REPLICAS_MAX;
use super::status::{Lifecycle, Status};
use crate::text::diagnostic::quote;
use crate::timeline::{Arg, Cause, Why};
use crate::workload::{Action, Pledge, World};

/// The phase of the row that an activation writes: assumed, as no source shows what it leaves in the history.
const ACTIVATION: &str = "activate-revision";

impl BackendAi {
    /// Does what an operator asks for.
    pub(super) fn act(&mut self, action: &Action, cause: Cause, world: &mut dyn World) -> Result<(), String> {
        match action {
            Action::Activate { target, revision } => self.activate(target, revision, cause, world),
            Action::Promote { target, full: false } => self.promote(target, cause, world),
            Action::Promote { full: true, .. } => Err("Backend.AI knows no full promotion".to_owned()),
            Action::Scale(sizes) => sizes.iter().try_for_each(|(target, size)| self.scale(target, *size, cause, world)),
            Action::Weight { target, percent } => self.weigh(target, *percent, cause, world),
            Action::Undeploy(target) => self.take_down(target, cause, world),
            _ => Err("Backend.AI has no such operation for a deployment".to_owned()),
        }
    }

    /// The position of the deployment that is meant.
    fn position(&self, target: &str) -> Result<usize, String> {
        let position = meant(target).and_then(|name| self.names().position(|known| known == name));
        position
            .filter(|position| *position < self.deployments.list.len())
            .ok_or_else(|| format!("there is no deployment {}", quote(target)))
    }

    /// A deployment that is not being taken down.
    fn living(&self, target: &str) -> Result<usize, String> {
        let index = self.position(target)?;
        match self.deployments.list[index].status.lifecycle {
            Lifecycle::Destroying | Lifecycle::Destroyed => {
                Err(format!("deployment {} is being taken down", quote(target)))
            }
            _ => Ok(index),
        }
    }

    /// Begins to roll a revision out.
    fn activate(&mut self, target: &str, name: &str, cause: Cause, world: &mut dyn World) -> Result<(), String> {
        let index = self.living(target)?;
        let spec = self.deployments.spec(index);
        let revision = spec.revisions.iter().position(|one| one.name == name);
        let revision = revision.ok_or_else(|| format!("deployment {} has no revision {}", spec.name, quote(name)))?;
        let one = &self.deployments.list[index];
        if one.current == Some(revision) {
            return Err(format!("revision {name} of deployment {} is the current one", spec.name));
        }
        if one.status.lifecycle == Lifecycle::Pending {
            return Err(format!("deployment {} is not ready yet", spec.name));
        }
        // Until lablup/backend.ai#11371 nothing could be activated while a rollout was under way, or stuck.
        let refuses = self.deployments.options.engine == Engine::Pr10426 || one.deploying == Some(revision);
        if one.status.lifecycle == Lifecycle::Deploying && refuses {
            return Err(format!("deployment {} is being rolled out", spec.name));
        }
        let now = world.now();
        let first = Status::deploying(self.deployments.options.engine.first_step());
        let one = &mut self.deployments.list[index];
        // With a row of its own: attempts and time-outs of a rollout that it takes the place of are not this one's.
        one.history.add(Record {
            phase: ACTIVATION,
            category: ACTIVATION,
            error_code: None,
            from: one.status,
            to: first,
            verdict: Verdict::Success,
            attempts: 1,
            created_at: now,
            updated_at: now,
        });
        one.deploying = Some(revision);
        one.rollout += 1;
        one.failed_seen = 0;
        one.status = first;
        one.since = now;
        let (to, from) = (one.deploying, one.current);
        self.deployments.pledge_wanted(index, revision, world);
        let to = self.deployments.shown_revision(index, to, world);
        let from = self.deployments.shown_revision(index, from, world);
        self.deployments.tell(index, Why::with2("{} is rolled out in place of {}", to, from), cause, world);
        self.deployments.publish_revisions(index, world);
        self.deployments.pledge_revision(index, revision, world);
        self.coordinator.mark(first, now);
        Ok(())
    }

    fn promote(&mut self, target: &str, cause: Cause, world: &mut dyn World) -> Result<(), String> {
        let index = self.position(target)?;
        if self.deployments.options.engine == Engine::ReplicaGroups {
            return Err(
                "Backend.AI has no promotion of a replica group: what takes its traffic is its weight".to_owned()
            );
        }
        if let Some(refusal) = bep1049::why_no_promotion(&self.deployments, index) {
            return Err(refusal);
        }
        bep1049::promote_by_hand(&mut self.deployments, index, cause, world);
        Ok(())
    }

    /// Changes the weights of a rollout by hand. No API does: it stands for a change of the records themselves.
    fn weigh(&mut self, target: &str, percent: u32, cause: Cause, world: &mut dyn World) -> Result<(), String> {
        let index = self.living(target)?;
        if self.deployments.options.engine != Engine::ReplicaGroups {
            return Err("only replica groups have weights".to_owned());
        }
        groups::set_weight(&mut self.deployments, index, percent, cause, world)
    }

    fn scale(&mut self, target: &str, size: u32, cause: Cause, world: &mut dyn World) -> Result<(), String> {
        let index = self.living(target)?;
        if size > REPLICAS_MAX {
            return Err(format!("a deployment wants at most {REPLICAS_MAX} routes"));
        }
        let before = std::mem::replace(&mut self.deployments.list[index].desired, size);
        let why = Why::with2("wants {} routes rather than {}", Arg::Count(size.into()), Arg::Count(before.into()));
        self.deployments.tell(index, why, cause, world);
        let (subject, status) = (self.deployments.list[index].subject, self.deployments.list[index].status);
        world.want(subject, Some(size));
        // A rollout that is under way has another number of routes to bring up: no time of its own is owed for that.
        world.pledge(Pledge::Free { dependent: subject });
        self.coordinator.mark(status, world.now());
        Ok(())
    }

    fn take_down(&mut self, target: &str, cause: Cause, world: &mut dyn World) -> Result<(), String> {
        let index = self.living(target)?;
        let one = &mut self.deployments.list[index];
        one.status = Status::of(Lifecycle::Destroying);
        one.since = world.now();
        let subject = one.subject;
        self.deployments.tell(index, Why::NONE, cause, world);
        world.want(subject, Some(0));
        self.coordinator.mark(Status::of(Lifecycle::Destroying), world.now());
        Ok(())
    }
}
