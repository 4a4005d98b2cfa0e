//! `greenroom completions`: what a shell needs to complete commands.

use clap::{Args, CommandFactory as _};
use clap_complete::Shell;

use super::Cli;
use super::output::to_stdout;
use crate::report::Exit;

/// Show a script that lets a shell complete greenroom's commands.
#[derive(Args)]
pub struct CompletionsArgs {
    /// Which shell.
    shell: Shell,
}

/// Shows the script.
pub fn completions(args: &CompletionsArgs) -> Exit {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "greenroom", &mut script);
    to_stdout(&|out, _| out.write_all(&script))
}
