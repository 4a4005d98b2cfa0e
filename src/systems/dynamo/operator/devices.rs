//! The devices that the pods of a component claim, as amounts that a node must have. A claim is allocated with its pod whether or not
//! a container names it.
//! Source: kubernetes/kubernetes v1.36, pkg/controller/resourceclaim/controller.go and
//! pkg/scheduler/framework/plugins/dynamicresources: without its template a claim is not made, and its pod waits.

use std::collections::BTreeMap;

use crate::systems::dynamo::model::Component;
use crate::systems::dynamo::read::devices::{ClaimTemplate, Devices};
use crate::workload::PodTemplate;

/// The templates that were applied, by namespace and name.
#[derive(Clone, Debug, Default)]
pub struct ClaimTemplates(BTreeMap<(String, String), Devices>);

impl ClaimTemplates {
    /// Takes a template.
    pub fn add(&mut self, template: &ClaimTemplate) {
        let key = (template.namespace.clone(), template.name.clone());
        self.0.insert(key, template.devices.clone());
    }

    /// What the claims of one pod take together.
    ///
    /// # Errors
    /// Why no pod can be made with them.
    pub fn of(&self, component: &Component, namespace: &str) -> Devices {
        let namespace = if namespace == "default" { "" } else { namespace };
        let mut all = BTreeMap::new();
        for (index, claim) in component.claims.iter().enumerate() {
            let refuse = |why: &str| format!("spec.resourceClaims[{index}] ({}): {why}", claim.name);
            if !claim.is_template {
                return Err(refuse("a ResourceClaim that pods share is not simulated"));
            }
            match self.0.get(&(namespace.to_owned(), claim.of.clone())) {
                None => return Err(refuse(&format!("ResourceClaimTemplate {:?} is in no document", claim.of))),
                Some(Err(why)) => return Err(refuse(&format!("ResourceClaimTemplate {:?}: {why}", claim.of))),
                Some(Ok(devices)) => {
                    for (resource, count) in devices {
                        let sum: &mut u64 = all.entry(resource.clone()).or_default();
                        *sum = sum.saturating_add(*count);
                    }
                }
            }
        }
        Ok(all)
    }
}

/// Has the pod ask for these beside what its containers ask for.
pub fn put(devices: &BTreeMap<String, u64>, template: &mut PodTemplate) {
    let Some(main) = template.containers.first_mut() else { return };
    for (resource, count) in devices {
        for amounts in [&mut main.requests, &mut main.limits] {
            let sum = amounts.extended.entry(resource.clone()).or_default();
            *sum = sum.saturating_add(*count);
        }
    }
}
