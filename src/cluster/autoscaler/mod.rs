//! HorizontalPodAutoscalers: how many pods a workload gets by what its pods are said to use. What they use is a series of
//! the scenario's `behaviour`. Source: k8s.io/kubernetes v1.36.3, pkg/controller/podautoscaler/horizontal.go.
//!
//! A sync that would find what the last one found is no event: an autoscaler that is content sleeps until its pods
//! or the series change, and wakes at its next tick.

mod calculator;
mod rates;

use super::apply::ObjectId;
use super::behaviour::Load;
use super::kubelet::ContainerState;
use super::pen::{Draft, Rescale};
use super::{Arg, AutoscalerId, Cause, Class, Cluster, Event, PodId, Subject, Symbol, Why};
use crate::kernel::{Duration, Time};
use crate::timeline::EntryId;
use crate::workload::policy::{AutoscalerSpec, Metric, MetricTarget};
use crate::workload::{AutoscalerStatus, PodPhase};
use calculator::{Aim, Group, Sample};
use rates::Memory;

/// One HorizontalPodAutoscaler.
#[derive(Clone, Debug)]
pub struct Autoscaler {
    /// Its kind, namespace and name.
    pub key: Subject,
    /// What it asks for.
    pub spec: AutoscalerSpec,
    /// What it shows.
    pub status: AutoscalerStatus,
    memory: Memory,
    /// Since when its controller ticks for it: its creation, or the last start of the controller.
    ticks_since: Time,
    /// The tick that is planned.
    next: Option<Time>,
    deleted: bool,
    /// True while nothing changes: each tick would ask for what there is.
    sleeps: bool,
    /// What the timeline last told of its conditions.
    told: Symbol,
    /// What it last did, or what last happened to it.
    pub last: EntryId,
}

/// What a look at the metrics comes to.
struct Answer {
    replicas: u32,
    metric: Symbol,
    /// True if another look at the same pods and series would come to the same.
    settled: bool,
}

impl Autoscaler {
    /// Its controller has started again: what it recommended and did is forgotten.
    pub fn forget(&mut self) {
        self.memory = Memory::default();
    }
}

impl Cluster {
    pub(super) fn autoscaler(&self, id: AutoscalerId) -> &Autoscaler {
        &self.autoscalers[id.0 as usize]
    }

    fn autoscaler_mut(&mut self, id: AutoscalerId) -> &mut Autoscaler {
        &mut self.autoscalers[id.0 as usize]
    }

    /// What an autoscaler shows.
    pub(super) fn autoscaler_status(&self, id: AutoscalerId) -> AutoscalerStatus {
        self.autoscaler(id).status
    }

    pub(super) fn create_autoscaler(&mut self, key: Subject, spec: AutoscalerSpec, cause: Cause) {
        let id = AutoscalerId(self.autoscalers.len() as u32);
        let (least, most) = (Arg::Count(spec.replicas_min.into()), Arg::Count(spec.replicas_max.into()));
        let why = Why::with3("{}: {} to {} replicas", Arg::Subject(spec.target), least, most);
        let last = self.note(key, "Created", why, cause);
        let ticks_since = self.queue.now();
        self.autoscalers.push(Autoscaler {
            key,
            spec,
            status: AutoscalerStatus::default(),
            memory: Memory::default(),
            ticks_since,
            next: None,
            deleted: false,
            sleeps: false,
            told: Symbol::EMPTY,
            last,
        });
        self.objects.insert(key, ObjectId::Autoscaler(id));
        self.wake_autoscaler(id, ticks_since);
    }

    pub(super) fn change_autoscaler(&mut self, id: AutoscalerId, spec: AutoscalerSpec, cause: Cause) {
        if self.autoscaler(id).spec == spec {
            return;
        }
        let key = self.autoscaler(id).key;
        let last = self.note(key, "Changed", Why::NONE, cause);
        let autoscaler = self.autoscaler_mut(id);
        (autoscaler.spec, autoscaler.last) = (spec, last);
        self.wake_autoscaler(id, self.queue.now());
    }

    pub(super) fn delete_autoscaler(&mut self, id: AutoscalerId, cause: Cause) {
        let autoscaler = self.autoscaler_mut(id);
        autoscaler.deleted = true;
        let key = autoscaler.key;
        let entry = self.note(key, "Deleted", Why::NONE, cause);
        self.touch_object(key, Cause::Entry(entry));
    }

    /// Pods of a workload, or its scale, have changed: its autoscalers look at it at their next ticks.
    pub(super) fn autoscaled_touched(&mut self, workload: Subject) {
        for index in 0..self.autoscalers.len() {
            let autoscaler = &self.autoscalers[index];
            let target = autoscaler.spec.target;
            if (target == workload || Cluster::scaled_pods(target) == workload) && autoscaler.next.is_none() {
                self.wake_autoscaler(AutoscalerId(index as u32), self.queue.now());
            }
        }
    }

