//! A service's folder as a document: read, checked, and ready to be submitted.

use super::model::Service;
use super::options::Options;
use super::{checks, places, reading};
use crate::text::{Diagnostic, Source};

/// A folder that was read.
#[derive(Clone, Debug)]
pub struct Read {
    /// What it says. Of a folder that PaaSTA refuses it is what could be read.
    pub service: Service,
    /// What the user should know; it keeps nothing from being used.
    pub warnings: Vec<Diagnostic>,
    /// Why PaaSTA refuses the folder; empty if it does not.
    pub problems: Vec<Diagnostic>,
}

/// The deploy groups of a folder; none of one that cannot be read, of which [`read`] tells.
pub fn deploy_groups(source: &Source, files: &[Source]) -> Vec<String> {
    let Ok(folder) = reading::Folder::read(source, files) else { return Vec::new() };
    reading::service(&folder).deploy_groups().into_iter().map(str::to_owned).collect()
}

/// Reads and checks the files of a folder. The name of each begins with that of the folder.
///
/// # Errors
/// What makes it no folder of a service that anybody could submit: it has no YAML, or YAML that is none.
pub fn read(source: &Source, files: &[Source], options: &Options) -> Result<Read, Vec<Diagnostic>> {
    let folder = reading::Folder::read(source, files)?;
    let service = reading::service(&folder);
    let findings = checks::check(&folder, &service, options);
    let (mut warnings, mut problems) = places::mistakes(source, files, &service, &options.rollout.clusters);
    warnings.extend(findings.warnings);
    problems.extend(findings.problems);
    Ok(Read { service, warnings, problems })
}
