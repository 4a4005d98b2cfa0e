//! What a scenario says of the oracles that compare runs: those are no observers, so that it is looked up here.

use globset::Glob;

use crate::rehearsal::Finding;
use crate::scenario::model::Scenario;
use crate::text::rule::Rule;

/// True if the oracle of a finding judges, and the scenario does not expect the finding.
pub fn judges(scenario: &Scenario, finding: &Finding) -> bool {
    let oracles = &scenario.oracles;
    let is = |name: &str, rule: &Rule| rule.code.eq_ignore_ascii_case(name) || rule.name == name;
    let is_off = oracles.off.iter().any(|(name, _)| is(name, finding.rule));
    let is_on = oracles.only.as_ref().is_none_or(|only| only.iter().any(|(name, _)| is(name, finding.rule)));
    let is_expected = oracles.expect.iter().any(|expected| {
        let about = expected.about.as_deref();
        is(&expected.oracle, finding.rule)
            && about
                .is_none_or(|glob| Glob::new(glob).is_ok_and(|glob| glob.compile_matcher().is_match(&finding.subject)))
    });
    is_on && !is_off && !is_expected
}
