//! Reads the profile of Dynamo. What makes no sense together is an error: it would have no effect.

use std::collections::BTreeSet;

use super::Reader;
use crate::kernel::Duration;
use crate::scenario::file::{DynamoFile, GroveFile, ProfilerFile};
use crate::scenario::model::{Deploy, SystemName};
use crate::scenario::values::Length;
use crate::systems::dynamo::operator::mend::Mend;
use crate::systems::dynamo::profile::Profiler;
use crate::systems::dynamo::status::ProfilingPhase;
use crate::systems::dynamo::{self, Operator, Options, Provider};
use crate::systems::grove;
use crate::systems::kubernetes::Identity;
use crate::text::Diagnostic;
use crate::text::decode::{Spanned, Table, list};
use crate::text::diagnostic::{nearest, quote};
use crate::timeline::Kind;

impl Reader<'_, '_> {
    /// Grove's profile: the release that is named, or that of the operator's chart.
    fn grove(&mut self, file: Option<GroveFile>, operator: Operator) -> grove::Profile {
        let usual = || operator.grove();
        let Some(file) = file else { return grove::Profile::of(usual()) };
        let mut profile = grove::Profile::of(file.release.map_or_else(usual, |release| release.0));
        let mended = file.mended.into_iter().flatten().map(|issue| (issue, true));
        let unmended = file.unmended.into_iter().flatten().map(|issue| (issue, false));
        for (issue, is_mended) in mended.chain(unmended) {
            let before = profile.clone();
            if !profile.mend(issue.value, is_mended) {
                let message = format!("issue {} of Grove is not modelled", issue.value);
                let known = grove::Profile::ISSUES.map(|issue| issue.to_string()).join(", ");
                let problem = Diagnostic::error(self.context.source, issue.span, message);
                self.context.report(problem.note(format!("known are {known}")));
            } else if before == profile {
                let state = if is_mended { "mended" } else { "there" };
                self.context.error(issue.span, format!("issue {} is {state} in this release already", issue.value));
            }
        }
        if let Some(scheduler) = file.scheduler {
            if !profile.knows_scheduler(&scheduler.value) {
                self.context.error(scheduler.span, "Grove works with kai-scheduler, volcano and default-scheduler");
            }
            profile.default_scheduler = scheduler.value;
        }
        if let Some(topologies) = file.topologies {
            topologies.iter().for_each(|name| self.object_name(name, "a ClusterTopologyBinding"));
            profile.name_topologies(topologies.into_iter().map(|name| name.value));
        }
        profile
    }

    /// The profile, with the documents that the profiler writes.
    pub(super) fn dynamo(&mut self, file: Option<DynamoFile>) -> Options {
        let default = Options::default();
        let Some(file) = file else { return default };
        let provider = file.provider.map_or(default.provider, |provider| provider.0);
        if let Some(kai) = file.kai.as_ref().filter(|kai| kai.value)
            && provider != Provider::Grove
        {
            self.context
                .error(kai.span, "`kai` has no effect without `provider: grove`: the operator uses it with Grove");
        }
        if let Some(volcano) = file.volcano_scheduler.as_ref().filter(|volcano| volcano.value) {
            if provider != Provider::Grove {
                let message =
                    "`volcano_scheduler` has no effect without `provider: grove`: the operator uses it with Grove";
                self.context.error(volcano.span, message);
            } else if file.volcano != Some(true) {
                let message = "Volcano scheduler integration is explicitly enabled in config but the Volcano API group was not \
                     detected in the cluster: `volcano: true` installs it";
                self.context.error(volcano.span, message);
            } else if file.operator.as_ref().is_some_and(|operator| !operator.0.is_1_5()) {
                self.context.error(volcano.span, "the operator of chart 0.8.0 knows no `volcano_scheduler`");
            }
        }
        if let Some(namespace) = &file.namespace_restriction {
            self.object_name(namespace, "a namespace");
        }
        let operator = file.operator.map_or(default.operator, |operator| operator.0);
        let grove = self.grove(file.grove, operator);
        let profiler = self.profiler(file.profiler.unwrap_or_default());
        let mended = self.mends(file.mended.unwrap_or_default(), operator, true);
        let unmended = self.mends(file.unmended.unwrap_or_default(), operator, false);
        let options = Options {
            operator,
            mended,
            unmended,
            provider,
            webhook: file.webhook.unwrap_or(default.webhook),
            namespace: file.namespace_restriction.map(|namespace| namespace.value),
            kai: file.kai.is_some_and(|kai| kai.value),
            lws: file.lws.unwrap_or(default.lws),
            volcano: file.volcano.unwrap_or(default.volcano),
            volcano_scheduler: file.volcano_scheduler.is_some_and(|volcano| volcano.value),
            inference_pool: file.inference_pool.unwrap_or(default.inference_pool),
            checkpoint: file.checkpoint.unwrap_or(default.checkpoint),
            grove,
            profiler,
            model_requeue: self.period(file.model_requeue.as_ref()).unwrap_or(default.model_requeue),
            lora_load: file.lora_load.map_or(default.lora_load, |length| length.0),
            ..default
        };
        self.outputs(&options);
        options
    }

