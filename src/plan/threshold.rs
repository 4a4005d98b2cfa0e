//! What a plan must not show: `--fail-on deadlock,outage>30s,peak-gpus>64`.

use std::str::FromStr;

use super::Plan;
use super::course::Outcome;
use super::rules::{self, Gravity, Rule};
use crate::kernel::Duration;
use crate::text::diagnostic::{nearest, quote};
use crate::text::duration::parse as parse_duration;

/// One thing that makes a plan fail.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Threshold {
    /// Something waits for ever.
    Deadlock,
    /// The rollout does not come to its end, whatever the reason.
    Unfinished,
    /// Any finding of this gravity, or graver.
    Gravity(Gravity),
    /// A finding of this rule.
    Rule(&'static str),
    /// A Service is without a ready endpoint for longer.
    Outage(Duration),
    /// More GPUs are held at some time.
    PeakGpus(u64),
    /// More GPUs are held at some time than before and after.
    ExtraGpus(u64),
    /// A workload has fewer available pods at some time.
    Available(u32),
    /// Nothing goes on for longer.
    Stall(Duration),
    /// The rollout takes longer.
    Duration(Duration),
}

/// What can stand before a comparison.
const FIGURES: [&str; 6] = ["outage", "peak-gpus", "extra-gpus", "available", "stall", "duration"];
/// What stands alone, beside the rules.
const WORDS: [&str; 5] = ["deadlock", "unfinished", "error", "warning", "note"];

impl FromStr for Threshold {
    type Err = String;

    fn from_str(text: &str) -> Result<Threshold, String> {
        let text = text.trim();
        let length = |value: &str| parse_duration(value).map_err(|error| format!("{}: {error}", quote(text)));
        let number = |value: &str| value.parse::<u64>().map_err(|_| format!("{} needs a whole number", quote(text)));
        match text.split_once(['>', '<']).map(|(figure, value)| (figure.trim(), value.trim())) {
            Some((figure, value)) => {
                let below = text.contains('<');
                match (figure, below) {
                    ("outage", false) => length(value).map(Threshold::Outage),
                    ("peak-gpus", false) => number(value).map(Threshold::PeakGpus),
                    ("extra-gpus", false) => number(value).map(Threshold::ExtraGpus),
                    ("available", true) => {
                        number(value).map(|count| Threshold::Available(count.min(u32::MAX.into()) as u32))
                    }
                    ("stall", false) => length(value).map(Threshold::Stall),
                    ("duration", false) => length(value).map(Threshold::Duration),
                    ("available", false) => Err("`available` is compared with `<`".to_owned()),
                    (known, true) if FIGURES.contains(&known) => Err(format!("{} is compared with `>`", quote(known))),
                    _ => Err(unknown(figure)),
                }
            }
            None => match text {
                "deadlock" => Ok(Threshold::Deadlock),
                "unfinished" => Ok(Threshold::Unfinished),
                "error" => Ok(Threshold::Gravity(Gravity::Error)),
                "warning" => Ok(Threshold::Gravity(Gravity::Warning)),
                "note" => Ok(Threshold::Gravity(Gravity::Note)),
                "outage" => Ok(Threshold::Outage(Duration::ZERO)),
                figure if FIGURES.contains(&figure) => {
                    Err(format!("{} needs a limit, such as `outage>30s`", quote(figure)))
                }
                other => rules::find(other).map(|rule| Threshold::Rule(rule.code)).ok_or_else(|| unknown(other)),
            },
        }
    }
}

fn unknown(text: &str) -> String {
    let names = rules::ALL.iter().map(|rule: &&Rule| rule.name);
    let known: Vec<&str> = WORDS.into_iter().chain(FIGURES).chain(names).collect();
    match nearest(text, known.iter().copied()) {
        Some(near) => format!("nothing fails on {}: did you mean {}?", quote(text), quote(near)),
        None => format!(
            "nothing fails on {}: write {}, a comparison such as `outage>30s`, or a rule",
            quote(text),
            WORDS.join(", ")
        ),
    }
}

impl Threshold {
    /// What of a plan is beyond the limit, in words; `None` if nothing is. Findings that `is_known` tells are passed over.
    pub fn broken(&self, plan: &Plan, is_known: &dyn Fn(&super::finding::Finding) -> bool) -> Option<String> {
        let course = &plan.course;
        let found = |wanted: &dyn Fn(&Rule) -> bool| {
            let finding = plan.findings.iter().find(|finding| wanted(finding.rule) && !is_known(finding))?;
            Some(format!("{} {}: {}", finding.rule.code, finding.subject, finding.message))
        };
        let over = |is_over: bool, text: String| is_over.then_some(text);
        match self {
            Threshold::Deadlock => over(course.outcome == Outcome::Deadlocked, "the rollout deadlocks".to_owned()),
            Threshold::Unfinished => over(course.took().is_none(), "the rollout does not come to its end".to_owned()),
            Threshold::Gravity(gravity) => found(&|rule| rule.gravity <= *gravity),
            Threshold::Rule(code) => found(&|rule| rule.code == *code),
            Threshold::Outage(limit) => course.services.iter().find_map(|service| {
                let outage = service.outage(course.ends);
                over(outage > *limit, format!("{} is out for {outage}, more than {limit}", service.subject))
            }),
            Threshold::PeakGpus(limit) => {
                over(course.gpus.peak > *limit, format!("{} GPUs are held, more than {limit}", course.gpus.peak))
            }
            Threshold::ExtraGpus(limit) => {
                let extra = course.gpus.above_steady();
                over(extra > *limit, format!("{extra} GPUs more than before and after are held, more than {limit}"))
            }
            Threshold::Available(limit) => course.workloads.iter().find_map(|one| {
                over(
                    one.lowest < *limit,
                    format!("{} has {} available pods, fewer than {limit}", one.subject, one.lowest),
                )
            }),
            Threshold::Stall(limit) => {
                let stall = course.stall.length;
                over(stall > *limit, format!("nothing goes on for {stall}, longer than {limit}"))
            }
            Threshold::Duration(limit) => {
                let took = plan.spread.map_or(course.took(), |spread| Some(spread.p99));
                let took = took.filter(|took| took > limit)?;
                Some(format!("the rollout takes {took}, longer than {limit}"))
            }
        }
    }
}

/// What a plan fails on unless something else is asked for.
pub fn usual() -> Vec<Threshold> {
    vec![Threshold::Gravity(Gravity::Error)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_words_figures_and_rules() {
        let read = |text: &str| text.parse::<Threshold>();
        assert_eq!(read("deadlock"), Ok(Threshold::Deadlock));
        assert_eq!(read("outage>30s"), Ok(Threshold::Outage(Duration::from_secs(30))));
        assert_eq!(read("outage"), Ok(Threshold::Outage(Duration::ZERO)));
        assert_eq!(read(" peak-gpus > 64 "), Ok(Threshold::PeakGpus(64)));
        assert_eq!(read("available<2"), Ok(Threshold::Available(2)));
        assert_eq!(read("GR001"), Ok(Threshold::Rule("GR001")));
        assert_eq!(read("surge-deadlock"), Ok(Threshold::Rule("GR001")));
        for (text, told) in [
            ("outge>3s", "did you mean `outage`?"),
            ("outage>3", "unit"),
            ("outage<3s", "compared with `>`"),
            ("available>3", "compared with `<`"),
            ("stall", "needs a limit"),
            ("peak-gpus>many", "needs a whole number"),
            ("", "write deadlock"),
        ] {
            let error = read(text).expect_err(text);
            assert!(error.contains(told), "{text}: {error}");
        }
    }
}
