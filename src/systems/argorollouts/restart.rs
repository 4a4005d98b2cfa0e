//! Restarts: pods older than `spec.restartAt` are evicted, as many at once as may be missing.
//! Source: argo-rollouts v1.10.1, rollout/restart.go.

use super::Rollout;
use super::pass::Pass;
use super::profile::V1_10;
use crate::kernel::Time;
use crate::timeline::{Arg, Subject, Why};
use crate::workload::{Ask, Outcome, PodStatus, World};

impl Pass<'_> {
    /// Evicts pods that are to be restarted; gives how many.
    pub fn restart_pods(&mut self) -> u32 {
        let Some(restart) = self.ro.spec.restart_at else { return 0 };
        if self.ro.status.restarted_at == Some(restart) || !self.ro.evicting.is_empty() {
            return 0;
        }
        if self.ro.restarted.take() == Some(restart) {
            self.note_restarted(restart);
            return 0;
        }
        if restart > self.now {
            self.ro.enqueue(restart);
            return 0;
        }
        let pods: Vec<(Subject, PodStatus)> = self.pods_by_name();
        let total: u32 = self.ro.sets.iter().map(|set| set.replicas).sum();
        let at_once = self.max_unavailable().max(1);
        let available = pods.iter().filter(|(_, pod)| self.is_available(pod)).count() as u32;
        let least = self.ro.spec.replicas.max(total).saturating_sub(at_once);
        let mut may_go = available.saturating_sub(least);
        let (mut old, mut asked) = (0, 0);
        for (key, pod) in pods {
            if pod.created_at.whole_seconds() >= restart {
                continue;
            }
            old += 1;
            if may_go > 0 && !pod.terminating {
                may_go -= 1;
                asked += 1;
                let ask = self.world.ask(Ask::Evict { key, serves: self.ro.serves }, self.cause);
                self.ro.evicting.insert(ask, restart);
            }
        }
        // A canary counts its pods once more before it is done.
        self.ro.restart_is_done = old == asked && self.blue_green_spec().is_some();
        if old == 0 {
            self.note_restarted(restart);
        } else if old > asked {
            self.ro.enqueue(self.now + V1_10.restart_retry);
        }
        asked
    }

    fn note_restarted(&mut self, restart: Time) {
        let why = Why::with("pods made before {}", Arg::Length(restart.since(Time::ZERO)));
        self.world.note(self.ro.key, "Restarted", why, self.cause);
        self.next.restarted_at = Some(restart);
    }

    /// The pods of the Rollout as the API lists them: by name, whichever ReplicaSet they are of. The source sorts the ReplicaSets by their
    /// priority, and then asks of each pod only whether it is of one of them (`getRolloutPods`).
    fn pods_by_name(&self) -> Vec<(Subject, PodStatus)> {
        let sets = self.ro.sets.iter();
        let mut pods: Vec<_> = sets.flat_map(|set| self.world.observed_pods(set.key)).collect();
        pods.sort_by_cached_key(|(key, _)| self.world.show(key.name));
        pods
    }

    /// A pod that counts while others are restarted. How long it has been ready is not shown: pods that count for their
    /// ReplicaSet count here.
    const fn is_available(&self, pod: &PodStatus) -> bool {
        pod.ready && !pod.terminating
    }
}

impl Rollout {
    /// What became of an eviction. Once all were accepted the restart is done.
    pub(super) fn evicted(&mut self, restart: Time, outcome: Outcome, world: &mut dyn World) {
        let now = world.now();
        if !matches!(outcome, Outcome::Accepted(_) | Outcome::NotFound) {
            // A budget refuses it for now.
            self.restart_is_done = false;
            self.enqueue(now + V1_10.restart_retry);
        }
        if self.evicting.is_empty() && self.restart_is_done && self.spec.restart_at == Some(restart) {
            self.restarted = Some(restart);
            self.enqueue(now);
        }
    }
}
