//! The simulated world of a scenario: its profile, its nodes, how its workloads behave.

use std::collections::BTreeMap;

use super::cues::line;
use crate::cluster::{
    Behaviour, Cluster, Crash, Match, Measurements, NodeSpec, Profile, Provider, Pull, Settings, machine,
};
use crate::kernel::{Limits, Name, Time};
use crate::scenario::model::{BehaviourRow, NodeEntry, NodeNaming, Scenario};
use crate::text::Diagnostic;
use crate::timeline::{Cause, Kind};
use crate::workload::Stage;

/// The bandwidth of image pulls where neither node nor cluster sets one: 1 Gbit/s.
const BANDWIDTH_BYTES_PER_SECOND: u64 = 125_000_000;

/// The cluster of a scenario at the start of time, its nodes in place.
///
/// # Errors
/// What cannot be simulated: a release without a profile, a shape that nobody knows, a node with too many GPUs.
pub fn simulated(scenario: &Scenario, seed: u64) -> Result<Cluster, Vec<Diagnostic>> {
    let mut problems = Vec::new();
    let mut profile = Profile::named(&scenario.kubernetes.version).unwrap_or_else(|| {
        problems.push(about(scenario, "this release of Kubernetes has no profile"));
        Profile::kubernetes_1_36()
    });
    profile.watch_latency = scenario.kubernetes.watch_latency.unwrap_or(profile.watch_latency);
    profile.api_latency = scenario.kubernetes.api_latency.unwrap_or(profile.api_latency);
    let pods_per_node = profile.pods_per_node;
    let scheduler = scenario.cluster.scheduler.clone();
    let mut provider = Provider { capacity: scenario.cluster.capacity.clone(), ..Provider::default() };
    if let Some(length) = scenario.oci.provisioning.as_ref().or(scenario.cluster.provisioning.as_ref()) {
        provider.provisioning = length.clone();
    } else {
        provider.provisioning = provider.provisioning.at_speed(scenario.speed);
    }
    let (behaviour, usual) = (behaviour(scenario), usual(scenario));
    for entry in &scenario.cluster.nodes {
        if let (Some(bandwidth), NodeNaming::One(name) | NodeNaming::Pool { pool: name, .. }) =
            (entry.bandwidth, &entry.naming)
        {
            provider.bandwidths.insert(name.clone(), bandwidth.saturating_mul(scenario.speed.into()));
        }
    }
    let mut cluster =
        Cluster::new(Settings { seed, profile, scheduler, behaviour, usual, provider, limits: Limits::default() });
    cluster.set_expander(scenario.cluster.expander);
    for batch in &scenario.cluster.batch_schedulers {
        cluster.add_batch_scheduler(batch.clone());
    }
    cluster.set_measurements(measurements(scenario));
    cluster.set_epoch(scenario.epoch);
    for namespace in &scenario.cluster.namespaces {
        cluster.add_namespace(namespace);
    }
    for entry in &scenario.cluster.nodes {
        if let Err(problem) = add_nodes(&mut cluster, entry, pods_per_node) {
            problems.push(about(scenario, &problem));
        }
    }
    if problems.is_empty() { Ok(cluster) } else { Err(problems) }
}

fn about(scenario: &Scenario, message: &str) -> Diagnostic {
    Diagnostic::about(&scenario.source, message)
}

/// Adds the nodes of one entry, now or later.
fn add_nodes(cluster: &mut Cluster, entry: &NodeEntry, pods_per_node: u32) -> Result<(), String> {
    let (base, count) = match &entry.naming {
        NodeNaming::One(name) => (name.clone(), None),
        NodeNaming::Pool { pool, count } => (pool.clone(), Some(*count)),
    };
    let name = cluster.timeline_mut().1.name(&base);
    let spec = node_spec(entry, name, pods_per_node).map_err(|problem| format!("node {base}{problem}"))?;
    let what = format!("cluster {base}");
    let cause = Cause::Line(cluster.timeline_mut().0.add_line(line(&entry.place, &what)));
    if let Some(bounds) = entry.autoscale {
        cluster.add_node_group(spec.clone(), count.unwrap_or(1), bounds, cause);
    }
    for ordinal in 0..count.unwrap_or(1) {
        let name = match count {
            Some(_) => Name::numbered(cluster.intern(&base), ordinal),
            None => cluster.timeline_mut().1.name(&base),
        };
        let spec = NodeSpec { name, ..spec.clone() };
        match &entry.provisioned_after {
            None => {
                cluster.add_node(spec, cause);
            }
            Some(length) => {
                let wait = cluster.draw_named("provisioned_after", &base, ordinal.into(), length);
                cluster.add_node_later(Time::ZERO + wait, spec, cause);
            }
        }
    }
    Ok(())
}

