//! Which oracles judge, and what they are to find: the scenario's `oracles`, held against those that there are.

use globset::{Glob, GlobMatcher};

use super::found::Found;
use super::rules;
use crate::rehearsal::{Finding, Missed};
use crate::scenario::Scenario;
use crate::text::diagnostic::{nearest, quote};
use crate::text::rule::Rule;
use crate::text::{Diagnostic, Source, Span};
use crate::timeline::ScenarioLine;

/// What a scenario says of the oracles.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Those that judge.
    on: Vec<&'static Rule>,
    expected: Vec<Expected>,
}

#[derive(Clone, Debug)]
struct Expected {
    line: ScenarioLine,
    rule: &'static Rule,
    about: Option<(String, GlobMatcher)>,
}

impl Settings {
    /// Those of a scenario.
    ///
    /// # Errors
    /// An oracle that there is not, or that is expected to find something and does not judge; a glob that is none.
    pub fn new(scenario: &Scenario) -> Result<Settings, Vec<Diagnostic>> {
        let oracles = &scenario.oracles;
        let source = &scenario.source;
        let mut problems = Vec::new();
        let mut named = |list: &[(String, Span)]| -> Vec<&'static Rule> {
            let found = list.iter().map(|(name, span)| known(name, source, *span));
            found.filter_map(|rule| rule.map_err(|problem| problems.push(problem)).ok()).collect()
        };
        let off = named(&oracles.off);
        let on = match &oracles.only {
            Some(only) => named(only),
            None => rules::ALL.iter().copied().filter(|rule| !off.contains(rule)).collect(),
        };
        let mut expected = Vec::new();
        for entry in &oracles.expect {
            let rule = match known(&entry.oracle, source, entry.span) {
                Ok(rule) => rule,
                Err(problem) => {
                    problems.push(problem);
                    continue;
                }
            };
            if !on.contains(&rule) {
                let message = format!("{} is to find something and is off", rule.name);
                problems.push(Diagnostic::error(source, entry.span, message));
                continue;
            }
            let about = match entry.about.as_deref().map(|glob| Glob::new(glob).map(|it| (glob.to_owned(), it))) {
                None => None,
                Some(Ok((text, glob))) => Some((text, glob.compile_matcher())),
                Some(Err(error)) => {
                    problems.push(Diagnostic::error(source, entry.span, format!("this is no glob: {}", error.kind())));
                    continue;
                }
            };
            let place = &entry.place;
            let line = ScenarioLine {
                file: place.file.clone(),
                line: place.line,
                column: place.column,
                what: format!("oracles expect {}", rule.name).into(),
            };
            expected.push(Expected { line, rule, about });
        }
        if problems.is_empty() { Ok(Settings { on, expected }) } else { Err(problems) }
    }

    /// True if this oracle judges.
    pub fn judges(&self, rule: &Rule) -> bool {
        self.on.contains(&rule)
    }

    /// The findings of the oracles that judge, each with whether it was expected, and, of a run that is whole, what was expected
    /// in vain.
    pub fn settle(&self, found: Found, is_whole: bool) -> (Vec<Finding>, Vec<Missed>) {
        let mut findings: Vec<Finding> =
            found.into_vec().into_iter().filter(|finding| self.judges(finding.rule)).collect();
        let missed = self.expect(&mut findings);
        (findings, if is_whole { missed } else { Vec::new() })
    }

    /// Notes of each finding whether it was expected; what was expected and is not among them.
    pub fn expect(&self, findings: &mut [Finding]) -> Vec<Missed> {
        let mut missed = Vec::new();
        for expected in &self.expected {
            let mut is_met = false;
            for finding in findings.iter_mut().filter(|finding| expected.means(finding)) {
                finding.expected = true;
                is_met = true;
            }
            if !is_met {
                let about = expected.about.as_ref().map(|(text, _)| text.clone());
                missed.push(Missed { line: expected.line.clone(), rule: expected.rule, about });
            }
        }
        missed
    }
}

impl Expected {
    fn means(&self, finding: &Finding) -> bool {
        self.rule == finding.rule && self.about.as_ref().is_none_or(|(_, glob)| glob.is_match(&finding.subject))
    }
}

fn known(name: &str, source: &Source, span: Span) -> Result<&'static Rule, Diagnostic> {
    rules::find(name).ok_or_else(|| {
        let unknown = Diagnostic::error(source, span, format!("there is no oracle {}", quote(name)));
        match nearest(name, rules::ALL.iter().map(|rule| rule.name)) {
            Some(near) => unknown.help(format!("did you mean `{near}`?")),
            None => {
                let names: Vec<&str> = rules::ALL.iter().map(|rule| rule.name).collect();
                unknown.help(format!("there are {}", names.join(", ")))
            }
        }
    })
}
