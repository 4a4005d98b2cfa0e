//! What operators do: save and remove deployments, and take rows out of the registry by hand. Saving and removing a deployment
//! triggers a cycle; taking a row out does not.
//! Source: 1backend/1backend 1305defcf2b8, server/internal/services/deploy/http_save_deployments.go and
//! http_delete_deployments.go, server/internal/services/registry/http_remove_instance.go and http_delete_node.go.

use super::{Desk, Loop};
use crate::kernel::Time;
use crate::systems::onebackend::profile::Options;
use crate::systems::onebackend::store::{NodeRow, Store};
use crate::text::diagnostic::quote;
use crate::timeline::{Cause, Why};
use crate::workload::World;

impl Loop {
    /// The rows as anybody reads them at an instant. Scans and heartbeats that found nothing new are no events: what they wrote is
    /// computed here.
    pub fn shown(&self, store: &Store, options: &Options, now: Time) -> Store {
        let mut shown = store.clone();
        for row in &mut shown.instances {
            row.last_heartbeat = self.scan.heartbeat(row, &self.servers, options, now);
        }
        // Lists have the order that the cycle reads.
        let rank =
            |row: &NodeRow| self.servers.iter().find(|one| one.node == row.subject).map_or(u64::MAX, |one| one.rank);
        shown.nodes.sort_by_key(rank);
        shown
    }

    /// A deployment was saved or removed, at the first server that answers: its loop is triggered. What is removed leaves its
    /// containers and instances behind.
    pub fn saved(&mut self, store: &mut Store, options: &Options, cause: Cause, world: &mut dyn World) {
        let mut desk = Desk { store, options, world, cause };
        // What is wanted is another thing now: what happens again is told again.
        self.told.clear();
        if let Some(server) = self.servers.iter().position(|server| server.is_up) {
            self.trigger(server, desk.options, desk.world.now());
        }
        self.settle(&mut desk);
    }

    /// A definition was saved or removed. It triggers nothing; the next cycle reads what there is.
    pub fn definition_changed(&mut self, store: &mut Store, options: &Options, cause: Cause, world: &mut dyn World) {
        self.told.clear();
        self.settle(&mut Desk { store, options, world, cause });
    }

    /// `oo instance remove`.
    ///
    /// # Errors
    /// There is no such instance.
    pub fn remove_instance(
        &mut self,
        id: &str,
        store: &mut Store,
        options: &Options,
        cause: Cause,
        world: &mut dyn World,
    ) -> Result<(), String> {
        let position = store.instances.iter().position(|row| row.id == id);
        let position = position.ok_or_else(|| format!("there is no instance {}", quote(id)))?;
        let row = store.instances.remove(position);
        let cause = Cause::Entry(world.note(row.subject, "removed", Why::NONE, cause));
        self.settle(&mut Desk { store, options, world, cause });
        Ok(())
    }

    /// `oo node remove`: a server that is up is back with its next heartbeat, here at once.
    ///
    /// # Errors
    /// There is no such node, or its server writes its row again.
    pub fn remove_node(
        &mut self,
        name: &str,
        store: &mut Store,
        options: &Options,
        cause: Cause,
        world: &mut dyn World,
    ) -> Result<(), String> {
        let position = store.nodes.iter().position(|row| row.facts.name == name || row.url == name);
        let position = position.ok_or_else(|| format!("there is no node {}", quote(name)))?;
        let subject = store.nodes[position].subject;
        if self.servers.iter().any(|server| server.node == subject && server.is_up) {
            return Err(format!(
                "the server on {} is up and writes its row again with its next heartbeat",
                quote(name)
            ));
        }
        store.nodes.remove(position);
        self.settle(&mut Desk { store, options, world, cause });
        Ok(())
    }
}
