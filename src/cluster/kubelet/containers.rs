//! Containers: started one after the other, restarted after a back-off that doubles and is forgotten after a long good run.
//! Sources: kuberuntime/kuberuntime_manager.go (SyncPod, doBackOff), client-go v0.36.3 util/flowcontrol/backoff.go.

use super::super::process_lease::Begin;
use super::super::{Arg, Cause, Class, Cluster, ContainerId, Event, PodId, PodSetId, Symbol, Why};
use crate::kernel::names::push_number;
use crate::kernel::{Distribution, Duration, Time};
use crate::workload::{Container as Spec, PodPhase, RestartPolicy};

/// What a container is doing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ContainerState {
    /// Nothing yet: its turn has not come.
    Waiting,
    /// Its image is being pulled, or waits to be.
    Pulling,
    /// Its image could not be pulled.
    ImageBackOff,
    /// Its image is there, and something that its environment is made from is not.
    ConfigError,
    /// It runs.
    Running,
    /// It was told to stop and has not yet.
    Stopping,
    /// It ended and waits to be started again.
    CrashBackOff,
    /// It ended for good.
    Terminated,
}

/// One container of one pod, on half a cache line.
#[derive(Clone, Copy, Debug)]
#[repr(align(32))]
pub struct Container {
    /// Its pod.
    pub pod: PodId,
    /// Its place in the template: init containers first.
    pub index: u32,
    /// What it does.
    pub state: ContainerState,
    /// Counts its starts and stops: what was planned for an earlier one is stale.
    pub start: u32,
    /// How often it was started.
    pub attempts: u32,
    /// When it was last started.
    pub started_at: Time,
    /// The code with which it ended last.
    pub exit_code: u8,
    /// True while its application answers.
    pub serving: bool,
    /// True while its probes find it ready.
    pub ready: bool,
}

/// How the restart back-off of a container stands.
#[derive(Clone, Copy, Debug, Default)]
pub struct RestartBackoff {
    /// The last wait before a restart; zero before the first.
    wait: Duration,
    /// When it was last counted up.
    counted_at: Time,
}

impl Cluster {
    pub(in crate::cluster) fn container(&self, id: ContainerId) -> &Container {
        &self.containers[id.0 as usize]
    }

    pub(in crate::cluster) fn container_mut(&mut self, id: ContainerId) -> &mut Container {
        &mut self.containers[id.0 as usize]
    }

    /// Makes the containers of a new pod; they stand side by side.
    pub(in crate::cluster) fn make_containers(&mut self, pod: PodId, set: PodSetId) -> ContainerId {
        let first = ContainerId(u32::try_from(self.containers.len()).expect("a run has fewer than 2^32 containers"));
        let count = self.set(set).behaviour.len() as u32;
        self.containers.extend((0..count).map(|index| Container {
            pod,
            index,
            state: ContainerState::Waiting,
            start: 0,
            attempts: 0,
            started_at: Time::ZERO,
            exit_code: 0,
            serving: false,
            ready: false,
        }));
        first
    }

    /// The containers of a pod, init containers first, and how many of them are init containers.
    pub(in crate::cluster) fn containers_of(&self, pod: PodId) -> (std::ops::Range<u32>, u32) {
        let set = self.set(self.pod(pod).set);
        let first = self.pod(pod).containers.0;
        (first..first + set.behaviour.len() as u32, set.init_count as u32)
    }

    pub(in crate::cluster) fn container_image(&self, id: ContainerId) -> Symbol {
        let container = self.container(id);
        self.set(self.pod(container.pod).set).images[container.index as usize]
    }

    pub(in crate::cluster) fn behaviour_row(&self, id: ContainerId) -> usize {
        let container = self.container(id);
        self.set(self.pod(container.pod).set).behaviour[container.index as usize] as usize
    }

    /// The container's part of the pod's template.
    pub(in crate::cluster) fn container_spec(&self, id: ContainerId) -> &Spec {
        let container = self.container(id);
        let set = self.set(self.pod(container.pod).set);
        let template = &set.source;
        let index = container.index as usize;
        match index.checked_sub(set.init_count) {
            None => &template.init_containers[index],
            Some(index) => &template.containers[index],
        }
    }

