//! The nodes that are there before a run: whether they could be those of the scenario, and the GPUs that they offer.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::Node;
use kube::Api;
use kube::api::ListParams;

use super::connection::Connection;
use super::options::LiveOptions;
use super::render::RUN;
use super::trouble::Trouble;
use crate::kernel::Names;
use crate::scenario::Scenario;
use crate::workload::resources::is_gpu;

/// Selects the nodes that are there and that a run may use: never those that another run made.
pub(super) fn selector(options: &LiveOptions) -> String {
    let labels = options.node_selector.iter().map(|(key, value)| format!(",{key}={value}"));
    format!("!{RUN}{}", labels.collect::<String>())
}

/// The nodes that a run may use, those among them that take no pods too.
pub(super) fn nodes_there(connection: &Connection, options: &LiveOptions) -> Result<Vec<Node>, Trouble> {
    let found = connection.runtime.block_on(async {
        let api: Api<Node> = Api::all(connection.client.clone());
        connection.count_call();
        api.list(&ListParams::default().labels(&selector(options))).await
    });
    found.map(|list| list.items).map_err(|error| Trouble::of(&error, &connection.context))
}

/// That no node will do, in words.
pub(super) fn none_open(options: &LiveOptions) -> String {
    let labels: Vec<String> = options.node_selector.iter().map(|(key, value)| format!("{key}={value}")).collect();
    match labels.is_empty() {
        true => "the cluster has no node that is ready and takes pods".to_owned(),
        false => format!("the cluster has no node with {} that is ready and takes pods", labels.join(" and ")),
    }
}

/// True if a node is ready and new pods may come.
pub(super) fn is_open(node: &Node) -> bool {
    let ready = node.status.iter().flat_map(|status| status.conditions.iter().flatten());
    let taints = node.spec.iter().flat_map(|spec| spec.taints.iter().flatten());
    let cordoned = node.spec.as_ref().is_some_and(|spec| spec.unschedulable == Some(true));
    !cordoned
        && ready.into_iter().any(|one| one.type_ == "Ready" && one.status == "True")
        && !taints.into_iter().any(|taint| taint.key == "node.kubernetes.io/not-ready")
}

/// The GPUs of nodes together, by resource.
pub(super) fn gpus<'a>(nodes: impl Iterator<Item = &'a Node>) -> BTreeMap<String, u64> {
    let mut gpus: BTreeMap<String, u64> = BTreeMap::new();
    for node in nodes {
        let amounts = node.status.iter().flat_map(|status| status.allocatable.iter().flatten());
        for (resource, amount) in amounts.filter(|(resource, _)| is_gpu(resource)) {
            *gpus.entry(resource.clone()).or_default() += amount.0.parse::<u64>().unwrap_or(0);
        }
    }
    gpus
}

/// Looks whether the nodes that are there could be those of the scenario.
pub(super) fn check_nodes(connection: &Connection, scenario: &Scenario, live: &LiveOptions) -> Result<(), Trouble> {
    let mut wanted: BTreeMap<String, u64> = BTreeMap::new();
    for entry in &scenario.cluster.nodes {
        let name = Names::default().name("node");
        let spec = crate::rehearsal::node_spec(entry, name, 110).map_err(Trouble::Api)?;
        let gpus = spec.allocatable.extended.iter().filter(|(resource, count)| is_gpu(resource) && **count > 0);
        for (resource, gpus) in gpus {
            *wanted.entry(resource.clone()).or_default() += u64::from(entry.naming.count()) * gpus;
        }
    }
    let nodes = nodes_there(connection, live)?;
    let open: Vec<&Node> = nodes.iter().filter(|node| is_open(node)).collect();
    if open.is_empty() {
        return Err(Trouble::Nodes(none_open(live)));
    }
    let there = gpus(open.into_iter());
    for (resource, wanted) in wanted {
        let there = there.get(&resource).copied().unwrap_or(0);
        if there < wanted {
            let why = format!("the scenario's nodes have {wanted} {resource}, those of the cluster {there}");
            return Err(Trouble::Nodes(why));
        }
    }
    Ok(())
}
