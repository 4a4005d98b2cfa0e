//! Reads faults that strike a node as a whole: what `kubectl` or a provider does to it.

use super::Reader;
use super::faults::targets;
use super::workloads::TIMES_MAX;
use crate::kernel::Duration;
use crate::scenario::file::{FaultFile, NodeShutdownFile, ReadinessFlapFile};
use crate::scenario::model::{FaultKind, Target, TargetKind};
use crate::scenario::values::Length;
use crate::systems::kubernetes::taint_mistake;
use crate::text::Diagnostic;
use crate::text::decode::Spanned;
use crate::workload::{Drain, NodeDisruption, Taint};

/// The notice of a spot node that is taken back: two minutes, as Amazon EC2 gives
/// (docs.aws.amazon.com, Spot Instance interruption notices). Others give 30 seconds.
const NOTICE_DEFAULT: Duration = Duration::from_secs(120);

impl Reader<'_, '_> {
    /// The fault of this entry if it is one that strikes a node, a namespace or a probe.
    pub(super) fn node_fault(&mut self, file: &FaultFile) -> Option<FaultKind> {
        if let Some(flap) = &file.readiness_flap {
            return self.readiness_flap(flap);
        }
        if let Some(quota) = &file.quota_exhausted {
            let namespace = quota.namespace.clone().unwrap_or_else(|| "default".to_owned());
            return Some(FaultKind::QuotaExhausted { namespace, lasts: self.lasts(quota.r#for.as_ref())? });
        }
        let (target, what) = self.node_disruption(file)?;
        Some(FaultKind::Node { target: target?, what })
    }

    fn node_disruption(&mut self, file: &FaultFile) -> Option<(Option<Target>, NodeDisruption)> {
        if let Some(silent) = &file.node_silent {
            let lasts = self.lasts(silent.r#for.as_ref())?;
            let target = self.target(silent.span, "node_silent", targets!(silent, node));
            return Some((target, NodeDisruption::Silent { lasts }));
        }
        if let Some(cordon) = &file.cordon {
            let lasts = self.lasts(cordon.r#for.as_ref())?;
            let target = self.target(cordon.span, "cordon", targets!(cordon, node));
            return Some((target, NodeDisruption::Cordon { lasts }));
        }
        if let Some(uncordon) = &file.uncordon {
            return Some((self.target(uncordon.span, "uncordon", targets!(uncordon, node)), NodeDisruption::Uncordon));
        }
        if let Some(taint) = &file.taint {
            let lasts = self.lasts(taint.r#for.as_ref())?;
            let (key, value) = (taint.key.value.clone(), taint.value.clone().unwrap_or_default());
            self.taint_key(&taint.key, &value);
            let what = NodeDisruption::Taint { taint: Taint { key, value, effect: taint.effect.0 }, lasts };
            return Some((self.target(taint.span, "taint", targets!(taint, node)), what));
        }
        if let Some(untaint) = &file.untaint {
            self.taint_key(&untaint.key, "");
            let what = NodeDisruption::Untaint { key: untaint.key.value.clone() };
            return Some((self.target(untaint.span, "untaint", targets!(untaint, node)), what));
        }
        if let Some(drain) = &file.drain {
            let what = NodeDisruption::Drain(Drain {
                deletes_empty_dirs: drain.delete_emptydir_data.unwrap_or(false),
                force: drain.force.unwrap_or(false),
                ignores_budgets: drain.disable_eviction.unwrap_or(false),
                grace_period: length(drain.grace_period.as_ref()),
                timeout: self.lasts(drain.timeout.as_ref())?,
            });
            return Some((self.target(drain.span, "drain", targets!(drain, node)), what));
        }
        if let Some(shutdown) = &file.node_shutdown {
            let target = self.target(shutdown.span, "node_shutdown", targets!(shutdown, node));
            return Some((target, self.shutdown(shutdown)?));
        }
        let reclaim = file.spot_reclaim.as_ref()?;
        let what = NodeDisruption::Reclaim {
            notice: length(reclaim.notice.as_ref()).unwrap_or(NOTICE_DEFAULT),
            drains: reclaim.drain.unwrap_or(true),
        };
        Some((self.target(reclaim.span, "spot_reclaim", targets!(reclaim, node)), what))
    }

    fn readiness_flap(&mut self, file: &ReadinessFlapFile) -> Option<FaultKind> {
        let target = self.target(file.span, "readiness_flap", targets!(file));
        let lasts = self.lasts(Some(&file.r#for))??;
        let every = length(file.every.as_ref()).unwrap_or(lasts * 2);
        if let Some(given) = &file.every
            && every < lasts
        {
            let message = format!("a failure every {every} that lasts {lasts} never ends");
            self.context.error(given.span, message);
            return None;
        }
        let times = self.optional_count(file.times.as_ref(), TIMES_MAX, "the number of failures")?.unwrap_or(1);
        Some(FaultKind::ReadinessFlap { target: target?, lasts, every, times })
    }

    fn shutdown(&mut self, file: &NodeShutdownFile) -> Option<NodeDisruption> {
        let grace_period = length(file.grace_period.as_ref()).unwrap_or(Duration::ZERO);
        let critical = length(file.grace_period_critical.as_ref()).unwrap_or(Duration::ZERO);
        if let Some(given) = &file.grace_period_critical
            && critical > grace_period
        {
            let message = format!("{critical} for critical pods is more than the whole grace period, {grace_period}");
            let error = Diagnostic::error(self.context.source, given.span, message);
            self.context.report(error.help("the kubelet refuses this: raise `grace_period`"));
            return None;
        }
        Some(NodeDisruption::Shutdown { grace_period, critical, lasts: self.lasts(file.r#for.as_ref())? })
    }

    fn taint_key(&mut self, key: &Spanned<String>, value: &str) {
        if key.value.is_empty() {
            self.context.error(key.span, "a taint needs a key");
        } else if let Some(wrong) = taint_mistake(&key.value, value) {
            self.context.error(key.span, format!("invalid taint: {wrong}"));
        }
    }
}

fn length(length: Option<&Spanned<Length>>) -> Option<Duration> {
    length.map(|length| length.value.0)
}