    /// The controller has started again and has listed all of them: each is looked at a period later, and from then on as before.
    pub(super) fn autoscalers_start(&mut self) {
        let now = self.queue.now();
        for index in 0..self.autoscalers.len() {
            let autoscaler = &mut self.autoscalers[index];
            (autoscaler.ticks_since, autoscaler.next) = (now, None);
            self.wake_autoscaler(AutoscalerId(index as u32), now);
        }
    }

    /// Plans a look at the first tick after this time. An autoscaler ticks from its creation on, and the first tick is one
    /// period after it (rate_limiters.go, FixedItemIntervalRateLimiter).
    fn wake_autoscaler(&mut self, id: AutoscalerId, after: Time) {
        let period = self.profile.autoscaler_sync;
        let autoscaler = self.autoscaler(id);
        let next = (after + Duration::from_nanos(1)).ceil_to(autoscaler.ticks_since, period);
        if !autoscaler.deleted && autoscaler.next.is_none_or(|planned| next < planned) {
            self.autoscaler_mut(id).next = Some(next);
            self.schedule(next, Class::BUILT_IN, Event::Autoscaler(id));
        }
    }

    /// True if it is this instant's turn, which an event alone does not say: it may have been planned anew.
    pub(super) fn is_autoscaler_due(&self, id: AutoscalerId) -> bool {
        let autoscaler = self.autoscaler(id);
        !autoscaler.deleted && autoscaler.next == Some(self.queue.now())
    }

    /// Handles [`Event::Autoscaler`]: one sync (`reconcileAutoscaler`).
    pub(super) fn on_autoscaler(&mut self, id: AutoscalerId) {
        if !self.is_autoscaler_due(id) {
            return;
        }
        let now = self.queue.now();
        self.autoscaler_mut(id).next = None;
        let spec = self.autoscaler(id).spec.clone();
        let Some(current) = self.scale_of(spec.target) else {
            self.tell_autoscaler(id, "FailedGetScale", "its target is not there, or has no scale");
            self.wake_autoscaler(id, now);
            return;
        };
        let period = self.profile.autoscaler_sync;
        let autoscaler = self.autoscaler_mut(id);
        let told = autoscaler.told;
        autoscaler.memory.begin(now, current);
        if std::mem::replace(&mut autoscaler.sleeps, false) {
            autoscaler.memory.slept(now, period);
        }
        let (least, most) = (spec.replicas_min, spec.replicas_max);
        let mut settled = false;
        let (wanted, reason) = match current {
            0 => {
                self.tell_autoscaler(id, "ScalingDisabled", "the replica count of its target is zero");
                settled = true;
                (0, Why::NONE)
            }
            many if many > most => (most, Why::text("current number of replicas above maxReplicas")),
            few if few < least => (least, Why::text("current number of replicas below minReplicas")),
            _ => match self.answer(&spec, current) {
                Err(reason) => {
                    self.tell_autoscaler(id, "ScalingInactive", reason);
                    (current, Why::NONE)
                }
                Ok(answer) => {
                    let window = self.profile.autoscaler_down_window;
                    let memory = &mut self.autoscaler_mut(id).memory;
                    let outcome = memory.normalize(&spec, now, current, answer.replicas, window);
                    settled = answer.settled && memory.agrees_on(current) && outcome.replicas == current;
                    match outcome.limited {
                        Some(reason) => self.tell_autoscaler(id, "ScalingLimited", reason),
                        None => self.tell_autoscaler(id, "ScalingActive", ""),
                    }
                    let reason = match answer.replicas > current {
                        true => Why::with("{} above target", Arg::Text(answer.metric)),
                        false => Why::text("all metrics below target"),
                    };
                    (outcome.replicas, reason)
                }
            },
        };
        self.autoscaler_mut(id).sleeps = settled;
        if settled {
            if let Some(at) = self.next_load(&spec) {
                self.wake_autoscaler(id, Time::from_nanos(at.nanos() - 1));
            }
        } else {
            self.wake_autoscaler(id, now);
        }
        let mut pen = self.pen();
        if wanted != current {
            let reason = crate::timeline::render::why(&reason, &self.names);
            let reason = self.names.intern(&reason);
            self.write(&mut pen, Draft::Rescale(id, Rescale { from: current, to: wanted, reason }));
        }
        let status = AutoscalerStatus { current, desired: wanted };
        let autoscaler = self.autoscaler(id);
        // Conditions are in the status too.
        if status != autoscaler.status || told != autoscaler.told {
            self.write(&mut pen, Draft::AutoscalerStatus(id, status));
        }
    }

