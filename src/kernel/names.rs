//! Interned names: a string is kept once, everything else holds a small integer and the text is made when it is shown.

use std::hash::BuildHasherDefault;
use std::sync::Arc;

use indexmap::IndexSet;
use siphasher::sip::SipHasher13;

use super::Shared;

/// Fixed keys: the same names give the same table on every machine.
type FixedHasher = BuildHasherDefault<SipHasher13>;

/// Names that a clone has of its own before they and the shared ones become one table.
const OWN_MAX: usize = 32;

/// An interned string.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Symbol(u32);

impl Symbol {
    /// The empty string, which every table holds first.
    pub const EMPTY: Symbol = Symbol(0);

    /// The position in its table.
    pub const fn index(self) -> usize {
        self.0 as usize
    }

    /// The symbol at a position that [`Symbol::index`] gave.
    pub(crate) const fn from_index(index: usize) -> Symbol {
        Symbol(index as u32)
    }
}

/// The name of an object: a symbol, or a symbol with a number behind it (`vllm-r1-0` is the symbol `vllm-r1` and 0).
/// Pods and the nodes of a pool are made by the ten thousand; none of them owns a string.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Name {
    base: Symbol,
    ordinal: u32,
}

impl Name {
    const PLAIN: u32 = u32::MAX;

    /// A name without a number.
    pub const fn plain(base: Symbol) -> Name {
        Name { base, ordinal: Name::PLAIN }
    }

    /// The name `base-ordinal`.
    pub const fn numbered(base: Symbol, ordinal: u32) -> Name {
        assert!(ordinal != Name::PLAIN);
        Name { base, ordinal }
    }

    /// The name that is shown as `text`, made through what interns its symbol.
    pub fn of(text: &str, intern: impl FnOnce(&str) -> Symbol) -> Name {
        match split(text) {
            Some((base, ordinal)) => Name::numbered(intern(base), ordinal),
            None => Name::plain(intern(text)),
        }
    }

    /// The symbol, without the number.
    pub const fn base(self) -> Symbol {
        self.base
    }

    /// The number behind the symbol, if there is one.
    pub const fn ordinal(self) -> Option<u32> {
        if self.ordinal == Name::PLAIN { None } else { Some(self.ordinal) }
    }
}

type Table = IndexSet<Arc<str>, FixedHasher>;

/// The table of names. Clones share it, and what one of them adds goes into a table of its own behind it, so that a fork
/// that comes to a new name does not copy all that there are.
#[derive(Clone, Debug)]
pub struct Names {
    strings: Arc<Table>,
    /// What came after `strings` was shared; its first symbol follows the last of these.
    own: Shared<Table>,
}

impl Default for Names {
    fn default() -> Self {
        let mut strings = Table::default();
        strings.insert("".into());
        Names { strings: Arc::new(strings), own: Shared::default() }
    }
}

impl Names {
    /// The symbol of `text`, added if it is new.
    pub fn intern(&mut self, text: &str) -> Symbol {
        if let Some(symbol) = self.find(text) {
            return symbol;
        }
        // One large table is faster than two. That it is made again costs little a name: it is a quarter larger each time.
        if self.own.len() > OWN_MAX + self.strings.len() / 4 {
            let mut whole = Table::clone(&self.strings);
            whole.extend(std::mem::take(&mut self.own).into_inner());
            self.strings = Arc::new(whole);
        }
        let index = match Arc::get_mut(&mut self.strings).filter(|_| self.own.is_empty()) {
            Some(strings) => strings.insert_full(text.into()).0,
            None => self.strings.len() + self.own.insert_full(text.into()).0,
        };
        Symbol(u32::try_from(index).expect("a run holds fewer than 2^32 names"))
    }

    /// Makes clones share what this table has of its own too.
    pub fn freeze(&mut self) {
        self.own.freeze();
    }

    /// The name that is shown as `text`. A number at its end is kept as a number, so that a name is the same value
    /// however it came to be.
    pub fn name(&mut self, text: &str) -> Name {
        Name::of(text, |text| self.intern(text))
    }

