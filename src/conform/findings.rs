//! What was found: the differences, what of them is tolerated, and how much was looked at.

use std::collections::BTreeMap;

use super::align::Run;
use super::evidence::Evidence;
use super::story::Story;
use super::{Comparison, Conformity, Substrate};
use crate::kernel::Time;
use crate::timeline::EntryId;

/// What is compared of two runs.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Aspect {
    /// What each subject went through.
    States,
    /// What had to happen before what.
    Order,
    /// How many objects were created and deleted.
    Counts,
    /// Where each subject stands in the end.
    Ends,
    /// What was published.
    Exports,
    /// When Services had no endpoint.
    Outages,
    /// How few ready pods a workload had, and how many pods.
    Availability,
    /// On which nodes pods were.
    Placements,
    /// How expectations, faults and actions came out.
    Verdicts,
}

impl Aspect {
    /// The aspect's name.
    pub const fn text(self) -> &'static str {
        match self {
            Aspect::States => "states",
            Aspect::Order => "order",
            Aspect::Counts => "counts",
            Aspect::Ends => "ends",
            Aspect::Exports => "exports",
            Aspect::Outages => "outages",
            Aspect::Availability => "availability",
            Aspect::Placements => "placements",
            Aspect::Verdicts => "verdicts",
        }
    }
}

/// Why a difference is none that matters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Tolerance {
    /// A state was too short to be sure to be seen.
    Coalesced,
    /// The run ended just then.
    CutOff,
    /// The live run came to the same count in more steps.
    MoreSteps,
    /// kwok runs no containers.
    NoContainers,
    /// Both had the outage; its length is a matter of time.
    Length,
    /// Both started containers again; how often is a matter of time.
    Repeats,
    /// A live run cannot know that nothing more will happen.
    NeverQuiet,
    /// Both runs reach what was to be reached by a time, and only one of them by then.
    Deadline,
    /// The live run used nodes that are not those of the scenario.
    OwnNodes,
    /// Things happened at nearly the same time, and in another order than watches told of them.
    Simultaneous,
}

impl Tolerance {
    /// Every reason.
    pub const ALL: [Tolerance; 10] = [
        Tolerance::Coalesced,
        Tolerance::CutOff,
        Tolerance::MoreSteps,
        Tolerance::NoContainers,
        Tolerance::Length,
        Tolerance::Repeats,
        Tolerance::NeverQuiet,
        Tolerance::Deadline,
        Tolerance::OwnNodes,
        Tolerance::Simultaneous,
    ];

    /// The reason's name.
    pub const fn text(self) -> &'static str {
        match self {
            Tolerance::Coalesced => "coalesced",
            Tolerance::CutOff => "cut-off",
            Tolerance::MoreSteps => "more-steps",
            Tolerance::NoContainers => "no-containers",
            Tolerance::Length => "length",
            Tolerance::Repeats => "repeats",
            Tolerance::NeverQuiet => "never-quiet",
            Tolerance::Deadline => "deadline",
            Tolerance::OwnNodes => "own-nodes",
            Tolerance::Simultaneous => "simultaneous",
        }
    }

    /// The reason in a sentence.
    pub const fn reason(self) -> &'static str {
        match self {
            Tolerance::Coalesced => "a watch tells of what an object is, not of all that it was in between",
            Tolerance::CutOff => "the run ended before this could be seen",
            Tolerance::MoreSteps => {
                "pods that are ready at one instant in the simulation are so one by one on a cluster"
            }
            Tolerance::NoContainers => "kwok runs no container that could fail or start again",
            Tolerance::Length => "how long an outage is depends on times, which are not compared",
            Tolerance::Repeats => "how often a container starts again depends on times, which are not compared",
            Tolerance::NeverQuiet => "a live run cannot know that nothing more will happen",
            Tolerance::Deadline => "both runs reach it; by which time is a matter of times, which are not compared",
            Tolerance::OwnNodes => "without fake nodes a run uses the nodes that the cluster has",
            Tolerance::Simultaneous => {
                "watches tell of what happens within a moment in another order than the scheduler decided in"
            }
        }
    }
}

/// A difference that does not matter, and why.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Toleration {
    /// The reason.
    pub tolerance: Tolerance,
    /// What it is about here: `NoEndpoints lasted 120ms in the simulated run`.
    pub detail: String,
}

