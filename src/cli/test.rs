//! `greenroom test`: all scenarios, in parallel, against their accepted snapshots; or a share of them, or those that
//! filters mean. How they are run is `suite`'s, and running them again as files change is `watch`'s.

use std::path::PathBuf;

use clap::Args;

use super::filter::{self, Filter};
use super::output::{OutputArgs, complain, refuse};
use super::snapshots::Snapshots;
use super::suite::{Suite, judged, run_all, shard};
use super::watch::watch;
use crate::report::{Exit, Item, Report, Selection, Shard, json, summary};

/// Run all scenarios, in parallel, against their accepted snapshots.
#[derive(Args)]
#[command(after_help = filter::HELP)]
pub struct TestArgs {
    /// Scenario files, or folders to look for them: every scenario.yaml and *.greenroom.yaml below. Default: this folder.
    pub(super) paths: Vec<PathBuf>,
    /// Take the timelines of this run as the accepted ones and write their snapshots.
    #[arg(long)]
    accept: bool,
    /// Run only the scenarios that match, as in 'system:oci not fault:node_down'. Several filters are alternatives.
    #[arg(long = "filter", value_name = "FILTER")]
    pub(super) filters: Vec<Filter>,
    /// Run the I-th of N shares of the scenarios: 1/3, 2/3 and 3/3 together run each once.
    #[arg(long, value_name = "I/N", value_parser = shard)]
    shard: Option<Shard>,
    /// Stop after the first scenario that fails, in the order of the files.
    #[arg(long)]
    fail_fast: bool,
    /// Run again what is concerned, as scenarios, their documents and snapshots change. Ctrl-C ends it with the exit code
    /// of the last results.
    #[arg(long, conflicts_with_all = ["accept", "shard", "fail_fast"])]
    watch: bool,
    /// How many scenarios run at a time. Default: one a processor.
    #[arg(long, short, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub(super) jobs: Option<u16>,
    #[command(flatten)]
    pub(super) output: OutputArgs,
}

/// Runs the scenarios.
pub fn test(args: &TestArgs) -> Exit {
    if let Err(refusal) = args.output.check() {
        return refuse(&refusal);
    }
    if args.watch {
        return watch(args);
    }
    let suite = Suite::choose(&args.paths, &args.filters, args.shard);
    let report = match report(args, &suite) {
        Ok(report) => report,
        Err(error) => return complain(&error),
    };
    args.output.write(&report, &|out, paint| summary::write_report(out, &report, paint), &|out, _| {
        json::write_report(out, &report)
    })
}

/// Runs a suite once.
fn report(args: &TestArgs, suite: &Suite) -> Result<Report, String> {
    let mut items: Vec<Item> = suite.missing_items().collect();
    let mut snapshots = Snapshots::new(args.accept);
    let is_over = |items: &[Item]| args.fail_fast && items.iter().any(|item| item.exit() != Exit::Passed);
    let mut ran = 0;
    if !is_over(&items) {
        let outcomes = run_all(&suite.files, args.jobs, args.fail_fast)?;
        for (path, outcome) in suite.files.iter().zip(outcomes) {
            // Up to the first that fails, all were run.
            let Some(outcome) = outcome else { break };
            items.push(judged(path, outcome.outcome, &mut snapshots));
            ran += 1;
            if is_over(&items) {
                break;
            }
        }
    }
    let selection = Selection { not_run: suite.files.len() - ran, ..suite.selection.clone() };
    Ok(Report {
        items,
        // Whoever saw a part cannot say to whom a snapshot belongs.
        notices: if ran == selection.found { snapshots.left_over(&args.paths) } else { Vec::new() },
        troubles: snapshots.troubles,
        selection: (!selection.words().is_empty()).then_some(selection),
    })
}
