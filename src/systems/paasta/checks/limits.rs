//! How much CPU a copy may have: validate_pool_limits and validate_cpu_burst.

use super::Findings;
use super::comments::overrides;
use crate::systems::paasta::model::{InstanceKind, Service};
use crate::systems::paasta::options::Options;
use crate::systems::paasta::reading::{CPUS_MILLI, Fields, Folder, Origin, Role, is_templated};
use crate::systems::paasta::schema::repr;

/// CPU_BURST_THRESHOLD, in thousandths of a core.
const BURST_MILLI_MAX: u64 = 2000;
/// The pool of what names none: get_pool of paasta_tools/utils.py.
const POOL: &str = "default";

/// Checks the instances. Those of Tron are measured against the pools too.
pub fn check(folder: &Folder, service: &Service, options: &Options, findings: &mut Findings) {
    for origin in folder.instances() {
        let pool = origin.fields.text("pool").unwrap_or_else(|| POOL.to_owned());
        let cpus = origin.fields.get("cpus");
        let milli = origin.fields.milli("cpus").unwrap_or(CPUS_MILLI);
        let shown = cpus.map_or_else(|| "1".to_owned(), repr);
        let name = (origin.key.text.as_str(), origin.cluster);
        if let Some(message) = beyond(folder, name, (milli, &shown), &pool, options) {
            findings.problem(origin.file, cpus.map_or(origin.key.span, |node| node.span), message);
        }
        burst(folder, &origin, findings);
    }
    for files in &service.clusters {
        for (job, action) in files.jobs.iter().flat_map(|job| job.actions.iter().map(move |action| (job, action))) {
            let name = format!("{}.{}", job.name, action.name);
            let pool = action.pool.as_deref().unwrap_or(POOL);
            let shown = cores(action.cpus_milli);
            let place = (name.as_str(), files.cluster.as_str());
            if let Some(message) = beyond(folder, place, (action.cpus_milli, &shown), pool, options)
                && let Some(file) = folder.files.iter().find(|file| file.source.name() == &action.place.file)
            {
                let at = file.source.span_at(action.place.line, action.place.column);
                findings.problem(file, at, message);
            }
        }
    }
}

fn beyond(
    folder: &Folder,
    (instance, cluster): (&str, &str),
    (milli, shown): (u64, &str),
    pool: &str,
    options: &Options,
) -> Option<String> {
    let most = *options.pool_cpus_milli_max.get(pool)?;
    (milli >= most).then(|| {
        let most = cores(most);
        let service = &folder.name;
        format!(
            "{service}.{instance} in {cluster} has {shown} CPUs, which exceeds the limit of {most} for the {pool} pool."
        )
    })
}

/// Thousandths of a core as a number of cores.
fn cores(milli: u64) -> String {
    match milli % 1000 {
        0 => (milli / 1000).to_string(),
        rest => format!("{}.{rest:03}", milli / 1000).trim_end_matches('0').to_owned(),
    }
}

fn burst(folder: &Folder, origin: &Origin<'_>, findings: &mut Findings) {
    if origin.file.role == Role::Instances(InstanceKind::Adhoc) || is_templated(folder, origin.file) {
        return;
    }
    let own = Fields::new(origin.fields.node(), None);
    let (Some(node), Some(milli)) = (own.get("cpu_burst_add"), own.milli("cpu_burst_add")) else { return };
    if milli > BURST_MILLI_MAX && !overrides(&origin.file.source, node, "override-cpu-burst") {
        let message = format!(
            "Potentially excessive CPU burst (cpu_burst_add: {} higher than current threshold of {} cores) detected in \
             {}: {}.{}. Please read the following link for next steps: y/high-cpu-burst",
            repr(node),
            BURST_MILLI_MAX / 1000,
            origin.cluster,
            folder.name,
            origin.key.text
        );
        findings.problem(origin.file, node.span, message);
    }
}
