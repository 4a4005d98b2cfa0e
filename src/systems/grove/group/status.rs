//! The status of a PodCliqueScalingGroup.
//! Source: ai-dynamo/grove, operator/internal/controller/podcliquescalinggroup/reconcilestatus.go; the breach as pull request #614
//! changed it.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Pass, clique};
use crate::systems::grove::family::Stored;
use crate::systems::grove::operator::Stop;
use crate::systems::grove::profile::{Health, Unscheduled};
use crate::systems::grove::set::terminate;
use crate::systems::grove::status::{Condition, ConditionKind, PodCliqueScalingGroupStatus};
use crate::systems::grove::{hash, names};
use crate::timeline::{Arg, Why};
use crate::workload::World;

/// The PodCliques of each copy.
type Copies = BTreeMap<u32, Vec<Arc<Stored>>>;

impl Pass<'_> {
    /// Writes the status as its PodCliques are shown now.
    pub fn status(&mut self, world: &mut dyn World) -> Result<(), Stop> {
        let mut copies = Copies::new();
        for (copy, stored) in self.cliques() {
            copies.entry(copy).or_default().push(stored);
        }
        let mut status = self.group().status.clone();
        self.count(&mut status, &copies);
        self.conditions(&mut status, &copies, world);
        let is_behind = |stored: &Arc<Stored>| {
            let expected = self.expected_hash(stored, &world.show(stored.key.name)).map(hash::text);
            stored.label(names::TEMPLATE_HASH).map(str::to_owned) != expected
        };
        if !self.is_updating() && !copies.values().flatten().any(is_behind) {
            status.set_hash = self.set.status.generation_hash;
        }
        let (wanted, available) = (self.group().spec.replicas, status.available);
        let is_available = wanted > 0 && available >= self.group().spec.min_available;
        let breach = status.conditions.get(ConditionKind::MinAvailableBreached);
        let (delay, now) = (self.set.spec.template.termination_delay, world.now());
        let waits = terminate::left(&self.stored, &status.conditions, delay, now, self.grove.profile.health);
        let is_breached = waits.is_some();
        self.write_status(|own| *own = status)?;
        let (key, cause) = (self.key, self.by.cause);
        let why = Why::with2("copies: {} of {}", Arg::Count(available.into()), Arg::Count(wanted.into()));
        self.grove.tell(key, ("Available", "NotAvailable"), is_available, why, cause, world);
        let why = Why::with("{}", Arg::Text(world.intern(breach.map_or("", |condition| condition.reason))));
        self.grove.tell(key, ("MinAvailableBreached", ""), is_breached, why, cause, world);
        Ok(())
    }

    /// The PodCliques of a copy, if all are there that it should have.
    fn whole<'c>(&self, cliques: &'c [Arc<Stored>]) -> Option<Vec<&'c Arc<Stored>>> {
        let there: Vec<_> = cliques.iter().filter(|stored| !stored.is_leaving()).collect();
        (there.len() == self.group().spec.cliques.len()).then_some(there)
    }

    fn count(&self, status: &mut PodCliqueScalingGroupStatus, copies: &Copies) {
        status.replicas = self.group().spec.replicas;
        (status.scheduled, status.available, status.updated) = (0, 0, 0);
        for cliques in copies.values() {
            let Some(cliques) = self.whole(cliques) else { continue };
            let is_scheduled =
                |stored: &&Arc<Stored>| clique(stored).status.conditions.holds(ConditionKind::PodCliqueScheduled);
            let is_ready = |stored: &&Arc<Stored>| clique(stored).status.ready >= clique(stored).spec.min_available;
            let is_newest = |stored: &&Arc<Stored>| {
                let follows = clique(stored).status.set_hash;
                follows.is_some() && follows == self.set.status.generation_hash
            };
            if !cliques.iter().all(is_scheduled) {
                continue;
            }
            status.scheduled += 1;
            if cliques.iter().all(is_ready) {
                status.available += 1;
                status.updated += u32::from(cliques.iter().all(is_newest));
            }
        }
    }

    fn conditions(&self, status: &mut PodCliqueScalingGroupStatus, copies: &Copies, world: &dyn World) {
        let since = world.now().whole_seconds();
        let least = self.group().spec.min_available;
        let is_breached = |cliques: &[Arc<Stored>]| {
            cliques.iter().any(|one| clique(one).status.conditions.holds(ConditionKind::MinAvailableBreached))
        };
        let breached = copies.values().filter(|cliques| is_breached(cliques)).count() as u32;
        let sound =
            copies.values().filter(|cliques| self.whole(cliques).is_some() && !is_breached(cliques)).count() as u32;
        let is_idle = self.grove.profile.idle_leaves_gang && self.group().spec.replicas == 0;
        let (holds, reason) = if self.is_updating() {
            (None, "UpdateInProgress")
        } else if is_idle {
            (Some(false), "SufficientAvailablePodCliqueScalingGroupReplicas")
        } else {
            match self.grove.profile.unscheduled {
                Unscheduled::Partial if 0 < status.scheduled && status.scheduled < least => {
                    (Some(true), "ScheduledReplicasBelowMinAvailable")
                }
                Unscheduled::Ignored | Unscheduled::Partial if status.scheduled < least => {
                    (Some(false), "InsufficientScheduledPodCliqueScalingGroupReplicas")
                }
                Unscheduled::Ignored | Unscheduled::Partial if status.scheduled.saturating_sub(breached) < least => {
                    (Some(true), "InsufficientAvailablePodCliqueScalingGroupReplicas")
                }
                Unscheduled::Breached if sound < least => {
                    (Some(true), "InsufficientAvailablePodCliqueScalingGroupReplicas")
                }
                _ => (Some(false), "SufficientAvailablePodCliqueScalingGroupReplicas"),
            }
        };
        status.conditions.set(Condition { kind: ConditionKind::MinAvailableBreached, holds, reason, since });
        if holds == Some(false) {
            status.conditions.remove(ConditionKind::GangTerminationInProgress);
        }
        if status.available >= least && self.grove.profile.health == Health::Remembered {
            let kind = ConditionKind::HealthyStateObserved;
            status.conditions.set(Condition { kind, holds: Some(true), reason: "HealthyStateObserved", since });
        }
    }
}
