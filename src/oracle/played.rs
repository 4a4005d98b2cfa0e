//! A world that is played by hand, for the tests of this folder: entries, counts and published values at given seconds.

use std::collections::BTreeMap;

use super::*;
use crate::kernel::{Duration, Names, Symbol};
use crate::scenario::model::{Condition, ExpectEntry, ExpectKind, Mark, SubjectState, View};
use crate::text::{Place, Source};
use crate::timeline::{Cause, Entry, Layer, Subject, Timeline, Why};
use crate::workload::{Counts, Disruption, Happening, Numbered, Pledge, Struck, Traffic, World};
pub use Step::{Became, Published, Ready, SeenReady, Tick};

/// A world in which only what a test writes happens.
#[derive(Default)]
pub struct Played {
    now: Time,
    names: Names,
    timeline: Timeline,
    counts: BTreeMap<Subject, Counts>,
    observed: BTreeMap<Subject, Counts>,
    published: BTreeMap<(Subject, String), String>,
    pledges: Vec<Pledge>,
    traffic: Option<Traffic>,
}

/// For tests of built-in oracles, which are no part of a [`Judge`].
impl Played {
    /// It is so many seconds after the start from now on.
    pub fn at(&mut self, seconds: u64) {
        self.now = Time::ZERO + Duration::from_secs(seconds);
    }

    /// The subject that is written so.
    pub fn subject(&mut self, text: &str) -> Subject {
        Subject::parse(text, &mut self.names).expect("a subject")
    }

    /// The pods below a name.
    pub fn pods(&mut self, stem: &str) -> Numbered {
        Numbered { namespace: Symbol::EMPTY, stem: self.names.intern(stem) }
    }

    /// A text as a symbol.
    pub fn symbol(&mut self, text: &str) -> Symbol {
        self.names.intern(text)
    }

    /// A subject becomes something now.
    pub fn became(&mut self, text: &str, became: &'static str) -> (EntryId, Entry) {
        let what = ScenarioLine { file: "s.yaml".into(), line: 1, column: 1, what: "deploy".into() };
        let cause = Cause::Line(self.timeline.add_line(what));
        let (at, subject) = (self.now, self.subject(text));
        let entry = Entry { at, subject, became, why: Why::NONE, cause, layer: Layer::System };
        (self.timeline.push(entry, &self.names), entry)
    }

    /// A system owes something from now on.
    pub fn owe(&mut self, pledge: Pledge) {
        self.pledges.push(pledge);
    }

    /// So many pods of a subject are there and ready.
    pub fn has(&mut self, text: &str, pods: u32) {
        let subject = self.subject(text);
        self.counts.insert(subject, Counts { pods, ready: pods, ..Counts::default() });
    }

    /// A subject publishes a value.
    pub fn publish(&mut self, text: &str, key: &str, value: &str) {
        let subject = self.subject(text);
        self.published.insert((subject, key.to_owned()), value.to_owned());
    }

    /// Who serves a name from now on: each party with its pods and their weight.
    pub fn served(&mut self, name: &str, parties: &[(&str, u32)]) {
        let name = self.subject(name);
        let weights: Vec<(Subject, u64)> =
            parties.iter().map(|(party, weight)| (self.subject(party), u64::from(*weight))).collect();
        self.traffic.get_or_insert_with(Traffic::default).record(name, self.now, &weights);
    }
}

impl Stage for Played {
    fn now(&self) -> Time {
        self.now
    }
    fn next(&mut self) -> Happening {
        Happening::Quiet
    }
    fn port(&mut self, _: usize) -> Box<dyn World + '_> {
        unreachable!("no controller runs here")
    }
    fn call_at(&mut self, _: Time, _: u64, _: bool) {}
    fn disrupt(&mut self, _: &Disruption, _: Cause) -> Result<Struck, String> {
        Ok(Struck::Now(0))
    }
    fn effects(&self, _: usize) -> u64 {
        0
    }
    fn counts(&self, subject: Subject) -> Option<Counts> {
        self.counts.get(&subject).copied()
    }
    fn ready_endpoints(&self, service: Subject) -> Option<u32> {
        self.counts.get(&service).map(|counts| counts.ready)
    }
    fn pledges(&self) -> &[Pledge] {
        &self.pledges
    }
    fn traffic(&self) -> Option<&Traffic> {
        self.traffic.as_ref()
    }

    fn observed_counts(&self, subject: Subject) -> Option<Counts> {
        self.observed.get(&subject).copied()
    }
    fn gpus(&self) -> (u64, u64) {
        (8, self.counts.values().map(|counts| counts.gpus).sum())
    }
    fn published(&self, subject: Subject, key: &str) -> Option<&str> {
        self.published.get(&(subject, key.to_owned())).map(String::as_str)
    }
    fn timeline(&self) -> &Timeline {
        &self.timeline
    }
    fn timeline_mut(&mut self) -> (&mut Timeline, &mut Names) {
        (&mut self.timeline, &mut self.names)
    }
    fn names(&self) -> &Names {
        &self.names
    }
}

