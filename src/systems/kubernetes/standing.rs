//! How a set of manifests stands, read from how its objects fare: what `kubectl rollout status` of each would say, in a word.

use super::controller::Kubernetes;
use super::health::{self, Health, availability, is_gone};
use super::state::{Life, State};
use crate::kernel::Name;
use crate::timeline::{Arg, Cause, EntryId, Kind, Subject, Why};
use crate::workload::World;

impl Kubernetes {
    /// Looks at an object that changed.
    pub(super) fn look(&mut self, position: usize, world: &dyn World) {
        let held = &mut self.memory.objects[position];
        match held.life {
            // Somebody else deleted it. A Job that ended stays so when it is collected; a pod is missed, unless its
            // namespace went.
            Life::There if held.seen && is_gone(held.subject, world) => {
                held.life = match held.health {
                    Health::Done | Health::Failed(_) => Life::Collected,
                    _ if held.subject.kind == Kind::Pod && !world.is_leaving(held.subject.namespace) => Life::Lost,
                    _ => Life::Gone,
                };
            }
            Life::There => {
                held.seen |= world.observed(held.subject).is_some();
                let groups = self.memory.group_sets.iter().find(|set| set.key() == held.subject);
                let rollouts = &self.memory.rollouts;
                let rollout = rollouts.iter().find(|one| one.key() == held.subject && !one.is_deleted());
                held.health = match groups {
                    None if rollout.is_some() => rollout.map_or(Health::Progressing, health::rollout),
                    Some(set) if set.is_available() => Health::Ready,
                    Some(_) => Health::Progressing,
                    // Another set's controller makes its groups, and its status tells.
                    None => health::health(&held.live, held.subject, world),
                };
                let (available, wanted) = availability(held.subject, world);
                match held.health {
                    Health::Ready => held.settled = available,
                    // A group that is not ready restarts as a whole.
                    Health::Progressing => {
                        let has_groups = held.subject.kind == Kind::LeaderWorkerSet;
                        held.is_short = has_groups || available < held.settled.min(wanted);
                    }
                    _ => {}
                }
            }
            Life::Deleting if is_gone(held.subject, world) => held.life = Life::Gone,
            _ => {}
        }
    }

    /// Writes down what the set is from now on.
    pub(super) fn become_state(&mut self, state: State, why: Why, cause: Cause, world: &mut dyn World) -> EntryId {
        self.memory.state = Some(state);
        let subject =
            self.memory.subject.unwrap_or_else(|| Subject::new(Kind::Manifests, Name::plain(world.intern(""))));
        let entry = world.note(subject, state.text(), why, cause);
        self.memory.since = Some((world.now(), Cause::Entry(entry)));
        entry
    }

    /// Writes where the set is now, if that is elsewhere than before.
    pub(super) fn update(&mut self, cause: Cause, world: &mut dyn World) {
        if self.memory.subject.is_none() || matches!(self.memory.state, Some(State::Deleted)) {
            return;
        }
        // Until every ask is answered nothing can be said of the set.
        if !self.memory.asks.is_empty() {
            return;
        }
        let (state, why) = self.standing(world);
        if self.memory.state != Some(state) {
            self.become_state(state, why, cause, world);
        }
    }

    /// Where the set is now, and why.
    fn standing(&mut self, world: &mut dyn World) -> (State, Why) {
        let memory = &mut self.memory;
        let objects = || memory.objects.iter().filter(|held| held.life != Life::Gone);
        if memory.removing {
            return match objects().count() {
                0 => (State::Deleted, Why::NONE),
                left => (State::Deleting, Why::with("objects left: {}", Arg::Count(left as u64))),
            };
        }
        let refused = memory.refused + objects().filter(|held| held.is_outdated || held.life == Life::Refused).count();
        let there = || objects().filter(|held| matches!(held.life, Life::There | Life::Collected));
        if refused > 0 && there().count() == 0 {
            return (State::Rejected, Why::with("objects refused: {}", Arg::Count(refused as u64)));
        }
        let failed = there().find_map(|held| match held.health {
            Health::Failed(reason) => Some((held.subject, reason)),
            _ => None,
        });
        if let Some((subject, reason)) = failed {
            return (State::Failed, Why::with2("{}: {}", Arg::Subject(subject), Arg::Text(world.intern(reason))));
        }
        if refused > 0 {
            return (State::Failed, Why::with("objects refused: {}", Arg::Count(refused as u64)));
        }
        if let Some(lost) = objects().find(|held| held.life == Life::Lost) {
            return (State::Degraded, Why::with("{} is gone", Arg::Subject(lost.subject)));
        }
        let waiting = there().filter(|held| held.health == Health::Progressing);
        if let Some(first) = waiting.clone().next() {
            let short = memory.settled && waiting.clone().any(|held| held.is_short);
            let state = if short { State::Degraded } else { State::Progressing };
            let why =
                Why::with2("not ready: {}, {} in all", Arg::Subject(first.subject), Arg::Count(waiting.count() as u64));
            return (state, why);
        }
        let ready = there().any(|held| held.health == Health::Ready);
        let done = there().any(|held| held.health == Health::Done);
        let count = Arg::Count(there().count() as u64);
        let state = if done && !ready { State::Complete } else { State::Ready };
        memory.settled = true;
        (state, Why::with("objects: {}", count))
    }
}
