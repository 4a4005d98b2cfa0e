//! What an expression asked for, and the answers of this instant.

use std::collections::BTreeMap;
use std::fmt;

use crate::oracle::board::{Board, Slot};
use crate::oracle::scene::Scene;
use crate::scenario::model::View;
use crate::timeline::{EntryId, Kind, Subject};
use crate::workload::Counts;
use crate::workload::traffic::Series;

/// The most entries of one instant that are searched for what broke an expectation.
const ENTRIES_SEARCHED_MAX: usize = 10_000;

/// A figure of a workload.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Figure {
    /// Pods that are wanted.
    Desired,
    /// Pods that are there.
    Pods,
    /// Pods with a running container.
    Running,
    /// Pods that are ready.
    Ready,
    /// Pods that have been ready for long enough.
    Available,
    /// Pods whose application answers.
    Serving,
    /// Pods that those who send requests know of.
    Registered,
    /// Restarts.
    Restarts,
    /// GPUs that are held.
    Gpus,
}

impl Figure {
    /// Every figure.
    pub const ALL: [Figure; 9] = [
        Figure::Desired,
        Figure::Pods,
        Figure::Running,
        Figure::Ready,
        Figure::Available,
        Figure::Serving,
        Figure::Registered,
        Figure::Restarts,
        Figure::Gpus,
    ];

    /// The name of the function that gives it.
    pub const fn function(self) -> &'static str {
        match self {
            Figure::Desired => "desired",
            Figure::Pods => "pods",
            Figure::Running => "running",
            Figure::Ready => "ready",
            Figure::Available => "available",
            Figure::Serving => "serving",
            Figure::Registered => "registered",
            Figure::Restarts => "restarts",
            Figure::Gpus => "gpus",
        }
    }

    const fn of(self, counts: &Counts) -> u64 {
        match self {
            Figure::Desired => counts.desired as u64,
            Figure::Pods => counts.pods as u64,
            Figure::Running => counts.running as u64,
            Figure::Ready => counts.ready as u64,
            Figure::Available => counts.available as u64,
            Figure::Serving => counts.serving as u64,
            Figure::Registered => counts.registered as u64,
            Figure::Restarts => counts.restarts as u64,
            Figure::Gpus => counts.gpus,
        }
    }
}

/// Something that an expression asks for.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Question {
    /// A figure of a subject.
    Count(Figure, String),
    /// What a subject is.
    Status(String),
    /// Whether a subject ever was in a state.
    Reached(String, String),
    /// The share of a name's requests that go to a party, in parts of a million.
    SharePpm(String, String),
    /// How long nobody served a name, in thousandths of a second.
    OutageMillis(String),
    /// GPUs of ready nodes.
    GpusTotal,
    /// GPUs that pods hold.
    GpusUsed,
}

/// What it is told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Answer {
    /// A number.
    Number(i64),
    /// A text.
    Text(String),
    /// Yes or no.
    Truth(bool),
}

#[derive(Clone, Debug)]
struct Row {
    slot: Option<Slot>,
    answer: Answer,
}

/// Questions and their answers.
#[derive(Clone, Debug, Default)]
pub struct Table {
    rows: BTreeMap<Question, Row>,
    missing: Vec<Question>,
}

impl Table {
    /// The answer, if it is known; if not, the question is kept for [`Table::answer_missing`].
    pub fn look_up(&mut self, question: Question) -> Option<Answer> {
        let known = self.rows.get(&question).map(|row| row.answer.clone());
        if known.is_none() {
            self.missing.push(question);
        }
        known
    }

    /// Asks every known question again; true if any answer is another.
    pub fn refresh(&mut self, scene: &Scene<'_>, view: View) -> bool {
        let mut changed = false;
        for (question, row) in &mut self.rows {
            let answer = ask(question, row.slot, scene, view);
            changed |= answer != row.answer;
            row.answer = answer;
        }
        changed
    }

