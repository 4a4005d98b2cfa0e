//! The status of a PodClique: counts, hashes, conditions.
//! Source: ai-dynamo/grove, operator/internal/controller/podclique/reconcilestatus.go; the breach as pull requests #561 and #614
//! changed it.

use super::Pass;
use crate::systems::grove::operator::Stop;
use crate::systems::grove::pods::Pod;
use crate::systems::grove::profile::{Health, Unscheduled};
use crate::systems::grove::set::terminate;
use crate::systems::grove::status::{Condition, ConditionKind, PodCliqueStatus};
use crate::timeline::{Arg, Why};
use crate::workload::World;

impl Pass<'_> {
    /// Writes the status as the pods are shown now.
    pub fn status(&mut self, world: &mut dyn World) -> Result<(), Stop> {
        let pods = self.grove.pods.of(self.key).to_vec();
        let mut status = self.clique().status.clone();
        // By the counts of the pass before; the order was turned around with pull request #671.
        if self.grove.profile.forgets_target {
            self.hashes(&mut status);
        }
        let count =
            |which: &dyn Fn(&Pod) -> bool| pods.iter().filter(|pod| pod.seen.is_some() && which(pod)).count() as u32;
        status.replicas = count(&|pod| pod.seen.is_some_and(|seen| !seen.terminating));
        status.ready = count(&|pod| pod.seen.is_some_and(|seen| seen.ready));
        status.gated = count(&|pod| pod.seen.is_some_and(|seen| seen.gated));
        status.scheduled = count(&|pod| pod.seen.is_some_and(|seen| seen.node.is_some()));
        let update =
            status.update.as_ref().filter(|update| !self.grove.profile.forgets_target || update.ended_at.is_none());
        let target = update.map(|update| update.template_hash).or(status.template_hash);
        if let Some(target) = target {
            status.updated = count(&|pod| pod.hash == target);
        }
        if !self.grove.profile.forgets_target {
            self.hashes(&mut status);
        }
        if status.observed_generation.is_some() {
            let lost = count(&|pod| pod.has_failed() || pod.is_started_not_ready());
            self.conditions(&mut status, lost, world);
        }
        let spec = &self.clique().spec;
        let (wanted, least, ready) = (spec.replicas, spec.min_available, status.ready);
        let is_available = wanted > 0 && ready >= least;
        let why = Why::with2("ready: {} of {}", Arg::Count(ready.into()), Arg::Count(wanted.into()));
        let breached = status.conditions.get(ConditionKind::MinAvailableBreached);
        let (delay, now) = (self.set.spec.template.termination_delay, world.now());
        let waits = terminate::left(&self.stored, &status.conditions, delay, now, self.grove.profile.health);
        let is_breached = waits.is_some();
        self.write_status(|own| *own = status)?;
        let (key, cause) = (self.key, self.by.cause);
        self.grove.tell(key, ("Available", "NotAvailable"), is_available, why, cause, world);
        let why = Why::with("{}", Arg::Text(world.intern(breached.map_or("", |condition| condition.reason))));
        self.grove.tell(key, ("MinAvailableBreached", ""), is_breached, why, cause, world);
        Ok(())
    }

    /// mutateCurrentHashes.
    fn hashes(&self, status: &mut PodCliqueStatus) {
        if self.is_updating() || status.updated != status.replicas {
            return;
        }
        match &status.update {
            None => {
                if status.template_hash.is_none_or(|hash| hash == self.expected_hash) {
                    status.template_hash = Some(self.expected_hash);
                    status.set_hash = self.set.status.generation_hash;
                }
            }
            Some(update) => {
                (status.template_hash, status.set_hash) = (Some(update.template_hash), Some(update.set_hash));
            }
        }
    }

    fn conditions(&self, status: &mut PodCliqueStatus, lost: u32, world: &dyn World) {
        let since = world.now().whole_seconds();
        let least = self.clique().spec.min_available;
        let is_scheduled = status.scheduled >= least;
        let reason = if is_scheduled { "SufficientScheduledPods" } else { "InsufficientScheduledPods" };
        let kind = ConditionKind::PodCliqueScheduled;
        status.conditions.set(Condition { kind, holds: Some(is_scheduled), reason, since });
        if is_scheduled && self.grove.profile.health == Health::Remembered {
            let kind = ConditionKind::HealthyStateObserved;
            status.conditions.set(Condition { kind, holds: Some(true), reason: "HealthyStateObserved", since });
        }
        let (holds, reason) = if self.is_updating() {
            (None, "UpdateInProgress")
        } else if self.is_idle() {
            (Some(false), "SufficientReadyPods")
        } else if status.scheduled < least {
            match self.grove.profile.unscheduled {
                Unscheduled::Partial if status.scheduled > 0 => (Some(true), "ScheduledReplicasBelowMinAvailable"),
                Unscheduled::Ignored | Unscheduled::Partial => (Some(false), "InsufficientScheduledPods"),
                Unscheduled::Breached => (Some(true), "InsufficientScheduledPods"),
            }
        } else if status.scheduled.saturating_sub(lost) < least {
            (Some(true), "InsufficientReadyPods")
        } else {
            (Some(false), "SufficientReadyPods")
        };
        status.conditions.set(Condition { kind: ConditionKind::MinAvailableBreached, holds, reason, since });
    }

    /// True for a clique that is scaled to none on purpose, where that is known.
    fn is_idle(&self) -> bool {
        self.grove.profile.idle_leaves_gang && self.clique().spec.replicas == 0
    }
}
