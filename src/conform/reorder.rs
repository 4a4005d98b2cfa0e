//! Another order of what happened at nearly the same time. A scheduler decides before watches tell of it, and what they tell within
//! a moment says nothing of what came first: so an order is looked for in which every placement is right.

use std::collections::BTreeSet;

use super::replay::{Judgement, Replay};
use crate::kernel::Duration;
use crate::rehearsal::scheduling::{Change, Sighting};

/// What was seen within so short a time may have happened in any order. A binding is one write of the API, which takes
/// milliseconds, and a busy machine some tens of them; watches of pods and of nodes keep no order between them.
pub const SIMULTANEOUS: Duration = Duration::from_millis(250);

/// The most things that are put into another order: one bit each.
const EVENTS_MAX: usize = 128;
/// The most states and placements that are looked at for one.
const TRIES_MAX: usize = 2_000;

/// What was found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Order {
    /// This order explains all that was placed.
    Found(Vec<usize>),
    /// No order does.
    None,
    /// There are too many to look at.
    TooMany,
}

/// What happened within a moment, in the order in which it was seen.
pub struct Moment<'a> {
    /// The state before it.
    pub before: &'a Replay,
    /// All that was seen.
    pub sightings: &'a [Sighting],
    /// What of it belongs to the moment.
    pub events: &'a [usize],
    /// What of that is to happen in it: the rest may happen later.
    pub wanted: &'a [usize],
    /// Placements that no order explains: they are not asked about again.
    pub wrong: &'a BTreeSet<usize>,
}

impl Moment<'_> {
    /// An order in which all that is wanted is right, the placement at `asked` among it, and perhaps something more.
    pub fn order(&self, asked: usize) -> Order {
        let Some(place) = self.events.iter().position(|event| *event == asked) else { return Order::None };
        if self.events.len() > EVENTS_MAX {
            return Order::TooMany;
        }
        let firsts = (0..self.events.len()).map(|at| self.firsts(at)).collect();
        let is_wanted = |at: &usize| self.wanted.contains(&self.events[*at]);
        let wanted = (0..self.events.len()).filter(is_wanted).fold(0, |set, at| set | 1 << at);
        let mut search =
            Search { moment: self, firsts, place, wanted, seen: BTreeSet::new(), tries: 0, order: Vec::new() };
        match search.go(0) {
            true => Order::Found(search.order.iter().map(|at| self.events[*at]).collect()),
            false if search.tries >= TRIES_MAX => Order::TooMany,
            false => Order::None,
        }
    }

    /// What must come before an event: what was seen long before, what is about the same pod or node, and equal placements, which
    /// need not be exchanged.
    fn firsts(&self, at: usize) -> u128 {
        let of = |at: usize| &self.sightings[self.events[at]];
        let is_first = |other: &usize| {
            let (earlier, later) = (of(*other), of(at));
            later.at.since(earlier.at) > SIMULTANEOUS
                || about(&earlier.change) == about(&later.change)
                || are_equal(&earlier.change, &later.change)
        };
        (0..at).filter(is_first).fold(0, |set, other| set | 1 << other)
    }
}

/// The pod or node that something is about.
fn about(change: &Change) -> &str {
    match change {
        Change::Node(name, _) | Change::NodeGone(name) => name,
        Change::Nominated(placement) | Change::Bound(placement) => &placement.pod,
        Change::NotNominated(pod) | Change::Leaving(pod) | Change::Gone(pod) => pod,
    }
}

/// True for placements that differ in the name of the pod alone.
fn are_equal(one: &Change, other: &Change) -> bool {
    let (Change::Bound(one), Change::Bound(other)) = (one, other) else { return false };
    (&one.node, &one.namespace, &one.spread, one.priority)
        == (&other.node, &other.namespace, &other.spread, other.priority)
        && one.template == other.template
}

struct Search<'a> {
    moment: &'a Moment<'a>,
    /// What must come before each event.
    firsts: Vec<u128>,
    /// Where the placement that is asked about is among the events.
    place: usize,
    /// What is to happen.
    wanted: u128,
    /// Sets of events that lead nowhere: the state depends on which happened, not on their order.
    seen: BTreeSet<u128>,
    tries: usize,
    order: Vec<usize>,
}

impl Search<'_> {
    /// Goes on from a state in which these events have happened.
    fn go(&mut self, done: u128) -> bool {
        if self.wanted & !done == 0 {
            return true;
        }
        if self.tries >= TRIES_MAX || !self.seen.insert(done) {
            return false;
        }
        self.tries += 1;
        let mut state: Option<Replay> = None;
        // The one that is asked about as early as can be, the others as they were seen.
        let (count, place) = (self.moment.events.len(), self.place);
        for at in std::iter::once(place).chain((0..count).filter(|at| *at != place)) {
            if done >> at & 1 == 1 || self.firsts[at] & !done != 0 {
                continue;
            }
            if self.is_asked(at) {
                if self.tries >= TRIES_MAX {
                    return false;
                }
                self.tries += 1;
                let state = state.get_or_insert_with(|| self.moment.after(done));
                if !is_right(state, &self.moment.sightings[self.moment.events[at]].change) {
                    continue;
                }
            }
            self.order.push(at);
            if self.go(done | 1 << at) {
                return true;
            }
            self.order.pop();
        }
        false
    }

    fn is_asked(&self, at: usize) -> bool {
        let event = self.moment.events[at];
        matches!(self.moment.sightings[event].change, Change::Bound(_)) && !self.moment.wrong.contains(&event)
    }
}

impl Moment<'_> {
    /// The state after these events.
    fn after(&self, done: u128) -> Replay {
        let mut state = self.before.clone();
        for (at, event) in self.events.iter().enumerate() {
            if done >> at & 1 == 1 {
                state.apply(&self.sightings[*event].change);
            }
        }
        state
    }
}

/// True if a placement is right in a state, or nobody can tell.
fn is_right(state: &mut Replay, change: &Change) -> bool {
    match change {
        Change::Bound(placement) if state.can_judge(placement) => state.judge(placement) == Judgement::Right,
        _ => true,
    }
}
