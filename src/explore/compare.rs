//! The oracles that compare runs, for one scenario as its file has it: with its faults against without them, step by step against at
//! once. They judge where a scenario names one of them, because they cost several runs more.

use super::plan::Plan;
use super::replay::findings_of;
use crate::oracle::builtin::{Settings, rules};
use crate::rehearsal::RunResult;
use crate::scenario::Scenario;
use crate::text::Diagnostic;
use crate::text::rule::Rule;

/// Those oracles.
const COMPARING: [&Rule; 3] = [&rules::CHURN, &rules::DIVERGENCE, &rules::PATH];

/// True if this is one of them.
pub fn compares(rule: &Rule) -> bool {
    COMPARING.contains(&rule)
}

/// True if a scenario names one of them: it is to judge alone, or to find something.
pub fn is_asked_for(scenario: &Scenario) -> bool {
    let names = |name: &str| COMPARING.iter().any(|rule| rule.is_named(name));
    let oracles = &scenario.oracles;
    oracles.only.iter().flatten().any(|(name, _)| names(name))
        || oracles.expect.iter().any(|expected| names(&expected.oracle))
}

/// Adds what they find to the result of a run of the scenario, and takes off it what they were expected to find and have found.
///
/// # Errors
/// What is wrong with the scenario without its faults.
pub fn add_comparisons(scenario: &Scenario, run: &mut RunResult) -> Result<(), Vec<Diagnostic>> {
    let mut plain = scenario.clone();
    plain.faults.clear();
    // What is expected is found first, and held against the expectation then.
    plain.oracles.expect.clear();
    let plan = Plan { faults: scenario.faults.clone(), ..Plan::of(std::sync::Arc::new(plain)) };
    let found = findings_of(&plan, run.seed)?;
    run.findings.extend(found.into_iter().filter(|finding| COMPARING.contains(&finding.rule)));
    run.findings.sort_by_key(|finding| finding.at);
    let missed = Settings::new(scenario)?.expect(&mut run.findings);
    run.missed.retain(|one| missed.contains(one));
    Ok(())
}
