//! Steps from state to state that are known to happen: those that the scenarios of this repository take, kind by kind. They are no list
//! of what is allowed. A search holds what it reached against them, to say what it never came to see.
//!
//! `steps.txt` has a line for each: the kind, where from (nothing for the first entry about a subject), and where to. A test
//! (`tests/steps.rs`) writes it from runs and holds it against them.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::Kind;

const TEXT: &str = include_str!("steps.txt");

/// Steps by kind: from, to.
type Steps = BTreeMap<Kind, Vec<(&'static str, &'static str)>>;

static KNOWN: LazyLock<Steps> = LazyLock::new(|| {
    let mut known = Steps::new();
    for line in TEXT.lines() {
        if let [kind, from, to] = line.split('\t').collect::<Vec<&str>>()[..]
            && let Some(kind) = Kind::parse(kind)
        {
            known.entry(kind).or_default().push((from, to));
        }
    }
    known
});

/// The known steps of subjects of a kind: from where (`""`: from nothing), and to where.
pub fn known(kind: Kind) -> &'static [(&'static str, &'static str)] {
    KNOWN.get(&kind).map_or(&[], Vec::as_slice)
}