    /// Draws a length for this start of a container.
    pub(in crate::cluster) fn draw(
        &mut self,
        id: ContainerId,
        purpose: &str,
        length: impl Fn(&super::super::Behaviour) -> &Distribution,
    ) -> Duration {
        let row = self.behaviour_row(id);
        if let Distribution::Constant(constant) = length(&self.rows[row]) {
            return *constant;
        }
        let container = self.container(id);
        let (pod, index, attempt) = (container.pod, container.index, container.attempts);
        let name = self.pod_name(pod);
        self.stream_name.clear();
        self.names.write(name, &mut self.stream_name);
        self.stream_name.push('/');
        push_number(&mut self.stream_name, index);
        let mut stream = self.streams.stream(purpose, &self.stream_name, u64::from(attempt));
        length(&self.rows[row]).sample(&mut stream)
    }

    /// Starts whatever is to be started next in a pod: the next init container, or all the others in their order.
    /// A container whose image has to be pulled holds up those behind it, as `SyncPod` starts them one by one.
    pub(in crate::cluster) fn start_next(&mut self, pod: PodId, cause: Cause) {
        if !self.begins_together(pod, cause) {
            return;
        }
        let mounts = !self.set(self.pod(pod).set).source.volumes.is_empty() || self.has_claims(pod);
        if mounts && !self.mounts(pod, cause) {
            return;
        }
        let (containers, init_count) = self.containers_of(pod);
        for id in containers.clone().map(ContainerId) {
            let is_init = id.0 - containers.start < init_count;
            let state = self.container(id).state;
            match state {
                ContainerState::Waiting if self.start_container(id, cause) && !is_init => {}
                ContainerState::Waiting => return,
                ContainerState::Terminated => {}
                _ if is_init => return,
                ContainerState::Pulling => return,
                _ => {}
            }
        }
    }

    /// Starts a container as soon as its image is there. `false`: not yet.
    pub(in crate::cluster) fn start_container(&mut self, id: ContainerId, cause: Cause) -> bool {
        if !self.ensure_image(id, cause) {
            return false;
        }
        if self.can_be_created(id, cause) {
            self.begin_container(id, cause);
        }
        true
    }

    /// The image of a container has arrived: it starts, and those behind it follow.
    pub(in crate::cluster) fn run_container(&mut self, id: ContainerId, cause: Cause) {
        if self.can_be_created(id, cause) {
            self.begin_container(id, cause);
        }
        let pod = self.container(id).pod;
        let (containers, init_count) = self.containers_of(pod);
        if id.0 - containers.start >= init_count {
            self.start_next(pod, cause);
        }
    }

    fn begin_container(&mut self, id: ContainerId, cause: Cause) {
        let now = self.queue.now();
        let container = self.container_mut(id);
        container.state = ContainerState::Running;
        container.start += 1;
        container.attempts += 1;
        container.started_at = now;
        let (pod, start) = (container.pod, container.start);
        let (containers, init_count) = self.containers_of(pod);
        if id.0 - containers.start < init_count {
            if self.begins_to_wait(id, cause) {
                return;
            }
            let takes = self.draw(id, "init", |row| &row.init);
            let name = self.container_spec(id).name.clone();
            let name = self.names.intern(&name);
            self.note_pod(pod, "Initializing", Why::with("init container {}", Arg::Text(name)), cause);
            self.schedule(now + takes, Class::COMPLETION, Event::InitDone(id, start));
            return;
        }
        self.pod_record_mut(pod).reason = "";
        let first_run = self.pod(pod).phase == PodPhase::Pending;
        // A container that has never run keeps the pod pending (pkg/kubelet/kubelet_pods.go, `getPhase`).
        let all_started = (containers.start + init_count..containers.end)
            .all(|other| self.container(ContainerId(other)).attempts > 0);
        let mut cause = cause;
        if first_run && all_started {
            self.unrank(pod);
            self.pod_mut(pod).phase = PodPhase::Running;
            cause = self.note_pod(pod, "Running", Why::NONE, cause);
            self.rank(pod);
        } else if !first_run {
            let why = Why::with("restart {}", Arg::Count(u64::from(self.pod(pod).restarts)));
            cause = self.note_pod(pod, "Restarted", why, cause);
        }
        let serving = self.pod(pod).serving;
        self.set_running(pod, true, serving, cause);
        self.plan_run(id);
        self.touch_pod(pod, cause);
    }

