//! The published experiments of FGD (hkust-adsl/kubernetes-scheduler-simulator, experiments/): their traces, the order in which pods
//! came, and what the authors published. They are not part of this repository: a folder holds them, with `corpus/openb` and
//! `golden/fgd` in it.

#![allow(dead_code, reason = "each user takes its part")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use greenroom::fleet::demand::Trace;
use greenroom::fleet::inventory::{Fleet, ModelSet};
use greenroom::fleet::placement::{Policy, Typical};
use greenroom::fleet::read::{Columns, Table, Times, read_nodes, read_order, read_pods};
use greenroom::fleet::replay::{Order, Outcome};

/// The policies by the names of the published tables.
pub const POLICIES: [(&str, &str, Policy); 6] = [
    ("01-Random", "Random", Policy::Random),
    ("02-DotProd", "DotProd", Policy::DotProduct),
    ("03-GpuClustering", "GpuClustering", Policy::GpuClustering),
    ("04-GpuPacking", "GpuPacking", Policy::GpuPacking),
    ("05-BestFit", "BestFit", Policy::BestFit),
    ("06-FGD", "FGD", Policy::Fgd),
];

/// A trace with all that its experiments need.
pub struct Workload {
    /// Its name, as in `openb_pod_list_default`.
    pub name: String,
    /// The nodes.
    pub fleet: Fleet,
    /// The pods.
    pub trace: Trace,
    /// The usual pods.
    pub typical: Typical,
    /// Who came when, by seed.
    pub orders: BTreeMap<u64, Order>,
}

/// What is known of all experiments, by trace, policy and seed.
pub struct Published {
    allocation: BTreeMap<(String, String, u64), Vec<i32>>,
    fragmentation: BTreeMap<(String, String, u64), Vec<i32>>,
    counts: BTreeMap<(String, String, u64), EndState>,
}

/// How an experiment ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct EndState {
    /// Pods that came.
    pub pods: u64,
    /// Pods that were placed.
    pub placed: u64,
    /// Pods that no node took.
    pub failed: u64,
    /// Thousandths of GPUs in use.
    pub used_gpu_milli: u64,
    /// Thousandths of GPUs that were asked for.
    pub arrived_gpu_milli: u64,
}

/// How an experiment compares.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct Agreement {
    /// Points of the allocation curve that are the same.
    pub allocation: usize,
    /// Points of the fragmentation curve that are the same.
    pub fragmentation: usize,
    /// Points of a curve.
    pub points: usize,
    /// True if the end state is the same; of Random none is known.
    pub end_state: Option<bool>,
}

impl Agreement {
    /// True if everything agrees.
    pub fn is_whole(&self) -> bool {
        self.allocation == self.points && self.fragmentation == self.points && self.end_state != Some(false)
    }
}

