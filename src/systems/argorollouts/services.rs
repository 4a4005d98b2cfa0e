//! The Services of a Rollout: that they are there and fit, and which ReplicaSet they select.
//! Source: argo-rollouts v1.10.1, rollout/service.go, service/service.go, rollout/controller.go (getReferencedService) and
//! pkg/apis/rollouts/validation/validation_references.go.

use super::Rollout;
use super::pass::Pass;
use super::sets::HASH_LABEL;
use crate::timeline::{Cause, Kind, Subject};
use crate::workload::rollout::{RolloutSpec, RolloutStrategy, SelectorPatch};
use crate::workload::{Ask, Status, World};

/// The selector of a Service as a world shows it, taken apart.
fn labels(shown: &str) -> impl Iterator<Item = (&str, &str)> {
    shown.split(',').filter_map(|label| label.split_once('='))
}

/// The Services that a spec names, each with its field.
fn named_by(spec: &RolloutSpec) -> Vec<(&'static str, String)> {
    let named: [(&'static str, Option<&String>); 2] = match &spec.strategy {
        RolloutStrategy::BlueGreen(strategy) => [
            ("spec.strategy.blueGreen.activeService", Some(&strategy.active_service)),
            ("spec.strategy.blueGreen.previewService", strategy.preview_service.as_ref()),
        ],
        RolloutStrategy::Canary(strategy) => [
            ("spec.strategy.canary.stableService", strategy.stable_service.as_ref()),
            ("spec.strategy.canary.canaryService", strategy.canary_service.as_ref()),
        ],
    };
    named.into_iter().filter_map(|(field, name)| Some((field, name?.clone()))).collect()
}

impl Pass<'_> {
    fn named_services(&self) -> Vec<(&'static str, String)> {
        named_by(&self.ro.spec)
    }

    /// What is wrong with the objects that the spec names, if anything (`getRolloutValidationErrors`).
    pub fn check_references(&mut self) -> Result<(), String> {
        for (field, name) in self.named_services() {
            let key = self.service(&name);
            self.world.watch(key);
            let Some(Status::Service(status)) = self.world.observed(key) else {
                return Err(format!("{field}: Invalid value: {name:?}: service {name:?} not found"));
            };
            if self.ro.switched.get(&key).is_some_and(|(before, _)| *before != status.selector) {
                self.ro.switched.remove(&key);
            }
            let shown = self.world.text(status.selector);
            let differs = |(key, value): &(&str, &str)| *key != HASH_LABEL && self.template_label(key) != Some(*value);
            if let Some((label, _)) = labels(&shown).find(differs) {
                let told = format!("Service {name:?} has unmatch label {label:?} in rollout");
                return Err(format!("{field}: Invalid value: {name:?}: {told}"));
            }
        }
        self.check_templates()
    }

    /// The hash that a Service selects; `None` if it selects none.
    pub fn selected_hash(&self, service: &str) -> Option<String> {
        let key = self.ro.known_service(service)?;
        let Some(Status::Service(status)) = self.world.observed(key) else { return None };
        // A switch that the watch does not show yet was made all the same.
        if let Some((_, hash)) = self.ro.switched.get(&key).filter(|(before, _)| *before == status.selector) {
            return Some(hash.clone());
        }
        let shown = self.world.text(status.selector);
        labels(&shown).find(|(key, _)| *key == HASH_LABEL).map(|(_, hash)| hash.to_owned())
    }

    /// Points a Service to a ReplicaSet (`switchServiceSelector`).
    pub fn switch_service(&mut self, service: &str, hash: &str) {
        if self.selected_hash(service).as_deref().unwrap_or("") == hash {
            return;
        }
        let key = self.service(service);
        if let Some(Status::Service(status)) = self.world.observed(key) {
            self.ro.switched.insert(key, (status.selector, hash.to_owned()));
        }
        self.ro.pledge_takeover(key, service, hash, self.world);
        let patch = SelectorPatch::from([(HASH_LABEL.to_owned(), Some(hash.to_owned()))]);
        self.world.ask(Ask::PatchSelector { key, patch, serves: self.ro.serves }, self.cause);
    }

    /// `reconcilePreviewService`.
    pub fn switch_preview(&mut self) {
        let preview = self.blue_green_spec().and_then(|one| one.preview_service.clone());
        if let (Some(preview), Some(new)) = (preview, self.new)
            && !self.is_halted()
        {
            let hash = self.set(new).hash.clone();
            self.switch_service(&preview, &hash);
        }
    }

    /// The Services of a canary (`reconcileStableAndCanaryService`).
    pub fn switch_canary_services(&mut self) {
        let RolloutStrategy::Canary(strategy) = &self.ro.spec.strategy else { return };
        let (stable, canary) = (strategy.stable_service.clone(), strategy.canary_service.clone());
        let aborted = self.pause.is_aborted(&self.ro.status);
        self.lead_service(stable, self.stable);
        self.lead_service(canary, if aborted { self.stable } else { self.new });
    }

    /// Leads a Service to a ReplicaSet that can serve (`ensureSVCTargets`).
    fn lead_service(&mut self, service: Option<String>, place: Option<usize>) {
        let (Some(service), Some(place)) = (service, place) else { return };
        let (set, available) = (self.set(place), self.available(place));
        let hash = set.hash.clone();
        // A Service that is taken over needs all of the pods, one that is ours already needs one.
        let adopted = self.selected_hash(&service).is_some();
        let whole = set.replicas != 0 && available != 0 && set.replicas <= available;
        if available > 0 && (adopted || whole) {
            self.switch_service(&service, &hash);
        }
    }

    /// True while something still leads to a ReplicaSet (`isReplicaSetReferenced`).
    pub fn is_referenced(&self, place: usize) -> bool {
        let (hash, status) = (&self.set(place).hash, &self.ro.status);
        [&status.stable, &status.current, &status.active, &status.preview].contains(&hash)
            || self.named_services().iter().any(|(_, name)| self.selected_hash(name).as_ref() == Some(hash))
    }
}

impl Rollout {
    /// A Service by its name, if it was ever looked for.
    fn known_service(&self, name: &str) -> Option<Subject> {
        self.services.get(name).copied()
    }

    /// Services that another spec no longer names select without the Rollout again (`removedKeys`).
    pub(super) fn drop_services(&mut self, spec: &RolloutSpec, cause: Cause, world: &mut dyn World) {
        let named: Vec<String> = named_by(spec).into_iter().map(|(_, name)| name).collect();
        let dropped: Vec<String> = self.services.keys().filter(|name| !named.contains(name)).cloned().collect();
        for name in dropped {
            let Some(key) = self.services.remove(&name) else { continue };
            self.switched.remove(&key);
            world.unwatch(key);
            let patch = SelectorPatch::from([(HASH_LABEL.to_owned(), None)]);
            world.ask(Ask::PatchSelector { key, patch, serves: self.serves }, cause);
        }
    }

    /// The Rollout is no more: its Services select without it.
    pub(super) fn release_services(&mut self, cause: Cause, world: &mut dyn World) {
        for key in std::mem::take(&mut self.services).into_values() {
            debug_assert_eq!(key.kind, Kind::Service);
            world.unwatch(key);
            let patch = SelectorPatch::from([(HASH_LABEL.to_owned(), None)]);
            world.ask(Ask::PatchSelector { key, patch, serves: self.serves }, cause);
        }
    }
}
