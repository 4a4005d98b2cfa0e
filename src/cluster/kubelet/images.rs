//! Images on a node: pulled one at a time, kept once they are there, tried again after a back-off that doubles.
//! Sources: images/image_manager.go (EnsureImageExists), images/puller.go (serialImagePuller), kubelet.go:685.

use std::collections::{BTreeMap, VecDeque};

use smallvec::SmallVec;

use super::super::behaviour::{Pull, glob};
use super::super::lifecycle::ReadyCondition;
use super::super::{Arg, Cause, Class, Cluster, ContainerId, Event, NodeId, PodId, Symbol, Why};
use super::ContainerState;
use crate::kernel::{Distribution, Duration, Time};
use crate::timeline::EntryId;

/// The kubelet of one node.
#[derive(Clone, Debug, Default)]
pub struct Kubelet {
    /// Pods that are bound to the node and not gone.
    pub pods: SmallVec<[PodId; 8]>,
    /// True while the node is down: its containers do not run and nobody renews its lease.
    pub down: bool,
    /// True while it is not heard of and hears of nothing, although the node is up.
    pub silent: bool,
    /// True while it shuts its node down: what ends is not started again.
    pub shutting_down: bool,
    /// True once the node's provider has taken the machine back.
    pub reclaimed: bool,
    /// The node's Ready condition as the API shows it.
    pub condition: ReadyCondition,
    /// The zone that the node counts for, by number.
    pub zone: u32,
    /// Counts the times that it fell silent, so that what was planned before is stale.
    pub outage: u32,
    /// The entry that told of its condition last.
    pub condition_told: Option<EntryId>,
    /// The entry that its silence began with.
    pub fell_silent: Option<EntryId>,
    /// When the node joined: the phase of its lease renewals.
    pub joined_at: Time,
    /// The last entry about the node.
    pub last: Option<EntryId>,
    /// GPUs that are lost, by index.
    pub lost_devices: u64,
    /// Sorted.
    images: SmallVec<[Symbol; 4]>,
    /// The container whose image is being pulled, and behind it those that wait.
    pulls: VecDeque<ContainerId>,
    /// Counts pulls, so that the end of one that was given up is stale.
    pull: u32,
}

/// A disturbance of pulls.
#[derive(Clone, Debug)]
pub struct PullFault {
    /// A pattern over images.
    pub image: String,
    /// How many pulls it still fails; `None`: all.
    pub left: Option<u32>,
    /// When it ends.
    pub until: Time,
    /// What led to it.
    pub cause: Cause,
    /// Where its effects are counted.
    pub effect: usize,
}

/// How an image's pull back-off stands; the key in the source is pod and image.
#[derive(Clone, Copy, Debug, Default)]
pub struct PullBackoff {
    delay: Duration,
    updated: Time,
}

impl Kubelet {
    /// The kubelet of a node that joins.
    pub fn joined(at: Time, zone: u32) -> Kubelet {
        Kubelet { joined_at: at, zone, ..Kubelet::default() }
    }

    /// True while the API hears of the kubelet, and the kubelet of the API.
    pub const fn in_touch(&self) -> bool {
        !self.down && !self.silent
    }

    fn has_image(&self, image: Symbol) -> bool {
        self.images.binary_search(&image).is_ok()
    }

    fn keep_image(&mut self, image: Symbol) {
        if let Err(place) = self.images.binary_search(&image) {
            self.images.insert(place, image);
        }
    }
}

impl Cluster {
    /// Sees to it that a container's image is on its node, then starts it. `false`: it has to wait.
    pub(super) fn ensure_image(&mut self, id: ContainerId, cause: Cause) -> bool {
        let image = self.container_image(id);
        let Some(node) = self.pod(self.container(id).pod).node else { return false };
        let asks_registry =
            !self.pull_faults.is_empty() && pulled_always(self.names.text(image)) && self.pull_fault(image).is_some();
        if self.kubelet(node).has_image(image) && !asks_registry {
            return true;
        }
        if self.container_spec(id).never_pulls {
            self.never_pulled(id, image, cause);
            return false;
        }
        self.container_mut(id).state = ContainerState::Pulling;
        let kubelet = self.kubelet_mut(node);
        kubelet.pulls.push_back(id);
        if kubelet.pulls.len() == 1 {
            self.begin_pull(node, cause);
        }
        false
    }

