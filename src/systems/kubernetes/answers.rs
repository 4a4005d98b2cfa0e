//! What the API answers a set: what it took is there, and what it refused stays as it was. When an object is asked for stands in
//! `controller`.

use super::controller::Kubernetes;
use super::health::has_pods;
use super::kinds;
use super::last_applied;
use super::state::{Asked, Life};
use crate::kernel::{Duration, Symbol};
use crate::systems::machinery::tell_conflict;
use crate::timeline::{Cause, Kind, Why};
use crate::workload::{AskId, Outcome, World};

/// An ask that the API could not take now is asked again so often, as `kubectl apply` does on conflicts, and after so long.
/// Source: k8s.io/kubectl v0.36.3, pkg/cmd/apply/patcher.go, maxPatchRetry and backOffPeriod.
const TRIES_MAX: u32 = 5;
const RETRY_AFTER: Duration = Duration::from_secs(1);

impl Kubernetes {
    pub(super) fn answered(&mut self, ask: AskId, outcome: Outcome, cause: Cause, world: &mut dyn World) {
        let Some(Asked { position, wanted }) = self.memory.asks.remove(&ask) else { return };
        let held = &mut self.memory.objects[position];
        let reason = match outcome {
            Outcome::Accepted(_) | Outcome::Measured(_) | Outcome::NotFound => {
                if wanted.is_some() {
                    held.is_outdated &= !held.by_document;
                    held.accepted = wanted;
                }
                // A watch may have shown the object, or that it is gone, before the answer came.
                if matches!(held.life, Life::Asked | Life::There) {
                    held.life = Life::There;
                    if !std::mem::take(&mut held.controlled) {
                        self.control(position, cause, world);
                    }
                } else if held.life == Life::Deleting && !has_pods(held.subject.kind) {
                    held.life = Life::Gone;
                }
                return;
            }
            Outcome::Refused(reason) => {
                let reason = match kinds::forbidden(&held.live.identity, &world.text(reason)) {
                    Some(forbidden) => world.intern(&forbidden),
                    None => reason,
                };
                return self.refused(position, reason, cause, world);
            }
            Outcome::Failed(reason) => reason,
            Outcome::Conflict => world.intern("the object has been modified"),
            Outcome::Unknown => world.intern("no answer"),
        };
        held.tries += 1;
        if held.tries > TRIES_MAX {
            return self.refused(position, reason, cause, world);
        }
        if outcome == Outcome::Conflict {
            tell_conflict("kubectl", held.subject, Some(RETRY_AFTER), cause, world);
        }
        world.wake_at(world.now() + RETRY_AFTER, position as u64, cause);
    }

    /// The API will not have it: what is there stays as it was, and what is not is not made.
    fn refused(&mut self, position: usize, reason: Symbol, cause: Cause, world: &mut dyn World) {
        let held = &mut self.memory.objects[position];
        world.note(held.subject, "Rejected", Why::symbol(reason), cause);
        if held.life == Life::Deleting {
            held.life = Life::There;
            return;
        }
        let Some(accepted) = held.accepted.clone() else {
            held.life = Life::Refused;
            return;
        };
        held.stay(accepted);
        held.is_outdated |= held.by_document;
        held.life = Life::There;
        last_applied::write(&held.applied, world);
        // Its controller was told with the command.
        if held.subject.kind == Kind::Rollout {
            self.control(position, cause, world);
        }
    }
}
