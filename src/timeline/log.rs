//! The append-only record of a run, with a rolling hash over what it says.

use std::hash::Hasher;
use std::sync::Arc;

use siphasher::sip128::{Hasher128, SipHasher13};

use super::{Arg, Cause, Entry, EntryId, LineId, Subject};
use crate::kernel::Names;

/// Entries a sealed chunk; cloning a timeline shares sealed chunks and copies at most this many entries.
const CHUNK: usize = 1024;

/// A place in a scenario file where a chain of causes begins.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ScenarioLine {
    /// The file, as the user named it.
    pub file: Arc<str>,
    /// Line, from 1.
    pub line: u32,
    /// Column, from 1.
    pub column: u32,
    /// What stands there, in a word or two: `deploy group.json`, `fault lose-a-gpu-node`.
    pub what: Arc<str>,
}

/// All that happened in a run, in order.
#[derive(Clone, Debug)]
pub struct Timeline {
    sealed: Vec<Arc<[Entry]>>,
    tail: Vec<Entry>,
    lines: Arc<Vec<ScenarioLine>>,
    hasher: SipHasher13,
}

impl Default for Timeline {
    fn default() -> Self {
        Timeline {
            sealed: Vec::new(),
            tail: Vec::with_capacity(CHUNK),
            lines: Arc::default(),
            hasher: SipHasher13::new_with_keys(0x6772_6565_6e72_6f6f, 0x6d20_7469_6d65_6c69),
        }
    }
}

impl Timeline {
    /// Adds a line of the scenario that causes can lead back to.
    pub fn add_line(&mut self, line: ScenarioLine) -> LineId {
        let lines = Arc::make_mut(&mut self.lines);
        lines.push(line);
        LineId(lines.len() as u32 - 1)
    }

    /// The line behind an id.
    pub fn line(&self, id: LineId) -> Option<&ScenarioLine> {
        self.lines.get(id.0 as usize)
    }

    /// Appends an entry.
    pub fn push(&mut self, entry: Entry, names: &Names) -> EntryId {
        let id = EntryId(u32::try_from(self.len()).expect("a run has fewer than 2^32 entries"));
        self.hash(&entry, names);
        self.tail.push(entry);
        if self.tail.len() == CHUNK {
            self.sealed.push(self.tail.as_slice().into());
            self.tail.clear();
        }
        id
    }

    /// The number of entries.
    pub fn len(&self) -> usize {
        self.sealed.len() * CHUNK + self.tail.len()
    }

    /// True before anything happened.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The entry behind an id.
    pub fn get(&self, id: EntryId) -> Option<&Entry> {
        let index = id.0 as usize;
        match self.sealed.get(index / CHUNK) {
            Some(chunk) => chunk.get(index % CHUNK),
            None => self.tail.get(index - self.sealed.len() * CHUNK),
        }
    }

    /// All entries from `start` on, with their ids.
    pub fn since(&self, start: usize) -> impl Iterator<Item = (EntryId, &Entry)> {
        (start..self.len()).filter_map(|index| {
            let id = EntryId(index as u32);
            self.get(id).map(|entry| (id, entry))
        })
    }

    /// The last entry about a subject. Reads backwards through the timeline: for reports, not for a running model.
    pub fn latest(&self, subject: Subject) -> Option<(EntryId, &Entry)> {
        (0..self.len()).rev().find_map(|index| {
            let id = EntryId(index as u32);
            self.get(id).filter(|entry| entry.subject == subject).map(|entry| (id, entry))
        })
    }

    /// The chain of causes from an entry back to its scenario line: the entry itself first.
    pub fn chain(&self, id: EntryId) -> Vec<EntryId> {
        let mut chain = vec![id];
        let mut at = id;
        while let Some(Cause::Entry(earlier)) = self.get(at).map(|entry| entry.cause) {
            assert!(earlier < at, "a cause comes before its effect");
            chain.push(earlier);
            at = earlier;
        }
        chain
    }

    /// A hash over all that the entries say so far: 32 hexadecimal digits.
    pub fn digest(&self) -> String {
        let hash = self.hasher.finish128();
        format!("{:016x}{:016x}", hash.h1, hash.h2)
    }

    /// Feeds an entry's meaning, never its ids: the same story gives the same hash whatever was interned first.
    fn hash(&mut self, entry: &Entry, names: &Names) {
        let hasher = &mut self.hasher;
        hasher.write_u64(entry.at.nanos());
        hash_subject(hasher, entry.subject, names);
        hash_text(hasher, entry.became);
        hash_text(hasher, entry.why.template);
        for arg in entry.why.args {
            match arg {
                Arg::None => hasher.write_u8(0),
                Arg::Count(count) => hasher.write_u64(count),
                Arg::Length(length) => hasher.write_u64(length.nanos()),
                Arg::Text(symbol) => hash_text(hasher, names.text(symbol)),
                Arg::Name(name) => {
                    hash_text(hasher, names.text(name.base()));
                    hasher.write_u32(name.ordinal().unwrap_or(u32::MAX));
                }
                Arg::Subject(subject) => hash_subject(hasher, subject, names),
                Arg::Devices(mask) => hasher.write_u64(mask),
            }
        }
        match entry.cause {
            Cause::Entry(id) => hasher.write_u32(id.0),
            Cause::Line(line) => hasher.write_u64(1 << 40 | u64::from(line.0)),
        }
    }
}

fn hash_subject(hasher: &mut SipHasher13, subject: Subject, names: &Names) {
    hash_text(hasher, subject.kind.text());
    hash_text(hasher, names.text(subject.namespace));
    hash_text(hasher, names.text(subject.name.base()));
    hasher.write_u32(subject.name.ordinal().unwrap_or(u32::MAX));
}

/// The length goes first, so that no two different lists of texts feed the same bytes.
fn hash_text(hasher: &mut SipHasher13, text: &str) {
    hasher.write_u32(text.len() as u32);
    hasher.write(text.as_bytes());
}
