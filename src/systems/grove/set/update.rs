//! Updates of a set: one replica after the other; first those without a pod that has a node, then those with a breach, then by
//! number. Source: ai-dynamo/grove, operator/internal/controller/podcliqueset/components/podcliquesetreplica/rollingupdate.go.

use super::Pass;
use super::terminate::Breached;
use crate::systems::grove::family::{as_clique, as_group, beside};
use crate::systems::grove::operator::Stop;
use crate::systems::grove::route::SETS;
use crate::systems::grove::{hash, names};
use crate::timeline::{Kind, Why};
use crate::workload::World;

/// How far one replica is.
struct Progress {
    replica: u32,
    is_done: bool,
    scheduled: u32,
}

impl Pass<'_> {
    /// One step of an update; asks to be called again until it has ended.
    pub fn update(&mut self, breached: &Breached, world: &mut dyn World) -> Result<(), Stop> {
        let replicas = (0..self.set().spec.replicas).filter(|replica| !breached.ended.contains(replica));
        let mut replicas: Vec<Progress> = replicas.map(|replica| self.progress(replica, world)).collect();
        let current = self.set().status.update.and_then(|update| update.current);
        let at = replicas.iter().position(|progress| Some(progress.replica) == current);
        if let Some(at) = at
            && !replicas.remove(at).is_done
        {
            return Err(Stop::Requeue);
        }
        let waiting = |progress: &Progress| !breached.waiting.contains(&progress.replica);
        let next = replicas.iter().filter(|progress| !progress.is_done);
        let next = next.min_by_key(|progress| (progress.scheduled > 0, waiting(progress), progress.replica));
        let next = next.map(|progress| progress.replica);
        if next.is_none() {
            self.by.cause = self.grove.note(self.key, "UpdateCompleted", Why::NONE, self.by.cause, world);
        }
        let now = world.now().whole_seconds();
        self.write_status(|status| {
            let Some(update) = &mut status.update else { return };
            update.current = next;
            if next.is_none() {
                update.ended_at = Some(now);
            }
        })?;
        if next.is_some() { Err(Stop::Requeue) } else { Ok(()) }
    }

    fn progress(&self, replica: u32, world: &mut dyn World) -> Progress {
        let generation = self.set().status.generation_hash;
        let mut progress = Progress { replica, is_done: true, scheduled: 0 };
        for template in self.template().standalone() {
            let name = names::clique(&self.name, replica, &template.name);
            let key = beside(self.key, Kind::PodClique, &name, world);
            let stored = self.grove.get(SETS, key);
            let Some((stored, clique)) = stored.as_ref().and_then(|stored| Some((stored, as_clique(stored)?))) else {
                progress.is_done = false;
                continue;
            };
            let (status, least) = (&clique.status, clique.spec.min_available);
            let expected = hash::template(template);
            progress.is_done &= stored.label(names::TEMPLATE_HASH) == Some(&hash::text(expected))
                && status.template_hash == Some(expected)
                && status.set_hash == generation
                && status.updated >= least
                && status.ready >= least;
            progress.scheduled += status.scheduled;
        }
        for config in &self.template().scaling_groups {
            let name = names::group(&self.name, replica, &config.name);
            let key = beside(self.key, Kind::PodCliqueScalingGroup, &name, world);
            let stored = self.grove.get(SETS, key);
            let Some(group) = stored.as_deref().and_then(as_group) else {
                progress.is_done = false;
                continue;
            };
            progress.is_done &= group.status.set_hash.is_some() && group.status.set_hash == generation;
            let cliques = config.cliques.iter().filter_map(|clique| self.template().clique(clique));
            let least: u32 = cliques.map(|clique| clique.spec.min_available).sum();
            progress.scheduled += group.status.scheduled * least;
        }
        progress
    }
}
