//! The course of a run: hands what happens in the world to those that it is for, until the end.

use std::collections::BTreeSet;

use super::cues::{self, CueKind, CueOutcome, Cues};
use super::profiles::profiles;
use super::result::{Ending, Notice, Rejection, RunResult};
use super::store::Store;
use super::{Observer, notices, refusal, simulated};
use crate::cluster::Cluster;
use crate::kernel::{Shared, Time};
use crate::scenario::model::{ActionKind, FaultKind, Scenario, SystemName, Trigger};
use crate::systems::{self, Restart, System};
use crate::text::{Diagnostic, Place};
use crate::timeline::{Arg, Cause, Entry, EntryId, Kind, Layer, Subject, Why};
use crate::workload::{Action, Controller, Happening, Stage, Status, Struck, Wake};

/// How a run differs from what its scenario says.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Options {
    /// Another seed.
    pub seed: Option<u64>,
    /// An end before the scenario's own.
    pub stop_at: Option<Time>,
    /// True to add the state as the system itself would show it.
    pub native: bool,
}

/// A run that can go on: the world, the systems that act in it, and what the scenario still has in store.
/// Over the simulated world it is a value: a clone goes on by itself and comes to the same end.
#[derive(Clone)]
pub struct Rehearsal<S> {
    pub(super) scenario: std::sync::Arc<Scenario>,
    /// Its faults, actions and ties, with those that were put in.
    pub(super) store: Shared<Store>,
    pub(super) stage: S,
    pub(super) systems: Shared<Vec<System>>,
    /// Which of the systems takes each document of `deploy`: its own, or one that an earlier document brought.
    pub(super) takers: std::sync::Arc<[usize]>,
    /// The systems as they were before anything happened: what a restarted controller begins with.
    pub(super) pristine: std::sync::Arc<Vec<System>>,
    /// The controllers that are away; what happens meanwhile does not reach them.
    pub(super) away: BTreeSet<usize>,
    pub(super) cues: Shared<Cues>,
    /// Faults that struck where their write was counted, before they are told, by their tokens.
    pub(super) placed: BTreeSet<usize>,
    /// Entries before this position have been seen by triggers and observers.
    pub(super) seen: usize,
    /// The instant at which an observer is already sure to be called.
    pub(super) look_at: Option<Time>,
    pub(super) notices: Shared<Vec<Notice>>,
    pub(super) rejections: Shared<Vec<Rejection>>,
    /// What the planned end of the run is.
    pub(super) end: Ending,
    pub(super) ending: Option<Ending>,
}

