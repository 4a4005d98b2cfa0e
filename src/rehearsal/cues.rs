//! What a scenario brings into a run, and when: deployments, faults and actions, at a time or when something is reached.

use std::collections::BTreeMap;

use super::store::Store;
use crate::kernel::Duration;
use crate::scenario::model::{AccessTrigger, ActionEntry, ActionKind, FaultKind, Scenario, Target, TieEntry, Trigger};
use crate::text::Place;
use crate::timeline::{Entry, LineId, ScenarioLine, Subject};
use crate::workload::{Action, Disruption, Stage};

/// What a cue does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum CueKind {
    /// A document is submitted.
    Deploy(usize),
    /// A fault strikes.
    Fault(usize),
    /// An operator acts.
    Action(usize),
    /// What happens with a subject comes behind its peers.
    Tie(usize),
    /// The run ends.
    End,
    /// An observer wants to look, even if nothing happens.
    Look,
    /// A controller that was away is there again.
    Resume(usize),
}

/// One cue and what has become of it.
#[derive(Clone, Debug)]
pub(super) struct Cue {
    pub kind: CueKind,
    pub line: LineId,
    /// What it waits for: how many more times a state must be reached, and how long to wait then.
    pub waits: Option<Waits>,
    pub outcome: CueOutcome,
}

/// A state that a cue waits for.
#[derive(Clone, Debug)]
pub(super) struct Waits {
    pub text: String,
    pub left: u32,
    pub after: Duration,
    /// True for a write or read, which somebody else counts: `left` is then the how many-th is meant.
    pub access: bool,
}

/// What has become of a cue.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum CueOutcome {
    Pending,
    Fired,
    /// It stands in the world and counts as fired once it has had an effect.
    Standing(usize),
    /// It stands between systems and the API, by its number, and perhaps in the world too.
    Disturbing(u32, Option<usize>),
    /// It fired, and nothing came of it.
    Void(String),
    /// It fired, and was refused; the text says why.
    Refused(String),
}

/// All cues of a run. The token of a timer is a cue's index.
#[derive(Clone, Debug, Default)]
pub(super) struct Cues {
    pub cues: Vec<Cue>,
    by_state: BTreeMap<(Subject, String), Vec<usize>>,
    /// Those that wait for a write or read of which nobody knows yet.
    pub(super) unarmed: Vec<(usize, AccessTrigger)>,
}

impl Cues {
    /// Adds a cue and sets its timer, or has it wait for its state.
    pub fn add(&mut self, stage: &mut dyn Stage, kind: CueKind, place: &Place, what: &str, trigger: &Trigger) {
        let token = self.cues.len();
        let line = stage.timeline_mut().0.add_line(line(place, what));
        let mut waits = None;
        match trigger {
            Trigger::At(at) => stage.call_at(*at, token as u64, kind == CueKind::End),
            Trigger::On { subject, reaches, occurrence, after } => {
                let (_, names) = stage.timeline_mut();
                let text = format!("{subject}: {reaches}");
                if let Some(subject) = Subject::parse(subject, names) {
                    self.by_state.entry((subject, reaches.clone())).or_default().push(token);
                }
                waits = Some(Waits { text, left: *occurrence, after: *after, access: false });
            }
            Trigger::Access(access) => {
                let text = access.describe();
                waits = Some(Waits { text, left: access.occurrence, after: access.after, access: true });
                self.unarmed.push((token, access.clone()));
            }
        }
        self.cues.push(Cue { kind, line, waits, outcome: CueOutcome::Pending });
    }

    /// Adds what orders the events of an instant, from the start.
    pub fn tie(&mut self, stage: &mut dyn Stage, index: usize, tie: &TieEntry) {
        let (timeline, names) = stage.timeline_mut();
        let line = timeline.add_line(line(&tie.place, &tie_name(tie)));
        let subject = Subject::parse(&tie.subject, names);
        let outcome = match subject.map(|subject| stage.break_tie(tie.at, subject, tie.tie)) {
            Some(Ok(effect)) => CueOutcome::Standing(effect),
            Some(Err(refusal)) => CueOutcome::Refused(refusal),
            None => CueOutcome::Void("there is no such subject".to_owned()),
        };
        self.cues.push(Cue { kind: CueKind::Tie(index), line, waits: None, outcome });
    }

    /// Adds a cue that only looks.
    pub fn look(&mut self) -> u64 {
        let kind = CueKind::Look;
        self.cues.push(Cue { kind, line: LineId(0), waits: None, outcome: CueOutcome::Fired });
        self.cues.len() as u64 - 1
    }

