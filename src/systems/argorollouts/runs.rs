//! An AnalysisRun: when each of its metrics is measured, and where the run stands as a whole.
//! Source: argo-rollouts v1.10.1, analysis/analysis.go.

use super::Rollout;
use super::measure::{Measurement, MetricResult};
use super::profile::V1_10;
use crate::kernel::Time;
use crate::timeline::{Arg, Cause, Kind, Subject, Why};
use crate::workload::rollout::AnalysisMetric;
use crate::workload::{
    AnalysisPhase, AnalysisRunStatus, AnalysisTemplateSpec, Ask, AskId, Object, Outcome, Status, World,
};

/// A metric of a run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RunMetric {
    /// The template that it is of.
    pub template: String,
    /// What is measured.
    pub spec: AnalysisMetric,
    /// Its results do not count.
    pub dry: bool,
}

/// One AnalysisRun.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Run {
    /// Its kind, namespace and name.
    pub key: Subject,
    /// Its name.
    pub name: String,
    /// The hash of the template that it is about.
    pub hash: String,
    /// The step of a canary that it is of.
    pub step: Option<u32>,
    /// What it measures.
    pub metrics: Vec<RunMetric>,
    /// What came of each; `None`: it was not measured yet.
    pub results: Vec<Option<MetricResult>>,
    /// Where it stands; `None` until it was looked at.
    pub phase: Option<AnalysisPhase>,
    /// Why.
    pub message: String,
    /// When it began, in whole seconds.
    pub started_at: Option<Time>,
    terminated: bool,
    due: Option<Time>,
    cause: Cause,
}

impl Run {
    /// Creates it.
    pub fn create(
        (key, name): (Subject, String),
        (hash, step): (String, Option<u32>),
        metrics: Vec<RunMetric>,
        serves: Subject,
        cause: Cause,
        world: &mut dyn World,
    ) -> Run {
        let why = Why::with("metrics: {}", Arg::Count(metrics.len() as u64));
        let cause = Cause::Entry(world.note(key, "Created", why, cause));
        let spec = AnalysisTemplateSpec {
            metrics: metrics.iter().map(|metric| metric.spec.clone()).collect(),
            dry_run: Vec::new(),
            templates: Vec::new(),
        };
        world.ask(Ask::Apply { key, object: Object::AnalysisRun(Box::new(spec)), serves }, cause);
        let results = vec![None; metrics.len()];
        let (phase, message) = (None, String::new());
        let due = Some(world.now());
        let started_at = None;
        let terminated = false;
        Run { key, name, hash, step, metrics, results, phase, message, started_at, terminated, due, cause }
    }

    /// When it is to be looked at next.
    pub const fn due(&self) -> Option<Time> {
        self.due
    }

    /// It is looked at again, at this time at the latest.
    pub fn enqueue(&mut self, at: Time) {
        if self.due.is_none_or(|due| at < due) {
            self.due = Some(at);
        }
    }

    /// True if it measures with this Job.
    pub fn measures_with(&self, job: Subject) -> bool {
        let last = self.results.iter().flatten().filter_map(|result| result.measurements.last());
        last.filter_map(|measurement| measurement.job).any(|one| one == job)
    }

    /// Ends it, unless it has ended.
    pub fn terminate(&mut self, cause: Cause, world: &mut dyn World) {
        if !self.terminated && !self.phase.is_some_and(AnalysisPhase::is_completed) {
            self.terminated = true;
            self.cause = Cause::Entry(world.note(self.key, "Terminating", Why::NONE, cause));
            self.enqueue(world.now());
        }
    }

    /// Deletes it with its Jobs.
    pub fn delete(self, serves: Subject, cause: Cause, world: &mut dyn World) {
        let cause = Cause::Entry(world.note(self.key, "Deleted", Why::NONE, cause));
        let measurements = self.results.into_iter().flatten().flat_map(|result| result.measurements);
        for job in measurements.filter_map(|measurement| measurement.job) {
            world.unwatch(job);
            world.ask(Ask::Delete { key: job, serves }, cause);
        }
        world.ask(Ask::Delete { key: self.key, serves }, cause);
    }

