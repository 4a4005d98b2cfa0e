//! GR101: a GPU is held by two pods, or a node by more than it has.
//!
//! Looked at when an instant ends in which a pod came to a node: then no pod may have been placed where there was no room. A node
//! whose allocatable shrinks under pods that run (a GPU is lost, a node is configured anew) has more than it can give, and
//! Kubernetes lets them run (pkg/kubelet/cm/devicemanager: allocations stay); only who comes after that and asks for some of it is
//! one too many. A pod that the kubelet refuses has ended by then.

use std::collections::BTreeMap;

use super::{Found, Oracle, origin, rules};
use crate::scenario::Scenario;
use crate::timeline::{Arg, Entry, EntryId, Kind, Subject};
use crate::workload::Stage;
use crate::workload::load::Excess;

/// Watches where pods are placed.
#[derive(Clone, Debug, Default)]
pub struct Overcommit {
    /// Nodes that got pods at this instant, each with these and the last entry that says so.
    placed: BTreeMap<Subject, (Vec<Subject>, EntryId)>,
}

impl Overcommit {
    /// One for a run of this scenario.
    pub fn new(_: &Scenario) -> Overcommit {
        Overcommit::default()
    }
}

impl Oracle for Overcommit {
    fn entry(&mut self, id: EntryId, entry: &Entry, _: &dyn Stage, _: &mut Found) {
        if entry.subject.kind == Kind::Node && entry.became == "GpuLost" {
            // Of one instant, nobody can tell which came first: the pod stays where it is.
            self.placed.remove(&entry.subject);
        } else if entry.subject.kind == Kind::Pod && entry.became == "Scheduled" {
            let node = entry.why.args.iter().find_map(|arg| match arg {
                Arg::Name(name) => Some(Subject::new(Kind::Node, *name)),
                _ => None,
            });
            if let Some(node) = node {
                let (pods, last) = self.placed.entry(node).or_insert((Vec::new(), id));
                pods.push(entry.subject);
                *last = id;
            }
        }
    }

    fn instant(&mut self, stage: &dyn Stage, found: &mut Found) {
        while let Some((node, (pods, evidence))) = self.placed.pop_first() {
            for excess in stage.excess(node, &pods) {
                let names = stage.names();
                let detail = match &excess {
                    Excess::Resource { resource, asked, has } => {
                        format!("its pods ask for {asked} of {resource}, and it can give {has}")
                    }
                    Excess::Gpu { index, pods: [first, second] } => {
                        format!("GPU {index} is held by {} and by {}", first.show(names), second.show(names))
                    }
                    Excess::Unlike { pod, asked, holds } => {
                        format!("{} asks for {asked} GPUs and holds {holds}", pod.show(names))
                    }
                };
                let detail = format!("{detail}{}", origin::words(stage.timeline(), names, Some(evidence)));
                found.add(&rules::OVERCOMMIT, node.show(names), stage.now(), detail, Some(evidence));
            }
        }
    }
}