fn bytes(path: &Path) -> Vec<u8> {
    std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The names of all workloads.
pub fn names(shared: &Path) -> Vec<String> {
    let folder = shared.join("golden/fgd/arrivals");
    let files = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let name = |file: PathBuf| file.file_name()?.to_str()?.strip_suffix(".json.gz").map(String::from);
    let mut names: Vec<String> = files.flatten().filter_map(|file| name(file.path())).collect();
    names.sort();
    assert!(!names.is_empty(), "no workloads in {}", folder.display());
    names
}

/// A workload by its short name, as in `default`.
pub fn workload(shared: &Path, short: &str) -> Workload {
    let name = format!("openb_pod_list_{short}");
    let openb = shared.join("corpus/openb");
    let table = |file: &str| match Table::open(file, bytes(&openb.join(file))) {
        Ok(table) => table,
        Err(problem) => panic!("{problem:?}"),
    };
    let columns = Columns::default();
    let mut fleet = read_nodes(&table("openb_node_list_gpu_node.csv"), &columns).expect("the nodes are well");
    let pods = table(&format!("{name}.csv"));
    // Some of the published pods fit nowhere: that is a part of the experiments.
    let (trace, _) = read_pods(&pods, &columns, &mut fleet, &name, Times::Ignored).expect("the pods are well");
    let typical = Typical::of(&trace);
    let file = shared.join(format!("golden/fgd/arrivals/{short}.json.gz"));
    let orders = read_order(short, &bytes(&file), &fleet, &trace).expect("the order is well");
    assert!(fleet.kinds.iter().all(|kind| kind.model != ModelSet::ANY), "every node has a model");
    Workload { name, fleet, trace, typical, orders }
}

/// All that was published.
pub fn published(shared: &Path) -> Published {
    let folder = shared.join("golden/fgd");
    let text = |file: &str| String::from_utf8(bytes(&folder.join(file))).expect("UTF-8");
    let counts = text("final_counts.csv");
    let counts = counts.lines().skip(1).map(|line| {
        let cells: Vec<&str> = line.split(',').collect();
        let number = |at: usize| cells[at].parse().expect("a number");
        let end = EndState {
            pods: number(3),
            placed: number(4),
            failed: number(5),
            used_gpu_milli: number(6),
            arrived_gpu_milli: number(8),
        };
        ((cells[0].to_owned(), cells[1].to_owned(), number(2)), end)
    });
    Published {
        allocation: curves(&text("allocation_curves.csv")),
        fragmentation: curves(&text("fragmentation_curves.csv")),
        counts: counts.collect(),
    }
}

/// A table of curves in hundredths: columns with names first, then one for each percent from 0.
fn curves(text: &str) -> BTreeMap<(String, String, u64), Vec<i32>> {
    let header: Vec<&str> = text.lines().next().expect("a header").split(',').collect();
    let first = header.iter().position(|name| *name == "0").expect("a column for 0 percent");
    let seed = header.iter().position(|name| *name == "seed").expect("a column for the seed");
    let row = |line: &str| {
        let cells: Vec<&str> = line.split(',').collect();
        let points = cells[first..].iter().map(|cell| hundredths(cell)).collect();
        ((cells[0].to_owned(), cells[1].to_owned(), cells[seed].parse().expect("a seed")), points)
    };
    text.lines().skip(1).map(row).collect()
}

/// `12.3` as 1230.
fn hundredths(text: &str) -> i32 {
    let (whole, rest) = text.split_once('.').unwrap_or((text, ""));
    let rest = format!("{rest:0<2}");
    assert_eq!(rest.len(), 2, "{text}: more than two digits");
    whole.parse::<i32>().expect("a number") * 100 + rest.parse::<i32>().expect("a number")
}

impl Published {
    /// The published allocation of an experiment, in hundredths of a percent.
    pub fn allocation(&self, trace: &str, policy: Policy, seed: u64) -> &[i32] {
        let (curve, ..) = POLICIES.iter().find(|(.., known)| *known == policy).expect("a published policy");
        &self.allocation[&(trace.to_owned(), (*curve).to_owned(), seed)]
    }

    /// How an outcome compares with what was published.
    pub fn compare(&self, outcome: &Outcome) -> Agreement {
        let (curve, count, _) =
            POLICIES.iter().find(|(.., known)| *known == outcome.policy).expect("a published policy");
        let key = (outcome.trace.clone(), (*curve).to_owned(), outcome.seed);
        let (allocation, fragmentation) = (&self.allocation[&key], &self.fragmentation[&key]);
        let ours = |at: usize| outcome.curve.iter().find(|point| point.arrived_percent as usize == at);
        let same = |published: &[i32], value: fn(&greenroom::fleet::replay::CurvePoint) -> i32| {
            published.iter().enumerate().filter(|(at, expected)| ours(*at).map(value) == Some(**expected)).count()
        };
        let end = EndState {
            pods: outcome.pods.arrived(),
            placed: outcome.pods.placed(),
            failed: outcome.pods.unplaced(),
            used_gpu_milli: outcome.used_gpu_milli,
            arrived_gpu_milli: outcome.pods.arrived_gpu_milli,
        };
        let known = self.counts.get(&(outcome.trace.clone(), (*count).to_owned(), outcome.seed));
        Agreement {
            allocation: same(allocation, |point| point.allocated),
            fragmentation: same(fragmentation, |point| point.fragmented),
            points: allocation.len(),
            end_state: known.map(|known| *known == end),
        }
    }
}
