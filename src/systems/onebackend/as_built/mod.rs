//! Deploy Svc as its code was, mistakes and all: 1backend/1backend at 1305defcf2b8. The service was removed upstream since (pull
//! request 526), so nothing here changes any more. `allocator` says what is to be done, `cycle`, `start` and `answer` do it under a lock
//! that all servers share, `scan` is the registry's. What documents say is not read here, and what they promise beyond the code
//! is the other profile's.

pub mod address;
pub mod allocator;
mod answer;
pub mod container;
mod cycle;
mod docker;
mod health;
mod operate;
pub mod profile;
mod register;
mod scan;
mod servers;
mod start;
mod turns;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use self::cycle::Cycle;
use self::docker::Docker;
use self::scan::Scan;
use self::servers::Server;
use super::profile::Options;
use super::store::Store;
use crate::kernel::Time;
use crate::timeline::Cause;
use crate::workload::World;

pub use profile::{AsBuilt, RowOrder};

/// The deploy loops of all servers, with what they know beside the rows.
#[derive(Clone, Debug, Default)]
pub struct Loop {
    /// The servers, in the order in which they registered.
    servers: Vec<Server>,
    /// What runs on the nodes.
    docker: Docker,
    /// Servers that wait for the lock, the first first.
    waiting: VecDeque<usize>,
    /// The cycle that holds the lock.
    cycle: Option<Cycle>,
    /// The scan of the registry.
    scan: Scan,
    /// What was written once and happens again with every cycle.
    told: BTreeSet<String>,
    /// How many instances of a deployment were ever registered.
    registered: BTreeMap<String, u64>,
    /// When it wakes itself next.
    planned: Option<Time>,
}

/// What a turn works with: the rows, the profile, the world, and what led to the turn.
pub(super) struct Desk<'a> {
    /// The rows of both services.
    pub store: &'a mut Store,
    /// The profile.
    pub options: &'a Options,
    /// The world.
    pub world: &'a mut dyn World,
    /// What led to this turn.
    pub cause: Cause,
}
