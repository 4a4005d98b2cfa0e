//! Entries as they are kept: 40 bytes each, and what goes into the holes of their texts behind one another elsewhere.
//! What an entry is, is in `entry`; here is only how to write it small and read it back.

use super::vocabulary::Vocabulary;
use super::{Arg, Cause, Entry, EntryId, Head, Kind, Layer, LineId, Subject, Why};
use crate::kernel::{Duration, Name, Symbol, Time};

/// An entry without its arguments. `namespace`, `base`: indexes of symbols; `ordinal`: [`PLAIN`] for a name without one.
#[derive(Clone, Copy, Debug)]
struct Row {
    at: Time,
    args: u32,
    namespace: u32,
    base: u32,
    ordinal: u32,
    cause: u32,
    became: u16,
    template: u16,
    kind: Kind,
    layer: Layer,
    is_line: bool,
    tags: [Tag; 3],
}

/// What sort of argument stands in a hole.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Tag {
    None,
    Count,
    Length,
    Text,
    Name,
    Subject,
    Devices,
}

const PLAIN: u32 = u32::MAX;

/// Some entries that follow one another.
#[derive(Clone, Debug)]
pub(super) struct Chunk {
    rows: Vec<Row>,
    words: Vec<u64>,
}

impl Chunk {
    /// An empty chunk with room for `rows` entries; it grows beyond that only for the arguments.
    pub fn with_capacity(rows: usize) -> Chunk {
        Chunk { rows: Vec::with_capacity(rows), words: Vec::with_capacity(rows * 2) }
    }

    /// How many entries it has.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Appends an entry. `became` and `template` are the numbers of its texts.
    pub fn push(&mut self, entry: &Entry, became: u16, template: u16) {
        let Subject { kind, namespace, name } = entry.subject;
        let (cause, is_line) = match entry.cause {
            Cause::Entry(id) => (id.0, false),
            Cause::Line(id) => (id.0, true),
        };
        let args = self.words.len() as u32;
        let tags = entry.why.args.map(|arg| self.push_arg(arg));
        self.rows.push(Row {
            at: entry.at,
            args,
            namespace: namespace.index() as u32,
            base: name.base().index() as u32,
            ordinal: name.ordinal().unwrap_or(PLAIN),
            cause,
            became,
            template,
            kind,
            layer: entry.layer,
            is_line,
            tags,
        });
    }

    fn push_arg(&mut self, arg: Arg) -> Tag {
        let (tag, word) = match arg {
            Arg::None => return Tag::None,
            Arg::Count(count) => (Tag::Count, count),
            Arg::Length(length) => (Tag::Length, length.nanos()),
            Arg::Text(symbol) => (Tag::Text, symbol.index() as u64),
            Arg::Name(name) => (Tag::Name, word_of(name)),
            Arg::Devices(mask) => (Tag::Devices, mask),
            Arg::Subject(subject) => {
                self.words.push((subject.namespace.index() as u64) << 8 | subject.kind as u64);
                (Tag::Subject, word_of(subject.name))
            }
        };
        self.words.push(word);
        tag
    }

    /// The entry at a place.
    pub fn get(&self, index: usize, vocabulary: &Vocabulary) -> Option<Entry> {
        let row = self.rows.get(index)?;
        let mut words = self.words[row.args as usize..].iter().copied();
        let args = row.tags.map(|tag| read_arg(tag, &mut words));
        let Head { at, subject, became, template, cause } = row.head(vocabulary);
        Some(Entry { at, subject, became, why: Why { template, args }, cause, layer: row.layer })
    }

    /// The same without its arguments.
    #[inline]
    pub fn head(&self, index: usize, vocabulary: &Vocabulary) -> Option<Head> {
        self.rows.get(index).map(|row| row.head(vocabulary))
    }
}

impl Row {
    #[inline]
    fn head(&self, vocabulary: &Vocabulary) -> Head {
        let namespace = Symbol::from_index(self.namespace as usize);
        Head {
            at: self.at,
            subject: Subject { kind: self.kind, namespace, name: name_of(self.base, self.ordinal) },
            became: vocabulary.text(self.became),
            template: vocabulary.text(self.template),
            cause: if self.is_line { Cause::Line(LineId(self.cause)) } else { Cause::Entry(EntryId(self.cause)) },
        }
    }
}

fn read_arg(tag: Tag, words: &mut impl Iterator<Item = u64>) -> Arg {
    let mut word = || words.next().unwrap_or_default();
    match tag {
        Tag::None => Arg::None,
        Tag::Count => Arg::Count(word()),
        Tag::Length => Arg::Length(Duration::from_nanos(word())),
        Tag::Text => Arg::Text(Symbol::from_index(word() as usize)),
        Tag::Name => Arg::Name(name_in(word())),
        Tag::Devices => Arg::Devices(word()),
        Tag::Subject => {
            let head = word();
            let kind = Kind::ALL[(head & 0xff) as usize];
            Arg::Subject(Subject { kind, namespace: Symbol::from_index((head >> 8) as usize), name: name_in(word()) })
        }
    }
}

fn word_of(name: Name) -> u64 {
    (name.base().index() as u64) << 32 | u64::from(name.ordinal().unwrap_or(PLAIN))
}

fn name_in(word: u64) -> Name {
    name_of((word >> 32) as u32, word as u32)
}

fn name_of(base: u32, ordinal: u32) -> Name {
    let base = Symbol::from_index(base as usize);
    if ordinal == PLAIN { Name::plain(base) } else { Name::numbered(base, ordinal) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Names;

    #[test]
    fn reads_back_what_was_written() {
        let mut names = Names::default();
        let subject = |names: &mut Names, text: &str| Subject::parse(text, names).expect("a subject");
        let pod = subject(&mut names, "Pod/shop/vllm-r1-0");
        let args = [
            Arg::None,
            Arg::Count(u64::MAX),
            Arg::Length(Duration::from_secs(7)),
            Arg::Text(names.intern("text")),
            Arg::Name(names.name("a10-3")),
            Arg::Subject(subject(&mut names, "deployment/vllm")),
            Arg::Subject(pod),
            Arg::Devices(0b101),
        ];
        let causes = [Cause::Entry(EntryId(0)), Cause::Line(LineId(u32::MAX))];
        let mut vocabulary = Vocabulary::default();
        let mut chunk = Chunk::with_capacity(4);
        let mut entries = Vec::new();
        for (number, cause) in (0..args.len()).zip(causes.into_iter().cycle()) {
            let pick = |offset: usize| args[(number * 3 + offset) % args.len()];
            let entry = Entry {
                at: Time::from_nanos(number as u64),
                subject: if number % 2 == 0 { pod } else { subject(&mut names, "Node/a10-0") },
                became: ["Ready", "Gone"][number % 2],
                why: Why::with3("{} {} {}", pick(0), pick(1), pick(2)),
                cause,
                layer: [Layer::Scenario, Layer::System, Layer::Substrate][number % 3],
            };
            let [became, template] = [entry.became, entry.why.template].map(|text| vocabulary.number(text, |_| 0));
            chunk.push(&entry, became, template);
            entries.push(entry);
        }
        let read: Vec<Entry> = (0..chunk.len()).filter_map(|index| chunk.get(index, &vocabulary)).collect();
        assert_eq!(read, entries);
        let heads: Vec<Head> = (0..chunk.len()).filter_map(|index| chunk.head(index, &vocabulary)).collect();
        assert_eq!(heads, entries.iter().map(Entry::head).collect::<Vec<_>>());
        assert_eq!(chunk.get(entries.len(), &vocabulary), None);
        assert_eq!(size_of::<Row>(), 40);
    }
}
