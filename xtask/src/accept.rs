//! `cargo xtask accept`: what greenroom prints today becomes what the tests expect. The diff is for a reviewer to read.

use crate::shell;

/// Accepts the snapshots of all scenarios, then the texts that insta holds for unit and command-line tests, and what the
/// documents show.
pub fn run(args: &[String]) -> Result<(), String> {
    if !args.is_empty() {
        return Err("takes no arguments".into());
    }
    shell::run(&mut shell::cargo(&["run", "--release", "--", "test", "scenarios", "--accept"]))?;
    // `always` writes the accepted files directly, so that no tool of insta's has to be installed.
    let mut test = shell::cargo(&["test"]);
    shell::run(test.env("INSTA_UPDATE", "always").env("GREENROOM_DOCS", "write").env_remove("CI"))?;
    println!("accepted: read `git diff` before you commit");
    Ok(())
}
