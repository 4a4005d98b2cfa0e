//! The controller of PodCliqueSets: what each replica is made of, updates replica by replica, gangs and their end; and the
//! status. Source: ai-dynamo/grove, operator/internal/controller/podcliqueset/.

mod cliques;
mod gangs;
mod groups;
mod marks;
mod scheduler;
mod status;
pub(super) mod terminate;
mod update;

pub(super) use cliques::starts_after_in;
pub(super) use marks::Marks;
pub(super) use terminate::left;

use std::collections::BTreeMap;

use super::family::{self, Stored, as_set};
use super::model::{PodCliqueSet, PodCliqueSetTemplate, Resource, UpdateStrategy};
use super::names;
use super::operator::{Grove, Stop};
use super::route::SETS;
use super::status::{PodCliqueSetStatus, SetUpdate};
use super::{hash, set::terminate::Breached};
use crate::systems::machinery::{Item, Writer};
use crate::timeline::{Kind, Subject, Why};
use crate::workload::{Ask, Object, ServiceSpec, World};

/// One pass over one PodCliqueSet.
pub(super) struct Pass<'p> {
    pub grove: &'p mut Grove,
    pub key: Subject,
    pub by: Writer,
    /// The set, with the status as this pass has written it.
    pub stored: Stored,
    /// Its name.
    pub name: String,
    /// The replicas that this pass looks at.
    pub replicas: Vec<u32>,
    /// True if these are all.
    pub looks_at_all: bool,
}

/// Reconciles one PodCliqueSet.
pub(super) fn reconcile(grove: &mut Grove, item: Item, world: &mut dyn World) -> Result<(), Stop> {
    let by = grove.writer(item, world);
    let Some(stored) = grove.get(SETS, item.key) else {
        grove.collect(item.key, by.cause, world);
        return Ok(());
    };
    if stored.is_leaving() {
        return grove.leave(item.key, by, world);
    }
    let name = world.show(item.key.name);
    let stored = Stored::clone(&stored);
    let mut pass = Pass { grove, key: item.key, by, stored, name, replicas: Vec::new(), looks_at_all: true };
    let done = pass.run(world);
    if done == Err(Stop::Error) {
        pass.grove.marks.forget(item.key);
    }
    done
}

/// Why an update that has begun goes no further by itself (`updateStrategy: OnDelete`).
pub const ON_DELETE: &str = "pods are replaced as they are deleted";

impl Pass<'_> {
    pub fn set(&self) -> &PodCliqueSet {
        as_set(&self.stored).expect("a pass is over a PodCliqueSet")
    }

    pub fn template(&self) -> &PodCliqueSetTemplate {
        &self.set().spec.template
    }

    /// Changes the status in this pass and in the API.
    pub fn write_status(&mut self, change: impl FnOnce(&mut PodCliqueSetStatus)) -> Result<(), Stop> {
        let Resource::PodCliqueSet(set) = &mut self.stored.value else { return Err(Stop::Error) };
        change(&mut set.status);
        let status = set.status.clone();
        self.grove.api.patch_status(self.key, self.by, |value| {
            if let Resource::PodCliqueSet(set) = value {
                set.status = status;
            }
        })?;
        Ok(())
    }

    /// The labels of everything that a replica has.
    pub fn labels(&self, replica: u32) -> BTreeMap<String, String> {
        let labels = [
            (names::PART_OF, self.name.clone()),
            (names::MANAGED_BY, names::OPERATOR.to_owned()),
            (names::SET_REPLICA, replica.to_string()),
        ];
        labels.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
    }

    fn run(&mut self, world: &mut dyn World) -> Result<(), Stop> {
        let followed = self.follow_templates(world);
        self.choose_replicas();
        let spec = followed.and_then(|()| self.spec(world));
        self.status(world)?;
        spec
    }

    /// An update looks at all replicas for the next one; and where there is something of a replica that is not wanted, all is
    /// looked through for what has to go.
    fn choose_replicas(&mut self) {
        for clique in self.grove.pods.touched() {
            if let Some((set, replica)) = self.grove.family.set_of(clique) {
                self.grove.marks.due(set, replica);
            }
        }
        let replicas = self.set().spec.replicas;
        if self.is_updating() || self.grove.marks.any_from(self.key, replicas) {
            self.grove.marks.forget(self.key);
        }
        let chosen = self.grove.marks.take(self.key);
        self.looks_at_all = chosen.is_none();
        self.replicas = chosen.unwrap_or_else(|| (0..replicas).collect());
    }

    fn spec(&mut self, world: &mut dyn World) -> Result<(), Stop> {
        self.services(world);
        let mut again = Ok(());
        // The order of getOrderedKindsForSync. What only asks to be called again does not keep the rest from being done.
        let breached: Breached = self.terminate(world)?;
        if self.is_updating() {
            match self.update(&breached, world) {
                Err(Stop::Requeue) => again = Err(Stop::Requeue),
                other => other?,
            }
        }
        if !breached.waiting.is_empty() {
            again = Err(Stop::Requeue);
        }
        self.cliques(world)?;
        self.groups(world)?;
        self.gangs(world)?;
        again?;
        let generation = self.stored.meta.generation;
        if self.set().status.observed_generation != Some(generation) {
            self.write_status(|status| status.observed_generation = Some(generation))?;
        }
        Ok(())
    }

    /// True while Grove itself brings new templates.
    pub fn is_updating(&self) -> bool {
        self.set().spec.strategy == UpdateStrategy::RollingRecreate
            && self.set().status.update.is_some_and(|update| update.ended_at.is_none())
    }

    /// processGenerationHashChange: an update begins, or begins again.
    fn follow_templates(&mut self, world: &mut dyn World) -> Result<(), Stop> {
        let generation = hash::generation(self.template());
        match self.set().status.generation_hash {
            Some(follows) if follows == generation => return Ok(()),
            None => return self.write_status(|status| status.generation_hash = Some(generation)),
            Some(_) => {}
        }
        let started_at = world.now().whole_seconds();
        let on_delete = self.set().spec.strategy == UpdateStrategy::OnDelete;
        let why = Why::text(if on_delete { ON_DELETE } else { "" });
        self.by.cause = self.grove.note(self.key, "UpdateStarted", why, self.by.cause, world);
        let update = SetUpdate { started_at, ended_at: on_delete.then_some(started_at), current: None };
        self.grove.marks.forget(self.key);
        self.write_status(|status| {
            status.update = Some(update);
            status.updated = 0;
            status.generation_hash = Some(generation);
        })
    }

    /// The headless Service of each replica (components/service/service.go).
    fn services(&mut self, world: &mut dyn World) {
        let before = self.grove.services.get(&self.key).copied().unwrap_or(0);
        let replicas = self.set().spec.replicas;
        for replica in before.min(replicas)..before.max(replicas) {
            let key = family::beside(self.key, Kind::Service, &names::replica(&self.name, replica), world);
            let selector = self.labels(replica);
            let ask = if replica >= before {
                let publishes_unready = self.template().publish_not_ready;
                let service = ServiceSpec { selector, port: 0, target_port: 0, ingress: false, publishes_unready };
                Ask::Apply { key, object: Object::Service(service), serves: self.key }
            } else {
                Ask::Delete { key, serves: self.key }
            };
            self.grove.ask_other(ask, self.by.cause, world);
        }
        self.grove.services.insert(self.key, replicas);
    }
}
