//! `greenroom explain`: the causes behind an entry or a failed expectation, or what a rule means.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::{ArgGroup, Args};

use super::output::{complain, refuse, stderr_is_coloured, tell, to_file, to_stdout};
use super::scenario::rehearse_whole;
use crate::explain::{Missing, Selection, explain as explain_run};
use crate::kernel::Time;
use crate::oracle::builtin;
use crate::plan::rules;
use crate::rehearsal::Options;
use crate::report::explain::{Explained, dot, json, mermaid, text};
use crate::report::{Exit, Paint, exit};
use crate::text::diagnostic::quote;
use crate::text::duration::parse_time;
use crate::text::render::render;

/// Explain why something happened in a scenario, or did not; or what a rule of `plan` or a built-in oracle means
#[derive(Args)]
#[command(group = ArgGroup::new("selection").args(["entry", "subject", "expectation"]))]
pub struct ExplainArgs {
    /// The scenario file, or a rule or oracle by its code or name: GR001, GR104, outage.
    #[arg(value_name = "FILE|RULE")]
    what: PathBuf,
    /// Explain this entry of the timeline, by its id in `run --format json`.
    #[arg(long, value_name = "N")]
    entry: Option<u32>,
    /// Explain the last entry about this subject: Deployment/web.
    #[arg(long, value_name = "SUBJECT")]
    subject: Option<String>,
    /// With --subject: the last entry in which it became this.
    #[arg(long, value_name = "STATE", requires = "subject", conflicts_with_all = ["entry", "expectation"])]
    became: Option<String>,
    /// With --subject: the last entry not after this time, 00:07:31.250 or 7m31s.
    #[arg(long, value_name = "TIME", value_parser = parse_time, requires = "subject", conflicts_with_all = ["entry", "expectation"])]
    at: Option<Time>,
    /// Explain this expectation, by its position in the file, from 1.
    #[arg(long, value_name = "N")]
    expectation: Option<usize>,
    /// The seed of all random draws, instead of the scenario's own.
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// How to show it: human, json, mermaid or dot; mermaid=PATH writes to a file. May be given several times.
    #[arg(long = "format", value_name = "FORMAT[=PATH]")]
    targets: Vec<Target>,
}

/// How an explanation is shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Form {
    Human,
    Json,
    Mermaid,
    Dot,
}

const FORMS: [(&str, Form); 4] =
    [("human", Form::Human), ("json", Form::Json), ("mermaid", Form::Mermaid), ("dot", Form::Dot)];

/// A form and the file that it goes to; without one it goes to stdout.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Target {
    form: Form,
    path: Option<PathBuf>,
}

impl FromStr for Target {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, path) = match text.split_once('=') {
            Some((_, "")) => return Err("a path is missing behind `=`".to_owned()),
            Some((name, path)) => (name, Some(PathBuf::from(path))),
            None => (text, None),
        };
        let known = FORMS.iter().find(|(known, _)| *known == name);
        let (_, form) = known.ok_or_else(|| format!("the formats are {}", FORMS.map(|(name, _)| name).join(", ")))?;
        Ok(Target { form: *form, path })
    }
}

/// Explains.
pub fn explain(args: &ExplainArgs) -> Exit {
    if args.targets.iter().filter(|target| target.path.is_none()).count() > 1 {
        return refuse("only one format can go to stdout; give the others a path, as in --format mermaid=graph.mmd");
    }
    match rule_code(&args.what).or_else(|| rule_name(&args.what)) {
        Some(code) => explain_rule(args, &code),
        None => explain_file(args),
    }
}

/// The longest line of an explanation.
const WIDTH_MAX: usize = 100;

/// The code of a rule if the argument is one: `GR` and digits, in either case. A file of such a name is `./GR001`.
fn rule_code(what: &Path) -> Option<String> {
    let code = what.to_str()?.to_ascii_uppercase();
    let digits = code.strip_prefix("GR")?;
    (!digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())).then_some(code)
}

/// The code of a rule if the argument is the name of one, as findings have it (`outage`), and no file. A name that a rule of `plan` has
/// too is the oracle's.
fn rule_name(what: &Path) -> Option<String> {
    let name = what.to_str()?;
    let rule = builtin::rules::find(name).or_else(|| rules::find(name))?;
    (!what.exists()).then(|| rule.code.to_owned())
}

