//! What Argo Rollouts owes by its documentation (argoproj/argo-rollouts v1.10.1, docs/features/{bluegreen,canary}.md), told where a
//! Service is pointed elsewhere and where the status says that an update is given up.

use super::Rollout;
use super::profile::V1_10;
use super::status::Status;
use crate::kernel::Duration;
use crate::timeline::Subject;
use crate::workload::rollout::RolloutStrategy;
use crate::workload::{GivenUp, Left, Pledge, World};

impl Rollout {
    /// A Service is pointed to the pods of this hash. The active Service of a blue-green update goes to new pods once all of them are
    /// available (rollout/bluegreen.go, `IsSaturated`), and back to the stable ones whatever they are; the Services of a canary go to
    /// pods that are there (rollout/service.go, `ensureSVCTargets`); a preview promises nothing.
    pub(super) fn pledge_takeover(&self, service: Subject, name: &str, hash: &str, world: &mut dyn World) {
        let wanted = self.spec.replicas;
        let pods = match &self.spec.strategy {
            RolloutStrategy::BlueGreen(strategy) if strategy.active_service != name => 0,
            RolloutStrategy::BlueGreen(_) if self.status.stable != hash => wanted,
            RolloutStrategy::BlueGreen(_) | RolloutStrategy::Canary(_) => wanted.min(1),
        };
        if let Some(set) = self.sets.iter().find(|set| set.hash == hash) {
            world.pledge(Pledge::TakesOver { name: service, party: set.key, pods });
        }
    }

    /// The status changes: an update may be given up with that, or begun again.
    pub(super) fn pledge_status(&self, next: &Status, world: &mut dyn World) {
        let was_given_up = self.status.abort && self.status.current == next.current;
        let of_hash = |hash: &str| self.sets.iter().find(|set| set.hash == hash).map(|set| set.key);
        let (Some(version), Some(stable)) = (of_hash(&next.current), of_hash(&next.stable)) else { return };
        if version == stable || was_given_up == next.abort {
            return;
        }
        if !next.abort {
            return world.pledge(Pledge::Wanted { version });
        }
        let (left, service, within) = match &self.spec.strategy {
            RolloutStrategy::BlueGreen(strategy) => {
                let delay = strategy.abort_scale_down_delay.unwrap_or(V1_10.abort_scale_down_delay);
                let left = if delay.is_zero() { Left::Kept } else { Left::Of(version) };
                (left, Some(&strategy.active_service), delay)
            }
            RolloutStrategy::Canary(strategy) => (Left::Of(version), strategy.stable_service.as_ref(), Duration::ZERO),
        };
        world.pledge(Pledge::GivenUp(GivenUp {
            of: self.key,
            version,
            left,
            traffic: service.and_then(|name| self.services.get(name).copied()),
            back: stable,
            pods: self.spec.replicas,
            within,
        }));
    }
}
