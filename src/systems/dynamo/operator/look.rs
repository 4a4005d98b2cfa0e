//! A graph as its controller works on it in one turn: what was read, and what of it has been written since.

use std::sync::Arc;

use super::keys;
use super::names;
use super::pass::Pass;
use crate::systems::dynamo::model::{Component, Graph, GraphSpec, Resource, Table};
use crate::systems::dynamo::status::GraphStatus;
use crate::systems::dynamo::store::Stored;
use crate::systems::machinery::{Meta, Refusal};
use crate::timeline::{Kind, Subject};

/// A graph in one turn.
#[derive(Clone, Debug)]
pub struct Look {
    /// The graph.
    pub key: Subject,
    /// Its name.
    pub name: String,
    /// Its metadata, as the last write left it.
    pub meta: Meta,
    /// What it asks for.
    pub spec: GraphSpec,
    /// What its status is to say.
    pub status: GraphStatus,
    /// What its status says.
    pub written: GraphStatus,
}

impl Look {
    /// What was read; `None` if it is no graph.
    pub fn of(found: &Stored, name: String) -> Option<Look> {
        let Graph { spec, status } = found.value.graph()?;
        let (meta, spec) = (found.meta.clone(), spec.clone());
        Some(Look { key: found.key, name, meta, spec, status: status.clone(), written: status.clone() })
    }

    /// An annotation of the graph itself.
    pub fn annotation(&self, name: &str) -> Option<&str> {
        self.meta.annotations.get(name).map(String::as_str)
    }

    /// True if a component has several nodes.
    pub fn has_multinode(&self) -> bool {
        self.spec.components.iter().any(Component::is_multinode)
    }

    /// The names of the components.
    pub fn component_names(&self) -> Vec<&str> {
        self.spec.components.iter().map(|one| one.name.as_str()).collect()
    }

    /// The worker components.
    pub fn workers(&self) -> impl Iterator<Item = &Component> {
        self.spec.components.iter().filter(|one| one.component_type.is_worker())
    }

    /// The names of the worker components, in order.
    pub fn worker_names(&self) -> Vec<String> {
        let mut names: Vec<String> = self.workers().map(|one| one.name.clone()).collect();
        names.sort();
        names
    }

    /// What the annotations of a component say; those of the graph's spec stand in for what it does not.
    pub fn component_annotation<'a>(&'a self, component: &'a Component, name: &str) -> Option<&'a str> {
        let own = component.annotations.get(name);
        own.or_else(|| self.spec.annotations.get(name)).map(String::as_str)
    }

    /// The resource of a component; of a worker that of one generation.
    pub fn resource_name(&self, component: &Component, hash: &str) -> String {
        let hash = if component.component_type.is_worker() { hash } else { "" };
        names::generation(&self.name, &component.name, hash)
    }

    /// The subject of a component: `component/<graph>-<name>`.
    pub fn component_subject(&self, component: &str, pass: &mut Pass<'_>) -> Subject {
        pass.beside(self.key, Kind::Component, &names::component(&self.name, component))
    }

    /// Changes metadata of the graph, as a client does that writes the whole object: refused if somebody wrote since it was read.
    ///
    /// # Errors
    /// Why it was not written.
    pub fn write_meta(&mut self, pass: &mut Pass<'_>, change: impl FnOnce(&mut Meta)) -> Result<(), Refusal> {
        let mut meta = self.meta.clone();
        change(&mut meta);
        let value = Resource::Graph(Box::new(Graph { spec: self.spec.clone(), status: GraphStatus::default() }));
        pass.api.update(Stored { key: self.key, meta, value }, Some(self.meta.version), pass.writer())?;
        // The answer is the object as it is now; after the last finalizer there is none.
        if let Some(now) = pass.api.get(self.key).map(Arc::clone) {
            self.meta = now.meta.clone();
        }
        Ok(())
    }

    /// Changes annotations of the graph.
    ///
    /// # Errors
    /// Why it was not written.
    pub fn annotate(&mut self, pass: &mut Pass<'_>, change: impl FnOnce(&mut Table)) -> Result<(), Refusal> {
        self.write_meta(pass, |meta| change(&mut meta.annotations))
    }

    /// The hash of the generation of workers that serves, as the graph remembers it.
    pub fn current_hash(&self) -> Option<&str> {
        self.annotation(keys::CURRENT_HASH)
    }

    /// The namespace in Dynamo's own sense: internal/dynamo/graph.go, ComputeDynamoNamespace.
    pub fn dynamo_namespace(&self, component: &Component, pass: &Pass<'_>) -> String {
        let namespace = pass.world.text(self.key.namespace);
        let namespace = if namespace.is_empty() { "default" } else { &namespace };
        if component.global_namespace { namespace.to_owned() } else { format!("{namespace}-{}", self.name) }
    }
}
