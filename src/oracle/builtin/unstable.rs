//! GR105: something changes for ever, though nothing new is asked for.
//!
//! Two signs of that. The run hits a limit on its events. Or, before that, what is written of one object at the end of the run is a
//! cycle ([`super::cycle`]) that is still going on, of changes that controllers make: of specs and sizes, of objects that are made
//! and deleted. Pods count together with those of their own name but for the number, ReplicaSets with those of other revisions.
//!
//! Rounds in which pods come are a cycle only if these go again: an update that takes one pod after the other has equal rounds as well,
//! and comes further with each.
//!
//! No sign is what somebody asks for: a schedule (CronJob), the metrics of an autoscaler, a fault or an action within the cycle, and
//! what follows from containers that crash, which is stuck rather than unstable. Nor are attempts of which a system says how many it makes,
//! before there were more.

use std::collections::BTreeMap;

use super::cycle::{Cycle, at_the_end};
use super::{Found, Oracle, origin, rules};
use crate::kernel::{Duration, Names, Symbol, Time};
use crate::rehearsal::Ending;
use crate::scenario::Scenario;
use crate::timeline::{Arg, Cause, Entry, EntryId, Kind, Subject, Timeline};
use crate::workload::{Numbered, Pledge, Stage};

/// Watches for changes without end.
#[derive(Clone, Debug)]
pub struct Unstable;

impl Unstable {
    /// One for a run of this scenario.
    pub const fn new(_: &Scenario) -> Unstable {
        Unstable
    }
}

/// Whose changes are looked at together: of pods those of one base, of ReplicaSets those of one Deployment.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Whose {
    One(Subject),
    Pods(Symbol, Symbol),
    ReplicaSets(Symbol, String),
}

/// A change, so that two are equal if they say the same.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Change {
    id: EntryId,
    subject: Subject,
    said: (&'static str, &'static str, [Option<u64>; 3]),
}

/// True for a word that tells of a change which a controller made.
fn is_change(kind: Kind, became: &str) -> bool {
    match kind {
        Kind::Pod => matches!(became, "Pending" | "Terminating"),
        // What these say is a schedule's, a metric's, or follows from others.
        Kind::CronJob | Kind::Job | Kind::HorizontalPodAutoscaler | Kind::Fault | Kind::Action | Kind::Scenario => {
            false
        }
        Kind::Controller => became == "conflict",
        _ => matches!(
            became,
            "Created"
                | "Changed"
                | "Scaled"
                | "Deleted"
                | "UpdateStarted"
                | "GroupRestarted"
                | "Terminated"
                | "Evicted"
                | "Cordoned"
                | "Uncordoned"
                | "changed"
                | "scaled"
                | "overwritten"
                | "rolling"
                | "created"
                | "deleted"
        ),
    }
}

fn said(entry: &Entry) -> (&'static str, &'static str, [Option<u64>; 3]) {
    let figure = |arg: Arg| match arg {
        Arg::Count(count) => Some(count),
        _ => None,
    };
    (entry.became, entry.why.template, entry.why.args.map(figure))
}

impl Oracle for Unstable {
    fn end(&mut self, stage: &dyn Stage, ending: &Ending, found: &mut Found) {
        if let Ending::LimitReached(limit) = ending {
            let timeline = stage.timeline();
            let last = timeline.len().checked_sub(1).map(|index| EntryId(index as u32));
            let subject = last.and_then(|id| timeline.get(id)).map(|entry| entry.subject.show(stage.names()));
            found.add(&rules::UNSTABLE, subject.unwrap_or_default(), stage.now(), limit.clone(), last);
        }
        cycles(stage, found);
    }
}

