//! How containers and pods stop: within the grace period, on a node that is there to stop them.
//! Sources: kuberuntime/kuberuntime_container.go (killContainer), pod_workers.go (SyncTerminatingPod).

use super::super::Class;
use super::super::{Arg, Cause, Cluster, ContainerId, Event, NodeId, PodId, Why};
use super::{ContainerState, probes};
use crate::kernel::Duration;
use crate::workload::RestartPolicy;

/// The exit code of a container that was killed or told to stop: 128 + SIGTERM.
const STOPPED: u8 = 143;
/// The exit code of a container whose node went down: 128 + SIGKILL.
const KILLED: u8 = 137;

impl Cluster {
    /// Stops what runs of a terminating pod; without a kubelet to do it the pod stays as it is.
    pub(in crate::cluster) fn stop_pod(&mut self, id: PodId, cause: Cause) {
        let Some(node) = self.pod(id).node else { return };
        if self.kubelet(node).down || !self.nodes.get(node).joined {
            return;
        }
        self.drop_pulls(node, Some(id));
        let (containers, _) = self.containers_of(id);
        for container in containers.map(ContainerId) {
            match self.container(container).state {
                ContainerState::Running => self.stop_container(container, cause),
                ContainerState::Stopping => {}
                _ => self.container_mut(container).state = ContainerState::Terminated,
            }
        }
        self.pod_stopped(id);
    }

    /// A container of a terminating pod has stopped: the pod is gone once all have.
    pub(in crate::cluster) fn pod_stopped(&mut self, id: PodId) {
        let (mut containers, _) = self.containers_of(id);
        if !containers.any(|one| probes::is_up(self.container(ContainerId(one)).state)) {
            let now = self.queue.now();
            self.schedule(now, Class::COMPLETION, Event::Gone(id));
        }
    }

    /// Handles [`Event::Gone`].
    pub(in crate::cluster) fn on_gone(&mut self, id: PodId) {
        let cause = self.pod_cause(id);
        self.pod_gone(id, cause);
    }

    /// Handles [`Event::Stopped`].
    pub(in crate::cluster) fn on_stopped(&mut self, id: ContainerId, start: u32) {
        let container = self.container(id);
        if container.start == start && container.state == ContainerState::Stopping {
            let cause = self.pod_cause(container.pod);
            self.container_ended(id, STOPPED, cause);
        }
    }

    /// From the order to stop to the end: as the behaviour has it, cut at the grace period.
    pub(in crate::cluster) fn stop_length(&mut self, id: ContainerId) -> Duration {
        let takes = self.draw(id, "stop", |row| &row.stop);
        takes.min(self.set(self.pod(self.container(id).pod).set).source.termination_grace_period)
    }

    /// A node went down: everything on it ends at once and nobody is told.
    pub(in crate::cluster) fn power_off(&mut self, node: NodeId) {
        self.drop_pulls(node, None);
        for index in 0..self.kubelet(node).pods.len() {
            let pod = self.kubelet(node).pods[index];
            let (containers, _) = self.containers_of(pod);
            for id in containers.map(ContainerId) {
                let container = self.container_mut(id);
                if container.state != ContainerState::Terminated {
                    container.state = ContainerState::Waiting;
                }
                container.start += 1;
                (container.serving, container.ready) = (false, false);
            }
            self.set_running(pod, false, false);
        }
    }

    /// A node is back: pods that were told to go are gone, the others start again.
    pub(in crate::cluster) fn power_on(&mut self, node: NodeId, cause: Cause) {
        for id in self.kubelet(node).pods.clone() {
            if self.pod(id).terminating {
                self.pod_gone(id, cause);
                continue;
            }
            if !self.pod(id).is_active() {
                continue;
            }
            let had_started = self.main_containers(id).any(|one| one.attempts > 0);
            self.set_ready(id, false, Why::text("its node restarted"), cause);
            if had_started && self.restart_policy(id) == RestartPolicy::Never {
                let why = Why::with("exit code {}, its node restarted", Arg::Count(u64::from(KILLED)));
                self.finish_pod(id, false, why, cause);
                continue;
            }
            if had_started {
                self.count_restart(id);
            }
            self.start_next(id, cause);
        }
    }
}
