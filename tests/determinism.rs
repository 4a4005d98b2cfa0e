//! Goal: the same scenario, seed and version give the same bytes; every entry has a cause that leads to a line of the
//! scenario; no fault, seed or other scenario disturbs a run. Method: every scenario of scenarios/ through the command line.

use std::path::Path;
use std::process::Command;

use greenroom::kernel::Streams;
use greenroom::rehearsal::{Options, Rehearsal, simulated};
use greenroom::scenario::load;
use serde_json::Value;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A run of greenroom: its stdout.
fn greenroom(args: &[&str], threads: &str) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_greenroom"))
        .args(args)
        .current_dir(root())
        .env("RAYON_NUM_THREADS", threads)
        .output()
        .expect("greenroom starts");
    let printed = String::from_utf8(output.stdout).expect("greenroom prints UTF-8");
    assert!(!printed.is_empty(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    printed
}

/// The files of all scenarios, in the order of their names.
fn scenarios() -> Vec<String> {
    let entries = walkdir::WalkDir::new(root().join("scenarios")).sort_by_file_name();
    let paths = entries.into_iter().map(|entry| entry.expect("scenarios/ can be read").into_path());
    let files: Vec<String> = paths
        .filter(|path| path.ends_with("scenario.yaml"))
        .map(|path| path.strip_prefix(root()).expect("below the root").to_string_lossy().into_owned())
        .collect();
    assert!(files.len() >= 12, "the scenarios were not found: {files:?}");
    files
}

#[test]
fn twice_the_same_run_gives_the_same_bytes() {
    for file in scenarios() {
        let args = ["run", &file, "--format", "json"];
        assert_eq!(greenroom(&args, "1"), greenroom(&args, "1"), "{file}");
    }
}

#[test]
fn one_and_eight_threads_give_the_same_bytes() {
    for format in ["human", "json"] {
        let args = ["test", "scenarios", "--format", format];
        assert_eq!(greenroom(&args, "1"), greenroom(&args, "8"));
    }
}

#[test]
fn a_scenario_cut_in_two_equals_the_whole() {
    for file in scenarios() {
        let scenario = load(&root().join(&file)).expect("the scenarios are valid");
        let options = Options::default();
        let start = simulated(&scenario, scenario.seed).expect("the cluster can be made");
        let start = Rehearsal::new(&scenario, start, options).expect("the documents can be read");
        let mut whole = start.clone();
        let mut steps = 0;
        while whole.step(&mut []) {
            steps += 1;
        }
        let mut first = start;
        for _ in 0..steps / 2 {
            first.step(&mut []);
        }
        // What happens to the first half afterwards must not reach its clone.
        let mut second = first.clone();
        while first.step(&mut []) {}
        while second.step(&mut []) {}
        let [whole, first, second] = [whole, first, second].map(|run| run.finish(options, &mut []));
        for half in [&first, &second] {
            assert_eq!(half.timeline.digest(), whole.timeline.digest(), "{file}");
            assert_eq!(
                (half.ended_at, &half.ending, &half.unfired),
                (whole.ended_at, &whole.ending, &whole.unfired),
                "{file}"
            );
        }
    }
}

/// Forks of every scenario at points all over it, each of which goes on by turns with the run that it was taken from.
#[test]
fn forks_and_their_origin_come_to_the_same_end() {
    for file in scenarios() {
        let scenario = load(&root().join(&file)).expect("the scenarios are valid");
        let options = Options::default();
        let start = simulated(&scenario, scenario.seed).expect("the cluster can be made");
        let mut origin = Rehearsal::new(&scenario, start, options).expect("the documents can be read");
        let mut whole = origin.fork();
        let mut steps = 0;
        while whole.step(&mut []) {
            steps += 1;
        }
        let whole = whole.finish(options, &mut []);
        let mut forks = vec![origin.fork()];
        let mut draws = Streams::new(scenario.seed).stream("test", &file, 0);
        let mut points: Vec<u64> = (0..6).map(|_| draws.below(steps + 1)).collect();
        points.sort_unstable();
        let mut step = 0;
        loop {
            for _ in points.iter().filter(|point| **point == step) {
                forks.push(origin.fork());
            }
            step += 1;
            // Those that were forked long ago are ahead of their origin by now, and those of a moment ago behind it.
            for (number, fork) in forks.iter_mut().enumerate() {
                for _ in 0..number % 3 {
                    fork.step(&mut []);
                }
            }
            if !origin.step(&mut []) {
                break;
            }
        }
        assert_eq!(forks.len(), 7, "{file}");
        for mut fork in forks.into_iter().chain([origin]) {
            while fork.step(&mut []) {}
            let end = fork.finish(options, &mut []);
            assert_eq!(end.timeline.digest(), whole.timeline.digest(), "{file}");
            let whole = (whole.ended_at, &whole.ending, &whole.unfired, &whole.notices);
            assert_eq!((end.ended_at, &end.ending, &end.unfired, &end.notices), whole, "{file}");
        }
    }
}

#[test]
fn another_seed_gives_another_run() {
    let digest = |seed| {
        let printed = greenroom(&["run", "scenarios/llama-stack/scenario.yaml", "--seed", seed], "1");
        printed.lines().find(|line| line.starts_with("digest ")).expect("a run ends with its digest").to_string()
    };
    assert_ne!(digest("1"), digest("2"), "the start of the model is drawn, so the digests differ");
}

#[test]
fn every_entry_has_a_cause_that_leads_to_a_line_of_the_scenario() {
    for file in scenarios() {
        let run: Value = serde_json::from_str(&greenroom(&["run", &file, "--format", "json"], "1")).expect("JSON");
        let entries = run["entries"].as_array().expect("a list of entries");
        let lines = run["lines"].as_array().expect("a list of lines").len() as u64;
        assert!(!entries.is_empty(), "{file}");
        for (index, entry) in entries.iter().enumerate() {
            let cause = &entry["cause"];
            // A cause that is an entry comes earlier, so that each chain ends; the first link that is none is a line.
            let sound = match (cause["entry"].as_u64(), cause["line"].as_u64()) {
                (Some(earlier), None) => earlier < index as u64,
                (None, Some(line)) => line < lines,
                _ => false,
            };
            assert!(sound, "{file}: entry {index} has the cause {cause}");
        }
        let times: Vec<u64> = entries.iter().filter_map(|entry| entry["at_ns"].as_u64()).collect();
        assert!(times.is_sorted() && times.len() == entries.len(), "{file}: the times are not in order");
    }
}
