//! Measurements of a metric: how one begins and ends, and what several of them mean together.
//! Source: argo-rollouts v1.10.1, analysis/analysis.go (assessMetricStatus and what it calls) and metricproviders/job/job.go.

use super::arithmetic::look_again_after;
use super::profile::V1_10;
use super::runs::{JOB, JOBS_MAX, Run};
use crate::kernel::{Duration, Time};
use crate::timeline::Subject;
use crate::workload::rollout::{AnalysisMetric, MetricProvider};
use crate::workload::{AnalysisPhase, Ask, AskId, Object, Status, World};

/// Reasons for which the pods of a Job wait in vain (`terminalWaitingReasons`).
const HOPELESS: &[&str] = &["ErrImagePull", "ImagePullBackOff", "InvalidImageName"];

/// One measurement. Its times are in whole seconds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Measurement {
    /// What it says.
    pub phase: AnalysisPhase,
    /// Why.
    pub message: String,
    /// When it began.
    pub started_at: Time,
    /// When it ended.
    pub finished_at: Option<Time>,
    /// When it is looked at again.
    pub resume_at: Option<Time>,
    /// The Job that measures.
    pub job: Option<Subject>,
}

/// What came of a metric.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MetricResult {
    /// Where it stands.
    pub phase: AnalysisPhase,
    /// Why.
    pub message: String,
    /// The last measurements.
    pub measurements: Vec<Measurement>,
    /// Measurements that are not in error.
    pub count: u32,
    /// Those that failed.
    pub failed: u32,
    /// Those that say neither.
    pub inconclusive: u32,
    /// Measurements in error.
    pub error: u32,
    /// Errors since the last that was none.
    pub consecutive_error: u32,
    /// Successes since the last that was none.
    pub consecutive_success: u32,
}

impl Measurement {
    /// One that has ended.
    pub fn ended(phase: AnalysisPhase, message: String, now: Time) -> Measurement {
        let now = now.whole_seconds();
        let (finished_at, resume_at, job) = (Some(now), None, None);
        Measurement { phase, message, started_at: now, finished_at, resume_at, job }
    }

    /// How long until the next one.
    pub fn wait(&self, metric: &AnalysisMetric) -> Duration {
        match (self.phase, metric.interval) {
            (AnalysisPhase::Error, _) | (_, None) => V1_10.error_retry,
            (_, Some(interval)) => interval,
        }
    }
}

impl MetricResult {
    const fn new() -> MetricResult {
        MetricResult {
            phase: AnalysisPhase::Running,
            message: String::new(),
            measurements: Vec::new(),
            count: 0,
            failed: 0,
            inconclusive: 0,
            error: 0,
            consecutive_error: 0,
            consecutive_success: 0,
        }
    }

    /// The measurement that goes on has ended.
    pub fn end(&mut self, ended: Measurement) {
        let Some(last) = self.measurements.last_mut() else { return };
        let (started_at, job) = (last.started_at, last.job);
        let phase = ended.phase;
        *last = Measurement { started_at, job, ..ended };
        let succeeded = phase == AnalysisPhase::Successful;
        self.consecutive_success = if succeeded { self.consecutive_success + 1 } else { 0 };
        if phase == AnalysisPhase::Error {
            self.error += 1;
            self.consecutive_error += 1;
            return;
        }
        self.count += 1;
        self.consecutive_error = 0;
        self.failed += u32::from(phase == AnalysisPhase::Failed);
        self.inconclusive += u32::from(phase == AnalysisPhase::Inconclusive);
    }

    /// Which limit is passed, if one is (`assessMetricFailureInconclusiveOrError`).
    pub fn what_is_wrong(&self, metric: &AnalysisMetric) -> Option<(AnalysisPhase, String)> {
        let errors = metric.consecutive_error_limit;
        if self.consecutive_error > errors {
            let told = format!("consecutiveErrors ({}) > consecutiveErrorLimit ({errors})", self.consecutive_error);
            return Some((AnalysisPhase::Error, told));
        }
        let limit = metric.inconclusive_limit;
        if self.inconclusive > limit {
            let told = format!("inconclusive ({}) > inconclusiveLimit ({limit})", self.inconclusive);
            return Some((AnalysisPhase::Inconclusive, told));
        }
        let limit = metric.failure_limit.filter(|limit| self.failed > *limit)?;
        Some((AnalysisPhase::Failed, format!("failed ({}) > failureLimit ({limit})", self.failed)))
    }

    /// Where the metric stands (`assessMetricStatus`).
    pub fn assess(&self, metric: &AnalysisMetric, terminating: bool) -> AnalysisPhase {
        if self.phase.is_completed() {
            return self.phase;
        }
        match self.measurements.last() {
            None if terminating => return AnalysisPhase::Successful,
            None => return AnalysisPhase::Pending,
            Some(last) if !last.phase.is_completed() => return AnalysisPhase::Running,
            Some(_) => {}
        }
        if let Some((phase, _)) = self.what_is_wrong(metric) {
            return phase;
        }
        let successes = metric.consecutive_success_limit;
        if successes > 0 && self.consecutive_success >= successes {
            return AnalysisPhase::Successful;
        }
        if metric.effective_count().is_some_and(|count| self.count >= count) {
            return match (metric.failure_limit, successes) {
                (Some(_), 1..) => AnalysisPhase::Inconclusive,
                (None, 1..) => AnalysisPhase::Failed,
                _ => AnalysisPhase::Successful,
            };
        }
        if terminating { AnalysisPhase::Successful } else { AnalysisPhase::Running }
    }
}

