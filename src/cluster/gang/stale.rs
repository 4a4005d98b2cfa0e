//! Groups that lost pods: what is left of one that has been below its minimum for too long is evicted.
//! Source: kai-scheduler/KAI-Scheduler, pkg/scheduler/actions/stalegangeviction/stalegangeviction.go and
//! api/podgroup_info/job_info.go (IsStale). Volcano has nothing of the kind.

use super::super::{Arg, Cause, Cluster, PodId, Subject, Why};
use super::profile::BatchProfile;
use crate::kernel::Duration;
use crate::workload::{PodGroupStatus, Staleness};

impl Cluster {
    /// Looks at the groups whose pods changed, and at those that are stale.
    pub(super) fn evict_stale(&mut self, profile: &BatchProfile) {
        let (now, scheduler) = (self.queue.now(), profile.scheduler);
        let touched = std::mem::take(&mut self.gangs.touched);
        let (own, others): (Vec<Subject>, Vec<Subject>) = touched
            .into_iter()
            .partition(|key| self.gangs.groups.get(key).is_some_and(|gang| gang.scheduler == scheduler));
        self.gangs.touched.extend(others);
        let mut keys: Vec<Subject> = self.gangs.stale.iter().copied().chain(own).collect();
        keys.sort_unstable();
        keys.dedup();
        for key in keys {
            let Some(gang) = self.gangs.groups.get(&key).filter(|gang| gang.scheduler == scheduler) else {
                self.gangs.stale.remove(&key);
                continue;
            };
            let status = gang.status;
            let Some(spec) = &gang.spec else { continue };
            let grace = match spec.staleness {
                Some(Staleness::EvictedAfter(grace)) => Some(grace),
                Some(Staleness::Kept) => None,
                None => profile.staleness_grace,
            };
            let Some(grace) = grace else { continue };
            let completes = profile.sees_completed && status.succeeded > 0;
            if status.scheduled == 0 || status.placed || completes {
                self.gangs.stale.remove(&key);
                self.set_stale(key, PodGroupStatus { stale_since: None, ..status });
                continue;
            }
            let since = status.stale_since.unwrap_or(now);
            if status.stale_since.is_none() {
                self.gangs.stale.insert(key);
                let (left, until) = (Arg::Count(status.scheduled.into()), Arg::Length(grace));
                let why = Why::with2("{} pods are left, fewer than the minimum; they go in {}", left, until);
                let cause = self.cause_of_loss(key);
                self.note_group(key, "Stale", why, cause);
                self.set_stale(key, PodGroupStatus { stale_since: Some(now), ..status });
            }
            if now >= since + grace {
                self.evict_rest(key, grace);
            } else {
                self.plan_gang_cycle_at(scheduler, since + grace);
            }
        }
    }

    fn set_stale(&mut self, key: Subject, status: PodGroupStatus) {
        if self.gangs.groups[&key].status != status {
            let cause = self.gangs.groups[&key].last.map_or_else(|| self.cause_of_loss(key), Cause::Entry);
            self.set_gang_status(key, status, cause);
        }
    }

    /// What happened last to a pod of the group that is not well, or else to the group.
    fn cause_of_loss(&self, key: Subject) -> Cause {
        let gang = &self.gangs.groups[&key];
        let lost = gang.pods.iter().filter(|pod| !self.pod(**pod).is_active());
        let last = lost.map(|pod| self.pod(*pod).last).max();
        Cause::Entry(last.or(gang.last).expect("a group that can be stale is an object"))
    }

    fn evict_rest(&mut self, key: Subject, grace: Duration) {
        let why = Why::with("fewer pods than the minimum for {}", Arg::Length(grace));
        let cause = Cause::Entry(self.gangs.groups[&key].last.expect("a group that can be stale is an object"));
        let cause = self.note_group(key, "Evicted", why, cause);
        let is_left = |id: &&PodId| self.pod(**id).is_active() && self.pod(**id).node.is_some();
        let left: Vec<PodId> = self.gangs.groups[&key].pods.iter().filter(is_left).copied().collect();
        for pod in left {
            self.mark_disrupted(pod);
            let why = Why::text("its group doesn't meet the minimum required number of pods");
            self.delete_pod(pod, why, cause);
        }
        self.gangs.stale.remove(&key);
    }
}