    /// Plans how this start of a container goes on: serving, probes, and an end of its own.
    fn plan_run(&mut self, id: ContainerId) {
        let now = self.queue.now();
        let container = *self.container(id);
        let waits = match self.begins_with_lease(id) {
            Begin::After(waits) => waits,
            Begin::GivesUp(at) => {
                let start = self.container(id).start;
                self.schedule(at, Class::COMPLETION, Event::ProcessLeaseEnds(id, start));
                return;
            }
        };
        let takes = self.draw(id, "start", |row| &row.start);
        let serving_at = now + waits + self.slowed(id, takes);
        let pod = *self.pod(container.pod);
        let row = self.behaviour_row(id);
        let crash = self.rows[row].crash.as_ref().filter(|crash| container.attempts <= crash.times);
        let mut end: Option<(Time, u8)> = None;
        if let Some(exit_code) = crash.map(|crash| crash.exit_code) {
            let after = self.draw(id, "crash", |row| row.crash.as_ref().map_or(&row.start, |crash| &crash.after));
            end = Some((now + after, exit_code));
        } else if self.restart_policy(container.pod) != RestartPolicy::Always && !self.container_spec(id).runs_on {
            let exit_code = self.rows[row].exit_code;
            end = Some((now + self.draw(id, "run", |row| &row.run), exit_code));
        }
        let lost = pod.node.map_or(0, |node| self.kubelet(node).lost_devices);
        if pod.devices & lost != 0 {
            // A model cannot load on a GPU that is lost: the container ends when it would have begun to serve.
            end = Some((serving_at, 1));
        }
        if let Some((at, exit_code)) = end {
            self.container_mut(id).exit_code = exit_code;
            self.schedule(at, Class::COMPLETION, Event::Exited(id, container.start));
        }
        if end.is_none_or(|(at, _)| serving_at < at) {
            self.schedule(serving_at, Class::COMPLETION, Event::Serving(id, container.start));
        }
        self.plan_probes(id, serving_at);
    }

    pub(in crate::cluster) fn restart_policy(&self, pod: PodId) -> RestartPolicy {
        self.set(self.pod(pod).set).source.restart_policy
    }

    /// Handles [`Event::InitDone`].
    pub(in crate::cluster) fn on_init_done(&mut self, id: ContainerId, start: u32) {
        if !self.is_current(id, start) {
            return;
        }
        self.container_mut(id).state = ContainerState::Terminated;
        let pod = self.container(id).pod;
        let cause = self.pod_cause(pod);
        self.start_next(pod, cause);
    }

    /// True if an event was planned for the run that a container is in.
    pub(in crate::cluster) fn is_current(&self, id: ContainerId, start: u32) -> bool {
        let container = self.container(id);
        container.start == start && container.state == ContainerState::Running
    }

    /// Handles [`Event::Serving`].
    pub(in crate::cluster) fn on_serving(&mut self, id: ContainerId, start: u32) {
        if !self.is_current(id, start) {
            return;
        }
        self.container_mut(id).serving = true;
        let pod = self.container(id).pod;
        if self.main_containers(pod).all(|one| one.serving) {
            let cause = self.pod_cause(pod);
            self.set_running(pod, true, true, cause);
            self.note_pod(pod, "Serving", Why::NONE, cause);
        }
    }

    /// Handles [`Event::Ready`].
    pub(in crate::cluster) fn on_container_ready(&mut self, id: ContainerId, start: u32) {
        if !self.is_current(id, start) || self.pod(self.container(id).pod).terminating {
            return;
        }
        self.container_mut(id).ready = true;
        let pod = self.container(id).pod;
        if self.main_containers(pod).all(|one| one.ready) && !self.is_silent(pod) && !self.is_kept_unready(pod) {
            let why = match self.container_spec(id).readiness_probe {
                Some(_) => Why::text("readiness probe"),
                None => Why::text("no readiness probe"),
            };
            let cause = self.pod_cause(pod);
            self.set_ready(pod, true, why, cause);
        }
    }

    /// The containers of a pod that are not init containers.
    pub(in crate::cluster) fn main_containers(&self, pod: PodId) -> impl Iterator<Item = &Container> {
        let (containers, init_count) = self.containers_of(pod);
        self.containers[(containers.start + init_count) as usize..containers.end as usize].iter()
    }

