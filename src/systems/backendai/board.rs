//! The deployments as the coordinator sees them: which era's handlers look at them, and how a change of status is told.

use super::bep1049;
use super::coordinator::Board;
use super::deployments::Deployments;
use super::groups;
use super::handler::{Candidate, Exception, Handler, Outcome};
use super::history::History;
use super::profile::Engine;
use super::status::{Lifecycle, Status};
use crate::timeline::Why;
use crate::workload::World;

impl Board for Deployments {
    fn count(&self) -> usize {
        self.list.len()
    }

    fn status(&self, deployment: usize) -> Status {
        self.list[deployment].status
    }

    fn history(&mut self, deployment: usize) -> &mut History {
        &mut self.list[deployment].history
    }

    fn seen_history(&self, deployment: usize) -> &History {
        &self.list[deployment].history
    }

    fn could_act(&self, handler: &Handler, deployment: usize) -> bool {
        match self.options.engine {
            Engine::Bep1049 | Engine::Pr10426 => bep1049::could_act(self, handler, deployment),
            Engine::ReplicaGroups => groups::could_act(self, handler, deployment),
        }
    }

    fn execute(
        &mut self,
        handler: &Handler,
        batch: &[Candidate],
        world: &mut dyn World,
    ) -> Result<Vec<(usize, Outcome)>, Exception> {
        match self.options.engine {
            Engine::Bep1049 | Engine::Pr10426 => bep1049::execute(self, handler, batch, world),
            Engine::ReplicaGroups => groups::execute(self, handler, batch, world),
        }
    }

    fn become_status(&mut self, deployment: usize, to: Status, why: Why, world: &mut dyn World) {
        let now = world.now();
        let one = &mut self.list[deployment];
        if one.status == to {
            return;
        }
        one.status = to;
        one.since = now;
        let (cause, subject) = (one.cause, one.subject);
        if to == Status::of(Lifecycle::Destroying) {
            world.want(subject, Some(0));
        }
        self.tell(deployment, why, cause, world);
    }
}
