//! Reads the profile of Backend.AI. A setting that the engine does not know is an error: it would have no effect.

use std::collections::BTreeSet;

use super::Reader;
use crate::scenario::file::BackendAiFile;
use crate::systems::backendai::{Engine, Options};

impl Reader<'_, '_> {
    /// The profile, whose times of the API are counted from the epoch.
    pub(super) fn backendai(&mut self, file: Option<BackendAiFile>, epoch_seconds: i64) -> Options {
        let Some(file) = file else { return Options { epoch_seconds, ..Options::default() } };
        let engine = file.engine.map_or(Engine::default(), |engine| engine.0);
        self.without_effect(&file, engine);
        let modes = file.bug_modes.map(|modes| modes.iter().map(|mode| mode.value.0).collect::<BTreeSet<_>>());
        let default = Options::of(engine, modes);
        let mut loops = default.deployments;
        loops.short = self.period(file.short_cycle.as_ref()).or(loops.short);
        loops.long = self.period(file.long_cycle.as_ref()).unwrap_or(loops.long);
        loops.initial_delay = file.initial_delay.map_or(loops.initial_delay, |length| length.0);
        let mut reconcilers = default.reconcilers;
        reconcilers.long = self.period(file.reconciler_cycle.as_ref()).unwrap_or(reconcilers.long);
        reconcilers.short = loops.short.filter(|_| file.reconciler_marks.is_some_and(|marks| marks.value));
        let attempts_max = match &file.max_retries {
            Some(retries) => self.count(retries, 1_000_000, "`max_retries`").unwrap_or(default.attempts_max),
            None => default.attempts_max,
        };
        Options {
            deployments: loops,
            reconcilers,
            weights_applied: file.weights_applied.map_or(default.weights_applied, |applied| applied.value),
            deploying_timeout: file.deploying_timeout.map_or(default.deploying_timeout, |length| length.0),
            attempts_max,
            delay_from: file.delay_from.map_or(default.delay_from, |from| from.value.0),
            rollback_when_all_green_failed: file.rollback_when_all_green_failed.is_some_and(|at_once| at_once.value),
            epoch_seconds,
            ..default
        }
    }

    /// Tells of every setting that says nothing to this engine.
    fn without_effect(&mut self, file: &BackendAiFile, engine: Engine) {
        let modes = file.bug_modes.iter().flatten().filter(|mode| !mode.value.0.is_of(engine));
        for mode in modes {
            self.context.error(mode.span, format!("the engine `{}` has no such bug mode", engine.text()));
        }
        let of_groups = [
            ("weights_applied", file.weights_applied.as_ref().map(|one| one.span)),
            ("reconciler_cycle", file.reconciler_cycle.as_ref().map(|one| one.span)),
            ("reconciler_marks", file.reconciler_marks.as_ref().map(|one| one.span)),
        ];
        let of_the_first_era = [
            ("delay_from", file.delay_from.as_ref().map(|one| one.span)),
            ("rollback_when_all_green_failed", file.rollback_when_all_green_failed.as_ref().map(|one| one.span)),
        ];
        let strange = if engine.has_groups() { &of_the_first_era[..] } else { &of_groups[..] };
        for (key, span) in strange {
            if let Some(span) = span {
                let message = format!("`{key}` has no effect with the engine `{}`", engine.text());
                self.context.error(*span, message);
            }
        }
    }
}
