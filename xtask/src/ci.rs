//! `cargo xtask ci`: the checks of `.ci/run`, for those who look for them here.

use std::process::Command;

use crate::shell;

/// Runs `.ci/run`, which is a script so that it can also install what cargo lacks.
pub fn run(args: &[String]) -> Result<(), String> {
    if !args.is_empty() {
        return Err("takes no arguments".into());
    }
    shell::run(Command::new(shell::root().join(".ci/run")).current_dir(shell::root()))
}