fn cycles(stage: &dyn Stage, found: &mut Found) {
    let (timeline, names) = (stage.timeline(), stage.names());
    let mut changes: BTreeMap<Whose, Vec<(Time, Change)>> = BTreeMap::new();
    // A cycle of so many rounds that goes on has a change in the last third of the run: most runs are over long before.
    let two_thirds = Time::from_nanos(stage.now().nanos() / 3 * 2);
    let late = (0..timeline.len() as u32).rev().map_while(|index| timeline.get(EntryId(index)));
    let late =
        late.take_while(|entry| entry.at >= two_thirds).filter(|entry| is_change(entry.subject.kind, entry.became));
    for entry in late {
        changes.entry(whose(entry.subject, names)).or_default();
    }
    if changes.is_empty() {
        return;
    }
    for (id, entry) in timeline.since(0).filter(|(_, entry)| is_change(entry.subject.kind, entry.became)) {
        if let Some(list) = changes.get_mut(&whose(entry.subject, names)) {
            list.push((entry.at, Change { id, subject: entry.subject, said: said(&entry) }));
        }
    }
    for (whose, list) in changes.iter().filter(|(_, list)| list.len() >= super::cycle::ROUNDS) {
        let words: Vec<(Time, _)> = list.iter().map(|(at, change)| (*at, change.said)).collect();
        let Some(cycle) = at_the_end(&words) else { continue };
        let Some((last_at, last)) = list.last() else { continue };
        // The next change of a cycle comes a period after the one that it repeats, or a tenth of that later.
        let goes_on = stage.now().since(*last_at) <= cycle.period + Duration::from_nanos(cycle.period.nanos() / 10);
        let begins = list.len() - cycle.changes * cycle.rounds;
        let since = list[begins].0;
        let round = &list[list.len() - cycle.changes..];
        let comes_back = match whose {
            Whose::Pods(namespace, base) => {
                go_again(timeline, &list[begins..begins + cycle.changes])
                    && cycle.rounds > attempts(stage, *namespace, *base)
            }
            Whose::One(_) | Whose::ReplicaSets(..) => true,
        };
        if !goes_on || !comes_back || round.iter().any(|(_, change)| is_asked_for(stage, change.id, since)) {
            continue;
        }
        let detail = told(&cycle, round);
        let detail = format!("{detail}{}", origin::words(timeline, names, Some(last.id)));
        let lasts = stage.now().since(since);
        found.add_lasting(&rules::UNSTABLE, last.subject.show(names), since, Some(lasts), detail, Some(last.id));
    }
}

fn whose(subject: Subject, names: &Names) -> Whose {
    match subject.kind {
        Kind::Pod => Whose::Pods(subject.namespace, subject.name.base()),
        Kind::ReplicaSet => {
            let name = names.show(subject.name);
            let base = name.trim_end_matches(|letter: char| letter.is_ascii_digit());
            Whose::ReplicaSets(subject.namespace, base.to_owned())
        }
        _ => Whose::One(subject),
    }
}

/// True if pods came in a round, and all of them went again or ended.
fn go_again(timeline: &Timeline, round: &[(Time, Change)]) -> bool {
    let came = round.iter().filter(|(_, change)| change.said.0 == "Pending");
    let mut left: BTreeMap<Subject, EntryId> = came.map(|(_, change)| (change.subject, change.id)).collect();
    let Some(first) = left.values().min().copied() else { return false };
    for (id, entry) in timeline.heads(first.0 as usize) {
        let ends = matches!(entry.became, "Terminating" | "Deleted" | "Failed" | "Succeeded" | "Rejected");
        if ends && left.get(&entry.subject).is_some_and(|came| id > *came) {
            left.remove(&entry.subject);
        }
    }
    left.is_empty()
}

/// How often the system of these pods makes them anew before it leaves it, if it says so; else 0.
fn attempts(stage: &dyn Stage, namespace: Symbol, stem: Symbol) -> usize {
    let of = Numbered { namespace, stem };
    let most = stage.pledges().iter().filter_map(|pledge| match pledge {
        Pledge::Attempts(attempts) if attempts.pods == of => Some(attempts.most as usize),
        _ => None,
    });
    most.max().unwrap_or(0)
}

fn told(cycle: &Cycle, round: &[(Time, Change)]) -> String {
    let mut words: Vec<&str> = Vec::new();
    for (_, change) in round {
        if words.last() != Some(&change.said.0) {
            words.push(change.said.0);
        }
    }
    format!("{} again and again, every {}, {} times up to the end", words.join(", "), cycle.period, cycle.rounds)
}

/// True if what led to a change, since the cycle began, is asked for by the scenario, or is a container that crashed.
fn is_asked_for(stage: &dyn Stage, id: EntryId, since: Time) -> bool {
    let timeline = stage.timeline();
    let mut next = Some(id);
    while let Some(entry) = next.and_then(|id| timeline.get(id)) {
        match entry.subject.kind {
            Kind::CronJob | Kind::HorizontalPodAutoscaler => return true,
            Kind::Fault | Kind::Action if entry.at > since => return true,
            Kind::Pod if matches!(entry.became, "Error" | "CrashLoopBackOff" | "Killing" | "Failed") => return true,
            _ => {}
        }
        next = match entry.cause {
            Cause::Entry(id) if entry.at >= since => Some(id),
            _ => None,
        };
    }
    false
}
