//! What must stay as it is while a scenario shrinks: the way in which it fails. A smaller scenario that fails in another way is
//! another finding.

use std::collections::BTreeSet;

use crate::explore::Target;
use crate::kernel::Time;
use crate::rehearsal::{Ending, Finding, RunResult, Verdict, VerdictStatus};
use crate::text::rule::Rule;
use crate::timeline::EntryId;

/// One way in which a run fails.
#[derive(Clone, PartialEq, Debug)]
pub struct Failure {
    /// What is to be found again.
    pub goal: Goal,
    /// What was found, in a sentence.
    pub detail: String,
    /// Since when it is so, or when it was known.
    pub at: Time,
    /// The entry that shows it.
    pub evidence: Option<EntryId>,
}

/// What is to be found again in every smaller scenario.
#[derive(Clone, PartialEq, Debug)]
pub enum Goal {
    /// A built-in oracle finds something about a subject of the same kind, for a reason in the same words.
    Finding(Target, Gist),
    /// An expectation comes out in the same way, for a reason in the same words.
    Expectation(String, VerdictStatus, Gist),
    /// An oracle does not find what it is expected to find.
    Missed(&'static Rule, Option<String>),
    /// A document is rejected, in the same words.
    Rejected(Gist),
    /// The run hits a limit.
    Limit,
    /// A fault or an action of this name never fires.
    Unfired(String, Gist),
}

/// The words of a sentence without names and numbers: what is left the same when there are fewer pods, nodes and minutes.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Gist(BTreeSet<String>);

impl Gist {
    /// The gist of a sentence.
    pub fn of(text: &str) -> Gist {
        let words = text.split_whitespace().map(|word| word.trim_matches(|one: char| !one.is_alphanumeric()));
        let plain = words.filter(|word| !word.is_empty() && word.chars().all(char::is_alphabetic));
        Gist(plain.map(singular).collect())
    }

    /// True for a sentence that says the same or less, but not much less.
    pub fn covers(&self, other: &Gist) -> bool {
        other.0.is_subset(&self.0) && other.0.len() * 2 >= self.0.len()
    }
}

/// A word as it stands with one of a thing.
fn singular(word: &str) -> String {
    let word = word.to_lowercase();
    match word.as_str() {
        "are" => "is".to_owned(),
        "were" => "was".to_owned(),
        "have" => "has".to_owned(),
        _ if word.len() > 3 && word.ends_with('s') && !word.ends_with("ss") => word[..word.len() - 1].to_owned(),
        _ => word,
    }
}

impl Failure {
    /// All ways in which a run fails, what the oracles found first.
    pub fn all(run: &RunResult) -> Vec<Failure> {
        let mut all: Vec<Failure> = Vec::new();
        let mut found: Vec<&Finding> = run.findings.iter().filter(|finding| !finding.expected).collect();
        found.sort_by_key(|finding| (finding.rule.gravity, finding.at));
        all.extend(found.into_iter().map(Failure::found));
        all.extend(run.verdicts.iter().filter(|verdict| verdict.status != VerdictStatus::Passed).map(Failure::judged));
        let end = |goal, detail| Failure { goal, detail, at: run.ended_at, evidence: None };
        all.extend(run.missed.iter().map(|missed| {
            let about = missed.about.as_ref().map(|about| format!(" about {about}")).unwrap_or_default();
            let detail = format!("{} finds nothing{about}, which is expected", missed.rule.name);
            end(Goal::Missed(missed.rule, missed.about.clone()), detail)
        }));
        for rejection in run.rejections.iter().filter(|rejection| !rejection.expected) {
            let message = rejection.diagnostics.first().map(|first| first.message.clone()).unwrap_or_default();
            all.push(Failure { at: Time::ZERO, ..end(Goal::Rejected(Gist::of(&message)), message) });
        }
        if let Ending::LimitReached(limit) = &run.ending {
            all.push(end(Goal::Limit, limit.clone()));
        }
        all.extend(run.unfired.iter().map(|unfired| {
            let detail = format!("{}: {}", unfired.name, unfired.why);
            end(Goal::Unfired(unfired.name.clone(), Gist::of(&unfired.why)), detail)
        }));
        all
    }

    /// The last expectation of a run, if that is what fails.
    pub fn last_expectation(run: &RunResult) -> Option<Failure> {
        run.verdicts.last().filter(|verdict| verdict.status != VerdictStatus::Passed).map(Failure::judged)
    }

