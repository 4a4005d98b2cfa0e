//! Runs that are drawn: each leaves half of the kinds of faults and actions out and gives the others weights of its own, so that a kind
//! that drowns another out is missing often enough. Run i is a function of the scenario, the seed and i alone.

use std::collections::BTreeMap;

use super::super::attempt::Attempt;
use super::super::base::Base;
use super::super::plan::Plan;
use super::super::vocabulary::Item;
use super::Tried;
use crate::kernel::{Duration, Stream, Streams};
use crate::scenario::model::{AccessTrigger, Trigger};

/// The most faults and actions of one run.
const EVENTS_MAX: u64 = 4;
/// The most that something is put off after its decision point.
const LATER_MAX_SECONDS: u64 = 600;

/// What is drawn from.
pub struct Swarm<'a> {
    base: &'a Base,
    items: &'a [Item],
    /// Positions of the items of each word, in the order of the words.
    words: Vec<Vec<usize>>,
    streams: Streams,
    next: u64,
}

impl<'a> Swarm<'a> {
    /// Before the first draw.
    pub fn new(base: &'a Base, items: &'a [Item], streams: Streams) -> Swarm<'a> {
        let mut words: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (position, item) in items.iter().enumerate() {
            words.entry(item.word()).or_default().push(position);
        }
        Swarm { base, items, words: words.into_values().collect(), streams, next: 0 }
    }

    /// The next runs.
    pub fn batch(&mut self, most: usize) -> Vec<Tried> {
        if self.items.is_empty() || self.base.places.is_empty() {
            return Vec::new();
        }
        let first = self.next;
        self.next += most as u64;
        (first..self.next).map(|number| Tried { attempt: self.drawn(number), single: None }).collect()
    }

    /// The run of this number.
    fn drawn(&self, number: u64) -> Attempt {
        let mut stream = self.streams.stream("explore", "swarm", number);
        let mut weights: Vec<u64> = self
            .words
            .iter()
            .map(|_| {
                let weight = 1 + stream.below(100);
                if stream.below(2) == 0 { weight } else { 0 }
            })
            .collect();
        if weights.iter().all(|weight| *weight == 0) {
            weights.fill(1);
        }
        let mut plan = Plan::of(self.base.scenario.clone());
        let mut kept = usize::MAX;
        for _ in 0..=stream.below(EVENTS_MAX) {
            let word = &self.words[weighted(&weights, &mut stream)];
            let item = &self.items[word[stream.below(word.len() as u64) as usize]];
            let place = &self.base.places[stream.below(self.base.places.len() as u64) as usize];
            let trigger = later(&place.point.trigger, &mut stream);
            kept = kept.min(place.kept);
            plan = item.put_into(plan, trigger);
        }
        Attempt { plan, kept }
    }
}

/// The trigger, put off in half of all cases by a whole number of seconds, short ones more often.
fn later(trigger: &Trigger, stream: &mut Stream) -> Trigger {
    if stream.below(2) == 0 {
        return trigger.clone();
    }
    let most = 1 + stream.below(LATER_MAX_SECONDS);
    let by = Duration::from_secs(1 + stream.below(most));
    match trigger.clone() {
        Trigger::At(at) => Trigger::At(at + by),
        Trigger::On { subject, reaches, occurrence, .. } => Trigger::On { subject, reaches, occurrence, after: by },
        Trigger::Access(access) => Trigger::Access(AccessTrigger { after: by, ..access }),
    }
}

fn weighted(weights: &[u64], stream: &mut Stream) -> usize {
    let mut left = stream.below(weights.iter().sum());
    for (position, weight) in weights.iter().enumerate() {
        if left < *weight {
            return position;
        }
        left -= weight;
    }
    weights.len() - 1
}
