//! A run as of a moment: what every subject is then, who made whom, and which pods hold a place on a node.

use std::collections::BTreeMap;

use super::standing::{Standing, rank, standing};
use crate::kernel::Time;
use crate::rehearsal::RunResult;
use crate::timeline::{Arg, Cause, Entry, EntryId, Kind, Subject, render};

/// The most causes that are followed to find out who made a subject.
const STEPS_MAX: usize = 64;

/// A run up to an entry.
pub struct View<'a> {
    /// The run.
    pub run: &'a RunResult,
    /// The instant at which it is looked at.
    pub moment: Time,
    /// How many entries are taken into account.
    pub until: usize,
    latest: BTreeMap<Subject, EntryId>,
    owners: BTreeMap<Subject, Subject>,
    parts: BTreeMap<Subject, Vec<Subject>>,
    texts: BTreeMap<String, Subject>,
    placed: BTreeMap<Subject, EntryId>,
}

impl<'a> View<'a> {
    /// The run with its first `until` entries, looked at in this instant.
    pub fn new(run: &'a RunResult, until: usize, moment: Time) -> View<'a> {
        let mut view = View {
            run,
            moment,
            until,
            latest: BTreeMap::new(),
            owners: BTreeMap::new(),
            parts: BTreeMap::new(),
            texts: BTreeMap::new(),
            placed: BTreeMap::new(),
        };
        for (id, entry) in run.timeline.since(0).take(until) {
            view.add(id, &entry);
        }
        view
    }

    /// The run at the end of an instant.
    pub fn at(run: &'a RunResult, moment: Time) -> View<'a> {
        View::new(run, run.timeline.since(0).take_while(|(_, entry)| entry.at <= moment).count(), moment)
    }

    fn add(&mut self, id: EntryId, entry: &Entry) {
        let subject = entry.subject;
        if self.latest.insert(subject, id).is_none() {
            self.texts.insert(subject.show(&self.run.names), subject);
            if let Some(owner) = self.owner_by(entry) {
                self.owners.insert(subject, owner);
                self.parts.entry(owner).or_default().push(subject);
            }
        }
        if subject.kind == Kind::Pod {
            match entry.became {
                "Scheduled" => drop(self.placed.insert(subject, id)),
                "Pending" | "Succeeded" | "Failed" | "Deleted" => drop(self.placed.remove(&subject)),
                _ => {}
            }
        }
    }

    /// Who made a subject, by its first entry: whom the entry names, else the nearest cause that makes such things.
    fn owner_by(&self, first: &Entry) -> Option<Subject> {
        let makes = |other: Subject| rank(other.kind) < rank(first.subject.kind);
        let named = first.why.args.iter().find_map(|arg| match arg {
            Arg::Subject(named) => Some(*named).filter(|named| makes(*named) && self.latest.contains_key(named)),
            _ => None,
        });
        let mut cause = first.cause;
        named.or_else(|| {
            for _ in 0..STEPS_MAX {
                let Cause::Entry(id) = cause else { return None };
                let earlier = self.entry(id);
                let of = self.owner(earlier.subject);
                if let Some(found) = [Some(earlier.subject), of].into_iter().flatten().find(|other| makes(*other)) {
                    return Some(found);
                }
                cause = earlier.cause;
            }
            None
        })
    }

    /// An entry of the run.
    pub fn entry(&self, id: EntryId) -> Entry {
        self.run.timeline.get(id).expect("ids come from the timeline")
    }

    /// The last entry about a subject.
    pub fn latest(&self, subject: Subject) -> Option<EntryId> {
        self.latest.get(&subject).copied()
    }

    /// Every subject with its last entry.
    pub fn all(&self) -> impl Iterator<Item = (Subject, EntryId)> {
        self.latest.iter().map(|(subject, id)| (*subject, *id))
    }

    /// How a subject stands; `None` if nothing is known of it.
    pub fn standing(&self, subject: Subject) -> Option<Standing> {
        self.latest(subject).map(|id| standing(subject.kind, self.entry(id).became))
    }

    /// Who made a subject.
    pub fn owner(&self, subject: Subject) -> Option<Subject> {
        self.owners.get(&subject).copied()
    }

    /// What a subject made, in the order in which it was made.
    pub fn parts(&self, subject: Subject) -> &[Subject] {
        self.parts.get(&subject).map_or(&[], Vec::as_slice)
    }

    /// The subject that is written so.
    pub fn find(&self, text: &str) -> Option<Subject> {
        let found = |text: &str| self.texts.get(text).copied();
        found(text).or_else(|| {
            let (kind, rest) = text.split_once('/')?;
            found(&format!("{kind}/{}", rest.strip_prefix("default/")?))
        })
    }

    /// The texts of all subjects, in their order.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        self.texts.keys().map(String::as_str)
    }

    /// The subjects that the last entry about a subject names as those that it waits for or suffers from.
    pub fn named(&self, subject: Subject) -> Vec<Subject> {
        let Some(latest) = self.latest(subject) else { return Vec::new() };
        let why = render::why(&self.entry(latest).why, &self.run.names);
        let waits = why.starts_with("waits for ");
        let words = why.split(|letter: char| letter.is_whitespace() || ",;:()".contains(letter));
        let named = words.filter(|word| !word.is_empty()).filter_map(|word| {
            // A member of a group is told by its name alone: `waits for postgres, vllm`.
            let member = || waits.then(|| self.find(&format!("{}/{word}", Kind::Member.text()))).flatten();
            self.find(word).or_else(member)
        });
        named.filter(|other| *other != subject).collect()
    }

    /// The entry that put a pod on its node, while it holds a place there.
    pub fn placement(&self, pod: Subject) -> Option<EntryId> {
        self.placed.get(&pod).copied()
    }

    /// Every pod that holds a place on a node, with the entry that put it there.
    pub fn placements(&self) -> impl Iterator<Item = (Subject, EntryId)> {
        self.placed.iter().map(|(pod, id)| (*pod, *id))
    }

    /// The node that an entry put a pod on: `on a10-0, GPU 0,1`.
    pub fn node_of(&self, placement: EntryId) -> Option<Subject> {
        let why = render::why(&self.entry(placement).why, &self.run.names);
        let name = why.strip_prefix("on ")?.split(|letter: char| letter == ',' || letter.is_whitespace()).next()?;
        self.find(&format!("{}/{name}", Kind::Node.text()))
    }
}
