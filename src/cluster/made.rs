//! Pods as they were made and nodes as they are, for those who look at a simulated run from outside it.

use std::sync::Arc;

use super::node::Nodes;
use super::pod::Owner;
use super::{Cluster, PodId};
use crate::timeline::Subject;
use crate::workload::PodTemplate;

/// A pod as it was made.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MadePod {
    /// Who it is; another of this name may have been there before it.
    pub subject: Subject,
    /// What it was made from.
    pub template: Arc<PodTemplate>,
    /// The ReplicaSet or StatefulSet over whose pods the default spread counts.
    pub spread: Option<Subject>,
    /// Its priority.
    pub priority: i32,
    /// True for a pod of a DaemonSet, which is for one node.
    pub is_confined: bool,
    /// True if it mounts claims.
    pub has_claims: bool,
}

impl Cluster {
    /// The nodes as they are now.
    pub fn nodes(&self) -> &Nodes {
        &self.nodes
    }

    /// Every pod that was ever made, in the order in which they were.
    pub fn pods_made(&self) -> impl Iterator<Item = MadePod> {
        (0..self.pods.len() as u32).map(PodId).map(|id| {
            let set = self.set(self.pod(id).set);
            let is_spread = matches!(set.owner, Owner::ReplicaSet(_) | Owner::StatefulSet(_));
            MadePod {
                subject: self.pod_subject(id),
                template: Arc::clone(&set.source),
                spread: is_spread.then(|| self.owner_subject(set.owner)),
                priority: self.templates.get(set.template).priority,
                is_confined: matches!(set.owner, Owner::DaemonSet(_)),
                has_claims: self.has_claims(id),
            }
        })
    }
}