impl Run {
    /// Begins a measurement; gives what was asked for.
    pub fn begin(&mut self, index: usize, serves: Subject, world: &mut dyn World) -> AskId {
        let now = world.now();
        let metric = self.metrics[index].clone();
        let result = self.results[index].get_or_insert_with(MetricResult::new);
        let number = result.count + result.error + 1;
        let (phase, message) = (AnalysisPhase::Running, String::new());
        let mut measurement = Measurement {
            phase,
            message,
            started_at: now.whole_seconds(),
            finished_at: None,
            resume_at: None,
            job: None,
        };
        let cause = self.cause();
        let asked = match metric.spec.provider {
            MetricProvider::Job(spec) => {
                let name = format!("{}.{}.{number}", self.name, metric.spec.name);
                let key = Subject { kind: JOB, name: world.name(&name), ..self.key };
                world.watch(key);
                let ask = world.ask(Ask::Apply { key, object: Object::Job(*spec), serves }, cause);
                (measurement.job, measurement.resume_at) = (Some(key), Some(now));
                ask
            }
            MetricProvider::Outside(_) => {
                let (template, metric) = (metric.template, metric.spec.name);
                let ask = Ask::Measure { key: self.key, template, metric, serves };
                world.ask(ask, cause)
            }
        };
        if let Some(result) = &mut self.results[index] {
            result.measurements.push(measurement);
            if result.measurements.len() > JOBS_MAX {
                let oldest = result.measurements.remove(0);
                if let Some(job) = oldest.job {
                    world.unwatch(job);
                    world.ask(Ask::Delete { key: job, serves }, cause);
                }
            }
        }
        asked
    }

    /// Looks at a measurement that goes on, or ends it (`Resume`, `Terminate`).
    pub fn resume(&mut self, index: usize, terminating: bool, serves: Subject, world: &mut dyn World) {
        let now = world.now();
        let cause = self.cause();
        let Some(result) = &mut self.results[index] else { return };
        let Some(last) = result.measurements.last_mut() else { return };
        let mut ended = None;
        match last.job {
            Some(job) if terminating => {
                world.unwatch(job);
                world.ask(Ask::Delete { key: job, serves }, cause);
                ended = Some((AnalysisPhase::Inconclusive, "Metric Terminated".to_owned()));
            }
            Some(job) => {
                let hopeless = world.observed_pods(job).into_iter().find(|(_, pod)| HOPELESS.contains(&pod.reason));
                match world.observed(job) {
                    Some(Status::Job(status)) if status.complete => {
                        ended = Some((AnalysisPhase::Successful, String::new()));
                    }
                    Some(Status::Job(status)) if status.gave_up => ended = Some((AnalysisPhase::Failed, String::new())),
                    _ if hopeless.is_some() => {
                        let reason = hopeless.map_or("", |(_, pod)| pod.reason);
                        let told = format!("a pod of the job has terminal error ({reason})");
                        ended = Some((AnalysisPhase::Inconclusive, told));
                    }
                    _ => {
                        // Kept in whole seconds, and never in the past.
                        let elapsed = now.since(last.started_at);
                        let next = (now + look_again_after(elapsed)).whole_seconds();
                        let soon = now.whole_seconds() + Duration::from_secs(1);
                        last.resume_at = Some(if next > now { next } else { soon });
                    }
                }
            }
            // An answer from outside is on its way; nobody waits for it any more.
            None => ended = terminating.then(|| (AnalysisPhase::Successful, "Metric Terminated".to_owned())),
        }
        if let Some((phase, message)) = ended {
            result.end(Measurement::ended(phase, message, now));
            self.note_measured(index, world);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metric() -> AnalysisMetric {
        AnalysisMetric {
            name: "m".to_owned(),
            interval: Some(Duration::from_secs(10)),
            initial_delay: Duration::ZERO,
            count: Some(3),
            failure_limit: Some(1),
            inconclusive_limit: 0,
            consecutive_error_limit: 4,
            consecutive_success_limit: 0,
            provider: MetricProvider::Outside("prometheus"),
        }
    }

    fn after(metric: &AnalysisMetric, phases: &[AnalysisPhase]) -> AnalysisPhase {
        let mut result = MetricResult::new();
        for phase in phases {
            result.measurements.push(Measurement::ended(AnalysisPhase::Running, String::new(), Time::ZERO));
            result.end(Measurement::ended(*phase, String::new(), Time::ZERO));
        }
        result.assess(metric, false)
    }

    #[test]
    fn limits_decide_before_counts() {
        use AnalysisPhase::{Error, Failed, Inconclusive, Running, Successful};
        let one = metric();
        assert_eq!(after(&one, &[Successful, Successful]), Running);
        assert_eq!(after(&one, &[Successful, Failed, Successful]), Successful, "one may fail");
        assert_eq!(after(&one, &[Failed, Failed]), Failed);
        assert_eq!(after(&one, &[Inconclusive]), Inconclusive);
        assert_eq!(after(&one, &[Error, Error, Error, Error]), Running, "errors are not counted");
        assert_eq!(after(&one, &[Error, Error, Error, Error, Error]), Error);
    }

    #[test]
    fn successes_in_a_row_may_suffice() {
        use AnalysisPhase::{Failed, Inconclusive, Running, Successful};
        let one = AnalysisMetric { consecutive_success_limit: 2, ..metric() };
        assert_eq!(after(&one, &[Successful, Successful]), Successful);
        assert_eq!(after(&one, &[Successful, Failed, Successful]), Inconclusive, "neither limit was met");
        let unlimited = AnalysisMetric { failure_limit: None, ..one };
        assert_eq!(after(&unlimited, &[Failed, Failed]), Running);
        assert_eq!(after(&unlimited, &[Failed, Failed, Successful]), Failed);
    }
}
