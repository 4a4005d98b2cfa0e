//! Resources as the API server keeps them: metadata, and a value that holds spec and status. Who writes them stands in `api`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::api::Writer;
use crate::kernel::Time;
use crate::timeline::Subject;

/// The position of a write among all writes of an API server: its `resourceVersion`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Version(pub u64);

/// The metadata of a resource, as far as anything decides by it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Meta {
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Its annotations.
    pub annotations: BTreeMap<String, String>,
    /// Counts changes of the spec, from 1.
    pub generation: u64,
    /// The write that it was last changed by.
    pub version: Version,
    /// The write that made it: tells it apart from an earlier one of its name.
    pub uid: Version,
    /// When it was made.
    pub created_at: Time,
    /// When it was last changed: at the write that its version tells.
    pub written_at: Time,
    /// When somebody asked for its end; it is there until its finalizers are gone.
    pub deleted_at: Option<Time>,
    /// Who must be done with it before it goes.
    pub finalizers: BTreeSet<String>,
    /// What it goes with.
    pub owner: Option<Owner>,
}

/// The controller of a resource, by whose end it ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Owner {
    /// The owner.
    pub key: Subject,
    /// Which of those that had the name.
    pub uid: Version,
}

/// One custom resource.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Resource<T> {
    /// Its kind, namespace and name.
    pub key: Subject,
    /// Its metadata.
    pub meta: Meta,
    /// Its spec and status.
    pub value: T,
}

impl<T> Resource<T> {
    /// A resource that is still to be created.
    pub fn new(key: Subject, value: T) -> Resource<T> {
        Resource { key, meta: Meta::default(), value }
    }

    /// What a resource that goes with this one refers to.
    pub const fn as_owner(&self) -> Owner {
        Owner { key: self.key, uid: self.meta.uid }
    }

    /// True once somebody asked for its end.
    pub const fn is_leaving(&self) -> bool {
        self.meta.deleted_at.is_some()
    }

    /// An annotation's value.
    pub fn annotation(&self, name: &str) -> Option<&str> {
        self.meta.annotations.get(name).map(String::as_str)
    }

    /// A label's value.
    pub fn label(&self, name: &str) -> Option<&str> {
        self.meta.labels.get(name).map(String::as_str)
    }
}

/// What a system's resources hold: which part is the spec, and which the status.
pub trait Spec: Clone + Eq {
    /// True if both ask for the same, whatever their status: a write that makes a difference raises the generation.
    fn same_spec(&self, other: &Self) -> bool;

    /// Takes over the status of another value of the same kind, and keeps the spec.
    fn take_status(&mut self, from: &Self);

    /// What the API server does to a write before it is kept: defaults and the rules of the schema and of webhooks. `old` is
    /// what it replaces; `None` for one that is created. Writes of a status are not admitted here.
    ///
    /// # Errors
    /// Why the write is refused.
    fn admit(_new: &mut Resource<Self>, _old: Option<&Resource<Self>>, _by: Writer) -> Result<(), String> {
        Ok(())
    }
}

/// Why a write was not done, or why it is not known to be.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Refusal {
    /// There is no such object.
    NotFound,
    /// There is one of this name.
    AlreadyExists,
    /// It has changed since the writer read it.
    Conflict,
    /// It is against a rule; the text says which.
    Invalid(String),
    /// The API server or its webhook cannot do it now; the text says why.
    Unavailable(String),
    /// The writer itself has ended: its pass is over, and nobody reads the answer.
    Gone,
}

impl fmt::Display for Refusal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Refusal::NotFound => "not found",
            Refusal::AlreadyExists => "already exists",
            Refusal::Conflict => "the object has been modified",
            Refusal::Invalid(why) | Refusal::Unavailable(why) => why,
            Refusal::Gone => "the controller has ended",
        })
    }
}
