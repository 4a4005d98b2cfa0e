//! Faults as far as an API can cause them. What it cannot is refused before the run starts: `refusals`.

use std::collections::BTreeMap;

use globset::Glob;
use serde_json::{Value, json};

use super::clock::Timer;
use super::cluster::LiveCluster;
use super::conduct::fails_now;
use super::node_change::NodeChange;
use super::request::{NOBODY, Operation};
use crate::kernel::Duration;
use crate::timeline::{Cause, Kind, Subject, Why};
use crate::workload::pod::Taint;
use crate::workload::{AskId, Disruption, NodeDisruption, Outcome, Struck};

/// A fault that goes on.
#[derive(Clone, Debug)]
pub(super) struct Standing {
    pub what: Lasting,
    pub cause: Cause,
    /// How often it had an effect.
    pub effects: u64,
    /// True once it is over.
    pub ended: bool,
}

/// What a standing fault does.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Lasting {
    /// Images that fit cannot be pulled.
    Images(String),
    /// Reads for a deployment fail, so many times.
    Reads(Subject, Option<u32>),
    /// A node is cordoned.
    Cordoned(Subject),
    /// A node is tainted.
    Tainted(Subject, Taint),
    /// A fake node is not played.
    Silent(Subject),
    /// A quota that leaves nothing.
    Quota(Subject),
}

/// The ask that nobody waits for.
const NO_ASK: AskId = AskId(u32::MAX);

/// Where the image of a container is kept while it cannot be pulled.
const NOWHERE: &str = "greenroom.invalid/";

impl LiveCluster {
    /// Disturbs the cluster.
    pub(super) fn strike(&mut self, disruption: &Disruption, cause: Cause) -> Result<Struck, String> {
        match disruption {
            Disruption::PodKill { target, count } => {
                let mut pods = self.pods_at(*target);
                pods.truncate(count.map_or(usize::MAX, |count| count as usize));
                for pod in &pods {
                    self.deletions.insert(*pod, cause);
                    self.do_to(*pod, Operation::Delete(None), cause)?;
                }
                Ok(Struck::Now(pods.len() as u32))
            }
            Disruption::ContainerCrash { target, exit_code } if self.options.fake_nodes => {
                let runs = |pod: &Subject| self.mirror.pods.get(pod).is_some_and(|pod| pod.running);
                let pods: Vec<Subject> = self.pods_at(*target).into_iter().filter(runs).collect();
                let stages = fails_now(*exit_code);
                let patch = json!({ "metadata": { "labels": stages.labels, "annotations": stages.annotations } });
                for pod in &pods {
                    self.do_to(*pod, Operation::Merge(patch.clone()), cause)?;
                }
                Ok(Struck::Now(pods.len() as u32))
            }
            Disruption::ContainerCrash { target, exit_code } => {
                let mut hit = 0;
                for pod in self.pods_at(*target) {
                    let ports = self.mirror.pods.get(&pod).map(|pod| pod.serving.clone()).unwrap_or_default();
                    for port in ports {
                        self.do_to(pod, Operation::Crash { port, exit_code: *exit_code }, cause)?;
                        hit += 1;
                    }
                }
                Ok(Struck::Now(hit))
            }
            Disruption::NodeDown { target, lasts } => self.silence(*target, "Down", *lasts, cause),
            Disruption::Node { target, what } => self.strike_node(*target, what, cause),
            Disruption::ImagePullFail { image, lasts, .. } => {
                let standing = self.stand(Lasting::Images(image.clone()), cause, *lasts);
                let waiting: Vec<Subject> = self.mirror.pods.keys().copied().collect();
                for pod in waiting {
                    self.spoil_pod(pod);
                }
                Ok(Struck::Standing(standing))
            }
            Disruption::ReadFail { serves, times } => {
                Ok(Struck::Standing(self.stand(Lasting::Reads(*serves, *times), cause, None)))
            }
            Disruption::QuotaExhausted { namespace, lasts } => {
                let namespace = if namespace == "default" { "" } else { namespace };
                let namespace = self.names.intern(namespace);
                let name = self.names.name("greenroom-exhausted");
                let key = Subject { kind: Kind::ResourceQuota, namespace, name };
                let (name, within) = self.place_of(key);
                let body = json!({
                    "apiVersion": "v1",
                    "kind": "ResourceQuota",
                    "metadata": { "name": name, "namespace": within, "labels": self.run_labels() },
                    "spec": { "hard": { "pods": "0" } },
                });
                self.hidden.insert(key);
                self.do_to(key, Operation::Apply(body), cause)?;
                let standing = self.stand(Lasting::Quota(key), cause, *lasts);
                self.standing[standing].effects = 1;
                Ok(Struck::Standing(standing))
            }
            Disruption::SlowStart { .. }
            | Disruption::ReadinessFlap { .. }
            | Disruption::GpuLoss { .. }
            | Disruption::Api { .. }
            | Disruption::ProcessRestart { .. }
            | Disruption::ClockSkew { .. }
            | Disruption::StoreOutage { .. } => Err("a live run cannot do this".to_owned()),
        }
    }

