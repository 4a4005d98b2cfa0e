//! In which order nodes and pods stand when the trace's own times do not count. It follows the published experiments
//! (hkust-adsl/kubernetes-scheduler-simulator, pkg/simulator/core.go): nodes shuffled, pods shuffled, and pods cloned or left out
//! until what they ask for is a given multiple of the fleet's GPUs. The draws are greenroom's own; the order of a published run is
//! given as it is.

use crate::fleet::demand::Trace;
use crate::fleet::inventory::Fleet;
use crate::kernel::{Stream, Streams};

/// Who comes, in which order, and which of equally good nodes is first.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Order {
    /// Nodes, the first before the others among equals.
    pub nodes: Vec<u32>,
    /// Pods as they come; one that comes again is a clone.
    pub pods: Vec<u32>,
}

/// How much is asked of the fleet, in thousandths of its GPUs: 1300 for 130 %.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Tune(pub u32);

impl Order {
    /// The order of both lists.
    pub fn listed(fleet: &Fleet, trace: &Trace) -> Order {
        Order { nodes: (0..fleet.nodes.len() as u32).collect(), pods: (0..trace.pods.len() as u32).collect() }
    }

    /// Both shuffled, and the pods tuned if that is asked for.
    pub fn drawn(fleet: &Fleet, trace: &Trace, seed: u64, tune: Option<Tune>) -> Order {
        let streams = Streams::new(seed);
        let mut order = Order::listed(fleet, trace);
        shuffle(&mut order.nodes, &mut streams.stream("fleet.order", "nodes", 0));
        shuffle(&mut order.pods, &mut streams.stream("fleet.order", "pods", 0));
        if let Some(Tune(thousandths)) = tune {
            let target = u64::from(thousandths) * fleet.gpus();
            tune_to(&mut order.pods, trace, target, &mut streams.stream("fleet.order", "tune", 0));
        }
        order
    }
}

/// Fisher and Yates.
fn shuffle(list: &mut [u32], stream: &mut Stream) {
    for at in (1..list.len()).rev() {
        list.swap(at, stream.below(at as u64 + 1) as usize);
    }
}

/// Clones pods, or leaves some out, until they ask for `target` thousandths of a GPU. As in the source, cloning ends with the
/// first pod of which one GPU would be too much.
fn tune_to(pods: &mut Vec<u32>, trace: &Trace, target: u64, stream: &mut Stream) {
    let mut total: u64 = pods.iter().map(|pod| trace.class(*pod).gpu_total()).sum();
    if trace.gpu_total() == 0 {
        return;
    }
    if total > target {
        while total > target && !pods.is_empty() {
            let pod = pods.remove(stream.below(pods.len() as u64) as usize);
            total -= trace.class(pod).gpu_total();
        }
        return;
    }
    loop {
        let pod = stream.below(trace.pods.len() as u64) as u32;
        let class = trace.class(pod);
        if total + class.gpu_milli as u64 > target {
            return;
        }
        total += class.gpu_total();
        pods.push(pod);
    }
}
