//! The end of a run: its verdicts, what never fired or was refused, and the state as the systems show it.

use std::collections::BTreeSet;

use super::cues::{self, CueKind, CueOutcome};
use super::play::Options;
use super::result::{Ending, RunResult, Unfired, Verdict, VerdictStatus};
use super::{Fate, Observer, Rehearsal, notices};
use crate::scenario::Scenario;
use crate::scenario::model::ExpectKind;
use crate::systems;
use crate::timeline::{Cause, Entry, Kind, Subject, render};
use crate::workload::{Controller, Stage};

impl<S: Stage> Rehearsal<S> {
    /// Ends the run: gathers verdicts, what never fired, and the state as the systems show it.
    pub fn finish(mut self, options: Options, observers: &mut [Box<dyn Observer + '_>]) -> RunResult {
        let mut verdicts: Vec<Verdict> =
            observers.iter_mut().flat_map(|observer| observer.finish(&self.stage)).collect();
        let ending = self.ending.clone().unwrap_or(Ending::Until);
        let (mut findings, mut missed) = (Vec::new(), Vec::new());
        for observer in observers.iter_mut() {
            let (found, lacking) = observer.findings(&self.stage, &ending);
            findings.extend(found);
            missed.extend(lacking);
        }
        findings.sort_by_key(|finding| finding.at);
        if let Some(Ending::Stopped(_)) = self.ending {
            unsettle_ends(&self.scenario, &mut verdicts);
        }
        let mut unfired = self.unfired();
        unfired.extend(self.refusals());
        let native = options.native.then(|| self.native());
        let names = self.stage.names().clone();
        // A run that was cut short, or only set up, has not met all its workloads.
        if !matches!(self.ending, None | Some(Ending::Asked)) {
            self.notices.extend(notices::idle(&self.scenario, &self.stage));
            self.notices.sort();
        }
        self.notices.extend(notices::hurried(&self.scenario, &verdicts));
        RunResult {
            name: self.scenario.name.clone(),
            file: self.scenario.file.to_string(),
            seed: options.seed.unwrap_or(self.scenario.seed),
            speed: self.scenario.speed,
            profile: format!("kubernetes {}", self.scenario.kubernetes.version),
            timeline: self.stage.timeline().clone(),
            names,
            ended_at: self.stage.now(),
            ending,
            traffic: self.stage.traffic().cloned().unwrap_or_default(),
            verdicts,
            findings,
            missed,
            unfired,
            rejections: self.rejections.into_inner(),
            notices: self.notices.into_inner(),
            native,
            live: None,
        }
    }

    fn unfired(&self) -> Vec<Unfired> {
        let fired = |outcome: &CueOutcome| self.fate_of(outcome) == Fate::Fired;
        let cues = self.cues.cues.iter().enumerate();
        let unfired = cues.filter(|(_, cue)| cue.kind != CueKind::End && !fired(&cue.outcome));
        unfired
            .filter_map(|(token, cue)| {
                Some(Unfired {
                    line: self.stage.timeline().line(cue.line)?.clone(),
                    name: cues::cue_name(&self.scenario, &self.store, cue.kind),
                    why: cues::why_not(cue, self.seen_at(token)) + &self.subject_meant(cue),
                })
            })
            .collect()
    }

    /// Objects that the API refused while the run went on, as for a quota or a webhook that is down, although no expectation says
    /// so. What is refused on sight is told with its document, and what an action was refused at once with the action.
    fn refusals(&self) -> Vec<Unfired> {
        let (timeline, names) = (self.stage.timeline(), self.stage.names());
        let on_sight = self.rejections.iter().flat_map(|one| &one.diagnostics);
        let on_sight: BTreeSet<&str> = on_sight.map(|one| one.message.as_str()).collect();
        let mut refusals = Vec::new();
        for (id, entry) in timeline.since(0).filter(|(_, entry)| is_refusal(entry)) {
            let reason = render::why(&entry.why, names);
            let first = timeline.chain(id).last().and_then(|first| timeline.get(*first));
            let Some(Cause::Line(line)) = first.map(|first| first.cause) else { continue };
            let cue = self.cues.cues.iter().find(|cue| cue.line == line && cue.kind != CueKind::End);
            let (Some(cue), Some(place)) = (cue, timeline.line(line)) else { continue };
            let told = matches!(cue.outcome, CueOutcome::Void(_) | CueOutcome::Refused(_))
                || on_sight.contains(reason.split(" (and ").next().unwrap_or(&reason));
            if told || self.expects_refusal(entry.subject) {
                continue;
            }
            let name = cues::cue_name(&self.scenario, &self.store, cue.kind);
            let why = format!("{} was refused: {reason}", entry.subject.show(names));
            refusals.push(Unfired { line: place.clone(), name, why });
        }
        refusals.dedup();
        refusals
    }

    /// True if an expectation names the state `Rejected` of an object, or `rejected` of manifests that have it.
    fn expects_refusal(&self, subject: Subject) -> bool {
        let names = self.stage.names();
        let shown = subject.show(names);
        let sets: Vec<String> = self.systems.iter().filter_map(|system| system.set_with(subject)).collect();
        let expected = self.scenario.expect.iter().flat_map(|expect| expect.kind.states());
        expected
            .filter(|(_, state)| state.eq_ignore_ascii_case("rejected"))
            .any(|(subject, _)| *subject == shown || sets.contains(subject))
    }

    fn native(&mut self) -> serde_json::Value {
        let mut states = Vec::new();
        for (controller, system) in self.systems.iter().enumerate() {
            let world = self.stage.port(controller);
            states.push(system.native(world.as_ref()));
        }
        if states.len() == 1 { states.remove(0) } else { systems::together(states) }
    }
}

/// True for an entry that tells of a refusal itself: a set of manifests, or what is refused with a group, only follows.
fn is_refusal(entry: &Entry) -> bool {
    match entry.became {
        "Rejected" => true,
        "rejected" => entry.subject.kind != Kind::Manifests && matches!(entry.cause, Cause::Line(_)),
        _ => false,
    }
}

/// What holds at the end cannot be told of a run that was cut off: what was seen last may be long over.
fn unsettle_ends(scenario: &Scenario, verdicts: &mut [Verdict]) {
    for (expect, verdict) in scenario.expect.iter().zip(verdicts) {
        if matches!(expect.kind, ExpectKind::Final { .. }) && verdict.status == VerdictStatus::Passed {
            verdict.status = VerdictStatus::Unjudged;
            verdict.detail = "the run was cut off before its end".to_owned();
        }
    }
}
