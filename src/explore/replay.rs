//! A plan run from its start, as a scenario that has its faults and actions would be: to see a finding again, and to judge a plan that
//! was made smaller.

use super::attempt::findings;
use super::base::Base;
use super::fork::Fork;
use super::plan::{Plan, Target};
use super::settings::judges;
use crate::rehearsal::Finding;
use crate::text::Diagnostic;

/// What is found in the run of a plan under a seed, by the built-in oracles and by comparison with the run without the plan. The
/// scenario's end is taken as it is.
///
/// # Errors
/// What is wrong with the scenario or its documents.
pub fn findings_of(plan: &Plan, seed: u64) -> Result<Vec<Finding>, Vec<Diagnostic>> {
    let mut base = Base::compared(&plan.scenario, seed)?;
    let mut found = if plan.is_empty() {
        let mut found = std::mem::take(&mut base.findings);
        found.extend(base.path_dependence()?);
        found
    } else {
        let mut run = Fork::new(&plan.merged(), seed)?;
        run.go_on();
        findings(&base, &mut run, plan)
    };
    found.retain(|finding| judges(&plan.scenario, finding));
    Ok(found)
}

/// The same for a search, which has the run without the plan at hand.
pub fn repeats(base: &Base, plan: &Plan, target: &Target) -> bool {
    let Ok(mut run) = Fork::new(&plan.merged(), base.seed) else { return false };
    run.go_on();
    findings(base, &mut run, plan).iter().any(|finding| target.is_met_by(finding))
}

/// True if a plan, run from its start, shows what is meant.
pub fn shows(plan: &Plan, target: &Target, seed: u64) -> bool {
    findings_of(plan, seed).is_ok_and(|found| found.iter().any(|finding| target.is_met_by(finding)))
}
