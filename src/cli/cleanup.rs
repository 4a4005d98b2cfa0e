//! `greenroom cleanup`: what runs left on a cluster.

use std::io::Write;

use clap::Args;

use super::cluster::{connected, failed};
use super::output::to_stdout;
use crate::live::{cleanup as clean, is_id};
use crate::report::Exit;

/// Remove what runs left on a cluster, and take back what they changed of its nodes.
///
/// Everything that a run makes carries the run's label; nothing without it is deleted.
#[derive(Args)]
pub struct CleanupArgs {
    /// The context of the kubeconfig.
    #[arg(long, value_name = "NAME")]
    context: String,
    /// Only what this run left. Without it: what any run left, those that are going on among them.
    #[arg(long, value_name = "ID")]
    run: Option<String>,
}

/// Cleans up.
pub fn cleanup(args: &CleanupArgs) -> Exit {
    if let Some(run) = args.run.as_deref().filter(|run| !is_id(run)) {
        return super::output::refuse(&format!(
            "`{run}` is no id of a run: it has seven lower-case consonants and digits"
        ));
    }
    let connection = match connected(&args.context) {
        Ok(connection) => connection,
        Err(exit) => return exit,
    };
    let cleaned = match clean(&connection, args.run.as_deref()) {
        Ok(cleaned) => cleaned,
        Err(trouble) => return failed(&trouble),
    };
    let shown = to_stdout(&|out: &mut dyn Write, _| {
        for done in &cleaned.done {
            writeln!(out, "cleaned  {done}")?;
        }
        for left in &cleaned.left {
            writeln!(out, "left     {left}")?;
        }
        match (cleaned.runs.len(), &args.run) {
            (0, None) => writeln!(out, "nothing is left of any run"),
            (0, Some(run)) => writeln!(out, "nothing is left of run {run}"),
            (count, _) => writeln!(out, "runs: {count}"),
        }
    });
    match (cleaned.left.is_empty(), shown) {
        (true, shown) => shown,
        (false, _) => Exit::Cleanup,
    }
}
