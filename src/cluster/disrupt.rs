//! Faults as they strike the cluster.

use super::clock::Off;
use super::kubelet::{ContainerState, PullFault};
use super::{Arg, Cause, Class, Cluster, ContainerId, Event, NodeId, PodId, Subject, Symbol, Why};
use crate::kernel::{Duration, Time};
use crate::timeline::Kind;
use crate::workload::{Disruption, Struck};

/// Containers that start late.
#[derive(Clone, Copy, Debug)]
pub struct SlowFault {
    target: Subject,
    extra: Duration,
    percent: u32,
    effect: usize,
}

/// Reads of the API that fail.
#[derive(Clone, Debug)]
pub struct ReadFault {
    serves: Subject,
    left: Option<u32>,
    effect: usize,
}

impl Cluster {
    /// Does what a fault does.
    pub(super) fn disturb(&mut self, disruption: &Disruption, cause: Cause) -> Struck {
        let now = self.queue.now();
        let until = |lasts: Option<Duration>| lasts.map_or(Time::MAX, |lasts| now + lasts);
        match disruption {
            Disruption::PodKill { target, count } => Struck::Now(self.kill_pods(*target, *count, cause)),
            Disruption::ContainerCrash { target, exit_code } => {
                Struck::Now(self.crash_containers(*target, *exit_code, cause))
            }
            Disruption::NodeDown { target, lasts } => Struck::Now(self.nodes_down(*target, *lasts, cause)),
            Disruption::Node { target, what } => Struck::Now(self.disturb_node(*target, what, cause)),
            Disruption::ReadinessFlap { target, lasts, every, times } => {
                Struck::Standing(self.begin_flap(*target, *lasts, *every, *times, cause))
            }
            Disruption::QuotaExhausted { namespace, lasts } => {
                let namespace = self.namespace_symbol(namespace);
                Struck::Standing(self.exhaust_quota(namespace, until(*lasts), cause))
            }
            Disruption::GpuLoss { target, count, lasts } => Struck::Now(self.lose_gpus(*target, *count, *lasts, cause)),
            Disruption::ImagePullFail { image, times, lasts } => {
                let (image, left, until, effect) = (image.clone(), *times, until(*lasts), self.new_effect());
                self.pull_faults.push(PullFault { image, left, until, cause, effect });
                Struck::Standing(effect)
            }
            Disruption::SlowStart { target, extra, percent } => {
                let (target, extra, percent, effect) = (*target, *extra, *percent, self.new_effect());
                self.slow_faults.push(SlowFault { target, extra, percent, effect });
                Struck::Standing(effect)
            }
            Disruption::ProcessRestart { process, lasts } => {
                self.restart_process(*process, *lasts, cause);
                Struck::Now(1)
            }
            Disruption::ClockSkew { target, by, ahead, lasts } => {
                let off = if *ahead { Off::Ahead(*by) } else { Off::Behind(*by) };
                Struck::Standing(self.skew_clocks(*target, off, *lasts, cause))
            }
            Disruption::Api { system, fault } => self.disturb_api(*system, fault),
            Disruption::StoreOutage { store, lasts } => self.store_out(*store, *lasts, cause),
            Disruption::ReadFail { serves, times } => {
                let (serves, left, effect) = (*serves, *times, self.new_effect());
                self.read_faults.push(ReadFault { serves, left, effect });
                Struck::Standing(effect)
            }
        }
    }

    fn namespace_symbol(&mut self, namespace: &str) -> Symbol {
        if namespace == "default" { Symbol::EMPTY } else { self.names.intern(namespace) }
    }

    /// A place to count the effects of a fault that stands.
    pub(super) fn new_effect(&mut self) -> usize {
        self.effects.push(0);
        self.effects.len() - 1
    }

    fn kill_pods(&mut self, target: Subject, count: Option<u32>, cause: Cause) -> u32 {
        let mut pods = self.pods_of(target);
        pods.retain(|id| self.pod(*id).is_active() && !self.is_off(*id));
        pods.truncate(count.map_or(usize::MAX, |count| count as usize));
        for id in &pods {
            self.delete_pod(*id, Why::text("killed"), cause);
        }
        pods.len() as u32
    }

