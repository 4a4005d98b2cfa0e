//! Claims of volumes that a graph makes (`pvcs` of v1alpha1), and those that it only names.
//!
//! Source: ai-dynamo/dynamo, deploy/operator/internal/controller/dynamographdeployment_controller.go, reconcilePVC: a claim that is
//! there is left alone, and one that is neither there nor to be made fails the graph.

use super::asked::Wanted;
use super::look::Look;
use super::pass::{Failure, Pass, Step};
use super::workloads::FAILED;
use crate::timeline::Kind;
use crate::workload::Object;

/// Makes the claims of a graph.
pub fn reconcile(look: &Look, pass: &mut Pass<'_>) -> Step<()> {
    for claim in &look.spec.claims {
        let key = pass.beside(look.key, Kind::PersistentVolumeClaim, &claim.name);
        if pass.asked.is_held(key) || pass.world.observed(key).is_some() {
            continue;
        }
        let Some(spec) = claim.create.clone() else {
            let message =
                format!("failed to reconcile top-level PVCs: persistentvolumeclaims {:?} not found", claim.name);
            return Err(Failure::new(FAILED, message));
        };
        pass.api
            .write_elsewhere(key, false, pass.writer())
            .map_err(|refusal| Failure::write(FAILED, "failed to reconcile top-level PVCs", &refusal))?;
        let wanted = Wanted { key, object: Object::PersistentVolumeClaim(spec), owner: look.key, serves: look.key };
        pass.asked.apply(wanted, pass.cause, pass.world);
    }
    Ok(())
}
