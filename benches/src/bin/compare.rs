//! Measures greenroom beside its peers and prints one table: `cargo xtask bench`. `--quick` measures less; each
//! `--row WHAT FIGURE RATIO` adds a line that was measured elsewhere. `--rollout PODS` plays one rolling update of so many
//! pods instead and reads no clock: for a profiler.
//! Both sides of a ratio run in turns in this process, and the processor time of the thread is what counts, so that
//! other programs on the machine disturb as little as possible. Every figure is a median.

use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

use greenroom::kernel::{Distribution, Duration, Streams};
use greenroom_benches::clock::measured;
use greenroom_benches::fork::{Watchers, end, halfway, llama_stack, searching, start};
use greenroom_benches::gangs::{self, Gangs};
use greenroom_benches::graphs::{self, Graphs};
use greenroom_benches::hold::Hold;
use greenroom_benches::peer::Peer;
use greenroom_benches::plan::plan;
use greenroom_benches::rollout::rollout;
use greenroom_benches::scheduling::{Asks, place};
use greenroom_benches::table::{Table, median, shown};
use greenroom_benches::workload::Delays;
use greenroom_benches::workloads::{Workload, play};

/// How much is measured.
struct Effort {
    rounds: usize,
    events: u64,
    /// Runs of a search.
    runs: u64,
}

fn main() -> ExitCode {
    let mut effort = Effort { rounds: 11, events: 500_000, runs: 4_000 };
    let mut elsewhere = Table::default();
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        let mut cell = || args.next().unwrap_or_default();
        match arg.as_str() {
            "--quick" => effort = Effort { rounds: 3, events: 100_000, runs: 1_000 },
            "--rollout" => {
                let Ok(pods) = cell().parse() else {
                    eprintln!("--rollout needs a number of pods");
                    return ExitCode::from(2);
                };
                println!("{} events", black_box(rollout(pods)).events());
                return ExitCode::SUCCESS;
            }
            "--row" => elsewhere.add_ratio(cell(), cell(), cell()),
            _ => {
                eprintln!("no argument `{arg}`; usage: compare [--quick] [--rollout PODS] [--row WHAT FIGURE RATIO]…");
                return ExitCode::from(2);
            }
        }
    }
    print!("{}", measure(&effort, elsewhere));
    ExitCode::SUCCESS
}

/// The whole table; what was measured elsewhere comes last.
fn measure(effort: &Effort, elsewhere: Table) -> Table {
    let mut table = Table::default();
    for delays in [Delays::Exponential, Delays::Mixed, Delays::Grid, Delays::HalfNow] {
        for entities in [1_000, 10_000, 100_000] {
            hold(&mut table, effort, entities, delays);
        }
    }
    rollouts(&mut table, effort);
    workloads(&mut table, effort);
    fork(&mut table, effort);
    forks(&mut table, effort);
    searched(&mut table, effort);
    explored(&mut table, effort);
    draws(&mut table, effort);
    placements(&mut table, effort);
    groups(&mut table, effort);
    dynamo(&mut table, effort);
    plans(&mut table, effort);
    start_to_end(&mut table, effort);
    table.append(elsewhere);
    table
}

/// The kernel against the core of DSLab.
fn hold(table: &mut Table, effort: &Effort, entities: u32, delays: Delays) {
    let (mut own, mut peer) = (Hold::new(entities, delays), Peer::new(entities, delays));
    own.run(4 * u64::from(entities));
    peer.run(4 * u64::from(entities));
    let (own_nanos, ratio) = alternate(effort, || own.run(effort.events), || peer.run(effort.events));
    let what = match delays {
        Delays::Exponential => "exponential delays",
        Delays::Mixed => "delays from ms to hours",
        Delays::Grid => "whole seconds, many at once",
        Delays::HalfNow => "every other event at once",
    };
    let figure = format!("{} ns an event", shown(own_nanos / effort.events as f64));
    let peer = format!("{}x as fast as simcore", shown(ratio));
    table.add_ratio(format!("hold model, {entities} entities, {what}"), figure, peer);
}

