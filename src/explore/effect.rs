//! Whether something that was put into a run made a difference: the entries are compared, but for those of the faults and actions
//! themselves.

use super::fork::Fork;
use crate::kernel::{Name, Names, Symbol};
use crate::timeline::{Arg, Entry, Kind, Subject};
use crate::workload::Stage;

/// True if two runs that are the same up to an entry are the same from there on, in all but what was put in and who caused what.
pub fn is_like(run: &Fork, base: &Fork, from: usize) -> bool {
    let (names, of_base) = (run.stage().names(), base.stage().names());
    let is_own = |entry: &Entry| matches!(entry.subject.kind, Kind::Fault | Kind::Action);
    let mut there = base.timeline().since(from).map(|(_, entry)| entry).filter(|entry| !is_own(entry));
    for (_, entry) in run.timeline().since(from).filter(|(_, entry)| !is_own(entry)) {
        match there.next() {
            Some(other) if is_same(&entry, names, &other, of_base) => {}
            _ => return false,
        }
    }
    there.next().is_none()
}

fn is_same(one: &Entry, names: &Names, other: &Entry, of_other: &Names) -> bool {
    let same = Same { names, of_other };
    one.at == other.at
        && one.became == other.became
        && one.why.template == other.why.template
        && same.subject(one.subject, other.subject)
        && one.why.args.iter().zip(&other.why.args).all(|(one, other)| same.arg(*one, *other))
}

/// Ids of two runs are compared by what they stand for.
struct Same<'a> {
    names: &'a Names,
    of_other: &'a Names,
}

impl Same<'_> {
    fn symbol(&self, one: Symbol, other: Symbol) -> bool {
        self.names.text(one) == self.of_other.text(other)
    }

    fn name(&self, one: Name, other: Name) -> bool {
        one.ordinal() == other.ordinal() && self.symbol(one.base(), other.base())
    }

    fn subject(&self, one: Subject, other: Subject) -> bool {
        one.kind == other.kind && self.symbol(one.namespace, other.namespace) && self.name(one.name, other.name)
    }

    fn arg(&self, one: Arg, other: Arg) -> bool {
        match (one, other) {
            (Arg::Text(one), Arg::Text(other)) => self.symbol(one, other),
            (Arg::Name(one), Arg::Name(other)) => self.name(one, other),
            (Arg::Subject(one), Arg::Subject(other)) => self.subject(one, other),
            (one, other) => one == other,
        }
    }
}
