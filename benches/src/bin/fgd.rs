//! Replays the published experiments of FGD on all processors and prints how far they are met: `cargo xtask fgd`. Policies that draw
//! nothing must agree in every digit; Random is compared with the published means of its seeds, as its draws cannot be repeated.
//! `--scale TIMES THOUSANDTHS` replays the default trace once instead, on so many times the nodes, with the pods tuned to so many
//! thousandths of the GPUs, and prints what that took: a process each, so that its memory is its own.

#[path = "../../../tests/support/fgd.rs"]
mod fgd;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use fgd::{Agreement, POLICIES, Published, Workload, names, published, workload};
use greenroom::fleet::placement::{Policy, Typical};
use greenroom::fleet::replay::{Order, Outcome, Setting, Tune, replay_arrivals};
use greenroom_benches::clock::thread_time;
use rayon::prelude::*;

/// How far the mean of Random's seeds may be from the published mean, in hundredths of a percent of the fleet, at any point.
const RANDOM_MEAN_MAX: i32 = 60;

/// One replay with its processor time.
struct Replayed {
    outcome: Outcome,
    spent: Duration,
}

fn main() -> ExitCode {
    let Some(shared) = std::env::var_os("GREENROOM_SHARED").map(std::path::PathBuf::from) else {
        eprintln!("GREENROOM_SHARED is not set");
        return ExitCode::from(2);
    };
    let args: Vec<String> = std::env::args().skip(1).collect();
    if let [scale, times, thousandths] = args.as_slice() {
        let (Ok(times), Ok(thousandths), "--scale") = (times.parse(), thousandths.parse(), scale.as_str()) else {
            eprintln!("usage: fgd [--scale TIMES THOUSANDTHS]");
            return ExitCode::from(2);
        };
        print_scale(&workload(&shared, "default"), times, Tune(thousandths));
        return ExitCode::SUCCESS;
    }
    let begun = Instant::now();
    let published = published(&shared);
    let works: Vec<Workload> = names(&shared).par_iter().map(|name| workload(&shared, name)).collect();
    println!("| trace | policy | seeds | end states | allocation points | fragmentation points | a replay |");
    println!("|---|---|---|---|---|---|---|");
    let mut all_agree = true;
    let mut experiments = 0;
    for work in &works {
        for (_, _, policy) in POLICIES {
            let replayed: Vec<Replayed> = work.orders.par_iter().map(|(seed, _)| replay(work, policy, *seed)).collect();
            experiments += replayed.len();
            all_agree &= row(work, policy, &replayed, &published);
        }
    }
    println!("\n{experiments} experiments in {:.1} s, wall clock", begun.elapsed().as_secs_f64());
    if all_agree { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Prints what one replay of FGD on a larger fleet takes.
fn print_scale(work: &Workload, times: u32, tune: Tune) {
    let (fleet, trace) = (work.fleet.times(times), work.trace.times(times));
    let typical = Typical::of(&trace);
    let order = Order::drawn(&fleet, &trace, 42, Some(tune));
    let mut spent: Vec<Duration> = (0..if times > 20 { 1 } else { 5 })
        .map(|_| {
            let begun = thread_time();
            replay_arrivals(&fleet, &trace, &typical, &order, Setting::new(Policy::Fgd, 42), &mut |_| {});
            thread_time().saturating_sub(begun)
        })
        .collect();
    spent.sort_unstable();
    let median = spent[spent.len() / 2].as_secs_f64();
    let (nodes, pods) = (fleet.nodes.len(), order.pods.len());
    println!(
        "| fgd, {nodes} nodes, {pods} pods | {:.1} ms | {:.2} us a pod | {} |",
        median * 1e3,
        median * 1e6 / pods as f64,
        peak()
    );
}

/// The most memory that this process had, where the system says so.
fn peak() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|rest| rest.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    kib.map_or_else(String::new, |kib| format!("{} MiB", kib / 1024))
}

fn replay(work: &Workload, policy: Policy, seed: u64) -> Replayed {
    let begun = thread_time();
    let (order, setting) = (&work.orders[&seed], Setting::new(policy, seed));
    let outcome = replay_arrivals(&work.fleet, &work.trace, &work.typical, order, setting, &mut |_| {});
    Replayed { outcome, spent: thread_time().saturating_sub(begun) }
}

/// Prints the line of a trace and a policy; true if it agrees.
fn row(work: &Workload, policy: Policy, replayed: &[Replayed], published: &Published) -> bool {
    let mut spent: Vec<Duration> = replayed.iter().map(|one| one.spent).collect();
    spent.sort_unstable();
    let (count, median) = (replayed.len(), spent[spent.len() / 2].as_secs_f64() * 1e3);
    let trace = work.name.trim_start_matches("openb_pod_list_");
    if policy == Policy::Random {
        let apart = random_apart(replayed, published);
        let within = apart <= RANDOM_MEAN_MAX;
        let word = if within { "in distribution" } else { "NOT in distribution" };
        println!(
            "| {trace} | {policy} | {count} | | {word}: means at most {}.{:02} points apart | | {median:.1} ms |",
            apart / 100,
            apart % 100
        );
        return within;
    }
    let each: Vec<Agreement> = replayed.iter().map(|one| published.compare(&one.outcome)).collect();
    let sum = |figure: fn(&Agreement) -> usize| each.iter().map(figure).sum::<usize>();
    let points = sum(|one| one.points);
    let ends = sum(|one| usize::from(one.end_state == Some(true)));
    println!(
        "| {trace} | {policy} | {count} | {ends} of {count} | {} of {points} | {} of {points} | {median:.1} ms |",
        sum(|one| one.allocation),
        sum(|one| one.fragmentation),
    );
    each.iter().all(Agreement::is_whole) && ends == count
}

/// How far the means over the seeds are apart at the worst point, in hundredths of a percent.
fn random_apart(replayed: &[Replayed], published: &Published) -> i32 {
    let count = replayed.len() as i32;
    let of = |one: &Replayed| published.allocation(&one.outcome.trace, Policy::Random, one.outcome.seed).to_vec();
    let theirs: Vec<Vec<i32>> = replayed.iter().map(of).collect();
    let points = theirs[0].len().min(replayed.iter().map(|one| one.outcome.curve.len()).min().unwrap_or(0));
    let apart = (0..points).map(|at| {
        let ours: i32 = replayed.iter().map(|one| one.outcome.curve[at].allocated).sum();
        let published: i32 = theirs.iter().map(|curve| curve[at]).sum();
        (ours / count - published / count).abs()
    });
    apart.max().unwrap_or(i32::MAX)
}