    /// What the profiler writes must hold a graph, and be one that can be read; what the API refuses of it is an outcome of the run.
    fn outputs(&mut self, options: &Options) {
        for profiler in &options.profiler {
            match dynamo::read(&profiler.output, options) {
                Ok(read) => {
                    let is_graph = |identity: &Identity| identity.kind == Kind::Graph;
                    let objects = read.document.objects.iter().map(|one| &one.identity);
                    let refused = read.document.refused.iter().map(|one| &one.identity);
                    let has_graph = objects.chain(refused).any(is_graph);
                    if !has_graph && !read.problems.is_empty() {
                        // It has one that cannot be taken, of another version perhaps.
                        read.problems.into_iter().for_each(|problem| self.context.report(problem));
                    } else if !has_graph {
                        let message = "the profiler's output has no DynamoGraphDeployment";
                        self.context.report(Diagnostic::about(&profiler.output, message));
                    }
                    self.notices.extend(read.warnings);
                }
                Err(problems) => problems.into_iter().for_each(|problem| self.context.report(problem)),
            }
        }
    }

    /// Mends of the operator that are taken before its version has them, or left out.
    fn mends(&mut self, numbers: Vec<Spanned<u32>>, operator: Operator, is_mended: bool) -> BTreeSet<Mend> {
        let mut mends = BTreeSet::new();
        for number in numbers {
            let Some(mend) = Mend::numbered(number.value) else {
                let message = format!("issue {} of Dynamo is not modelled", number.value);
                let known = Mend::ALL.map(|mend| mend.number().to_string()).join(", ");
                let problem = Diagnostic::error(self.context.source, number.span, message);
                self.context.report(problem.note(format!("known are {known}")));
                continue;
            };
            if mend.is_in(operator) == is_mended {
                let state = if is_mended { "mended" } else { "there" };
                let message = format!("issue {} is {state} in this version already", number.value);
                self.context.error(number.span, message);
            }
            mends.insert(mend);
        }
        mends
    }

    fn profiler(&mut self, rows: Vec<ProfilerFile>) -> Vec<Profiler> {
        let mut seen = BTreeSet::new();
        let mut read = Vec::new();
        for row in rows {
            if !seen.insert(row.request.clone()) {
                self.context.error(row.span, "two rows of `profiler` are for the same request");
            }
            if let Some(output) = self.document_source(&row.output) {
                let phases = self.profiling_phases(row.phases);
                read.push(Profiler { request: row.request, output, phases });
            }
        }
        read
    }

    /// The sub-phases of a profiler, in the order of their begin.
    fn profiling_phases(&mut self, table: Option<Table<Spanned<Length>>>) -> Vec<(ProfilingPhase, Duration)> {
        let mut read: Vec<(ProfilingPhase, Duration)> = Vec::new();
        for (key, begins) in table.map(|table| table.0).unwrap_or_default() {
            let Some(phase) = ProfilingPhase::ALL.iter().find(|phase| phase.text() == key.text) else {
                let known: Vec<&str> = ProfilingPhase::ALL.iter().map(|phase| phase.text()).collect();
                let error =
                    Diagnostic::error(self.context.source, key.span, format!("{} is no sub-phase", quote(&key.text)));
                self.context.report(match nearest(&key.text, known.iter().copied()) {
                    Some(near) => error.help(format!("did you mean `{near}`?")),
                    None => error.note(format!("known are {}", list(&known))),
                });
                continue;
            };
            if read.last().is_some_and(|(_, before)| *before > begins.value.0) {
                self.context.error(begins.span, "a sub-phase begins after the one before it");
            }
            if read.last().is_some_and(|(before, _)| before >= phase) {
                let known: Vec<&str> = ProfilingPhase::ALL.iter().map(|phase| phase.text()).collect();
                let message = format!("{} does not come after the one before it", quote(&key.text));
                let error = Diagnostic::error(self.context.source, key.span, message);
                self.context.report(error.note(format!("they come in this order: {}", list(&known))));
            }
            read.push((*phase, begins.value.0));
        }
        read
    }
}

/// True if a document of Dynamo's control plane has PodCliqueSets, which only Grove takes.
pub(super) fn has_sets(deploy: &[Deploy], options: &Options) -> bool {
    let own = deploy.iter().filter(|one| one.system == SystemName::Dynamo);
    own.filter_map(|one| dynamo::read(&one.source, options).ok()).any(|read| !read.document.sets.is_empty())
}
