//! What is measured of a run: names, units, and which way is better. How it is measured stands in `watch`.

use std::fmt;

use crate::kernel::Duration;
use crate::oracle::builtin::rules;
use crate::text::diagnostic::{nearest, quote};
use crate::text::rule::Rule;

/// A measure of one run.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Metric {
    /// 1 if the run by itself would end with exit code 0, else 0.
    Passed,
    /// From the first document to when all that was deployed is as it should be for the first time; it may never come.
    TimeToReady,
    /// From the first document to when all that was deployed is as it should be for good; it may never come.
    TimeToSettle,
    /// The longest time that a Service, or a name that is routed, had nobody behind it after it had somebody.
    Outage,
    /// The least share of its wanted pods that a workload had available once it had had all of them.
    LowestAvailability,
    /// GPUs that pods held, over time.
    GpuHours,
    /// The most GPUs that pods held.
    PeakGpus,
    /// Pods that had no node at the end.
    PodsPending,
    /// What built-in oracles found and nobody expected.
    Findings,
    /// The same of one oracle, by the position of its code.
    FindingsOf(&'static str),
    /// Expectations that did not hold.
    FailedExpectations,
    /// How long the run went on.
    Length,
}

/// What a value of a metric is in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unit {
    /// 0 or 1.
    Truth,
    /// Nanoseconds.
    Nanos,
    /// Millionths.
    Ppm,
    /// GPU-seconds.
    GpuSecs,
    /// Things.
    Count,
}

/// The metrics that every run has, by name, with what they are in a line.
pub const ALL: [(&str, Metric, &str); 11] = [
    ("passed", Metric::Passed, "the share of runs that pass: exit code 0"),
    (
        "time_to_ready",
        Metric::TimeToReady,
        "from the first document until all that was deployed is as it should be for the first time",
    ),
    ("time_to_settle", Metric::TimeToSettle, "the same for the last time, so that nothing disturbs it any more"),
    (
        "outage",
        Metric::Outage,
        "how long, at the most, one Service or routed name had nobody behind it after it had somebody",
    ),
    (
        "lowest_availability",
        Metric::LowestAvailability,
        "the least share of its pods that a workload had available once it had had all",
    ),
    ("gpu_hours", Metric::GpuHours, "GPUs that pods held, over time"),
    ("peak_gpus", Metric::PeakGpus, "the most GPUs that pods held"),
    ("pods_pending", Metric::PodsPending, "pods that had no node at the end"),
    ("findings", Metric::Findings, "what built-in oracles found and nobody expected"),
    ("failed_expectations", Metric::FailedExpectations, "expectations that did not hold"),
    ("length", Metric::Length, "how long the run went on"),
];

impl Metric {
    /// The metric of a name; `findings.stuck` and `findings.GR104` are the findings of one oracle.
    ///
    /// # Errors
    /// There is none; a sentence.
    pub fn parse(text: &str) -> Result<Metric, String> {
        if let Some(oracle) = text.strip_prefix("findings.") {
            return match rules::find(oracle) {
                Some(rule) => Ok(Metric::FindingsOf(rule.code)),
                None => Err(unknown("oracle", oracle, rules::ALL.iter().map(|rule| rule.name).collect())),
            };
        }
        let found = ALL.iter().find(|(name, ..)| *name == text).map(|(_, metric, _)| *metric);
        found.ok_or_else(|| unknown("metric", text, ALL.iter().map(|(name, ..)| *name).collect()))
    }

    /// What its values are in.
    pub const fn unit(self) -> Unit {
        match self {
            Metric::Passed => Unit::Truth,
            Metric::TimeToReady | Metric::TimeToSettle | Metric::Outage | Metric::Length => Unit::Nanos,
            Metric::LowestAvailability => Unit::Ppm,
            Metric::GpuHours => Unit::GpuSecs,
            Metric::PeakGpus
            | Metric::PodsPending
            | Metric::Findings
            | Metric::FindingsOf(_)
            | Metric::FailedExpectations => Unit::Count,
        }
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Metric::FindingsOf(code) = self {
            let rule: Option<&Rule> = rules::find(code);
            return write!(out, "findings.{}", rule.map_or(*code, |rule| rule.name));
        }
        let name = ALL.iter().find(|(_, metric, _)| metric == self).map_or("", |(name, ..)| *name);
        out.write_str(name)
    }
}

impl Unit {
    /// A value as programs get it: seconds, shares, GPU-hours, numbers.
    pub fn number(self, value: f64) -> f64 {
        match self {
            Unit::Truth | Unit::Count => value,
            Unit::Nanos => value / 1e9,
            Unit::Ppm => value / 1e6,
            Unit::GpuSecs => value / 3600.0,
        }
    }

    /// What such a number is in; empty for mere numbers.
    pub const fn suffix(self) -> &'static str {
        match self {
            Unit::Truth | Unit::Ppm | Unit::Count | Unit::GpuSecs => "",
            Unit::Nanos => "_secs",
        }
    }

    /// A value as people read it.
    pub fn show(self, value: f64) -> String {
        if value.is_nan() {
            return "-".to_owned();
        }
        if value.is_infinite() {
            return if value < 0.0 { "?".to_owned() } else { "never".to_owned() };
        }
        match self {
            Unit::Truth | Unit::Ppm => {
                let percent = if self == Unit::Truth { value * 100.0 } else { value / 1e4 };
                format!("{percent:.2}%")
            }
            Unit::Nanos => length(value),
            Unit::GpuSecs => format!("{:.3}", value / 3600.0),
            Unit::Count if value.fract() == 0.0 => format!("{value:.0}"),
            Unit::Count => format!("{value:.3}"),
        }
    }
}

/// A length of time to a thousandth of a second below a minute, a tenth below an hour, a second beyond.
fn length(nanos: f64) -> String {
    let sign = if nanos < 0.0 { "-" } else { "" };
    let nanos = nanos.abs();
    let step = if nanos < 60e9 {
        1e6
    } else if nanos < 3600e9 {
        1e8
    } else {
        1e9
    };
    let rounded = Duration::from_nanos(((nanos / step).round() * step) as u64);
    format!("{sign}{rounded}")
}

fn unknown(what: &str, text: &str, known: Vec<&'static str>) -> String {
    match nearest(text, known.iter().copied()) {
        Some(near) => format!("there is no {what} {}; did you mean `{near}`?", quote(text)),
        None => format!("there is no {what} {}; there are {}", quote(text), known.join(", ")),
    }
}
