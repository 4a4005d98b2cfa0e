//! Lays two sequences of states beside each other so that as little as possible is left over, and says of what is left over
//! whether a live run could have missed it.

use super::COALESCED_BELOW;
use super::findings::{Tolerance, Toleration};
use super::story::Step;
use crate::timeline::Kind;

/// Which of the two runs.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Run {
    /// The simulated one.
    Simulated,
    /// The live one.
    Live,
}

/// A state that only one of the runs has.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Gap {
    /// Which run has it.
    pub run: Run,
    /// Where it is in the simulated sequence, or would be.
    pub simulated: usize,
    /// Where it is in the live sequence, or would be.
    pub live: usize,
    /// Why it does not matter, if it does not.
    pub tolerated: Option<Toleration>,
}

/// What a state costs that matters: more than any number of those that do not.
const MATTERS: u64 = 1 << 24;
/// The most pairs of states that are looked at; beyond it the first that differs is told, and no more.
const PAIRS_MAX: usize = 1 << 22;
/// The most states of a flap: `Ready`, some others, `Ready` again.
const FLAP_MAX: usize = 6;

/// True if a state was too short to be sure to be seen.
pub fn is_short(step: &Step) -> bool {
    step.lasted < COALESCED_BELOW
}

/// How a cell of the table was come to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Move {
    Start,
    Both,
    /// So many states of one run alone; of a flap, the last is as if it had gone on.
    Alone(Run, usize),
}

/// The states that are left over, in order. None: the sequences agree.
pub fn align(kind: Kind, simulated: &[Step], live: &[Step]) -> Vec<Gap> {
    let same = simulated.iter().zip(live).take_while(|(one, other)| one.state == other.state).count();
    if same == simulated.len() && same == live.len() {
        return Vec::new();
    }
    if simulated.len().saturating_mul(live.len()) > PAIRS_MAX {
        let run = if same < simulated.len() { Run::Simulated } else { Run::Live };
        return vec![Gap { run, simulated: same, live: same, tolerated: None }];
    }
    let (rows, columns) = (simulated.len() + 1, live.len() + 1);
    let mut table = vec![(u64::MAX, Move::Start); rows * columns];
    table[0].0 = 0;
    for at in 0..rows * columns {
        let (row, column) = (at / columns, at % columns);
        let (cost, _) = table[at];
        let mut offer = |row: usize, column: usize, more: u64, by: Move| {
            let to = &mut table[row * columns + column];
            if cost + more < to.0 {
                *to = (cost + more, by);
            }
        };
        if row < simulated.len() && column < live.len() && simulated[row].state == live[column].state {
            offer(row + 1, column + 1, 0, Move::Both);
        }
        for (states, cost) in alone(kind, Run::Simulated, simulated, row) {
            offer(row + states, column, cost, Move::Alone(Run::Simulated, states));
        }
        for (states, cost) in alone(kind, Run::Live, live, column) {
            offer(row, column + states, cost, Move::Alone(Run::Live, states));
        }
    }
    let mut gaps = Vec::new();
    let (mut row, mut column) = (simulated.len(), live.len());
    loop {
        match table[row * columns + column].1 {
            Move::Start => break,
            Move::Both => (row, column) = (row - 1, column - 1),
            Move::Alone(run, states) => {
                let steps = if run == Run::Simulated { simulated } else { live };
                let at = if run == Run::Simulated { &mut row } else { &mut column };
                *at -= states;
                let (from, flap) = (*at, states > 1);
                // Of a flap, the state that it comes back to is no gap.
                let left_over = if flap { states - 1 } else { states };
                for step in (from..from + left_over).rev() {
                    let tolerated = tolerated(kind, run, steps, step);
                    let (simulated, live) = if run == Run::Simulated { (step, column) } else { (row, step) };
                    gaps.push(Gap { run, simulated, live, tolerated });
                }
            }
        }
    }
    gaps.reverse();
    gaps
}

/// The ways to go on with states of one run alone: how many, and what that costs.
fn alone(kind: Kind, run: Run, steps: &[Step], at: usize) -> Vec<(usize, u64)> {
    if at >= steps.len() {
        return Vec::new();
    }
    let cost = |at: usize| if tolerated(kind, run, steps, at).is_some() { 1 } else { MATTERS };
    let mut ways = vec![(1, cost(at))];
    let Some(before) = at.checked_sub(1).map(|before| &steps[before]) else { return ways };
    let mut sum = 0;
    for length in 1..FLAP_MAX {
        let Some(after) = steps.get(at + length) else { break };
        sum += cost(at + length - 1);
        if after.state == before.state {
            ways.push((length + 1, sum));
            break;
        }
    }
    ways
}

/// Why a state that one run alone has does not matter.
fn tolerated(kind: Kind, run: Run, steps: &[Step], at: usize) -> Option<Toleration> {
    let step = &steps[at];
    let whose = if run == Run::Simulated { "simulated" } else { "live" };
    if is_short(step) {
        let last = at + 1 == steps.len();
        let tolerance = if last { Tolerance::CutOff } else { Tolerance::Coalesced };
        let detail = format!("{} lasted {} in the {whose} run", step.state.text(), step.lasted);
        return Some(Toleration { tolerance, detail });
    }
    let between = kind == Kind::ReplicaSet && run == Run::Live && is_between(steps, at);
    between.then(|| Toleration {
        tolerance: Tolerance::MoreSteps,
        detail: format!("{} on the way to the same count", step.state.text()),
    })
}

/// True if a count lies between the one before and the one after. The first count of a ReplicaSet is its surge: it waits for no pod.
fn is_between(steps: &[Step], at: usize) -> bool {
    let count = |step: &Step| step.state.detail.parse::<u64>().ok().filter(|_| step.state.word == "Scaled");
    let Some(this) = count(&steps[at]) else { return false };
    let before = steps[..at].iter().rev().find_map(count);
    let after = steps[at + 1..].iter().find_map(count);
    let (Some(before), Some(after)) = (before, after) else { return false };
    before.min(after) < this && this < before.max(after)
}

/// True if nothing that is left over matters.
pub fn all_tolerated(gaps: &[Gap]) -> bool {
    gaps.iter().all(|gap| gap.tolerated.is_some())
}