    fn strike_node(&mut self, target: Subject, what: &NodeDisruption, cause: Cause) -> Result<Struck, String> {
        if let NodeDisruption::Silent { lasts } = what {
            return self.silence(target, "Silent", *lasts, cause);
        }
        let Some(node) = self.node_at(target) else { return Ok(Struck::Now(0)) };
        self.may_touch(node)?;
        self.strikes.insert(node, cause);
        match what {
            NodeDisruption::Cordon { lasts } => {
                self.change_node(node, NodeChange::Cordon(true), cause)?;
                if lasts.is_some() {
                    self.stand(Lasting::Cordoned(node), cause, *lasts);
                }
            }
            NodeDisruption::Uncordon => {
                self.change_node(node, NodeChange::Cordon(false), cause)?;
            }
            NodeDisruption::Taint { taint, lasts } => {
                self.change_node(node, NodeChange::Taint(taint.clone()), cause)?;
                if lasts.is_some() {
                    self.stand(Lasting::Tainted(node, taint.clone()), cause, *lasts);
                }
            }
            NodeDisruption::Untaint { key } => self.change_node(node, NodeChange::UntaintKey(key.clone()), cause)?,
            NodeDisruption::Drain(drain) => self.drain(node, *drain, cause)?,
            NodeDisruption::Silent { .. } | NodeDisruption::Shutdown { .. } | NodeDisruption::Reclaim { .. } => {
                return Err("a live run cannot do this".to_owned());
            }
        }
        Ok(Struck::Now(1))
    }

    /// A fake node is no longer played: nothing renews its lease, nothing of it answers.
    fn silence(
        &mut self,
        target: Subject,
        became: &'static str,
        lasts: Option<Duration>,
        cause: Cause,
    ) -> Result<Struck, String> {
        let Some(node) = self.node_at(target) else { return Ok(Struck::Now(0)) };
        if !self.made(node) {
            return Err("only fake nodes can be silenced through the API".to_owned());
        }
        let cause = self.note_next(node, became, Why::NONE, cause);
        self.strikes.insert(node, cause);
        self.play(node, false, cause)?;
        self.stand(Lasting::Silent(node), cause, lasts);
        Ok(Struck::Now(1))
    }

    /// Keeps a fault that goes on, and plans its end.
    fn stand(&mut self, what: Lasting, cause: Cause, lasts: Option<Duration>) -> usize {
        let standing = self.standing.len();
        self.standing.push(Standing { what, cause, effects: 0, ended: false });
        if let Some(lasts) = lasts {
            let at = self.present() + lasts;
            self.clock.set(at, false, Timer::FaultEnds(standing));
        }
        standing
    }

    /// The time of a standing fault is over.
    pub(super) fn end_fault(&mut self, standing: usize) {
        let Some(fault) = self.standing.get_mut(standing) else { return };
        fault.ended = true;
        let (what, cause) = (fault.what.clone(), fault.cause);
        let done = match what {
            Lasting::Cordoned(node) => {
                self.strikes.insert(node, cause);
                self.change_node(node, NodeChange::Cordon(false), cause)
            }
            Lasting::Tainted(node, taint) => {
                self.strikes.insert(node, cause);
                self.change_node(node, NodeChange::Untaint(taint), cause)
            }
            Lasting::Silent(node) => self.play(node, true, cause),
            Lasting::Quota(key) => self.do_to(key, Operation::Delete(None), cause),
            Lasting::Images(_) => {
                self.mend_images();
                Ok(())
            }
            Lasting::Reads(..) => Ok(()),
        };
        if let Err(why) = done {
            self.troubles.push(why);
        }
    }

    /// The reason why a read fails, if a fault has it fail.
    pub(super) fn failed_read(&mut self, serves: Subject) -> Option<String> {
        let standing = self.standing.iter_mut().find(|one| match &one.what {
            Lasting::Reads(subject, times) => {
                *subject == serves && !one.ended && times.is_none_or(|times| one.effects < u64::from(times))
            }
            _ => false,
        })?;
        standing.effects += 1;
        Some("the API did not answer".to_owned())
    }

