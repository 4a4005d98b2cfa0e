//! Goal: a run of a sweep is the run that the scenario has under that seed, although its documents are read once and it is forked from a
//! run of another seed; and samples of plans go together. Method: every example scenario, both ways.

#[path = "support/scenarios.rs"]
mod scenarios;

use std::path::Path;

use greenroom::fleet::sweep::metric::{ALL, Metric};
use greenroom::fleet::sweep::row::Row;
use greenroom::fleet::sweep::tally::{pairs, summaries, tallies};
use greenroom::fleet::sweep::{Base, Prepared, Space, Vary, batch};
use greenroom::oracle::{Judge, Oracles};
use greenroom::rehearsal::{Observer, Options, rehearse};
use greenroom::scenario::load;
use rayon::prelude::*;
use scenarios::{names, root};

const SEEDS: [u64; 2] = [3, 1_000_003];

/// True of what takes too long to be run four times without optimisation.
fn is_large(file: &Path) -> bool {
    let nodes = load(file).map_or(0, |scenario| scenario.cluster.nodes.iter().map(|entry| entry.naming.count()).sum());
    nodes > 300
}

fn check(file: &Path) -> Result<(), String> {
    let Ok(scenario) = load(file) else { return Ok(()) };
    let about = |what: &str| format!("{}: {what}", file.display());
    let Ok(one) = Prepared::new(scenario.clone()) else { return Ok(()) };
    for seed in SEEDS {
        let mut seeded = scenario.clone();
        seeded.seed = seed;
        let other = Prepared::new(seeded).map_err(|_| about("is refused with another seed"))?;
        let outcome = one.run(seed);
        if outcome != other.run(seed) {
            return Err(about("a forked run is another than one that begins with its seed"));
        }
        let judge = Judge::new(&scenario).map_err(|_| about("no judge"))?;
        let oracles = Oracles::new(&scenario).map_err(|_| about("no oracles"))?;
        let mut observers: [Box<dyn Observer>; 2] = [Box::new(judge), Box::new(oracles)];
        let options = Options { seed: Some(seed), ..Options::default() };
        let run = rehearse(&scenario, options, &mut observers).map_err(|_| about("cannot be run"))?;
        if outcome.length_ns != run.ended_at.nanos() as i64
            || (outcome.exit != run.exit_code() && !greenroom::explore::is_asked_for(&scenario))
        {
            return Err(about(&format!("{outcome:?} is not what a run gives: {} {}", run.ended_at, run.exit_code())));
        }
    }
    Ok(())
}

#[test]
fn a_run_of_a_sweep_is_the_run_of_its_seed() {
    let file = |name: String| root().join("scenarios").join(name).join("scenario.yaml");
    let files: Vec<_> = names().into_iter().map(file).filter(|file| !is_large(file)).collect();
    assert!(files.len() > 50, "the scenarios were not found");
    let wrong: Vec<String> = files.par_iter().filter_map(|file| check(file).err()).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn swept(samples: u64) -> (Space, Vec<Row>) {
    let base = Base::load(Path::new("scenarios/llama-stack/scenario.yaml")).expect("a scenario");
    let vary = Vary::parse("cluster.nodes[cpu].count=1,2").expect("a parameter");
    let space = Space::new(vec![vary], samples, 7).expect("a space");
    let plans = batch::prepare(&base, &space).expect("plans");
    let mut rows = Vec::new();
    batch::run(&plans, (0..space.runs()).map(|id| space.run(id)), &mut |row| {
        rows.push(row);
        true
    });
    (space, rows)
}

/// A node that nobody needs changes nothing: each sample of one plan is its twin's, to the nanosecond.
#[test]
fn plans_under_one_seed_meet_the_same_times() {
    let (space, rows) = swept(30);
    let pairs = pairs(&rows, space.plans(), 0, 1, Metric::TimeToReady);
    assert_eq!((pairs.differences.count(), pairs.differences.hits(|difference| difference != 0)), (30, 0));
    let distinct = tallies(&rows, 2)[0].summary(Metric::TimeToReady).values().count();
    // Its control plane looks every ten seconds, so that many samples are alike.
    assert!(distinct > 4, "samples differ: {distinct} different values of 30");
}

/// Summaries of parts are the summary of the whole, and a line is read back as the run that it is.
#[test]
fn parts_add_up() {
    let (space, rows) = swept(20);
    let (head, tail) = rows.split_at(13);
    for (_, metric, _) in ALL {
        let mut merged = summaries(tail, space.plans(), metric);
        merged.iter_mut().zip(summaries(head, space.plans(), metric)).for_each(|(one, other)| one.merge(&other));
        let whole = tallies(&rows, space.plans());
        assert_eq!(merged, whole.iter().map(|tally| tally.summary(metric)).collect::<Vec<_>>());
    }
    for row in &rows {
        assert_eq!(Row::read(row.line().trim_end()).as_ref(), Ok(row));
    }
}

/// Whoever gets the rows gets them in their order, and none once it has said that it does not go on.
#[test]
fn rows_come_in_order_until_nobody_wants_more() {
    let base = Base::load(Path::new("scenarios/llama-stack/scenario.yaml")).expect("a scenario");
    let space = Space::new(Vec::new(), 500, 7).expect("a space");
    let plans = batch::prepare(&base, &space).expect("plans");
    let pool = rayon::ThreadPoolBuilder::new().num_threads(8).build().expect("threads");
    let mut came = Vec::new();
    pool.install(|| {
        batch::run(&plans, (0..space.runs()).map(|id| space.run(id)), &mut |row| {
            came.push(row.run);
            came.len() < 200
        });
    });
    assert_eq!(came, (0..200).collect::<Vec<u64>>());
}