    /// An image may not be pulled and is not there: its container waits until another pod has brought it to the node
    /// (pkg/kubelet/images/image_manager.go, `EnsureImageExists`).
    fn never_pulled(&mut self, id: ContainerId, image: Symbol, cause: Cause) {
        let pod = self.container(id).pod;
        self.container_mut(id).state = ContainerState::ImageBackOff;
        if self.image_waits.insert(id) {
            self.pod_record_mut(pod).reason = "ErrImageNeverPull";
            let why = Why::with("{} is not present with pull policy of Never", Arg::Text(image));
            let cause = self.note_pod(pod, "ErrImageNeverPull", why, cause);
            self.touch_pod(pod, cause);
        }
    }

    /// An image has come to a node: containers there that may not pull it start.
    fn image_came(&mut self, node: NodeId, image: Symbol) {
        let here = |id: &ContainerId| {
            self.pod(self.container(*id).pod).node == Some(node) && self.container_image(*id) == image
        };
        for id in self.image_waits.iter().copied().filter(here).collect::<Vec<_>>() {
            self.image_waits.remove(&id);
            let (now, start) = (self.queue.now(), self.container(id).start);
            self.schedule(now, Class::COMPLETION, Event::PullAgain(id, start));
        }
    }

    /// Starts the pull at the head of a node's queue.
    fn begin_pull(&mut self, node: NodeId, cause: Cause) {
        let Some(&id) = self.kubelet(node).pulls.front() else { return };
        let image = self.container_image(id);
        let takes = if self.kubelet(node).has_image(image) { Duration::ZERO } else { self.pull_length(id, node) };
        self.note_pod(self.container(id).pod, "Pulling", Why::with("{}", Arg::Text(image)), cause);
        let kubelet = self.kubelet_mut(node);
        kubelet.pull += 1;
        let pull = kubelet.pull;
        let at = self.queue.now() + takes;
        self.schedule(at, Class::COMPLETION, Event::Pulled(node, pull));
    }

    /// Handles [`Event::Pulled`].
    pub(in crate::cluster) fn on_pulled(&mut self, node: NodeId, pull: u32) {
        if self.kubelet(node).pull != pull || self.kubelet(node).down {
            return;
        }
        let Some(id) = self.kubelet_mut(node).pulls.pop_front() else { return };
        let pod = self.container(id).pod;
        let image = self.container_image(id);
        let cause = self.pod_cause(pod);
        match self.pull_fault(image) {
            Some(fault) => self.pull_failed(id, fault),
            None => {
                self.kubelet_mut(node).keep_image(image);
                if !self.image_waits.is_empty() {
                    self.image_came(node, image);
                }
                let bytes = self.image_bytes(id);
                if bytes > 0 || self.nodes.knows_images() {
                    let image_name = self.names.text(image).to_owned();
                    self.nodes.set_image(&mut self.names, node, &image_name, bytes);
                }
                self.pull_backoffs.remove(&(pod, image));
                self.run_container(id, cause);
            }
        }
        if let Some(&next) = self.kubelet(node).pulls.front() {
            let cause = self.pod_cause(self.container(next).pod);
            self.begin_pull(node, cause);
        }
    }

    /// A pull failed: the container waits, longer each time.
    fn pull_failed(&mut self, id: ContainerId, fault: usize) {
        let now = self.queue.now();
        let fault = &mut self.pull_faults[fault];
        if let Some(left) = &mut fault.left {
            *left -= 1;
        }
        let (cause, effect) = (fault.cause, fault.effect);
        self.effects[effect] += 1;
        let image = self.container_image(id);
        let pod = self.container(id).pod;
        let (first, most) = (self.profile.image_backoff, self.profile.image_backoff_max);
        let backoff = self.pull_backoffs.entry((pod, image)).or_default();
        let forgotten = now.since(backoff.updated) > most * 2;
        backoff.delay = if backoff.delay.is_zero() || forgotten { first } else { (backoff.delay * 2).min(most) };
        backoff.updated = now;
        let delay = backoff.delay;
        self.container_mut(id).state = ContainerState::ImageBackOff;
        let start = self.container(id).start;
        self.pod_record_mut(pod).reason = "ImagePullBackOff";
        let why = Why::with2("{} cannot be pulled, again in {}", Arg::Text(image), Arg::Length(delay));
        let cause = self.note_pod(pod, "ImagePullBackOff", why, cause);
        self.touch_pod(pod, cause);
        self.schedule(now + delay, Class::COMPLETION, Event::PullAgain(id, start));
    }

