//! What a scenario sets of PaaSTA's profile; the defaults are the system's.

use std::collections::BTreeMap;

use crate::kernel::Duration;
use crate::systems::paasta::model::Decimal;
use crate::systems::paasta::options::{Engine, Schemas};
use crate::systems::paasta::rollout::{WaitChecks, WaiterKey};

/// The PaaSTA profile as far as the scenario sets it; the defaults are the system's.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct PaastaOptions {
    /// Which schemas are applied.
    pub schemas: Option<Schemas>,
    /// What runs the copies of an instance.
    pub engine: Option<Engine>,
    /// The most CPU of one copy in each pool, in thousandths of a core.
    pub pool_cpus_milli_max: BTreeMap<String, u64>,
    /// Types of locations, the largest first.
    pub location_types: Option<Vec<String>>,
    /// What deploy groups run at the start that are not in `deployed`; an inner `None`: nothing.
    pub deployed_default: Option<Option<String>>,
    /// What each deploy group runs at the start.
    pub deployed: BTreeMap<String, Option<String>>,
    /// From one run of the setup job to the next.
    pub setup_interval: Option<Duration>,
    /// From one look of a bounce to the next.
    pub bounce_interval: Option<Duration>,
    /// How long it takes to push a tag.
    pub tag_push: Option<Duration>,
    /// How long a step builds.
    pub build_length: Option<Duration>,
    /// How long a deploy waits.
    pub timeout: Option<Duration>,
    /// From one look of a waiter to the next.
    pub polling_interval: Option<Duration>,
    /// From one look for crash loops to the next.
    pub diagnosis_interval: Option<Duration>,
    /// From the begin of a wait to the first look for crash loops.
    pub time_before_first_diagnosis: Option<Duration>,
    /// How long a copy is drained.
    pub drain_delay: Option<Duration>,
    /// `bounce_margin_factor`.
    pub margin_factor: Option<Decimal>,
    /// `bounce_overprovision_factor`.
    pub overprovision_factor: Option<Decimal>,
    /// What waiters look at.
    pub wait_checks: Option<WaitChecks>,
    /// How a deploy finds its waiters.
    pub waiter_key: Option<WaiterKey>,
    /// The clusters whose API can be asked.
    pub api_endpoints: Option<Vec<String>>,
}
