//! From a scenario that fails to the smallest that still fails for the same reason: fewer faults and actions, fewer and smaller
//! documents, fewer nodes and replicas, shorter times. What is given back is text to be written as it is; who writes it is no matter
//! of this folder, nor where a scenario that fails comes from.

mod converge;
pub mod ddmin;
pub mod draft;
pub mod entry;
mod expect;
pub mod goal;
pub mod json;
mod privacy;
mod reduce;
mod story;
pub mod tree;
pub mod trial;
pub mod yaml;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use self::draft::{Document, Draft, File, Form};
use self::goal::{Failure, Goal};
use self::tree::{Tree, keys};
use self::trial::Trial;
use super::{Plan, Target, compares};
use crate::kernel::Duration;
use crate::rehearsal::RunResult;
use crate::scenario::model::ActionKind;
use crate::scenario::{Documents, Scenario, load_from};
use crate::text::rule::Rule;
use crate::text::{Diagnostic, Source};

/// How many scenarios are tried unless somebody says otherwise.
pub const TRIES_DEFAULT: usize = 20_000;

/// How a scenario is shrunk.
#[derive(Clone, Copy, Debug)]
pub struct Options<'o> {
    /// Of several failures, the code or name of an oracle or a part of the text of an expectation; `None`: the first, what oracles found
    /// before expectations.
    pub keep: Option<&'o str>,
    /// Where the schema of scenarios is, for the first line of the file that is made.
    pub schema: Option<&'o str>,
    /// The most scenarios that are tried.
    pub tries_max: usize,
    /// Becomes true when nothing more is to be tried: what is smallest by then is what comes out.
    pub stop: Option<&'o AtomicBool>,
}

impl Default for Options<'_> {
    fn default() -> Self {
        Options { keep: None, schema: None, tries_max: TRIES_DEFAULT, stop: None }
    }
}

/// A scenario that was shrunk: what its files hold, and its run.
#[derive(Clone, Debug)]
pub struct Shrunk {
    /// Its name, which is that of its files too: `GR106-1a2b3c4d`.
    pub name: String,
    /// The text of its file: a comment that tells its story, and the scenario.
    pub text: String,
    /// Its documents, by their paths from the folder of the file on.
    pub documents: BTreeMap<String, Arc<str>>,
    /// The scenario itself.
    pub scenario: Scenario,
    /// Its run.
    pub run: RunResult,
    /// How it fails.
    pub failure: Failure,
    /// What else fails in the scenario that it is from.
    pub besides: Vec<String>,
    /// How many scenarios were tried.
    pub tries: usize,
    /// True if the limit of tries, or who asked for an end, kept it from becoming smaller.
    pub is_cut_short: bool,
}

/// Why there is no smaller scenario.
#[derive(Clone, Debug)]
pub enum Refusal {
    /// The scenario or a document of it is not valid.
    Invalid(Vec<Diagnostic>),
    /// Nothing fails in it, or not what is to be kept; the texts say what fails.
    NothingFails(Vec<String>),
    /// It does not fail in the same way once it is written anew, or judged for one failure alone.
    Unsteady(String),
    /// An end was asked for before it was known whether it fails in the same way once it is written anew.
    Stopped,
    /// It needs credentials, at these places, which are not to be written.
    Secrets(String),
}

impl Refusal {
    /// In a line.
    pub fn words(&self) -> String {
        match self {
            Refusal::Invalid(problems) => match problems.first() {
                Some(problem) => format!("what was to be tried is not valid: {}", problem.message),
                None => "its run has no end".to_owned(),
            },
            Refusal::NothingFails(_) => "it does not fail in the same way by itself".to_owned(),
            Refusal::Unsteady(what) => format!("{what} fails only together with the rest"),
            Refusal::Stopped => "interrupted".to_owned(),
            Refusal::Secrets(places) => format!("it needs values that may be secret, which are not written: {places}"),
        }
    }
}

impl Shrunk {
    /// How many nodes there are from the start.
    pub fn nodes(&self) -> u32 {
        self.scenario.cluster.nodes.iter().map(|node| node.naming.count()).sum()
    }
}

/// Shrinks a scenario file that fails.
///
/// # Errors
/// Why it cannot be shrunk.
pub fn shrink(source: &Source, documents: &dyn Documents, options: Options<'_>) -> Result<Shrunk, Refusal> {
    let (draft, scenario) = Draft::read(source, documents).map_err(Refusal::Invalid)?;
    let run = trial::run(&scenario, usize::MAX).map_err(Refusal::Invalid)?;
    let all = Failure::all(&run);
    let titles = || all.iter().map(Failure::title).collect();
    let mut wanted = all.iter().filter(|failure| options.keep.is_none_or(|keep| is_named(failure, keep)));
    let failure = wanted.next().ok_or_else(|| Refusal::NothingFails(titles()))?;
    smallest(draft, &run, failure, None, Vec::new(), options)
}