    /// Handles [`Event::PullAgain`].
    pub(in crate::cluster) fn on_pull_again(&mut self, id: ContainerId, start: u32) {
        let container = self.container(id);
        if container.start != start || container.state != ContainerState::ImageBackOff {
            return;
        }
        let pod = container.pod;
        self.pod_record_mut(pod).reason = "";
        let cause = self.pod_cause(pod);
        self.start_container(id, cause);
    }

    /// The first disturbance that fails a pull of this image now.
    fn pull_fault(&self, image: Symbol) -> Option<usize> {
        let (now, name) = (self.queue.now(), self.names.text(image));
        let fails = |fault: &PullFault| fault.left != Some(0) && now < fault.until && glob(&fault.image, name);
        self.pull_faults.iter().position(fails)
    }

    fn pull_length(&mut self, id: ContainerId, node: NodeId) -> Duration {
        let row = self.behaviour_row(id);
        match self.rows[row].pull {
            Pull::Takes(_) => {
                let (image, node) = (self.container_image(id), self.nodes.get(node).name);
                let key = &mut self.stream_name;
                key.clear();
                key.push_str(self.names.text(image));
                key.push('@');
                self.names.write(node, key);
                match &self.rows[row].pull {
                    Pull::Takes(Distribution::Constant(length)) => *length,
                    Pull::Takes(length) => length.sample(&mut self.streams.stream("pull", &self.stream_name, 0)),
                    Pull::Size { .. } => Duration::ZERO,
                }
            }
            Pull::Size { bytes, bytes_per_second } => {
                let (name, of) = (self.nodes.get(node).name, &self.provider.bandwidths);
                let own = of.get(&self.names.show(name)).or_else(|| of.get(self.names.text(name.base())));
                let bytes_per_second = own.copied().unwrap_or(bytes_per_second);
                let nanos = u128::from(bytes) * 1_000_000_000 / u128::from(bytes_per_second.max(1));
                Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
            }
        }
    }

    fn image_bytes(&self, id: ContainerId) -> u64 {
        match self.rows[self.behaviour_row(id)].pull {
            Pull::Size { bytes, .. } => bytes,
            Pull::Takes(_) => 0,
        }
    }

    /// Forgets what a kubelet was pulling for the containers of pods that are no longer wanted; `None`: everything.
    pub(in crate::cluster) fn drop_pulls(&mut self, node: NodeId, pods: Option<&[PodId]>) {
        if self.kubelet(node).pulls.is_empty() {
            return;
        }
        let head = self.kubelet(node).pulls.front().copied();
        let containers = &self.containers;
        let keep = |id: &ContainerId| pods.is_some_and(|pods| !pods.contains(&containers[id.0 as usize].pod));
        self.kubelets[node.0 as usize].pulls.retain(keep);
        let next = self.kubelet(node).pulls.front().copied();
        if next != head {
            self.kubelet_mut(node).pull += 1;
            if let Some(next) = next {
                let cause = self.pod_cause(self.container(next).pod);
                self.begin_pull(node, cause);
            }
        }
    }
}

/// True if the default pull policy of an image is `Always`: its tag is `latest` or missing.
/// Source: pkg/apis/core/v1/defaults.go (SetDefaults_Container).
fn pulled_always(image: &str) -> bool {
    let name = image.rsplit('/').next().unwrap_or(image);
    match name.rsplit_once(':') {
        Some((_, tag)) => tag == "latest",
        None => true,
    }
}

/// Back-offs of pulls by pod and image.
pub type PullBackoffs = BTreeMap<(PodId, Symbol), PullBackoff>;
