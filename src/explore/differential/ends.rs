//! What there is at the end of a run, in terms that do not depend on how it came there: for each workload how many pods are wanted and
//! ready, for each subject of a system whether it is well. Names of pods, nodes, revisions and times are left out.

use std::collections::BTreeMap;

use super::super::fork::Fork;
use crate::timeline::{EntryId, Kind};
use crate::workload::Stage;

/// How a subject is, by the last of its states that says so.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Health {
    /// It is as it should be.
    Well,
    /// It is on its way.
    Underway,
    /// It is not as it should be.
    Unwell,
}

/// The end of one subject.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct End {
    /// How many pods are wanted, where the world knows, and how many are ready; `None` of what has none.
    pub pods: Option<(Option<u32>, u32)>,
    /// How it is, and the state that says so.
    pub health: Option<(Health, &'static str)>,
    /// True once it was deleted.
    pub gone: bool,
    /// Its last entry.
    pub last: EntryId,
}

/// The ends of all subjects that are compared, by their texts.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Ends(pub BTreeMap<(Rank, String), End>);

/// In which order subjects are told of: what has pods first, then what is made of it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Rank {
    /// A workload.
    Workload,
    /// What a system calls its own.
    System,
    /// Services and the like.
    Other,
}

impl End {
    /// True if two ends are the same, whatever the entries are.
    pub fn is_like(&self, other: &End) -> bool {
        let health = |end: &End| end.health.map(|(health, _)| health);
        self.pods == other.pods && health(self) == health(other) && self.gone == other.gone
    }

    /// What it is like, in words: `1 of 2 ready, Degraded`.
    pub fn told(&self) -> String {
        if self.gone {
            return "gone".to_owned();
        }
        let pods = self.pods.map(|(wanted, ready)| match wanted {
            Some(wanted) => format!("{ready} of {wanted} ready"),
            None => format!("{ready} ready"),
        });
        let state = self.health.map(|(_, state)| state.to_owned());
        let parts: Vec<String> = pods.into_iter().chain(state).collect();
        if parts.is_empty() { "there".to_owned() } else { parts.join(", ") }
    }
}

impl Ends {
    /// The ends in a run that is over.
    pub fn of(fork: &Fork) -> Ends {
        let (timeline, names, stage) = (fork.timeline(), fork.stage().names(), fork.stage());
        let mut last = BTreeMap::new();
        for (id, entry) in timeline.heads(0) {
            let Some(rank) = rank(entry.subject.kind) else { continue };
            let end =
                last.entry((rank, entry.subject)).or_insert(End { pods: None, health: None, gone: false, last: id });
            end.last = id;
            end.gone = is_gone(entry.became);
            end.health = health(entry.became).map(|health| (health, entry.became)).or(end.health);
        }
        // What a component is called last, its operator said while its graph was there.
        let graphs = last.iter().filter(|((_, subject), end)| subject.kind == Kind::Graph && end.gone);
        let graphs: Vec<String> = graphs
            .map(|((_, subject), _)| format!("{}-", subject.show(names).replacen("graph/", "component/", 1)))
            .collect();
        for ((_, subject), end) in last.iter_mut().filter(|((_, subject), _)| subject.kind == Kind::Component) {
            let text = subject.show(names);
            end.gone |= graphs.iter().any(|graph| text.starts_with(graph));
        }
        let ends = last.into_iter().map(|((rank, subject), mut end)| {
            if rank == Rank::Workload && !end.gone {
                // What a system makes one by one counts as wanted as long as it is there: where nobody has said how many are wanted,
                // only the ready ones tell something.
                let wanted = |desired| match subject.kind {
                    Kind::Member => stage.told_wanted(subject),
                    _ => Some(desired),
                };
                end.pods = stage.counts(subject).map(|counts| (wanted(counts.desired), counts.ready));
            }
            ((rank, subject.show(names)), end)
        });
        Ends(ends.collect())
    }

    /// Those in which another run agrees.
    #[must_use]
    pub fn stable_in(mut self, other: &Ends) -> Ends {
        self.0.retain(|subject, end| other.0.get(subject).is_some_and(|their| their.is_like(end)));
        self
    }

