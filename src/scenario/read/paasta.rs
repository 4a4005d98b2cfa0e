//! Reads what a scenario sets of PaaSTA's profile.

use std::collections::BTreeSet;

use super::Reader;
use crate::scenario::file::PaastaFile;
use crate::scenario::model::{Deploy, PaastaOptions, SystemName};
use crate::scenario::values::DeployedValue;
use crate::systems::paasta::deploy_groups;
use crate::text::Diagnostic;
use crate::text::decode::{Spanned, Table};
use crate::text::diagnostic::{nearest, quote};

impl Reader<'_, '_> {
    pub(super) fn paasta(&mut self, file: Option<PaastaFile>, deploy: &[Deploy]) -> PaastaOptions {
        let Some(file) = file else { return PaastaOptions::default() };
        let mut options = PaastaOptions {
            schemas: file.schemas.map(|schemas| schemas.0),
            engine: file.engine.map(|engine| engine.0),
            location_types: file.location_types,
            setup_interval: self.period(file.setup_interval.as_ref()),
            bounce_interval: self.period(file.bounce_interval.as_ref()),
            tag_push: file.tag_push.map(|length| length.0),
            build_length: file.build_length.map(|length| length.0),
            timeout: file.timeout.map(|length| length.0),
            polling_interval: self.period(file.polling_interval.as_ref()),
            diagnosis_interval: self.period(file.diagnosis_interval.as_ref()),
            time_before_first_diagnosis: file.time_before_first_diagnosis.map(|length| length.0),
            drain_delay: file.drain_delay.map(|length| length.0),
            margin_factor: file.margin_factor.map(|share| share.0),
            overprovision_factor: file.overprovision_factor.map(|share| share.0),
            wait_checks: file.wait_checks.map(|checks| checks.0),
            waiter_key: file.waiter_key.map(|key| key.0),
            api_endpoints: file.api_endpoints,
            ..PaastaOptions::default()
        };
        for (pool, limit) in file.pool_limits.map(|limits| limits.0).unwrap_or_default() {
            match limit.value.milli {
                Some(milli) if milli > 0 => drop(options.pool_cpus_milli_max.insert(pool.text, milli)),
                _ => self.context.error(limit.span, "the limit of a pool must be more than 0 cores"),
            }
        }
        let commit = |text: String| (text != "none").then_some(text);
        match file.deployed {
            Some(DeployedValue::All(text)) => options.deployed_default = Some(commit(text)),
            Some(DeployedValue::Each(table)) => {
                self.unknown_groups(&table, deploy);
                let each = table.0.into_iter().map(|(group, text)| (group.text, commit(text.value)));
                options.deployed = each.collect();
            }
            None => {}
        }
        options
    }

    /// A deploy group that no service has is a slip of the pen.
    fn unknown_groups(&mut self, table: &Table<Spanned<String>>, deploy: &[Deploy]) {
        let services = deploy.iter().filter(|one| one.system == SystemName::Paasta);
        let known: BTreeSet<String> = services.flat_map(|one| deploy_groups(&one.source, &one.files)).collect();
        // Of a folder that cannot be read its own message tells.
        if known.is_empty() {
            return;
        }
        for (group, _) in table.0.iter().filter(|(group, _)| !known.contains(&group.text)) {
            let message = format!("no service has the deploy group {}", quote(&group.text));
            let error = Diagnostic::error(self.context.source, group.span, message);
            self.context.report(match nearest(&group.text, known.iter().map(String::as_str)) {
                Some(near) => error.help(format!("did you mean `{near}`?")),
                None => error,
            });
        }
    }
}
