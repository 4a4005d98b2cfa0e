//! Reads the profile of Dynamo. What makes no sense together is an error: it would have no effect.

use std::collections::BTreeSet;

use super::Reader;
use crate::scenario::file::{DynamoFile, GroveFile, ProfilerFile};
use crate::systems::dynamo::profile::Profiler;
use crate::systems::dynamo::{Options, Provider};
use crate::systems::grove;
use crate::text::Diagnostic;

impl Reader<'_, '_> {
    /// Grove's profile.
    fn grove(&mut self, file: Option<GroveFile>) -> grove::Profile {
        let Some(file) = file else { return grove::Profile::default() };
        let mut profile = file.release.map_or_else(grove::Profile::default, |release| grove::Profile::of(release.0));
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
        if let Some(namespace) = &file.namespace_restriction {
            self.object_name(namespace, "a namespace");
        }
        let grove = self.grove(file.grove);
        let profiler = self.profiler(file.profiler.unwrap_or_default());
        Options {
            operator: file.operator.map_or(default.operator, |operator| operator.0),
            provider,
            webhook: file.webhook.unwrap_or(default.webhook),
            namespace: file.namespace_restriction.map(|namespace| namespace.value),
            kai: file.kai.is_some_and(|kai| kai.value),
            lws: file.lws.unwrap_or(default.lws),
            volcano: file.volcano.unwrap_or(default.volcano),
            inference_pool: file.inference_pool.unwrap_or(default.inference_pool),
            checkpoint: file.checkpoint.unwrap_or(default.checkpoint),
            grove,
            profiler,
            model_requeue: self.period(file.model_requeue.as_ref()).unwrap_or(default.model_requeue),
            lora_load: file.lora_load.map_or(default.lora_load, |length| length.0),
            ..default
        }
    }

    fn profiler(&mut self, rows: Vec<ProfilerFile>) -> Vec<Profiler> {
        let mut seen = BTreeSet::new();
        let mut read = Vec::new();
        for row in rows {
            if !seen.insert(row.request.clone()) {
                self.context.error(row.span, "two rows of `profiler` are for the same request");
            }
            if let Some(output) = self.document_source(&row.output) {
                read.push(Profiler { request: row.request, output });
            }
        }
        read
    }
}
