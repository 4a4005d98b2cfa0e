//! What keeps a component of 0.8 until its keys in etcd are gone: while etcd is out, none goes, and neither does what is rendered of it.
//!
//! Source: ai-dynamo/dynamo, deploy/cloud/operator/internal/controller/dynamocomponentdeployment_controller.go, FinalizeResource, and
//! internal/controller_common, HandleFinalizer. The finalizer of 1.5 does nothing and is left out.

use super::keys;
use super::pass::Pass;
use crate::systems::dynamo::store::Stored;
use crate::systems::machinery::{Finish, Refusal, Version};
use crate::workload::stage::Store;

/// Puts the finalizer on a component; gives its version.
pub fn keep(found: &Stored, pass: &mut Pass<'_>) -> Result<Version, Refusal> {
    if pass.options.operator.is_1_5() || found.meta.finalizers.contains(keys::FINALIZER) {
        return Ok(found.meta.version);
    }
    let mut kept = found.clone();
    kept.meta.finalizers.insert(keys::FINALIZER.to_owned());
    pass.api.update(kept, Some(found.meta.version), pass.writer())
}

/// A component that is to go. One that no graph made has no namespace of Dynamo's, and no keys.
pub fn let_go(found: &Stored, pass: &mut Pass<'_>) -> Finish {
    if !found.meta.finalizers.contains(keys::FINALIZER) {
        return Finish::Done;
    }
    if found.meta.owner.is_some() && !pass.world.reaches(Store::Etcd) {
        let text = "Failed to reconcile DynamoComponentDeployment: etcd cannot be reached";
        pass.event(found.key, true, "ReconcileError", text.to_owned());
        if pass.runtime.failures(pass.item.controller, found.key) == 0 {
            pass.note_text(found.key, "Failed", "its keys stay in etcd, which cannot be reached");
        }
        return pass.retry(&Refusal::Unavailable(text.to_owned()));
    }
    let mut gone = found.clone();
    gone.meta.finalizers.remove(keys::FINALIZER);
    match pass.api.update(gone, Some(found.meta.version), pass.writer()) {
        Ok(_) | Err(Refusal::NotFound | Refusal::Gone) => Finish::Done,
        Err(refusal) => pass.retry(&refusal),
    }
}
