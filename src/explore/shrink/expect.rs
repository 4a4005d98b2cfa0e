//! The expectation that a shrunk scenario states for itself: what an oracle found, said as the scenario file says it, where that can be
//! said.

use super::draft::{Draft, File};
use super::goal::Goal;
use super::tree::{Tree, keys};
use super::trial::Trial;
use crate::oracle::builtin::rules;
use crate::rehearsal::VerdictStatus;

/// What somebody waits for, by the kind of subject.
const WANTED: [(&str, &str); 17] = [
    ("Pod", "Ready"),
    ("Deployment", "Complete"),
    ("StatefulSet", "Complete"),
    ("DaemonSet", "Complete"),
    ("Rollout", "Healthy"),
    ("Job", "Complete"),
    ("LeaderWorkerSet", "Available"),
    ("manifests", "ready"),
    ("group", "monitoring"),
    ("deployment", "monitoring"),
    ("graph", "ready"),
    ("component", "ready"),
    ("traffic", "serving"),
    ("revision", "active"),
    ("instance", "Running"),
    ("step", "succeeded"),
    ("PodCliqueSet", "Available"),
];

/// The draft with an expectation that says what its oracle finds, if one does: it fails with what the scenario does, and holds without
/// it.
pub fn with_expectation(trial: &Trial<'_>, draft: Draft) -> Draft {
    let Goal::Finding(target, _) = trial.goal() else { return draft };
    let subject = trial.run(&draft).and_then(|(_, run)| trial.goal().failure(&run)).map(|failure| failure.goal);
    let subject = match subject {
        Some(Goal::Finding(found, _)) => found.subject,
        _ => target.subject.clone(),
    };
    for entry in said(target.rule.name, &subject) {
        let with = with_entry(&draft, &entry);
        let fails = |draft: &Draft| {
            let (_, run) = trial.run(draft)?;
            let is_found = trial.goal().failure(&run).is_some();
            let status = run.verdicts.first()?.status;
            Some((is_found, status))
        };
        let holds_without = || match trial.calm(&with) {
            Some(calm) => fails(&calm).is_some_and(|(_, status)| status == VerdictStatus::Passed),
            None => true,
        };
        if fails(&with) == Some((true, VerdictStatus::Failed)) && holds_without() {
            return with;
        }
    }
    draft
}

/// What an oracle finds, as expectations that it breaks, the best first.
fn said(rule: &str, subject: &str) -> Vec<Tree> {
    let kind = subject.split_once('/').map_or(subject, |(kind, _)| kind);
    if rule == rules::OUTAGE.name {
        return vec![Tree::one("always", Tree::Text(format!("outage('{subject}') == 0.0")))];
    }
    if rule == rules::STUCK.name || rule == rules::DIVERGENCE.name {
        let wanted = WANTED.iter().filter(|(known, _)| *known == kind);
        return wanted.map(|(_, state)| Tree::one("eventually", Tree::one(subject, Tree::text(*state)))).collect();
    }
    Vec::new()
}

fn with_entry(draft: &Draft, entry: &Tree) -> Draft {
    draft.clone().edited(&File::Scenario, |tree| {
        tree.set("expect", Tree::List(vec![entry.clone()]));
    })
}

/// The draft in which only what is to be found again is judged.
pub fn judged_alone(draft: Draft, goal: &Goal, position: Option<usize>) -> Draft {
    draft.edited(&File::Scenario, |tree| {
        let kept = position.and_then(|at| tree.key("expect")?.items().get(at).cloned());
        match kept {
            Some(entry) => tree.set("expect", Tree::List(vec![entry])),
            None => {
                tree.unset("expect");
                // Without expectations everything is settled at once, and the run would end before anything is found.
                tree.unset("stop_when_settled");
            }
        }
        let stuck_after = tree.get(&keys(&["oracles", "stuck_after"])).cloned();
        let only = match goal {
            Goal::Finding(target, _) => vec![Tree::text(target.rule.name)],
            Goal::Missed(..) => return,
            _ => Vec::new(),
        };
        let mut oracles = Tree::one("only", Tree::List(only));
        if let Some(length) = stuck_after.filter(|_| matches!(goal, Goal::Finding(..))) {
            oracles.set("stuck_after", length);
        }
        tree.set("oracles", oracles);
    })
}
