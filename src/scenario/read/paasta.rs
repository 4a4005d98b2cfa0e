//! Reads what a scenario sets of PaaSTA's profile.

use super::Reader;
use crate::scenario::file::PaastaFile;
use crate::scenario::model::PaastaOptions;

impl Reader<'_, '_> {
    pub(super) fn paasta(&mut self, file: Option<PaastaFile>) -> PaastaOptions {
        let Some(file) = file else { return PaastaOptions::default() };
        let mut options = PaastaOptions {
            schemas: file.schemas.map(|schemas| schemas.0),
            engine: file.engine.map(|engine| engine.0),
            location_types: file.location_types,
            ..PaastaOptions::default()
        };
        for (pool, limit) in file.pool_limits.map(|limits| limits.0).unwrap_or_default() {
            match limit.value.milli {
                Some(milli) if milli > 0 => drop(options.pool_cpus_milli_max.insert(pool.text, milli)),
                _ => self.context.error(limit.span, "the limit of a pool must be more than 0 cores"),
            }
        }
        options
    }
}
