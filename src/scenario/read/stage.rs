//! A cluster without what is deployed on it: a file of its own, a scenario of which only the cluster counts, or what
//! `kubectl get nodes -o yaml` prints.

use std::path::Path;
use std::sync::Arc;

use super::super::documents::{Documents, Folder, read_text};
use super::super::file::{ClusterFile, StageFile};
use super::super::model::{NodeEntry, Scenario, SnapshotLayers};
use super::{EPOCH_DEFAULT, Reader, folder_of, live_nodes};
use crate::kernel::Time;
use crate::text::decode::{Context, FromNode};
use crate::text::tree::Value;
use crate::text::{Diagnostic, Node, Source, tree};

/// Keys of a scenario that say nothing of its cluster.
const OF_THE_RUN: [&str; 12] = [
    "until",
    "stop_when_settled",
    "snapshot",
    "oci",
    "backendai",
    "dynamo",
    "paasta",
    "onebackend",
    "deploy",
    "faults",
    "actions",
    "expect",
];

/// Reads the cluster of a file, as a scenario that deploys nothing.
///
/// # Errors
/// Everything that is wrong with it, in the order of the file.
pub fn load_cluster(path: &Path) -> Result<Scenario, Vec<Diagnostic>> {
    let name: Arc<str> = path.to_string_lossy().into();
    let text = read_text(path).map_err(|error| vec![Diagnostic::about(&Source::new(Arc::clone(&name), ""), error)])?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    load_cluster_from(&Source::new(name, text), &Folder::new(folder))
}

/// Reads the cluster of a text; a scheduler's configuration comes from `documents`.
///
/// # Errors
/// Everything that is wrong with it, in the order of the file.
pub fn load_cluster_from(source: &Source, documents: &dyn Documents) -> Result<Scenario, Vec<Diagnostic>> {
    let mut root = tree::parse(source).map_err(|error| vec![error])?;
    let mut context = Context::new(source);
    let live = live_nodes::is_listing(&root).then(|| live_nodes::nodes(&root, &mut context));
    if let Value::Map(entries) = &mut root.value {
        entries.retain(|(key, _)| !OF_THE_RUN.contains(&key.text.as_str()));
    }
    let mut reader = Reader::new(&mut context, documents, Time::MAX);
    let scenario = match live {
        Some(nodes) => reader.listed(nodes),
        None if root.get("nodes").is_some() && root.get("cluster").is_none() => reader.bare(&root),
        None => StageFile::from_node(&root, reader.context).and_then(|file| reader.stage(file)),
    };
    match scenario {
        Some(scenario) if context.is_clean() => Ok(scenario),
        _ => Err(context.into_diagnostics()),
    }
}

impl Reader<'_, '_> {
    fn listed(&mut self, nodes: Vec<NodeEntry>) -> Option<Scenario> {
        let cluster = self.cluster(ClusterFile::default())?;
        self.empty(StageFile::default(), super::super::model::Cluster { nodes, ..cluster })
    }

    fn bare(&mut self, root: &Node) -> Option<Scenario> {
        let cluster = ClusterFile::from_node(root, self.context).and_then(|file| self.cluster(file))?;
        self.empty(StageFile::default(), cluster)
    }

    fn stage(&mut self, mut file: StageFile) -> Option<Scenario> {
        let cluster = self.cluster(file.cluster.take().unwrap_or_default())?;
        self.empty(file, cluster)
    }

    /// A scenario that deploys nothing on a cluster.
    fn empty(&mut self, file: StageFile, cluster: super::super::model::Cluster) -> Option<Scenario> {
        let source = self.context.source;
        let kubernetes = self.kubernetes(file.kubernetes)?;
        let behaviour = self.behaviour(file.behaviour.unwrap_or_default());
        Some(Scenario {
            name: file.name.map_or_else(|| "plan".to_owned(), |name| name.value),
            file: Arc::clone(source.name()),
            source: source.clone(),
            folder: folder_of(source.name()),
            seed: file.seed.unwrap_or(0),
            until: Time::ZERO,
            speed: 1,
            stop_when_settled: false,
            snapshot: SnapshotLayers::All,
            epoch: file.epoch.map_or(EPOCH_DEFAULT, |epoch| epoch.0),
            kubernetes,
            oci: Default::default(),
            backendai: Default::default(),
            dynamo: Default::default(),
            paasta: Default::default(),
            onebackend: Default::default(),
            cluster,
            deploy: Vec::new(),
            behaviour,
            faults: Vec::new(),
            ties: Vec::new(),
            actions: Vec::new(),
            expect: Vec::new(),
            oracles: Default::default(),
            notices: std::mem::take(&mut self.notices),
        })
    }
}