    /// Answers what was asked in vain; true if there was anything.
    ///
    /// # Errors
    /// Why a text that was given for a subject is none.
    pub fn answer_missing(&mut self, scene: &mut Scene<'_>, view: View) -> Result<bool, String> {
        let any = !self.missing.is_empty();
        for question in std::mem::take(&mut self.missing) {
            let slot = match question.subject() {
                Some(text) => Some(scene.board.watch_late(text, scene.stage.timeline(), scene.stage.names())?),
                None => None,
            };
            let answer = ask(&question, slot, scene, view);
            self.rows.insert(question, Row { slot, answer });
        }
        Ok(any)
    }

    /// Answers what was asked in vain with made-up answers; true if there was anything.
    pub fn pretend(&mut self, answer: impl Fn(&Question) -> Answer) -> bool {
        let any = !self.missing.is_empty();
        for question in std::mem::take(&mut self.missing) {
            let answer = answer(&question);
            self.rows.insert(question, Row { slot: None, answer });
        }
        any
    }

    /// All answers in words.
    pub fn figures(&self) -> String {
        let told: Vec<String> =
            self.rows.iter().map(|(question, row)| format!("{question} was {}", row.answer)).collect();
        told.join(", ")
    }

    /// The latest entry of this instant about something that was asked for or about what follows from it, as a pod
    /// follows from its deployment; else the latest entry of this instant; else the latest about what was asked for.
    pub fn evidence(&self, scene: &Scene<'_>) -> Option<EntryId> {
        let timeline = scene.stage.timeline();
        let subjects: Vec<Subject> = self
            .rows
            .values()
            .filter_map(|row| row.slot)
            .flat_map(|slot| scene.board.subjects(slot, scene.stage.names()))
            .collect();
        let named = |id: &EntryId| timeline.get(*id).is_some_and(|entry| subjects.contains(&entry.subject));
        let ids = (0..timeline.len() as u32).rev().map(EntryId);
        let at_once = |id: &EntryId| timeline.get(*id).is_some_and(|entry| entry.at == scene.now);
        let of_now: Vec<EntryId> = ids.take_while(at_once).take(ENTRIES_SEARCHED_MAX).collect();
        let follows: Vec<EntryId> = of_now.iter().copied().filter(|id| timeline.chain(*id).iter().any(named)).collect();
        // Figures are of pods: the pod that changed tells more than what a controller made of it.
        let of_pods = self.rows.keys().any(|question| matches!(question, Question::Count(..)));
        let is_pod = |id: &EntryId| timeline.get(*id).is_some_and(|entry| entry.subject.kind == Kind::Pod);
        let pod = follows.iter().copied().find(|id| of_pods && is_pod(id));
        let earlier = || self.rows.values().filter_map(|row| scene.board.now(row.slot?)).map(|seen| seen.id).max();
        pod.or(follows.first().copied()).or(of_now.first().copied()).or_else(earlier)
    }

    /// The subjects that never appeared, in words.
    pub fn never_appeared(&self, scene: &Scene<'_>) -> Option<String> {
        let mut slots: Vec<Slot> = self.rows.values().filter_map(|row| row.slot).collect();
        slots.sort_unstable();
        slots.dedup();
        let nowhere = slots.into_iter().filter(|slot| !scene.there(*slot));
        let mut told: Vec<String> = nowhere.map(|slot| scene.never_appeared(slot)).collect();
        told.extend(self.rows.iter().filter_map(|(question, row)| never_served(question, row.slot?, scene)));
        if told.is_empty() { None } else { Some(told.join("\n")) }
    }
}

