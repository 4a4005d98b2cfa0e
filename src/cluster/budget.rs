//! PodDisruptionBudgets: how many of the pods that they select may be evicted now.
//! Source: k8s.io/kubernetes v1.36.3, pkg/controller/disruption/disruption.go (trySync, getExpectedPodCount).
//! What an eviction makes of it is in `eviction`.
//!
//! The source keeps the pods that were evicted and are not gone for two minutes, in case their deletion fails after the
//! eviction was granted. Here a granted eviction is a deletion, so that nothing is ever kept.

use std::collections::BTreeMap;

use smallvec::SmallVec;

use super::apply::ObjectId;
use super::{Arg, BudgetId, Cause, Class, Cluster, Event, PodSetId, Subject, Symbol, Why};
use crate::timeline::{EntryId, Kind};
use crate::workload::policy::{BudgetBound, BudgetSpec};
use crate::workload::{BudgetStatus, IntOrPercent};

/// One PodDisruptionBudget.
#[derive(Clone, Debug)]
pub struct Budget {
    /// Its kind, namespace and name.
    pub key: Subject,
    /// What it asks for.
    pub spec: BudgetSpec,
    /// What it allows.
    pub status: BudgetStatus,
    /// The sets of the pods that it selects.
    sets: Vec<PodSetId>,
    queued: bool,
    deleted: bool,
    /// What the timeline last told: synced, and any eviction allowed.
    told: (bool, bool),
    /// The last entry about it.
    pub last: EntryId,
}

/// All budgets, and which of them stand over the pods of a set.
#[derive(Clone, Debug, Default)]
pub struct Budgets {
    budgets: Vec<Budget>,
    of_set: BTreeMap<PodSetId, SmallVec<[BudgetId; 1]>>,
}

impl Budget {
    fn selects(&self, namespace: Symbol, labels: &BTreeMap<String, String>) -> bool {
        let selects = || self.spec.selector.as_ref().is_some_and(|selector| selector.matches(labels));
        !self.deleted && self.key.namespace == namespace && selects()
    }
}

impl Budgets {
    /// A budget.
    pub fn get(&self, id: BudgetId) -> &Budget {
        &self.budgets[id.0 as usize]
    }

    fn get_mut(&mut self, id: BudgetId) -> &mut Budget {
        &mut self.budgets[id.0 as usize]
    }

    /// The budgets that are there.
    pub fn iter(&self) -> impl Iterator<Item = &Budget> {
        self.budgets.iter().filter(|budget| !budget.deleted)
    }

    /// One of the disruptions that a budget allows is used up until it is compared with its pods again.
    pub fn use_up(&mut self, id: BudgetId) {
        self.get_mut(id).status.allowed -= 1;
    }

    /// The budgets that select the pods of a set.
    pub fn of(&self, set: PodSetId) -> &[BudgetId] {
        self.of_set.get(&set).map_or(&[], |budgets| budgets.as_slice())
    }
}

/// The number of ready pods that there must be, of so many that are expected; both percentages are rounded up.
fn desired_healthy(bound: BudgetBound, expected: u32) -> u32 {
    match bound {
        BudgetBound::MaxUnavailable(most) => expected.saturating_sub(most.rounded_up(expected)),
        BudgetBound::MinAvailable(least) => least.rounded_up(expected),
    }
}

/// How many pods may be evicted.
fn disruptions_allowed(expected: u32, healthy: u32, desired: u32) -> u32 {
    if expected == 0 { 0 } else { healthy.saturating_sub(desired) }
}

impl Cluster {
    pub(super) fn create_budget(&mut self, key: Subject, spec: BudgetSpec, cause: Cause) {
        let id = BudgetId(self.budgets.budgets.len() as u32);
        let last = self.note(key, "Created", bound_in_words(spec.bound), cause);
        let status = BudgetStatus::default();
        self.budgets.budgets.push(Budget {
            key,
            spec,
            status,
            sets: Vec::new(),
            queued: false,
            deleted: false,
            told: (false, false),
            last,
        });
        self.objects.insert(key, ObjectId::Budget(id));
        self.select_budget_pods(id);
    }

    pub(super) fn change_budget(&mut self, id: BudgetId, spec: BudgetSpec, cause: Cause) {
        if self.budgets.get(id).spec == spec {
            return;
        }
        let key = self.budgets.get(id).key;
        let last = self.note(key, "Changed", bound_in_words(spec.bound), cause);
        let budget = self.budgets.get_mut(id);
        (budget.spec, budget.last) = (spec, last);
        self.select_budget_pods(id);
    }

    pub(super) fn delete_budget(&mut self, id: BudgetId, cause: Cause) {
        let budget = self.budgets.get_mut(id);
        budget.deleted = true;
        let key = budget.key;
        let entry = self.note(key, "Deleted", Why::NONE, cause);
        self.select_budget_pods(id);
        self.touch_object(key, Cause::Entry(entry));
    }

    /// Finds the sets whose pods a budget selects.
    fn select_budget_pods(&mut self, id: BudgetId) {
        for set in self.budgets.get_mut(id).sets.drain(..).collect::<Vec<_>>() {
            if let Some(budgets) = self.budgets.of_set.get_mut(&set) {
                budgets.retain(|other| *other != id);
            }
        }
        for set in (0..self.sets.len() as u32).map(PodSetId) {
            self.join_budget(id, set);
        }
        self.queue_budget(id);
    }