    /// The scale of the target is written.
    pub(super) fn rescale_target(&mut self, id: AutoscalerId, scale: Rescale) {
        let now = self.queue.now();
        let Autoscaler { key, ref spec, last, deleted, .. } = *self.autoscaler(id);
        let spec = spec.clone();
        if deleted {
            return;
        }
        let (from, to) = (Arg::Count(scale.from.into()), Arg::Count(scale.to.into()));
        let why = Why::with3("{} to {}: {}", from, to, Arg::Text(scale.reason));
        let entry = self.note(key, "Rescaled", why, Cause::Entry(last));
        self.autoscaler_mut(id).last = entry;
        self.autoscaler_mut(id).memory.changed(&spec, now, scale.from, scale.to);
        self.set_scale(spec.target, scale.to, Cause::Entry(entry));
    }

    pub(super) fn write_autoscaler_status(&mut self, id: AutoscalerId, status: AutoscalerStatus) {
        let autoscaler = self.autoscaler_mut(id);
        autoscaler.status = status;
        let (key, last) = (autoscaler.key, autoscaler.last);
        self.touch_object(key, Cause::Entry(last));
    }

    /// How long it is to the next tick, whatever became of this one (`FixedItemIntervalRateLimiter`).
    pub(super) fn autoscaler_waits(&self, id: AutoscalerId) -> Duration {
        let now = self.queue.now();
        let next =
            (now + Duration::from_nanos(1)).ceil_to(self.autoscaler(id).ticks_since, self.profile.autoscaler_sync);
        next.since(now)
    }

    /// A write of its sync was refused: nothing of it is remembered, and the next tick looks at everything again.
    pub(super) fn autoscaler_failed(&mut self, id: AutoscalerId, draft: Draft) {
        if let Draft::Rescale(..) = draft {
            self.tell_autoscaler(id, "FailedUpdateScale", "the scale of its target could not be updated");
        }
        self.autoscaler_mut(id).sleeps = false;
        self.wake_autoscaler(id, self.queue.now());
    }

    /// Tells of the autoscaler's conditions where they change.
    fn tell_autoscaler(&mut self, id: AutoscalerId, became: &'static str, reason: &'static str) {
        let says = self.names.intern(&format!("{became} {reason}"));
        let autoscaler = self.autoscaler(id);
        if autoscaler.told != says {
            let (key, cause) = (autoscaler.key, Cause::Entry(autoscaler.last));
            let last = self.note(key, became, Why::text(reason), cause);
            let autoscaler = self.autoscaler_mut(id);
            (autoscaler.told, autoscaler.last) = (says, last);
        }
    }

    /// True if several autoscalers have one target: none of them goes by its metrics then (`validateAndParseSelector`).
    fn is_ambiguous(&self, target: Subject) -> bool {
        self.autoscalers.iter().filter(|one| !one.deleted && one.spec.target == target).count() > 1
    }

