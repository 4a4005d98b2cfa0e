//! The profile of PaaSTA: what its documents and its public code leave open, each with a stated default.

use std::collections::BTreeMap;

use super::rollout::Rollout;

/// Which JSON Schemas a service's files must satisfy.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Schemas {
    /// Those that `paasta validate` applies: SCHEMA_TYPES of paasta_tools/cli/cmds/validate.py has none for deploy.yaml.
    #[default]
    Lenient,
    /// All that PaaSTA has, that of deploy.yaml among them.
    Strict,
}

/// What runs the copies of an instance.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Engine {
    /// Deployments of Kubernetes, as today.
    #[default]
    Kubernetes,
    /// The bounces of paasta_tools/bounce_lib.py, as in the time of Marathon.
    BounceLib,
}

/// The profile.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Options {
    /// Which schemas are applied.
    pub schemas: Schemas,
    /// What runs the copies of an instance.
    pub engine: Engine,
    /// The most CPU of one copy in each pool, in thousandths of a core. A pool that is not here has no limit: Yelp's own limits
    /// stand in the configuration of its clusters, which is not public.
    pub pool_cpus_milli_max: BTreeMap<String, u64>,
    /// Types of locations, the largest first. *Assumed*: the list stands in the configuration of Yelp's hosts; `region` is
    /// PaaSTA's default, and the others are those of its documentation.
    pub location_types: Vec<String>,
    /// How services are rolled out.
    pub rollout: Rollout,
}

impl Default for Options {
    fn default() -> Options {
        let location_types = ["ecosystem", "superregion", "region", "habitat"];
        Options {
            schemas: Schemas::default(),
            engine: Engine::default(),
            pool_cpus_milli_max: BTreeMap::new(),
            location_types: location_types.map(str::to_owned).to_vec(),
            rollout: Rollout::default(),
        }
    }
}