/// Shrinks what a search found under a seed: the scenario with all that the search added to it. What was found by comparison with the run
/// as the scenario has it becomes an expectation, where it can be said as one: a scenario by itself is compared with nothing.
///
/// # Errors
/// Why it cannot be shrunk.
pub fn shrink_plan(
    plan: &Plan,
    seed: u64,
    documents: &dyn Documents,
    target: &Target,
    options: Options<'_>,
) -> Result<Shrunk, Refusal> {
    let (mut plain, _) = Draft::read(&plan.scenario.source, documents).map_err(Refusal::Invalid)?;
    if seed != plan.scenario.seed {
        plain.scenario.set("seed", whole(seed));
    }
    let draft = with_plan(plain.clone(), plan);
    let scenario = draft.load().map_err(Refusal::Invalid)?;
    let run = trial::run(&scenario, usize::MAX).map_err(Refusal::Invalid)?;
    let all = Failure::all(&run);
    let of_kind = |exact: bool| {
        all.iter().find(|failure| match &failure.goal {
            Goal::Finding(found, _) => {
                found.rule == target.rule
                    && found.subject_kind == target.subject_kind
                    && (!exact || found.subject == target.subject)
            }
            _ => false,
        })
    };
    if let Some(failure) = of_kind(true).or_else(|| of_kind(false)) {
        return smallest(draft, &run, failure, None, put_in(plan), options);
    }
    let none = || Refusal::NothingFails(all.iter().map(Failure::title).collect());
    let Some(draft) = converge::expecting(&plain, draft.clone(), target) else {
        return if compares(target.rule) { compared(draft, plan, target, options) } else { Err(none()) };
    };
    let run = draft.load().and_then(|scenario| trial::run(&scenario, usize::MAX)).map_err(Refusal::Invalid)?;
    let failure = Failure::last_expectation(&run).ok_or_else(none)?;
    smallest(draft, &run, &failure, Some(target.rule), put_in(plan), options)
}

/// What a search put in, by name.
fn put_in(plan: &Plan) -> Vec<String> {
    let faults = plan.faults.iter().map(|fault| fault.name.clone());
    faults.chain(plan.actions.iter().map(|action| action.name.clone())).collect()
}

/// Shrinks what is found by comparison alone, with an oracle that the scenario names.
fn compared(draft: Draft, plan: &Plan, target: &Target, options: Options<'_>) -> Result<Shrunk, Refusal> {
    let draft = draft.edited(&File::Scenario, |tree| {
        tree.set("oracles", Tree::one("only", Tree::List(vec![Tree::text(target.rule.name)])));
    });
    let run = draft.load().and_then(|scenario| trial::run(&scenario, usize::MAX)).map_err(Refusal::Invalid)?;
    let all = Failure::all(&run);
    let is_meant = |failure: &&Failure| matches!(&failure.goal, Goal::Finding(found, _) if found.rule == target.rule);
    match all.iter().find(is_meant) {
        Some(failure) => smallest(draft, &run, failure, None, put_in(plan), options),
        None => Err(Refusal::NothingFails(all.iter().map(Failure::title).collect())),
    }
}

/// A whole number, however large.
fn whole(number: u64) -> Tree {
    i64::try_from(number).map_or_else(|_| Tree::Float(number.to_string()), Tree::Int)
}

/// The draft with the faults, actions and order of a plan at the end of its lists.
fn with_plan(mut draft: Draft, plan: &Plan) -> Draft {
    for action in &plan.actions {
        if let ActionKind::Apply(document) | ActionKind::Replace(document) = &action.kind {
            let path = document.document.trim_start_matches("./").to_owned();
            let form = Form::Several(document.source.format());
            let read = || Document::read(document.source.text().to_owned(), form);
            draft.documents.entry(path).or_insert_with(read);
        }
    }
    draft.edited(&File::Scenario, |tree| {
        let lists = [
            ("faults", plan.faults.iter().map(entry::fault).collect::<Vec<Tree>>()),
            ("actions", plan.actions.iter().map(entry::action).collect()),
            ("ties", plan.ties.iter().map(entry::tie).collect()),
        ];
        for (key, added) in lists.into_iter().filter(|(_, added)| !added.is_empty()) {
            match tree.get_mut(&keys(&[key])) {
                Some(Tree::List(there)) => there.extend(added),
                _ => tree.set(key, Tree::List(added)),
            }
        }
        // A search may have put the end off, and goes on when expectations are settled.
        tree.set("until", Tree::text(Duration::from_nanos(plan.scenario.until.nanos()).to_string()));
        tree.unset("stop_when_settled");
    })
}

/// True if a failure is the one that somebody names.
fn is_named(failure: &Failure, keep: &str) -> bool {
    match &failure.goal {
        Goal::Finding(target, _) => target.rule.is_named(keep),
        Goal::Missed(rule, _) => rule.is_named(keep),
        _ => failure.title().contains(keep),
    }
}

