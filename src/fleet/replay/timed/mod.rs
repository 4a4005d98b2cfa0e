//! A trace in its own time: pods come when they were created, wait in a queue while no node takes them, run for as long as they ran, and
//! leave. Time is a whole number of ms. `queue` says whose turn it is, `preemption` who must go for whom, `usage` what is measured, `line` how
//! that looks over time.
//!
//! At one instant pods leave first, then pods come, then places are given out. A decision takes no time, so that what waits does so
//! for want of a node alone.

mod line;
mod preemption;
mod queue;
#[cfg(test)]
mod tests;
mod usage;

pub use line::UsagePoint;
pub use usage::{Timed, Waits};

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use preemption::find_victims;
use queue::{Queues, Ticket};
use usage::Usage;

use super::{Counts, FleetSize, Outcome, Setting};
use crate::fleet::demand::{Timing, Trace};
use crate::fleet::inventory::Fleet;
use crate::fleet::placement::fragmentation::centi_milli;
use crate::fleet::placement::{Placement, Placer, Typical, placeable};

/// A pod that runs.
#[derive(Clone, Copy, Debug)]
struct Run {
    pod: u32,
    placement: Placement,
    started_ms: u64,
    priority: i32,
}

/// All that goes on.
struct Play<'a> {
    trace: &'a Trace,
    timings: &'a [Timing],
    placer: Placer<'a>,
    queues: Queues,
    /// What runs, by the number of the run.
    runs: BTreeMap<u32, Run>,
    runs_so_far: u32,
    /// The runs of each node, in the order in which they began.
    on_node: Vec<Vec<u32>>,
    /// How many pods of each priority run.
    priorities: BTreeMap<i32, u32>,
    /// When which run ends; runs that were preempted are gone from `runs`.
    ends: BinaryHeap<Reverse<(u64, u32)>>,
    usage: Usage,
    now_ms: u64,
}

/// Plays a trace that has times; nodes stand in the order that decides between equals. `tell` hears of each pod that was placed for the
/// first time.
pub fn replay_timed(
    fleet: &Fleet,
    trace: &Trace,
    typical: &Typical,
    nodes: &[u32],
    setting: Setting,
    tell: &mut dyn FnMut(u32),
) -> Outcome {
    let timings = trace.timings.as_deref().unwrap_or(&[]);
    let mut comes: Vec<u32> = (0..timings.len() as u32).collect();
    comes.sort_by_key(|pod| (timings[*pod as usize].created_ms, *pod));
    let start_ms = comes.first().map_or(0, |pod| timings[*pod as usize].created_ms);
    let placer =
        Placer::new(fleet, trace, typical, setting.policy, nodes, setting.seed).with_pods_max(setting.pods_max);
    let mut play = Play {
        trace,
        timings,
        queues: Queues::new(trace.classes.len()),
        runs: BTreeMap::new(),
        runs_so_far: 0,
        on_node: vec![Vec::new(); placer.places() as usize],
        priorities: BTreeMap::new(),
        ends: BinaryHeap::new(),
        usage: Usage::new(start_ms, timings.len()),
        now_ms: start_ms,
        placer,
    };
    let mut pods = Counts::NONE;
    let mut next = comes.iter().copied().peekable();
    loop {
        let comes_ms = next.peek().map(|pod| timings[*pod as usize].created_ms);
        let ends_ms = play.ends.peek().map(|Reverse((at, _))| *at);
        let wakes_ms = play.queues.next_wake_ms();
        // Wakes alone change nothing: without a pod that comes or leaves, nobody finds a place.
        let Some(now_ms) = [comes_ms, ends_ms].into_iter().flatten().chain(wakes_ms).min() else { break };
        play.now_ms = now_ms;
        play.end_runs();
        while let Some(pod) = next.next_if(|pod| timings[*pod as usize].created_ms <= now_ms) {
            pods.arrive(trace.class(pod));
            play.queues.join(trace.pods[pod as usize], Ticket::new(pod, timings[pod as usize].priority, now_ms));
        }
        play.queues.wake(now_ms);
        play.give_places(tell);
        play.usage.instant(now_ms, play.queues.len(), play.placer.fragmentation());
    }
    let placeable = placeable(fleet, trace);
    for pod in play.queues.pods().filter(|pod| !play.usage.was_placed(*pod)) {
        pods.refuse(trace.class(pod).bracket(), placeable[trace.pods[pod as usize] as usize]);
    }
    Outcome {
        trace: trace.name.clone(),
        policy: setting.policy,
        seed: setting.seed,
        fleet: FleetSize { nodes: fleet.nodes.len() as u64, gpus: fleet.gpus() },
        pods,
        used_gpu_milli: play.usage.used_gpu_milli(),
        fragmentation_centi_milli: centi_milli(play.placer.fragmentation()),
        curve: Vec::new(),
        evaluations: play.placer.evaluations(),
        timed: Some(play.usage.result(fleet.gpu_milli())),
    }
}