    /// The symbol of `text`, if it was ever interned.
    pub fn find(&self, text: &str) -> Option<Symbol> {
        let shared = self.strings.get_index_of(text);
        let index = shared.or_else(|| self.own.get_index_of(text).map(|index| self.strings.len() + index));
        index.map(|index| Symbol(index as u32))
    }

    /// The name that is shown as `text`, if its symbol was ever interned.
    pub fn find_name(&self, text: &str) -> Option<Name> {
        match split(text) {
            Some((base, ordinal)) => Some(Name::numbered(self.find(base)?, ordinal)),
            None => self.find(text).map(Name::plain),
        }
    }

    /// The text of a symbol.
    pub fn text(&self, symbol: Symbol) -> &str {
        let shared = self.strings.get_index(symbol.index());
        let text = shared.or_else(|| self.own.get_index(symbol.index() - self.strings.len()));
        text.map_or("?", AsRef::as_ref)
    }

    /// The text of a name.
    pub fn show(&self, name: Name) -> String {
        let mut text = String::new();
        self.write(name, &mut text);
        text
    }

    /// Appends the text of a name to `out`.
    pub fn write(&self, name: Name, out: &mut String) {
        out.push_str(self.text(name.base));
        if let Some(ordinal) = name.ordinal() {
            out.push('-');
            push_number(out, ordinal);
        }
    }
}

/// Appends a number in decimal. Names are written by the hundred thousand, and formatting takes several times as long.
pub fn push_number(out: &mut String, number: u32) {
    if number >= 10 {
        push_number(out, number / 10);
    }
    out.push(char::from(b'0' + (number % 10) as u8));
}

/// The two parts of a name that is written `base-ordinal`; `None` if a text does not end in a number that is shown as it is written.
pub fn split(text: &str) -> Option<(&str, u32)> {
    let (base, digits) = text.rsplit_once('-')?;
    let ordinal: u32 = digits.parse().ok()?;
    let as_written = !base.is_empty() && ordinal != Name::PLAIN && ordinal.to_string() == digits;
    as_written.then_some((base, ordinal))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_plain_and_numbered_names() {
        let mut names = Names::default();
        let pool = names.intern("a10");
        let plain = names.name("a10-03");
        assert_eq!(names.find_name("a10-3"), Some(Name::numbered(pool, 3)));
        assert_eq!(names.name("a10-3"), Name::numbered(pool, 3));
        assert_eq!(plain.ordinal(), None, "a number with zeros before it would not be shown as it was written");
        assert_eq!(names.find_name("h100-3"), None);
        for text in ["a10-3", "a10-03", "-3", "a10", "a10-4294967295", "x-1-2"] {
            let name = names.name(text);
            assert_eq!(names.show(name), text);
        }
    }

    #[test]
    fn numbers_are_written_as_everywhere() {
        for number in [0, 7, 10, 909, u32::MAX] {
            let mut out = String::new();
            push_number(&mut out, number);
            assert_eq!(out, number.to_string());
        }
    }

    #[test]
    fn a_clone_keeps_its_own_table() {
        let mut first = Names::default();
        let symbol = first.intern("vllm");
        let mut second = first.clone();
        second.intern("chroma");
        assert_eq!(first.find("chroma"), None);
        assert_eq!(second.text(symbol), "vllm");
    }

    #[test]
    fn clones_that_add_names_by_turns_keep_what_each_symbol_stands_for() {
        let mut tables = vec![(Names::default(), vec![(Symbol::EMPTY, String::new())])];
        for number in 0..600_usize {
            let turn = (number * 7) % tables.len();
            let (names, known) = &mut tables[turn];
            let text = format!("name {}", number / 2);
            let before = names.find(&text);
            let symbol = names.intern(&text);
            assert!(before.is_none_or(|before| before == symbol));
            assert_eq!(symbol.index() == known.len(), before.is_none(), "a new name has the next place");
            if before.is_none() {
                known.push((symbol, text));
            }
            if number % 100 == 50 {
                names.freeze();
                let fork = (names.clone(), known.clone());
                tables.push(fork);
            }
        }
        for (names, known) in &tables {
            for (symbol, text) in known {
                assert_eq!((names.text(*symbol), names.find(text)), (text.as_str(), Some(*symbol)));
            }
            assert_eq!(names.text(Symbol::from_index(known.len())), "?");
        }
    }
}
