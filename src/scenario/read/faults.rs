//! Reads faults: when they take place and what they do.

use super::Reader;
use super::names::Taken;
use super::workloads::TIMES_MAX;
use crate::kernel::Duration;
use crate::scenario::file::{FaultFile, OnFile, SlowStartFile};
use crate::scenario::model::{FaultEntry, FaultKind, Target, TargetKind, Trigger};
use crate::scenario::values::Length;
use crate::text::decode::{Spanned, list};
use crate::text::diagnostic::quote;
use crate::text::{Diagnostic, Span};

/// The most that `percent` can slow a start by.
const PERCENT_MAX: u32 = 1_000_000;
/// The most pods or GPUs that a fault hits.
const HITS_MAX: u32 = 10_000_000;

/// The keys of a fault that name what it hits, as the candidates of [`Reader::target`]; `node` where a node can be named.
macro_rules! targets {
    ($file:expr $(, $node:ident)?) => {
        &[
            (TargetKind::Deployment, $file.deployment.as_ref()),
            (TargetKind::Running, $file.running.as_ref()),
            (TargetKind::Workload, $file.workload.as_ref()),
            (TargetKind::Pod, $file.pod.as_ref()),
            $((TargetKind::Node, $file.$node.as_ref()),)?
        ]
    };
}

/// Each of these keys of a map and where its value stands, if it is given, for [`Reader::exactly_one`].
macro_rules! given {
    ($file:ident: $($key:ident)*) => {
        [$((stringify!($key), $file.$key.as_ref().map(|value| value.span)),)*]
    };
}

pub(super) use {given, targets};

impl Reader<'_, '_> {
    pub(super) fn faults(&mut self, files: Vec<FaultFile>) -> Vec<FaultEntry> {
        let mut taken = Taken::default();
        let mut faults = Vec::new();
        for (index, file) in files.into_iter().enumerate() {
            let name = file.name.clone().unwrap_or(Spanned { value: format!("fault-{}", index + 1), span: file.span });
            taken.take(&name.value, name.span, "faults", self);
            let trigger = self.trigger(file.span, file.at.as_ref(), file.on.as_ref(), file.after.as_ref());
            let kind = self.fault_kind(&file);
            let place = self.place(file.span);
            if let (Some(trigger), Some(kind)) = (trigger, kind) {
                faults.push(FaultEntry { place, name: name.value, trigger, kind });
            }
        }
        faults
    }

    /// When something takes place: at a time, or after a subject reached a state.
    pub(super) fn trigger(
        &mut self,
        entry: Span,
        at: Option<&Spanned<Length>>,
        on: Option<&OnFile>,
        after: Option<&Spanned<Length>>,
    ) -> Option<Trigger> {
        let source = self.context.source;
        match (at, on) {
            (Some(at), None) => {
                if let Some(after) = after {
                    let error = Diagnostic::error(source, after.span, "`after` goes with `on`, not with `at`");
                    let sum = at.value.0 + after.value.0;
                    self.context.report(error.help(format!("write `at: {sum}`")));
                }
                self.time(at).map(Trigger::At)
            }
            (None, Some(on)) => self.on(entry, on, after.map_or(Duration::ZERO, |after| after.value.0)),
            (Some(at), Some(_)) => {
                self.context.error(at.span, "give `at` or `on`, not both");
                None
            }
            (None, None) => {
                let span = after.map_or(entry, |after| after.span);
                let message = match after {
                    Some(_) => "`after` needs an `on`: after what?",
                    None => "this needs a time: `at`, or `on` a subject that reaches a state",
                };
                let help = "write `at: 5m`, or `on: { subject: deployment/NAME, reaches: STATE }`";
                self.context.report(Diagnostic::error(source, span, message).help(help));
                None
            }
        }
    }