/// Shrinks a draft that fails; `rule` is what found it, if the failure does not say.
fn smallest(
    draft: Draft,
    run: &RunResult,
    failure: &Failure,
    rule: Option<&'static Rule>,
    put_in: Vec<String>,
    options: Options<'_>,
) -> Result<Shrunk, Refusal> {
    let from = run.name.clone();
    let besides = Failure::all(run).into_iter().filter(|other| other != failure).map(|other| other.title()).collect();
    let position = match &failure.goal {
        Goal::Expectation(text, ..) => run.verdicts.iter().position(|verdict| verdict.text == *text),
        _ => None,
    };
    let draft = expect::judged_alone(draft, &failure.goal, position);
    let mut trial = Trial::new(failure.goal.clone(), &draft, run, put_in, options);
    let draft = match trial.holds(draft) {
        Some(draft) => draft,
        None if trial.is_cut_short() => return Err(Refusal::Stopped),
        None => return Err(Refusal::Unsteady(failure.title())),
    };
    let draft = reduce::reduce(&mut trial, draft);
    let (tries, is_cut_short) = (trial.tries(), trial.is_cut_short());
    trial.no_limit();
    let draft = privacy::without_secrets(&mut trial, draft).map_err(Refusal::Secrets)?;
    let draft = without_oracles(&trial, draft);
    let draft = expect::with_expectation(&trial, draft);
    let code = rule.map_or_else(|| failure.code(), |rule| rule.code.to_owned());
    let named = named(draft, &code);
    let unsteady = || Refusal::Unsteady(failure.title());
    let (scenario, run) = trial.run(&named).ok_or_else(unsteady)?;
    let failure = failure.goal.failure(&run).ok_or_else(unsteady)?;
    let schema = options.schema.map(|schema| format!("yaml-language-server: $schema={schema}"));
    let mut text = String::new();
    for line in schema.into_iter().chain(story::story(&from, rule, &scenario, &run, &failure)) {
        text.push_str(format!("# {line}").trim_end());
        text.push('\n');
    }
    text.push_str(&named.text());
    // Once more from the very text that is written: the lines that causes name stand below the comment.
    let source = Source::new(Arc::clone(&named.name), text.as_str());
    let scenario = load_from(&source, &named).map_err(|_| unsteady())?;
    let run = trial::run(&scenario, usize::MAX).map_err(|_| unsteady())?;
    let failure = failure.goal.failure(&run).ok_or_else(unsteady)?;
    Ok(Shrunk {
        name: scenario.name.clone(),
        text,
        documents: named.documents.iter().map(|(path, document)| (path.clone(), Arc::clone(&document.text))).collect(),
        scenario,
        run,
        failure,
        besides,
        tries,
        is_cut_short,
    })
}

/// A scenario that fails in an expectation alone needs not say that oracles are off.
fn without_oracles(trial: &Trial<'_>, draft: Draft) -> Draft {
    if matches!(trial.goal(), Goal::Finding(..) | Goal::Missed(..)) {
        return draft;
    }
    let mut without = draft.clone();
    without.scenario.unset("oracles");
    let is_alone = trial.run(&without).is_some_and(|(_, run)| {
        let all = Failure::all(&run);
        all.len() == 1 && trial.goal().failure(&run).is_some()
    });
    if is_alone { without } else { draft }
}

/// The draft under a name made from what stands in it, with its documents in a folder of that name.
fn named(mut draft: Draft, code: &str) -> Draft {
    draft.scenario.set("name", Tree::text(code));
    let digest = draft.digest();
    let name = format!("{code}-{:08x}", (digest >> 96) as u32);
    draft.scenario.set("name", Tree::text(&name));
    let paths: Vec<String> = draft.documents.keys().cloned().collect();
    let is_here = |text: &str| {
        let text = text.trim_start_matches("./").trim_end_matches('/');
        paths.iter().any(|path| path == text || path.strip_prefix(text).is_some_and(|rest| rest.starts_with('/')))
    };
    rename(&mut draft.scenario, &|text| {
        is_here(text).then(|| format!("{name}/{}", text.trim_start_matches("./").trim_end_matches('/')))
    });
    let documents = std::mem::take(&mut draft.documents);
    draft.documents = documents.into_iter().map(|(path, document)| (format!("{name}/{path}"), document)).collect();
    let folder = draft.name.rsplit_once(['/', std::path::MAIN_SEPARATOR]).map_or("", |(folder, _)| folder);
    let slash = if folder.is_empty() { "" } else { "/" };
    draft.name = format!("{folder}{slash}{name}.greenroom.yaml").into();
    draft
}

/// Gives other paths to documents where a scenario names them.
fn rename(scenario: &mut Tree, renamed: &dyn Fn(&str) -> Option<String>) {
    let mut spots = Vec::new();
    scenario.visit(&mut |path, value| {
        let is_path =
            ["document", "apply", "replace", "scheduler", "output"].contains(&tree::last_key(path).unwrap_or_default());
        if let Some(path_of_document) = value.as_text().filter(|_| is_path).and_then(renamed) {
            spots.push((path.to_vec(), path_of_document));
        }
    });
    for (path, document) in spots {
        if let Some(place) = scenario.get_mut(&path) {
            *place = Tree::Text(document);
        }
    }
}
