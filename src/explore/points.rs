//! Decision points: where in a run a fault or an action is put. Each is right after an entry of the run without it, or at the start of
//! the entry's instant; of equal entries of equal subjects the first, the middle and the last stand for all.
//! Single writes and reads are `order`'s.

use std::collections::BTreeMap;

use crate::kernel::{Symbol, Time};
use crate::scenario::model::Trigger;
use crate::timeline::{EntryId, Kind, Layer, Subject, Timeline};

/// The most points of a run: beyond, they are thinned out evenly.
const POINTS_MAX: usize = 400;

/// Where in a run something is put in.
#[derive(Clone, PartialEq, Debug)]
pub struct Point {
    /// The entry after which it is.
    pub entry: EntryId,
    /// When that entry was written.
    pub at: Time,
    /// The entry, as a trigger of a scenario has it.
    pub trigger: Trigger,
}

/// The points of a run, and how many entries they stand for.
#[derive(Clone, Debug, Default)]
pub struct Points {
    /// In the order of time.
    pub list: Vec<Point>,
    /// Entries that are equal to others, and were left out.
    pub equal: usize,
}

/// Whose entries are equal: those of a kind, in a namespace, under one name but for its number, that become the same.
type Role = (Kind, Symbol, Symbol, &'static str);

/// The decision points of a run that is over.
pub fn points(timeline: &Timeline, names: &crate::kernel::Names) -> Points {
    let mut groups: BTreeMap<Role, Vec<EntryId>> = BTreeMap::new();
    let mut occurrences: BTreeMap<(Subject, &'static str), u32> = BTreeMap::new();
    let mut numbers = Vec::new();
    for (id, entry) in timeline.since(0) {
        let occurrence = occurrences.entry((entry.subject, entry.became)).or_default();
        *occurrence += 1;
        numbers.push(*occurrence);
        if entry.layer != Layer::Scenario && is_told(entry.subject.kind) {
            let subject = entry.subject;
            groups.entry((subject.kind, subject.namespace, subject.name.base(), entry.became)).or_default().push(id);
        }
    }
    let all: usize = groups.values().map(Vec::len).sum();
    let mut chosen: Vec<EntryId> = groups.values().flat_map(|group| first_middle_last(group)).collect();
    chosen.sort();
    // Of the entries of one instant that say the same, one is enough; the others are the same decision.
    let thinned = thin(chosen, POINTS_MAX);
    let list: Vec<Point> = thinned
        .into_iter()
        .filter_map(|id| {
            let entry = timeline.get(id)?;
            let trigger = Trigger::On {
                subject: entry.subject.show(names),
                reaches: entry.became.to_owned(),
                occurrence: numbers[id.0 as usize],
                after: crate::kernel::Duration::ZERO,
            };
            Some(Point { entry: id, at: entry.at, trigger })
        })
        .collect();
    Points { equal: all - list.len(), list }
}

/// False for kinds whose entries come beside others that tell of the same.
const fn is_told(kind: Kind) -> bool {
    !matches!(kind, Kind::Fault | Kind::Action | Kind::Scenario | Kind::Traffic)
}

/// The first, the middle and the last of several that are equal.
pub fn first_middle_last<T: Clone + PartialEq>(group: &[T]) -> Vec<T> {
    let last = group.len() - 1;
    let mut chosen = vec![group[0].clone(), group[last / 2].clone(), group[last].clone()];
    chosen.dedup();
    chosen
}

/// At most so many of a list, evenly spread; the first and the last are kept.
fn thin(list: Vec<EntryId>, most: usize) -> Vec<EntryId> {
    if list.len() <= most {
        return list;
    }
    let last = list.len() - 1;
    let mut chosen: Vec<EntryId> = (0..most).map(|step| list[step * last / (most - 1)]).collect();
    chosen.dedup();
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_equal_entries_the_first_middle_and_last_are_taken() {
        let ids = |count: u32| (0..count).map(EntryId).collect::<Vec<_>>();
        assert_eq!(first_middle_last(&ids(1)), ids(1));
        assert_eq!(first_middle_last(&ids(2)), ids(2));
        assert_eq!(first_middle_last(&ids(9)), [EntryId(0), EntryId(4), EntryId(8)]);
    }

    #[test]
    fn thinning_keeps_both_ends() {
        let list: Vec<EntryId> = (0..1000).map(EntryId).collect();
        let chosen = thin(list, 10);
        assert_eq!(chosen.len(), 10);
        assert_eq!((chosen[0], chosen[9]), (EntryId(0), EntryId(999)));
    }
}
