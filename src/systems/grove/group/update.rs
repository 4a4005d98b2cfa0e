//! Updates of a PodCliqueScalingGroup: copies that are not available go at once, the others one after the other, all nodes of a
//! copy together. Source: ai-dynamo/grove, operator/internal/controller/podcliquescalinggroup/reconcilespec.go and
//! components/podclique/rollingupdate.go.

use std::sync::Arc;

use super::{Pass, clique};
use crate::systems::grove::family::Stored;
use crate::systems::grove::operator::Stop;
use crate::systems::grove::status::{GroupUpdate, Hash};
use crate::systems::grove::{hash, names};
use crate::timeline::Why;
use crate::workload::World;

/// Where a copy of an old template stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Standing {
    Lacking,
    Ready,
}

impl Pass<'_> {
    /// Begins an update, or begins it again for newer templates, if it is this replica's turn.
    pub fn begin_update(&mut self, world: &mut dyn World) -> Result<(), Stop> {
        let Some(generation) = self.set.status.generation_hash else { return Ok(()) };
        let update = self.set.status.update;
        let its_turn = update.is_some_and(|update| update.current == Some(self.replica));
        let follows = self.group().status.update.as_ref().map(|update| update.set_hash);
        if self.is_automatic() && !its_turn || follows == Some(generation) {
            return Ok(());
        }
        let now = world.now().whole_seconds();
        if self.is_automatic() {
            self.by.cause = self.grove.note(self.key, "UpdateStarted", Why::NONE, self.by.cause, world);
        }
        let ended_at = (!self.is_automatic()).then_some(now);
        let update =
            GroupUpdate { started_at: now, ended_at, set_hash: generation, current: None, completed: Vec::new() };
        self.write_status(|status| {
            status.update = Some(update);
            status.updated = 0;
        })
    }

    /// The hash that a PodClique of it should have.
    pub fn expected_hash(&self, stored: &Stored, own: &str) -> Option<Hash> {
        let name = crate::systems::grove::family::clique_name(stored, own)?;
        self.set.spec.template.clique(name).map(hash::template)
    }

    /// The PodCliques of a copy that are there, and whether all have the newest template.
    fn copy(&self, copy: u32, world: &dyn World) -> (Vec<Arc<Stored>>, bool) {
        let found: Vec<_> = self.cliques().into_iter().filter(|(of, _)| *of == copy).map(|(_, one)| one).collect();
        let newest = found.iter().all(|stored| {
            let own = world.show(stored.key.name);
            let expected = self.expected_hash(stored, &own).map(hash::text);
            stored.label(names::TEMPLATE_HASH).map(str::to_owned) == expected
        });
        (found, newest)
    }

    /// One step of an update that goes on.
    pub fn go_on_updating(&mut self, world: &mut dyn World) -> Result<(), Stop> {
        let update = self.group().status.update.clone().ok_or(Stop::Error)?;
        let (mut lacking, mut ready) = (Vec::new(), Vec::new());
        for copy in 0..self.group().spec.replicas {
            let (found, newest) = self.copy(copy, world);
            let is_going = update.current.is_some() && found.iter().all(|stored| stored.is_leaving());
            if is_going || update.current == Some(copy) || newest {
                continue;
            }
            match standing(&found) {
                Standing::Lacking => lacking.push(copy),
                Standing::Ready => ready.push(copy),
            }
        }
        for copy in lacking {
            self.delete_copy(copy)?;
        }
        if let Some(current) = update.current
            && !self.is_updated(current, world)
        {
            return Err(Stop::Requeue);
        }
        if let Some(next) = ready.first().copied() {
            if self.group().status.available < self.group().spec.min_available {
                return Err(Stop::Requeue);
            }
            self.write_status(|status| {
                let Some(update) = &mut status.update else { return };
                update.completed.extend(update.current.replace(next));
            })?;
            self.delete_copy(next)?;
            return Err(Stop::Requeue);
        }
        self.by.cause = self.grove.note(self.key, "UpdateCompleted", Why::NONE, self.by.cause, world);
        let now = world.now().whole_seconds();
        self.write_status(|status| {
            let Some(update) = &mut status.update else { return };
            (update.ended_at, update.current) = (Some(now), None);
            update.completed.clear();
        })
    }

    /// isCurrentReplicaUpdateComplete.
    fn is_updated(&self, copy: u32, world: &dyn World) -> bool {
        let (found, _) = self.copy(copy, world);
        found.len() == self.group().spec.cliques.len()
            && found.iter().all(|stored| {
                let own = world.show(stored.key.name);
                let (status, least) = (&clique(stored).status, clique(stored).spec.min_available);
                status.template_hash.is_some()
                    && status.template_hash == self.expected_hash(stored, &own)
                    && status.set_hash.is_some()
                    && status.set_hash == self.set.status.generation_hash
                    && status.ready >= least
            })
    }
}

fn standing(cliques: &[Arc<Stored>]) -> Standing {
    let whole = |stored: &Arc<Stored>| {
        let clique = clique(stored);
        clique.status.scheduled >= clique.spec.min_available && clique.status.ready >= clique.spec.min_available
    };
    if cliques.iter().all(whole) { Standing::Ready } else { Standing::Lacking }
}