    /// Adds a cue that has a controller come back.
    pub fn resume(&mut self, fault: usize, line: LineId) -> u64 {
        self.cues.push(Cue { kind: CueKind::Resume(fault), line, waits: None, outcome: CueOutcome::Fired });
        self.cues.len() as u64 - 1
    }

    /// True if a cue may wait for a state. Asked before [`Cues::reached`], which changes what it looks at: a fork in which nothing waits
    /// goes on sharing its cues.
    pub fn waits(&self) -> bool {
        !self.by_state.is_empty()
    }

    /// The cues that an entry sets off, with how long each waits from then on.
    pub fn reached(&mut self, entry: &Entry) -> Vec<(u64, Duration)> {
        let mut off = Vec::new();
        for token in self.by_state.get(&(entry.subject, entry.became.to_owned())).into_iter().flatten() {
            // What has been reached often enough sets its cue off once, however often it comes again.
            if let Some(waits) = self.cues[*token].waits.as_mut().filter(|waits| waits.left > 0) {
                waits.left -= 1;
                if waits.left == 0 && self.cues[*token].outcome == CueOutcome::Pending {
                    off.push((
                        *token as u64,
                        self.cues[*token].waits.as_ref().map_or(Duration::ZERO, |waits| waits.after),
                    ));
                }
            }
        }
        off
    }
}

/// A place of the scenario as the timeline keeps it.
pub(super) fn line(place: &Place, what: &str) -> ScenarioLine {
    ScenarioLine { file: place.file.clone(), line: place.line, column: place.column, what: what.into() }
}

/// The subject that a target stands for in this world: the first of its readings that the world knows, else the first.
fn subject(target: &Target, stage: &mut dyn Stage) -> Option<Subject> {
    let mut first = None;
    for text in target.subjects() {
        let (_, names) = stage.timeline_mut();
        let subject = Subject::parse(&text, names)?;
        if stage.counts(subject).is_some() {
            return Some(subject);
        }
        first = first.or(Some(subject));
    }
    first
}

/// A fault of the scenario as the world understands it.
pub(super) fn disruption(kind: &FaultKind, stage: &mut dyn Stage) -> Option<Disruption> {
    Some(match kind {
        FaultKind::PodKill { target, count } => Disruption::PodKill { target: subject(target, stage)?, count: *count },
        FaultKind::ContainerCrash { target, exit_code } => {
            Disruption::ContainerCrash { target: subject(target, stage)?, exit_code: *exit_code }
        }
        FaultKind::NodeDown { target, lasts } => {
            Disruption::NodeDown { target: subject(target, stage)?, lasts: *lasts }
        }
        FaultKind::ImagePullFail { image, times, lasts } => {
            Disruption::ImagePullFail { image: image.clone(), times: *times, lasts: *lasts }
        }
        FaultKind::SlowStart { target, extra, percent } => {
            Disruption::SlowStart { target: subject(target, stage)?, extra: *extra, percent: *percent }
        }
        // These strike a system, not the world alone.
        FaultKind::ControllerRestart { .. } | FaultKind::Alarm { .. } | FaultKind::Api(_) => return None,
        FaultKind::ProcessRestart { process, lasts } => Disruption::ProcessRestart { process: *process, lasts: *lasts },
        FaultKind::ClockSkew { target, by, ahead, lasts } => {
            Disruption::ClockSkew { target: subject(target, stage)?, by: *by, ahead: *ahead, lasts: *lasts }
        }
        FaultKind::StoreOutage { store, lasts } => Disruption::StoreOutage { store: *store, lasts: *lasts },
        FaultKind::ExportFail { deployment, times } => {
            let (_, names) = stage.timeline_mut();
            Disruption::ReadFail { serves: Subject::parse(&format!("deployment/{deployment}"), names)?, times: *times }
        }
        FaultKind::ImageBuildFail { definition, times } => {
            let (_, names) = stage.timeline_mut();
            Disruption::ReadFail { serves: Subject::parse(&format!("definition/{definition}"), names)?, times: *times }
        }
        FaultKind::ReadinessFlap { target, lasts, every, times } => {
            Disruption::ReadinessFlap { target: subject(target, stage)?, lasts: *lasts, every: *every, times: *times }
        }
        FaultKind::QuotaExhausted { namespace, lasts } => {
            Disruption::QuotaExhausted { namespace: namespace.clone(), lasts: *lasts }
        }
        FaultKind::Node { target, what } => Disruption::Node { target: subject(target, stage)?, what: what.clone() },
        FaultKind::GpuLoss { target, count, lasts } => {
            Disruption::GpuLoss { target: subject(target, stage)?, count: *count, lasts: *lasts }
        }
    })
}