    fn crash_containers(&mut self, target: Subject, exit_code: u8, cause: Cause) -> u32 {
        let mut hit = 0;
        for pod in self.pods_of(target) {
            let (containers, init_count) = self.containers_of(pod);
            for id in (containers.start + init_count..containers.end).map(ContainerId) {
                if self.container(id).state == ContainerState::Running {
                    self.container_ended(id, exit_code, cause);
                    hit += 1;
                }
            }
        }
        hit
    }

    /// The nodes that a target names: itself, or where its pods run, each once.
    pub(super) fn nodes_of(&self, target: Subject) -> Vec<NodeId> {
        if target.kind == Kind::Node {
            return self.find_node(target).into_iter().collect();
        }
        let active = self.pods_of(target).into_iter().filter(|id| self.pod(*id).is_active() && !self.is_off(*id));
        let mut nodes: Vec<NodeId> = active.filter_map(|id| self.pod(id).node).collect();
        nodes.sort_unstable();
        nodes.dedup();
        nodes
    }

    /// The node of the target's oldest pod goes down, or the node that it is.
    fn nodes_down(&mut self, target: Subject, lasts: Option<Duration>, cause: Cause) -> u32 {
        let up = self.nodes_of(target).into_iter().find(|id| self.kubelet(*id).in_touch());
        let Some(node) = up else { return 0 };
        let why = match lasts {
            Some(lasts) => Why::with("for {}", Arg::Length(lasts)),
            None => Why::text("for good"),
        };
        self.node_down(node, lasts, why, cause);
        1
    }

    fn lose_gpus(&mut self, target: Subject, count: u32, lasts: Option<Duration>, cause: Cause) -> u32 {
        let Some(&node) = self.nodes_of(target).first() else { return 0 };
        let (lost, held, event) = self.nodes.lose_devices(node, count);
        if lost == 0 {
            return 0;
        }
        self.kubelet_mut(node).lost_devices |= lost;
        let cause = self.note_node(node, "GpuLost", Why::with("GPU {}", Arg::Devices(lost)), cause);
        self.tell_scheduler(event);
        for pod in self.kubelet(node).pods.clone() {
            if self.pod(pod).devices & held & lost != 0 {
                let subject = self.pod_subject(pod);
                self.crash_containers(subject, 1, cause);
            }
        }
        if let Some(lasts) = lasts {
            let at = self.queue.now() + lasts;
            self.schedule(at, Class::COMPLETION, Event::DevicesBack(node, lost));
        }
        lost.count_ones()
    }

    /// Handles [`Event::DevicesBack`].
    pub(super) fn on_devices_back(&mut self, node: NodeId, mask: u64) {
        let Some(cause) = self.node_cause(node) else { return };
        self.kubelet_mut(node).lost_devices &= !mask;
        let event = self.nodes.restore_devices(node, mask);
        self.note_node(node, "GpuBack", Why::with("GPU {}", Arg::Devices(mask)), cause);
        self.tell_scheduler(event);
    }

    /// The time to serving under the faults that slow it.
    pub(super) fn slowed(&mut self, id: ContainerId, takes: Duration) -> Duration {
        let pod = self.container(id).pod;
        let mut takes = takes;
        for index in 0..self.slow_faults.len() {
            let SlowFault { target, extra, percent, effect } = self.slow_faults[index];
            if self.stands_for(target, pod) {
                takes = Duration::from_nanos((takes * u64::from(percent)).nanos() / 100) + extra;
                self.effects[effect] += 1;
            }
        }
        takes
    }

    /// True if a pod is among those that a subject stands for.
    pub(super) fn stands_for(&self, target: Subject, pod: PodId) -> bool {
        let set = self.pod(pod).set;
        target == self.pod_subject(pod) || self.sets_by_subject.get(&target).is_some_and(|sets| sets.contains(&set))
    }

    /// Why a read of the API on behalf of a subject fails now; counts it.
    pub(super) fn failed_read(&mut self, serves: Subject) -> Option<Symbol> {
        let fault = self.read_faults.iter_mut().find(|fault| fault.serves == serves && fault.left != Some(0))?;
        if let Some(left) = &mut fault.left {
            *left -= 1;
        }
        self.effects[fault.effect] += 1;
        Some(self.names.intern("the API did not answer in time"))
    }
}
