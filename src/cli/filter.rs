//! `--filter`: which of the scenarios that were found are meant. The grammar is small; whether files are read depends on
//! what is asked about.

use std::path::Path;
use std::str::FromStr;

use globset::{GlobBuilder, GlobMatcher};

use super::facts::{Facts, known_actions, known_faults, known_systems};
use crate::text::diagnostic::{nearest, quote};

/// The grammar, shown by `greenroom test --help`.
pub const HELP: &str = "\
Filters are words that must all hold:
  WORD         it is in the path or the name of the scenario; with *, ? or [ it is a glob of the whole path or name
  path:WORD    the same of the path alone
  name:WORD    the same of the name alone
  system:NAME  the scenario deploys with this system, as in system:dynamo
  fault:KIND   it has such a fault, as in fault:node_down
  action:KIND  it has such an action, as in action:scale
  not WORD     any of these does not hold";

/// A filter: every term of it holds of what is meant.
#[derive(Clone, Debug)]
pub struct Filter {
    terms: Vec<Term>,
}

#[derive(Clone, Debug)]
struct Term {
    negated: bool,
    what: What,
}

#[derive(Clone, Debug)]
enum What {
    Any(Pattern),
    Path(Pattern),
    Name(Pattern),
    System(String),
    Fault(String),
    Action(String),
}

/// A part of a text, or a glob for all of it.
#[derive(Clone, Debug)]
enum Pattern {
    Part(String),
    Glob(GlobMatcher),
}

/// What can stand before a colon.
const KEYS: [&str; 5] = ["path", "name", "system", "fault", "action"];

impl FromStr for Filter {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut terms = Vec::new();
        let mut words = text.split_whitespace();
        while let Some(word) = words.next() {
            let (negated, word) = match word {
                "not" => (true, words.next().filter(|next| *next != "not").ok_or("a word must stand behind `not`")?),
                word => (false, word),
            };
            terms.push(Term { negated, what: what(word)? });
        }
        if terms.is_empty() {
            return Err("it is empty; without --filter every scenario is run".to_owned());
        }
        Ok(Filter { terms })
    }
}

fn what(word: &str) -> Result<What, String> {
    let Some((key, value)) = word.split_once(':') else {
        return Ok(What::Any(pattern(word)?));
    };
    if value.is_empty() {
        return Err(format!("a word must stand behind `{key}:`"));
    }
    match key {
        "path" => Ok(What::Path(pattern(value)?)),
        "name" => Ok(What::Name(pattern(value)?)),
        "system" => one_of(value, "system", known_systems()).map(What::System),
        "fault" => one_of(value, "fault", known_faults()).map(What::Fault),
        "action" => one_of(value, "action", known_actions()).map(What::Action),
        _ => {
            let meant = nearest(key, KEYS).map(|near| format!("; did you mean `{near}:`?")).unwrap_or_default();
            let known = KEYS.map(|key| format!("`{key}:`")).join(", ");
            Err(format!("there is no {}{meant} (known are {known})", quote(&format!("{key}:"))))
        }
    }
}

fn pattern(word: &str) -> Result<Pattern, String> {
    if !word.contains(['*', '?', '[']) {
        return Ok(Pattern::Part(word.to_owned()));
    }
    let glob =
        GlobBuilder::new(word).build().map_err(|error| format!("{} is no glob: {}", quote(word), error.kind()))?;
    Ok(Pattern::Glob(glob.compile_matcher()))
}

/// A word of those that a scenario file may have there.
fn one_of(word: &str, what: &str, known: Vec<String>) -> Result<String, String> {
    if known.iter().any(|known| known == word) {
        return Ok(word.to_owned());
    }
    let meant = match nearest(word, known.iter().map(String::as_str)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("known are {}", known.join(", ")),
    };
    Err(format!("there is no {what} {}; {meant}", quote(word)))
}

impl Pattern {
    fn fits(&self, text: &str) -> bool {
        match self {
            Pattern::Part(part) => text.contains(part.as_str()),
            Pattern::Glob(glob) => glob.is_match(text),
        }
    }
}

impl Term {
    /// What the path alone decides; `None` if the file must be read.
    fn of_path(&self, path: &str) -> Option<bool> {
        match &self.what {
            What::Path(pattern) => Some(pattern.fits(path) != self.negated),
            What::Any(pattern) => pattern.fits(path).then_some(!self.negated),
            What::Name(_) | What::System(_) | What::Fault(_) | What::Action(_) => None,
        }
    }

