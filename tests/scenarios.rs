//! Goal: every example under scenarios/ holds, and its timeline is the accepted one. Method: `greenroom test`, as in CI.
//! After a change that is meant, `cargo xtask accept` writes the new timelines.

use std::path::Path;
use std::process::Command;

fn greenroom(args: &[&str]) -> (Option<i32>, String) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let output = Command::new(env!("CARGO_BIN_EXE_greenroom")).args(args).current_dir(root).output();
    let output = output.expect("greenroom starts");
    let shown = String::from_utf8(output.stdout).expect("UTF-8") + &String::from_utf8_lossy(&output.stderr);
    (output.status.code(), shown)
}

#[test]
fn every_scenario_holds_and_is_as_accepted() {
    let (code, shown) = greenroom(&["test", "scenarios", "snapshots"]);
    assert_eq!(code, Some(0), "{shown}");
    assert!(!shown.contains("belongs to no scenario"), "{shown}");
}

#[test]
fn every_scenario_is_valid() {
    let (code, shown) = greenroom(&["check", "scenarios"]);
    assert_eq!(code, Some(0), "{shown}");
}
