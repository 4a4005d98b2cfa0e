//! What is kept of one run.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::metric::Metric;

/// The figures of one run. Whole numbers in small units, so that they are the same wherever they are made and read.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outcome {
    /// The exit code that the run by itself would have.
    pub exit: u8,
    /// Nanoseconds from the first document to when all was as it should be for the first time.
    pub time_to_ready_ns: Option<i64>,
    /// The same for the last time.
    pub time_to_settle_ns: Option<i64>,
    /// Nanoseconds of the longest outage in all of one Service or name.
    pub outage_ns: i64,
    /// The least share of its pods that a workload had available, in millionths; `None`: none was complete ever.
    pub lowest_availability_ppm: Option<i64>,
    /// GPU-seconds that pods held, rounded down.
    pub gpu_secs: i64,
    /// The most GPUs that pods held.
    pub peak_gpus: i64,
    /// Pods without a node at the end.
    pub pods_pending: i64,
    /// Nanoseconds that the run went on.
    pub length_ns: i64,
    /// Unexpected findings by the code of their oracle.
    pub findings: BTreeMap<String, i64>,
    /// The positions of expectations that did not hold.
    pub failed: Vec<u32>,
}

impl Outcome {
    /// The value of a metric; `None` if what it measures never came.
    pub fn value(&self, metric: Metric) -> Option<i64> {
        match metric {
            Metric::Passed => Some(i64::from(self.exit == 0)),
            Metric::TimeToReady => self.time_to_ready_ns,
            Metric::TimeToSettle => self.time_to_settle_ns,
            Metric::Outage => Some(self.outage_ns),
            Metric::LowestAvailability => self.lowest_availability_ppm,
            Metric::GpuHours => Some(self.gpu_secs),
            Metric::PeakGpus => Some(self.peak_gpus),
            Metric::PodsPending => Some(self.pods_pending),
            Metric::Findings => Some(self.findings.values().sum()),
            Metric::FindingsOf(code) => Some(self.findings.get(code).copied().unwrap_or(0)),
            Metric::FailedExpectations => Some(self.failed.len() as i64),
            Metric::Length => Some(self.length_ns),
        }
    }
}
