//! Goal: the known steps from state to state are those that the scenarios of this repository take, no more and no fewer. Method: all
//! scenarios run. `GREENROOM_DOCS=write` writes the list anew.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use greenroom::rehearsal::{Options, rehearse};
use greenroom::scenario::load;
use greenroom::timeline::steps;

/// The file, from the top of the repository on.
const FILE: &str = "src/timeline/steps.txt";

#[test]
fn known_steps_are_those_of_the_scenarios() {
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut taken: BTreeSet<steps::Step> = BTreeSet::new();
    // Documents stand beside them, and are none.
    let files = walkdir::WalkDir::new(top.join("scenarios")).sort_by_file_name().into_iter();
    let files = files.map(|entry| entry.expect("scenarios/ can be read").into_path());
    for file in files.filter(|file| file.extension().is_some_and(|ending| ending == "yaml")) {
        let Ok(scenario) = load(&file) else { continue };
        let Ok(run) = rehearse(&scenario, Options::default(), &mut []) else { continue };
        taken.extend(steps::taken(&run.timeline, 0, &steps::States::new()));
    }
    let text: String = taken.iter().map(|(kind, from, to)| format!("{}\t{from}\t{to}\n", kind.text())).collect();
    if std::env::var_os("GREENROOM_DOCS").is_some() {
        fs::write(top.join(FILE), &text).expect("the file is written");
        return;
    }
    let there = fs::read_to_string(top.join(FILE)).expect("it is there");
    hold(&there, &text);
    for (kind, from, to) in taken {
        assert!(steps::known(kind).contains(&(from, to)), "{} {from} {to}", kind.text());
    }
}

/// Tells which lines are missing, and which are too much.
fn hold(there: &str, runs: &str) {
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<BTreeSet<String>>();
    let (there, runs) = (lines(there), lines(runs));
    let missing: Vec<&String> = runs.difference(&there).collect();
    let stale: Vec<&String> = there.difference(&runs).collect();
    assert!(
        missing.is_empty() && stale.is_empty(),
        "{FILE}: missing {missing:?}, taken by no scenario {stale:?}; GREENROOM_DOCS=write cargo test --test steps"
    );
}
