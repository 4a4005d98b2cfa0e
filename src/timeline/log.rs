//! The append-only record of a run, with a rolling hash over what it says.

use std::sync::Arc;

use super::chunk::Chunk;
use super::states;
use super::vocabulary::Vocabulary;
use super::{Arg, Cause, Entry, EntryId, Head, Kind, LineId, Subject};
use crate::kernel::{Name, Names, Symbol};

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
    sealed: Vec<Arc<Chunk>>,
    tail: Chunk,
    vocabulary: Vocabulary,
    folds: Folds,
    lines: Arc<Vec<ScenarioLine>>,
    digest: Digest,
}

impl Default for Timeline {
    fn default() -> Self {
        Timeline {
            sealed: Vec::new(),
            tail: Chunk::with_capacity(CHUNK),
            vocabulary: Vocabulary::default(),
            folds: Folds::default(),
            lines: Arc::default(),
            digest: Digest::default(),
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
        debug_assert!(
            states::mistake(entry.subject.kind, entry.became).is_none(),
            "`{}` is missing in the states of {:?}",
            entry.became,
            entry.subject.kind
        );
        let id = EntryId(u32::try_from(self.len()).expect("a run has fewer than 2^32 entries"));
        let [became, template] = [entry.became, entry.why.template].map(|text| self.vocabulary.number(text, fold));
        self.hash(&entry, became, template, names);
        self.tail.push(&entry, became, template);
        if self.tail.len() == CHUNK {
            let full = std::mem::replace(&mut self.tail, Chunk::with_capacity(CHUNK));
            self.sealed.push(Arc::new(full));
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
    pub fn get(&self, id: EntryId) -> Option<Entry> {
        let index = id.0 as usize;
        match self.sealed.get(index / CHUNK) {
            Some(chunk) => chunk.get(index % CHUNK, &self.vocabulary),
            None => self.tail.get(index - self.sealed.len() * CHUNK, &self.vocabulary),
        }
    }

    /// The entry behind an id, without its arguments.
    #[inline]
    pub fn head(&self, id: EntryId) -> Option<Head> {
        let index = id.0 as usize;
        match self.sealed.get(index / CHUNK) {
            Some(chunk) => chunk.head(index % CHUNK, &self.vocabulary),
            None => self.tail.head(index - self.sealed.len() * CHUNK, &self.vocabulary),
        }
    }

    /// All entries from `start` on, with their ids and without their arguments: for who looks at many and at their words alone.
    pub fn heads(&self, start: usize) -> impl Iterator<Item = (EntryId, Head)> {
        (start..self.len()).filter_map(|index| {
            let id = EntryId(index as u32);
            self.head(id).map(|head| (id, head))
        })
    }

    /// All entries from `start` on, with their ids.
    pub fn since(&self, start: usize) -> impl Iterator<Item = (EntryId, Entry)> {
        (start..self.len()).filter_map(|index| {
            let id = EntryId(index as u32);
            self.get(id).map(|entry| (id, entry))
        })
    }

    /// The last entry about a subject. Reads backwards through the timeline: for reports, not for a running model.
    pub fn latest(&self, subject: Subject) -> Option<(EntryId, Entry)> {
        (0..self.len()).rev().find_map(|index| {
            let id = EntryId(index as u32);
            self.get(id).filter(|entry| entry.subject == subject).map(|entry| (id, entry))
        })
    }

    /// The chain of causes from an entry back to its scenario line: the entry itself first.
    pub fn chain(&self, id: EntryId) -> Vec<EntryId> {
        let mut chain = vec![id];
        let mut at = id;
        while let Some(Cause::Entry(earlier)) = self.head(at).map(|head| head.cause) {
            assert!(earlier < at, "a cause comes before its effect");
            chain.push(earlier);
            at = earlier;
        }
        chain
    }

    /// A hash over all that the entries say so far: 32 hexadecimal digits.
    pub fn digest(&self) -> String {
        let [first, second] = self.digest.lanes;
        format!("{first:016x}{second:016x}")
    }

    /// Feeds an entry's meaning, never its ids: the same story gives the same hash whatever was interned first.
    fn hash(&mut self, entry: &Entry, became: u16, template: u16, names: &Names) {
        let (digest, folds) = (&mut self.digest, &mut self.folds);
        digest.push(entry.at.nanos());
        digest.subject(entry.subject, folds, names);
        digest.push(self.vocabulary.fold(became));
        digest.push(self.vocabulary.fold(template));
        for arg in entry.why.args {
            match arg {
                Arg::None => {}
                Arg::Count(count) => digest.push(count),
                Arg::Length(length) => digest.push(length.nanos()),
                Arg::Text(symbol) => digest.push(folds.of(symbol, names)),
                Arg::Name(name) => digest.name(name, folds, names),
                Arg::Subject(subject) => digest.subject(subject, folds, names),
                Arg::Devices(mask) => digest.push(mask),
            }
        }
        digest.push(match entry.cause {
            Cause::Entry(id) => id.0.into(),
            Cause::Line(line) => 1 << 40 | u64::from(line.0),
        });
    }
}

/// The rolling hash of a run: tells two stories apart, and is no defence against somebody who wants them to look alike.
/// Two lanes take each word with a multiplication of their own, whose halves are combined.
#[derive(Clone, Copy, Debug)]
struct Digest {
    lanes: [u64; 2],
}

impl Default for Digest {
    fn default() -> Digest {
        Digest { lanes: [0x6772_6565_6e72_6f6f, 0x6d20_7469_6d65_6c69] }
    }
}

impl Digest {
    fn push(&mut self, word: u64) {
        let [first, second] = self.lanes;
        self.lanes = [mix(first ^ word, FACTORS[0]), mix(second.wrapping_add(word), FACTORS[1]) ^ first];
    }

    fn name(&mut self, name: Name, folds: &mut Folds, names: &Names) {
        self.push(folds.of(name.base(), names));
        self.push(name.ordinal().map_or(u64::MAX, u64::from));
    }

    fn subject(&mut self, subject: Subject, folds: &mut Folds, names: &Names) {
        self.push(folds.kinds[subject.kind as usize] ^ folds.of(subject.namespace, names).rotate_left(1));
        self.name(subject.name, folds, names);
    }
}

/// The folded texts of kinds and symbols, each folded once. A symbol of which nothing is known yet has zero.
#[derive(Clone, Debug)]
struct Folds {
    kinds: Vec<u64>,
    symbols: Vec<u64>,
}

impl Default for Folds {
    fn default() -> Folds {
        Folds { kinds: Kind::ALL.iter().map(|kind| fold(kind.text())).collect(), symbols: Vec::new() }
    }
}

impl Folds {
    fn of(&mut self, symbol: Symbol, names: &Names) -> u64 {
        let index = symbol.index();
        match self.symbols.get(index) {
            Some(&known) if known != 0 => known,
            _ => {
                let folded = fold(names.text(symbol));
                if self.symbols.len() <= index {
                    self.symbols.resize(index + 1, 0);
                }
                self.symbols[index] = folded;
                folded
            }
        }
    }
}

/// Odd numbers whose bits look random: the golden ratio and the square root of three, as fractions of 2^64.
const FACTORS: [u64; 2] = [0x9e37_79b9_7f4a_7c15, 0xbb67_ae85_84ca_a73b];

/// A widening multiplication whose halves are combined, so that each bit of the state reaches all others.
fn mix(state: u64, factor: u64) -> u64 {
    let product = u128::from(state) * u128::from(factor);
    (product as u64) ^ (product >> 64) as u64
}

/// A text folded to a word, eight bytes at a time. The length goes in, so that texts that differ in zero bytes at their
/// end differ.
fn fold(text: &str) -> u64 {
    let mut chunks = text.as_bytes().chunks_exact(8);
    let mut state = text.len() as u64 ^ FACTORS[0].rotate_left(32);
    for chunk in &mut chunks {
        state = mix(state ^ u64::from_le_bytes(chunk.try_into().expect("a chunk has eight bytes")), FACTORS[0]);
    }
    let mut last = [0; 8];
    last[..chunks.remainder().len()].copy_from_slice(chunks.remainder());
    mix(state ^ u64::from_le_bytes(last), FACTORS[0])
}
