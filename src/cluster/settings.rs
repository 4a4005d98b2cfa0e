//! What a cluster is made with. What becomes of it is `simulation`'s.

use super::behaviour::Behaviour;
use super::pool::Provider;
use super::profile::Profile;
use super::scheduler::SchedulerProfile;
use crate::kernel::Limits;

/// What a cluster is made with.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The seed of every random draw.
    pub seed: u64,
    /// The constants of the Kubernetes release.
    pub profile: Profile,
    /// How the scheduler scores.
    pub scheduler: SchedulerProfile,
    /// Rows of behaviour; the first that matches is used.
    pub behaviour: Vec<Behaviour>,
    /// What containers do that no row matches.
    pub usual: Behaviour,
    /// What the cloud provider can deliver, and how fast.
    pub provider: Provider,
    /// Limits on the number of events.
    pub limits: Limits,
}

impl Settings {
    /// The newest release with its default scheduler, defaults for all behaviour, and a provider without bounds.
    pub fn new(seed: u64) -> Settings {
        Settings {
            seed,
            profile: Profile::kubernetes_1_36(),
            scheduler: SchedulerProfile::KubeDefault,
            behaviour: Vec::new(),
            usual: Behaviour::default(),
            provider: Provider::default(),
            limits: Limits::default(),
        }
    }
}
