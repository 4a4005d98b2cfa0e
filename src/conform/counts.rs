//! How many objects were created and deleted, by kind and owner, and whether containers started again.

use std::collections::{BTreeMap, BTreeSet};

use super::Substrate;
use super::align::Run;
use super::findings::{Aspect, Findings, Seen, Tolerance, Toleration};
use super::story::{Story, is_gone};
use crate::timeline::{EntryId, Kind, Layer};

/// The entries that are counted.
type Count = Vec<EntryId>;

/// What is counted of one kind of objects of one owner.
#[derive(Clone, Default)]
struct Tally {
    created: Count,
    deleted: Count,
    restarted: Count,
}

/// Counts of a run by what they are about.
fn tallies(story: &Story<'_>) -> BTreeMap<String, Tally> {
    let mut tallies: BTreeMap<String, Tally> = BTreeMap::new();
    for (id, entry, name) in story.entries().filter(|(_, entry, _)| entry.layer == Layer::Substrate) {
        let kind = entry.subject.kind;
        let Some(actor) = story.actors.get(&name).filter(|_| kind != Kind::NodePool) else { continue };
        let about = match &actor.owner {
            Some(owner) => format!("{}s of {owner}", kind.text()),
            None => format!("{}s", kind.text()),
        };
        let tally = tallies.entry(about).or_default();
        let counted = match entry.became {
            "Pending" if kind == Kind::Pod => &mut tally.created,
            "Created" => &mut tally.created,
            "Restarted" if kind == Kind::Pod => &mut tally.restarted,
            word if is_gone(word) => &mut tally.deleted,
            _ => continue,
        };
        counted.push(id);
    }
    tallies
}

/// Compares the counts.
pub fn compare(findings: &mut Findings<'_>) {
    let [one, other] = [findings.simulated, findings.live].map(|story| tallies(story));
    let all: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
    for about in all {
        let [one, other] = [&one, &other].map(|tallies| tallies.get(about).cloned().unwrap_or_default());
        let reason = match (findings.substrate, one.restarted.len(), other.restarted.len()) {
            (Substrate::Kwok, 1.., 0) => Some(Tolerance::NoContainers),
            (Substrate::Containers, 1.., 1..) => Some(Tolerance::Repeats),
            _ => None,
        };
        differ(findings, about, "created", [&one.created, &other.created], None);
        differ(findings, about, "deleted", [&one.deleted, &other.deleted], None);
        differ(findings, about, "containers started again", [&one.restarted, &other.restarted], reason);
    }
}

fn differ(findings: &mut Findings<'_>, about: &str, what: &str, counts: [&Count; 2], reason: Option<Tolerance>) {
    let [one, other] = counts.map(Vec::len);
    if one + other == 0 {
        return;
    }
    findings.compared(Aspect::Counts);
    if one == other {
        return;
    }
    // The first that the other run lacks; there, the last.
    let shown = |count: &Count| count.get(one.min(other)).or(count.last()).copied();
    let [simulated, live] = counts.map(|count| -> Seen { (format!("{what}: {}", count.len()), shown(count)) });
    let tolerated = reason.map(|tolerance| Toleration { tolerance, detail: format!("{what}: {one} and {other}") });
    let more = if one > other { Run::Simulated } else { Run::Live };
    findings.add_shown_by(more, Aspect::Counts, about, simulated, live, tolerated.into_iter().collect());
}
