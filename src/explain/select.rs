//! What a user asks to have explained, and the explanation of it.

use super::chain::Chain;
use super::context::{Told, context, effects, history};
use super::view::View;
use super::wanted;
use super::{About, Explanation, Section, Story};
use crate::kernel::Time;
use crate::rehearsal::{Ending, RunResult, VerdictStatus};
use crate::scenario::Scenario;
use crate::scenario::model::Trigger;
use crate::text::diagnostic::{nearest, quote};
use crate::timeline::{Entry, EntryId, Kind, Subject};

/// The most explanations at once.
const EXPLANATIONS_MAX: usize = 20;
/// The most names that a message suggests.
const SUGGESTED_MAX: usize = 5;

/// What is to be explained.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Selection {
    /// All that went wrong; if nothing did, how everything came to its end.
    All,
    /// An entry, by its id.
    Entry(u32),
    /// The last entry about a subject.
    Subject {
        /// The subject, as it is written: `Deployment/web`.
        text: String,
        /// Only entries in which it became this.
        became: Option<String>,
        /// Only entries not later than this.
        at: Option<Time>,
    },
    /// An expectation by its position in the scenario, from 1.
    Expectation(usize),
}

/// Why there is nothing to explain.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Missing {
    /// What is not there.
    pub message: String,
    /// What may have been meant.
    pub help: String,
}

/// Explains what is asked for in a run of a scenario.
///
/// # Errors
/// That there is nothing of the sort in the run, with what comes nearest.
pub fn explain(run: &RunResult, scenario: &Scenario, selection: &Selection) -> Result<Story, Missing> {
    let of = |explanation| Story { explanations: vec![explanation], ..Story::default() };
    match selection {
        Selection::All => Ok(all(run, scenario)),
        Selection::Entry(number) => Ok(of(by_id(run, *number)?)),
        Selection::Subject { text, became, at } => Ok(of(by_subject(run, text, became.as_deref(), *at)?)),
        Selection::Expectation(number) => {
            let index = number.checked_sub(1).filter(|index| *index < run.verdicts.len());
            Ok(of(expectation(run, scenario, index.ok_or_else(|| no_expectation(run, *number))?)))
        }
    }
}

/// All that went wrong; if nothing did, how everything came to its end.
fn all(run: &RunResult, scenario: &Scenario) -> Story {
    let mut wrong: Vec<About> = Vec::new();
    let verdicts = run.verdicts.iter().enumerate();
    wrong.extend(
        verdicts.filter(|(_, one)| one.status != VerdictStatus::Passed).map(|(index, _)| About::Expectation(index)),
    );
    let rejections = run.rejections.iter().enumerate();
    wrong.extend(rejections.filter(|(_, one)| !one.expected).map(|(index, _)| About::Document(index)));
    let findings = run.findings.iter().enumerate();
    wrong.extend(findings.filter(|(_, one)| !one.expected).map(|(index, _)| About::Finding(index)));
    wrong.extend((0..run.missed.len()).map(About::Missed));
    if matches!(run.ending, Ending::LimitReached(_)) {
        wrong.push(About::Limit);
    }
    wrong.extend((0..run.unfired.len()).map(About::Unfired));
    let left_out = wrong.len().saturating_sub(EXPLANATIONS_MAX);
    let explained = wrong.iter().take(EXPLANATIONS_MAX).map(|about| match about {
        About::Expectation(index) => expectation(run, scenario, *index),
        About::Unfired(index) => unfired(run, scenario, *index),
        About::Finding(index) => finding(run, *index),
        about => Explanation { about: *about, moment: run.ended_at, chain: None, sections: Vec::new() },
    });
    let explanations: Vec<Explanation> = explained.collect();
    if explanations.is_empty() { ends(run) } else { Story { explanations, left_out, all_well: false } }
}

/// How every group and set of documents, and every deployment or graph that belongs to none, came to its last state.
fn ends(run: &RunResult) -> Story {
    let view = View::at(run, run.ended_at);
    let mut last: Vec<(EntryId, Subject)> = view
        .all()
        .filter(|(subject, _)| match subject.kind {
            Kind::Group | Kind::Manifests => true,
            Kind::Member | Kind::Graph | Kind::Request | Kind::PodCliqueSet => view.owner(*subject).is_none(),
            _ => false,
        })
        .map(|(subject, id)| (id, subject))
        .collect();
    last.sort();
    let left_out = last.len().saturating_sub(EXPLANATIONS_MAX);
    let explained = last.into_iter().take(EXPLANATIONS_MAX).map(|(id, _)| of_entry(&view, id));
    Story { explanations: explained.collect(), left_out, all_well: true }
}