    /// Handles [`Event::Exited`].
    pub(in crate::cluster) fn on_exited(&mut self, id: ContainerId, start: u32) {
        if self.is_current(id, start) {
            let code = self.container(id).exit_code;
            let cause = self.pod_cause(self.container(id).pod);
            self.container_ended(id, code, cause);
        }
    }

    /// A container has ended: it is started again, now or after a back-off, or its pod is finished.
    pub(in crate::cluster) fn container_ended(&mut self, id: ContainerId, exit_code: u8, cause: Cause) {
        let pod = self.container(id).pod;
        self.container_off(id, exit_code, cause);
        if self.pod(pod).terminating {
            self.pod_record_mut(pod).leaves_ready = false;
            self.pod_stopped(pod);
            return;
        }
        if self.is_overdue(pod) {
            self.container_mut(id).state = ContainerState::Terminated;
            self.end_overdue(pod, cause);
            return;
        }
        if self.shuts_down(pod) {
            self.container_mut(id).state = ContainerState::Terminated;
            self.shut_down_pod(pod, cause);
            return;
        }
        if !self.restarts(pod, exit_code) {
            self.container_mut(id).state = ContainerState::Terminated;
            let all_ended = self.main_containers(pod).all(|one| one.state == ContainerState::Terminated);
            if all_ended && !self.is_silent(pod) {
                let succeeded = self.main_containers(pod).all(|one| one.exit_code == 0);
                let why = Why::with("exit code {}", Arg::Count(u64::from(exit_code)));
                self.finish_pod(pod, succeeded, why, cause);
            }
            return;
        }
        let now = self.queue.now();
        let most = self.profile.restart_backoff_max;
        let backoff = self.restart_backoffs.entry(id).or_default();
        if now.since(backoff.counted_at) > most * 2 {
            backoff.wait = Duration::ZERO;
        }
        let wait = backoff.wait;
        let container = self.container_mut(id);
        container.state = ContainerState::CrashBackOff;
        let start = container.start;
        let reason = if wait.is_zero() { "Error" } else { "CrashLoopBackOff" };
        self.pod_record_mut(pod).reason = reason;
        let code = Arg::Count(u64::from(exit_code));
        let why = match wait.is_zero() {
            true => Why::with("exit code {}, started again at once", code),
            false => Why::with2("exit code {}, again in {}", code, Arg::Length(wait)),
        };
        let cause = self.note_pod(pod, reason, why, cause);
        if !self.is_silent(pod) {
            self.set_ready(pod, false, Why::text("its container ended"), cause);
        }
        self.touch_pod(pod, cause);
        self.schedule(now + wait, Class::COMPLETION, Event::Restart(id, start));
    }

    /// Marks a container as no longer running, in itself and in its pod.
    pub(in crate::cluster) fn container_off(&mut self, id: ContainerId, exit_code: u8, cause: Cause) {
        let container = self.container_mut(id);
        (container.serving, container.ready, container.exit_code) = (false, false, exit_code);
        container.start += 1;
        container.state = ContainerState::Terminated;
        let pod = container.pod;
        let running = self.main_containers(pod).any(|one| one.state == ContainerState::Running);
        self.set_running(pod, running, false, cause);
    }

    /// Handles [`Event::Restart`].
    pub(in crate::cluster) fn on_restart(&mut self, id: ContainerId, start: u32) {
        let container = self.container(id);
        if container.start != start || container.state != ContainerState::CrashBackOff {
            return;
        }
        let pod = container.pod;
        let (first, most) = (self.profile.restart_backoff, self.profile.restart_backoff_max);
        let now = self.queue.now();
        let backoff = self.restart_backoffs.entry(id).or_default();
        backoff.wait = if backoff.wait.is_zero() { first } else { (backoff.wait * 2).min(most) };
        backoff.counted_at = now;
        self.count_restart(pod);
        let cause = self.pod_cause(pod);
        self.start_container(id, cause);
    }

    pub(in crate::cluster) fn count_restart(&mut self, pod: PodId) {
        self.unrank(pod);
        self.pod_mut(pod).restarts += 1;
        self.rank(pod);
        if self.pod(pod).is_active() {
            let set = self.pod(pod).set;
            self.set_mut(set).restarts += 1;
        }
    }
}
