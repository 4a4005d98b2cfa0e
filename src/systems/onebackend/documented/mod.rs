//! The deploy loop as the page of Deploy Svc describes it. What its code did instead is no concern of this folder.
//! Source: 1backend/1backend 1305defcf2, docs-source/docs/built-in-services/deploy-svc.md.

use super::profile::Options;
use super::store::{DeploymentRow, Store};
use crate::timeline::Cause;
use crate::workload::{Wake, World};

/// What the loop keeps beside the rows.
#[derive(Clone, Debug, Default)]
pub struct Loop {}

impl Loop {
    /// The services start.
    pub fn begin(&mut self, store: &mut Store, options: &Options, _cause: Cause, world: &mut dyn World) {
        world.watch_nodes();
        store.hear_nodes(options, world);
    }

    /// A deployment was saved.
    pub fn saved(&mut self, _: &mut Store, _: &Options, _index: usize, _cause: Cause, _: &mut dyn World) {}

    /// A deployment was removed.
    pub fn removed(&mut self, _: &mut Store, _: &Options, _: &DeploymentRow, _cause: Cause, _: &mut dyn World) {}

    /// Anything else.
    pub fn woken(&mut self, wake: &Wake, store: &mut Store, options: &Options, _: Cause, world: &mut dyn World) {
        if *wake == Wake::NodesChanged {
            store.hear_nodes(options, world);
        }
    }
}
