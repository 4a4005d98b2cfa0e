//! Init containers on kwok that wait for other pods to be ready: kwok is told that they end in an age, and told otherwise once
//! enough pods are. Who makes such containers, and why, is the systems' affair.

use serde_json::json;

use super::cluster::LiveCluster;
use super::conduct::{AFTER_WAITING, goes_on};
use super::mirror::PodSeen;
use super::render::label_key;
use super::request::Operation;
use crate::timeline::{Cause, Subject};
use crate::workload::pod::Awaited;

impl LiveCluster {
    /// A pod came or changed: those who wait for pods like it look again.
    pub(super) fn look_at_waiting(&mut self, cause: Cause) {
        let waiting = self.mirror.pods.values().filter(|pod| pod.after_waiting.is_some() && !pod.status.terminating);
        let waiting: Vec<Subject> = waiting.filter(|pod| self.has_waited(pod)).map(|pod| pod.subject).collect();
        for subject in waiting {
            let Some(length) = self.mirror.pods.get_mut(&subject).and_then(|pod| pod.after_waiting.take()) else {
                continue;
            };
            let mut annotations = json!(goes_on(&length));
            annotations[AFTER_WAITING] = json!(null);
            if let Err(why) =
                self.do_to(subject, Operation::Merge(json!({ "metadata": { "annotations": annotations } })), cause)
            {
                self.troubles.push(why);
            }
        }
    }

    /// True if enough pods are ready of all that the init containers of a pod wait for.
    fn has_waited(&self, pod: &PodSeen) -> bool {
        let applied = self.applied.get(&pod.workload).or_else(|| self.applied.get(&pod.owner?));
        let template = applied.and_then(|applied| applied.object.template());
        let awaited = template.into_iter().flat_map(|template| &template.init_containers).flat_map(|one| &one.awaits);
        awaited.into_iter().all(|awaited| self.ready_like(&pod.namespace, awaited) >= awaited.ready as usize)
    }

    fn ready_like(&self, namespace: &str, awaited: &Awaited) -> usize {
        let has_all =
            |pod: &PodSeen| awaited.labels.iter().all(|(label, value)| pod.labels.get(label_key(label)) == Some(value));
        let ready = self.mirror.pods.values().filter(|pod| pod.status.ready && !pod.status.terminating);
        ready.filter(|pod| pod.namespace == namespace && has_all(pod)).count()
    }
}
