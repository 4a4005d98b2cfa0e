//! Which AnalysisRuns an update needs, when it begins and ends them, and what their ends do to it.
//! Source: argo-rollouts v1.10.1, rollout/analysis.go, rollout/context.go (SetCurrentAnalysisRuns) and
//! utils/analysis/{filter,helpers}.go.

use super::Rollout;
use super::pass::Pass;
use super::runs::{Run, RunMetric};
use super::status::{PauseReason, RunNote};
use crate::kernel::Symbol;
use crate::timeline::{Kind, Subject};
use crate::workload::rollout::{Analysis, CanaryStep, RolloutStrategy};
use crate::workload::{AnalysisPhase, AnalysisTemplateSpec, Object, World};

/// The AnalysisRuns that an update has now, by their place among the Rollout's.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct CurrentRuns {
    /// Before the promotion.
    pub pre: Option<usize>,
    /// After it.
    pub post: Option<usize>,
    /// Of the canary's step.
    pub step: Option<usize>,
    /// In the canary's background.
    pub background: Option<usize>,
}

impl CurrentRuns {
    /// Those that the status tells of.
    pub fn of(ro: &Rollout) -> CurrentRuns {
        let find = |note: &Option<RunNote>| {
            let note = note.as_ref()?;
            ro.runs.iter().position(|run| run.name == note.name)
        };
        let status = &ro.status;
        CurrentRuns {
            pre: find(&status.pre_promotion),
            post: find(&status.post_promotion),
            step: find(&status.step_run),
            background: find(&status.background_run),
        }
    }

    fn all(self) -> impl Iterator<Item = usize> {
        [self.pre, self.post, self.step, self.background].into_iter().flatten()
    }
}

/// The template of a name, and those that it names, each once (`getAnalysisTemplatesFromRefs`).
fn gather(
    named: &[(String, bool)],
    near: Subject,
    world: &mut dyn World,
    found: &mut Vec<(String, bool, AnalysisTemplateSpec)>,
) -> Result<(), String> {
    for (name, cluster) in named {
        if found.iter().any(|(known, of_cluster, _)| known == name && of_cluster == cluster) {
            continue;
        }
        let kind = if *cluster { Kind::ClusterAnalysisTemplate } else { Kind::AnalysisTemplate };
        let namespace = if *cluster { Symbol::EMPTY } else { near.namespace };
        let key = Subject { kind, namespace, name: world.name(name) };
        let spec = match world.observed_spec(key) {
            Some(Object::AnalysisTemplate(spec) | Object::ClusterAnalysisTemplate(spec)) => *spec,
            _ => return Err(format!("Invalid value: {name:?}: {} '{name}' not found", kind.text())),
        };
        let inner = spec.templates.clone();
        found.push((name.clone(), *cluster, spec));
        gather(&inner, near, world, found)?;
    }
    Ok(())
}

