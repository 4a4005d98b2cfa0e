//! Budgets, autoscalers and quotas as watches show them, and what is written of them.

use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use k8s_openapi::api::core::v1::ResourceQuota;
use k8s_openapi::api::policy::v1::PodDisruptionBudget;

use super::super::cluster::LiveCluster;
use super::super::message::SeenKind;
use super::workloads::WorkloadSeen;
use super::{count, generation};
use crate::timeline::{Arg, Kind, Why};
use crate::workload::{AutoscalerStatus, BudgetStatus, QuotaStatus, Status};

impl LiveCluster {
    pub(super) fn saw_budget(&mut self, object: &PodDisruptionBudget) {
        let status = object.status.clone().unwrap_or_default();
        let synced = status.observed_generation == object.metadata.generation;
        let now = BudgetStatus {
            expected: count(status.expected_pods),
            healthy: count(status.current_healthy),
            desired: count(status.desired_healthy),
            allowed: count(status.disruptions_allowed),
            synced,
        };
        let seen = WorkloadSeen::of(Status::PodDisruptionBudget(now), 0, generation(object.metadata.generation));
        let kind = (SeenKind::PodDisruptionBudget, Kind::PodDisruptionBudget);
        let Some((subject, before)) = self.keep(kind, &object.metadata, seen, Why::NONE) else { return };
        let was = match before.as_ref().map(|before| before.status) {
            Some(Status::PodDisruptionBudget(was)) => Some(was),
            _ => None,
        };
        let allowed = |status: &BudgetStatus| status.synced && status.allowed > 0;
        if synced && was.is_none_or(|was| !was.synced || allowed(&was) != allowed(&now)) {
            let became = if allowed(&now) { "SufficientPods" } else { "InsufficientPods" };
            let counts = [now.healthy, now.desired].map(|count| Arg::Count(count.into()));
            let cause = self.last_of(subject);
            self.note_next(subject, became, Why::with2("healthy: {}, needed: {}", counts[0], counts[1]), cause);
        }
        self.told(subject, before.as_ref());
    }

    pub(super) fn saw_autoscaler(&mut self, object: &HorizontalPodAutoscaler) {
        let status = object.status.clone().unwrap_or_default();
        let now =
            AutoscalerStatus { current: count(status.current_replicas), desired: count(Some(status.desired_replicas)) };
        let seen = WorkloadSeen::of(Status::HorizontalPodAutoscaler(now), 0, generation(object.metadata.generation));
        let kind = (SeenKind::HorizontalPodAutoscaler, Kind::HorizontalPodAutoscaler);
        if let Some((subject, before)) = self.keep(kind, &object.metadata, seen, Why::NONE) {
            self.told(subject, before.as_ref());
        }
    }

    pub(super) fn saw_quota(&mut self, object: &ResourceQuota) {
        if self.named(Kind::ResourceQuota, &object.metadata).is_none_or(|own| self.hidden.contains(&own)) {
            return;
        }
        let status = object.status.clone().unwrap_or_default();
        let (hard, used) = (status.hard.unwrap_or_default(), status.used.unwrap_or_default());
        let full = hard.iter().filter(|(name, bound)| used.get(*name) == Some(bound)).count();
        let now = QuotaStatus { bounds: hard.len() as u32, full: full as u32 };
        let seen = WorkloadSeen::of(Status::ResourceQuota(now), 0, generation(object.metadata.generation));
        let kind = (SeenKind::ResourceQuota, Kind::ResourceQuota);
        if let Some((subject, before)) = self.keep(kind, &object.metadata, seen, Why::NONE) {
            self.told(subject, before.as_ref());
        }
    }
}
