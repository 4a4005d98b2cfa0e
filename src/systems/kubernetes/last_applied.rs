//! What the last document that was applied to an object said, whichever set applied it: `kubectl apply` keeps it with the object
//! (`kubectl.kubernetes.io/last-applied-configuration`). Kept is what decides anything: whether it named a number of replicas,
//! and the fields that may not be changed.

use super::manifest::{Fixed, Manifest};
use crate::timeline::Subject;
use crate::workload::{RecordChange, World};

fn name(manifest: &Manifest) -> String {
    format!("last-applied {}", manifest.identity.show())
}

/// Writes what a document says down with its object.
pub fn write(manifest: &Manifest, world: &mut dyn World) {
    let fixed: Vec<&str> = manifest.fixed.iter().map(|fixed| fixed.value.as_str()).collect();
    let name = name(manifest);
    let expected_version = world.record(&name).map_or(0, |(version, _)| version);
    let value = serde_json::to_string(&(manifest.says_replicas, fixed)).ok();
    world.commit(&[RecordChange { name, expected_version, value }]);
}

/// The object as a set asks for it that did not have it so far: if another set has applied it, it keeps the number of replicas
/// that neither document names.
///
/// # Errors
/// The API's refusal of a field that may not be changed.
pub fn join(manifest: &Manifest, subject: Subject, world: &dyn World) -> Result<Manifest, String> {
    let mut joined = manifest.clone();
    let Some((_, record)) = world.record(&name(manifest)).filter(|_| world.observed(subject).is_some()) else {
        return Ok(joined);
    };
    let Ok((said, values)) = serde_json::from_str::<(bool, Vec<String>)>(&record) else { return Ok(joined) };
    let changed = |(new, old): &(&Fixed, &String)| new.value != **old;
    if let Some((fixed, _)) = manifest.fixed.iter().zip(&values).find(changed) {
        return Err(fixed.refusal.clone());
    }
    if let (false, false, Some(scale)) = (said, manifest.says_replicas, world.scale(subject))
        && let Some(replicas) = joined.replicas_mut()
    {
        *replicas = scale;
    }
    Ok(joined)
}