/// One run's side of a difference.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Side {
    /// What was there.
    pub text: String,
    /// The entry that shows it, with its causes.
    pub evidence: Option<Evidence>,
}

/// Where two runs differ.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Difference {
    /// In what.
    pub aspect: Aspect,
    /// The subject, `pods of ReplicaSet/web-r1`, or the expectation.
    pub about: String,
    /// The simulated run.
    pub simulated: Side,
    /// The live run.
    pub live: Side,
    /// When it shows, in the run that shows it.
    pub at: Option<Time>,
    /// Why it does not matter, if it does not.
    pub tolerated: Vec<Toleration>,
}

impl Difference {
    /// Whether the difference matters.
    pub fn conformity(&self) -> Conformity {
        if self.tolerated.is_empty() { Conformity::Diverge } else { Conformity::Tolerated }
    }
}

/// A side in the making: its text, and the entry that shows it.
pub type Seen = (String, Option<EntryId>);

/// Gathers findings.
pub struct Findings<'a> {
    /// The simulated run.
    pub simulated: &'a Story<'a>,
    /// The live run.
    pub live: &'a Story<'a>,
    /// What the pods of the live run were.
    pub substrate: Substrate,
    list: Vec<Difference>,
    compared: BTreeMap<Aspect, usize>,
    subjects: BTreeMap<String, Conformity>,
    not_checked: Vec<String>,
}

impl<'a> Findings<'a> {
    /// Nothing found yet.
    pub fn new(simulated: &'a Story<'a>, live: &'a Story<'a>, substrate: Substrate) -> Findings<'a> {
        Findings {
            simulated,
            live,
            substrate,
            list: Vec::new(),
            compared: BTreeMap::new(),
            subjects: BTreeMap::new(),
            not_checked: Vec::new(),
        }
    }

    /// Something was compared.
    pub fn compared(&mut self, aspect: Aspect) {
        *self.compared.entry(aspect).or_default() += 1;
    }

    /// Something could not be compared: what, and why.
    pub fn not_checked(&mut self, what: &str) {
        self.not_checked.push(what.to_owned());
    }

    /// A subject was compared.
    pub fn subject(&mut self, about: &str) {
        self.subjects.entry(about.to_owned()).or_insert(Conformity::Agree);
    }

    /// A difference that the simulated run shows. It does not matter if there is a reason why.
    pub fn add(&mut self, aspect: Aspect, about: &str, simulated: Seen, live: Seen, tolerated: Vec<Toleration>) {
        self.add_shown_by(Run::Simulated, aspect, about, simulated, live, tolerated);
    }

    /// The same where it is known which run shows it: what the other has to set against it may be long past.
    pub fn add_shown_by(
        &mut self,
        run: Run,
        aspect: Aspect,
        about: &str,
        simulated: Seen,
        live: Seen,
        tolerated: Vec<Toleration>,
    ) {
        let side = |run, (text, id): Seen| Side { text, evidence: id.map(|id| Evidence::of(run, id)) };
        let (simulated, live) = (side(self.simulated.run, simulated), side(self.live.run, live));
        let (first, second) = if run == Run::Simulated { (&simulated, &live) } else { (&live, &simulated) };
        let at = |side: &Side| Some(side.evidence.as_ref()?.entry()?.at);
        let at = at(first).or_else(|| at(second));
        let found = Difference { aspect, about: about.to_owned(), simulated, live, at, tolerated };
        if let Some(verdict) = self.subjects.get_mut(about) {
            *verdict = found.conformity().max(*verdict);
        }
        self.list.push(found);
    }

    /// The comparison.
    pub fn finish(mut self) -> Comparison {
        let run = self.simulated.run;
        let gravest_first = |found: &Difference| std::cmp::Reverse(found.conformity());
        self.list.sort_by_key(|found| (gravest_first(found), found.at.is_none(), found.at, found.aspect));
        Comparison {
            name: run.name.clone(),
            file: run.file.clone(),
            seed: run.seed,
            substrate: self.substrate,
            verdict: self.list.iter().map(Difference::conformity).max().unwrap_or(Conformity::Agree),
            subjects: self.subjects.into_iter().collect(),
            compared: self.compared.into_iter().collect(),
            not_checked: self.not_checked,
            findings: self.list,
        }
    }
}
