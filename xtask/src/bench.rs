//! `cargo xtask bench`: runs the benches of benches/.

use crate::shell;

/// Runs all benches; arguments go to cargo bench.
pub fn run(args: &[String]) -> Result<(), String> {
    let mut command = shell::cargo(&["bench", "--package", "greenroom-benches"]);
    command.args(args);
    shell::run(&mut command)
}
