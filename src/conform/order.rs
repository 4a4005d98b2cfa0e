//! What has to happen before what, as the systems decide it: whatever an entry of a system follows from in the simulated run comes before
//! it in the live run too. Taken from the chains of causes, and from what a member of a group says it has waited for.

use std::collections::{BTreeMap, BTreeSet};

use super::Substrate;
use super::align::Run;
use super::findings::{Aspect, Findings};
use super::projection::is_compared;
use super::story::Story;
use crate::timeline::{EntryId, Kind, Layer};

/// A subject and what it became.
type Reached = (String, &'static str);

/// The first entries with which a subject became something, among those of systems.
struct Firsts<'a> {
    story: &'a Story<'a>,
    at: BTreeMap<Reached, EntryId>,
}

impl<'a> Firsts<'a> {
    fn of(story: &'a Story<'a>) -> Firsts<'a> {
        let mut at = BTreeMap::new();
        for (id, entry, name) in story.entries().filter(|(_, entry, _)| entry.layer == Layer::System) {
            at.entry((name, entry.became)).or_insert(id);
        }
        Firsts { story, at }
    }

    /// What the first entry of this kind follows from: the nearest entry of another subject of a system behind it, and every
    /// member of the group that it names.
    fn needs(&self, effect: &Reached, id: EntryId) -> BTreeSet<Reached> {
        let timeline = &self.story.run.timeline;
        let names = &self.story.run.names;
        let mut needs = BTreeSet::new();
        let causes = timeline.chain(id).into_iter().skip(1).filter_map(|cause| timeline.get(cause));
        let mut causes = causes
            .filter(|entry| entry.layer == Layer::System)
            .map(|entry| (entry.subject.show(names), entry.became))
            .filter(|cause| cause.0 != effect.0);
        needs.extend(causes.next());
        if let Some(entry) = timeline.get(id).filter(|entry| entry.subject.kind == Kind::Member) {
            let why = self.story.why(&entry);
            let prefix = effect.0.rsplit_once('/').map_or("", |(prefix, _)| prefix);
            for (word, known) in [(" monitoring", "monitoring"), (" completed", "completed")] {
                let Some((waited_for, _)) = why.split_once(word) else { continue };
                let members = waited_for.split(", ").map(|name| (format!("{prefix}/{name}"), known));
                needs.extend(members.filter(|need| self.at.contains_key(need)));
            }
        }
        // Something can have been reached for the first time only later: then this was not it.
        needs.retain(|need| self.at.get(need).is_some_and(|first| *first < id));
        needs
    }
}

/// True if what was reached can be seen on the cluster: a word that is left out has no moment there.
fn is_shown((name, word): &Reached, substrate: Substrate) -> bool {
    let kind = name.split_once('/').and_then(|(kind, _)| Kind::parse(kind));
    kind.is_none_or(|kind| is_compared(kind, word, substrate, |_| false))
}

/// Compares the order.
pub fn compare(findings: &mut Findings<'_>) {
    let [simulated, live] = [findings.simulated, findings.live].map(Firsts::of);
    for (effect, id) in &simulated.at {
        // An effect that is missing, and a cause that is missing with it, are told by the states.
        let Some(seen) = live.at.get(effect) else { continue };
        let substrate = findings.substrate;
        for cause in simulated.needs(effect, *id).into_iter().filter(|cause| is_shown(cause, substrate)) {
            findings.compared(Aspect::Order);
            let before = live.at.get(&cause);
            if before.is_some_and(|before| before < seen) {
                continue;
            }
            let text = |one: &str| format!("{} {} {one} {} {}", effect.0, effect.1, cause.0, cause.1);
            let found = if before.is_some() { text("before") } else { text("without") };
            let about = format!("{} {}", effect.0, effect.1);
            let (one, other) = ((text("after"), Some(*id)), (found, Some(*seen)));
            findings.add_shown_by(Run::Live, Aspect::Order, &about, one, other, Vec::new());
        }
    }
}
