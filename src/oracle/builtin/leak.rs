//! GR107: something is left that nobody asks for any more.
//!
//! Judged once, at the end of a run, of what has been so for as long as something must stand still to be stuck: what is collected
//! is collected later than what it hangs on. Four things are looked at:
//! - what the world itself has left over (`Stage::leftovers`);
//! - objects that are there although the document, group, graph or deployment that they were made for is gone;
//! - pods of a system's deployment that is gone, or that wants fewer;
//! - routes of Backend.AI of a revision that is not the current one of a deployment that is ready.

use std::collections::{BTreeMap, BTreeSet};

use super::{Found, Oracle, origin, rules};
use crate::kernel::{Duration, Time};
use crate::rehearsal::Ending;
use crate::scenario::Scenario;
use crate::systems::backendai;
use crate::systems::standing::{Standing, standing_of};
use crate::timeline::{Arg, Entry, EntryId, Head, Kind, Subject, Why, render};
use crate::workload::Stage;
use crate::workload::leftover::Left;

/// Looks at what is there when the run is over.
#[derive(Clone, Debug)]
pub struct Leaks {
    after: Duration,
    /// True once something that objects are made for went, or a route was made: only then the timeline is read.
    is_asked: bool,
    /// Deployments of systems.
    members: BTreeSet<Subject>,
}

impl Leaks {
    /// One for a run of this scenario.
    pub const fn new(scenario: &Scenario) -> Leaks {
        Leaks { after: scenario.oracles.stuck_after, is_asked: false, members: BTreeSet::new() }
    }
}

/// What is known of a subject.
#[derive(Clone, Copy)]
struct Known {
    first: EntryId,
    last: EntryId,
    at: Time,
    stands: Option<Standing>,
    is_deleted: bool,
    /// Since when it has been what it is last; of objects, when they were made.
    since: Time,
}

/// Objects that go with what they were made for. What holds data or belongs to a cluster stays by design: claims, volumes,
/// namespaces, configuration, nodes.
const fn goes_with_its_maker(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Deployment
            | Kind::ReplicaSet
            | Kind::StatefulSet
            | Kind::DaemonSet
            | Kind::LeaderWorkerSet
            | Kind::Rollout
            | Kind::Job
            | Kind::CronJob
            | Kind::Service
            | Kind::PodCliqueSet
            | Kind::PodClique
            | Kind::PodCliqueScalingGroup
            | Kind::PodGang
            | Kind::DynamoComponentDeployment
            | Kind::HorizontalPodAutoscaler
    )
}

/// What objects are made for.
const fn is_maker(kind: Kind) -> bool {
    matches!(kind, Kind::Manifests | Kind::Group | Kind::Member | Kind::Graph | Kind::PodCliqueSet)
}

impl Oracle for Leaks {
    fn entry(&mut self, _: EntryId, entry: &Entry, _: &dyn Stage, _: &mut Found) {
        let kind = entry.subject.kind;
        if kind == Kind::Member {
            self.members.insert(entry.subject);
        }
        if kind == Kind::Route || (is_maker(kind) && standing_of(&entry.head()) == Some(Standing::Gone)) {
            self.is_asked = true;
        }
    }

    fn end(&mut self, stage: &dyn Stage, ending: &Ending, found: &mut Found) {
        if matches!(ending, Ending::LimitReached(_)) {
            return;
        }
        let after = if *ending == Ending::Quiet { Duration::ZERO } else { self.after };
        let is_over = |one: &Subject| {
            let wanted = stage.told_wanted(*one);
            wanted.is_some_and(|wanted| stage.counts(*one).is_some_and(|counts| counts.pods > wanted))
        };
        let is_asked = self.is_asked || self.members.iter().any(is_over);
        let known = if is_asked { look(stage) } else { BTreeMap::new() };
        let mut leaks = Look { stage, after, known, found };
        leaks.of_the_world();
        leaks.of_makers();
        leaks.of_deployments();
        leaks.of_routes();
    }
}

/// Reads the timeline once, for all but pods and nodes.
fn look(stage: &dyn Stage) -> BTreeMap<Subject, Known> {
    let mut known: BTreeMap<Subject, Known> = BTreeMap::new();
    let is_asked = |entry: &Head| {
        let kind = entry.subject.kind;
        goes_with_its_maker(kind) || is_maker(kind) || kind == Kind::Route
    };
    for (id, entry) in stage.timeline().heads(0).filter(|(_, entry)| is_asked(entry)) {
        let stands = standing_of(&entry);
        let is_deleted = matches!(entry.became, "Deleted" | "deleted" | "Expired" | "Rejected");
        let new = Known { first: id, last: id, at: entry.at, stands, is_deleted, since: entry.at };
        let one = known.entry(entry.subject).or_insert(new);
        if one.is_deleted && !is_deleted {
            *one = new;
        }
        (one.last, one.at, one.is_deleted) = (id, entry.at, is_deleted);
        if stands.is_some() && stands != one.stands {
            (one.stands, one.since) = (stands, entry.at);
        }
    }
    known
}

struct Look<'a> {
    stage: &'a dyn Stage,
    after: Duration,
    known: BTreeMap<Subject, Known>,
    found: &'a mut Found,
}

