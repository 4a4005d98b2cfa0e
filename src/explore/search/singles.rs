//! Each fault and each action by itself, at each decision point. The order is a walk whose steps are a golden share of all, so that
//! what is cut off by a budget is spread evenly over faults and points.

use super::super::attempt::Attempt;
use super::super::base::{Base, Place};
use super::super::plan::Plan;
use super::super::prune::{Pruned, Reason};
use super::super::vocabulary::Item;
use super::Tried;
use crate::scenario::model::Trigger;

/// The single ones that are left.
pub struct Singles<'a> {
    base: &'a Base,
    items: &'a [Item],
    /// Points after entries, then those at single writes and reads, then points at the start of instants, which differ from the
    /// first in timing alone.
    blocks: [std::ops::Range<usize>; 3],
    block: usize,
    walk: Walk,
}

impl<'a> Singles<'a> {
    /// All single ones.
    pub fn new(base: &'a Base, items: &'a [Item]) -> Singles<'a> {
        let is_after = |place: &Place| matches!(place.point.trigger, Trigger::On { .. });
        let after = base.places.partition_point(is_after);
        let is_access = |place: &Place| matches!(place.point.trigger, Trigger::Access(_));
        let accesses = base.places.iter().position(is_access).unwrap_or(base.places.len());
        let blocks = [0..after, accesses..base.places.len(), after..accesses];
        let walk = Walk::new(after * items.len());
        Singles { base, items, blocks, block: 0, walk }
    }

    /// The next of them.
    pub fn batch(&mut self, most: usize, pruned: &mut Pruned) -> Vec<Tried> {
        let mut batch = Vec::new();
        while batch.len() < most {
            let Some(at) = self.walk.next() else {
                if self.block + 1 == self.blocks.len() {
                    break;
                }
                self.block += 1;
                self.walk = Walk::new(self.blocks[self.block].len() * self.items.len());
                continue;
            };
            let places = &self.blocks[self.block];
            let (item, place) = (at / places.len(), places.start + at % places.len());
            let Place { point, kept } = &self.base.places[place];
            let is_access = matches!(point.trigger, Trigger::Access(_));
            if !is_access && !self.items[item].can_strike(&self.base.kept[*kept].fork) {
                pruned.add(Reason::NothingThere);
                continue;
            }
            let plan = self.items[item].put_into(Plan::of(self.base.scenario.clone()), point.trigger.clone());
            batch.push(Tried { attempt: Attempt { plan, kept: *kept }, single: Some((item, place)) });
        }
        batch
    }
}

/// Every number below a count, once, in steps of a golden share of it.
struct Walk {
    count: usize,
    step: usize,
    done: usize,
}

impl Walk {
    fn new(count: usize) -> Walk {
        // The share is 618/1000; the step has no divisor with the count, so that every number comes.
        let mut step = (count * 618 / 1000).max(1);
        while count > 0 && common_divisor(step, count) != 1 {
            step += 1;
        }
        Walk { count, step, done: 0 }
    }
}

impl Iterator for Walk {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        (self.done < self.count).then(|| {
            let at = (self.done as u128 * self.step as u128 % self.count as u128) as usize;
            self.done += 1;
            at
        })
    }
}

const fn common_divisor(one: usize, other: usize) -> usize {
    let (mut one, mut other) = (one, other);
    while other != 0 {
        (one, other) = (other, one % other);
    }
    one
}

#[cfg(test)]
mod tests {
    use super::Walk;

    #[test]
    fn a_walk_comes_to_every_number_once() {
        for count in [0, 1, 2, 3, 10, 97, 1000] {
            let mut seen: Vec<usize> = Walk::new(count).collect();
            seen.sort_unstable();
            assert_eq!(seen, (0..count).collect::<Vec<_>>());
        }
    }
}
