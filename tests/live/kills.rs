//! Runs that end without a word, at any moment: a cleanup finds all that they left.

use std::time::Duration;

use greenroom::kernel::Streams;

use crate::ground::{alone, ground};
use crate::play::{Started, end, web};

const RUNS: u64 = 50;
/// As many as a small control plane bears.
const SIDE_BY_SIDE: usize = 5;
/// Kills come between the first call and the time at which pods have been ready for a while.
const KILLED_WITHIN_MS: u64 = 9_000;

#[test]
fn nothing_is_left_of_runs_that_are_killed() {
    let Some(ground) = ground() else { return };
    let _alone = alone();
    let scenario = web(
        "10m",
        "actions: [ { at: 4s, apply: web-v2.yaml } ]\nfaults: [ { name: drain, at: 6s, drain: { node: cpu-0 } } ]",
    );
    let streams = Streams::new(7);
    let mut runs = Vec::new();
    let mut made_something = 0;
    let waits: Vec<u64> =
        (0..RUNS).map(|ordinal| streams.stream("kill", "run", ordinal).below(KILLED_WITHIN_MS)).collect();
    for waits in waits.chunks(SIDE_BY_SIDE) {
        let started: Vec<Started> = waits.iter().map(|_| ground.start(&scenario, &[])).collect();
        std::thread::scope(|scope| {
            for (started, wait) in started.into_iter().zip(waits) {
                runs.push(started.run.clone());
                scope.spawn(move || {
                    std::thread::sleep(Duration::from_millis(*wait));
                    started.signal("KILL");
                    assert_eq!(started.end().code, None, "it was to be killed");
                });
            }
        });
        made_something += runs.iter().rev().take(waits.len()).filter(|run| !ground.with(run).is_empty()).count();
        if runs.len() % 10 == 0 {
            // Leftovers of several runs at once, and not so many that the machine is slow.
            end(&mut ground.greenroom("cleanup")).expect(0, &[]);
        }
    }
    assert!(made_something > RUNS as usize / 2, "most of these runs were killed before they made anything");
    end(&mut ground.greenroom("cleanup")).expect(0, &["nothing is left of any run"]);
    runs.iter().for_each(|run| ground.expect_nothing_of(run));
}
