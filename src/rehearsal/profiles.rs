//! From what a scenario sets of a system's profile to the profile itself, the system's defaults filled in.

use crate::scenario::model::{OciGate, OciJobGate, OciNames, OciNodePools, Scenario};
use crate::systems::Profiles;
use crate::systems::oci::options::{Gate, JobGate, Names, NodePools, Options};

/// The profiles of all systems in a scenario.
pub fn profiles(scenario: &Scenario) -> Profiles {
    Profiles { oci: oci(scenario) }
}

fn oci(scenario: &Scenario) -> Options {
    let (set, default) = (&scenario.oci, Options::default());
    Options {
        names: set.names.map_or(default.names, |names| match names {
            OciNames::Documented => Names::Documented,
            OciNames::Corrino => Names::Corrino,
        }),
        pass_interval: set.pass_interval.unwrap_or(default.pass_interval),
        export_latency: set.export_latency.unwrap_or(default.export_latency),
        gate: set.gate.map_or(default.gate, |gate| match gate {
            OciGate::Monitoring => Gate::Monitoring,
            OciGate::Active => Gate::Active,
        }),
        job_gate: set.job_gate.map_or(default.job_gate, |gate| match gate {
            OciJobGate::Completed => JobGate::Completed,
            OciJobGate::Monitoring => JobGate::Monitoring,
        }),
        node_pools: set.node_pools.map_or(default.node_pools, |pools| match pools {
            OciNodePools::Fleet => NodePools::Fleet,
            OciNodePools::Provision => NodePools::Provision,
        }),
        epoch_seconds: scenario.epoch,
        ..default
    }
}
