//! The systems that give documents their meaning: a folder each, with its format, its checks and its state machine.
//! Nothing here simulates: a system decides, and the world does. Which worlds there are is not known here.

pub mod leaderworkerset;
pub mod oci;

use crate::text::{Diagnostic, Source};
use crate::timeline::Cause;
use crate::workload::{Controller, Wake, World};

/// The names of the systems, as a scenario's `system:` has them.
pub const NAMES: &[&str] = &["oci"];

/// The profiles of all systems.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Profiles {
    /// Of OCI AI Blueprints.
    pub oci: oci::Options,
}

/// A system with one document.
#[derive(Clone, Debug)]
pub enum System {
    /// OCI AI Blueprints.
    Oci(oci::Oci),
}

/// A document that was read.
#[derive(Clone, Debug)]
pub struct Document {
    /// Its system. One that rejects the document says so when the document is submitted.
    pub system: System,
    /// What the user should know; it keeps nothing from being used.
    pub warnings: Vec<Diagnostic>,
    /// Why the system rejects the document; empty if it accepts it.
    pub problems: Vec<Diagnostic>,
}

/// Reads a document of the system of this name.
///
/// # Errors
/// What makes it no document that anybody could submit: it is no JSON or YAML, or of another kind.
pub fn read(name: &str, source: &Source, profiles: &Profiles) -> Result<Document, Vec<Diagnostic>> {
    match name {
        "oci" => oci::read(source, &profiles.oci).map(|read| Document {
            system: System::Oci(read.oci),
            warnings: read.warnings,
            problems: read.problems,
        }),
        _ => {
            let message = format!("there is no system `{name}`; known are {}", NAMES.join(", "));
            Err(vec![Diagnostic::about(source, message)])
        }
    }
}

impl System {
    /// The names of groups and deployments that an operator's action may mean.
    pub fn names(&self) -> Vec<&str> {
        match self {
            System::Oci(oci) => oci.names().collect(),
        }
    }

    /// Goes on from the durable records of an earlier controller of the same document; `false` if there are none.
    pub fn resume(&mut self, cause: Cause, world: &mut dyn World) -> bool {
        match self {
            System::Oci(oci) => oci.resume(cause, world),
        }
    }
}

impl Controller for System {
    fn wake(&mut self, wake: Wake, cause: Cause, world: &mut dyn World) -> Result<(), String> {
        match self {
            System::Oci(oci) => oci.wake(wake, cause, world),
        }
    }

    fn native(&self, world: &dyn World) -> serde_json::Value {
        match self {
            System::Oci(oci) => oci.native(world),
        }
    }
}
