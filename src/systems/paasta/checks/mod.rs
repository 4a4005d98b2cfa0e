//! Whether the files of a service make sense: what `paasta validate` finds, in its order and its words, and what PaaSTA raises
//! later, when it sets a service up.
//!
//! Source: paasta_tools/cli/cmds/validate.py of Yelp/paasta at cc57ae869d (v1.60.3). A message of several lines is one line
//! here, and every message has the place that it is about.

mod autoscaling;
mod comments;
mod deploy_groups;
mod files;
mod findings;
mod instances;
mod limits;
mod pipeline;
mod rollback;
mod schemas;
mod smartstack;
mod tron;

pub use findings::Findings;

use super::model::Service;
use super::options::Options;
use super::reading::Folder;

/// Checks a folder that was read.
pub fn check(folder: &Folder, service: &Service, options: &Options) -> Findings {
    let mut findings = Findings::new(folder);
    files::check(folder, &mut findings);
    schemas::check(folder, options, &mut findings);
    pipeline::check(folder, &mut findings);
    tron::check(folder, service, &mut findings);
    instances::check(folder, &mut findings);
    deploy_groups::check(folder, service, &mut findings);
    instances::unique_names(folder, &mut findings);
    autoscaling::check(folder, &mut findings);
    limits::check(folder, service, options, &mut findings);
    smartstack::check(folder, options, &mut findings);
    rollback::check(folder, &mut findings);
    files::monitoring(folder, &mut findings);
    findings
}