/// A step of a play.
#[derive(Clone)]
pub enum Step {
    /// A subject becomes something.
    Became(&'static str, &'static str),
    /// So many pods of a subject are ready from now on.
    Ready(&'static str, u32),
    /// So many pods of a subject are seen to be ready from now on.
    SeenReady(&'static str, u32),
    /// A value is published.
    Published(&'static str, &'static str, &'static str),
    /// Nothing happens, but the instant is looked at.
    Tick,
}
/// Plays the steps, each at its second, up to the end, and judges.
pub fn play(expect: Vec<ExpectKind>, view: View, steps: &[(u64, Step)], end: u64) -> Vec<Verdict> {
    let mut judge =
        compile::compile(&expect.into_iter().map(|kind| entry(kind, view)).collect::<Vec<_>>(), &source(""))
            .expect("valid");
    let mut stage = Played::default();
    let line =
        stage.timeline.add_line(ScenarioLine { file: "s.yaml".into(), line: 1, column: 1, what: "deploy".into() });
    let mut steps = steps.iter().peekable();
    for second in 0..=end {
        stage.now = Time::ZERO + Duration::from_secs(second);
        let due = judge.due().is_some_and(|due| due <= stage.now);
        let mut any = second == 0 || due;
        while let Some((_, step)) = steps.next_if(|(at, _)| *at == second) {
            any = true;
            perform(step, &mut stage, &mut judge, Cause::Line(line));
        }
        if any {
            judge.instant_ended(&stage);
        }
    }
    assert!(steps.next().is_none(), "every step lies before the end, in order");
    judge.finish(&stage)
}

pub fn perform(step: &Step, stage: &mut Played, judge: &mut Judge, cause: Cause) {
    let Played { now, names, timeline, counts, observed, published, .. } = stage;
    let mut subject = |text: &str| Subject::parse(text, names).expect("a subject");
    match *step {
        Became(text, became) => {
            let subject = subject(text);
            let entry = Entry { at: *now, subject, became, why: Why::NONE, cause, layer: Layer::System };
            let id = timeline.push(entry, names);
            judge.entry(id, stage);
        }
        Ready(text, ready) => {
            counts.insert(subject(text), Counts { ready, gpus: u64::from(ready), ..Counts::default() });
        }
        SeenReady(text, ready) => {
            observed.insert(subject(text), Counts { ready, ..Counts::default() });
        }
        Published(text, key, value) => {
            published.insert((subject(text), key.to_owned()), value.to_owned());
        }
        Tick => {}
    }
}

/// A scenario in which an expectation stands at line 9, column 5.
pub fn source(text: &str) -> Source {
    Source::new("s.yaml", format!("{}  - always: \"{text}\"\n", "\n".repeat(8)))
}

pub fn entry(kind: ExpectKind, view: View) -> ExpectEntry {
    ExpectEntry { place: Place { file: "s.yaml".into(), line: 9, column: 5 }, view, kind }
}

pub fn states(pairs: &[(&str, &str)]) -> Vec<SubjectState> {
    pairs.iter().map(|(subject, state)| ((*subject).to_owned(), (*state).to_owned())).collect()
}

pub fn eventually(subject: &str, state: &str, within: Option<u64>) -> ExpectKind {
    ExpectKind::Eventually { states: states(&[(subject, state)]), within: within.map(Duration::from_secs) }
}

pub fn before(first: (&str, &str), second: (&str, &str)) -> ExpectKind {
    ExpectKind::Before { first: states(&[first]).remove(0), second: states(&[second]).remove(0) }
}

pub fn cel(source: &str) -> Condition {
    Condition::Cel(source.to_owned())
}

pub fn always(condition: Condition, from: Option<Mark>, until: Option<Mark>) -> ExpectKind {
    ExpectKind::Always { condition, from, until }
}

pub fn never(condition: Condition, from: Option<Mark>, until: Option<Mark>) -> ExpectKind {
    ExpectKind::Never { condition, from, until }
}

pub fn told(verdicts: &[Verdict]) -> String {
    let line = |verdict: &Verdict| {
        let evidence = verdict.evidence.map(|id| format!(" by entry {}", id.0)).unwrap_or_default();
        format!(
            "{:?} {} at {}{evidence}\n  {}",
            verdict.status,
            verdict.text,
            verdict.at,
            verdict.detail.replace('\n', "\n  ")
        )
    };
    verdicts.iter().map(line).collect::<Vec<_>>().join("\n")
}

pub fn two_members() -> Vec<(u64, Step)> {
    vec![
        (0, Became("group/g", "deploying")),
        (1, Became("deployment/a", "active")),
        (2, Became("deployment/a", "monitoring")),
        (2, Became("deployment/b", "active")),
        (4, Became("deployment/b", "monitoring")),
        (4, Became("group/g", "monitoring")),
        (7, Became("deployment/b", "failed")),
    ]
}
