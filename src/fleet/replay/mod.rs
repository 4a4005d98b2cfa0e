//! A trace played on a fleet under a policy, and what is measured on the way. `order` says who comes when where the trace's own times are
//! not asked for, `arrivals` plays them one after the other with nobody ever leaving, `timed` plays the trace's own times with a queue;
//! `curve` makes a line of what was sampled. Where a pod goes is decided in `placement`.

pub mod arrivals;
pub mod curve;
pub mod order;
pub mod timed;

pub use arrivals::{Decision, replay_arrivals};
pub use curve::CurvePoint;
pub use order::{Order, Tune};
pub use timed::{Timed, UsagePoint, Waits, replay_timed};

use super::demand::{Bracket, PodClass};
use super::placement::{NODE_PODS_MAX, Policy};

/// What is played, beside the fleet and the trace.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Setting {
    /// Who decides.
    pub policy: Policy,
    /// The seed of the order and of what the policy draws.
    pub seed: u64,
    /// Pods of one node at most.
    pub pods_max: u32,
}

impl Setting {
    /// A policy and a seed, with the usual limit of pods.
    pub const fn new(policy: Policy, seed: u64) -> Setting {
        Setting { policy, seed, pods_max: NODE_PODS_MAX }
    }
}

/// What became of a replay.
#[derive(Clone, PartialEq, Debug)]
pub struct Outcome {
    /// The trace.
    pub trace: String,
    /// Who decided.
    pub policy: Policy,
    /// The seed.
    pub seed: u64,
    /// What the fleet has.
    pub fleet: FleetSize,
    /// What came, and what of it was placed.
    pub pods: Counts,
    /// What pods hold at the end, in thousandths of a GPU; nothing if the trace was played in its own time: all have left then.
    pub used_gpu_milli: u64,
    /// The fragmentation at the end, in hundredths of a thousandth of a GPU; of a trace in its own time that of the empty fleet.
    pub fragmentation_centi_milli: i64,
    /// Allocation and fragmentation by what had come, a point a percent of the fleet's GPUs; empty if the trace was played in its own
    /// time, where `timed` has the curves.
    pub curve: Vec<CurvePoint>,
    /// How often a score was worked out.
    pub evaluations: u64,
    /// What was measured in time, if the trace was played in its own time.
    pub timed: Option<Timed>,
}

/// The size of a fleet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FleetSize {
    /// Nodes.
    pub nodes: u64,
    /// GPUs.
    pub gpus: u64,
}

/// Pods by what they ask of GPUs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Counts {
    /// All that came.
    pub arrived: [u64; Bracket::COUNT],
    /// Those of them that no node took.
    pub unplaced: [u64; Bracket::COUNT],
    /// Those of these that no node takes even when nothing else is on it.
    pub unplaceable: u64,
    /// What all that came asked for, in thousandths of a GPU.
    pub arrived_gpu_milli: u64,
}

impl Counts {
    /// Nobody came yet.
    pub const NONE: Counts =
        Counts { arrived: [0; Bracket::COUNT], unplaced: [0; Bracket::COUNT], unplaceable: 0, arrived_gpu_milli: 0 };

    /// One came.
    fn arrive(&mut self, class: &PodClass) {
        self.arrived[usize::from(class.bracket().0)] += 1;
        self.arrived_gpu_milli += class.gpu_total();
    }

    /// One that came got no node.
    fn refuse(&mut self, bracket: Bracket, placeable: bool) {
        self.unplaced[usize::from(bracket.0)] += 1;
        self.unplaceable += u64::from(!placeable);
    }

    /// How many came.
    pub fn arrived(&self) -> u64 {
        self.arrived.iter().sum()
    }

    /// How many no node took.
    pub fn unplaced(&self) -> u64 {
        self.unplaced.iter().sum()
    }

    /// How many were placed.
    pub fn placed(&self) -> u64 {
        self.arrived() - self.unplaced()
    }
}
