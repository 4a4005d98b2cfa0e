//! What a batch scheduler says of pods that it does not place, in its own words.
//! Sources: kai-scheduler/KAI-Scheduler v0.17, pkg/scheduler/actions/common/allocate.go (handleFailedTaskAllocation) and
//! pkg/scheduler/api (GetGangEvictionMessage, GetJobNotReadyMessage); volcano-sh/volcano v1.12, pkg/scheduler/plugins/gang/gang.go and
//! pkg/scheduler/api/job_info.go (FitError).

use super::super::scheduler::{Verdict, sentence};
use super::super::template::Template;
use super::place::Attempt;
use super::tree::{ROOT, Tally, Tree};
use crate::kernel::Names;
use crate::workload::BatchScheduler;

/// What is said where no node was looked at.
pub const NO_NODES: &str = "no nodes with enough resources were found";

/// Why none of the nodes takes a pod.
pub fn none_of(nodes: u32, verdicts: &[(Verdict, u32)], names: &Names, template: &Template) -> String {
    match nodes {
        0 => NO_NODES.to_owned(),
        _ => sentence(nodes, verdicts, names, template),
    }
}

/// What KAI says of a group of which only some pods would find a node; Volcano says it of the pod alone.
pub fn too_few(attempt: &Attempt<'_>, leaf: usize, found: usize, why: &str) -> String {
    if attempt.scheduler == BatchScheduler::Volcano {
        return why.to_owned();
    }
    let (part, tally) = (&attempt.tree.0[leaf], &attempt.tallies[leaf]);
    let is_gang = attempt.tree.0.iter().any(|part| part.is_leaf && part.min > 1);
    if !is_gang || tally.placed >= part.min {
        return format!("Resources were not found due to: {why}");
    }
    let min = part.min;
    match part.name.is_empty() {
        true => format!(
            "Resources were found for {found} pods while {min} are required for gang scheduling. Additional pods cannot be \
             scheduled due to: {why}"
        ),
        false => format!(
            "Resources were found for {found} pods from all sub-groups while sub-group {} requires {min} pods for gang \
             scheduling. Additional pods cannot be scheduled in this sub-group due to: {why}",
            part.name
        ),
    }
}

/// What is said of a group that has too few pods to begin with.
pub fn not_ready(scheduler: BatchScheduler, tree: &Tree, tallies: &[Tally]) -> String {
    let leaves = tree.leaves_below(ROOT).into_iter();
    let short = leaves.clone().find(|leaf| tallies[*leaf].alive - tallies[*leaf].gated < tree.0[*leaf].min);
    let leaf = short.or_else(|| leaves.clone().next()).unwrap_or(ROOT);
    let (part, tally) = (&tree.0[leaf], &tallies[leaf]);
    let of_part = if part.name.is_empty() { String::new() } else { format!(" of sub-group {}", part.name) };
    match scheduler {
        BatchScheduler::Kai => format!(
            "Job is not ready for scheduling. Waiting for {} pods{of_part}, currently {} existing, {} are gated",
            part.min, tally.alive, tally.gated
        ),
        BatchScheduler::Volcano => not_enough(part.min, tally),
    }
}

/// What Volcano says of a group that it did not place.
pub fn unschedulable(tree: &Tree, tallies: &[Tally], why: &str) -> String {
    if tree.is_placed(tallies, ROOT) {
        return why.to_owned();
    }
    let leaf = tree.leaves_below(ROOT).first().copied().unwrap_or(ROOT);
    let (part, tally) = (&tree.0[leaf], &tallies[leaf]);
    let missing = part.min.saturating_sub(tally.placed);
    format!("{missing}/{} tasks in gang unschedulable: {}; {why}", tally.alive, not_enough(part.min, tally))
}

fn not_enough(min: u32, tally: &Tally) -> String {
    format!("pod group is not ready, {} Pending, {min} minAvailable", tally.pending.len())
}
