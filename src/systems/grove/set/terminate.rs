//! Gang termination: once `minAvailable` of a PodClique or scaling group has been breached for the delay, all PodCliques of the
//! replica go. Source: ai-dynamo/grove, operator/internal/controller/podcliqueset/components/podcliquesetreplica/gangterminate.go
//! and operator/internal/controller/common/component/utils/podclique.go (WasPCLQEverScheduled, WasPCSGEverHealthy).

use super::Pass;
use crate::kernel::{Duration, Time};
use crate::systems::grove::family::{Stored, as_clique, as_group, beside};
use crate::systems::grove::model::Resource;
use crate::systems::grove::names;
use crate::systems::grove::operator::{Grove, Stop};
use crate::systems::grove::profile::{Health, Profile};
use crate::systems::grove::route::SETS;
use crate::systems::grove::status::{Condition, ConditionKind, Conditions};
use crate::timeline::{Arg, Kind, Subject, Why};
use crate::workload::World;

/// Replicas with a breach.
#[derive(Debug, Default)]
pub struct Breached {
    /// For longer than the delay: they were taken down in this pass.
    pub ended: Vec<u32>,
    /// Not for as long yet.
    pub waiting: Vec<u32>,
}

/// What is left of the delay for a breach that counts; `None`: there is none.
pub(in crate::systems::grove) fn left(
    stored: &Stored,
    conditions: &Conditions,
    delay: Duration,
    now: Time,
    health: Health,
) -> Option<Duration> {
    let breach = conditions.get(ConditionKind::MinAvailableBreached)?;
    if breach.holds != Some(true) || !was_whole(stored, conditions, health) {
        return None;
    }
    let waited = now.since(breach.since);
    Some(Duration::from_nanos(delay.nanos().saturating_sub(waited.nanos())))
}

/// True if it is known to have been whole before: what never was is not lost.
fn was_whole(stored: &Stored, conditions: &Conditions, health: Health) -> bool {
    let is_clique = stored.key.kind == Kind::PodClique;
    match health {
        Health::NotAsked => true,
        Health::Remembered => conditions.holds(ConditionKind::HealthyStateObserved),
        Health::Guessed => {
            let kind = if is_clique { ConditionKind::PodCliqueScheduled } else { ConditionKind::MinAvailableBreached };
            let Some(condition) = conditions.get(kind) else { return false };
            // Of a PodClique it is good if the condition holds, of a scaling group if it does not.
            let is_good = condition.holds == Some(is_clique);
            is_good || condition.since > stored.meta.created_at.whole_seconds() + Profile::FIRST_CHANGE
        }
    }
}

impl Grove {
    /// True for a replica of a set, or a copy of a scaling group, that was taken down a moment ago and of whose PodCliques one is still
    /// going. In the source each pass takes down what such a PodClique breaches, as often as passes follow each other; here they
    /// would do so without end at one instant. *Assumed*: the next is the one that is asked for again.
    pub(in crate::systems::grove) fn is_going(
        &self,
        taken_down: (Subject, u32),
        cliques: &[Subject],
        world: &dyn World,
    ) -> bool {
        let last = self.taken_down.get(&taken_down);
        let is_leaving = |key: &Subject| self.api.get(*key).is_some_and(|stored| stored.is_leaving());
        last.is_some_and(|last| *last + Profile::RETRY > world.now()) && cliques.iter().any(is_leaving)
    }
}

impl Pass<'_> {
    /// Takes replicas down whose breach has lasted.
    pub fn terminate(&mut self, world: &mut dyn World) -> Result<Breached, Stop> {
        let mut breached = Breached::default();
        for replica in self.replicas.clone() {
            let waits = self.breaches(replica, world);
            if waits.as_ref().is_none_or(|waits| !waits.is_empty()) {
                self.grove.marks.due(self.key, replica);
            }
            match waits.iter().flatten().min() {
                None => {}
                Some(left) if left.is_zero() && !self.is_going(replica, world) => {
                    self.take_down(replica, world)?;
                    breached.ended.push(replica);
                }
                Some(_) => breached.waiting.push(replica),
            }
        }
        Ok(breached)
    }

    fn is_going(&self, replica: u32, world: &dyn World) -> bool {
        let cliques = self.grove.family.cliques_of_replica(self.key, replica);
        self.grove.is_going((self.key, replica), &cliques, world)
    }

    /// What is left of the delay for each breach of a replica; `None` while one of its PodCliques is missing.
    fn breaches(&self, replica: u32, world: &mut dyn World) -> Option<Vec<Duration>> {
        let (delay, now, health) = (self.template().termination_delay, world.now(), self.grove.profile.health);
        let mut waits = Vec::new();
        for config in &self.template().scaling_groups {
            let name = names::group(&self.name, replica, &config.name);
            let key = beside(self.key, Kind::PodCliqueScalingGroup, &name, world);
            let Some(stored) = self.grove.get(SETS, key) else { continue };
            let Some(group) = as_group(&stored) else { continue };
            let conditions = &group.status.conditions;
            if !conditions.holds(ConditionKind::GangTerminationInProgress) {
                waits.extend(left(&stored, conditions, delay, now, health));
            }
        }
        for template in self.template().standalone() {
            let name = names::clique(&self.name, replica, &template.name);
            let key = beside(self.key, Kind::PodClique, &name, world);
            let stored = self.grove.get(SETS, key)?;
            let clique = as_clique(&stored)?;
            waits.extend(left(&stored, &clique.status.conditions, delay, now, health));
        }
        Some(waits)
    }

    /// Deletes all PodCliques of a replica, those that are well too.
    fn take_down(&mut self, replica: u32, world: &mut dyn World) -> Result<(), Stop> {
        let is_there = |key: &Subject| self.grove.api.get(*key).is_some_and(|stored| !stored.is_leaving());
        let cliques = self.grove.family.cliques_of_replica(self.key, replica);
        let cliques: Vec<Subject> = cliques.into_iter().filter(is_there).collect();
        if !cliques.is_empty() {
            let delay = self.template().termination_delay;
            let why =
                Why::with2("replica {}: minAvailable breached for {}", Arg::Count(replica.into()), Arg::Length(delay));
            self.by.cause = self.grove.note(self.key, "Terminated", why, self.by.cause, world);
        }
        let by = self.by;
        self.grove.taken_down.insert((self.key, replica), world.now());
        for key in cliques {
            self.grove.api.delete(key, by)?;
        }
        if self.grove.profile.health == Health::NotAsked {
            return Ok(());
        }
        let is_of = |key: &Subject| self.grove.family.set_of(*key) == Some((self.key, replica));
        let groups: Vec<Subject> =
            self.grove.family.members(self.key, Kind::PodCliqueScalingGroup).filter(is_of).collect();
        let since = world.now().whole_seconds();
        for key in groups {
            self.grove.api.patch_status(key, by, |value| {
                let Resource::PodCliqueScalingGroup(group) = value else { return };
                let kind = ConditionKind::GangTerminationInProgress;
                group.status.conditions.set(Condition {
                    kind,
                    holds: Some(true),
                    reason: "GangTerminationActive",
                    since,
                });
            })?;
        }
        Ok(())
    }
}
