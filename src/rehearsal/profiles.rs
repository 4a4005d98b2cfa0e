//! From what a scenario sets of a system's profile to the profile itself, the system's defaults filled in.

use super::simulate::node_spec;
use crate::cluster::machine;
use crate::cluster::node::{REGION_LABEL, ZONE_LABEL};
use crate::kernel::{Name, Symbol};
use crate::scenario::Scenario;
use crate::scenario::model::{CLUSTER_LABEL, NodeEntry, PaastaOptions};
use crate::systems::dynamo::Options as DynamoOptions;
use crate::systems::oci::options::Options;
use crate::systems::paasta::rollout::{Build, Rollout};
use crate::systems::{Profiles, onebackend, paasta};
use crate::workload::resources::is_gpu;

/// The profiles of all systems in a scenario.
pub fn profiles(scenario: &Scenario) -> Profiles {
    Profiles {
        oci: oci(scenario),
        kubernetes: scenario.kubernetes.lws,
        backendai: scenario.backendai.clone(),
        dynamo: DynamoOptions { epoch_seconds: scenario.epoch, ..scenario.dynamo.clone() },
        paasta: paasta(scenario),
        onebackend: onebackend(scenario),
    }
}

/// The profile of 1Backend, with the nodes as they tell of themselves and how images build.
fn onebackend(scenario: &Scenario) -> onebackend::Options {
    let mut options = scenario.onebackend.clone();
    let rows = scenario.behaviour.iter().filter(|row| row.matches.step.is_none());
    options.builds.extend(rows.filter_map(|row| {
        let build = row.build.as_ref()?;
        let definition = row.matches.definition.clone();
        Some(onebackend::Build { definition, length: build.length.clone(), fails: build.fails })
    }));
    for entry in &scenario.cluster.nodes {
        let made = node_spec(entry, Name::plain(Symbol::EMPTY), u32::MAX);
        // A node that cannot be is told of when the cluster is made.
        let Ok(made) = made else { continue };
        let gpus = made.allocatable.extended.iter().find(|(resource, _)| is_gpu(resource));
        let gpus = gpus.map(|(resource, count)| onebackend::Gpus {
            resource: resource.clone(),
            model: made.gpu_model.clone().unwrap_or_default(),
            count: u32::try_from(*count).unwrap_or(u32::MAX),
            memory_bytes: gpu_memory_bytes(entry).unwrap_or(0),
        });
        options.nodes.extend(entry.naming.names().into_iter().map(|name| onebackend::NodeFacts {
            name,
            region: entry.labels.get(CLUSTER_LABEL).or(entry.labels.get(REGION_LABEL)).cloned().unwrap_or_default(),
            // The label counts before the key, as it does for the cluster's node.
            zone: entry.labels.get(ZONE_LABEL).or(entry.zone.as_ref()).cloned().unwrap_or_default(),
            cpu_milli: made.allocatable.cpu_milli,
            memory_bytes: made.allocatable.memory_bytes,
            gpus: gpus.clone(),
        }));
    }
    options
}

/// The memory of each GPU of a node: what the scenario says, else what its shape has.
fn gpu_memory_bytes(entry: &NodeEntry) -> Option<u64> {
    let said = entry.gpus.as_ref().and_then(|gpus| gpus.memory_bytes);
    said.or_else(|| machine::gpu_memory_bytes(entry.shape.as_deref()?))
}

fn oci(scenario: &Scenario) -> Options {
    let (set, default) = (&scenario.oci, Options::default());
    Options {
        names: set.names.unwrap_or(default.names),
        pass_interval: set.pass_interval.unwrap_or(default.pass_interval),
        passes: set.passes.unwrap_or(default.passes),
        export_latency: set.export_latency.unwrap_or(default.export_latency),
        gate: set.gate.unwrap_or(default.gate),
        job_gate: set.job_gate.unwrap_or(default.job_gate),
        monitoring_when: set.monitoring_when.unwrap_or(default.monitoring_when),
        undeployed_when: set.undeployed_when.unwrap_or(default.undeployed_when),
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
        rollout: rollout(set),
    };
    options.rollout.clusters = scenario.cluster.names.clone();
    options.rollout.epoch_seconds = scenario.epoch;
    let rows = scenario.behaviour.iter().filter(|row| row.matches.definition.is_none());
    let rows = rows.filter_map(|row| Some((row, row.build.as_ref()?)));
    let builds = rows.map(|(row, build)| Build {
        step: row.matches.step.clone(),
        length: build.length.clone(),
        fails: build.fails,
    });
    options.rollout.builds = builds.collect();
    options
}

/// How PaaSTA rolls out, as far as a scenario says.
fn rollout(set: &PaastaOptions) -> Rollout {
    let default = Rollout::default();
    Rollout {
        setup_interval: set.setup_interval.unwrap_or(default.setup_interval),
        bounce_interval: set.bounce_interval.unwrap_or(default.bounce_interval),
        tag_push: set.tag_push.unwrap_or(default.tag_push),
        build_length: set.build_length.unwrap_or(default.build_length),
        timeout: set.timeout.unwrap_or(default.timeout),
        polling_interval: set.polling_interval.unwrap_or(default.polling_interval),
        diagnosis_interval: set.diagnosis_interval.unwrap_or(default.diagnosis_interval),
        time_before_first_diagnosis: set.time_before_first_diagnosis.unwrap_or(default.time_before_first_diagnosis),
        drain_delay: set.drain_delay.unwrap_or(default.drain_delay),
        margin_factor: set.margin_factor.clone().unwrap_or(default.margin_factor),
        overprovision_factor: set.overprovision_factor.clone().unwrap_or(default.overprovision_factor),
        wait_checks: set.wait_checks.unwrap_or(default.wait_checks),
        waiter_key: set.waiter_key.unwrap_or(default.waiter_key),
        api_endpoints: set.api_endpoints.clone(),
        deployed: set.deployed.clone(),
        deployed_default: set.deployed_default.clone().unwrap_or(default.deployed_default),
        ..default
    }
}
