//! Dynamo's objects as an API server keeps them: which part is the spec, and which the status. The rules of admission are
//! `check`'s.

use super::model::{Adapter, ComponentDeployment, Graph, Resource};
use crate::systems::machinery::{self, Spec};

/// One object of Dynamo with its metadata.
pub type Stored = machinery::Resource<Resource>;

impl Spec for Resource {
    fn same_spec(&self, other: &Resource) -> bool {
        match (self, other) {
            (Resource::Graph(a), Resource::Graph(b)) => a.spec == b.spec,
            (Resource::Component(a), Resource::Component(b)) => a.spec == b.spec,
            (Resource::Request(a), Resource::Request(b)) => a.spec == b.spec,
            (Resource::Adapter(a), Resource::Adapter(b)) => a.spec == b.spec,
            (Resource::Model(a), Resource::Model(b)) => a.spec == b.spec,
            (Resource::Checkpoint(a), Resource::Checkpoint(b)) => a.spec == b.spec,
            (Resource::WorkerMetadata, Resource::WorkerMetadata) => true,
            _ => false,
        }
    }

    fn take_status(&mut self, from: &Resource) {
        match (self, from) {
            (Resource::Graph(a), Resource::Graph(b)) => a.status.clone_from(&b.status),
            (Resource::Component(a), Resource::Component(b)) => a.status.clone_from(&b.status),
            (Resource::Request(a), Resource::Request(b)) => a.status.clone_from(&b.status),
            (Resource::Adapter(a), Resource::Adapter(b)) => a.status.clone_from(&b.status),
            (Resource::Model(a), Resource::Model(b)) => a.status.clone_from(&b.status),
            (Resource::Checkpoint(a), Resource::Checkpoint(b)) => a.status.clone_from(&b.status),
            _ => {}
        }
    }
}

impl Resource {
    /// The graph that it is.
    pub const fn graph(&self) -> Option<&Graph> {
        match self {
            Resource::Graph(graph) => Some(graph),
            _ => None,
        }
    }

    /// The same, to be changed.
    pub const fn graph_mut(&mut self) -> Option<&mut Graph> {
        match self {
            Resource::Graph(graph) => Some(graph),
            _ => None,
        }
    }

    /// The component of its own that it is.
    pub const fn component(&self) -> Option<&ComponentDeployment> {
        match self {
            Resource::Component(component) => Some(component),
            _ => None,
        }
    }

    /// The same, to be changed.
    pub const fn component_mut(&mut self) -> Option<&mut ComponentDeployment> {
        match self {
            Resource::Component(component) => Some(component),
            _ => None,
        }
    }

    /// The scaling adapter that it is.
    pub const fn adapter(&self) -> Option<&Adapter> {
        match self {
            Resource::Adapter(adapter) => Some(adapter),
            _ => None,
        }
    }

    /// The same, to be changed.
    pub const fn adapter_mut(&mut self) -> Option<&mut Adapter> {
        match self {
            Resource::Adapter(adapter) => Some(adapter),
            _ => None,
        }
    }
}