    fn found(finding: &Finding) -> Failure {
        Failure {
            goal: Goal::Finding(Target::of(finding), Gist::of(&finding.detail)),
            detail: finding.detail.clone(),
            at: finding.at,
            evidence: finding.evidence,
        }
    }

    fn judged(verdict: &Verdict) -> Failure {
        Failure {
            goal: Goal::Expectation(verdict.text.clone(), verdict.status, Gist::of(&verdict.detail)),
            detail: verdict.detail.clone(),
            at: verdict.at,
            evidence: verdict.evidence,
        }
    }

    /// What it is called: the oracle, or the expectation.
    pub fn title(&self) -> String {
        match &self.goal {
            Goal::Finding(target, _) => format!("{} {} {}", target.rule.code, target.rule.name, target.subject),
            Goal::Expectation(text, ..) => text.clone(),
            Goal::Missed(rule, _) => format!("{} {} is missing", rule.code, rule.name),
            Goal::Rejected(_) => "a document is rejected".to_owned(),
            Goal::Limit => "the run hits a limit".to_owned(),
            Goal::Unfired(name, _) => format!("{name} never fires"),
        }
    }

    /// What the names of its files begin with: the code of the oracle, or the word of the expectation.
    pub fn code(&self) -> String {
        match &self.goal {
            Goal::Finding(target, _) => target.rule.code.to_owned(),
            Goal::Expectation(text, ..) => {
                let word = text.split_whitespace().next().unwrap_or_default();
                let known = ["eventually", "always", "never", "export", "final", "stable_for"];
                if known.contains(&word) { word.to_owned() } else { "before".to_owned() }
            }
            Goal::Missed(rule, _) => rule.code.to_owned(),
            Goal::Rejected(_) => "rejected".to_owned(),
            Goal::Limit => "limit".to_owned(),
            Goal::Unfired(..) => "unfired".to_owned(),
        }
    }
}

impl Goal {
    /// The failure of a run that is this one; `None` if it does not fail so, or fails in another way too that would hide it.
    pub fn failure(&self, run: &RunResult) -> Option<Failure> {
        let all = Failure::all(run);
        let is_rejected = |failure: &Failure| matches!(failure.goal, Goal::Rejected(_));
        if !matches!(self, Goal::Rejected(_)) && all.iter().any(is_rejected) {
            return None;
        }
        all.into_iter().find(|failure| self.is_met_by(&failure.goal))
    }

    /// True if the run fails in this way at all, for whatever reason and whoever it is about.
    pub fn is_alike(&self, run: &RunResult) -> bool {
        Failure::all(run).iter().any(|failure| match (self, &failure.goal) {
            (Goal::Finding(target, _), Goal::Finding(other, _)) => target.rule == other.rule,
            (Goal::Expectation(text, ..), Goal::Expectation(other, ..)) => text == other,
            (goal, other) => goal.is_met_by(other),
        })
    }

    /// True if an oracle finds the same about the very same subject, for whatever reason.
    pub fn is_of_same(&self, run: &RunResult) -> bool {
        Failure::all(run).iter().any(|failure| match (self, &failure.goal) {
            (Goal::Finding(target, _), Goal::Finding(other, _)) => {
                target.rule == other.rule && target.subject == other.subject
            }
            _ => false,
        })
    }

    fn is_met_by(&self, other: &Goal) -> bool {
        match (self, other) {
            (Goal::Finding(target, gist), Goal::Finding(other, said)) => {
                target.rule == other.rule && target.subject_kind == other.subject_kind && gist.covers(said)
            }
            (Goal::Expectation(text, status, gist), Goal::Expectation(other, how, said)) => {
                text == other && status == how && gist.covers(said)
            }
            (Goal::Rejected(gist), Goal::Rejected(said)) => gist.covers(said),
            (Goal::Unfired(name, gist), Goal::Unfired(other, said)) => name == other && gist.covers(said),
            (goal, other) => goal == other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gist_has_neither_names_nor_numbers() {
        let many = Gist::of("0/12 nodes are available: 12 Insufficient nvidia.com/gpu, 3 pods wait for Deployment/web");
        for (text, is_covered) in [
            ("0/1 node is available: 1 Insufficient nvidia.com/gpu, 1 pod waits for Deployment/api", true),
            ("0/2 nodes are available: 2 Insufficient cpu", false),
            ("no nodes are available", false),
            ("nodes", false),
            ("", false),
        ] {
            assert_eq!(many.covers(&Gist::of(text)), is_covered, "{text}");
        }
        assert!(Gist::of("").covers(&Gist::of("")));
    }
}
