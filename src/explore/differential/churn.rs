//! GR108: objects are made and deleted more often than the faults explain. What a fault destroyed is made again, once for each object
//! that was there before the fault was over. What is made beyond that, and beyond the run without the fault, is made in vain if it goes on
//! long after the fault, or if it is many times as much: a system that replaces what it finds unwell may take a few tries meanwhile.

use std::collections::{BTreeMap, BTreeSet};

use super::super::base::Base;
use super::super::fork::Fork;
use crate::kernel::{Duration, Names, Time};
use crate::oracle::builtin::rules;
use crate::rehearsal::Finding;
use crate::timeline::{Cause, EntryId, Head, Kind, Subject, Timeline};
use crate::workload::Stage;

/// How long after a fault its effects are still its own: pods of a lost node are given up after five minutes, and what crashed or
/// could not be pulled is tried again after five at most.
const AFTERMATH: Duration = Duration::from_secs(600);
/// How many objects more than are explained nobody minds: one may have been on its way.
const SLACK: usize = 1;
/// How many tries, for each object that a fault destroyed and beyond these, are many while the fault's effects last.
const TRIES: (usize, usize) = (3, 10);

/// How many objects of each role a run made. A role is a kind and a name without its number.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Made(BTreeMap<String, usize>);

impl Made {
    /// What a run made.
    pub fn of(fork: &Fork) -> Made {
        Made::after(fork, Time::ZERO)
    }

    /// What a run made from a time on.
    fn after(fork: &Fork, from: Time) -> Made {
        let names = fork.stage().names();
        let mut made: BTreeMap<_, usize> = BTreeMap::new();
        for (_, entry) in fork.timeline().heads(0).filter(|(_, entry)| entry.at >= from && is_made(entry)) {
            *made.entry(role_key(entry.subject)).or_default() += 1;
        }
        let mut by_text: BTreeMap<String, usize> = BTreeMap::new();
        for (key, count) in made {
            *by_text.entry(role(key, names)).or_default() += count;
        }
        Made(by_text)
    }

    /// How many of a role.
    fn count(&self, role: &str) -> usize {
        self.0.get(role).copied().unwrap_or(0)
    }
}

type RoleKey = (Kind, crate::kernel::Symbol, crate::kernel::Symbol);

fn role_key(subject: Subject) -> RoleKey {
    (subject.kind, subject.namespace, subject.name.base())
}

/// A role in words: revisions of one name are one, because their numbers depend on how often there was an update.
fn role((kind, namespace, base): RoleKey, names: &Names) -> String {
    let base = names.text(base);
    let base = match base.rsplit_once("-r") {
        Some((before, number)) if number.bytes().all(|byte| byte.is_ascii_digit()) => before,
        _ => base,
    };
    format!("{}/{}/{base}", kind.text(), names.text(namespace))
}

fn is_made(entry: &Head) -> bool {
    match entry.subject.kind {
        Kind::Pod => entry.became == "Pending",
        Kind::ReplicaSet | Kind::Job => entry.became == "Created",
        _ => false,
    }
}

fn is_destroyed(entry: &Head) -> bool {
    match entry.subject.kind {
        Kind::Pod => {
            matches!(
                entry.became,
                "Deleted" | "Terminating" | "Failed" | "Error" | "Killing" | "Rejected" | "Succeeded"
            )
        }
        Kind::ReplicaSet | Kind::Job => matches!(entry.became, "Deleted" | "Failed"),
        _ => false,
    }
}

/// Compares what a run made with what the run without its faults made; the faults were over at a time.
pub fn churn(base: &Base, run: &Fork, over: Time) -> Option<Finding> {
    let names = run.stage().names();
    let made = Made::of(run);
    let more = made.0.iter().filter_map(|(role, count)| {
        let extra = count.saturating_sub(base.made.count(role));
        (extra > SLACK).then_some((role, extra))
    });
    let more: Vec<(&String, usize)> = more.collect();
    if more.is_empty() {
        return None;
    }
    let faults = of_faults(run.timeline());
    let mut explained: BTreeMap<String, BTreeSet<Subject>> = BTreeMap::new();
    let mut first_seen: BTreeMap<Subject, Time> = BTreeMap::new();
    let mut last_made: BTreeMap<String, EntryId> = BTreeMap::new();
    for (id, entry) in run.timeline().heads(0) {
        let seen = *first_seen.entry(entry.subject).or_insert(entry.at);
        if is_made(&entry) {
            last_made.insert(role(role_key(entry.subject), names), id);
        }
        if is_destroyed(&entry) && seen <= over + AFTERMATH && faults[id.0 as usize] {
            explained.entry(role(role_key(entry.subject), names)).or_default().insert(entry.subject);
        }
    }
    let late = [run, &base.end].map(|fork| Made::after(fork, over + AFTERMATH));
    more.into_iter().find_map(|(role, extra)| {
        let allowed = explained.get(role).map_or(0, BTreeSet::len);
        let goes_on = late[0].count(role) > late[1].count(role) + SLACK;
        let is_many = extra > allowed * TRIES.0 + TRIES.1;
        (extra > allowed + SLACK && (goes_on || is_many)).then(|| {
            let evidence = last_made.get(role).copied();
            let subject = evidence.and_then(|id| run.timeline().get(id)).map(|entry| entry.subject.show(names));
            let detail = format!("{extra} more were made than without the faults, which explain {allowed}");
            Finding {
                rule: &rules::CHURN,
                subject: subject.unwrap_or_else(|| role.clone()),
                at: over,
                lasts: None,
                detail,
                evidence,
                expected: false,
            }
        })
    })
}

/// Of each entry, whether its chain of causes leads to a fault.
fn of_faults(timeline: &Timeline) -> Vec<bool> {
    let mut faults: Vec<bool> = Vec::with_capacity(timeline.len());
    for (_, entry) in timeline.heads(0) {
        let from_fault = match entry.cause {
            Cause::Entry(earlier) => faults.get(earlier.0 as usize).copied().unwrap_or(false),
            Cause::Line(_) => false,
        };
        faults.push(from_fault || entry.subject.kind == Kind::Fault);
    }
    faults
}