    /// No metric is measured any more: it was ended, or a metric that counts went wrong (`IsTerminating`).
    fn is_terminating(&self) -> bool {
        let wrong = |(metric, result): (&RunMetric, &Option<MetricResult>)| {
            let phase = result.as_ref().map(|result| result.phase);
            let is_wrong =
                matches!(phase, Some(AnalysisPhase::Failed | AnalysisPhase::Error | AnalysisPhase::Inconclusive));
            is_wrong && !metric.dry
        };
        self.terminated || self.metrics.iter().zip(&self.results).any(wrong)
    }

    /// Measures what is due (`generateMetricTasks`, `runMeasurements`). Gives the measurements that were asked for outside.
    fn measure(&mut self, serves: Subject, world: &mut dyn World) -> Vec<(AskId, usize)> {
        let now = world.now();
        let terminating = self.is_terminating();
        let mut asked = Vec::new();
        for index in 0..self.metrics.len() {
            let metric = &self.metrics[index];
            let result = self.results[index].as_ref();
            if result.is_some_and(|result| result.phase.is_completed()) {
                continue;
            }
            match result.and_then(|result| result.measurements.last()) {
                Some(last) if last.finished_at.is_none() => {
                    let waits = last.resume_at.is_none_or(|resume| resume > now);
                    if terminating || !waits {
                        self.resume(index, terminating, serves, world);
                    }
                }
                _ if terminating => {}
                None => {
                    let delay = metric.spec.initial_delay;
                    let begins = match self.started_at {
                        Some(started) => started + delay <= now,
                        None => delay.is_zero(),
                    };
                    if begins {
                        asked.push((self.begin(index, serves, world), index));
                    }
                }
                Some(last) => {
                    let counted = result.map_or(0, |result| result.count);
                    let enough = metric.spec.effective_count().is_some_and(|count| counted >= count);
                    let ends = last.finished_at.unwrap_or(now);
                    if !enough && ends + last.wait(&metric.spec) <= now {
                        asked.push((self.begin(index, serves, world), index));
                    }
                }
            }
        }
        asked
    }

    /// Where the run stands (`assessRunStatus`).
    fn assess(&mut self, now: Time) -> (AnalysisPhase, String) {
        let terminating = self.is_terminating();
        self.started_at.get_or_insert(now.whole_seconds());
        let mut worst: Option<AnalysisPhase> = None;
        let mut message = if self.terminated { "Run Terminated".to_owned() } else { String::new() };
        let mut all_ended = true;
        for (metric, result) in self.metrics.iter().zip(&mut self.results) {
            let Some(result) = result else {
                all_ended = false;
                continue;
            };
            let phase = result.assess(&metric.spec, terminating);
            if result.phase != phase {
                result.message = result.measurements.last().map_or(String::new(), |last| last.message.clone());
                result.phase = phase;
            }
            if !phase.is_completed() {
                all_ended = false;
            } else if metric.dry {
                worst.get_or_insert(AnalysisPhase::Successful);
            } else if worst.is_none_or(|worst| badness(phase) > badness(worst)) {
                worst = Some(phase);
                if let Some((_, told)) = result.what_is_wrong(&metric.spec) {
                    message = format!("Metric {:?} assessed {} due to {told}", metric.spec.name, phase.text());
                    if !result.message.is_empty() {
                        message = format!("{message}: \"Error Message: {}\"", result.message);
                    }
                }
            }
        }
        match worst {
            Some(worst) if terminating => (worst, message),
            None if terminating => (AnalysisPhase::Successful, message),
            Some(worst) if all_ended => (worst, message),
            _ => (AnalysisPhase::Running, String::new()),
        }
    }

    /// When something is to be measured next (`calculateNextReconcileTime`).
    fn next_look(&self, now: Time) -> Option<Time> {
        let next = |(metric, result): (&RunMetric, &Option<MetricResult>)| {
            let Some(result) = result else { return Some(self.started_at.unwrap_or(now) + metric.spec.initial_delay) };
            let last = result.measurements.last().filter(|_| !result.phase.is_completed())?;
            let Some(finished) = last.finished_at else { return last.resume_at };
            let enough = metric.spec.effective_count().is_some_and(|count| result.count >= count);
            (!enough).then(|| finished + last.wait(&metric.spec))
        };
        self.metrics.iter().zip(&self.results).filter_map(next).min()
    }

