//! What a user says about a live run beyond its scenario.

use std::fmt;
use std::sync::Arc;

use super::render::Pods;
use crate::kernel::Names;
use crate::timeline::{EntryId, Timeline};

/// Is called with each entry as soon as it is written.
pub type Progress = Arc<dyn Fn(&Timeline, &Names, EntryId) + Send + Sync>;

/// How a live run is made.
#[derive(Clone)]
pub struct LiveOptions {
    /// The id of the run.
    pub run: String,
    /// Leave what was made when the run ends.
    pub keep: bool,
    /// Make the nodes of the scenario, which kwok plays; else the scenario runs on the nodes that are there.
    pub fake_nodes: bool,
    /// Faults may strike nodes that the run did not make.
    pub allow_node_faults: bool,
    /// The image of the stand-in for containers.
    pub image: String,
    /// Labels that pods ask of nodes that are there, so that a run keeps to some of them.
    pub node_selector: std::collections::BTreeMap<String, String>,
    /// When the run began, in seconds since 1970: timestamps of the API are counted from it.
    pub began_at_unix_seconds: i64,
    /// Who is told of entries while the run goes on.
    pub progress: Option<Progress>,
}

impl LiveOptions {
    /// What of this decides how a run goes, as arguments of `greenroom run`.
    pub fn as_arguments(&self) -> Vec<String> {
        let mut arguments = Vec::new();
        let flags = [(self.fake_nodes, "--fake-nodes"), (self.allow_node_faults, "--allow-node-faults")];
        arguments.extend(flags.iter().filter(|(is_set, _)| *is_set).map(|(_, flag)| (*flag).to_owned()));
        for (key, value) in &self.node_selector {
            arguments.extend(["--node-selector".to_owned(), format!("{key}={value}")]);
        }
        if !self.fake_nodes && self.image != Pods::stand_in_image() {
            arguments.extend(["--stand-in-image".to_owned(), self.image.clone()]);
        }
        arguments
    }
}

impl fmt::Debug for LiveOptions {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("LiveOptions")
            .field("run", &self.run)
            .field("fake_nodes", &self.fake_nodes)
            .finish_non_exhaustive()
    }
}
