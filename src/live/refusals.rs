//! What a live run cannot do, told by name before it makes anything.

use crate::cluster::scheduler::SchedulerProfile;
use crate::kernel::{Distribution, Duration};
use crate::scenario::Scenario;
use crate::scenario::model::{FaultKind, SystemName, Trigger};
use crate::timeline::Kind;
use crate::workload::{NodeDisruption, Object};

use super::options::LiveOptions;

/// What of a scenario cannot be done on a cluster; empty if it can be run.
pub fn refusals(scenario: &Scenario, options: &LiveOptions) -> Vec<String> {
    let mut refusals = Vec::new();
    // Docker's containers, which 1Backend runs, are started by nobody again.
    let starts_again = scenario.deploy.iter().any(|one| one.system != SystemName::OneBackend);
    let faults = scenario.faults.iter().map(|fault| ("fault", &fault.name, &fault.trigger));
    let actions = scenario.actions.iter().map(|action| ("action", &action.name, &action.trigger));
    for (what, name, trigger) in faults.chain(actions) {
        if let Trigger::Access(access) = trigger {
            let why = "greenroom does not stand between a cluster's API and those that write to it";
            refusals.push(format!("{what} {name} ({}): {why}", access.edge.text()));
        }
    }
    for tie in &scenario.ties {
        refusals.push(format!("{}: the order of one instant is the cluster's own (ties)", tie.place));
    }
    for fault in &scenario.faults {
        if matches!(fault.kind, FaultKind::ContainerCrash { .. }) && !starts_again {
            continue;
        }
        if let Some(why) = fault_refusal(&fault.kind, options) {
            refusals.push(format!("fault {} ({}): {why}", fault.name, fault.kind.text()));
        }
    }
    if !matches!(scenario.cluster.scheduler, SchedulerProfile::KubeDefault | SchedulerProfile::KubeSampled) {
        refusals.push("the cluster has a scheduler of its own (cluster.scheduler)".to_owned());
    }
    if !scenario.cluster.batch_schedulers.is_empty() {
        refusals.push("batch schedulers place groups only in simulation (cluster.batch_schedulers)".to_owned());
    }
    if !scenario.cluster.capacity.is_empty() {
        refusals.push("no provider is asked for nodes (cluster.capacity)".to_owned());
    }
    if let Some(row) = scenario.behaviour.iter().find(|row| row.together.is_some()) {
        refusals.push(format!("{}: nothing holds pods back together in a live run (together)", row.place));
    }
    // Who is ready is looked up at once in a live run.
    let at_once = Distribution::Constant(Duration::ZERO);
    if let Some(row) = scenario.behaviour.iter().find(|row| row.register.as_ref().is_some_and(|one| *one != at_once)) {
        refusals.push(format!("{}: nothing is registered anywhere in a live run (register)", row.place));
    }
    for node in &scenario.cluster.nodes {
        if node.autoscale.is_some() {
            refusals.push(format!("{}: node groups grow only in simulation", node.place));
        }
        if options.fake_nodes && node.provisioned_after.is_some() {
            refusals.push(format!("{}: fake nodes are there from the start (provisioned_after)", node.place));
        }
    }
    refusals
}

/// Why a fault cannot be caused through an API; `None` if it can.
fn fault_refusal(fault: &FaultKind, options: &LiveOptions) -> Option<&'static str> {
    let on_kwok = options.fake_nodes;
    match fault {
        FaultKind::PodKill { .. }
        | FaultKind::ControllerRestart { .. }
        | FaultKind::Alarm { .. }
        | FaultKind::ExportFail { .. }
        | FaultKind::QuotaExhausted { .. } => None,
        FaultKind::Api(entry) => {
            let object = entry.object.as_deref().map(|text| text.split_once('/').map_or(text, |(kind, _)| kind));
            let of_the_cluster = object.and_then(Kind::parse).is_none_or(|kind| Object::KINDS.contains(&kind));
            let struck = entry.controller.is_none() && entry.trouble.is_of_worlds() && of_the_cluster;
            struck.then_some("greenroom does not stand between a cluster's API and its watches")
        }
        FaultKind::ProcessRestart { .. } => Some("the cluster's own controllers are not this run's to end"),
        FaultKind::ClockSkew { .. } => Some("an API sets no clock"),
        FaultKind::ImageBuildFail { .. } => Some("nothing is built in a live run"),
        FaultKind::StoreOutage { .. } => Some("nothing is registered anywhere in a live run"),
        FaultKind::ContainerCrash { .. } => on_kwok.then_some("kwok's containers do not start again"),
        FaultKind::ImagePullFail { times, .. } => match times {
            Some(_) => Some("pulls cannot be counted; give it a length (`for`)"),
            None => on_kwok.then_some("kwok pulls no images"),
        },
        FaultKind::NodeDown { .. } => {
            (!on_kwok).then_some("an API cannot switch a machine off; fake nodes can be silenced")
        }
        FaultKind::SlowStart { .. } => Some("pods that are there cannot be made slower"),
        FaultKind::ReadinessFlap { .. } => Some("the API sets no probe's answer"),
        FaultKind::GpuLoss { .. } => Some("the API takes no GPU away from a container"),
        FaultKind::Node { what, .. } => match what {
            NodeDisruption::Silent { .. } => {
                (!on_kwok).then_some("an API cannot silence a kubelet; fake nodes can be silenced")
            }
            NodeDisruption::Shutdown { .. } => Some("an API cannot shut a machine down"),
            NodeDisruption::Reclaim { .. } => Some("an API cannot take a machine back"),
            _ if on_kwok || options.allow_node_faults => None,
            _ => Some("nodes of others are changed only with --allow-node-faults"),
        },
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn refused(scenario: &str) -> Vec<String> {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios").join(scenario).join("scenario.yaml");
        let options = LiveOptions {
            run: "k7f3q2b".into(),
            keep: false,
            fake_nodes: true,
            allow_node_faults: false,
            image: String::new(),
            node_selector: std::collections::BTreeMap::new(),
            began_at_unix_seconds: 0,
            progress: None,
        };
        refusals(&crate::scenario::load(&file).expect("the scenario is valid"), &options)
    }

    #[test]
    fn what_has_no_counterpart_on_a_cluster_is_refused() {
        for (scenario, what) in [
            ("gpu-packed", "cluster.scheduler"),
            ("gpu-packed-by-config", "cluster.scheduler"),
            ("out-of-capacity", "cluster.capacity"),
            ("pool-grows", "node groups"),
            ("gpu-loss", "gpu_loss"),
        ] {
            let refused = refused(scenario);
            assert!(refused.iter().any(|one| one.contains(what)), "{scenario}: {refused:?}");
        }
        assert_eq!(refused("rolling-update"), [""; 0]);
        assert!(refused("faults/ready-before-registered").iter().any(|one| one.contains("(register)")));
        assert_eq!(refused("dynamo/webhook-out"), [""; 0], "registered at once is no store of its own");
        assert!(refused("container-crash").iter().any(|one| one.contains("start again")));
        assert_eq!(refused("onebackend/as-built-dead-instance"), [""; 0], "nobody starts docker's containers again");
    }
}