    /// Looks at the run; true if it stands elsewhere afterwards (`reconcileAnalysisRun`).
    fn sync(&mut self, serves: Subject, world: &mut dyn World) -> (bool, Vec<(AskId, usize)>) {
        self.due = None;
        if self.phase.is_some_and(AnalysisPhase::is_completed) {
            return (false, Vec::new());
        }
        let asked = self.measure(serves, world);
        let now = world.now();
        let (phase, message) = self.assess(now);
        let moved = self.phase != Some(phase);
        if moved {
            (self.phase, self.message) = (Some(phase), message);
            let text = world.intern(&self.message);
            let why = if self.message.is_empty() { Why::NONE } else { Why::symbol(text) };
            self.cause = Cause::Entry(world.note(self.key, phase.text(), why, self.cause));
            let status = Status::AnalysisRun(AnalysisRunStatus { phase: Some(phase), message: text });
            world.ask(Ask::WriteStatus { key: self.key, status, serves }, self.cause);
        }
        if !phase.is_completed() {
            // What has ended with this look is looked at once more.
            let at = self.next_look(now).map(|at| at.max(now));
            if let Some(at) = at {
                self.enqueue(at);
            }
        }
        (moved, asked)
    }

    /// Writes down what a measurement gave.
    pub fn note_measured(&mut self, index: usize, world: &mut dyn World) {
        let (Some(result), metric) = (&self.results[index], &self.metrics[index]) else { return };
        let Some(last) = result.measurements.last() else { return };
        let name = Arg::Text(world.intern(&metric.spec.name));
        let phase = Arg::Text(world.intern(last.phase.text()));
        let why = Why::with3("{} number {}: {}", name, Arg::Count((result.count + result.error).into()), phase);
        self.cause = Cause::Entry(world.note(self.key, "Measured", why, self.cause));
    }

    /// What led to it, last.
    pub const fn cause(&self) -> Cause {
        self.cause
    }
}

/// How bad a phase is (`analysisStatusOrder`).
const fn badness(phase: AnalysisPhase) -> u8 {
    match phase {
        AnalysisPhase::Successful => 0,
        AnalysisPhase::Running => 1,
        AnalysisPhase::Pending => 2,
        AnalysisPhase::Inconclusive => 3,
        AnalysisPhase::Error => 4,
        AnalysisPhase::Failed => 5,
    }
}

impl Rollout {
    /// Looks at the AnalysisRuns that are due; the Rollout itself is due if one stands elsewhere afterwards.
    pub(super) fn sync_runs(&mut self, world: &mut dyn World) {
        let now = world.now();
        for place in 0..self.runs.len() {
            if self.runs[place].due().is_none_or(|due| due > now) {
                continue;
            }
            let (moved, asked) = self.runs[place].sync(self.serves, world);
            let name = self.runs[place].name.clone();
            self.measuring.extend(asked.into_iter().map(|(ask, metric)| (ask, (name.clone(), metric))));
            if moved {
                self.enqueue(now);
            }
        }
    }

    /// What was asked for a measurement is answered.
    pub(super) fn measured(&mut self, name: &str, metric: usize, outcome: Outcome, world: &mut dyn World) {
        let now = world.now();
        let Some(run) = self.runs.iter_mut().find(|run| run.name == name) else { return };
        let is_going =
            |result: &MetricResult| result.measurements.last().is_some_and(|last| last.finished_at.is_none());
        if !run.results[metric].as_ref().is_some_and(is_going) {
            return;
        }
        let (phase, message) = match outcome {
            Outcome::Measured(phase) => (phase, String::new()),
            // The Job is there; what it says comes later.
            Outcome::Accepted(_) => return,
            Outcome::Failed(reason) | Outcome::Refused(reason) => (AnalysisPhase::Error, world.text(reason)),
            _ => (AnalysisPhase::Error, "no answer".to_owned()),
        };
        if let Some(result) = &mut run.results[metric] {
            result.end(Measurement::ended(phase, message, now));
        }
        run.note_measured(metric, world);
        run.enqueue(now);
    }
}

/// The Jobs of a run's metric that are kept, at most.
pub const JOBS_MAX: usize = V1_10.measurements_kept;

/// The kind of what measures inside the cluster.
pub const JOB: Kind = Kind::Job;