    fn fault_kind(&mut self, file: &FaultFile) -> Option<FaultKind> {
        let there = given!(file: pod_kill container_crash node_down image_pull_fail slow_start export_fail image_build_fail gpu_loss
            controller_restart clock_skew watch_lag missed_event api_conflict api_error webhook_down store_outage
            slo_failure alert_failure
            readiness_flap quota_exhausted node_silent cordon uncordon taint untaint drain node_shutdown spot_reclaim);
        self.exactly_one("a fault", file.span, &there)?;
        if let Some(kill) = &file.pod_kill {
            let target = self.target(kill.span, "pod_kill", targets!(kill));
            let count = self.optional_count(kill.count.as_ref(), HITS_MAX, "the number of pods")?;
            return Some(FaultKind::PodKill { target: target?, count });
        }
        if let Some(crash) = &file.container_crash {
            let target = self.target(crash.span, "container_crash", targets!(crash));
            let exit_code = self.failing_exit_code(crash.exit.as_ref())?;
            return Some(FaultKind::ContainerCrash { target: target?, exit_code });
        }
        if let Some(down) = &file.node_down {
            let target = self.target(down.span, "node_down", targets!(down, node));
            let lasts = self.lasts(down.r#for.as_ref())?;
            return Some(FaultKind::NodeDown { target: target?, lasts });
        }
        if let Some(pull) = &file.image_pull_fail {
            self.image_glob(&pull.image)?;
            let times = self.optional_count(pull.times.as_ref(), TIMES_MAX, "the number of pulls")?;
            let lasts = self.lasts(pull.r#for.as_ref())?;
            return Some(FaultKind::ImagePullFail { image: pull.image.value.clone(), times, lasts });
        }
        if let Some(slow) = &file.slow_start {
            return self.slow_start(slow);
        }
        if let Some(skew) = &file.clock_skew {
            let target = self.target(skew.span, "clock_skew", targets!(skew, node));
            let lasts = self.lasts(skew.r#for.as_ref())?;
            let (by, ahead) = match (&skew.ahead, &skew.behind) {
                (Some(ahead), None) => (ahead, true),
                (None, Some(behind)) => (behind, false),
                (Some(_), Some(behind)) => {
                    self.context.error(behind.span, "a clock is `ahead` or `behind`, not both");
                    return None;
                }
                (None, None) => {
                    let error =
                        Diagnostic::error(self.context.source, skew.span, "`clock_skew` needs to know by how much");
                    self.context.report(error.help("give `ahead` or `behind`, such as `behind: 5m`"));
                    return None;
                }
            };
            if by.value.0.is_zero() {
                self.context.error(by.span, "a clock that is off by 0s is right");
                return None;
            }
            return Some(FaultKind::ClockSkew { target: target?, by: by.value.0, ahead, lasts });
        }
        if let Some(export) = &file.export_fail {
            let times = self.optional_count(export.times.as_ref(), TIMES_MAX, "the number of reads")?;
            return Some(FaultKind::ExportFail { deployment: export.deployment.value.clone(), times });
        }
        if let Some(build) = &file.image_build_fail {
            let times = self.optional_count(build.times.as_ref(), TIMES_MAX, "the number of builds")?;
            return Some(FaultKind::ImageBuildFail { definition: build.definition.value.clone(), times });
        }
        if let Some(fault) = self.api_fault(file) {
            return fault;
        }
        for (alarm, alert) in [(&file.slo_failure, false), (&file.alert_failure, true)] {
            if let Some(alarm) = alarm {
                let lasts = self.lasts(alarm.r#for.as_ref())?;
                return Some(FaultKind::Alarm { of: alarm.of.value.clone(), alert, lasts });
            }
        }
        let Some(loss) = &file.gpu_loss else { return self.node_fault(file) };
        let target = self.target(loss.span, "gpu_loss", targets!(loss, node));
        let count = self.optional_count(loss.count.as_ref(), 64, "the number of GPUs")?.unwrap_or(1);
        let lasts = self.lasts(loss.r#for.as_ref())?;
        Some(FaultKind::GpuLoss { target: target?, count, lasts })
    }

    fn slow_start(&mut self, file: &SlowStartFile) -> Option<FaultKind> {
        let target = self.target(file.span, "slow_start", targets!(file));
        if file.percent.is_none() && file.extra.is_none() {
            let error = Diagnostic::error(self.context.source, file.span, "`slow_start` changes nothing");
            self.context.report(error.help("give `extra`, such as `2m`, or `percent`, such as 300"));
        }
        let percent = self.optional_count(file.percent.as_ref(), PERCENT_MAX, "`percent`")?.unwrap_or(100);
        let extra = file.extra.as_ref().map_or(Duration::ZERO, |extra| extra.value.0);
        Some(FaultKind::SlowStart { target: target?, extra, percent })
    }

    /// What a fault is aimed at: exactly one of these.
    pub(super) fn target(
        &mut self,
        fault: Span,
        what: &str,
        candidates: &[(TargetKind, Option<&Spanned<String>>)],
    ) -> Option<Target> {
        let given: Vec<(TargetKind, &Spanned<String>)> =
            candidates.iter().filter_map(|(kind, name)| name.map(|name| (*kind, name))).collect();
        let words: Vec<&str> = candidates.iter().map(|(kind, _)| kind.text()).collect();
        match given[..] {
            [(kind, name)] => {
                if name.value.is_empty() {
                    self.context.error(name.span, format!("`{}` needs a name", kind.text()));
                }
                let mut text = name.value.clone();
                if kind == TargetKind::Node {
                    self.node_is_there(name);
                } else if name.value.contains('/') {
                    text = self.subject(&name.value, name.span);
                }
                Some(Target { kind, name: text })
            }
            [] => {
                let error = Diagnostic::error(self.context.source, fault, format!("`{what}` needs something to hit"));
                self.context.report(error.help(format!("give one of {}", list(&words))));
                None
            }
            [_, (_, second), ..] => {
                let message = format!("`{what}` hits one thing; give one of {}", list(&words));
                self.context.error(second.span, message);
                None
            }
        }
    }

    /// Reports unless exactly one of several keys is there.
    pub(super) fn exactly_one(&mut self, what: &str, entry: Span, keys: &[(&str, Option<Span>)]) -> Option<()> {
        let given: Vec<(&str, Span)> = keys.iter().filter_map(|(key, span)| span.map(|span| (*key, span))).collect();
        match given[..] {
            [_] => Some(()),
            [] => {
                let words: Vec<&str> = keys.iter().map(|(key, _)| *key).collect();
                // An unknown or later key in its place has been reported already.
                if !self.context.is_wrong_within(entry) {
                    self.context.error(entry, format!("{what} needs one of {}", list(&words)));
                }
                None
            }
            [(first, _), (second, span), ..] => {
                let message = format!("{what} has one of {} and {}, not both", quote(first), quote(second));
                self.context.error(span, message);
                None
            }
        }
    }

    /// `None`: wrong. `Some(None)`: not given.
    #[allow(clippy::option_option)]
    pub(super) fn optional_count(
        &mut self,
        count: Option<&Spanned<u32>>,
        most: u32,
        what: &str,
    ) -> Option<Option<u32>> {
        match count {
            Some(count) => self.count(count, most, what).map(Some),
            None => Some(None),
        }
    }

    /// How long a fault lasts. `None`: wrong. `Some(None)`: for ever.
    #[allow(clippy::option_option)]
    pub(super) fn lasts(&mut self, lasts: Option<&Spanned<Length>>) -> Option<Option<Duration>> {
        match lasts {
            Some(lasts) if lasts.value.0.is_zero() => {
                self.context.error(lasts.span, "a fault that lasts 0s does nothing");
                None
            }
            other => Some(other.map(|lasts| lasts.value.0)),
        }
    }
}
