//! Grove's objects as `kubectl get -o json` shows them, and the pods of each PodClique. `spec` is what they ask for, `status` what
//! their controllers write.
//! Source: ai-dynamo/grove, operator/api/core/v1alpha1 and scheduler/api/core/v1alpha1.

mod spec;
mod status;

use serde_json::{Value, json};

use super::Grove;
use super::family::{Stored, as_clique, as_gang, as_group, as_set};
use crate::systems::kubernetes::native::{Epoch, metadata, pod};
use crate::timeline::{Kind, Subject};
use crate::workload::{Status, World};

/// The API versions of Grove's operator and of what it tells schedulers.
const OPERATOR: &str = "grove.io/v1alpha1";
const SCHEDULER: &str = "scheduler.grove.io/v1alpha1";

impl Grove {
    /// All objects, kind by kind, PodCliques with their pods. `maker` refers to an owner that is no object of Grove's.
    pub fn native(&self, epoch: Epoch, maker: &dyn Fn(Subject) -> Option<Value>, world: &dyn World) -> Vec<Value> {
        let mut items = Vec::new();
        for stored in Grove::KINDS.iter().flat_map(|kind| self.api.list(*kind)) {
            let Some(mut shown) = self.object(stored, epoch, world) else { continue };
            if let Some(owner) = stored.meta.owner {
                let own = self.api.get(owner.key).map(|_| reference(owner.key, owner.uid.0, world));
                if let Some(owner) = own.or_else(|| maker(owner.key)) {
                    shown["metadata"]["ownerReferences"] = owner;
                }
            }
            items.push(shown);
            if stored.key.kind == Kind::PodClique {
                items.extend(self.pods(stored, epoch, world));
            }
        }
        items
    }

    fn object(&self, stored: &Stored, epoch: Epoch, world: &dyn World) -> Option<Value> {
        let (spec, status) = match stored.key.kind {
            Kind::PodCliqueSet => {
                let set = as_set(stored)?;
                (spec::set(&set.spec), status::set(&set.status, epoch))
            }
            Kind::PodCliqueScalingGroup => {
                let group = as_group(stored)?;
                let breached = self.breached_copies(stored.key);
                (spec::group(&group.spec), status::group(group, breached, epoch))
            }
            Kind::PodClique => {
                let clique = as_clique(stored)?;
                let lost = self.lost_pods(stored.key);
                (spec::clique(&clique.spec), status::clique(clique, lost, epoch))
            }
            _ => {
                let gang = as_gang(stored)?;
                let namespace = metadata::namespace(stored.key, world);
                (spec::gang(&gang.spec, &namespace), status::gang(&gang.status, epoch))
            }
        };
        let mut shown = json!({
            "apiVersion": api_version(stored.key.kind),
            "kind": stored.key.kind.text(),
            "metadata": metadata::of(stored.key, &stored.meta, epoch, world),
            "spec": spec,
        });
        if let Some(status) = status {
            shown["status"] = status;
        }
        Some(shown)
    }

    /// The pods of a PodClique that are there.
    fn pods(&self, clique: &Stored, epoch: Epoch, world: &dyn World) -> Vec<Value> {
        let shown = self.pods_of(clique.key).filter_map(|key| {
            let Some(Status::Pod(status)) = world.observed(key) else { return None };
            let owner = reference(clique.key, clique.meta.uid.0, world);
            Some(pod(key, &status, Some(owner), Some(epoch), world))
        });
        shown.collect()
    }

    /// Pods that are placed, and have failed or are not ready though they have started.
    fn lost_pods(&self, clique: Subject) -> u32 {
        let pods = self.pods.of(clique).iter().filter(|pod| pod.is_live());
        pods.map(|pod| u32::from(pod.has_failed() || pod.is_started_not_ready())).sum()
    }

    /// Copies of a scaling group in which a clique is breached.
    fn breached_copies(&self, group: Subject) -> u32 {
        let mut copies: Vec<u32> = Vec::new();
        for key in self.family.cliques_of(group) {
            let Some(clique) = self.api.get(key).and_then(|stored| as_clique(stored)) else { continue };
            let holds = clique.status.conditions.holds(super::status::ConditionKind::MinAvailableBreached);
            if let Some((_, copy)) = self.family.group_of(key).filter(|_| holds) {
                copies.push(copy);
            }
        }
        copies.sort_unstable();
        copies.dedup();
        u32::try_from(copies.len()).unwrap_or(u32::MAX)
    }
}

fn api_version(kind: Kind) -> &'static str {
    if kind == Kind::PodGang { SCHEDULER } else { OPERATOR }
}

fn reference(key: Subject, uid: u64, world: &dyn World) -> Value {
    metadata::owner(api_version(key.kind), key.kind.text(), key, uid, world)
}
