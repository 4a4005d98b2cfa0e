//! The append-only record of a run, with a rolling hash over what it says.

use std::hash::Hasher;
use std::sync::Arc;

use siphasher::sip128::{Hasher128, SipHasher13};

use super::{Arg, Cause, Entry, EntryId, LineId, Subject};
use crate::kernel::{Name, Names};

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
    /// The pieces are folded to words first, so that the hasher is fed once an entry.
    fn hash(&mut self, entry: &Entry, names: &Names) {
        let mut words = Words::default();
        words.push(entry.at.nanos());
        words.subject(entry.subject, names);
        words.push(fold(entry.became));
        words.push(fold(entry.why.template));
        for arg in entry.why.args {
            match arg {
                Arg::None => {}
                Arg::Count(count) => words.push(count),
                Arg::Length(length) => words.push(length.nanos()),
                Arg::Text(symbol) => words.push(fold(names.text(symbol))),
                Arg::Name(name) => words.name(name, names),
                Arg::Subject(subject) => words.subject(subject, names),
                Arg::Devices(mask) => words.push(mask),
            }
        }
        words.push(match entry.cause {
            Cause::Entry(id) => id.0.into(),
            Cause::Line(line) => 1 << 40 | u64::from(line.0),
        });
        self.hasher.write(&words.bytes[..words.len]);
    }
}

/// The words of one entry, side by side.
struct Words {
    bytes: [u8; Words::BYTES],
    len: usize,
}

impl Default for Words {
    fn default() -> Words {
        Words { bytes: [0; Words::BYTES], len: 0 }
    }
}

impl Words {
    /// Room for the largest entry: time, subject, two texts, three subjects as arguments, cause; a subject is three words.
    const BYTES: usize = (1 + 3 + 2 + 3 * 3 + 1) * 8;

    fn push(&mut self, word: u64) {
        self.bytes[self.len..self.len + 8].copy_from_slice(&word.to_le_bytes());
        self.len += 8;
    }

    fn name(&mut self, name: Name, names: &Names) {
        self.push(fold(names.text(name.base())));
        self.push(name.ordinal().map_or(u64::MAX, u64::from));
    }

    fn subject(&mut self, subject: Subject, names: &Names) {
        self.push(fold(subject.kind.text()) ^ fold(names.text(subject.namespace)).rotate_left(1));
        self.name(subject.name, names);
    }
}

/// A text folded to a word: eight bytes at a time, each step a widening multiplication whose halves are combined.
/// The length goes in, so that texts that differ in zero bytes at their end differ.
fn fold(text: &str) -> u64 {
    const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
    let mix = |state: u64, word: u64| {
        let product = u128::from(state ^ word) * u128::from(FACTOR);
        (product as u64) ^ (product >> 64) as u64
    };
    let mut chunks = text.as_bytes().chunks_exact(8);
    let mut state = text.len() as u64 ^ FACTOR.rotate_left(32);
    for chunk in &mut chunks {
        state = mix(state, u64::from_le_bytes(chunk.try_into().expect("a chunk has eight bytes")));
    }
    let mut last = [0; 8];
    last[..chunks.remainder().len()].copy_from_slice(chunks.remainder());
    mix(state, u64::from_le_bytes(last))
}
