//! Reads the profile of 1Backend. A setting that the profile does not know is an error: it would have no effect.

use super::Reader;
use crate::kernel::Distribution;
use crate::scenario::file::OneBackendFile;
use crate::systems::onebackend::{Documented, Options, Profile};

impl Reader<'_, '_> {
    /// The profile; the nodes and how images build are added from the rest of the scenario.
    pub(super) fn onebackend(&mut self, file: Option<OneBackendFile>, epoch_seconds: i64) -> Options {
        let default = Options { epoch_seconds, ..Options::default() };
        let Some(file) = file else { return default };
        let profile = file.profile.map_or(default.profile, |profile| profile.0);
        let documented = self.documented(&file, profile, &default.documented);
        let percent = match &file.node_cpu_percent_max {
            Some(percent) => self.count(percent, 100, "`node_cpu_percent_max`").unwrap_or(default.node_cpu_percent_max),
            None => default.node_cpu_percent_max,
        };
        Options {
            profile,
            loop_interval: self.period(file.loop_interval.as_ref()).unwrap_or(default.loop_interval),
            scan_interval: self.period(file.scan_interval.as_ref()).unwrap_or(default.scan_interval),
            dial_timeout: file.dial_timeout.map_or(default.dial_timeout, |length| length.0),
            degraded_after: file.degraded_after.map_or(default.degraded_after, |length| length.0),
            heartbeat_interval: self.period(file.heartbeat_interval.as_ref()).unwrap_or(default.heartbeat_interval),
            node_cpu_percent_max: percent,
            documented,
            secrets: file.secrets.unwrap_or_default().into_iter().collect(),
            env: file.env.unwrap_or_default().into_iter().collect(),
            build_length: file.build_length.map_or(default.build_length, |length| Distribution::Constant(length.0)),
            ..default
        }
    }

    /// What only the documented profile has.
    fn documented(&mut self, file: &OneBackendFile, profile: Profile, default: &Documented) -> Documented {
        let spans = [
            ("attempts_max", file.attempts_max.as_ref().map(|one| one.span)),
            ("start_deadline", file.start_deadline.as_ref().map(|one| one.span)),
            ("node_timeout", file.node_timeout.as_ref().map(|one| one.span)),
            ("drain", file.drain.as_ref().map(|one| one.span)),
            ("max_unavailable", file.max_unavailable.as_ref().map(|one| one.span)),
            ("max_surge", file.max_surge.as_ref().map(|one| one.span)),
            ("scale_down_after", file.scale_down_after.as_ref().map(|one| one.span)),
            ("tolerance_percent", file.tolerance_percent.as_ref().map(|one| one.span)),
        ];
        for (key, span) in spans {
            if let Some(span) = span.filter(|_| profile != Profile::Documented) {
                self.context.error(span, format!("`{key}` has no effect with the profile `{}`", profile.text()));
            }
        }
        let attempts_max = match &file.attempts_max {
            Some(attempts) => self.count(attempts, 1_000_000, "`attempts_max`").unwrap_or(default.attempts_max),
            None => default.attempts_max,
        };
        let number = |given: &Option<crate::text::decode::Spanned<u32>>, default| {
            given.as_ref().map_or(default, |given| given.value)
        };
        Documented {
            attempts_max,
            start_deadline: self.period(file.start_deadline.as_ref()).unwrap_or(default.start_deadline),
            node_timeout: self.period(file.node_timeout.as_ref()).unwrap_or(default.node_timeout),
            drain: file.drain.as_ref().map_or(default.drain, |length| length.value.0),
            max_unavailable: number(&file.max_unavailable, default.max_unavailable),
            max_surge: number(&file.max_surge, default.max_surge),
            scale_down_after: file.scale_down_after.as_ref().map_or(default.scale_down_after, |length| length.value.0),
            tolerance_percent: number(&file.tolerance_percent, default.tolerance_percent),
        }
    }
}
