//! Names as the run knows them, and who is meant by `deployment/chat`.

use crate::kernel::Name;
use crate::kernel::names::split;
use crate::workload::World;

/// A name as the run knows it.
pub fn name(text: &str, world: &mut dyn World) -> Name {
    match split(text) {
        Some((base, ordinal)) => Name::numbered(world.intern(base), ordinal),
        None => Name::plain(world.intern(text)),
    }
}

/// The name of the deployment that an operator means: by its subject or by its name alone.
pub fn meant(target: &str) -> Option<&str> {
    match target.split_once('/') {
        Some(("deployment", name)) => Some(name),
        Some(_) => None,
        None => Some(target),
    }
}
