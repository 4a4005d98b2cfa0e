//! A blue-green update: all new pods come up beside the old ones, and one switch of the active Service promotes them.
//! Source: argo-rollouts v1.10.1, rollout/bluegreen.go, rollout/replicaset.go and utils/replicaset/{bluegreen,replicaset}.go.

use super::pass::Pass;
use super::profile::V1_10;
use super::status::{PauseReason, Status};
use crate::kernel::Duration;
use crate::kernel::mutation::{Mutation, is_on};
use crate::workload::AnalysisPhase;
use crate::workload::rollout::{BlueGreen, RolloutStrategy};

impl Pass<'_> {
    /// The strategy, while it is blue-green.
    pub fn blue_green_spec(&self) -> Option<&BlueGreen> {
        match &self.ro.spec.strategy {
            RolloutStrategy::BlueGreen(strategy) => Some(strategy),
            RolloutStrategy::Canary(_) => None,
        }
    }

    /// `rolloutBlueGreen`.
    pub fn blue_green(&mut self) {
        self.switch_preview();
        if self.template_changed() {
            return self.sync_blue_green();
        }
        self.restart_pods();
        self.size_blue_green();
        self.pause_blue_green();
        self.switch_active();
        self.reconcile_runs();
        self.sync_blue_green();
    }

    /// `reconcileBlueGreenReplicaSets`.
    pub fn size_blue_green(&mut self) {
        self.remove_deadlines();
        let wanted = self.ro.spec.replicas;
        if let Some(stable) = self.stable {
            self.scale(stable, wanted);
        }
        self.size_new();
        self.shrink_old_blue_green();
        self.clean_up();
    }

    /// How many pods the newest ReplicaSet of a blue-green update has (`NewRSNewReplicas`).
    pub fn blue_green_size(&self, new: usize) -> u32 {
        let (status, wanted) = (&self.ro.status, self.ro.spec.replicas);
        let Some(preview) = self.blue_green_spec().and_then(|one| one.preview_replicas) else { return wanted };
        let active = self.with_hash(&status.active);
        if active.is_none_or(|active| active == new) || status.promote_full {
            return wanted;
        }
        let is_known = self.set(new).hash == status.current;
        let goes_on = !self.ro.spec.paused && status.pauses.is_empty();
        if is_known && goes_on && status.checkpoint { wanted } else { preview }
    }

    /// The newest ReplicaSet has the pods that it should have now, and all are available (`ReadyForPause`).
    fn is_ready_for_pause(&self, new: usize) -> bool {
        let size = self.blue_green_size(new);
        self.set(new).read.0 == size && self.available(new) == size
    }

    /// `reconcileNewReplicaSet`: also what an abort leaves of it. True if its size changed.
    pub fn size_new(&mut self) -> bool {
        let Some(new) = self.new else { return false };
        let mut size = match self.ro.spec.strategy {
            RolloutStrategy::BlueGreen(_) => self.blue_green_size(new),
            RolloutStrategy::Canary(_) => self.canary_sizes().0,
        };
        if self.delays_scale_down_on_abort() {
            match (self.set(new).deadline, self.deadline_ahead(new)) {
                (Some(_), Some(deadline)) => {
                    self.ro.enqueue(deadline);
                    self.sync_desired(new);
                    return false;
                }
                (Some(_), None) => size = 0,
                (None, _) => {
                    self.sync_desired(new);
                    // It ends once the stable pods can serve alone.
                    let serves = self.stable.is_some_and(|stable| self.available(stable) >= self.ro.spec.replicas);
                    if serves {
                        self.add_delay(new, self.abort_delay().unwrap_or(Duration::ZERO));
                    }
                    return false;
                }
            }
        }
        let scaled = self.scale(new, size);
        self.scale_workload();
        scaled
    }

    /// A ReplicaSet that keeps its size must know what the Rollout wants (`syncNewRSReplicasAnnotation`).
    fn sync_desired(&mut self, place: usize) {
        let size = self.set(place).replicas;
        self.scale(place, size);
    }

    /// How long new pods stay after an abort; `None`: for ever (`GetAbortScaleDownDelaySecondsOrDefault`).
    fn abort_delay(&self) -> Option<Duration> {
        let said = self.blue_green_spec().and_then(|one| one.abort_scale_down_delay);
        let kept = is_on(Mutation::AbortKeepsPods);
        Some(said.unwrap_or(V1_10.abort_scale_down_delay)).filter(|delay| !delay.is_zero() && !kept)
    }

    /// After an abort new pods stay for a while (`shouldDelayScaleDownOnAbort`).
    pub fn delays_scale_down_on_abort(&self) -> bool {
        self.pause.is_aborted(&self.ro.status)
            && self.stable.is_some()
            && self.blue_green_spec().is_some()
            && self.abort_delay().is_some()
    }

    /// Old ReplicaSets stay for a while and then lose their pods (`scaleDownOldReplicaSetsForBlueGreen`).
    fn shrink_old_blue_green(&mut self) {
        if self.ro.status.pause(PauseReason::Inconclusive).is_some() {
            return;
        }
        let Some(strategy) = self.blue_green_spec() else { return };
        let limit = strategy.scale_down_revisions.unwrap_or(u32::MAX);
        let delay = strategy.scale_down_delay.unwrap_or(V1_10.scale_down_delay);
        if strategy.post_promotion.is_some() && strategy.scale_down_delay.is_none() && !self.skips_post_promotion() {
            let succeeded = self.runs.post.is_some_and(|run| self.run_phase(run) == Some(AnalysisPhase::Successful));
            if !succeeded {
                return;
            }
        }
        let wanted = self.ro.spec.replicas;
        let mut planned = 0;
        for place in self.newest_first(&self.others.clone()) {
            if self.set(place).replicas == 0 || self.is_referenced(place) {
                continue;
            }
            // `scaleDownDelayHelper`.
            let mut size = 0;
            if self.set(place).deadline.is_none() {
                if planned < limit {
                    planned += 1;
                    size = self.set(place).replicas;
                    // Without a delay nothing is planned, and it keeps its pods for good.
                    self.add_delay(place, delay);
                    if let Some(deadline) = self.deadline_ahead(place) {
                        self.ro.enqueue(deadline);
                    }
                }
            } else {
                planned += 1;
                if let Some(deadline) = self.deadline_ahead(place).filter(|_| planned <= limit) {
                    self.ro.enqueue(deadline);
                    size = wanted;
                }
            }
            if self.set(place).replicas != size {
                self.scale(place, size);
            }
        }
    }

    /// The update need not wait for anybody (`isBlueGreenFastTracked`).
    pub fn is_fast_tracked(&self) -> bool {
        let active = self.blue_green_spec().and_then(|one| self.selected_hash(&one.active_service));
        let new = self.new.map(|new| self.set(new).hash.as_str());
        self.is_fast_rollback() || self.ro.status.promote_full || active.is_none() || active.as_deref() == new
    }

    /// `reconcileBlueGreenPause`.
    fn pause_blue_green(&mut self) {
        let (Some(new), Some(strategy)) = (self.new, self.blue_green_spec()) else { return };
        if self.ro.status.abort || !self.is_ready_for_pause(new) || self.is_halted() {
            return;
        }
        let needs_pause = !strategy.auto_promotion || !strategy.auto_promotion_after.is_zero();
        let wait = strategy.auto_promotion_after;
        let completed = self.pause.completed_blue_green(&self.ro.status, strategy, self.now);
        if self.is_fast_tracked() || self.ro.status.checkpoint || !needs_pause {
            self.pause.remove(PauseReason::BlueGreen);
            return;
        }
        if !self.pre_promotion_succeeded() {
            return;
        }
        match self.ro.status.pause(PauseReason::BlueGreen) {
            Some(_) if completed => self.pause.remove(PauseReason::BlueGreen),
            Some(pause) if !wait.is_zero() => self.ro.enqueue((pause.since + wait).max(self.now)),
            Some(_) => {}
            // Without the pause, and with what tells of one: a user has promoted it.
            None if !self.ro.status.controller_pause => self.pause.add(PauseReason::BlueGreen),
            None => {}
        }
    }

    /// `reconcileActiveService`.
    fn switch_active(&mut self) {
        let (Some(new), Some(strategy)) = (self.new, self.blue_green_spec()) else { return };
        let is_there = self.is_ready_for_pause(new) && self.is_saturated(new);
        if self.is_halted() || !(is_there || is_on(Mutation::SwitchedEarly)) {
            return;
        }
        let service = strategy.active_service.clone();
        let completed = self.pause.completed_blue_green(&self.ro.status, strategy, self.now);
        let mut hash = self.selected_hash(&service).unwrap_or_default();
        if self.is_fast_tracked() || (completed && self.pre_promotion_succeeded()) {
            hash.clone_from(&self.set(new).hash);
        }
        if self.ro.status.abort && !is_on(Mutation::AbortKeepsTraffic) {
            hash.clone_from(&self.ro.status.stable);
        }
        self.switch_service(&service, &hash);
    }

    /// `syncRolloutStatusBlueGreen`.
    fn sync_blue_green(&mut self) {
        self.count_base();
        self.next.stable.clone_from(&self.ro.status.stable);
        if self.template_changed() {
            self.reset();
        }
        if self.ro.status.promote_full || self.is_rollback_within_window() {
            self.pause.clear();
            self.pause.remove_abort();
        }
        let Some(strategy) = self.blue_green_spec() else { return };
        let (active, preview) = (strategy.active_service.clone(), strategy.preview_service.clone());
        self.next.preview = preview.and_then(|preview| self.selected_hash(&preview)).unwrap_or_default();
        self.next.active = self.selected_hash(&active).unwrap_or_default();
        match self.why_promote_blue_green() {
            Some(why) => self.promote_stable(why),
            None => self.next.checkpoint = self.passes_checkpoint(),
        }
        let mut next = std::mem::take(&mut self.next);
        self.count_active(&mut next);
        self.next = next;
        self.persist();
    }

    /// The figures are those of the ReplicaSet that serves, if one does.
    pub fn count_active(&self, next: &mut Status) {
        match self.with_hash(&next.active) {
            Some(active) => {
                let shown = self.shown(active);
                (next.hpa_replicas, next.available, next.ready) = (shown.replicas, shown.available, shown.ready);
            }
            None => {
                next.hpa_replicas = self.sum(|status| status.replicas);
                next.available = self.sum(|status| status.available);
            }
        }
    }

    /// A preview of fewer pods may grow once it was promoted (`calculateScaleUpPreviewCheckPoint`).
    fn passes_checkpoint(&self) -> bool {
        let (Some(new), Some(strategy)) = (self.new, self.blue_green_spec()) else { return false };
        let Some(preview) = strategy.preview_replicas else { return false };
        self.ro.status.checkpoint
            || (self.pre_promotion_succeeded()
                && self.pause.completed_blue_green(&self.ro.status, strategy, self.now)
                && self.available(new) == preview)
    }

    /// Why the newest template becomes the stable one, if it does (`shouldFullPromote`).
    fn why_promote_blue_green(&self) -> Option<&'static str> {
        if self.stable.is_none() || self.next.active.is_empty() {
            return Some("Initial deploy");
        }
        if self.next.active != self.next.current {
            return None;
        }
        if self.ro.status.promote_full {
            return Some("Full promotion requested");
        }
        if self.is_fast_rollback() {
            return Some(self.rollback_words());
        }
        if self.pause.is_aborted(&self.ro.status) {
            return None;
        }
        let analyses = self.blue_green_spec().is_some_and(|one| one.post_promotion.is_some());
        let succeeded = || self.runs.post.is_some_and(|run| self.run_phase(run) == Some(AnalysisPhase::Successful));
        (!analyses || succeeded()).then_some("Completed blue-green update")
    }

    /// What must succeed before the promotion has (`completedPrePromotionAnalysis`).
    pub fn pre_promotion_succeeded(&self) -> bool {
        self.blue_green_spec().is_none_or(|one| one.pre_promotion.is_none())
            || self.runs.pre.is_some_and(|run| self.run_phase(run) == Some(AnalysisPhase::Successful))
    }
}
