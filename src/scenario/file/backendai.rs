//! The key `backendai` of a scenario file, as it is written.

use crate::file_types;
use crate::scenario::values::{BugModeValue, DelayFromValue, EngineValue, Length};
use crate::text::decode::Spanned;

file_types! {
    /// Settings of Backend.AI's manager.
    pub struct BackendAiFile as "the Backend.AI profile" {
        /// The code that rolls revisions out: `bep-1049`, `pr-10426` with the mistakes that it has, or `replica-groups`.
        /// Default: bep-1049.
        engine: Option<EngineValue>,
        /// Whether the proxy applies the weights of replica groups. Default: false, as today.
        weights_applied: Option<Spanned<bool>>,
        /// How often the reconcilers of replica groups look. Default: 30s.
        reconciler_cycle: Option<Spanned<Length>>,
        /// Whether what happens to groups has their reconcilers look within a short cycle. Default: false.
        reconciler_marks: Option<Spanned<bool>>,
        /// Mistakes of the code, instead of those that the engine has.
        bug_modes: Option<Vec<Spanned<BugModeValue>>>,
        /// How often a loop over deployments asks whether there is something to do. Default: 5s.
        short_cycle: Option<Spanned<Length>>,
        /// How often it looks whether or not there is. Default: 30s.
        long_cycle: Option<Spanned<Length>>,
        /// When loops first look. Default: 10s.
        initial_delay: Option<Length>,
        /// How long a step of a rollout may last. Default: 3600s; 7200s with replica groups.
        deploying_timeout: Option<Length>,
        /// How often a step of a rollout is tried. Default: 5.
        max_retries: Option<Spanned<u32>>,
        /// From when the delay before a promotion runs. Default: phase.
        delay_from: Option<Spanned<DelayFromValue>>,
        /// Whether a blue-green rollout is given up as soon as all of its routes have failed. Default: false.
        rollback_when_all_green_failed: Option<Spanned<bool>>,
    }
}