/// Runs both in turns; gives the median time of `own` in nanoseconds, and the median of how much longer `peer` took.
fn alternate(effort: &Effort, mut own: impl FnMut(), mut peer: impl FnMut()) -> (f64, f64) {
    let mut own_nanos = Vec::new();
    let mut ratios = Vec::new();
    for round in 0..effort.rounds {
        // The one that goes second finds the processor warm, so they take turns in that too.
        let (own_time, peer_time) = if round % 2 == 0 {
            let own_time = measured(&mut own);
            (own_time, measured(&mut peer))
        } else {
            let peer_time = measured(&mut peer);
            (measured(&mut own), peer_time)
        };
        own_nanos.push(own_time.as_nanos() as f64);
        ratios.push(peer_time.as_secs_f64() / own_time.as_secs_f64());
    }
    (median(own_nanos), median(ratios))
}

/// The whole cluster model: pods come up, then a rolling update replaces them all. So two pods are made for each.
fn rollouts(table: &mut Table, effort: &Effort) {
    let mut smallest = None;
    for pods in [1_000, 10_000, 100_000] {
        let rounds = if pods < 100_000 { effort.rounds } else { effort.rounds.min(3) };
        let mut events = 0;
        let mut time = || measured(|| events = black_box(rollout(pods)).events()).as_secs_f64();
        let seconds = median((0..rounds).map(|_| time()).collect());
        let (rate, pod_micros) = (events as f64 / seconds, seconds * 1e6 / f64::from(2 * pods));
        let growth = pod_micros / *smallest.get_or_insert(pod_micros);
        let figure = format!("{} M events/s, {} ns an event", shown(rate / 1e6), shown(1e9 / rate));
        table.add(format!("rolling update of {pods} pods"), figure);
        let figure = format!("{} us a pod", shown(pod_micros));
        table.add_ratio(format!("rolling update of {pods} pods"), figure, format!("{growth:.2}x that of 1000"));
        if let Some(mebibytes) = peak_mebibytes() {
            table.add(format!("most memory of this process so far, after {pods} pods"), format!("{mebibytes} MiB"));
        }
    }
}

/// A plan, from the texts of its manifests to its findings: wall-clock time, because its seeds are run side by side.
fn plans(table: &mut Table, effort: &Effort) {
    for seeds in [1, 20] {
        let time = || {
            let start = Instant::now();
            assert!(black_box(plan(200, 1_000, seeds)).course.took().is_some(), "the rollout finishes");
            start.elapsed().as_secs_f64()
        };
        let seconds = median((0..effort.rounds.min(5)).map(|_| time()).collect());
        let what = if seeds == 1 { "1 seed".to_owned() } else { format!("{seeds} seeds") };
        let what = format!("plan of 200 manifests on 1000 nodes, {what}, wall clock");
        table.add(what, format!("{} ms", shown(seconds * 1e3)));
    }
}

/// What the other workload controllers cost.
fn workloads(table: &mut Table, effort: &Effort) {
    for workload in Workload::ALL {
        let mut smallest = None;
        for pods in [1_000, 10_000] {
            let time = || measured(|| _ = black_box(play(workload, pods))).as_secs_f64();
            let seconds = median((0..effort.rounds.min(3)).map(|_| time()).collect());
            let pod_micros = seconds * 1e6 / f64::from(workload.pods_made() * pods);
            let growth = pod_micros / *smallest.get_or_insert(pod_micros);
            let what = format!("{} of {pods} pods", workload.describe());
            table.add_ratio(what, format!("{} us a pod", shown(pod_micros)), format!("{growth:.2}x that of 1000"));
        }
    }
}

/// The most memory that this process ever had, where the system tells.
fn peak_mebibytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kibibytes / 1024)
}

/// What a copy of a simulation that goes on from here costs.
fn fork(table: &mut Table, effort: &Effort) {
    let mut own = Hold::new(10_000, Delays::Mixed);
    own.run(40_000);
    let time = || measured(|| (0..100).for_each(|_| drop(black_box(own.clone())))).as_nanos() as f64 / 100.0;
    let nanos = median((0..effort.rounds).map(|_| time()).collect());
    table.add("fork of a hold model of 10000 entities", format!("{} us", shown(nanos / 1e3)));
}

