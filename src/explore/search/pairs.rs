//! Two faults or actions in one run, of those that had an effect alone. What reached something new is drawn more often.

use std::collections::BTreeSet;

use super::super::attempt::Attempt;
use super::super::base::Base;
use super::super::plan::Plan;
use super::super::vocabulary::Item;
use super::Tried;
use crate::kernel::{Stream, Streams};

/// Draws without anything new after which a batch is done.
const PATIENCE: usize = 512;

/// What is known of the single ones.
pub struct Pairs<'a> {
    base: &'a Base,
    items: &'a [Item],
    streams: Streams,
    /// The single ones that had an effect: each once for its effect, again for what it reached first, and again if it found something.
    tickets: Vec<(usize, usize)>,
    tried: BTreeSet<[(usize, usize); 2]>,
    batches: u64,
}

impl<'a> Pairs<'a> {
    /// None yet.
    pub const fn new(base: &'a Base, items: &'a [Item], streams: Streams) -> Pairs<'a> {
        Pairs { base, items, streams, tickets: Vec::new(), tried: BTreeSet::new(), batches: 0 }
    }

    /// Adds a single one that had an effect.
    pub fn add(&mut self, item: usize, place: usize, fresh: usize, found: bool) {
        let tickets = 1 + fresh.min(8) + if found { 2 } else { 0 };
        self.tickets.extend(std::iter::repeat_n((item, place), tickets));
    }

    /// So many pairs that were not tried yet.
    pub fn batch(&mut self, most: usize) -> Vec<Tried> {
        let mut batch = Vec::new();
        if self.tickets.is_empty() {
            return batch;
        }
        let mut stream = self.streams.stream("explore", "pairs", self.batches);
        self.batches += 1;
        let mut in_vain = 0;
        while batch.len() < most && in_vain < PATIENCE {
            let mut pair = [self.draw(&mut stream), self.draw(&mut stream)];
            pair.sort_by_key(|(item, place)| (self.base.places[*place].kept, *place, *item));
            let [(one, _), (other, _)] = pair;
            if one == other || !self.tried.insert(pair) {
                in_vain += 1;
                continue;
            }
            let mut plan = Plan::of(self.base.scenario.clone());
            for (item, place) in pair {
                plan = self.items[item].put_into(plan, self.base.places[place].point.trigger.clone());
            }
            let kept = self.base.places[pair[0].1].kept;
            batch.push(Tried { attempt: Attempt { plan, kept }, single: None });
        }
        batch
    }

    fn draw(&self, stream: &mut Stream) -> (usize, usize) {
        self.tickets[stream.below(self.tickets.len() as u64) as usize]
    }
}
