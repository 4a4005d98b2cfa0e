//! Whether the clusters that a service's files are about are those of the scenario. What PaaSTA itself checks is not here.

use std::collections::BTreeMap;

use super::model::{InstanceKind, Service};
use crate::text::diagnostic::quote;
use crate::text::{Diagnostic, Place, Severity, Source};

/// What is wrong with the places of a service's instances: what cannot be run, and what nobody could run.
pub fn mistakes(
    folder: &Source,
    files: &[Source],
    service: &Service,
    clusters: &[String],
) -> (Vec<Diagnostic>, Vec<Diagnostic>) {
    let (mut warnings, mut problems) = (Vec::new(), Vec::new());
    if clusters.is_empty() {
        let mut stands_in: BTreeMap<&str, BTreeMap<&str, &Place>> = BTreeMap::new();
        let instances = service.clusters.iter().flat_map(|files| &files.instances);
        for instance in instances.filter(|instance| instance.kind != InstanceKind::Adhoc) {
            stands_in.entry(&instance.name).or_default().insert(&instance.cluster, &instance.place);
        }
        for (name, several) in stands_in.into_iter().filter(|(_, several)| several.len() > 1) {
            let message = format!("the instance {} is in several clusters, and the scenario has one", quote(name));
            let names: Vec<&str> = several.keys().copied().collect();
            let help = format!("use `clusters:` instead of `cluster:`, with the names {}", names.join(", "));
            let at = several.values().nth(1).and_then(|place| Some((source_of(files, place)?, place)));
            let problem = match at {
                Some((source, at)) => Diagnostic::error(source, source.span_at(at.line, at.column), message),
                None => Diagnostic::about(folder, message),
            };
            problems.push(problem.help(help));
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

fn source_of<'f>(files: &'f [Source], place: &Place) -> Option<&'f Source> {
    files.iter().find(|file| **file.name() == *place.file)
}
