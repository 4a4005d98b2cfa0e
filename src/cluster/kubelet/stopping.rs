//! How containers and pods stop: within the grace period, on a node that is there to stop them.
//! Sources: kuberuntime/kuberuntime_container.go (killContainer), pod_workers.go (SyncTerminatingPod).

use super::super::Class;
use super::super::{Arg, Cause, Cluster, ContainerId, Event, NodeId, PodId, Why};
use super::{ContainerState, probes};
use crate::kernel::Duration;
use crate::workload::{PodPhase, RestartPolicy};

/// The exit code of a container that stopped when it was told to: 128 + SIGTERM.
const STOPPED: u8 = 143;
/// The exit code of a container that was killed, at the end of its grace period or with its node: 128 + SIGKILL.
const KILLED: u8 = 137;

impl Cluster {
    /// Stops what runs of a terminating pod; without a kubelet to do it the pod stays as it is.
    pub(in crate::cluster) fn stop_pod(&mut self, id: PodId, cause: Cause) {
        let Some(node) = self.pod(id).node else { return };
        if !self.kubelet(node).in_touch() || !self.nodes.get(node).joined {
            self.plan_pod_gc_of(node);
            return;
        }
        self.drop_pulls(node, Some(&[id]));
        self.stop_containers(id, cause);
        self.pod_stopped(id);
    }

    /// Tells the containers of a pod that run to stop; the others never start.
    pub(in crate::cluster) fn stop_containers(&mut self, id: PodId, cause: Cause) {
        let (containers, _) = self.containers_of(id);
        for container in containers.map(ContainerId) {
            match self.container(container).state {
                ContainerState::Running => self.stop_container(container, cause),
                ContainerState::Stopping => {}
                _ => self.container_mut(container).state = ContainerState::Terminated,
            }
        }
    }

    /// True while a container of a pod holds on to its node.
    pub(in crate::cluster) fn is_any_up(&self, id: PodId) -> bool {
        let (mut containers, _) = self.containers_of(id);
        containers.any(|one| probes::is_up(self.container(ContainerId(one)).state))
    }

    /// A container of a terminating pod has stopped: the pod is gone once all have.
    pub(in crate::cluster) fn pod_stopped(&mut self, id: PodId) {
        if !self.is_any_up(id) {
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
            let (cause, code) = (self.pod_cause(container.pod), container.exit_code);
            self.container_ended(id, code, cause);
        }
    }

    /// From the order to stop to the end, and the exit code: as the behaviour has it, or killed at the end of the grace period.
    pub(in crate::cluster) fn stop_length(&mut self, id: ContainerId) -> (Duration, u8) {
        let takes = self.draw(id, "stop", |row| &row.stop);
        let pod = self.container(id).pod;
        let grace = self.grace_period(pod);
        // The hook before the stop has the same grace period; what it leaves is for the container, and never less than a
        // little (`killContainer`).
        let hook = self.container_spec(id).pre_stop.min(grace);
        let left = Duration::from_nanos(grace.nanos() - hook.nanos()).max(self.profile.grace_min);
        if takes > left { (hook + left, KILLED) } else { (hook + takes, STOPPED) }
    }

    /// Asks a pod to go within another time than its template gives it.
    pub(in crate::cluster) fn delete_pod_within(&mut self, id: PodId, grace: Option<Duration>, why: Why, cause: Cause) {
        if let Some(grace) = grace {
            self.graces.insert(id, grace);
        }
        self.delete_pod(id, why, cause);
    }

    /// True for a pod that leaves the API as soon as it is deleted, whatever its kubelet does: one that has ended, or has no
    /// grace period (`CheckGracefulDelete`, k8s.io/kubernetes v1.36.3, pkg/registry/core/pod/strategy.go).
    pub(in crate::cluster) fn is_deleted_at_once(&self, id: PodId) -> bool {
        let pod = self.pod(id);
        matches!(pod.phase, PodPhase::Succeeded | PodPhase::Failed) || self.grace_period(id).is_zero()
    }

    /// How long the containers of a pod may take to stop.
    pub(in crate::cluster) fn grace_period(&self, id: PodId) -> Duration {
        let usual = self.set(self.pod(id).set).source.termination_grace_period;
        if self.graces.is_empty() { usual } else { self.graces.get(&id).copied().unwrap_or(usual) }
    }

    /// A node went down: everything on it ends at once and nobody is told.
    pub(in crate::cluster) fn power_off(&mut self, node: NodeId, cause: Cause) {
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
            self.set_running(pod, false, false, cause);
        }
    }

    /// True while the kubelet of a pod's node is not heard of although the node is up.
    pub(in crate::cluster) fn is_silent(&self, id: PodId) -> bool {
        self.pod(id).node.is_some_and(|node| self.kubelet(node).silent)
    }

    /// Whatever the containers of a pod do concerns nobody any more.
    pub(in crate::cluster) fn abandon_containers(&mut self, id: PodId) {
        let (containers, _) = self.containers_of(id);
        for id in containers.map(ContainerId) {
            let container = self.container_mut(id);
            if probes::is_up(container.state) {
                container.state = ContainerState::Terminated;
            }
            container.start += 1;
            (container.serving, container.ready) = (false, false);
        }
    }

    /// A kubelet is heard of again: it hears of pods that came or are to go, and tells how the others have fared.
    pub(in crate::cluster) fn report_again(&mut self, node: NodeId, cause: Cause) {
        for id in self.kubelet(node).pods.clone() {
            if self.pod(id).terminating {
                self.stop_pod(id, cause);
                continue;
            }
            if !self.pod(id).is_active() || self.overran(id) {
                continue;
            }
            if self.main_containers(id).all(|one| one.state == ContainerState::Terminated) {
                let code = self.main_containers(id).map(|one| one.exit_code).max().unwrap_or(0);
                let why = Why::with("exit code {}", Arg::Count(u64::from(code)));
                self.finish_pod(id, code == 0, why, cause);
                continue;
            }
            let ready = self.main_containers(id).all(|one| one.ready) && !self.flaps(id);
            self.set_ready(id, ready, Why::text("its kubelet posts status again"), cause);
            self.start_next(id, cause);
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
            if self.overran(id) {
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