/// What a fork of a fleet in the middle of its rolling update costs, beside a copy of all of it, and with what it copies as it
/// goes on.
fn forks(table: &mut Table, effort: &Effort) {
    const STEPS: usize = 100;
    for pods in [1_000, 10_000] {
        let what = |what: &str| format!("{what}, rolling update of {pods} pods");
        let whole = halfway(pods);
        let (mut run, mut origin) = (whole.clone(), whole.clone());
        let middle = |mut time: Box<dyn FnMut() -> std::time::Duration + '_>| {
            median((0..effort.rounds * 5).map(|_| time().as_nanos() as f64).collect())
        };
        let copied = middle(Box::new(|| measured(|| _ = black_box(whole.clone()))));
        // The origin goes on between two forks, as in a search, so that each fork freezes what was written to since the last.
        let forked = middle(Box::new(|| {
            run.step(&mut []);
            let mut fork = None;
            let time = measured(|| fork = Some(run.fork()));
            drop(black_box(fork));
            time
        }));
        let begun = middle(Box::new(|| {
            let mut fork = origin.fork();
            measured(|| (0..STEPS).for_each(|_| _ = black_box(fork.step(&mut []))))
        }));
        let plain = middle(Box::new(|| {
            let mut copy = whole.clone();
            measured(|| (0..STEPS).for_each(|_| _ = black_box(copy.step(&mut []))))
        }));
        let few = Effort { rounds: effort.rounds.min(5), ..*effort };
        let (rest, ratio) = alternate(&few, || _ = black_box(end(origin.fork())), || _ = black_box(end(whole.clone())));
        let micros = |nanos: f64| format!("{} us", shown(nanos / 1e3));
        table.add(what("copy of a run"), micros(copied));
        table.add_ratio(what("fork of a run"), micros(forked), format!("a copy takes {:.0}x", copied / forked));
        let peer = format!("{} of a copy", micros(plain));
        table.add_ratio(what(&format!("the first {STEPS} steps of a fork")), micros(begun), peer);
        let peer = format!("a copy and the rest take {ratio:.2}x");
        table.add_ratio(what("fork of a run, and the rest of it"), format!("{} ms", shown(rest / 1e6)), peer);
    }
}

/// How often a search can play a small scenario on one core, judged by its expectations and all built-in oracles: from its
/// documents each time, and from forks of the run before its first step.
fn searched(table: &mut Table, effort: &Effort) {
    const RUNS: usize = 100;
    let scenario = llama_stack();
    let (watchers, mut ready) = (Watchers::of(&scenario), start(&scenario));
    let whole = || (0..RUNS).for_each(|_| _ = black_box(watchers.clone().judge(start(&scenario))));
    let forks = || (0..RUNS).for_each(|_| _ = black_box(watchers.clone().judge(ready.fork())));
    let (forked, ratio) = alternate(effort, forks, whole);
    let rate = |nanos: f64| format!("{} runs/s", shown(RUNS as f64 * 1e9 / nanos));
    table.add("runs of scenarios/llama-stack, from its documents", rate(forked * ratio));
    let peer = format!("{ratio:.2}x those from documents");
    table.add_ratio("runs of scenarios/llama-stack, from forks at the start", rate(forked), peer);
}

/// How many runs a search makes on one core, from its reading of the documents to its last group: forks at decision points, each with
/// its faults and actions, judged by the oracles and compared with the run without them.
fn explored(table: &mut Table, effort: &Effort) {
    let runs = effort.runs;
    let time = || searching(|search| measured(|| assert_eq!(search(runs), runs, "nothing is left to search")));
    let seconds = median((0..effort.rounds.min(5)).map(|_| time().as_secs_f64()).collect());
    let figure = format!("{} runs/s", shown(runs as f64 / seconds));
    table.add(format!("search of scenarios/llama-stack/plain.yaml, {runs} runs on one thread"), figure);
}

