//! What a search leaves out, and why: each reason with its number, so that nobody takes a search for more than it was.

use std::collections::BTreeMap;

/// Why something was not run, or its run was not looked at.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Reason {
    /// An entry, a node or a decision point equals one that was tried.
    Equal,
    /// What it is about is not there at that instant.
    NothingThere,
    /// It found nothing to act on.
    NothingHit,
    /// A system refused the action.
    Refused,
    /// Its trigger was never reached, or it stood to the end and hit nothing.
    NeverFired,
    /// It struck, and the run went on as it would have without it.
    NoDifference,
}

impl Reason {
    /// In words.
    pub const fn text(self) -> &'static str {
        match self {
            Reason::Equal => "equal to one that was tried",
            Reason::NothingThere => "nothing there yet that it could hit",
            Reason::NothingHit => "found nothing to act on",
            Reason::Refused => "refused by the system",
            Reason::NeverFired => "never fired",
            Reason::NoDifference => "made no difference",
        }
    }

    /// In one word, for machines.
    pub const fn word(self) -> &'static str {
        match self {
            Reason::Equal => "equal",
            Reason::NothingThere => "nothing_there",
            Reason::NothingHit => "nothing_hit",
            Reason::Refused => "refused",
            Reason::NeverFired => "never_fired",
            Reason::NoDifference => "no_difference",
        }
    }
}

/// How much was left out, by reason.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Pruned(BTreeMap<Reason, u64>);

impl Pruned {
    /// Counts one more.
    pub fn add(&mut self, reason: Reason) {
        self.add_many(reason, 1);
    }

    /// Counts so many more.
    pub fn add_many(&mut self, reason: Reason, count: u64) {
        if count > 0 {
            *self.0.entry(reason).or_default() += count;
        }
    }

    /// All reasons that there were, with their numbers.
    pub fn iter(&self) -> impl Iterator<Item = (Reason, u64)> + '_ {
        self.0.iter().map(|(reason, count)| (*reason, *count))
    }

    /// How much was left out in all.
    pub fn total(&self) -> u64 {
        self.0.values().sum()
    }
}
