//! `cargo xtask conform`: the scenarios in simulation and on a real control plane, compared, and the table of
//! docs/conformance.md. Which scenarios at which speed is in `cases`, the control plane in `ground`, running them in `runs`,
//! the table in `table`. What is compared is greenroom's.

mod cases;
mod ground;
mod runs;
mod table;

use std::fs;
use std::path::PathBuf;
use std::time::Instant;

use cases::CASES;
use ground::Ground;
use runs::Verdict;
use table::Table;

use crate::shell;

/// The page with the table.
const PAGE: &str = "docs/conformance.md";

const USAGE: &str =
    "usage: cargo xtask conform [--all] [--check] [--jobs N] [--context NAME [--kubeconfig FILE]] [SCENARIO...]

  --all         those that take long in real time, too
  --check       compare the table of docs/conformance.md with what was found, and write nothing
  --jobs N      so many side by side (32)
  --context     a cluster with kwok instead of a testbed of its own; --kubeconfig FILE says where it is written
  SCENARIO      folders of scenarios/, instead of all of them

GREENROOM_BIN names a greenroom to use instead of the one that is built for release.
";

/// What the user wants.
#[derive(Debug, PartialEq, Eq)]
struct Options {
    all: bool,
    check: bool,
    jobs: usize,
    context: Option<String>,
    kubeconfig: Option<PathBuf>,
    /// Folders of scenarios/; none means all.
    only: Vec<String>,
}

/// Runs, compares, and writes the table or compares it.
pub fn run(args: &[String]) -> Result<(), String> {
    if args.iter().any(|arg| arg == "--help" || arg == "-h") {
        print!("{USAGE}");
        return Ok(());
    }
    let options = read(args)?;
    let cases: Vec<_> = CASES.iter().filter(|case| wanted(case, &options)).collect();
    let page = shell::root().join(PAGE);
    let read = || fs::read_to_string(&page).map_err(|error| format!("failed to read {PAGE}: {error}"));
    // What is wrong with the page is told before anything runs.
    Table::of(&read()?)?;
    let greenroom = greenroom()?;
    let began = Instant::now();
    let ground = Ground::take(options.context.as_deref(), options.kubeconfig.as_deref())?;
    let mut found = runs::all(&greenroom, &ground, &cases, options.jobs);
    again(&mut found, &greenroom, &ground);
    // The testbed ends here, so that a failure to end it is told.
    ground.leave()?;
    eprintln!("{} scenarios in {} s", found.len(), began.elapsed().as_secs());
    let failed: Vec<String> = found
        .iter()
        .filter_map(|(case, verdict)| match verdict {
            Verdict::Failed(why) => Some(format!("{}: {why}", case.scenario)),
            _ => None,
        })
        .collect();
    if !failed.is_empty() {
        return Err(format!("no verdict on:\n  {}", failed.join("\n  ")));
    }
    // As it is now: another that compared meanwhile may have written its rows.
    let text = read()?;
    let told = Table::of(&text)?;
    if options.check {
        return told.check(&found);
    }
    let written = told.with(&found).into_page(&text)?;
    fs::write(&page, written).map_err(|error| format!("failed to write {PAGE}: {error}"))
}

/// Runs what did not agree once more, one after the other: a machine that is short of processor time delays watches by more than any
/// cluster would. The second verdict counts, and both are told.
fn again(found: &mut [(&cases::Case, Verdict)], greenroom: &std::path::Path, ground: &Ground) {
    for (case, verdict) in found {
        if matches!(verdict, Verdict::Diverge(_) | Verdict::Failed(_)) {
            eprintln!("once more, with nothing beside it: {}", case.scenario);
            if let Some((_, second)) = runs::all(greenroom, ground, &[*case], 1).pop() {
                *verdict = second;
            }
        }
    }
}

/// Whether a case is run.
fn wanted(case: &cases::Case, options: &Options) -> bool {
    if options.only.is_empty() {
        options.all || case.is_short()
    } else {
        options.only.iter().any(|one| one == case.scenario)
    }
}

fn read(args: &[String]) -> Result<Options, String> {
    let mut options = Options { all: false, check: false, jobs: 32, context: None, kubeconfig: None, only: Vec::new() };
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        let mut value = || args.next().cloned().ok_or_else(|| format!("{arg} needs a value"));
        match arg.as_str() {
            "--all" => options.all = true,
            "--check" => options.check = true,
            "--jobs" => {
                let text = value()?;
                let jobs = text.parse().ok().filter(|jobs| *jobs > 0);
                options.jobs = jobs.ok_or_else(|| format!("--jobs needs a number above 0, found {text}"))?;
            }
            "--context" => options.context = Some(value()?),
            "--kubeconfig" => options.kubeconfig = Some(value()?.into()),
            flag if flag.starts_with('-') => return Err(format!("no argument `{flag}`\n\n{USAGE}")),
            scenario if CASES.iter().any(|case| case.scenario == scenario) => options.only.push(scenario.to_owned()),
            other => return Err(format!("no scenario `{other}` in the table of cases")),
        }
    }
    if options.kubeconfig.is_some() && options.context.is_none() {
        return Err("--kubeconfig needs --context: the current context is never used".into());
    }
    Ok(options)
}

/// The greenroom that runs the scenarios, built if nobody names one.
fn greenroom() -> Result<PathBuf, String> {
    if let Some(named) = std::env::var_os("GREENROOM_BIN") {
        return Ok(named.into());
    }
    shell::run(&mut shell::cargo(&["build", "--release", "--locked", "--bin", "greenroom"]))?;
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| shell::root().join("target"), PathBuf::from);
    Ok(shell::root().join(target).join("release/greenroom"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(line: &str) -> Result<Options, String> {
        read(&line.split_whitespace().map(String::from).collect::<Vec<_>>())
    }

    #[test]
    fn arguments_are_read_in_any_order() {
        let read = options("--jobs 3 rolling-update --check --context kind-a --kubeconfig x").expect("these are valid");
        assert_eq!((read.jobs, read.check, read.all), (3, true, false));
        assert_eq!(read.context.as_deref(), Some("kind-a"));
        assert_eq!(read.only, ["rolling-update"]);
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        for line in ["--jobs 0", "--jobs", "--chekc", "no-such-scenario", "--kubeconfig x"] {
            assert!(options(line).is_err(), "{line}");
        }
    }

    #[test]
    fn a_scenario_that_is_named_is_run_however_long_it_takes() {
        let long = CASES.iter().find(|case| !case.is_short()).expect("some take long");
        assert!(!wanted(long, &options("").expect("valid")));
        assert!(wanted(long, &options("--all").expect("valid")));
        assert!(wanted(long, &options(long.scenario).expect("valid")));
    }
}
