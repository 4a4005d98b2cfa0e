//! How few ready pods a workload had after it was complete once, and how many pods it had at most. A dip that was too short to be
//! sure to be seen is tolerated.

use std::collections::BTreeMap;

use super::COALESCED_BELOW;
use super::align::Run;
use super::findings::{Aspect, Findings, Seen, Tolerance, Toleration};
use super::story::{Story, is_gone};
use crate::kernel::Time;
use crate::timeline::{EntryId, Kind};

/// What is known of a pod.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
struct Pod {
    there: bool,
    ready: bool,
}

/// A count, since when, and the entry that made it so.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Level {
    count: usize,
    at: Time,
    by: EntryId,
}

/// The counts of a workload.
#[derive(Default)]
struct Course {
    pods: BTreeMap<String, Pod>,
    /// How many of the pods are ready, and how many are there.
    counts: (usize, usize),
    complete: bool,
    /// When it was deleted: from then on it wants no pod.
    gone_at: Option<Time>,
    ready: Vec<Level>,
    there: Vec<Level>,
}

impl Course {
    /// A pod became something.
    fn change(&mut self, name: String, became: &str) {
        let pod = self.pods.entry(name).or_default();
        let before = *pod;
        pod.there = !matches!(became, "Terminating" | "Deleted" | "Failed" | "Succeeded");
        pod.ready = match became {
            "Ready" => true,
            // These say nothing of its readiness.
            "Serving" | "Registered" | "Unregistered" | "EvictionRefused" | "Unserved" => pod.ready,
            _ => false,
        };
        let change = |count: usize, before: bool, now: bool| count + usize::from(now) - usize::from(before);
        let (ready, there) = self.counts;
        self.counts = (change(ready, before.ready, pod.ready), change(there, before.there, pod.there));
    }

    fn note(&mut self, at: Time, by: EntryId) {
        let (ready, there) = self.counts;
        if self.gone_at.is_some() {
            return;
        }
        for (levels, count, counts) in [(&mut self.ready, ready, self.complete), (&mut self.there, there, true)] {
            // Of one instant only its end counts.
            if levels.last().is_some_and(|last| last.at == at && last.count != count) {
                levels.pop();
            }
            if counts && levels.last().is_none_or(|last| last.count != count) {
                levels.push(Level { count, at, by });
            }
        }
    }
}

/// The word with which a workload says that all it wants is there.
const fn complete(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::Deployment | Kind::StatefulSet | Kind::DaemonSet => Some("Complete"),
        Kind::Rollout => Some("Healthy"),
        Kind::LeaderWorkerSet => Some("Available"),
        _ => None,
    }
}

/// Follows the pods of every workload through a run.
fn courses(story: &Story<'_>) -> BTreeMap<String, Course> {
    let mut courses: BTreeMap<String, Course> = BTreeMap::new();
    for (id, entry, name) in story.entries() {
        let kind = entry.subject.kind;
        if let Some(word) = complete(kind) {
            let course = courses.entry(name).or_default();
            course.complete |= entry.became == word;
            course.note(entry.at, id);
            if is_gone(entry.became) {
                course.gone_at.get_or_insert(entry.at);
            }
        } else if kind == Kind::Pod {
            let Some(course) = story.root(&name).and_then(|root| courses.get_mut(root)) else { continue };
            course.change(name, entry.became);
            course.note(entry.at, id);
        }
    }
    courses
}

/// The extremes of a course: the one that lasted, and the one at all. `least`: the lowest, else the highest.
fn extremes(levels: &[Level], ended_at: Time, least: bool) -> Option<(Level, Level)> {
    let until = |at: usize| levels.get(at + 1).map_or(ended_at, |next| next.at);
    let pick = |levels: &mut dyn Iterator<Item = Level>| {
        let levels: Vec<Level> = levels.collect();
        let best = levels.iter().map(|level| level.count);
        let best = if least { best.min() } else { best.max() }?;
        levels.into_iter().find(|level| level.count == best)
    };
    let lasting = |(at, level): &(usize, &Level)| until(*at).since(level.at) >= COALESCED_BELOW;
    let all = pick(&mut levels.iter().copied())?;
    let lasting = pick(&mut levels.iter().enumerate().filter(lasting).map(|(_, level)| *level)).unwrap_or(all);
    Some((lasting, all))
}

/// Compares the extremes of workloads that are in both runs.
pub fn compare(findings: &mut Findings<'_>) {
    let [simulated, live] = [findings.simulated, findings.live].map(|story| courses(story));
    let ends = [findings.simulated.run.ended_at, findings.live.run.ended_at];
    for (name, one) in &simulated {
        let Some(other) = live.get(name) else { continue };
        let ends = [one.gone_at.unwrap_or(ends[0]), other.gone_at.unwrap_or(ends[1])];
        let questions = [
            ("ready pods at least", &one.ready, &other.ready, true),
            ("pods at most", &one.there, &other.there, false),
        ];
        for (what, one, other, least) in questions {
            let (one, other) = (extremes(one, ends[0], least), extremes(other, ends[1], least));
            let (Some(one), Some(other)) = (one, other) else { continue };
            findings.compared(Aspect::Availability);
            if one.1.count == other.1.count {
                continue;
            }
            let tolerated = (one.0.count == other.0.count).then(|| Toleration {
                tolerance: Tolerance::Coalesced,
                detail: format!("{} in both for {COALESCED_BELOW} or longer", one.0.count),
            });
            let side = |level: Level| -> Seen { (format!("{what}: {}", level.count), Some(level.by)) };
            let further = if (one.1.count < other.1.count) == least { Run::Simulated } else { Run::Live };
            let reasons = tolerated.into_iter().collect();
            findings.add_shown_by(further, Aspect::Availability, name, side(one.1), side(other.1), reasons);
        }
    }
}
