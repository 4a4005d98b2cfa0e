//! Pools that grow and shrink, through the cluster's own doors.
//!
//! Goal: the pool that suits the pods grows, no further than its bound, and a node goes only if its pods may and can go
//! elsewhere. Method: pools of unlike nodes beside a small fleet, the timeline as lines.

mod bench;

use bench::{Bench, deployment, seconds, template};
use greenroom::cluster::{Expander, NodeSpec, Provider, Settings};
use greenroom::kernel::{Distribution, Duration, Name};
use greenroom::workload::policy::{BudgetBound, BudgetSpec};
use greenroom::workload::{IntOrPercent, LabelSelector, Object, Resources};

/// A pool of nodes with so much CPU and memory, which come after three minutes.
fn pool(bench: &mut Bench, name: &str, cpu: u64, gibibytes: u64, bounds: [u32; 2]) {
    let name = bench.cluster.intern(name);
    let text = bench.cluster_text(name);
    let allocatable = Resources { cpu_milli: cpu * 1000, memory_bytes: gibibytes << 30, ..Resources::default() };
    let labels = [("greenroom.dev/pool".to_owned(), text)].into();
    let spec = NodeSpec { labels, ..NodeSpec::new(Name::plain(name), allocatable) };
    bench.cluster.add_node_group(spec, 0, bounds, bench.cause);
}

fn empty_fleet() -> Bench {
    let three_minutes = Distribution::Constant(seconds(180));
    let provider = Provider { provisioning: three_minutes, ..Provider::default() };
    Bench::bare(Settings { provider, ..Settings::new(1) })
}

fn asking(cpu: u64, gibibytes: u64) -> greenroom::workload::PodTemplate {
    let mut pods = template(seconds(1));
    let requests = Resources { cpu_milli: cpu * 1000, memory_bytes: gibibytes << 30, ..Resources::default() };
    pods.containers[0].requests = requests;
    pods
}

fn grown(bench: &Bench) -> Vec<String> {
    bench.story_from(Duration::ZERO).into_iter().filter(|line| line.contains(" Growing ")).collect()
}

#[test]
fn the_pool_that_wastes_least_grows_up_to_its_bound() {
    let told = |expander| {
        let mut bench = empty_fleet();
        bench.cluster.set_expander(expander);
        pool(&mut bench, "large", 64, 256, [0, 3]);
        pool(&mut bench, "small", 4, 16, [0, 3]);
        bench.apply("Deployment/web", deployment(4, asking(3, 12)));
        bench.run(seconds(600));
        grown(&bench)
    };
    // One large node would take all four; small ones would be three quarters full, and there may be three of them.
    let least = told(Expander::LeastWaste);
    assert_eq!(least[0], "00:00:10.000 NodePool/small Growing 0 to 3 nodes, for 3 pods without room");
    assert_eq!(least[1], "00:00:20.000 NodePool/large Growing 0 to 1 nodes, for 1 pods without room");
    assert_eq!(told(Expander::First), ["00:00:10.000 NodePool/large Growing 0 to 1 nodes, for 4 pods without room"]);
}

#[test]
fn pods_that_no_pool_could_take_make_none_grow() {
    let mut bench = empty_fleet();
    pool(&mut bench, "small", 4, 16, [0, 3]);
    bench.apply("Deployment/web", deployment(1, asking(8, 8)));
    bench.run(seconds(600));
    assert!(grown(&bench).is_empty());
}

#[test]
fn a_node_goes_once_its_pods_may_leave_it_and_have_room_elsewhere() {
    let removed = |allowed| {
        let mut bench = empty_fleet();
        pool(&mut bench, "small", 4, 16, [0, 3]);
        bench.apply("Deployment/web", deployment(4, asking(2, 4)));
        let selector = Some(LabelSelector::labels([("app".to_owned(), "web".to_owned())].into()));
        let bound = BudgetBound::MaxUnavailable(IntOrPercent::Int(allowed));
        let budget = BudgetSpec { selector, bound, always_evicts_unready: false };
        bench.apply("PodDisruptionBudget/web", Object::PodDisruptionBudget(budget));
        bench.run(seconds(1000));
        // Two pods of two CPUs a node; of the two that are left one sits alone on each node, or both on one.
        bench.apply("Deployment/web", deployment(1, asking(2, 4)));
        bench.run(seconds(4000));
        let story = bench.story_since(seconds(1000));
        story.iter().filter(|line| line.contains(" Removed")).count()
    };
    assert_eq!(removed(1), 1);
    assert_eq!(removed(0), 1, "the node that is empty goes whatever the budget says");
}