impl Play<'_> {
    /// The runs that end now leave, and classes that a node has room for now may try again.
    fn end_runs(&mut self) {
        let mut freed: Vec<u32> = Vec::new();
        while let Some(Reverse((at, number))) = self.ends.peek().copied() {
            if at > self.now_ms {
                break;
            }
            self.ends.pop();
            if let Some(run) = self.take_out(number) {
                freed.push(run.placement.place);
            }
        }
        self.offer(&mut freed);
    }

    /// Classes that one of these nodes takes may try again.
    fn offer(&mut self, places: &mut Vec<u32>) {
        places.sort_unstable();
        places.dedup();
        let placer = &self.placer;
        self.queues.unblock(|class| places.iter().any(|place| placer.takes(placer.left(*place), class)));
    }

    /// Ends a run; `None` if it was preempted before.
    fn take_out(&mut self, number: u32) -> Option<Run> {
        let run = self.runs.remove(&number)?;
        let class = self.trace.pods[run.pod as usize];
        self.placer.release(class, run.placement);
        self.on_node[run.placement.place as usize].retain(|other| *other != number);
        if let Some(count) = self.priorities.get_mut(&run.priority) {
            *count -= 1;
            if *count == 0 {
                self.priorities.remove(&run.priority);
            }
        }
        self.usage.ended(self.trace.of_class(class).gpu_total(), run.started_ms, self.now_ms);
        Some(run)
    }

    /// Gives places to those whose turn it is until nobody who may try finds one.
    fn give_places(&mut self, tell: &mut dyn FnMut(u32)) {
        while let Some((class, ticket)) = self.queues.next(self.now_ms) {
            let placement = match self.queues.is_blocked(class) {
                true => None,
                false => self.placer.place(class),
            };
            let placement = placement.or_else(|| self.preempt(class, ticket));
            match placement {
                Some(placement) => {
                    self.queues.leave(class, ticket);
                    self.begin(ticket, placement, tell);
                }
                None => self.queues.fail(class, ticket, self.now_ms),
            }
        }
    }

    fn begin(&mut self, ticket: Ticket, placement: Placement, tell: &mut dyn FnMut(u32)) {
        let timing = self.timings[ticket.pod as usize];
        let number = self.runs_so_far;
        self.runs_so_far += 1;
        let run = Run { pod: ticket.pod, placement, started_ms: self.now_ms, priority: timing.priority };
        self.runs.insert(number, run);
        self.on_node[placement.place as usize].push(number);
        *self.priorities.entry(timing.priority).or_insert(0) += 1;
        self.ends.push(Reverse((self.now_ms + timing.runs_ms, number)));
        if self.usage.began(ticket.pod, self.trace.class(ticket.pod).gpu_total(), self.now_ms - timing.created_ms) {
            tell(ticket.pod);
        }
    }

    /// Puts pods of lower priority out for one that no node takes, and gives it their place. They join the queue again and start over.
    fn preempt(&mut self, class: u32, ticket: Ticket) -> Option<Placement> {
        if self.priorities.first_key_value().is_none_or(|(lowest, _)| *lowest >= ticket.priority) {
            return None;
        }
        let (place, victims) = find_victims(self, class, ticket.priority)?;
        for number in victims {
            let run = self.take_out(number)?;
            let again = Ticket::new(run.pod, run.priority, self.now_ms);
            self.usage.preempted(self.trace.class(run.pod).gpu_total(), run.started_ms, self.now_ms);
            self.queues.join(self.trace.pods[run.pod as usize], again);
        }
        let placement = self.placer.place_on(class, place);
        // What the victims left over may do for somebody else.
        self.offer(&mut vec![place]);
        Some(placement)
    }
}
