//! The policies against the published experiments of FGD.
//!
//! Goal: end state, allocation curve and fragmentation curve of an experiment are the published ones to the last digit, and each single
//! placement of one run is that of the authors' simulator, node and GPUs. Method: the default trace in the published order, two seeds
//! under each policy that draws nothing. `cargo xtask fgd` compares all traces and seeds. The data is not part of this repository:
//! `GREENROOM_SHARED` names the folder that holds it, and without it the tests say that they were skipped.

#[path = "support/fgd.rs"]
mod fgd;

use std::io::Read as _;
use std::path::PathBuf;

use fgd::{POLICIES, published, workload};
use flate2::read::GzDecoder;
use greenroom::fleet::placement::Policy;
use greenroom::fleet::replay::{Setting, replay_arrivals};

fn shared() -> Option<PathBuf> {
    let shared = std::env::var_os("GREENROOM_SHARED").map(PathBuf::from);
    if shared.is_none() {
        println!("skipped: GREENROOM_SHARED is not set");
    }
    shared
}

#[test]
fn published_experiments_are_met_to_the_last_digit() {
    let Some(shared) = shared() else { return };
    let (published, work) = (published(&shared), workload(&shared, "default"));
    for seed in [42, 43] {
        for (_, _, policy) in POLICIES.iter().filter(|(.., policy)| *policy != Policy::Random) {
            let order = &work.orders[&seed];
            let setting = Setting::new(*policy, seed);
            let outcome = replay_arrivals(&work.fleet, &work.trace, &work.typical, order, setting, &mut |_| {});
            let agreement = published.compare(&outcome);
            assert!(agreement.is_whole(), "{policy}, seed {seed}: {agreement:?}");
            assert_eq!((agreement.points, agreement.end_state), (131, Some(true)), "{policy}, seed {seed}");
        }
    }
}

#[test]
fn every_placement_is_that_of_the_authors_simulator() {
    let Some(shared) = shared() else { return };
    let work = workload(&shared, "default");
    let file = shared.join("golden/fgd/placements_default_FGD_42.txt.gz");
    let packed = std::fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let mut text = String::new();
    GzDecoder::new(packed.as_slice()).read_to_string(&mut text).expect("the placements can be unpacked");
    let mut expected = text.lines();
    let mut compared = 0;
    let order = &work.orders[&42];
    let setting = Setting::new(Policy::Fgd, 42);
    replay_arrivals(&work.fleet, &work.trace, &work.typical, order, setting, &mut |decision| {
        let line = expected.next().expect("a line for each pod");
        let (pod, rest) = line.split_once(' ').expect("a pod and where it went");
        let pod = pod.split("-tuned-").next().expect("the name of the pod that was cloned");
        assert_eq!(&*work.trace.names[decision.pod as usize], pod, "line {compared}");
        let shown = decision.placed.map_or_else(
            || "FAIL".to_owned(),
            |(node, placement)| {
                let gpus: Vec<String> =
                    (0..16).filter(|at| placement.gpus >> at & 1 == 1).map(|at| at.to_string()).collect();
                format!("{:04}-{} [{}]", placement.place, work.fleet.nodes[node as usize].name, gpus.join(", "))
            },
        );
        assert_eq!(shown, rest, "line {compared}: {pod}");
        compared += 1;
    });
    assert_eq!((compared, expected.next()), (10_866, None));
}
