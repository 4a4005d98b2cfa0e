//! Findings of many runs, told once: those of one oracle with one cause are a group, with the smallest plan that shows it.

use std::collections::{BTreeMap, BTreeSet};

use super::fork::Fork;
use super::plan::{Plan, Target};
use super::vocabulary::ends_after;
use crate::oracle::builtin::{origin, rules};
use crate::rehearsal::Finding;
use crate::text::rule::{Gravity, Rule};
use crate::timeline::steps::Step;
use crate::timeline::{EntryId, Kind};
use crate::workload::Stage;

/// What makes two findings the same: the oracle, the role of whom it is about, what happened at the entry that shows it, and the kinds
/// of faults and actions that led there.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Signature {
    /// The oracle's code.
    pub code: &'static str,
    /// Whom it is about, with `#` for each number.
    pub role: String,
    /// What the entry that shows it became, and the text of its reason.
    pub shown: (&'static str, &'static str),
    /// The faults and actions on its chain of causes, as a scenario calls them; those of the whole plan if there are none.
    pub causes: BTreeSet<String>,
}

/// A finding of a run, and what tells it from others.
#[derive(Clone, Debug)]
pub struct Seen {
    /// What was found.
    pub finding: Finding,
    /// What makes it the same as another.
    pub signature: Signature,
    /// True if it is what a fault means: nobody serves while the pods that it hit are away, or nothing goes on while what it took is gone.
    pub explained: bool,
}

/// Findings that are the same.
#[derive(Clone, Debug)]
pub struct Group {
    /// The oracle.
    pub rule: &'static Rule,
    /// What they have in common.
    pub signature: Signature,
    /// One of them, that of the plan.
    pub finding: Finding,
    /// About whom else the oracle finds something in the run of the plan, from the same faults and actions.
    pub also: Vec<String>,
    /// The smallest plan that shows it; of equal ones that of the first run.
    pub plan: Plan,
    /// The same with what had no effect that anybody counted, in case it had one.
    pub whole: Plan,
    /// The steps from state to state that the run of this plan makes, and the scenario as it is does not.
    pub steps: Vec<Step>,
    /// The first run that showed it; 0 is the scenario as it is.
    pub first: u64,
    /// How many runs showed it.
    pub count: u64,
    /// True if all of them are what the faults mean.
    pub explained: bool,
    /// True if the plan shows it again when it is run from its start, as a scenario.
    pub repeats: bool,
}

impl Group {
    /// What a smaller scenario must still show.
    pub fn target(&self) -> Target {
        Target::of(&self.finding)
    }

    /// True if another says the same of the same subject and needs all that this one does.
    fn says_the_same(&self, other: &Group) -> bool {
        let said = |group: &Group| (group.rule.code, group.finding.subject.clone(), group.finding.detail.clone());
        said(self) == said(other) && !self.plan.is_empty() && self.plan.is_within(&other.plan)
    }

    /// Where it stands among the others, the most telling first: what needs no fault, then what an operator alone does, then one
    /// fault; errors before warnings; what the faults explain last.
    fn rank(&self) -> impl Ord + use<> {
        let (faults, actions) = (self.plan.faults.len(), self.plan.actions.len());
        let needs = match (faults, actions) {
            (0, 0) => 0,
            (0, _) => 1,
            _ => 1 + faults,
        };
        let gravity: Gravity = self.rule.gravity;
        (self.explained, needs, gravity, actions, u64::MAX - self.count, self.first, self.signature.clone())
    }
}

/// The groups of a search, as runs come in.
#[derive(Clone, Debug, Default)]
pub struct Groups(BTreeMap<Signature, Group>);