/// An expectation: what decided it, and what its subjects were waiting for then.
fn expectation(run: &RunResult, scenario: &Scenario, index: usize) -> Explanation {
    let verdict = &run.verdicts[index];
    let view = View::at(run, verdict.at);
    let mut told = Told::default();
    let chain = verdict.evidence.map(|evidence| Chain::behind(run, evidence, &[]));
    told.0.extend(chain.iter().flat_map(|chain| &chain.steps));
    let mut sections = Vec::new();
    if verdict.status != VerdictStatus::Passed {
        let wanted = scenario.expect.get(index).map(|entry| wanted::subjects(&view, entry));
        sections = around(&view, &wanted.unwrap_or_default(), &mut told);
    }
    Explanation { about: About::Expectation(index), moment: verdict.at, chain, sections }
}

/// What became of each of these subjects, and what surrounds it.
fn around(view: &View<'_>, subjects: &[Subject], told: &mut Told) -> Vec<Section> {
    let mut sections: Vec<Section> = Vec::new();
    for subject in subjects {
        let found = history(view, *subject, told).into_iter().chain(context(view, *subject, told));
        for section in found.collect::<Vec<_>>() {
            // Two subjects often wait for the same.
            if !sections.iter().any(|other| other.says(&section)) {
                sections.push(section);
            }
        }
    }
    sections
}

/// What a built-in oracle found: what showed it, and what its subject was waiting for then, or at the end if it lasts until then.
fn finding(run: &RunResult, index: usize) -> Explanation {
    let found = &run.findings[index];
    let until = found.lasts.map(|lasts| found.at + lasts);
    let moment = until.filter(|until| *until >= run.ended_at).map_or(found.at, |_| run.ended_at);
    let view = View::at(run, moment);
    let chain = found.evidence.map(|evidence| Chain::behind(run, evidence, &[]));
    let mut told = Told(chain.iter().flat_map(|chain| chain.steps.clone()).collect());
    let sections = around(&view, view.find(&found.subject).as_slice(), &mut told);
    Explanation { about: About::Finding(index), moment, chain, sections }
}

/// A fault or an action that never fired: what became of the subject that it waited for.
fn unfired(run: &RunResult, scenario: &Scenario, index: usize) -> Explanation {
    let view = View::at(run, run.ended_at);
    let line = &run.unfired[index].line;
    let faults = scenario.faults.iter().map(|fault| (&fault.place, &fault.trigger));
    let actions = scenario.actions.iter().map(|action| (&action.place, &action.trigger));
    let mut here = faults.chain(actions).filter(|(place, _)| (place.line, place.column) == (line.line, line.column));
    let subject = here.find_map(|(_, trigger)| match trigger {
        Trigger::On { subject, .. } => view.find(subject),
        Trigger::Access(access) => access.object.as_deref().and_then(|object| view.find(object)),
        Trigger::At(_) => None,
    });
    let latest = subject.and_then(|subject| view.latest(subject));
    let chain = latest.map(|latest| Chain::behind(run, latest, &[]));
    let mut told = Told(chain.iter().flat_map(|chain| chain.steps.clone()).collect());
    let sections = around(&view, subject.as_slice(), &mut told);
    Explanation { about: About::Unfired(index), moment: run.ended_at, chain, sections }
}

fn by_id(run: &RunResult, number: u32) -> Result<Explanation, Missing> {
    let last = run.timeline.len().checked_sub(1).filter(|last| number as usize <= *last).ok_or_else(|| Missing {
        message: format!("there is no entry {number}"),
        help: match run.timeline.len() {
            0 => "the run has no entries".to_owned(),
            entries => format!("the run has the entries 0 to {}; `run --format json` shows their ids", entries - 1),
        },
    })?;
    let id = EntryId(number);
    let moment = run.timeline.get(id).map_or(run.ended_at, |entry| entry.at);
    Ok(of_entry(&View::new(run, (number as usize).min(last) + 1, moment), id))
}

