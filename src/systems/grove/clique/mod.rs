//! The controller of PodCliques: as many pods as are wanted, from the newest template, without their gate once their gang is
//! there; and the status. Source: ai-dynamo/grove, operator/internal/controller/podclique/.

mod gates;
mod status;
mod sync;
mod update;

use super::family::{self, Stored, as_clique, as_set, clique_name};
use super::hash;
use super::model::{PodClique, PodCliqueSet, Resource, UpdateStrategy};
use super::operator::{Grove, Stop};
use super::route::CLIQUES;
use super::status::Hash;
use crate::systems::machinery::{Item, Writer};
use crate::timeline::{Kind, Subject};
use crate::workload::{Ask, World};

/// One pass over one PodClique, and what it found when it began.
pub(super) struct Pass<'p> {
    pub grove: &'p mut Grove,
    pub key: Subject,
    pub by: Writer,
    /// The PodClique, with the status as this pass has written it.
    pub stored: Stored,
    /// Its set.
    pub set: PodCliqueSet,
    /// The hash that its pods should have, by the set's template of now.
    pub expected_hash: Hash,
    /// The replica of the set that it is of.
    pub replica: u32,
}

impl Pass<'_> {
    pub fn clique(&self) -> &PodClique {
        as_clique(&self.stored).expect("a pass is over a PodClique")
    }

    /// Changes the status in this pass and in the API.
    pub fn write_status(&mut self, change: impl FnOnce(&mut super::status::PodCliqueStatus)) -> Result<(), Stop> {
        let Resource::PodClique(clique) = &mut self.stored.value else { return Err(Stop::Error) };
        change(&mut clique.status);
        let status = clique.status.clone();
        self.grove.api.patch_status(self.key, self.by, |value| {
            if let Resource::PodClique(clique) = value {
                clique.status = status;
            }
        })?;
        Ok(())
    }

    /// True while Grove replaces pods of it.
    pub fn is_updating(&self) -> bool {
        self.clique().status.update.as_ref().is_some_and(|update| update.ended_at.is_none())
    }

    pub fn is_automatic(&self) -> bool {
        self.set.spec.strategy == UpdateStrategy::RollingRecreate
    }
}

/// Reconciles one PodClique.
pub(super) fn reconcile(grove: &mut Grove, item: Item, world: &mut dyn World) -> Result<(), Stop> {
    let by = grove.writer(item, world);
    grove.collect(item.key, by.cause, world);
    let Some(stored) = grove.get(CLIQUES, item.key) else { return Ok(()) };
    if stored.is_leaving() {
        return leave(grove, item.key, by, world);
    }
    let own = world.show(item.key.name);
    let (set, replica) = grove.family.set_of(item.key).ok_or(Stop::Error)?;
    let set = grove.get(CLIQUES, set).ok_or(Stop::Error)?;
    let set = as_set(&set).cloned().ok_or(Stop::Error)?;
    let name = clique_name(&stored, &own).ok_or(Stop::Error)?;
    let template = set.spec.template.clique(name).ok_or(Stop::Error)?;
    let expected_hash = hash::template(template);
    let mut pass = Pass { grove, key: item.key, by, stored: Stored::clone(&stored), set, expected_hash, replica };
    // What is true and not what is shown: a watch that lags shows the clique of before its first pass for long.
    let written = |stored: &Stored| as_clique(stored).is_some_and(|clique| clique.status.observed_generation.is_some());
    let is_first = !pass.grove.api.get(item.key).is_some_and(|stored| written(stored));
    let spec = pass.spec(&own, world);
    if is_first && pass.clique().status.observed_generation.is_some() {
        // The real pass goes on to the conditions, but its scaling group has seen the clique without any by then.
        return Err(Stop::Again);
    }
    pass.status(world)?;
    spec
}

impl Pass<'_> {
    fn spec(&mut self, own: &str, world: &mut dyn World) -> Result<(), Stop> {
        self.begin_update(world)?;
        self.sync(own, world)?;
        let generation = self.stored.meta.generation;
        if self.clique().status.observed_generation != Some(generation) {
            self.write_status(|status| status.observed_generation = Some(generation))?;
        }
        Ok(())
    }
}

/// A PodClique that is to go: its pods go with it, or before it.
/// Source: operator/internal/controller/podclique/reconciledelete.go.
fn leave(grove: &mut Grove, key: Subject, by: Writer, world: &mut dyn World) -> Result<(), Stop> {
    let pods: Vec<_> = grove.pods.of(key).to_vec();
    for pod in &pods {
        if pod.dismissed && pod.seen.is_none() && world.observed(pod.key).is_none() {
            grove.pods.remove(pod.key);
        } else if !pod.dismissed && pod.seen.is_none_or(|seen| !seen.terminating) {
            grove.pods.change(pod.key, |pod| pod.dismissed = true);
            grove.ask_other(Ask::Delete { key: pod.key, serves: key }, by.cause, world);
        }
    }
    if grove.profile.owners_wait && !grove.pods.of(key).is_empty() {
        return Err(Stop::Requeue);
    }
    grove.pods.leave(key);
    grove.api.patch(key, by, |stored| stored.meta.finalizers.clear())?;
    Ok(())
}

/// The key of another PodClique of this name.
pub(super) fn named(beside: Subject, name: &str, world: &mut dyn World) -> Subject {
    family::beside(beside, Kind::PodClique, name, world)
}
