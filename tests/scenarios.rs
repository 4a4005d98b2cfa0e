//! Goal: every scenario passes, and its timeline is the accepted one. Method: what `greenroom test` says of scenarios/ in CI,
//! where a new or changed snapshot fails; `cargo xtask accept` accepts.

use std::process::Command;

#[test]
fn every_scenario_passes_against_its_snapshot() {
    let output = Command::new(env!("CARGO_BIN_EXE_greenroom"))
        .args(["test", "scenarios"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env("CI", "true")
        .output()
        .expect("greenroom starts");
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{said}");
    let passed = said.lines().filter(|line| line.starts_with("passed")).count();
    assert!(passed >= 12, "only {passed} scenarios ran:\n{said}");
}
