//! The log of writes, and what was true at each of its positions. A reader that lags is a position in it, not a second copy.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use super::resource::{Resource, Version};
use crate::kernel::Time;
use crate::timeline::{Cause, Kind, Subject};

/// What happened to a resource.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Verb {
    /// It was created, or a controller that starts sees it for the first time.
    Added,
    /// It was changed.
    Updated,
    /// It is gone.
    Deleted,
}

impl Verb {
    /// As a request for admission names it.
    pub const fn operation(self) -> &'static str {
        match self {
            Verb::Added => "CREATE",
            Verb::Updated => "UPDATE",
            Verb::Deleted => "DELETE",
        }
    }
}

/// One write, as a watch tells of it.
#[derive(Clone, Debug)]
pub struct Event<T> {
    /// The write's position.
    pub version: Version,
    /// When it was done.
    pub at: Time,
    /// What led to it.
    pub cause: Cause,
    /// What happened.
    pub verb: Verb,
    /// What was there before; `None` for what is added.
    pub old: Option<Arc<Resource<T>>>,
    /// What is there now; for what is deleted, what was there last.
    pub new: Arc<Resource<T>>,
}

impl<T> Event<T> {
    /// The resource that it is about.
    pub fn key(&self) -> Subject {
        self.new.key
    }

    /// True if the spec changed, or the resource is new or gone: what `GenerationChangedPredicate` lets through.
    pub fn generation_changed(&self) -> bool {
        self.old
            .as_ref()
            .is_none_or(|old| self.verb == Verb::Deleted || old.meta.generation != self.new.meta.generation)
    }
}

/// What one resource was, by the position of the write that made it so; `None`: it was not there.
type History<T> = Vec<(Version, Option<Arc<Resource<T>>>)>;

/// The writes of one kind that somebody may still have to see, oldest first, and its resources.
#[derive(Clone, Debug)]
struct KindLog<T> {
    events: VecDeque<Event<T>>,
    /// How many were dropped before the first of them.
    dropped: u64,
    objects: BTreeMap<Subject, History<T>>,
    /// What each owner had of them, as far as anything is kept of it.
    owned: BTreeMap<Subject, BTreeSet<Subject>>,
}

/// All writes, and what they made.
#[derive(Clone, Debug)]
pub(super) struct Log<T> {
    head: Version,
    kinds: BTreeMap<Kind, KindLog<T>>,
}

impl<T> Default for Log<T> {
    fn default() -> Self {
        Log { head: Version(0), kinds: BTreeMap::new() }
    }
}

impl<T> Log<T> {
    /// The position of the last write.
    pub const fn head(&self) -> Version {
        self.head
    }

    /// The position that the next write has.
    pub const fn next(&self) -> Version {
        Version(self.head.0 + 1)
    }

    /// Writes at [`Log::next`].
    pub fn append(&mut self, event: Event<T>) {
        self.head = event.version;
        let now = (event.verb != Verb::Deleted).then(|| Arc::clone(&event.new));
        let empty =
            || KindLog { events: VecDeque::new(), dropped: 0, objects: BTreeMap::new(), owned: BTreeMap::new() };
        let log = self.kinds.entry(event.key().kind).or_insert_with(empty);
        if let Some(owner) = event.new.meta.owner {
            log.owned.entry(owner.key).or_default().insert(event.key());
        }
        log.objects.entry(event.key()).or_default().push((event.version, now));
        log.events.push_back(event);
    }

    /// A resource at a position.
    pub fn at(&self, key: Subject, position: Version) -> Option<&Arc<Resource<T>>> {
        shown(self.kinds.get(&key.kind)?.objects.get(&key)?, position)
    }

    /// The resources of a kind at a position, in the order of their keys.
    pub fn list(&self, kind: Kind, position: Version) -> impl Iterator<Item = &Arc<Resource<T>>> {
        let objects = self.kinds.get(&kind).into_iter().flat_map(|log| log.objects.values());
        objects.filter_map(move |history| shown(history, position))
    }

    /// The resources of a kind that an owner has at a position, in the order of their keys.
    pub fn owned(&self, kind: Kind, owner: Subject, position: Version) -> impl Iterator<Item = &Arc<Resource<T>>> {
        let log = self.kinds.get(&kind);
        let keys = log.and_then(|log| log.owned.get(&owner)).into_iter().flatten();
        let shown = keys.filter_map(move |key| shown(log?.objects.get(key)?, position));
        shown.filter(move |resource| resource.meta.owner.is_some_and(|its| its.key == owner))
    }

    /// All that an owner has now, in the order of the keys.
    pub fn all_owned(&self, owner: Subject) -> impl Iterator<Item = &Arc<Resource<T>>> {
        self.kinds.keys().flat_map(move |kind| self.owned(*kind, owner, self.head))
    }

    /// True if a resource of this kind was ever written.
    pub fn keeps(&self, kind: Kind) -> bool {
        self.kinds.contains_key(&kind)
    }

    /// How many writes of a kind there were: the cursor of a reader that has seen them all.
    pub fn end_of(&self, kind: Kind) -> u64 {
        self.kinds.get(&kind).map_or(0, |log| log.dropped + log.events.len() as u64)
    }

    /// The write of a kind that a reader with this cursor sees next.
    pub fn event(&self, kind: Kind, cursor: u64) -> Option<&Event<T>> {
        let log = self.kinds.get(&kind)?;
        log.events.get(cursor.checked_sub(log.dropped)? as usize)
    }

    /// The position that a reader of a kind with this cursor has.
    pub fn position(&self, kind: Kind, cursor: u64) -> Version {
        self.event(kind, cursor).map_or(self.head, |next| Version(next.version.0 - 1))
    }

    /// The last write of a resource, as far as it is kept.
    pub fn last(&self, key: Subject) -> Option<&Event<T>> {
        self.kinds.get(&key.kind)?.events.iter().rev().find(|event| event.key() == key)
    }

    /// Forgets what no reader can be shown any more: writes of a kind before the cursor, and what they replaced.
    pub fn forget(&mut self, kind: Kind, cursor: u64) {
        let position = self.position(kind, cursor);
        let Some(log) = self.kinds.get_mut(&kind) else { return };
        while log.dropped < cursor {
            let Some(event) = log.events.pop_front() else { break };
            log.dropped += 1;
            let Some(history) = log.objects.get_mut(&event.key()) else { continue };
            let kept = history.partition_point(|(version, _)| *version <= position).saturating_sub(1);
            history.drain(..kept);
            if history.iter().all(|(_, resource)| resource.is_none()) {
                log.objects.remove(&event.key());
                if let Some(owner) = event.new.meta.owner
                    && let Some(owned) = log.owned.get_mut(&owner.key)
                {
                    owned.remove(&event.key());
                }
            }
        }
    }
}

/// The last of a history that a position shows.
fn shown<T>(history: &History<T>, position: Version) -> Option<&Arc<Resource<T>>> {
    let after = history.partition_point(|(version, _)| *version <= position);
    history[..after].last()?.1.as_ref()
}