impl Pass<'_> {
    /// Where an AnalysisRun stands.
    pub fn run_phase(&self, run: usize) -> Option<AnalysisPhase> {
        self.ro.runs[run].phase
    }

    /// The analyses that the spec has, each with its field.
    fn analyses(&self) -> Vec<(String, Analysis)> {
        let mut all = Vec::new();
        match &self.ro.spec.strategy {
            RolloutStrategy::BlueGreen(strategy) => {
                let field = |name: &str| format!("spec.strategy.blueGreen.{name}.templates");
                all.extend(strategy.pre_promotion.clone().map(|one| (field("prePromotionAnalysis"), one)));
                all.extend(strategy.post_promotion.clone().map(|one| (field("postPromotionAnalysis"), one)));
            }
            RolloutStrategy::Canary(strategy) => {
                for (number, step) in strategy.steps.iter().enumerate() {
                    if let CanaryStep::Analysis(analysis) = step {
                        let field = format!("spec.strategy.canary.steps[{number}].analysis.templates");
                        all.push((field, analysis.clone()));
                    }
                }
                let background = strategy.background.clone().map(|(analysis, _)| analysis);
                all.extend(background.map(|one| ("spec.strategy.canary.analysis.templates".to_owned(), one)));
            }
        }
        all
    }

    /// Every template that the spec names is there (`getReferencedRolloutAnalyses`).
    pub fn check_templates(&mut self) -> Result<(), String> {
        for (field, analysis) in self.analyses() {
            let mut found = Vec::new();
            gather(&analysis.templates, self.ro.key, self.world, &mut found)
                .map_err(|problem| format!("{field}: {problem}"))?;
        }
        Ok(())
    }

    /// `reconcileAnalysisRuns`.
    pub fn reconcile_runs(&mut self) {
        let status = &self.ro.status;
        let cancels = status.is_fully_promoted()
            || self.pause.is_aborted(status)
            || status.promote_full
            || status.stable.is_empty()
            || self.is_fast_rollback();
        let before = self.runs;
        let mut now = CurrentRuns::default();
        if cancels {
            self.cancel(before.all());
            (now.pre, now.post) = (before.pre, before.post);
        } else if self.blue_green_spec().is_some() {
            now.pre = self.pre_promotion_run();
            self.heed(now.pre, "Blue/green pre-promotion analysis phase error/failed");
            now.post = self.post_promotion_run();
            self.heed(now.post, "Blue/green post-promotion analysis phase error/failed");
        } else {
            now.step = self.step_run();
            now.background = self.background_run();
        }
        self.runs = now;
        let note = |run: Option<usize>| {
            let run = &self.ro.runs[run?];
            Some(RunNote { name: run.name.clone(), phase: run.phase, message: run.message.clone() })
        };
        let (pre, post, step, background) = (note(now.pre), note(now.post), note(now.step), note(now.background));
        (self.next.pre_promotion, self.next.post_promotion) = (pre, post);
        (self.next.step_run, self.next.background_run) = (step, background);
        let others: Vec<usize> = (0..self.ro.runs.len()).filter(|run| !now.all().any(|one| one == *run)).collect();
        self.cancel(others.iter().copied());
        self.delete_runs(&others);
    }

    /// An analysis that failed aborts the update, one that says neither pauses it (`setPauseOrAbortForBlueGreen`).
    fn heed(&mut self, run: Option<usize>, words: &str) {
        let Some(run) = run.map(|run| &self.ro.runs[run]) else { return };
        match run.phase {
            Some(AnalysisPhase::Inconclusive) => self.pause.add(PauseReason::Inconclusive),
            Some(AnalysisPhase::Error | AnalysisPhase::Failed) => {
                let message = match run.message.as_str() {
                    "" => words.to_owned(),
                    message => format!("{words}: {message}"),
                };
                self.pause.abort(message);
            }
            _ => {}
        }
    }

    /// `needsNewAnalysisRun`.
    fn needs_new(&self, current: Option<usize>) -> bool {
        let Some(current) = current else { return true };
        let status = &self.ro.status;
        let paused = |reason| status.pause(reason).is_some();
        if status.controller_pause && !paused(PauseReason::CanaryStep) && !paused(PauseReason::BlueGreen) {
            return self.run_phase(current) == Some(AnalysisPhase::Inconclusive);
        }
        status.aborted_at.is_some()
    }

    fn is_inconclusive(&self) -> bool {
        self.ro.status.pause(PauseReason::Inconclusive).is_some()
    }

    /// `reconcilePrePromotionAnalysisRun`.
    fn pre_promotion_run(&mut self) -> Option<usize> {
        let current = self.runs.pre;
        let Some(analysis) = self.blue_green_spec().and_then(|one| one.pre_promotion.clone()) else {
            self.cancel(current);
            return None;
        };
        if self.skips_pre_promotion() {
            self.cancel(current);
            return current;
        }
        if self.is_inconclusive() || !self.needs_new(current) {
            return current;
        }
        self.create_run(&analysis, "pre", None)
    }

    /// `skipPrePromotionAnalysisRun`.
    fn skips_pre_promotion(&self) -> bool {
        let Some(new) = self.new else { return true };
        let (hash, status) = (&self.set(new).hash, &self.ro.status);
        if status.stable == *hash || status.active.is_empty() || status.active == *hash {
            return true;
        }
        if self.runs.pre.is_some() {
            return false;
        }
        match self.blue_green_spec().and_then(|one| one.preview_replicas) {
            Some(preview) => self.set(new).read.0 != preview || self.available(new) != preview,
            None => !self.is_saturated(new),
        }
    }

    /// `reconcilePostPromotionAnalysisRun`.
    fn post_promotion_run(&mut self) -> Option<usize> {
        let current = self.runs.post;
        let Some(analysis) = self.blue_green_spec().and_then(|one| one.post_promotion.clone()) else {
            self.cancel(current);
            return None;
        };
        if self.skips_post_promotion() {
            self.cancel(current);
            return current;
        }
        if self.is_inconclusive() || !self.needs_new(current) {
            return current;
        }
        self.create_run(&analysis, "post", None)
    }

    /// `skipPostPromotionAnalysisRun`.
    pub fn skips_post_promotion(&self) -> bool {
        let Some(new) = self.new else { return true };
        let (hash, status) = (&self.set(new).hash, &self.ro.status);
        if status.stable == *hash || status.active != *hash {
            return true;
        }
        self.runs.post.is_none() && !self.is_saturated(new)
    }

    /// `reconcileBackgroundAnalysisRun`.
    fn background_run(&mut self) -> Option<usize> {
        let current = self.runs.background;
        let Some((analysis, from)) = self.canary_spec().and_then(|one| one.background.clone()) else {
            self.cancel(current);
            return None;
        };
        let is_before = from.is_some_and(|from| self.ro.status.step.is_some_and(|step| step < from));
        if self.ro.status.current.is_empty() || is_before {
            return None;
        }
        if self.is_inconclusive() {
            return current;
        }
        if self.needs_new(current) {
            return self.create_run(&analysis, "", None);
        }
        self.heed(current, "Background analysis phase error/failed");
        current
    }

    /// `reconcileStepBasedAnalysisRun`.
    fn step_run(&mut self) -> Option<usize> {
        let current = self.runs.step;
        if !self.ro.status.pauses.is_empty() || self.ro.status.abort {
            return current;
        }
        let step = self.current_step();
        let of_step = match step {
            Some((CanaryStep::Analysis(analysis), number)) => Some((analysis.clone(), number)),
            _ => None,
        };
        let stale = |number: u32| current.is_some_and(|current| self.ro.runs[current].step != Some(number));
        let Some((analysis, number)) = of_step.filter(|(_, number)| !stale(*number)) else {
            self.cancel(current);
            return None;
        };
        if self.needs_new(current) {
            return self.create_run(&analysis, &number.to_string(), Some(number));
        }
        self.heed(current, "Step-based analysis phase error/failed");
        current
    }

    /// Makes an AnalysisRun (`createAnalysisRun`). One of its name that has ended keeps the name.
    fn create_run(&mut self, analysis: &Analysis, infix: &str, step: Option<u32>) -> Option<usize> {
        let new = self.new?;
        let mut found = Vec::new();
        gather(&analysis.templates, self.ro.key, self.world, &mut found).ok()?;
        let mut parts = vec![self.ro.name.clone(), self.set(new).hash.clone(), self.ro.revision.to_string()];
        parts.extend((!infix.is_empty()).then(|| infix.to_owned()));
        let base = parts.join("-");
        let mut name = base.clone();
        let mut collisions = 0;
        while let Some(known) = self.ro.runs.iter().position(|run| run.name == name) {
            if !self.ro.runs[known].phase.is_some_and(AnalysisPhase::is_completed) {
                return Some(known);
            }
            collisions += 1;
            name = format!("{base}.{collisions}");
        }
        let dry: Vec<&String> = found.iter().flat_map(|(.., spec)| &spec.dry_run).chain(&analysis.dry_run).collect();
        let metrics = found.iter().flat_map(|(template, _, spec)| {
            let dry = &dry;
            spec.metrics.iter().map(move |metric| RunMetric {
                template: template.clone(),
                dry: dry.iter().any(|name| **name == metric.name || *name == ".*"),
                spec: metric.clone(),
            })
        });
        let metrics: Vec<RunMetric> = metrics.collect();
        let key = self.ro.neighbour(Kind::AnalysisRun, &name, self.world);
        let hash = self.set(new).hash.clone();
        let run = Run::create((key, name), (hash, step), metrics, self.ro.serves, self.cause, self.world);
        self.ro.runs.push(run);
        Some(self.ro.runs.len() - 1)
    }

    /// Ends AnalysisRuns that go on (`cancelAnalysisRuns`).
    fn cancel(&mut self, runs: impl IntoIterator<Item = usize>) {
        let runs: Vec<usize> = runs.into_iter().collect();
        for run in runs {
            self.ro.runs[run].terminate(self.cause, self.world);
        }
    }

    /// Forgets AnalysisRuns beyond the limits, and those whose ReplicaSet is gone (`FilterAnalysisRunsToDelete`).
    fn delete_runs(&mut self, others: &[usize]) {
        let (mut good, mut other) = (self.ro.spec.successful_runs, self.ro.spec.unsuccessful_runs);
        let mut gone = Vec::new();
        for place in others.iter().rev() {
            let run = &self.ro.runs[*place];
            let left = match run.phase {
                Some(AnalysisPhase::Successful) => Some(&mut good),
                Some(phase) if phase.is_completed() => Some(&mut other),
                _ => None,
            };
            let has_set = self.ro.sets.iter().any(|set| set.hash == run.hash);
            match left {
                _ if !has_set => gone.push(*place),
                Some(0) => gone.push(*place),
                Some(left) => *left -= 1,
                None => {}
            }
        }
        // From the last to the first, so that places stay what they are.
        for place in gone {
            let run = self.ro.runs.remove(place);
            run.delete(self.ro.serves, self.cause, self.world);
            let moved = |one: &mut Option<usize>| {
                if let Some(one) = one.as_mut().filter(|one| **one > place) {
                    *one -= 1;
                }
            };
            let runs = &mut self.runs;
            [&mut runs.pre, &mut runs.post, &mut runs.step, &mut runs.background].into_iter().for_each(moved);
        }
    }
}