    /// The pods at which a fault is aimed that can be deleted, oldest first.
    fn pods_at(&self, target: Subject) -> Vec<Subject> {
        let pods = self.mirror.pods.values().filter(|pod| !pod.status.terminating && !pod.is_finished());
        let mut pods: Vec<_> =
            pods.filter(|pod| pod.belongs_to(target)).map(|pod| (pod.status.created_at, pod.subject)).collect();
        pods.sort_unstable();
        pods.into_iter().map(|(_, subject)| subject).collect()
    }

    /// The node at which a fault is aimed: itself, or that of the oldest pod of what runs on it.
    fn node_at(&self, target: Subject) -> Option<Subject> {
        if target.kind == Kind::Node {
            return self.mirror.nodes.contains_key(&target).then_some(target);
        }
        let pods = self.pods_at(target);
        let node = pods.iter().find_map(|pod| self.mirror.pods.get(pod)?.status.node)?;
        Some(Subject::new(Kind::Node, node))
    }

    /// Asks for something that no controller waits for.
    pub(super) fn do_to(&mut self, key: Subject, operation: Operation, cause: Cause) -> Result<(), String> {
        self.request(NOBODY, NO_ASK, key, operation, cause)
    }

    /// What became of something that a fault asked for.
    pub(super) fn fault_answered(&mut self, key: Subject, outcome: Outcome) {
        let why = match outcome {
            Outcome::Refused(why) | Outcome::Failed(why) => self.names.text(why).to_owned(),
            Outcome::Unknown => "no answer".to_owned(),
            _ => return,
        };
        if key.kind == Kind::Pod && matches!(outcome, Outcome::Failed(_)) && self.eviction_refused(key, &why) {
            return;
        }
        self.troubles.push(format!("a fault could not change {}: {why}", key.show(&self.names)));
    }

    /// What made a pod go, if a fault or an ask did.
    pub(super) fn deletions_take(&mut self, key: Subject) -> Option<Cause> {
        self.deletions.remove(&key)
    }

    /// What changed a node, if a fault or an ask did.
    pub(super) fn strikes_take(&mut self, key: Subject) -> Option<Cause> {
        self.strikes.remove(&key)
    }

    fn spoiled_by(&self, image: &str) -> Option<usize> {
        self.standing.iter().position(|one| match &one.what {
            Lasting::Images(glob) => {
                !one.ended && Glob::new(glob).is_ok_and(|glob| glob.compile_matcher().is_match(image))
            }
            _ => false,
        })
    }

    /// Has a pod that waits for its image wait for ever, if a fault says so. A pod's own images may be changed, while a template
    /// that names another image would be another revision.
    pub(super) fn spoil_pod(&mut self, subject: Subject) {
        let Some(pod) = self.mirror.pods.get(&subject) else { return };
        if pod.running || pod.is_finished() || pod.status.terminating {
            return;
        }
        let wanted = self.images_of(subject);
        let mut changed = Vec::new();
        let mut by = None;
        for (container, (real, document)) in wanted {
            if let Some(standing) = self.spoiled_by(&document) {
                by = Some(standing);
                changed.push(json!({ "name": container, "image": format!("{NOWHERE}{}", real.replace(':', "-")) }));
            }
        }
        let Some(standing) = by else { return };
        self.standing[standing].effects += 1;
        let cause = self.standing[standing].cause;
        let patch = json!({ "spec": { "containers": changed } });
        if self.do_to(subject, Operation::Strategic(patch), cause).is_ok() {
            self.spoiled.insert(subject);
        }
    }

    /// Gives pods their images back.
    fn mend_images(&mut self) {
        for subject in std::mem::take(&mut self.spoiled) {
            let images = self.images_of(subject);
            let containers: Vec<Value> =
                images.into_iter().map(|(name, (image, _))| json!({ "name": name, "image": image })).collect();
            let patch = json!({ "spec": { "containers": containers } });
            if let Err(why) = self.do_to(subject, Operation::Strategic(patch), self.origin) {
                self.troubles.push(why);
            }
        }
    }

    /// The containers of a pod: the image that each has on the cluster, and that of the document.
    fn images_of(&self, subject: Subject) -> BTreeMap<String, (String, String)> {
        let Some(pod) = self.mirror.pods.get(&subject) else { return BTreeMap::new() };
        let applied = self.applied.get(&pod.workload).or_else(|| self.applied.get(&pod.owner?));
        let template = applied.and_then(|applied| applied.object.template());
        let containers = template.into_iter().flat_map(|template| template.containers.clone());
        containers.map(|one| (one.name, (self.options.image.clone(), one.image))).collect()
    }

    /// A pod was seen for the first time.
    pub(super) fn pod_met(&mut self, subject: Subject) {
        if self.standing.iter().any(|one| matches!(one.what, Lasting::Images(_)) && !one.ended) {
            self.spoil_pod(subject);
        }
    }
}