fn ask(question: &Question, slot: Option<Slot>, scene: &Scene<'_>, view: View) -> Answer {
    let number = |number: u64| Answer::Number(i64::try_from(number).unwrap_or(i64::MAX));
    match (question, slot) {
        (Question::Count(figure, _), Some(slot)) => {
            number(counts(slot, scene, view).map_or(0, |counts| figure.of(&counts)))
        }
        (Question::Status(_), Some(slot)) => Answer::Text(status(slot, scene.board)),
        (Question::Reached(_, state), Some(slot)) => Answer::Truth(scene.board.reached(slot, state).is_some()),
        (Question::SharePpm(_, party), Some(slot)) => number(share_ppm(slot, party, scene)),
        (Question::OutageMillis(_), Some(slot)) => number(outage_millis(slot, scene)),
        (Question::GpusTotal, _) => number(scene.stage.gpus().0),
        (Question::GpusUsed, _) => number(scene.stage.gpus().1),
        (
            Question::Count(..)
            | Question::Status(_)
            | Question::Reached(..)
            | Question::SharePpm(..)
            | Question::OutageMillis(_),
            None,
        ) => unreachable!("a question about a subject has its slot"),
    }
}

/// The shares of the subject that a slot stands for.
fn series<'a>(slot: Slot, scene: &'a Scene<'_>) -> Option<&'a Series> {
    let traffic = scene.stage.traffic()?;
    scene.board.subjects(slot, scene.stage.names()).into_iter().find_map(|name| traffic.of(name))
}

/// That a share was asked for that there never could be.
fn never_served(question: &Question, slot: Slot, scene: &Scene<'_>) -> Option<String> {
    let Question::SharePpm(name, party) = question else { return None };
    let names = scene.stage.names();
    match series(slot, scene) {
        Some(series) if series.parties().iter().any(|known| known.show(names) == *party) => None,
        Some(_) => Some(format!("`{party}` never served `{name}`")),
        // Whether there is such a subject at all is told beside this.
        None if scene.there(slot) => {
            Some(format!("no requests go to `{name}`: a share is of `traffic/NAME` or `Service/NAME`"))
        }
        None => None,
    }
}

fn share_ppm(slot: Slot, party: &str, scene: &Scene<'_>) -> u64 {
    let Some(series) = series(slot, scene) else { return 0 };
    let names = scene.stage.names();
    let party = series.parties().iter().find(|known| known.show(names) == party);
    party.map_or(0, |party| series.share_ppm(*party, scene.now))
}

fn outage_millis(slot: Slot, scene: &Scene<'_>) -> u64 {
    series(slot, scene).map_or(0, |series| series.outage(scene.now).nanos() / 1_000_000)
}

fn counts(slot: Slot, scene: &Scene<'_>, view: View) -> Option<Counts> {
    let subjects = scene.board.subjects(slot, scene.stage.names());
    subjects.into_iter().find_map(|subject| match view {
        View::Actual => scene.stage.counts(subject),
        View::Observed => scene.stage.observed_counts(subject),
    })
}

fn status(slot: Slot, board: &Board) -> String {
    board.now(slot).map_or("", |seen| seen.became).to_owned()
}

impl Question {
    fn subject(&self) -> Option<&str> {
        match self {
            Question::Count(_, subject)
            | Question::Status(subject)
            | Question::Reached(subject, _)
            | Question::SharePpm(subject, _)
            | Question::OutageMillis(subject) => Some(subject),
            Question::GpusTotal | Question::GpusUsed => None,
        }
    }
}

impl fmt::Display for Question {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Question::Count(figure, subject) => write!(out, "{}('{subject}')", figure.function()),
            Question::Status(subject) => write!(out, "status('{subject}')"),
            Question::Reached(subject, state) => write!(out, "reached('{subject}', '{state}')"),
            Question::SharePpm(subject, party) => write!(out, "share('{subject}', '{party}') in ppm"),
            Question::OutageMillis(subject) => write!(out, "outage('{subject}') in ms"),
            Question::GpusTotal => out.write_str("gpus_total()"),
            Question::GpusUsed => out.write_str("gpus_used()"),
        }
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Answer::Number(number) => write!(out, "{number}"),
            Answer::Text(text) => write!(out, "'{text}'"),
            Answer::Truth(truth) => write!(out, "{truth}"),
        }
    }
}