/// Describes a rule.
fn explain_rule(args: &ExplainArgs, code: &str) -> Exit {
    let selected = args.entry.is_some() || args.subject.is_some() || args.expectation.is_some() || args.seed.is_some();
    if selected || !args.targets.is_empty() {
        return refuse(&format!("{code} is a rule: it takes no selection, seed or format"));
    }
    match rule_text(code) {
        Some(text) => to_stdout(&|out, _| out.write_all(text.as_bytes())),
        None => refuse(&format!("there is no rule {}; a file of this name is ./{code}", quote(code))),
    }
}

/// What a rule is: its summary, why it is so, and the smallest case.
fn rule_text(code: &str) -> Option<String> {
    let rule = rules::find(code).or_else(|| builtin::rules::find(code))?;
    let explanation = rule.explanation.split("\n\n").map(folded).collect::<Vec<_>>().join("\n\n");
    let mut text =
        format!("{} {} ({})\n\n{}\n\n{explanation}\n", rule.code, rule.name, rule.gravity.text(), folded(rule.summary));
    if !rule.example.is_empty() {
        text.push_str("\nExample:\n\n");
        for line in rule.example.lines() {
            text.push_str(format!("  {line}").trim_end());
            text.push('\n');
        }
    }
    Some(text)
}

/// A paragraph in lines of at most a hundred characters.
fn folded(text: &str) -> String {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let last = lines.last_mut().map_or(0, |line| line.chars().count());
        if last > 0 && last + 1 + word.chars().count() > WIDTH_MAX {
            lines.push(String::new());
        }
        if let Some(line) = lines.last_mut() {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines.join("\n")
}

fn explain_file(args: &ExplainArgs) -> Exit {
    let options = Options { seed: args.seed, ..Options::default() };
    let (run, scenario) = match rehearse_whole(&args.what, options) {
        Ok(ran) => ran,
        Err(problems) => {
            tell(render(&problems, stderr_is_coloured()).trim_end());
            return Exit::Invalid;
        }
    };
    let story = match explain_run(&run, &scenario, &selection(args)) {
        Ok(story) => story,
        Err(Missing { message, help }) => {
            tell(&format!("error: {message}\n\n  help: {help}"));
            return Exit::NothingMatched;
        }
    };
    write(args, &Explained { run, source: scenario.source, story })
}

fn selection(args: &ExplainArgs) -> Selection {
    match (args.entry, &args.subject, args.expectation) {
        (Some(entry), _, _) => Selection::Entry(entry),
        (_, Some(text), _) => Selection::Subject { text: text.clone(), became: args.became.clone(), at: args.at },
        (_, _, Some(number)) => Selection::Expectation(number),
        (None, None, None) => Selection::All,
    }
}

/// Writes the explanations in every form that was asked for.
fn write(args: &ExplainArgs, explained: &Explained) -> Exit {
    let only_human = [Target { form: Form::Human, path: None }];
    let targets = if args.targets.is_empty() { &only_human } else { args.targets.as_slice() };
    let exits = targets.iter().map(|target| {
        let write = |out: &mut dyn Write, paint: Paint| -> io::Result<()> {
            match target.form {
                Form::Human => text::write(out, explained, paint),
                Form::Json => json::write(out, explained),
                Form::Mermaid => mermaid::write(out, explained),
                Form::Dot => dot::write(out, explained),
            }
        };
        match &target.path {
            None => to_stdout(&write),
            Some(path) => match to_file(path, &write) {
                Ok(()) => Exit::Passed,
                Err(error) => complain(&format!("cannot write {}: {error}", path.display())),
            },
        }
    });
    exit::gravest(exits.collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_found_by_its_name() {
        assert_eq!(rule_name(Path::new("outage")).as_deref(), Some("GR104"));
        assert_eq!(rule_name(Path::new("src")), None);
        assert_eq!(rule_name(Path::new("outages.yaml")), None);
    }

    #[test]
    fn a_code_is_told_apart_from_a_file() {
        for (text, code) in [
            ("GR001", Some("GR001")),
            ("gr12", Some("GR12")),
            ("./GR001", None),
            ("GR", None),
            ("GR001.yaml", None),
            ("scenario.yaml", None),
        ] {
            assert_eq!(rule_code(Path::new(text)).as_deref(), code, "{text}");
        }
    }
}
