//! The `paasta` map of a scenario file.

use crate::file_types;
use crate::scenario::values::{
    Amount, BounceEngineValue, DeployedValue, Length, SchemasValue, ShareValue, WaitChecksValue, WaiterKeyValue,
};
use crate::text::decode::{Spanned, Table};

file_types! {
    /// What PaaSTA does where its documents do not say.
    pub struct PaastaFile as "the PaaSTA profile" {
        /// Which schemas a service's files must satisfy: those of `paasta validate`, or that of deploy.yaml too. Default: lenient.
        schemas: Option<SchemasValue>,
        /// What runs the copies of an instance. Default: kubernetes.
        engine: Option<BounceEngineValue>,
        /// The CPU that a copy in each pool must stay below: `{ default: 16 }`. Default: no limit.
        pool_limits: Option<Table<Spanned<Amount>>>,
        /// The types of locations that namespaces are advertised in, the largest first. Default: ecosystem, superregion, region, habitat.
        location_types: Option<Vec<String>>,
        /// The commit that deploy groups run at the start: one for all, or `{ GROUP: COMMIT }`, with `none` for nothing. Default: all the same.
        deployed: Option<DeployedValue>,
        /// From one run of the setup job to the next. Default: 1m.
        setup_interval: Option<Spanned<Length>>,
        /// With the engine bounce_lib: from one look of a bounce to the next. Default: 10s.
        bounce_interval: Option<Spanned<Length>>,
        /// How long it takes to push a tag. Default: 0s.
        tag_push: Option<Length>,
        /// How long a step that builds takes where no row of behaviour says so. Default: 1m.
        build_length: Option<Length>,
        /// How long a deploy waits where its step does not say. Default: 3h.
        timeout: Option<Length>,
        /// From one look of a waiter to the next. Default: 1m.
        polling_interval: Option<Spanned<Length>>,
        /// From one look for crash loops to the next. Default: 1m.
        diagnosis_interval: Option<Spanned<Length>>,
        /// From the begin of a wait to the first look for crash loops. Default: 5m.
        time_before_first_diagnosis: Option<Length>,
        /// How long a copy is drained whose drain method has a delay and whose file says none. Default: 1m.
        drain_delay: Option<Length>,
        /// `bounce_margin_factor` of instances that say none. Default: 0.95.
        margin_factor: Option<ShareValue>,
        /// `bounce_overprovision_factor` of instances that say none. Default: 1.
        overprovision_factor: Option<ShareValue>,
        /// What waiters look at: the versions that run, or that the version was marked, as they once did. Default: running.
        wait_checks: Option<WaitChecksValue>,
        /// Under which key a deploy looks for its waiters: the commit alone, or the whole version. Default: commit.
        waiter_key: Option<WaiterKeyValue>,
        /// The clusters whose API can be asked. Default: all.
        api_endpoints: Option<Vec<String>>,
    }
}
