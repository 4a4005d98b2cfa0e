//! Whether the clusters that a service's files are about are those of the scenario. What PaaSTA itself checks is not here.

use std::collections::{BTreeMap, BTreeSet};

use super::model::{InstanceKind, Service};
use crate::text::diagnostic::quote;
use crate::text::{Diagnostic, Severity, Source};

/// What is wrong with the places of a service's instances: what cannot be run, and what nobody could run.
pub fn mistakes(folder: &Source, service: &Service, clusters: &[String]) -> (Vec<Diagnostic>, Vec<Diagnostic>) {
    let (mut warnings, mut problems) = (Vec::new(), Vec::new());
    if clusters.is_empty() {
        let mut stands_in: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        let instances = service.clusters.iter().flat_map(|files| &files.instances);
        for instance in instances.filter(|instance| instance.kind != InstanceKind::Adhoc) {
            stands_in.entry(&instance.name).or_default().insert(&instance.cluster);
        }
        for (name, several) in stands_in.into_iter().filter(|(_, several)| several.len() > 1) {
            let message = format!("the instance {} is in several clusters, and the scenario has one", quote(name));
            let several: Vec<&str> = several.into_iter().collect();
            let help = format!("give it `clusters:` with the names {}", several.join(", "));
            problems.push(Diagnostic::about(folder, message).help(help));
        }
    } else {
        for files in service.clusters.iter().filter(|files| !clusters.contains(&files.cluster)) {
            let message =
                format!("the scenario has no cluster {}: nothing of its files can run", quote(&files.cluster));
            warnings.push(Diagnostic { severity: Severity::Warning, ..Diagnostic::about(folder, message) });
        }
    }
    (warnings, problems)
}