/// What the nodes of an entry have in common.
///
/// # Errors
/// Why there can be no such node, as it goes on behind its name.
pub fn node_spec(entry: &NodeEntry, name: Name, pods_per_node: u32) -> Result<NodeSpec, String> {
    let made = machine::from_figures(&machine::Figures {
        shape: entry.shape.as_deref(),
        cpu_milli: entry.cpu_milli,
        memory_bytes: entry.memory_bytes,
        ephemeral_storage_bytes: entry.ephemeral_storage_bytes,
        gpus: entry.gpus.as_ref().map(|gpus| (gpus.resource.as_str(), gpus.model.as_deref(), gpus.count)),
        mig: entry.mig.as_deref(),
    })
    .map_err(|problem| format!(": {problem}"))?;
    let mut made = made;
    made.resources.extended.extend(entry.extended.iter().map(|(name, count)| (name.clone(), *count)));
    let mut labels: BTreeMap<String, String> = entry.labels.clone();
    if let NodeNaming::Pool { pool, .. } = &entry.naming {
        labels.entry("greenroom.dev/pool".to_owned()).or_insert_with(|| pool.clone());
    }
    if let Some(shape) = &entry.shape {
        labels.entry("node.kubernetes.io/instance-type".to_owned()).or_insert_with(|| shape.clone());
    }
    let spec = NodeSpec {
        labels,
        taints: entry.taints.clone(),
        zone: entry.zone.clone(),
        shape: entry.shape.clone(),
        gpu_model: made.gpu_model,
        pods_max: entry.pods.unwrap_or(pods_per_node),
        ..NodeSpec::new(name, made.resources)
    };
    match spec.refusal() {
        Some(refusal) => Err(format!(" {refusal}")),
        None => Ok(spec),
    }
}

/// What providers outside the cluster of a scenario answer to measurements.
pub fn measurements(scenario: &Scenario) -> Vec<Measurements> {
    let rows = scenario.behaviour.iter().zip(0..).filter(|(row, _)| !row.measurements.is_empty());
    let measurements = rows.map(|(row, number)| Measurements {
        row: number,
        analysis: row.matches.analysis.clone(),
        metric: row.matches.metric.clone(),
        points: row.measurements.clone(),
    });
    measurements.collect()
}

/// How the containers of a scenario behave: its rows, in their order.
pub fn behaviour(scenario: &Scenario) -> Vec<Behaviour> {
    let bandwidth = scenario.cluster.bandwidth.unwrap_or(BANDWIDTH_BYTES_PER_SECOND);
    let (bandwidth, usual) = (bandwidth.saturating_mul(scenario.speed.into()), usual(scenario));
    scenario.behaviour.iter().map(|row| row_of(row, bandwidth, usual.clone())).collect()
}

/// What containers do that no row of the scenario matches.
pub fn usual(scenario: &Scenario) -> Behaviour {
    Behaviour::default().at_speed(scenario.speed)
}

/// A row of the scenario, its gaps filled with the defaults.
fn row_of(row: &BehaviourRow, bandwidth: u64, usual: Behaviour) -> Behaviour {
    let pull = match (&row.pull, row.image_size) {
        (Some(length), _) => Pull::Takes(length.clone()),
        (None, Some(bytes)) => Pull::Size { bytes, bytes_per_second: bandwidth },
        (None, None) => usual.pull,
    };
    Behaviour {
        applies_to: Match {
            deployment: row.matches.deployment.clone(),
            workload: row.matches.workload.clone(),
            image: row.matches.image.clone(),
            kind: row.matches.kind.as_deref().and_then(Kind::parse),
            measures: !row.measurements.is_empty() || row.build.is_some(),
        },
        pull,
        init: row.init.clone().unwrap_or(usual.init),
        together: row.together,
        start: row.start.clone().unwrap_or(usual.start),
        registers: row.register.is_some(),
        register: row.register.clone().unwrap_or(usual.register),
        run: row.run.clone().unwrap_or(usual.run),
        exit_code: row.exit.unwrap_or(usual.exit_code),
        crash: row.crash.as_ref().map(|crash| Crash {
            after: crash.after.clone(),
            times: crash.times.unwrap_or(u32::MAX),
            exit_code: crash.exit,
        }),
        stop: row.stop.clone().unwrap_or(usual.stop),
        metrics: row.metrics.clone(),
    }
}
