//! Where a pod goes. A [`Placer`] keeps the nodes of a fleet under one policy; `policy` names the policies, `score` asks the one that
//! decides, which is in the file that has its name, and `gpus` chooses among a node's GPUs. What makes it fast is in `state` (equal nodes
//! are scored once), `changes` (only what changed is scored again) and `board` (the best node without looking at all).
//!
//! It knows no time and no queue: what comes when is `replay`'s.

mod board;
mod changes;
mod fgd;
pub mod fragmentation;
pub mod gpus;
mod kubernetes;
mod packing;
pub mod policy;
mod score;
pub mod state;
#[cfg(test)]
mod tests;
mod vector;

pub use fragmentation::Typical;
pub use policy::Policy;
pub use state::{could_take, placeable};

use board::{Board, TAKES_NOT};
use changes::Changes;
use fragmentation::{Amount, Scratch};
use gpus::GpuMask;
use state::{LooksAt, NodeLeft, States, suffices};

use super::demand::{PodClass, Trace};
use super::inventory::Fleet;
use crate::kernel::{Stream, Streams};

/// Pods of one node at most, the default: `--max-pods` of the published runs' nodes.
pub const NODE_PODS_MAX: u32 = 1001;

/// States that are kept; when there are more, they are numbered anew.
const STATES_MAX: usize = 1 << 20;

/// Where a pod was put.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Placement {
    /// The node, by its place in the order of nodes.
    pub place: u32,
    /// The GPUs that it got there, a bit each.
    pub gpus: GpuMask,
}

/// What of a node is looked at when it is scored: the number of its state, and what that state leaves out.
#[derive(Clone, Copy, Default, Debug)]
struct Seat {
    state: u32,
    memory_mib: u32,
    pods: u32,
}

/// The nodes under one policy.
#[derive(Clone, Debug)]
pub struct Placer<'a> {
    fleet: &'a Fleet,
    trace: &'a Trace,
    typical: &'a Typical,
    policy: Policy,
    pods_max: u32,
    /// Nodes in the order that decides between equals.
    order: &'a [u32],
    left: Vec<NodeLeft>,
    /// The same in short.
    seats: Vec<Seat>,
    states: States,
    /// The fragmentation of each state.
    amounts: Vec<Amount>,
    /// The fragmentation of all nodes together.
    fragmentation: i64,
    changes: Changes,
    boards: Vec<Option<Board>>,
    scratch: Scratch,
    random: Stream,
    evaluations: u64,
}