impl Look<'_> {
    fn tell(&mut self, subject: Subject, since: Time, detail: &str, evidence: Option<EntryId>) {
        let (now, names) = (self.stage.now(), self.stage.names());
        if now.since(since) < self.after {
            return;
        }
        let detail = format!("{detail}{}", origin::words(self.stage.timeline(), names, evidence));
        self.found.add_lasting(&rules::LEAK, subject.show(names), since, Some(now.since(since)), detail, evidence);
    }

    fn of_the_world(&mut self) {
        for left in self.stage.leftovers() {
            let names = self.stage.names();
            let detail = match left.why {
                Left::Orphan { owner, pods } => format!("{pods} pods are there and {} is gone", owner.show(names)),
                Left::Old { owner, pods } => {
                    format!("{pods} pods of an old revision stay although {} has its newest", owner.show(names))
                }
                Left::History { kept, limit } => {
                    format!("{kept} old ReplicaSets are there, and {limit} are to be kept")
                }
                Left::Gpus(devices) => {
                    render::why(&Why::with("GPU {} is held by no pod", Arg::Devices(devices)), names)
                }
            };
            let since = left.since.and_then(|id| self.stage.timeline().get(id)).map_or(Time::ZERO, |entry| entry.at);
            self.tell(left.subject, since, &detail, left.since);
        }
    }

    /// Objects of makers that are gone.
    fn of_makers(&mut self) {
        let objects: Vec<(Subject, Known)> = self.known.iter().map(|(subject, one)| (*subject, *one)).collect();
        if !objects.iter().any(|(subject, one)| is_maker(subject.kind) && one.stands == Some(Standing::Gone)) {
            return;
        }
        for (subject, one) in objects.into_iter().filter(|(subject, one)| {
            goes_with_its_maker(subject.kind) && !one.is_deleted && one.stands != Some(Standing::Gone)
        }) {
            let timeline = self.stage.timeline();
            let above = timeline.chain(one.first).into_iter().skip(1).filter_map(|id| timeline.get(id));
            let maker = above.map(|entry| entry.subject).find(|subject| is_maker(subject.kind));
            let Some((maker, gone)) = maker.and_then(|maker| Some((maker, *self.known.get(&maker)?))) else { continue };
            if gone.stands == Some(Standing::Gone) && gone.since >= one.since {
                let detail = format!("it is there although {} is gone", maker.show(self.stage.names()));
                self.tell(subject, gone.since, &detail, Some(gone.last));
            }
        }
    }

    /// Pods of a system's deployments that are gone, or that want fewer.
    fn of_deployments(&mut self) {
        let members: Vec<(Subject, Known)> =
            self.known.iter().filter(|(one, _)| one.kind == Kind::Member).map(|(one, known)| (*one, *known)).collect();
        for (member, known) in members {
            let Some(counts) = self.stage.counts(member) else { continue };
            let is_gone = known.stands == Some(Standing::Gone);
            // An update has old pods beside new ones; that it comes to no end is for another oracle.
            if known.stands == Some(Standing::Coming) {
                continue;
            }
            let wanted = if is_gone { Some(0) } else { self.stage.told_wanted(member) };
            let Some(wanted) = wanted.filter(|wanted| counts.pods > *wanted) else { continue };
            let detail = match is_gone {
                true => format!("it is gone, and {} of its pods are there with {} GPUs", counts.pods, counts.gpus),
                false => format!("{} pods are there, and {wanted} are asked for", counts.pods),
            };
            self.tell(member, known.at, &detail, Some(known.last));
        }
    }

    /// Routes that belong to no revision that a deployment runs.
    fn of_routes(&mut self) {
        let names = self.stage.names();
        let is_there = |known: &Known| {
            let entry = self.stage.timeline().get(known.last);
            entry.is_some_and(|entry| backendai::is_route_there(entry.became))
        };
        let routes: Vec<(Subject, Known)> = self
            .known
            .iter()
            .filter(|(one, known)| one.kind == Kind::Route && is_there(known))
            .map(|(one, known)| (*one, *known))
            .collect();
        let members = self.known.iter().filter(|(one, _)| one.kind == Kind::Member);
        let members: Vec<(Subject, Known, String)> =
            members.map(|(one, known)| (*one, *known, names.show(one.name))).collect();
        for (route, known) in routes {
            let name = self.stage.names().show(route.name);
            // Of two deployments of which one has its name from the other, the longer name is meant.
            let owner = members
                .iter()
                .filter_map(|(member, state, text)| Some((member, state, backendai::revision_of_route(&name, text)?)));
            let Some((member, state, revision)) = owner.min_by_key(|(_, _, revision)| revision.len()) else { continue };
            let current = self.stage.published(*member, "current_revision");
            let (is_left, since) = match state.stands {
                Some(Standing::Gone) => (true, state.since),
                Some(Standing::There) => {
                    (current.is_some_and(|current| current != revision), state.since.max(known.at))
                }
                _ => (false, state.since),
            };
            if is_left {
                let runs = current.map_or("is gone".to_owned(), |current| format!("runs {current}"));
                let detail = format!("it is there, and {} {runs}", member.show(self.stage.names()));
                self.tell(route, since, &detail, Some(known.last));
            }
        }
    }
}
