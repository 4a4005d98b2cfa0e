//! Init containers that wait for other pods to be ready: a program in them asks the API for pods with some labels until there
//! are enough (ai-dynamo/grove, initc/internal/wait.go; a leader that waits for its workers). Such a program watches: it ends
//! as soon as the last pod is ready, and what the behaviour of an init container says comes on top.

use std::collections::BTreeMap;

use super::super::{Arg, Cause, Class, Cluster, ContainerId, Event, PodSetId, Symbol, Why};
use crate::workload::pod::Awaited;

impl Cluster {
    /// An init container has started. `true` if it waits for pods that are not ready.
    pub(in crate::cluster) fn begins_to_wait(&mut self, id: ContainerId, cause: Cause) -> bool {
        let awaits = &self.container_spec(id).awaits;
        if awaits.is_empty() || self.are_ready(id) {
            return false;
        }
        let wanted: u32 = awaits.iter().map(|one| one.ready).sum();
        let name = self.container_spec(id).name.clone();
        let name = Arg::Text(self.names.intern(&name));
        let (pod, start) = (self.container(id).pod, self.container(id).start);
        let why = Why::with2("init container {} waits for {} ready pods", name, Arg::Count(wanted.into()));
        self.note_pod(pod, "Initializing", why, cause);
        self.awaiting.insert(id, start);
        true
    }

    /// A pod of a set became ready: those who wait for pods like it look again.
    pub(in crate::cluster) fn awaited_pod_ready(&mut self, set: PodSetId, cause: Cause) {
        if self.awaiting.is_empty() {
            return;
        }
        let (namespace, source) = (self.set(set).namespace, &self.set(set).source);
        let concerns = |id: ContainerId| {
            let own = self.set(self.pod(self.container(id).pod).set).namespace;
            own == namespace && self.container_spec(id).awaits.iter().any(|one| has_all(&source.labels, &one.labels))
        };
        let looks: Vec<(ContainerId, u32)> =
            self.awaiting.iter().filter(|(id, _)| concerns(**id)).map(|(id, start)| (*id, *start)).collect();
        for (id, start) in looks {
            if !self.is_current(id, start) {
                self.awaiting.remove(&id);
            } else if self.are_ready(id) {
                self.awaiting.remove(&id);
                let takes = self.draw(id, "init", |row| &row.init);
                let pod = self.container(id).pod;
                let name = self.container_spec(id).name.clone();
                let name = Arg::Text(self.names.intern(&name));
                self.note_pod(pod, "Initializing", Why::with("init container {} has waited long enough", name), cause);
                let at = self.queue.now() + takes;
                self.schedule(at, Class::COMPLETION, Event::InitDone(id, start));
            }
        }
    }

    /// True if enough pods are ready of all that an init container waits for.
    fn are_ready(&self, id: ContainerId) -> bool {
        let namespace = self.set(self.pod(self.container(id).pod).set).namespace;
        self.container_spec(id).awaits.iter().all(|one| self.ready_with(namespace, one) >= one.ready)
    }

    fn ready_with(&self, namespace: Symbol, awaited: &Awaited) -> u32 {
        // A pod that it waits for carries all of the labels, so that any of them finds it.
        let Some(label) = awaited.labels.iter().next() else { return 0 };
        let sets = self.labelled.sets_with(namespace, label).into_iter().map(|set| self.set(set));
        sets.filter(|set| has_all(&set.source.labels, &awaited.labels)).map(|set| set.ready).sum()
    }
}

fn has_all(labels: &BTreeMap<String, String>, wanted: &BTreeMap<String, String>) -> bool {
    wanted.iter().all(|(label, value)| labels.get(label) == Some(value))
}
