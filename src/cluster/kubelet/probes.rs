//! Probes in closed form. A probe that goes on passing or failing as before is no event: the instants at which probes
//! change anything follow from the start of the container, the moment that its application answers, and the grid of ticks.
//!
//! Source: prober/worker.go (run, doProbe). Startup and liveness probes tick from the moment that the kubelet took the pod
//! on; a readiness probe is triggered at once when the container has started, and ticks from there. No probe counts before
//! `initialDelaySeconds` since the container's start. A refused connection fails at once, so a time-out never adds to a tick.

use super::super::{Arg, Cause, Class, Cluster, ContainerId, Event, Why};
use super::ContainerState;
use crate::kernel::{Duration, Time};
use crate::workload::{Container as Spec, Probe};

/// When a probe that fails until `serving_at` gives its verdict.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// It succeeds at this tick.
    Succeeds(Time),
    /// It runs out of tries at this tick.
    Fails(Time),
}

/// Follows a probe whose ticks are `origin + k * period`, the first that counts not before `from`, through an application
/// that answers from `serving_at` on.
pub fn follow(probe: &Probe, origin: Time, from: Time, serving_at: Time) -> Verdict {
    let period = if probe.period.is_zero() { Duration::from_secs(1) } else { probe.period };
    let first = from.ceil_to(origin, period);
    let success = first.max(serving_at.ceil_to(origin, period));
    let failures = success.since(first).nanos() / period.nanos();
    if failures >= u64::from(probe.failure_threshold.max(1)) {
        return Verdict::Fails(first + period * u64::from(probe.failure_threshold.max(1) - 1));
    }
    Verdict::Succeeds(success + period * u64::from(probe.success_threshold.max(1) - 1))
}

/// What the probes of a container do, if it is left alone.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Outlook {
    /// When one that runs out of tries has it killed.
    pub killed_at: Option<Time>,
    /// When it is ready; `None`: it is killed before it counts as started.
    pub ready_at: Option<Time>,
}

/// What the probes of a container do whose pod was admitted, that started, and whose application answers at these times.
pub fn outlook(spec: &Spec, admitted_at: Time, started_at: Time, serving_at: Time) -> Outlook {
    let container_started_at = started_at;
    let mut started_at = started_at;
    if let Some(probe) = spec.startup_probe {
        match follow(&probe, admitted_at, started_at + probe.initial_delay, serving_at) {
            Verdict::Succeeds(at) => started_at = at,
            Verdict::Fails(at) => return Outlook { killed_at: Some(at), ready_at: None },
        }
    }
    let killed_at = spec.liveness_probe.and_then(|probe| {
        let from = started_at.max(container_started_at + probe.initial_delay);
        match follow(&probe, admitted_at, from, serving_at) {
            Verdict::Fails(at) => Some(at),
            Verdict::Succeeds(_) => None,
        }
    });
    let ready_at = match spec.readiness_probe {
        None => started_at,
        Some(probe) => {
            let from = started_at.max(container_started_at + probe.initial_delay);
            // A readiness probe never runs out of tries: it keeps the pod unready until it succeeds.
            let patient = Probe { failure_threshold: u32::MAX, ..probe };
            match follow(&patient, started_at, from, serving_at) {
                Verdict::Succeeds(at) | Verdict::Fails(at) => at,
            }
        }
    };
    Outlook { killed_at, ready_at: Some(ready_at) }
}

impl Cluster {
    /// Plans what the probes of a container that has just started will do.
    pub(in crate::cluster) fn plan_probes(&mut self, id: ContainerId, serving_at: Time) {
        let container = *self.container(id);
        let admitted_at = self.pod_record(container.pod).admitted_at;
        let outlook = outlook(self.container_spec(id), admitted_at, container.started_at, serving_at);
        if let Some(at) = outlook.killed_at {
            self.schedule(at, Class::COMPLETION, Event::ProbeKill(id, container.start));
        }
        if let Some(at) = outlook.ready_at {
            self.schedule(at, Class::COMPLETION, Event::Ready(id, container.start));
        }
    }

    /// Handles [`Event::ProbeKill`]: the container is told to stop, and is started again by its restart policy.
    pub(in crate::cluster) fn on_probe_kill(&mut self, id: ContainerId, start: u32) {
        if !self.is_current(id, start) || self.pod(self.container(id).pod).terminating {
            return;
        }
        let pod = self.container(id).pod;
        let spec = self.container_spec(id);
        let by_startup = spec.startup_probe.is_some();
        let probe = if by_startup { spec.startup_probe } else { spec.liveness_probe };
        let tries = Arg::Count(u64::from(probe.map_or(0, |probe| probe.failure_threshold)));
        let took = Arg::Length(self.queue.now().since(self.container(id).started_at));
        let why = match by_startup {
            true => Why::with2("startup probe failed {} times in {}", tries, took),
            false => Why::with2("liveness probe failed {} times in {}", tries, took),
        };
        self.pod_record_mut(pod).startup_failures += u32::from(by_startup);
        let cause = self.pod_cause(pod);
        let cause = self.note_pod(pod, "Killing", why, cause);
        self.stop_container(id, cause);
        self.touch_pod(pod, cause);
    }

    /// Tells a running container to stop.
    pub(in crate::cluster) fn stop_container(&mut self, id: ContainerId, cause: Cause) {
        let (takes, code) = self.stop_length(id);
        let container = self.container_mut(id);
        container.state = ContainerState::Stopping;
        container.exit_code = code;
        (container.serving, container.ready) = (false, false);
        let (pod, start) = (container.pod, container.start);
        self.set_running(pod, true, false, cause);
        let at = self.queue.now() + takes;
        self.schedule(at, Class::COMPLETION, Event::Stopped(id, start));
    }
}

/// True while a container holds on to its node: it runs, or has not stopped yet.
pub(super) fn is_up(state: ContainerState) -> bool {
    matches!(state, ContainerState::Running | ContainerState::Stopping)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(count: u64) -> Time {
        Time::ZERO + Duration::from_secs(count)
    }

    fn probe(delay: u64, period: u64, failures: u32) -> Probe {
        Probe {
            initial_delay: Duration::from_secs(delay),
            period: Duration::from_secs(period),
            timeout: Duration::from_secs(1),
            success_threshold: 1,
            failure_threshold: failures,
        }
    }

    #[test]
    fn a_probe_succeeds_at_the_first_tick_that_is_answered() {
        assert_eq!(follow(&probe(0, 10, 3), seconds(0), seconds(5), seconds(24)), Verdict::Succeeds(seconds(30)));
        assert_eq!(follow(&probe(0, 10, 3), seconds(0), seconds(5), seconds(30)), Verdict::Succeeds(seconds(30)));
        assert_eq!(follow(&probe(0, 10, 3), seconds(3), seconds(3), seconds(3)), Verdict::Succeeds(seconds(3)));
    }

    #[test]
    fn a_probe_runs_out_of_tries() {
        assert_eq!(follow(&probe(0, 10, 3), seconds(0), seconds(0), seconds(31)), Verdict::Fails(seconds(20)));
        assert_eq!(follow(&probe(0, 2, 30), seconds(0), seconds(10), seconds(600)), Verdict::Fails(seconds(68)));
    }

    #[test]
    fn several_successes_take_several_periods() {
        let patient = Probe { success_threshold: 3, ..probe(0, 10, 3) };
        assert_eq!(follow(&patient, seconds(0), seconds(0), seconds(0)), Verdict::Succeeds(seconds(20)));
    }
}
