//! Where pods were put: of each owner, how many on nodes of which class. Nodes of a pool are alike, so their numbers do not count.

use std::collections::{BTreeMap, BTreeSet};

use super::findings::{Aspect, Findings, Seen};
use super::story::Story;
use crate::timeline::{EntryId, Kind};

/// How many placements there were on each class of nodes, and the first of them.
type Placed = BTreeMap<String, (usize, EntryId)>;

/// The class of a node: its pool, or its name.
pub fn class(node: &str) -> &str {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    node.rsplit_once('-').filter(|(_, number)| is_number(number)).map_or(node, |(pool, _)| pool)
}

/// The node that a reason names: `on a10-0, GPU 0,1`.
pub fn node(why: &str) -> Option<&str> {
    why.strip_prefix("on ")?.split([',', ' ']).next()
}

fn placed(story: &Story<'_>) -> BTreeMap<String, Placed> {
    let mut owners: BTreeMap<String, Placed> = BTreeMap::new();
    for (id, entry, name) in story.entries() {
        if entry.subject.kind != Kind::Pod || entry.became != "Scheduled" {
            continue;
        }
        let why = story.why(&entry);
        let owner = story.actors.get(&name).and_then(|pod| pod.owner.clone()).unwrap_or(name);
        let class = class(node(&why).unwrap_or("")).to_owned();
        owners.entry(owner).or_default().entry(class).or_insert((0, id)).0 += 1;
    }
    owners
}

/// Compares the placements of owners that have pods on nodes in both runs; missing ones are told by the states.
pub fn compare(findings: &mut Findings<'_>) {
    let [one, other] = [findings.simulated, findings.live].map(|story| placed(story));
    let owners: BTreeSet<&String> = one.keys().filter(|owner| other.contains_key(*owner)).collect();
    for owner in owners {
        findings.compared(Aspect::Placements);
        let (one, other) = (&one[owner], &other[owner]);
        let total = |placed: &Placed| placed.values().map(|(count, _)| count).sum::<usize>();
        // Where there are more pods of one, that is told by the counts: then only classes that one lacks are worth a word.
        let by_number = total(one) == total(other);
        let differs = |class: &str| {
            let [one, other] = [one, other].map(|placed| placed.get(class).map_or(0, |(count, _)| *count));
            if by_number { one != other } else { (one > 0) != (other > 0) }
        };
        if !one.keys().chain(other.keys()).any(|class| differs(class)) {
            continue;
        }
        let side = |placed: &Placed| -> Seen {
            let told: Vec<String> = placed.iter().map(|(class, (count, _))| format!("{count} on {class}")).collect();
            let first = placed.iter().filter(|(class, _)| differs(class)).map(|(_, (_, first))| *first).min();
            (told.join(", "), first)
        };
        findings.add(Aspect::Placements, owner, side(one), side(other), Vec::new());
    }
}
