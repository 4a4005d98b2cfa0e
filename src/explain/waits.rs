//! What a subject waits for, and what those wait for in turn: a tree of all that is not well, down to where it begins.

use std::collections::{BTreeMap, BTreeSet};

use super::Row;
use super::standing::{Standing, rank};
use super::view::View;
use crate::timeline::{Cause, Kind, Subject};

/// The most rows of a tree.
const ROWS_MAX: usize = 20;
/// The most rows below one other.
const SIBLINGS_MAX: usize = 6;
/// The most rows one below the other.
const DEPTH_MAX: usize = 8;

/// What is not well below a subject.
#[derive(Debug, Default)]
pub struct Waits {
    /// One row a subject, depth first.
    pub rows: Vec<Row>,
    /// The subjects of those rows below which there is nothing more.
    pub leaves: Vec<Subject>,
    /// How many subjects that are not well have no row.
    pub left_out: usize,
}

/// What a subject waits for.
pub fn waits(view: &View<'_>, subject: Subject) -> Waits {
    let mut walk = Walk { view, open: BTreeMap::new(), seen: BTreeSet::from([subject]), waits: Waits::default() };
    walk.below(subject, 0);
    walk.waits
}

struct Walk<'a> {
    view: &'a View<'a>,
    /// Whether there is something not well in or below a subject, as far as that is known.
    open: BTreeMap<Subject, bool>,
    /// The subjects that were looked at, so that each has one row.
    seen: BTreeSet<Subject>,
    waits: Waits,
}

impl Walk<'_> {
    /// What a subject may wait for: what its last entry names, its parts, and the node of a pod.
    fn candidates(&self, subject: Subject) -> Vec<Subject> {
        let view = self.view;
        let mut found: Vec<Subject> = Vec::new();
        if view.standing(subject) != Some(Standing::Well) {
            // What made it is no answer, nor is another pod of the same sort that is named as a victim or a rival.
            let named = view.named(subject).into_iter();
            found.extend(named.filter(|other| rank(other.kind) >= rank(subject.kind) && other.kind != Kind::Pod));
        }
        found.extend(view.parts(subject));
        if subject.kind == Kind::Pod {
            found.extend(view.placement(subject).and_then(|placement| view.node_of(placement)));
        }
        let mut once = BTreeSet::new();
        found.retain(|other| once.insert(*other));
        found
    }

    /// True if the subject or something below it is not well.
    fn is_open(&mut self, subject: Subject) -> bool {
        if let Some(known) = self.open.get(&subject) {
            return *known;
        }
        // A circle of subjects that name each other ends here.
        self.open.insert(subject, false);
        let open = match self.view.standing(subject) {
            None | Some(Standing::Gone) => false,
            Some(Standing::Waiting | Standing::Wrong) => true,
            Some(Standing::Well | Standing::Silent) => {
                self.candidates(subject).into_iter().any(|other| self.is_open(other))
            }
        };
        self.open.insert(subject, open);
        open
    }

    /// True if a subject is what it is because something went wrong with the other: then it is no reason for that.
    fn follows(&self, subject: Subject, other: Subject) -> bool {
        let (Some(latest), Some(reason)) = (self.view.latest(subject), self.view.latest(other)) else { return false };
        self.view.standing(other) == Some(Standing::Wrong) && self.view.entry(latest).cause == Cause::Entry(reason)
    }

    /// Adds a row for each subject that this one waits for. True if there was one.
    fn below(&mut self, subject: Subject, depth: usize) -> bool {
        let mut told = 0;
        let mut any = false;
        for other in self.candidates(subject) {
            if self.follows(other, subject) || !self.is_open(other) || !self.seen.insert(other) {
                continue;
            }
            let Some(latest) = self.view.latest(other) else { continue };
            any = true;
            if self.view.standing(other) == Some(Standing::Silent) {
                // It has nothing to say: what is below it stands in its place.
                self.below(other, depth);
                continue;
            }
            if told >= SIBLINGS_MAX || self.waits.rows.len() >= ROWS_MAX || depth >= DEPTH_MAX {
                self.waits.left_out += 1;
                continue;
            }
            told += 1;
            self.waits.rows.push(Row::new(depth, latest));
            if !self.below(other, depth + 1) {
                self.waits.leaves.push(other);
            }
        }
        any
    }
}
