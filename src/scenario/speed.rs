//! A scenario that runs faster than its file says: every length of the file divided by one number. Times that systems, documents
//! and Kubernetes bring along (periods of controllers, probes, grace periods, deadlines) stay as they are.

use super::Scenario;
use super::model::{
    ActionEntry, BehaviourRow, Build, Crash, Deploy, ExpectEntry, ExpectKind, FaultEntry, FaultKind, Mark, NodeEntry,
    TieEntry, Trigger,
};
use crate::kernel::{Distribution, Duration, Time};
use crate::workload::{ApiTrouble, NodeDisruption};

/// A divisor of lengths.
#[derive(Clone, Copy)]
struct Speed(u32);

impl Scenario {
    /// The same scenario, `speed` times as fast; 0 counts as 1.
    pub fn at_speed(&self, speed: u32) -> Scenario {
        let by = Speed(speed.max(1));
        let mut scenario = self.clone();
        scenario.speed = self.speed.saturating_mul(by.0);
        by.time(&mut scenario.until);
        scenario.deploy.iter_mut().for_each(|Deploy { at, .. }| by.time(at));
        scenario.behaviour.iter_mut().for_each(|row| by.behaviour(row));
        scenario.faults.iter_mut().for_each(|fault| by.fault(fault));
        scenario.ties.iter_mut().for_each(|tie| by.tie(tie));
        for ActionEntry { trigger, read, .. } in &mut scenario.actions {
            by.trigger(trigger);
            by.maybe(read);
        }
        scenario.expect.iter_mut().for_each(|expect| by.expectation(expect));
        scenario.cluster.nodes.iter_mut().for_each(|NodeEntry { provisioned_after, .. }| by.drawn(provisioned_after));
        by.drawn(&mut scenario.cluster.provisioning);
        by.drawn(&mut scenario.oci.provisioning);
        by.maybe(&mut scenario.oci.pass_interval);
        by.maybe(&mut scenario.oci.export_latency);
        let profilers = scenario.dynamo.profiler.iter_mut();
        profilers.flat_map(|one| &mut one.phases).for_each(|(_, begins)| by.length(begins));
        by.maybe(&mut scenario.kubernetes.watch_latency);
        by.maybe(&mut scenario.kubernetes.api_latency);
        scenario
    }
}

impl Speed {
    fn length(self, length: &mut Duration) {
        *length = Duration::from_nanos(length.nanos() / u64::from(self.0));
    }

    fn maybe(self, length: &mut Option<Duration>) {
        length.iter_mut().for_each(|length| self.length(length));
    }

    fn drawn(self, length: &mut Option<Distribution>) {
        length.iter_mut().for_each(|length| *length = length.at_speed(self.0));
    }

    fn time(self, time: &mut Time) {
        *time = Time::from_nanos(time.nanos() / u64::from(self.0));
    }

    fn behaviour(self, row: &mut BehaviourRow) {
        for length in [&mut row.pull, &mut row.init, &mut row.start, &mut row.register, &mut row.run, &mut row.stop] {
            self.drawn(length);
        }
        if let Some(Crash { after, .. }) = &mut row.crash {
            *after = after.at_speed(self.0);
        }
        if let Some(Build { length: Some(length), .. }) = &mut row.build {
            *length = length.at_speed(self.0);
        }
        row.metrics.values_mut().flatten().for_each(|load| self.time(&mut load.at));
        row.measurements.iter_mut().for_each(|(at, _)| self.time(at));
    }

    fn tie(self, tie: &mut TieEntry) {
        self.time(&mut tie.at);
    }

    fn trigger(self, trigger: &mut Trigger) {
        match trigger {
            Trigger::At(at) => self.time(at),
            Trigger::On { after, .. } => self.length(after),
            Trigger::Access(access) => self.length(&mut access.after),
        }
    }

    fn fault(self, fault: &mut FaultEntry) {
        self.trigger(&mut fault.trigger);
        match &mut fault.kind {
            FaultKind::PodKill { .. }
            | FaultKind::ContainerCrash { .. }
            | FaultKind::ExportFail { .. }
            | FaultKind::ImageBuildFail { .. } => {}
            FaultKind::NodeDown { lasts, .. }
            | FaultKind::ImagePullFail { lasts, .. }
            | FaultKind::QuotaExhausted { lasts, .. }
            | FaultKind::GpuLoss { lasts, .. } => self.maybe(lasts),
            FaultKind::SlowStart { extra, .. } => self.length(extra),
            FaultKind::ControllerRestart { lasts, .. } | FaultKind::ProcessRestart { lasts, .. } => self.length(lasts),
            FaultKind::ClockSkew { by, lasts, .. } => {
                self.length(by);
                self.maybe(lasts);
            }
            FaultKind::Alarm { lasts, .. } | FaultKind::StoreOutage { lasts, .. } => self.maybe(lasts),
            FaultKind::Api(entry) => match &mut entry.trouble {
                ApiTrouble::Lag { by, lasts } => {
                    self.maybe(by);
                    self.maybe(lasts);
                }
                ApiTrouble::Error { lasts, .. } | ApiTrouble::WebhookDown { lasts } => self.maybe(lasts),
                ApiTrouble::Restart { lasts, .. } => self.length(lasts),
                ApiTrouble::MissedEvent { .. } | ApiTrouble::Conflict { .. } => {}
            },
            FaultKind::ReadinessFlap { lasts, every, .. } => {
                self.length(lasts);
                self.length(every);
            }
            FaultKind::Node { what, .. } => self.node_fault(what),
        }
    }

    fn node_fault(self, what: &mut NodeDisruption) {
        match what {
            NodeDisruption::Silent { lasts }
            | NodeDisruption::Cordon { lasts }
            | NodeDisruption::Taint { lasts, .. } => {
                self.maybe(lasts);
            }
            // A kubelet's grace period is Kubernetes' own, a provider's notice is the scenario's.
            NodeDisruption::Shutdown { lasts, .. } => self.maybe(lasts),
            NodeDisruption::Reclaim { notice, .. } => self.length(notice),
            NodeDisruption::Uncordon | NodeDisruption::Untaint { .. } | NodeDisruption::Drain(_) => {}
        }
    }

    fn mark(self, mark: &mut Option<Mark>) {
        if let Some(Mark::At(at)) = mark {
            self.time(at);
        }
    }

    fn expectation(self, expect: &mut ExpectEntry) {
        match &mut expect.kind {
            ExpectKind::Eventually { within, .. } => self.maybe(within),
            ExpectKind::StableFor { length, .. } => self.length(length),
            ExpectKind::Always { from, until, .. } | ExpectKind::Never { from, until, .. } => {
                self.mark(from);
                self.mark(until);
            }
            ExpectKind::Before { .. } | ExpectKind::Export { .. } | ExpectKind::Final { .. } => {}
        }
    }
}