/// An action of the scenario as the systems understand it.
pub(super) fn action(entry: &ActionEntry) -> Action {
    match entry.read {
        Some(ago) => Action::AsRead { ago, action: Box::new(unlocked(&entry.kind)) },
        None => unlocked(&entry.kind),
    }
}

/// What an action of the scenario is to the systems, whoever wrote since it was decided.
pub fn unlocked(kind: &ActionKind) -> Action {
    match kind.clone() {
        ActionKind::Undeploy(name) => Action::Undeploy(name),
        ActionKind::Apply(document) => Action::Apply(document.source),
        ActionKind::Replace(document) => Action::Replace(document.source),
        ActionKind::Delete(target) => Action::Delete(target),
        ActionKind::Scale(sizes) => Action::Scale(sizes),
        ActionKind::Restart(target) => Action::Restart(target),
        ActionKind::Rollback(target, revision) => Action::Rollback { target, revision },
        ActionKind::Pause(target) => Action::Pause(target),
        ActionKind::Resume(target) => Action::Resume(target),
        ActionKind::Promote(target, full) => Action::Promote { target, full },
        ActionKind::Abort(target) => Action::Abort(target),
        ActionKind::Retry(target) => Action::Retry(target),
        ActionKind::Click(target) => Action::Click(target),
        ActionKind::Complete(target) => Action::Complete(target),
        ActionKind::Abandon(target) => Action::Abandon(target),
        ActionKind::Forward(target) => Action::Forward(target),
        ActionKind::Activate(target, revision) => Action::Activate { target, revision },
        ActionKind::Weight(target, percent) => Action::Weight { target, percent },
        ActionKind::Push(service, commit) => Action::Push { service, commit },
        ActionKind::Mark(group, commit) => Action::Mark { group, commit },
    }
}

/// Adds every deployment, fault and action of a scenario, and its end.
pub(super) fn script(scenario: &Scenario, stage: &mut dyn Stage) -> Cues {
    let mut cues = Cues::default();
    for (index, deploy) in scenario.deploy.iter().enumerate() {
        let what = format!("deploy {}", deploy.document);
        cues.add(stage, CueKind::Deploy(index), &deploy.place, &what, &Trigger::At(deploy.at));
    }
    for (index, fault) in scenario.faults.iter().enumerate() {
        cues.add(stage, CueKind::Fault(index), &fault.place, &format!("fault {}", fault.name), &fault.trigger);
    }
    for (index, action) in scenario.actions.iter().enumerate() {
        cues.add(stage, CueKind::Action(index), &action.place, &format!("action {}", action.name), &action.trigger);
    }
    for (index, tie) in scenario.ties.iter().enumerate() {
        cues.tie(stage, index, tie);
    }
    cues
}

fn tie_name(tie: &TieEntry) -> String {
    format!("tie {} at {}", tie.subject, tie.at)
}

/// The name of a cue as messages show it.
pub(super) fn cue_name(scenario: &Scenario, store: &Store, kind: CueKind) -> String {
    match kind {
        CueKind::Deploy(index) => format!("deploy {}", scenario.deploy[index].document),
        CueKind::Fault(index) => format!("fault {}", store.faults[index].name),
        CueKind::Action(index) => format!("action {}", store.actions[index].name),
        CueKind::Tie(index) => tie_name(&store.ties[index]),
        CueKind::End => "end".to_owned(),
        CueKind::Look => "look".to_owned(),
        CueKind::Resume(index) => format!("fault {}", store.faults[index].name),
    }
}

/// Why a cue that never fired did not.
pub(super) fn why_not(cue: &Cue, seen: u32) -> String {
    match (&cue.waits, &cue.outcome) {
        (_, CueOutcome::Void(why)) => why.clone(),
        (_, CueOutcome::Refused(why)) => format!("refused: {why}"),
        (_, CueOutcome::Standing(_)) if matches!(cue.kind, CueKind::Tie(_)) => {
            "nothing happened with it at that instant".to_owned()
        }
        (_, CueOutcome::Standing(_) | CueOutcome::Disturbing(..)) => {
            "it stood to the end and matched nothing".to_owned()
        }
        (Some(waits), _) if waits.access && seen < waits.left => {
            let (text, nth) = (&waits.text, waits.left);
            match (nth, seen) {
                (1, _) => format!("{text}: there was none"),
                (_, 0) => format!("{text}, number {nth}: there was none"),
                _ => format!("{text}, number {nth}: there were {seen}"),
            }
        }
        (Some(waits), _) if waits.left > 0 && !waits.access => {
            format!("{} was never reached, {} to go", waits.text, waits.left)
        }
        _ => "the run ended before its time".to_owned(),
    }
}