    fn join_budget(&mut self, id: BudgetId, set: PodSetId) {
        let pods = self.set(set);
        if self.budgets.get(id).selects(pods.namespace, &pods.source.labels) {
            self.budgets.get_mut(id).sets.push(set);
            self.budgets.of_set.entry(set).or_default().push(id);
        }
    }

    /// A set was made: it may be one that budgets select.
    pub(super) fn budgets_for_set(&mut self, set: PodSetId) {
        for id in (0..self.budgets.budgets.len() as u32).map(BudgetId) {
            self.join_budget(id, set);
        }
    }

    /// Pods of a set, or its owner's scale, have changed.
    pub(super) fn budgets_touched(&mut self, set: PodSetId) {
        if self.budgets.of_set.is_empty() {
            return;
        }
        for id in self.budgets.of_set.get(&set).cloned().unwrap_or_default() {
            self.queue_budget(id);
        }
    }

    fn queue_budget(&mut self, id: BudgetId) {
        if !std::mem::replace(&mut self.budgets.get_mut(id).queued, true) {
            let now = self.queue.now();
            self.schedule(now, Class::BUILT_IN, Event::Budget(id));
        }
    }

    /// Handles [`Event::Budget`].
    pub(super) fn sync_budget(&mut self, id: BudgetId) {
        self.budgets.get_mut(id).queued = false;
        let budget = self.budgets.get(id);
        if budget.deleted {
            return;
        }
        let (key, was, sets) = (budget.key, budget.status, &budget.sets);
        let healthy = sets.iter().map(|set| self.set(*set).ready).sum();
        let expected = match budget.spec.bound {
            BudgetBound::MinAvailable(IntOrPercent::Int(_)) => {
                Some(sets.iter().map(|set| self.set(*set).there()).sum())
            }
            _ => self.expected_scale(sets),
        };
        let status = match expected {
            None => BudgetStatus { allowed: 0, synced: false, ..was },
            Some(expected) => {
                let desired = desired_healthy(budget.spec.bound, expected);
                let allowed = disruptions_allowed(expected, healthy, desired);
                BudgetStatus { expected, healthy, desired, allowed, synced: true }
            }
        };
        if status == was {
            return;
        }
        let cause = Cause::Entry(budget.last);
        self.budgets.get_mut(id).status = status;
        // The condition DisruptionAllowed, as a line where it changes.
        let tells = (status.synced, status.allowed > 0);
        if self.budgets.get(id).told != tells {
            self.budgets.get_mut(id).told = tells;
            let (healthy, desired) = (Arg::Count(status.healthy.into()), Arg::Count(status.desired.into()));
            let (became, why) = match (status.synced, status.allowed) {
                (false, _) => ("SyncFailed", Why::text("its pods' owner has no scale: nothing may be evicted")),
                (true, 0) => ("InsufficientPods", Why::with2("{} ready, {} needed", healthy, desired)),
                (true, _) => ("SufficientPods", Why::with2("{} ready, {} needed", healthy, desired)),
            };
            let entry = self.note(key, became, why, cause);
            self.budgets.get_mut(id).last = entry;
        }
        let cause = Cause::Entry(self.budgets.get(id).last);
        self.touch_object(key, cause);
    }

    /// The sum of what the owners of these pods want (`getExpectedScale`); `None` if one of them has no scale.
    fn expected_scale(&self, sets: &[PodSetId]) -> Option<u32> {
        let mut scales: BTreeMap<Subject, u32> = BTreeMap::new();
        for set in sets.iter().map(|set| self.set(*set)).filter(|set| set.there() > 0) {
            match set.workload.kind {
                // Pods without an owner are not counted.
                Kind::Pod => {}
                _ => {
                    scales.insert(set.workload, self.scale_of(set.workload)?);
                }
            }
        }
        Some(scales.values().sum())
    }
}

fn bound_in_words(bound: BudgetBound) -> Why {
    match bound {
        BudgetBound::MinAvailable(IntOrPercent::Int(count)) => Why::with("minAvailable: {}", Arg::Count(count.into())),
        BudgetBound::MinAvailable(IntOrPercent::Percent(percent)) => {
            Why::with("minAvailable: {}%", Arg::Count(percent.into()))
        }
        BudgetBound::MaxUnavailable(IntOrPercent::Int(count)) => {
            Why::with("maxUnavailable: {}", Arg::Count(count.into()))
        }
        BudgetBound::MaxUnavailable(IntOrPercent::Percent(percent)) => {
            Why::with("maxUnavailable: {}%", Arg::Count(percent.into()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_percentages_round_up() {
        let most = |percent| BudgetBound::MaxUnavailable(IntOrPercent::Percent(percent));
        let least = |percent| BudgetBound::MinAvailable(IntOrPercent::Percent(percent));
        // 30 % of 7 are 2.1: three may be missing, or three must be there.
        assert_eq!(desired_healthy(most(30), 7), 4);
        assert_eq!(desired_healthy(least(30), 7), 3);
        assert_eq!(desired_healthy(BudgetBound::MaxUnavailable(IntOrPercent::Int(9)), 7), 0);
    }

    #[test]
    fn nothing_is_allowed_while_nothing_is_expected() {
        assert_eq!(disruptions_allowed(0, 3, 0), 0);
        assert_eq!(disruptions_allowed(3, 3, 2), 1);
        assert_eq!(disruptions_allowed(3, 1, 2), 0);
    }
}
