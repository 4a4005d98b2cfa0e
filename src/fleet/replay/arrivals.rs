//! Pods that come one after the other and stay: the setting of the published experiments. A pod that no node takes is not tried again.

use super::curve::Samples;
use super::{Counts, FleetSize, Order, Outcome, Setting};
use crate::fleet::demand::Trace;
use crate::fleet::inventory::Fleet;
use crate::fleet::placement::fragmentation::centi_milli;
use crate::fleet::placement::{Placement, Placer, Typical, placeable};

/// What was decided about a pod.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Decision {
    /// The pod, as an index into the trace.
    pub pod: u32,
    /// The node, as an index into the fleet, with its place in the order of nodes and its GPUs; `None`: no node took it.
    pub placed: Option<(u32, Placement)>,
}

/// Plays the pods of a trace in an order, and tells of each decision.
pub fn replay_arrivals(
    fleet: &Fleet,
    trace: &Trace,
    typical: &Typical,
    order: &Order,
    setting: Setting,
    tell: &mut dyn FnMut(Decision),
) -> Outcome {
    let Setting { policy, seed, pods_max } = setting;
    let mut placer = Placer::new(fleet, trace, typical, policy, &order.nodes, seed).with_pods_max(pods_max);
    let mut samples = Samples::new(fleet.gpus(), order.pods.len());
    let placeable = placeable(fleet, trace);
    let mut pods = Counts::NONE;
    let mut used_gpu_milli = 0;
    for pod in &order.pods {
        let number = trace.pods[*pod as usize];
        let class = trace.of_class(number);
        pods.arrive(class);
        let placed = placer.place(number);
        match placed {
            Some(_) => used_gpu_milli += class.gpu_total(),
            None => pods.refuse(class.bracket(), placeable[number as usize]),
        }
        samples.add(pods.arrived_gpu_milli, used_gpu_milli, placer.fragmentation());
        tell(Decision { pod: *pod, placed: placed.map(|placement| (placer.node(placement.place), placement)) });
    }
    Outcome {
        trace: trace.name.clone(),
        policy,
        seed,
        fleet: FleetSize { nodes: fleet.nodes.len() as u64, gpus: fleet.gpus() },
        pods,
        used_gpu_milli,
        fragmentation_centi_milli: centi_milli(placer.fragmentation()),
        curve: samples.curve(),
        evaluations: placer.evaluations(),
        timed: None,
    }
}