    /// What the metrics ask for: the most of them. Some that cannot be read do not keep it from growing
    /// (`computeReplicasForMetrics`).
    fn answer(&mut self, spec: &AutoscalerSpec, current: u32) -> Result<Answer, &'static str> {
        if self.is_ambiguous(spec.target) {
            return Err("AmbiguousSelector: its pods are controlled by multiple HPAs");
        }
        let mut best: Option<(u32, Symbol)> = None;
        let mut failed = None;
        let mut settled = true;
        for metric in &spec.metrics {
            match self.replicas_for(spec, metric, current) {
                Err(reason) => failed = failed.or(Some(reason)),
                Ok((replicas, sure)) => {
                    settled &= sure;
                    let name = self.names.intern(&metric.name);
                    if best.is_none_or(|(most, _)| replicas > most) {
                        best = Some((replicas, name));
                    }
                }
            }
        }
        match (best, failed) {
            (None, reason) => Err(reason.unwrap_or("it has no metrics")),
            (Some((replicas, _)), Some(reason)) if replicas < current => Err(reason),
            (Some((replicas, metric)), failed) => Ok(Answer { replicas, metric, settled: settled && failed.is_none() }),
        }
    }

    /// What one metric asks for, and whether that can change only with the pods or the series.
    fn replicas_for(
        &mut self,
        spec: &AutoscalerSpec,
        metric: &Metric,
        current: u32,
    ) -> Result<(u32, bool), &'static str> {
        let tolerances = match self.profile.autoscaler_tolerance_of_spec {
            true => [spec.down.tolerance_permille, spec.up.tolerance_permille],
            false => [self.profile.autoscaler_tolerance_permille; 2],
        };
        let pods = self.pods_of(Cluster::scaled_pods(spec.target));
        let load = self.load(&pods, &metric.name).ok_or("unable to get metrics: no series in `behaviour`")?;
        if let MetricTarget::ValueMilli(target) = metric.target {
            let ready = pods.iter().filter(|id| self.pod(**id).ready && self.pod(**id).running).count() as u32;
            let replicas = calculator::replicas_by_total(current, load.milli, target, ready, tolerances);
            return Ok((replicas, ready as usize == pods.len()));
        }
        let samples = self.samples(&pods, metric, load)?;
        let settled = samples.iter().all(|sample| sample.group == Group::Ready) && samples.len() == pods.len();
        let aim = match metric.target {
            MetricTarget::UtilizationPercent(percent) => Aim::Utilization(percent),
            MetricTarget::AverageValueMilli(value) | MetricTarget::ValueMilli(value) => Aim::Average(value),
        };
        Ok((calculator::replicas_by_pods(current, aim, &samples, tolerances)?, settled))
    }

    /// What the series says now.
    fn load(&self, pods: &[PodId], metric: &str) -> Option<Load> {
        self.load_of(*pods.first()?, metric)
    }

    /// The series of a metric: that of the first container that has one.
    pub(super) fn series(&self, pods: &[PodId], metric: &str) -> Option<&[Load]> {
        let set = self.set(self.pod(*pods.first()?).set);
        set.behaviour.iter().find_map(|row| self.rows[*row as usize].metrics.get(metric)).map(Vec::as_slice)
    }

    /// When one of the series changes next.
    fn next_load(&self, spec: &AutoscalerSpec) -> Option<Time> {
        let now = self.queue.now();
        let pods = self.pods_of(Cluster::scaled_pods(spec.target));
        let later = spec.metrics.iter().filter_map(|metric| self.series(&pods, &metric.name)).flatten();
        later.map(|load| load.at).filter(|at| *at > now).min()
    }

    /// What counts of each pod (`groupPods`, `calculateRequests`).
    fn samples(&self, pods: &[PodId], metric: &Metric, load: Load) -> Result<Vec<Sample>, &'static str> {
        let now = self.queue.now();
        let (window, is_cpu) = (self.profile.metrics_resolution, metric.name == "cpu");
        let scraped = Time::from_nanos(now.nanos() / window.nanos() * window.nanos());
        let serving = pods.iter().filter(|id| self.pod(**id).ready).count() as u64;
        let mut samples = Vec::new();
        for &id in pods {
            let pod = self.pod(id);
            if pod.terminating || pod.phase == PodPhase::Failed {
                continue;
            }
            let request = self.request(id, metric);
            if request == 0 && matches!(metric.target, MetricTarget::UtilizationPercent(_)) {
                return Err("missing request for the resource in a container");
            }
            let started =
                self.main_containers(id).filter(|one| one.state == ContainerState::Running).map(|one| one.started_at);
            let has_metric = started.max().is_some_and(|started| started + window <= scraped);
            let group = match pod.phase {
                PodPhase::Pending => Group::Unready,
                _ if !has_metric => Group::Missing,
                _ if is_cpu && self.is_warming_up(id, scraped) => Group::Unready,
                _ => Group::Ready,
            };
            let value = match (load.each, pod.ready) {
                (true, _) => load.milli,
                (false, true) => load.milli / serving.max(1),
                (false, false) => 0,
            };
            samples.push(Sample { value, request, group });
        }
        Ok(samples)
    }

    /// True for a pod whose use of CPU does not count yet.
    fn is_warming_up(&self, id: PodId, scraped: Time) -> bool {
        let (pod, now) = (self.pod(id), self.queue.now());
        let started = self.pod_record(id).admitted_at;
        if started + self.profile.cpu_initialization > now {
            return !pod.ready || scraped < pod.ready_since + self.profile.metrics_resolution;
        }
        // It has never been ready. One that was ready within the delay and then no more counts in the source as if it had not.
        !pod.ready && pod.readiness == 0
    }

    /// What a pod requests of a resource, in thousandths; 0 if a container says nothing.
    fn request(&self, id: PodId, metric: &Metric) -> u64 {
        let source = &self.set(self.pod(id).set).source;
        let counted = source.init_containers.iter().filter(|one| one.sidecar).chain(&source.containers);
        let named = counted.filter(|one| metric.container.as_ref().is_none_or(|name| *name == one.name));
        let amounts = named.map(|one| match metric.name.as_str() {
            "cpu" => one.requests.cpu_milli,
            "memory" => one.requests.memory_bytes * 1000,
            "ephemeral-storage" => one.requests.ephemeral_storage_bytes * 1000,
            other => one.requests.extended(other) * 1000,
        });
        let amounts: Vec<u64> = amounts.collect();
        if amounts.contains(&0) { 0 } else { amounts.iter().sum() }
    }
}
