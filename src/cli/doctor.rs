//! `greenroom doctor`: whether a cluster will do for live runs.

use std::io::Write;

use clap::Args;

use super::cluster::ClusterArgs;
use super::output::to_stdout;
use crate::live::{Check, diagnose};
use crate::report::Exit;

/// Look whether a cluster will do for live runs: its version, the rights there, its nodes and GPUs, kwok.
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
    let checks = diagnose(&args.context, &args.cluster.options(None));
    let shown = to_stdout(&|out: &mut dyn Write, _| {
        for Check { what, found } in &checks {
            match found {
                Ok(found) => writeln!(out, "ok    {what}: {found}")?,
                Err(wrong) => writeln!(out, "fail  {what}: {wrong}")?,
            }
        }
        Ok(())
    });
    if checks.iter().any(|check| check.found.is_err()) { Exit::Environment } else { shown }
}
