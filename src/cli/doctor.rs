//! `greenroom doctor`: whether a cluster will do for live runs.

use std::io::Write;

use clap::Args;

use super::cluster::{ClusterArgs, StayArgs, notices};
use super::output::to_stdout;
use crate::live::{Check, Trouble, diagnose};
use crate::report::Exit;

/// Look whether a cluster will do for live runs: its version, the rights there, its nodes and GPUs, kwok.
///
/// With --fake-nodes a node is made for a moment, to see whether kwok plays it, and deleted again; everything else is only read.
#[derive(Args)]
pub struct DoctorArgs {
    /// The context of the kubeconfig.
    #[arg(long, value_name = "NAME")]
    context: String,
    #[command(flatten)]
    cluster: ClusterArgs,
}

/// Looks, and tells what was found.
pub fn doctor(args: &DoctorArgs) -> Exit {
    let checks = diagnose(&args.context, &args.cluster.options(&StayArgs::default(), None), notices());
    let shown = to_stdout(&|out: &mut dyn Write, _| {
        for Check { what, found } in &checks {
            match found {
                Ok(found) => writeln!(out, "ok    {what}: {found}")?,
                Err(wrong) => writeln!(out, "fail  {what}: {wrong}")?,
            }
        }
        Ok(())
    });
    let is_interrupted = |check: &Check| check.found == Err(Trouble::Interrupted);
    match checks.iter().find(|check| check.found.is_err()) {
        Some(_) if checks.iter().any(is_interrupted) => Exit::Interrupted,
        Some(_) => Exit::Environment,
        None => shown,
    }
}