impl<'a> Placer<'a> {
    /// A fleet of which nothing is taken. `order` is the nodes in the order that decides between equally good ones.
    pub fn new(
        fleet: &'a Fleet,
        trace: &'a Trace,
        typical: &'a Typical,
        policy: Policy,
        order: &'a [u32],
        seed: u64,
    ) -> Placer<'a> {
        let left: Vec<NodeLeft> = order.iter().map(|node| NodeLeft::untouched(fleet, *node)).collect();
        let mut placer = Placer {
            fleet,
            trace,
            typical,
            policy,
            pods_max: NODE_PODS_MAX,
            order,
            seats: vec![Seat::default(); left.len()],
            changes: Changes::new(left.len()),
            left,
            states: States::default(),
            amounts: Vec::new(),
            fragmentation: 0,
            boards: vec![None; trace.classes.len()],
            scratch: Scratch::default(),
            random: Streams::new(seed).stream("fleet.placement", policy.name(), 0),
            evaluations: 0,
        };
        placer.number_states();
        placer
    }

    /// With another limit of pods on a node.
    #[must_use]
    pub const fn with_pods_max(mut self, pods_max: u32) -> Placer<'a> {
        self.pods_max = pods_max;
        self
    }

    /// Puts a pod of a class on the node that the policy chooses; `None`: no node takes it.
    pub fn place(&mut self, class: u32) -> Option<Placement> {
        self.refresh(class);
        let board = self.boards[class as usize].as_ref()?;
        let place = match self.policy {
            Policy::Random => match board.takers() {
                0 => None,
                takers => board.nth_taker(self.random.below(takers as u64) as usize),
            },
            policy if policy.is_kube() => board.best_in_preorder(),
            _ => board.first_best(),
        }?;
        Some(self.place_on(class, place))
    }

    /// Puts a pod on a node that takes it.
    pub fn place_on(&mut self, class: u32, place: u32) -> Placement {
        let gpus = self.choose_gpus(class, place);
        self.change(class, Placement { place, gpus }, true);
        Placement { place, gpus }
    }

    /// A pod leaves.
    pub fn release(&mut self, class: u32, placement: Placement) {
        self.change(class, placement, false);
    }

    /// What is left of a node.
    pub fn left(&self, place: u32) -> &NodeLeft {
        &self.left[place as usize]
    }

    /// How many nodes there are.
    pub fn places(&self) -> u32 {
        self.left.len() as u32
    }

    /// The node at a place, as an index into the list of the fleet.
    pub fn node(&self, place: u32) -> u32 {
        self.order[place as usize]
    }

    /// True if a node that has so much left takes a pod of a class.
    pub fn takes(&self, left: &NodeLeft, class: u32) -> bool {
        let class = self.trace.of_class(class);
        let kind = &self.fleet.kinds[left.kind as usize];
        suffices(kind, left.cpu_milli, &left.gpus, class) && self.has_room(left, class)
    }

    fn has_room(&self, left: &NodeLeft, class: &PodClass) -> bool {
        left.memory_mib >= class.memory_mib && left.pods < self.pods_max
    }

    /// The fragmentation of the whole fleet, as [`Amount`] has it.
    pub const fn fragmentation(&self) -> i64 {
        self.fragmentation
    }

    /// How often a policy scored a state for a class: what it cost.
    pub const fn evaluations(&self) -> u64 {
        self.evaluations
    }

    fn choose_gpus(&mut self, class: u32, place: u32) -> GpuMask {
        let class = self.trace.of_class(class);
        let left = &self.left[place as usize];
        match self.policy {
            _ if class.gpus == 0 => 0,
            Policy::Fgd => {
                let rest = fgd::Rest {
                    model: self.fleet.kinds[left.kind as usize].model,
                    cpu_milli: left.cpu_milli,
                    gpus: &left.gpus,
                    amount: self.amounts[self.seats[place as usize].state as usize],
                };
                fgd::choose(self.typical, &mut self.scratch, rest, class)
            }
            Policy::Random if class.shares() => {
                let enough = left.gpus.iter().enumerate().filter(|(_, one)| **one >= class.gpu_milli);
                let count = enough.clone().count() as u64;
                let at = self.random.below(count.max(1)) as usize;
                enough.clone().nth(at).map_or(0, |(at, _)| 1 << at)
            }
            _ => gpus::usual(&left.gpus, class),
        }
    }

    /// Takes from a node what a pod asks for, or gives it back.
    fn change(&mut self, class: u32, placement: Placement, takes: bool) {
        let class = self.trace.of_class(class);
        let Placement { place, gpus } = placement;
        self.left[place as usize].change(class, gpus, takes);
        self.fragmentation -= self.amounts[self.seats[place as usize].state as usize].fixed;
        if self.states.count() >= STATES_MAX {
            self.number_states();
        } else {
            let state = self.state_number(place);
            self.seats[place as usize] = self.left[place as usize].seat(state);
            self.fragmentation += self.amounts[state as usize].fixed;
        }
        self.changes.add(place, !takes);
    }

    /// The number of the state that a node is in.
    fn state_number(&mut self, place: u32) -> u32 {
        let state = self.left[place as usize].state(self.looks_at());
        let number = self.states.number(state);
        if number as usize == self.amounts.len() {
            let model = self.fleet.kinds[state.kind as usize].model;
            let amount = self.typical.amount(&mut self.scratch, model, state.cpu_milli, &state.gpus);
            self.amounts.push(amount);
        }
        number
    }

    /// Numbers the states that the nodes are in, and forgets all others.
    fn number_states(&mut self) {
        self.states.clear();
        self.amounts.clear();
        self.fragmentation = 0;
        for place in 0..self.left.len() {
            let state = self.state_number(place as u32);
            self.seats[place] = self.left[place].seat(state);
            self.fragmentation += self.amounts[state as usize].fixed;
        }
        self.boards.iter_mut().flatten().for_each(Board::forget_states);
    }

    const fn looks_at(&self) -> LooksAt {
        LooksAt { memory: self.policy.is_kube(), brackets: matches!(self.policy, Policy::GpuClustering) }
    }

    /// Brings the board of a class up to date.
    fn refresh(&mut self, class: u32) {
        let places = self.left.len();
        let known = self.boards[class as usize].take();
        let is_new = known.is_none();
        let mut board = known.unwrap_or_else(|| Board::new(places));
        let asked = self.trace.of_class(class);
        let seen = std::mem::replace(&mut board.seen, self.changes.count());
        let mut score = |place: u32| {
            if !is_new && !board.takes(place) && self.changes.only_lost(place, seen) {
                return;
            }
            let seat = self.seats[place as usize];
            let worth = board.worth(seat.state, || {
                self.evaluations += 1;
                if !self.states.suffices(seat.state, &self.fleet.kinds, asked) {
                    return TAKES_NOT;
                }
                let (state, amount) = (self.states.get(seat.state), self.amounts[seat.state as usize]);
                score::worth(self.fleet, self.policy, (self.typical, &mut self.scratch), (state, amount), asked)
            });
            let has_room = seat.memory_mib >= asked.memory_mib && seat.pods < self.pods_max;
            board.set(place, if has_room { worth } else { TAKES_NOT });
        };
        if is_new {
            (0..places as u32).for_each(score);
        } else {
            self.changes.since(seen, &mut score);
        }
        self.boards[class as usize] = Some(board);
    }
}

impl NodeLeft {
    const fn seat(&self, state: u32) -> Seat {
        Seat { state, memory_mib: self.memory_mib, pods: self.pods }
    }
}