    /// Of a file that cannot be read: a word is about its path then, and whatever else is asked may hold.
    fn of_unread(&self) -> bool {
        !matches!(self.what, What::Any(_)) || self.negated
    }

    fn of_facts(&self, facts: &Facts) -> bool {
        let fits = match &self.what {
            // Its path was looked at before.
            What::Any(pattern) | What::Name(pattern) => facts.name.as_ref().is_some_and(|name| pattern.fits(name)),
            What::Path(_) => return true,
            What::System(system) => facts.systems.contains(system),
            What::Fault(kind) => facts.faults.contains(kind),
            What::Action(kind) => facts.actions.contains(kind),
        };
        fits != self.negated
    }
}

/// True if any of the filters means this scenario, or if there are none. The file is read only if its path does not decide;
/// one that cannot be read is meant unless its path says otherwise, so that no filter hides what is wrong with it.
pub fn any_matches(filters: &[Filter], path: &Path) -> bool {
    let shown = path.to_string_lossy().replace('\\', "/");
    let facts = std::cell::LazyCell::new(|| Facts::of(path));
    let matches = |filter: &Filter| {
        let decided: Vec<(&Term, Option<bool>)> =
            filter.terms.iter().map(|term| (term, term.of_path(&shown))).collect();
        if decided.iter().any(|(_, holds)| *holds == Some(false)) {
            return false;
        }
        let mut open = decided.iter().filter(|(_, holds)| holds.is_none()).peekable();
        open.peek().is_none()
            || match facts.as_ref() {
                Some(facts) => open.all(|(term, _)| term.of_facts(facts)),
                None => open.all(|(term, _)| term.of_unread()),
            }
    };
    filters.is_empty() || filters.iter().any(matches)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(filter: &str, path: &Path) -> bool {
        any_matches(&[filter.parse().expect(filter)], path)
    }

    #[test]
    fn each_word_means_what_the_help_says() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("near/scenario.yaml");
        std::fs::create_dir(folder.path().join("near")).expect("a folder");
        let text = "name: far-away\ndeploy: [ { document: a.json, system: oci } ]\n\
                    faults:\n  - { at: 1m, node_down: { node: a } }\nactions:\n  - { at: 2m, undeploy: a }\n";
        std::fs::write(&path, text).expect("a file");
        for yes in [
            "near",
            "far-away",
            "*/near/*",
            "far-*",
            "path:near",
            "name:away",
            "name:far-?way",
            "system:oci",
            "fault:node_down",
            "action:undeploy",
            "not elsewhere",
            "not path:far-away",
            "not name:near",
            "system:oci not system:dynamo near",
            "not fault:pod_kill",
            "not action:scale",
        ] {
            assert!(matches(yes, &path), "{yes}");
        }
        for no in [
            "elsewhere",
            "near/*",
            "away-*",
            "path:far",
            "name:near",
            "system:dynamo",
            "fault:pod_kill",
            "action:scale",
            "not near",
            "not far-away",
            "not system:oci",
            "near elsewhere",
            "not fault:node_down near",
        ] {
            assert!(!matches(no, &path), "{no}");
        }
        let both = ["elsewhere", "near"].map(|filter| filter.parse().expect("a filter"));
        assert!(any_matches(&both, &path) && any_matches(&[], &path));
    }

    /// What is wrong with a file must not be hidden by a filter that it would have to be read for.
    #[test]
    fn a_file_that_cannot_be_read_is_meant() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("bad.greenroom.yaml");
        std::fs::write(&path, "name: [").expect("a file");
        assert!(matches("system:oci", &path) && matches("not fault:node_down", &path) && matches("bad", &path));
        assert!(!matches("path:good system:oci", &path) && !matches("not path:bad", &path));
        assert!(matches("name:good", &path) && !matches("good", &path) && matches("not good", &path));
    }

    #[test]
    fn mistakes_are_told() {
        let told = |filter: &str| filter.parse::<Filter>().expect_err(filter);
        let filters = [
            "",
            "not",
            "not not a",
            "sytem:oci",
            "a:b",
            "system:",
            "system:dynamoo",
            "system:none",
            "fault:nodedown",
            "[a",
        ];
        let shown: Vec<String> = filters.iter().map(|filter| format!("{filter:?}: {}", told(filter))).collect();
        insta::assert_snapshot!(shown.join("\n"));
        // The list of all faults grows, and is not repeated here.
        assert!(told("fault:at").starts_with("there is no fault `at`; known are pod_kill, "));
    }
}