fn by_subject(run: &RunResult, text: &str, became: Option<&str>, at: Option<Time>) -> Result<Explanation, Missing> {
    let moment = at.unwrap_or(run.ended_at).min(run.ended_at);
    let whole = View::at(run, run.ended_at);
    let subject = whole.find(text).ok_or_else(|| no_subject(&whole, text))?;
    let about = |entry: &Entry| entry.subject == subject;
    let entries = || run.timeline.since(0).filter(move |(_, entry)| about(entry));
    let fits = |entry: &Entry| became.is_none_or(|became| entry.became == became);
    let found = entries().filter(|(_, entry)| entry.at <= moment && fits(entry)).last();
    let Some((id, entry)) = found else {
        return Err(no_such_entry(&whole, subject, entries().collect(), became, moment));
    };
    // An entry in which the subject became something else since is looked at as of then.
    let view = View::at(run, moment);
    if view.latest(subject) == Some(id) {
        Ok(of_entry(&view, id))
    } else {
        Ok(of_entry(&View::new(run, id.0 as usize + 1, entry.at), id))
    }
}

/// An entry: its causes, what surrounds its subject, and what it led to.
fn of_entry(view: &View<'_>, id: EntryId) -> Explanation {
    let chain = Chain::behind(view.run, id, &[]);
    let mut told = Told(chain.steps.clone());
    let subject = view.entry(id).subject;
    // What befell a pod often began elsewhere, and its own story is not among the causes.
    let mut sections: Vec<Section> =
        history(view, subject, &told).filter(|_| subject.kind == Kind::Pod).into_iter().collect();
    sections.extend(context(view, subject, &mut told));
    sections.extend(effects(view, id));
    Explanation { about: About::Entry(id), moment: view.moment, chain: Some(chain), sections }
}

fn no_expectation(run: &RunResult, number: usize) -> Missing {
    let help = match run.verdicts.len() {
        0 => "the scenario has no expectations".to_owned(),
        1 => format!("the scenario has one: {}", run.verdicts[0].text),
        count => format!("the scenario has the expectations 1 to {count}"),
    };
    Missing { message: format!("there is no expectation {number}"), help }
}

fn no_subject(view: &View<'_>, text: &str) -> Missing {
    let message = format!("there is no entry about {}", quote(text));
    // The name alone decides first: `deployment/web` for `Deployment/web`, `web` for either.
    let name = text.rsplit('/').next().unwrap_or(text);
    let same_name = |other: &&str| other.split_once('/').is_some_and(|(_, rest)| rest.rsplit('/').next() == Some(name));
    let mut near: Vec<(bool, usize, &str)> = view.texts().filter(same_name).map(|other| (false, 0, other)).collect();
    if near.is_empty() {
        let bound = text.chars().count().div_ceil(3);
        let kind = text.split_once('/').map(|(kind, _)| kind);
        let far = view.texts().map(|other| {
            let other_kind = other.split_once('/').map(|(kind, _)| kind) != kind;
            (other_kind, strsim::damerau_levenshtein(text, other), other)
        });
        near.extend(far.filter(|(_, distance, _)| *distance <= bound));
    }
    near.sort();
    let near: Vec<&str> = near.into_iter().take(SUGGESTED_MAX).map(|(_, _, other)| other).collect();
    let help = match near.as_slice() {
        [] if text.contains('/') => "`greenroom run` shows all subjects".to_owned(),
        [] => "write kind/name, as in Deployment/web or deployment/vllm".to_owned(),
        near => format!("did you mean {}?", near.join(", ")),
    };
    Missing { message, help }
}

fn no_such_entry(
    view: &View<'_>,
    subject: Subject,
    entries: Vec<(EntryId, Entry)>,
    became: Option<&str>,
    moment: Time,
) -> Missing {
    let text = subject.show(&view.run.names);
    let mut states: Vec<&str> = Vec::new();
    for (_, entry) in &entries {
        if !states.contains(&entry.became) {
            states.push(entry.became);
        }
    }
    match became {
        Some(became) if !states.contains(&became) => Missing {
            message: format!("{text} never became {}", quote(became)),
            help: match nearest(became, states.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("it became {}", states.join(", ")),
            },
        },
        _ => {
            let fits = |entry: &Entry| became.is_none_or(|became| entry.became == became);
            let first = entries.iter().find(|(_, entry)| fits(entry)).map_or(moment, |(_, entry)| entry.at);
            let state = became.map(|became| format!(" {became}")).unwrap_or_default();
            let message = match became {
                Some(became) => format!("{text} had not become {became} by {moment}"),
                None => format!("there is no entry about {text} by {moment}"),
            };
            Missing { message, help: format!("the first{state} is at {first}") }
        }
    }
}
