//! Who must go for a pod that no node takes: `SelectVictimsOnNode` and `pickOneNodeForPreemption` (k8s.io/kubernetes v1.36.3,
//! pkg/scheduler/framework/plugins/defaultpreemption and framework/preemption), without disruption budgets, which a trace has not, and
//! with every node looked at from the first on, where the real one begins at a random node.

use std::cmp::Reverse;

use super::{Play, Run};

/// A node's cost: the highest priority among its victims, the sum of them, how many, and how lately the first of the highest began. Less
/// is better.
type Cost = (i32, i64, usize, Reverse<u64>);

/// The node where the least is lost for a pod of a class and a priority, and the runs that must go there.
pub(super) fn find_victims(play: &Play<'_>, class: u32, priority: i32) -> Option<(u32, Vec<u32>)> {
    let mut best: Option<(Cost, u32, Vec<u32>)> = None;
    for place in 0..play.placer.places() {
        let Some(victims) = victims_on(play, place, class, priority) else { continue };
        let runs = || victims.iter().map(|number| &play.runs[number]);
        let highest = runs().map(|run| run.priority).max().unwrap_or(i32::MIN);
        let sum = runs().map(|run| i64::from(run.priority)).sum();
        let first = runs().filter(|run| run.priority == highest).map(|run| run.started_ms).min().unwrap_or(0);
        let cost = (highest, sum, victims.len(), Reverse(first));
        if best.as_ref().is_none_or(|(least, ..)| cost < *least) {
            best = Some((cost, place, victims));
        }
    }
    best.map(|(_, place, victims)| (place, victims))
}

/// The runs of a node that must go; `None` if the pod has no room even without all of lower priority, or nobody is.
fn victims_on(play: &Play<'_>, place: u32, class: u32, priority: i32) -> Option<Vec<u32>> {
    let lower = play.on_node[place as usize].iter().filter(|number| play.runs[number].priority < priority);
    let mut lower: Vec<(u32, Run)> = lower.map(|number| (*number, play.runs[number])).collect();
    if lower.is_empty() {
        return None;
    }
    let mut left = *play.placer.left(place);
    let class_of = |run: &Run| play.trace.class(run.pod);
    for (_, run) in &lower {
        left.change(class_of(run), run.placement.gpus, false);
    }
    if !play.placer.takes(&left, class) {
        return None;
    }
    // As many as can stay, the most important first.
    lower.sort_by_key(|(number, run)| (Reverse(run.priority), run.started_ms, *number));
    let mut victims = Vec::new();
    for (number, run) in &lower {
        left.change(class_of(run), run.placement.gpus, true);
        if !play.placer.takes(&left, class) {
            left.change(class_of(run), run.placement.gpus, false);
            victims.push(*number);
        }
    }
    Some(victims)
}
