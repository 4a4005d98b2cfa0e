//! A file of deployments, as the controller has them. greenroom's own file holds what Backend.AI keeps in its database; the
//! names of its keys are those of the REST types. Reading it is `read`'s.

use super::policy::Policy;
use crate::kernel::Duration;
use crate::workload::Resources;

/// What a file holds.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Document {
    /// At least one, each with a name of its own.
    pub deployments: Vec<DeploymentSpec>,
}

/// A deployment: an endpoint and the revisions that it can run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DeploymentSpec {
    /// Its name.
    pub name: String,
    /// Its domain.
    pub domain: String,
    /// Its project.
    pub project: String,
    /// True if nobody needs a token to reach it.
    pub open_to_public: bool,
    /// How many routes it wants.
    pub desired: u32,
    /// How a revision is replaced; without one no rollout can go on.
    pub policy: Option<Policy>,
    /// The position of the revision that it runs; `None` before the first was activated.
    pub current: Option<usize>,
    /// Its revisions, oldest first.
    pub revisions: Vec<Revision>,
}

/// A revision: what a route of it runs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Revision {
    /// Its name.
    pub name: String,
    /// Its image.
    pub image: String,
    /// What a session of it asks for.
    pub requests: Resources,
    /// Its resource group.
    pub resource_group: String,
    /// The slots as they are written, for the API.
    pub slots: Vec<(String, String)>,
    /// Its runtime variant.
    pub runtime_variant: String,
    /// How its health is checked; `None`: it is not, and a running session counts as healthy.
    pub health_check: Option<HealthCheck>,
}

/// How the health of a route is checked.
/// Source of the defaults: lablup/backend.ai c0032c472e, src/ai/backend/common/config.py, ModelHealthCheck.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HealthCheck {
    /// The path that is asked.
    pub path: String,
    /// From one check to the next.
    pub interval: Duration,
    /// Failures in a row that make a route unhealthy.
    pub max_retries: u32,
    /// How long an answer may take.
    pub max_wait: Duration,
    /// How long a model may load before failures count.
    pub initial_delay: Duration,
}

impl Default for HealthCheck {
    fn default() -> HealthCheck {
        HealthCheck {
            path: "/".to_owned(),
            interval: Duration::from_secs(10),
            max_retries: 10,
            max_wait: Duration::from_secs(15),
            initial_delay: Duration::from_secs(60),
        }
    }
}