    /// What differs in another run, in the order in which it is told.
    pub fn differences<'a>(&'a self, other: &'a Ends) -> impl Iterator<Item = (&'a str, &'a End, Option<&'a End>)> {
        self.0.iter().filter_map(|(subject, end)| {
            let their = other.0.get(subject);
            let differs = their.is_none_or(|their| !their.is_like(end));
            differs.then_some((subject.1.as_str(), end, their))
        })
    }
}

const fn rank(kind: Kind) -> Option<Rank> {
    Some(match kind {
        Kind::Deployment
        | Kind::StatefulSet
        | Kind::DaemonSet
        | Kind::LeaderWorkerSet
        | Kind::Rollout
        | Kind::PodClique
        | Kind::Member => Rank::Workload,
        Kind::Manifests
        | Kind::Group
        | Kind::Graph
        | Kind::Component
        | Kind::DynamoComponentDeployment
        | Kind::PodCliqueSet
        | Kind::PodCliqueScalingGroup
        | Kind::Model => Rank::System,
        Kind::Service => Rank::Other,
        _ => return None,
    })
}

fn is_gone(became: &str) -> bool {
    matches!(became, "Deleted" | "deleted" | "undeployed" | "destroyed" | "removed")
}

/// What a state says of how its subject is; `None`: it tells of a step.
fn health(became: &str) -> Option<Health> {
    Some(match became {
        "Complete" | "Healthy" | "Available" | "Ready" | "ready" | "complete" | "completed" | "monitoring"
        | "successful" | "ok" => Health::Well,
        "Progressing" | "UpdateInProgress" | "Paused" | "progressing" | "submitted" | "scheduled" | "creating"
        | "active" | "deploying" | "pending" | "initializing" | "rolling" | "restarting" | "undeploying"
        | "provisioning" | "awaiting_promotion" | "promoting" | "draining" | "rolling_back" => Health::Underway,
        "ProgressDeadlineExceeded"
        | "ReplicaFailure"
        | "Degraded"
        | "NotAvailable"
        | "Unavailable"
        | "NoEndpoints"
        | "MinAvailableBreached"
        | "Failed"
        | "degraded"
        | "failed"
        | "error"
        | "not_ready" => Health::Unwell,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(ready: u32, state: &'static str, entry: u32) -> End {
        End {
            pods: Some((Some(2), ready)),
            health: health(state).map(|health| (health, state)),
            gone: false,
            last: EntryId(entry),
        }
    }

    fn ends(list: &[(&str, End)]) -> Ends {
        Ends(list.iter().map(|(subject, end)| ((Rank::Workload, (*subject).to_owned()), *end)).collect())
    }

    #[test]
    fn only_what_another_seed_agrees_in_is_compared() {
        let one = ends(&[("Deployment/a", end(2, "Complete", 5)), ("Deployment/b", end(2, "Complete", 6))]);
        let other = ends(&[("Deployment/a", end(2, "Complete", 9)), ("Deployment/b", end(1, "Complete", 6))]);
        let stable = one.stable_in(&other);
        let subjects: Vec<&str> = stable.0.keys().map(|(_, subject)| subject.as_str()).collect();
        assert_eq!(subjects, ["Deployment/a"]);
    }

    #[test]
    fn a_pod_less_or_a_worse_state_is_another_end() {
        let base = ends(&[("Deployment/a", end(2, "Complete", 5))]);
        let told = |end: End| -> Vec<String> {
            let other = ends(&[("Deployment/a", end)]);
            base.differences(&other).map(|(_, _, their)| their.map_or(String::new(), End::told)).collect()
        };
        assert_eq!(told(end(2, "Complete", 7)), Vec::<String>::new());
        assert_eq!(told(end(1, "Complete", 7)), ["1 of 2 ready, Complete"]);
        assert_eq!(told(end(2, "ProgressDeadlineExceeded", 7)), ["2 of 2 ready, ProgressDeadlineExceeded"]);
        assert_eq!(base.differences(&Ends::default()).count(), 1);
    }
}
