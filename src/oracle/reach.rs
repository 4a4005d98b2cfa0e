//! Rules about states that are reached: `eventually`, `before`, `stable_for`, `final`.
//! They see every entry, so that a state that lasts no time at all is seen too.

use super::scene::{Decision, Scene, Wanted, all_hold};
use crate::kernel::{Duration, Time};
use crate::timeline::EntryId;

/// `eventually`: at some instant, not after the deadline, all states hold together.
#[derive(Clone, Debug)]
pub struct Eventually {
    /// The states.
    pub wanted: Vec<Wanted>,
    /// The last instant that is early enough; `None`: the end of the run.
    pub deadline: Option<Time>,
}

impl Eventually {
    /// After an entry about a subject that is watched.
    pub fn entry(&self, scene: &Scene<'_>) -> Option<Decision> {
        if self.deadline.is_some_and(|deadline| scene.now > deadline) {
            return None;
        }
        all_hold(&self.wanted, scene.board)
            .then(|| Decision::passed(scene.now, format!("at {}", scene.now), scene.latest(&self.wanted)))
    }

    /// At the end of an instant.
    pub fn instant(&self, scene: &Scene<'_>) -> Option<Decision> {
        let deadline = self.deadline.filter(|deadline| scene.now >= *deadline)?;
        Some(self.missed(deadline, scene))
    }

    /// At the end of the run.
    pub fn end(&self, scene: &Scene<'_>) -> Decision {
        match self.deadline {
            Some(deadline) if deadline <= scene.now => self.missed(deadline, scene),
            Some(deadline) => {
                let detail = format!("the run ended before {deadline}\n{}", scene.missing(&self.wanted));
                Decision::failed(scene.now, detail, scene.culprit(&self.wanted))
            }
            None => Decision::failed(scene.now, scene.missing(&self.wanted), scene.culprit(&self.wanted)),
        }
    }

    fn missed(&self, deadline: Time, scene: &Scene<'_>) -> Decision {
        let missing = scene.missing(&self.wanted);
        let detail = if missing.is_empty() {
            format!("reached only after {deadline}")
        } else {
            format!("not until {deadline}\n{missing}")
        };
        Decision::failed(deadline, detail, scene.culprit(&self.wanted).or(scene.latest(&self.wanted)))
    }
}

/// `before`: both states are reached, and the first at an instant not after the second's.
#[derive(Clone, Debug)]
pub struct Before {
    /// What comes first.
    pub first: Wanted,
    /// What comes later.
    pub second: Wanted,
}

impl Before {
    /// At the end of an instant: within one instant the order of entries says nothing.
    pub fn instant(&self, scene: &Scene<'_>) -> Option<Decision> {
        let second = scene.board.reached(self.second.slot, &self.second.state)?;
        let later = self.second.text(scene.board);
        Some(match scene.board.reached(self.first.slot, &self.first.state) {
            Some(first) if first.at <= second.at => {
                let detail = format!("at {}, and {later} at {}", first.at, second.at);
                Decision::passed(second.at, detail, Some(second.id))
            }
            _ => {
                let detail = format!("{later} at {}, but {} then", second.at, scene.state_of(self.first.slot));
                Decision::failed(second.at, detail, Some(second.id))
            }
        })
    }

    /// At the end of the run: one of the two was never reached.
    pub fn end(&self, scene: &Scene<'_>) -> Decision {
        if let Some(decision) = self.instant(scene) {
            return decision;
        }
        let mut parts = Vec::new();
        for wanted in [&self.first, &self.second] {
            parts.push(match scene.board.reached(wanted.slot, &wanted.state) {
                Some(seen) => format!("{} at {}", wanted.text(scene.board), seen.at),
                None => format!("{} was never reached: {}", wanted.text(scene.board), scene.state_of(wanted.slot)),
            });
        }
        let evidence = scene.board.now(self.second.slot).or(scene.board.now(self.first.slot)).map(|seen| seen.id);
        Decision::failed(scene.now, parts.join("\n"), evidence)
    }
}

/// `stable_for`: at some time all states begin to hold together and go on for so long.
#[derive(Clone, Debug)]
pub struct StableFor {
    /// The states.
    pub wanted: Vec<Wanted>,
    /// How long.
    pub length: Duration,
    /// Since when they hold together, and the entry that made it so.
    since: Option<(Time, Option<EntryId>)>,
    longest: Duration,
}

impl StableFor {
    /// The rule for these states.
    pub fn new(wanted: Vec<Wanted>, length: Duration) -> StableFor {
        StableFor { wanted, length, since: None, longest: Duration::ZERO }
    }

    /// When it will have been long enough, if nothing changes.
    pub fn due(&self) -> Option<Time> {
        self.since.map(|(since, _)| since + self.length)
    }

    /// After an entry about a subject that is watched.
    pub fn entry(&mut self, scene: &Scene<'_>) -> Option<Decision> {
        let decision = self.instant(scene);
        if !all_hold(&self.wanted, scene.board) {
            self.stop(scene.now);
        } else if self.since.is_none() {
            self.since = Some((scene.now, scene.latest(&self.wanted)));
        }
        decision
    }

    fn stop(&mut self, now: Time) {
        if let Some((since, _)) = self.since.take() {
            self.longest = self.longest.max(now.since(since));
        }
    }

    /// At the end of an instant.
    pub fn instant(&self, scene: &Scene<'_>) -> Option<Decision> {
        let (since, evidence) = self.since.filter(|(since, _)| scene.now >= *since + self.length)?;
        Some(Decision::passed(since + self.length, format!("from {since} on"), evidence))
    }

    /// At the end of the run.
    pub fn end(&mut self, scene: &Scene<'_>) -> Decision {
        if let Some(decision) = self.instant(scene) {
            return decision;
        }
        let held = self.since;
        self.stop(scene.now);
        let detail = match held {
            Some((since, _)) => format!("held only from {since} to the end of the run at {}", scene.now),
            None if self.longest > Duration::ZERO => {
                format!("held for {} at the longest\n{}", self.longest, scene.missing(&self.wanted))
            }
            None => scene.missing(&self.wanted),
        };
        Decision::failed(scene.now, detail, scene.culprit(&self.wanted).or(scene.latest(&self.wanted)))
    }
}

/// `final`: all states hold when the run ends.
pub fn at_the_end(wanted: &[Wanted], scene: &Scene<'_>) -> Decision {
    if all_hold(wanted, scene.board) {
        Decision::passed(scene.now, format!("at {}", scene.now), scene.latest(wanted))
    } else {
        Decision::failed(scene.now, scene.missing(wanted), scene.culprit(wanted))
    }
}