impl Groups {
    /// Adds what a run showed; runs come in the order of their numbers.
    pub fn add(&mut self, seen: Seen, (plan, whole): (&Plan, &Plan), steps: &[Step], run: u64) -> bool {
        let Seen { finding, signature, explained } = seen;
        if let Some(group) = self.0.get_mut(&signature) {
            group.count += 1;
            group.explained &= explained;
            if plan.len() < group.plan.len() {
                (group.plan, group.finding, group.steps) = (plan.clone(), finding, steps.to_vec());
                group.whole = whole.clone();
            }
            return false;
        }
        let rule = finding.rule;
        let group = Group {
            rule,
            signature: signature.clone(),
            finding,
            also: Vec::new(),
            plan: plan.clone(),
            whole: whole.clone(),
            steps: steps.to_vec(),
            first: run,
            count: 1,
            explained,
            repeats: true,
        };
        self.0.insert(signature, group);
        true
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The groups, the most telling first. A group of several faults that one of fewer explains is left to that one, and one of which
    /// the same plan shows another already is told with it.
    pub fn ranked(self) -> Vec<Group> {
        let mut groups: Vec<Group> = self.0.into_values().collect();
        groups.sort_by_cached_key(Group::rank);
        let mut kept: Vec<Group> = Vec::new();
        for group in groups {
            let together = kept.iter_mut().find(|one| {
                one.signature.code == group.signature.code
                    && one.signature.causes == group.signature.causes
                    && !one.plan.is_empty()
                    && one.explained == group.explained
                    && one.plan.adds_the_same(&group.plan)
            });
            if let Some(one) = together {
                one.also.push(group.finding.subject);
                continue;
            }
            let same = kept.iter_mut().find(|one| {
                one.signature.code == group.signature.code
                    && one.signature.role == group.signature.role
                    && one.signature.shown == group.signature.shown
                    && one.signature.causes.is_subset(&group.signature.causes)
                    || one.says_the_same(&group)
            });
            match same {
                Some(one) => one.count += group.count,
                None => kept.push(group),
            }
        }
        kept
    }
}

/// A finding as it is compared between runs: the same oracle about the same subject, whatever its numbers.
pub fn told_once(finding: &Finding) -> (&'static str, String) {
    (finding.rule.code, unnumbered(&finding.subject))
}

/// A text with `#` for each of its numbers, so that one pod is like the next.
fn unnumbered(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '0'..='9' if shown.ends_with('#') => {}
            '0'..='9' => shown.push('#'),
            _ => shown.push(character),
        }
    }
    shown
}

/// A finding with what makes it the same as others, while its run is at hand.
pub fn seen(finding: Finding, run: &Fork, plan: &Plan) -> Seen {
    let compares = finding.rule == &rules::CHURN || finding.rule == &rules::DIVERGENCE;
    let mut causes = finding.evidence.map_or_else(BTreeSet::new, |entry| causes(run, entry));
    // What the text of the finding says, which looks beyond its chain at the nodes of its pods.
    let from_fault = finding.evidence.is_some_and(|entry| origin::fault(run.timeline(), entry).is_some());
    // An end that differs is shown by an entry that may be as it would have been.
    if causes.is_empty() || compares {
        causes = plan.faults.iter().map(|fault| fault.kind.text().to_owned()).collect();
        causes.extend(plan.actions.iter().map(|action| action.kind.text().to_owned()));
    }
    let entry = finding.evidence.and_then(|id| run.timeline().get(id));
    let shown = entry.map_or(("", ""), |entry| (entry.became, entry.why.template));
    let stays = plan.faults.iter().any(|fault| ends_after(&fault.kind).is_none());
    let explained = (finding.rule == &rules::OUTAGE && from_fault) || (finding.rule == &rules::STUCK && stays);
    let signature = Signature { code: finding.rule.code, role: unnumbered(&finding.subject), shown, causes };
    Seen { finding, signature, explained }
}

/// The kinds of faults and actions on the chain of causes of an entry.
fn causes(run: &Fork, entry: EntryId) -> BTreeSet<String> {
    let (timeline, names) = (run.timeline(), run.stage().names());
    let run = run.rehearsal();
    let entries = timeline.chain(entry).into_iter().filter_map(|id| timeline.get(id));
    let of = entries.filter(|entry| matches!(entry.subject.kind, Kind::Fault | Kind::Action));
    let word = |entry: crate::timeline::Entry| {
        let name = names.show(entry.subject.name);
        let fault = run.faults().iter().find(|fault| fault.name == name).map(|fault| fault.kind.text());
        let action = run.actions().iter().find(|action| action.name == name).map(|action| action.kind.text());
        if entry.subject.kind == Kind::Fault { fault } else { action }.map(str::to_owned)
    };
    of.filter_map(word).collect()
}

#[cfg(test)]
mod tests {
    use super::unnumbered;

    #[test]
    fn pods_of_one_role_are_told_alike() {
        assert_eq!(unnumbered("Pod/llm-r2-10"), "Pod/llm-r#-#");
        assert_eq!(unnumbered("Deployment/web"), "Deployment/web");
    }
}
