//! Updates that go back to an earlier template, which need not take all steps again.
//! Source: argo-rollouts v1.10.1, rollout/sync.go (isRollback, isFastRollback, isRollbackWithinWindow).

use super::pass::Pass;

impl Pass<'_> {
    /// The newest template is an old one whose pods are still there, or near enough (`isFastRollback`). True as well while
    /// no update goes on.
    pub fn is_fast_rollback(&self) -> bool {
        let (Some(new), Some(stable)) = (self.new, self.stable) else { return false };
        let to_stable = new == stable;
        let is_rollback = to_stable || self.set(new).created_at < self.set(stable).created_at;
        let within_delay = self.new_is_within_delay && self.blue_green_spec().is_some();
        is_rollback && (to_stable || within_delay || self.is_rollback_within_window())
    }

    /// The newest template is one of the last revisions before the stable one (`isRollbackWithinWindow`).
    pub fn is_rollback_within_window(&self) -> bool {
        let (Some(new), Some(stable)) = (self.new, self.stable) else { return false };
        let Some(window) = self.ro.spec.rollback_window.filter(|window| *window > 0) else { return false };
        let (new, stable) = (self.set(new).created_at, self.set(stable).created_at);
        let between = self.ro.sets.iter().filter(|set| new < set.created_at && set.created_at < stable);
        new < stable && (between.count() as u32) < window
    }

    /// How such a promotion is told.
    pub fn rollback_words(&self) -> &'static str {
        if self.is_rollback_within_window() { "Rollback within window" } else { "Fast rollback" }
    }
}
