//! Reads the profile of Backend.AI.

use std::collections::BTreeSet;

use super::Reader;
use crate::scenario::file::BackendAiFile;
use crate::systems::backendai::{Engine, Options};

impl Reader<'_, '_> {
    /// The profile, whose times of the API are counted from the epoch.
    pub(super) fn backendai(&mut self, file: Option<BackendAiFile>, epoch_seconds: i64) -> Options {
        let Some(file) = file else { return Options { epoch_seconds, ..Options::default() } };
        let engine = file.engine.map_or(Engine::default(), |engine| engine.0);
        let modes = file.bug_modes.map(|modes| modes.iter().map(|mode| mode.0).collect::<BTreeSet<_>>());
        let default = Options::of(engine, modes);
        let mut loops = default.deployments;
        loops.short = self.period(file.short_cycle.as_ref()).or(loops.short);
        loops.long = self.period(file.long_cycle.as_ref()).unwrap_or(loops.long);
        loops.initial_delay = file.initial_delay.map_or(loops.initial_delay, |length| length.0);
        let mut reconcilers = default.reconcilers;
        reconcilers.long = self.period(file.reconciler_cycle.as_ref()).unwrap_or(reconcilers.long);
        reconcilers.short = loops.short.filter(|_| file.reconciler_marks.unwrap_or(false));
        let attempts_max = match &file.max_retries {
            Some(retries) => self.count(retries, 1_000_000, "`max_retries`").unwrap_or(default.attempts_max),
            None => default.attempts_max,
        };
        Options {
            deployments: loops,
            reconcilers,
            weights_applied: file.weights_applied.unwrap_or(default.weights_applied),
            deploying_timeout: file.deploying_timeout.map_or(default.deploying_timeout, |length| length.0),
            attempts_max,
            delay_from: file.delay_from.map_or(default.delay_from, |from| from.0),
            rollback_when_all_green_failed: file.rollback_when_all_green_failed.unwrap_or(false),
            epoch_seconds,
            ..default
        }
    }
}
