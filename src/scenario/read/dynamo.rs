//! Reads the profile of Dynamo. What makes no sense together is an error: it would have no effect.

use std::collections::BTreeSet;

use super::Reader;
use crate::kernel::Duration;
use crate::scenario::file::{DynamoFile, ProfilerFile};
use crate::scenario::values::Length;
use crate::systems::dynamo::profile::Profiler;
use crate::systems::dynamo::status::ProfilingPhase;
use crate::systems::dynamo::{Options, Provider};
use crate::text::Diagnostic;
use crate::text::decode::{Spanned, Table, list};
use crate::text::diagnostic::{nearest, quote};

impl Reader<'_, '_> {
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
            read.push((*phase, begins.value.0));
        }
        read
    }
}