/// Runs a scenario in the simulated world, from its start to its end.
///
/// # Errors
/// What is wrong with the scenario or its documents, so that there is nothing to run.
pub fn rehearse(
    scenario: &Scenario,
    options: Options,
    observers: &mut [Box<dyn Observer + '_>],
) -> Result<RunResult, Vec<Diagnostic>> {
    let cluster = simulated(scenario, options.seed.unwrap_or(scenario.seed))?;
    let mut rehearsal: Rehearsal<Cluster> = Rehearsal::new(scenario, cluster, options)?;
    while rehearsal.step(observers) {}
    Ok(rehearsal.finish(options, observers))
}

impl<S: Stage> Rehearsal<S> {
    /// Sets a scenario up in a world: reads its documents and plans what is to come.
    ///
    /// # Errors
    /// What is wrong with a document, so that nobody could submit it.
    pub fn new(scenario: &Scenario, mut stage: S, options: Options) -> Result<Rehearsal<S>, Vec<Diagnostic>> {
        let mut deployed: Vec<System> = Vec::new();
        let mut takers = Vec::new();
        let mut notices: Vec<Notice> = scenario.notices.iter().map(Notice::of).collect();
        let mut rejections = Vec::new();
        let mut problems = Vec::new();
        let mut made: BTreeSet<String> = BTreeSet::new();
        let profiles = profiles(scenario);
        for deploy in &scenario.deploy {
            match systems::read_with_files(deploy.system.text(), &deploy.source, &deploy.files, &profiles) {
                Ok(mut document) => {
                    notices.extend(document.warnings.iter().map(Notice::of));
                    // What is not there is made: a refusal to make it is one of the document.
                    for one in std::mem::take(&mut document.made) {
                        let refusal = one.refusal.filter(|_| !made.contains(&one.object));
                        document.problems.extend(refusal);
                        made.insert(one.object);
                    }
                    if !document.problems.is_empty() {
                        let expected = expects_rejection(scenario);
                        rejections.push(Rejection { diagnostics: document.problems, expected });
                    }
                    let first = deployed.iter().position(|first| document.system.joins(first));
                    takers.push(first.unwrap_or(deployed.len()));
                    if first.is_none() {
                        deployed.push(document.system);
                    }
                }
                Err(diagnostics) => problems.extend(diagnostics),
            }
        }
        for action in &scenario.actions {
            let (ActionKind::Apply(document) | ActionKind::Replace(document)) = &action.kind else { continue };
            match systems::read(document_system(scenario).text(), &document.source, &profiles) {
                Ok(read) => {
                    notices.extend(read.warnings.iter().map(Notice::of));
                    if !read.problems.is_empty() {
                        let expected = expects_rejection(scenario) || refusal::expects_refusal(scenario, &action.name);
                        rejections.push(Rejection { diagnostics: read.problems, expected });
                    }
                }
                Err(diagnostics) => problems.extend(diagnostics),
            }
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        for name in systems::qualify(&mut deployed) {
            let text =
                format!("several documents have a deployment `{name}`: each is `deployment/<group>/{name}` here");
            notices.push(Notice { file: scenario.file.to_string(), line: 0, text });
        }
        notices.extend(notices::lacking_namespaces(scenario, &deployed));
        notices.sort();
        notices.dedup();
        let mut cues = cues::script(scenario, &mut stage);
        let early = options.stop_at.filter(|at| *at < scenario.until);
        let until = early.unwrap_or(scenario.until);
        let start = Place { file: scenario.file.clone(), line: 1, column: 1 };
        cues.add(&mut stage, CueKind::End, &start, "the end", &Trigger::At(until));
        let mut rehearsal = Rehearsal {
            scenario: std::sync::Arc::new(scenario.clone()),
            store: Store::of(scenario).into(),
            stage,
            pristine: std::sync::Arc::new(deployed.clone()),
            away: BTreeSet::new(),
            systems: deployed.into(),
            takers: takers.into(),
            cues: cues.into(),
            placed: BTreeSet::new(),
            seen: 0,
            look_at: None,
            notices: notices.into(),
            rejections: rejections.into(),
            end: if early.is_some() { Ending::Asked } else { Ending::Until },
            ending: None,
        };
        rehearsal.arm();
        Ok(rehearsal)
    }

    /// The world.
    pub const fn stage(&self) -> &S {
        &self.stage
    }

    /// The world, for who keeps it.
    pub const fn stage_mut(&mut self) -> &mut S {
        &mut self.stage
    }

    /// The systems that act in it, in the order of the scenario's documents.
    pub fn systems(&self) -> &[System] {
        &self.systems
    }

    /// The status of an object as controllers observe it.
    pub fn observed(&mut self, subject: Subject) -> Option<Status> {
        self.stage.port(0).observed(subject)
    }

    /// Handles the next thing that happens; `false` once the run is over.
    pub fn step(&mut self, observers: &mut [Box<dyn Observer + '_>]) -> bool {
        if self.ending.is_some() {
            return false;
        }
        self.show_entries(observers);
        match self.stage.next() {
            Happening::Rehearsal(token) => self.cue(token as usize),
            Happening::Timer { controller, token, cause } => self.wake(controller, Wake::Timer(token), cause),
            Happening::Changed { controller, subject, cause } => {
                let wake = subject.map_or(Wake::NodesChanged, Wake::Changed);
                self.wake(controller, wake, cause);
            }
            Happening::Answered { controller, ask, outcome, cause } => {
                self.wake(controller, Wake::Answered(ask, outcome), cause);
            }
            Happening::InstantEnded => self.end_instant(observers),
            Happening::Quiet => self.ending = Some(Ending::Quiet),
            Happening::LimitReached(limit) => self.ending = Some(Ending::LimitReached(limit)),
            Happening::Stopped(stop) => self.ending = Some(Ending::Stopped(stop)),
        }
        self.show_entries(observers);
        self.ending.is_none()
    }

    /// Shows what was written since the last time to triggers and observers.
    fn show_entries(&mut self, observers: &mut [Box<dyn Observer + '_>]) {
        while self.seen < self.stage.timeline().len() {
            let id = EntryId(self.seen as u32);
            self.seen += 1;
            let Some(entry) = self.stage.timeline().get(id) else { continue };
            let set_off = if self.cues.waits() { self.cues.reached(&entry) } else { Vec::new() };
            for (token, after) in set_off {
                let at = self.stage.now() + after;
                self.stage.call_at(at, token, false);
            }
            for observer in observers.iter_mut() {
                observer.entry(id, &self.stage);
            }
        }
    }

    fn end_instant(&mut self, observers: &mut [Box<dyn Observer + '_>]) {
        for observer in observers.iter_mut() {
            observer.instant_ended(&self.stage);
        }
        let settled = !observers.is_empty() && observers.iter().all(|observer| observer.settled());
        if settled && self.scenario.stop_when_settled {
            self.ending = Some(Ending::Settled);
            return;
        }
        let now = self.stage.now();
        let due = observers.iter().filter_map(|observer| observer.due()).filter(|due| *due > now).min();
        if let Some(due) = due
            && self.look_at.is_none_or(|at| at <= now || due < at)
        {
            let token = self.cues.look();
            self.stage.call_at(due, token, true);
            self.look_at = Some(due);
        }
    }

    pub(super) fn wake(&mut self, controller: usize, wake: Wake, cause: Cause) {
        if self.away.contains(&controller) {
            return;
        }
        self.try_turn(controller, &wake, cause);
        if self.away.contains(&controller) {
            return;
        }
        if let Some(system) = self.systems.get_mut(controller) {
            // What stands in a database stands there once a turn is through.
            let keeps = system.restart() == Restart::FromDatabase && self.stage.may_end(controller);
            let before = keeps.then(|| system.clone());
            {
                let mut world = self.stage.port(controller);
                // Only actions are ever refused, and those are not woken from here.
                let _ = system.wake(wake, cause, world.as_mut());
            }
            if let Some(before) = before.filter(|_| self.stage.has_ended(controller)) {
                *system = before;
            }
        }
    }

    pub(super) fn cue(&mut self, token: usize) {
        let kind = self.cues.cues[token].kind;
        match kind {
            CueKind::Look | CueKind::Tie(_) => {}
            CueKind::End => {
                self.cues.cues[token].outcome = CueOutcome::Fired;
                self.ending = Some(self.end.clone());
            }
            CueKind::Deploy(index) => {
                let cause = Cause::Line(self.cues.cues[token].line);
                self.cues.cues[token].outcome = self.deploy(index, cause);
            }
            CueKind::Fault(index) => {
                let cause = self.note_cue(token, Kind::Fault);
                if self.placed.contains(&token) {
                    self.cues.cues[token].outcome = CueOutcome::Disturbing(index as u32, None);
                    return;
                }
                let fault = self.store.faults[index].kind.clone();
                if let FaultKind::ControllerRestart { of, lasts } = &fault {
                    self.cues.cues[token].outcome = self.restart(index, of, *lasts, token, cause);
                    return;
                }
                if let FaultKind::Api(entry) = &fault {
                    self.cues.cues[token].outcome = self.disturb(index, entry, cause);
                    return;
                }
                if let FaultKind::Alarm { of, alert, lasts } = fault {
                    self.cues.cues[token].outcome = self.act(&Action::Alarm { of, alert, lasts }, cause);
                    return;
                }
                self.cues.cues[token].outcome = match cues::disruption(&fault, &mut self.stage) {
                    None => CueOutcome::Void("its target is no subject".to_owned()),
                    Some(disruption) => match self.stage.disrupt(&disruption, cause) {
                        Ok(Struck::Now(0)) => CueOutcome::Void("it matched nothing".to_owned()),
                        Ok(Struck::Now(hit)) => {
                            self.tell_shortfall(index, hit);
                            CueOutcome::Fired
                        }
                        Ok(Struck::Standing(standing)) => CueOutcome::Standing(standing),
                        Err(refusal) => CueOutcome::Refused(refusal),
                    },
                };
            }
            CueKind::Resume(index) => self.start_controller(index, Cause::Line(self.cues.cues[token].line)),
            CueKind::Action(index) => {
                let cause = self.note_cue(token, Kind::Action);
                let action = cues::action(&self.store.actions[index]);
                let outcome = self.act(&action, cause);
                let name = &self.store.actions[index].name;
                self.cues.cues[token].outcome = refusal::settled(&self.scenario, name, outcome, cause, &mut self.stage);
            }
        }
    }

    /// Tells of a fault that found less to hit than it asks for.
    fn tell_shortfall(&mut self, index: usize, hit: u32) {
        let fault = &self.store.faults[index];
        let asked = match &fault.kind {
            FaultKind::PodKill { count, .. } => *count,
            FaultKind::GpuLoss { count, .. } => Some(*count),
            _ => None,
        };
        if let Some(asked) = asked.filter(|asked| hit < *asked) {
            let text = format!("fault {} hit {hit} of the {asked} that it asks for: there were no more", fault.name);
            self.notices.push(Notice { file: fault.place.file.to_string(), line: fault.place.line, text });
        }
    }

    /// Writes that a fault struck or an operator acted.
    fn note_cue(&mut self, token: usize, kind: Kind) -> Cause {
        let at = self.stage.now();
        let cue = &self.cues.cues[token];
        let (name, what) = match cue.kind {
            CueKind::Fault(index) => {
                (self.store.faults[index].name.clone(), self.store.faults[index].kind.text().to_owned())
            }
            CueKind::Action(index) => {
                (self.store.actions[index].name.clone(), self.store.actions[index].kind.describe())
            }
            _ => (String::new(), String::new()),
        };
        let waits = cue.waits.clone();
        let cause = Cause::Line(cue.line);
        let (timeline, names) = self.stage.timeline_mut();
        let subject = Subject::new(kind, names.name(&name));
        let what = Arg::Text(names.intern(&what));
        let why = match waits {
            None => Why::with("{}", what),
            Some(waits) if waits.access => {
                let (text, nth) = (Arg::Text(names.intern(&waits.text)), Arg::Count(waits.left.into()));
                match waits.after.is_zero() {
                    true => Why::with3("{}, {}, number {}", what, text, nth),
                    false => {
                        let text = Arg::Text(names.intern(&format!("{}, number {}", waits.text, waits.left)));
                        Why::with3("{}, {} after {}", what, Arg::Length(waits.after), text)
                    }
                }
            }
            Some(waits) => {
                let text = Arg::Text(names.intern(&waits.text));
                Why::with3("{}, {} after {}", what, Arg::Length(waits.after), text)
            }
        };
        let entry = Entry { at, subject, became: "fired", why, cause, layer: Layer::Scenario };
        Cause::Entry(timeline.push(entry, names))
    }
}

/// The system that reads the documents of actions: the first of the scenario that takes any and is more than Kubernetes, whose
/// manifests such a system reads too.
fn document_system(scenario: &Scenario) -> SystemName {
    let of_its_own = |system: &SystemName| system.applies_documents() && *system != SystemName::Kubernetes;
    scenario.deploy.iter().map(|deploy| deploy.system).find(of_its_own).unwrap_or(SystemName::Kubernetes)
}

/// True if the scenario says that a document is to be rejected: an expectation names that state.
fn expects_rejection(scenario: &Scenario) -> bool {
    scenario
        .expect
        .iter()
        .any(|expect| expect.kind.states().iter().any(|(_, state)| state.eq_ignore_ascii_case("rejected")))
}