/// What a random length under its own name costs.
fn draws(table: &mut Table, effort: &Effort) {
    const DRAWS: u64 = 10_000;
    let streams = Streams::new(7);
    let length = Distribution::Normal {
        mean: Duration::from_secs(240),
        deviation: Duration::from_secs(30),
        min: Duration::from_secs(120),
        max: Distribution::MAX,
    };
    let draw = |ordinal| length.sample(&mut streams.stream("start", "Pod/vllm-r1-0", ordinal));
    let time = || measured(|| (0..DRAWS).for_each(|ordinal| _ = black_box(draw(ordinal)))).as_nanos() as f64;
    let nanos = median((0..effort.rounds).map(|_| time()).collect());
    table.add("a stream by name and one normal draw", format!("{} ns", shown(nanos / DRAWS as f64)));
}

/// Pods that come up one a node, beside plain ones.
fn placements(table: &mut Table, effort: &Effort) {
    for nodes in [100, 1_000] {
        let mut plain = None;
        for asks in Asks::ALL {
            let time = || measured(|| _ = black_box(place(asks, nodes))).as_secs_f64();
            let seconds = median((0..effort.rounds.min(3)).map(|_| time()).collect());
            let pod_micros = seconds * 1e6 / f64::from(nodes);
            let growth = pod_micros / *plain.get_or_insert(pod_micros);
            let what = format!("{} on {nodes} nodes", asks.describe());
            table.add_ratio(what, format!("{} us a pod", shown(pod_micros)), format!("{growth:.2}x plain ones"));
        }
    }
}

/// Groups that are placed together by a batch scheduler, from their first pod to their last.
fn groups(table: &mut Table, effort: &Effort) {
    for group in Gangs::ALL {
        let time = || measured(|| _ = black_box(gangs::play(group))).as_secs_f64();
        let seconds = median((0..effort.rounds.min(3)).map(|_| time()).collect());
        table.add(group.describe(), format!("{} ms", shown(seconds * 1e3)));
    }
}

/// Graphs of Dynamo, from the text of their document on.
fn dynamo(table: &mut Table, effort: &Effort) {
    let mut smallest: [Option<f64>; 2] = [None; 2];
    for fleet in Graphs::ALL {
        let entries = graphs::play(fleet).timeline.len();
        let time = || measured(|| _ = black_box(graphs::play(fleet))).as_secs_f64();
        let seconds = median((0..effort.rounds.min(3)).map(|_| time()).collect());
        let pod_micros = seconds * 1e6 / f64::from(fleet.pods());
        let figure = format!(
            "{} ms, {} us a pod, {} us an entry",
            shown(seconds * 1e3),
            shown(pod_micros),
            shown(seconds * 1e6 / entries as f64)
        );
        match fleet.count {
            1 => table.add(fleet.describe(), figure),
            _ => {
                let growth = pod_micros / *smallest[usize::from(fleet.grove)].get_or_insert(pod_micros);
                table.add_ratio(fleet.describe(), figure, format!("{growth:.2}x a pod of 50 graphs"));
            }
        }
    }
}

/// A whole process in wall-clock time, as a user waits for it. The release binary stands beside this one.
fn start_to_end(table: &mut Table, effort: &Effort) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."));
    let scenario = "scenarios/llama-stack/scenario.yaml";
    let Some(binary) = binary().filter(|_| root.join(scenario).is_file()) else {
        eprintln!("skipped `run` of {scenario}: it or the greenroom binary is not there (cargo build --release)");
        return;
    };
    let mut run = Command::new(binary);
    run.current_dir(root).args(["run", scenario]).stdout(Stdio::null()).stderr(Stdio::null());
    let mut millis = Vec::new();
    for _ in 0..effort.rounds * 3 {
        let start = Instant::now();
        match run.status() {
            Ok(status) if status.success() => millis.push(start.elapsed().as_secs_f64() * 1e3),
            Ok(status) => return eprintln!("skipped `run` of {scenario}: it ended with {status}"),
            Err(error) => return eprintln!("skipped `run` of {scenario}: failed to start it: {error}"),
        }
    }
    table.add(format!("greenroom run {scenario}, process start to end"), format!("{} ms", shown(median(millis))));
}

fn binary() -> Option<PathBuf> {
    let own = std::env::current_exe().ok()?;
    let binary = own.with_file_name(format!("greenroom{}", std::env::consts::EXE_SUFFIX));
    binary.is_file().then_some(binary)
}
