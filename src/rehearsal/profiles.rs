//! From what a scenario sets of a system's profile to the profile itself, the system's defaults filled in.

use crate::scenario::Scenario;
use crate::systems::oci::options::Options;
use crate::systems::{Profiles, paasta};

/// The profiles of all systems in a scenario.
pub fn profiles(scenario: &Scenario) -> Profiles {
    Profiles { oci: oci(scenario), paasta: paasta(scenario), backendai: scenario.backendai.clone() }
}

fn oci(scenario: &Scenario) -> Options {
    let (set, default) = (&scenario.oci, Options::default());
    Options {
        names: set.names.unwrap_or(default.names),
        pass_interval: set.pass_interval.unwrap_or(default.pass_interval),
        export_latency: set.export_latency.unwrap_or(default.export_latency),
        gate: set.gate.unwrap_or(default.gate),
        job_gate: set.job_gate.unwrap_or(default.job_gate),
        monitoring_when: set.monitoring_when.unwrap_or(default.monitoring_when),
        wait_for: set.wait_for.unwrap_or(default.wait_for),
        references: set.references.unwrap_or(default.references),
        fail_on: set.fail_on.unwrap_or(default.fail_on),
        node_pools: set.node_pools.unwrap_or(default.node_pools),
        endpoint_domain: set.endpoint_domain.clone().unwrap_or(default.endpoint_domain),
        storage_image: set.storage_image.clone().unwrap_or(default.storage_image),
        job_backoff_limit: set.job_backoff_limit.unwrap_or(default.job_backoff_limit),
        epoch_seconds: scenario.epoch,
    }
}

fn paasta(scenario: &Scenario) -> paasta::Options {
    let (set, default) = (&scenario.paasta, paasta::Options::default());
    let mut options = paasta::Options {
        schemas: set.schemas.unwrap_or(default.schemas),
        engine: set.engine.unwrap_or(default.engine),
        pool_cpus_milli_max: set.pool_cpus_milli_max.clone(),
        location_types: set.location_types.clone().unwrap_or(default.location_types),
        rollout: default.rollout,
    };
    options.rollout.clusters = scenario.cluster.names.clone();
    options.rollout.epoch_seconds = scenario.epoch;
    options
}
