//! The `paasta` map of a scenario file.

use crate::file_types;
use crate::scenario::values::{Amount, PaastaEngineValue, SchemasValue};
use crate::text::decode::{Spanned, Table};

file_types! {
    /// What PaaSTA does where its documents do not say.
    pub struct PaastaFile as "the PaaSTA profile" {
        /// Which schemas a service's files must satisfy: those of `paasta validate`, or that of deploy.yaml too. Default: lenient.
        schemas: Option<SchemasValue>,
        /// What runs the copies of an instance. Default: kubernetes.
        engine: Option<PaastaEngineValue>,
        /// The CPU that a copy in each pool must stay below: `{ default: 16 }`. Default: no limit.
        pool_limits: Option<Table<Spanned<Amount>>>,
        /// The types of locations that namespaces are advertised in, the largest first. Default: ecosystem, superregion, region, habitat.
        location_types: Option<Vec<String>>,
    }
}
