//! Goal: what 1Backend's page promises of updates holds in every run without faults: a rolling update keeps its bounds, a recreation
//! never has two revisions at once, and both end with the newest revision if there is room. Method: generated deployments,
//! fleets and changes, run to their end; the timeline is judged, not the code that made it.

use std::collections::BTreeMap;

use greenroom::kernel::{Duration, Time};
use greenroom::rehearsal::{Options, RunResult, rehearse};
use greenroom::scenario::{Documents, load_from};
use greenroom::text::Source;
use greenroom::timeline::{Cause, Kind};
use proptest::prelude::*;

/// When the first change comes.
const FIRST_CHANGE: Duration = Duration::from_secs(600);

/// A deployment and what is changed of it.
#[derive(Clone, Debug)]
struct Plan {
    nodes: u32,
    /// What each instance asks of the four cores of a node, in thousandths.
    cpu_milli: u32,
    replicas: u32,
    /// `None`: a recreation; else what may be missing and what may be too many.
    rolling: Option<(Option<u32>, Option<u32>)>,
    /// What each change makes of it: another image, another environment, or another size.
    changes: Vec<Change>,
    /// From the first change to the second, in seconds.
    gap: u32,
    seed: u32,
}

/// A change of what is saved.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Change {
    Image,
    Environment,
    Size(u32),
}

impl Plan {
    /// What may be missing and what may be too many, as the docs have it: where nothing is said 0 and 1, and never 0 of both.
    fn bounds(&self) -> (u32, u32) {
        let (unavailable, surge) = self.rolling.unwrap_or_default();
        match (unavailable.unwrap_or(0), surge.unwrap_or(1)) {
            (0, 0) => (1, 0),
            bounds => bounds,
        }
    }

    /// The sizes that were ever wanted.
    fn sizes(&self) -> Vec<u32> {
        let changed = self.changes.iter().filter_map(|change| match change {
            Change::Size(size) => Some(*size),
            _ => None,
        });
        std::iter::once(self.replicas).chain(changed).collect()
    }

    fn has_room(&self) -> bool {
        let most = self.sizes().into_iter().max().unwrap_or(0);
        // One that goes keeps its room until it is gone, and an update without surge waits for that.
        let needed = if self.rolling.is_some() { most + self.bounds().1.min(1) } else { most };
        4000 / self.cpu_milli * self.nodes >= needed
    }
}

fn plans() -> impl Strategy<Value = Plan> {
    let number = || proptest::option::of(0..4_u32);
    let rolling = proptest::option::weighted(0.8, (number(), number()));
    let change = prop_oneof![
        3 => Just(Change::Image),
        2 => Just(Change::Environment),
        2 => (1..9_u32).prop_map(Change::Size),
    ];
    let changes = prop::collection::vec(change, 1..3);
    (1..4_u32, prop::sample::select(vec![250, 500, 900, 1900]), 1..13_u32, rolling, changes, 5..400_u32, any::<u32>())
        .prop_map(|(nodes, cpu_milli, replicas, rolling, changes, gap, seed)| {
            // A recreation is told from its predecessor by when it began, so that it is the only one.
            let changes = if rolling.is_none() { vec![Change::Image] } else { changes };
            Plan { nodes, cpu_milli, replicas, rolling, changes, gap, seed }
        })
}

/// The files: `first.yaml`, and one for each change.
struct Files(BTreeMap<String, String>);

impl Documents for Files {
    fn read(&self, path: &str) -> Result<String, String> {
        self.0.get(path).cloned().ok_or_else(|| format!("there is no {path}"))
    }
}

fn run(plan: &Plan) -> RunResult {
    let number = |key: &str, value: Option<u32>| value.map_or(String::new(), |value| format!("  {key}: {value}\n"));
    let strategy = match plan.rolling {
        None => "strategy:\n  type: Recreate\n".to_owned(),
        Some((unavailable, surge)) => format!(
            "strategy:\n  type: RollingUpdate\n{}{}",
            number("maxUnavailable", unavailable),
            number("maxSurge", surge)
        ),
    };
    let definition =
        |version: usize| format!("id: app\nimage:\n  name: registry.example/app:{version}\n  internalPorts: [80]\n");
    let deployment = |replicas: u32, flag: usize| {
        format!(
            "id: d\ndefinitionId: app\nreplicas: {replicas}\n{strategy}resources:\n  cpu: {}m\nenvars:\n  FLAG: v{flag}\n",
            plan.cpu_milli
        )
    };
    let (mut replicas, mut flag) = (plan.replicas, 0);
    let mut files = BTreeMap::new();
    files.insert("first.yaml".to_owned(), format!("{}---\n{}", definition(0), deployment(replicas, flag)));
    let mut actions = String::new();
    for (number, change) in plan.changes.iter().enumerate() {
        let text = match change {
            Change::Image => definition(number + 1),
            Change::Environment => {
                flag = number + 1;
                deployment(replicas, flag)
            }
            Change::Size(size) => {
                replicas = *size;
                deployment(replicas, flag)
            }
        };
        files.insert(format!("change-{number}.yaml"), text);
        let at = FIRST_CHANGE.whole_secs() + u64::from(plan.gap) * number as u64;
        actions.push_str(&format!("  - {{ at: {at}s, apply: change-{number}.yaml }}\n"));
    }
    let text = format!(
        "name: generated\nseed: {}\nuntil: 2h\nonebackend: {{ profile: documented }}\ncluster:\n  nodes:\n    \
         - {{ pool: node, count: {}, cpu: 4, memory: 64Gi }}\n\
         deploy:\n  - {{ document: first.yaml, system: onebackend }}\n\
         behaviour:\n  - match: {{ image: \"*\" }}\n    pull: {{ uniform: {{ min: 1s, max: 90s }} }}\n    \
         start: {{ uniform: {{ min: 1s, max: 40s }} }}\n    stop: {{ uniform: {{ min: 1s, max: 25s }} }}\n\
         actions:\n{actions}",
        plan.seed % 1_000_000,
        plan.nodes,
    );
    let source = Source::new("generated.yaml", text.as_str());
    let scenario = load_from(&source, &Files(files)).unwrap_or_else(|problems| panic!("{text}\n{problems:?}"));
    rehearse(&scenario, Options::default(), &mut []).unwrap_or_else(|problems| panic!("{problems:?}"))
}

/// What is known of an instance.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Seen {
    state: &'static str,
    since: Time,
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn an_update_keeps_its_bounds_and_ends_where_there_is_room(plan in plans()) {
        let result = run(&plan);
        let (unavailable, surge) = plan.bounds();
        let least = plan.sizes().into_iter().min().unwrap_or(0).saturating_sub(unavailable) as usize;
        let most = (plan.sizes().into_iter().max().unwrap_or(0) + surge) as usize;
        let first_change = Time::ZERO + FIRST_CHANGE;
        let mut instances: BTreeMap<String, Seen> = BTreeMap::new();
        let (mut status, mut was_ok, mut outages) = ("", false, 0);
        let mut instant = Time::ZERO;
        for (id, entry) in result.timeline.since(0) {
            if let Cause::Entry(cause) = entry.cause {
                prop_assert!(cause < id, "a cause comes first");
            }
            // The bounds are judged between instants.
            if entry.at > instant {
                instant = entry.at;
                let healthy = instances.values().filter(|one| one.state == "healthy").count();
                let active = instances.values().filter(|one| one.state != "draining" && one.state != "stopped").count();
                if plan.rolling.is_some() && was_ok {
                    prop_assert!(healthy >= least, "{healthy} healthy of at least {least} before {instant}");
                }
                if plan.rolling.is_some() {
                    prop_assert!(active <= most, "{active} active of at most {most} before {instant}");
                }
            }
            let name = result.names.show(entry.subject.name);
            match entry.subject.kind {
                Kind::Member => {
                    status = entry.became;
                    was_ok |= status == "ok";
                }
                Kind::Instance if entry.became == "removed" => {
                    instances.remove(&name);
                }
                Kind::Instance => {
                    if entry.became == "starting" {
                        let old = instances.values().filter(|one| one.since < first_change).count();
                        let mixed = plan.rolling.is_none() && entry.at >= first_change && old > 0;
                        prop_assert!(!mixed, "{name} starts beside {old} old instances at {}", entry.at);
                    }
                    let since = instances.get(&name).map_or(entry.at, |known| known.since);
                    instances.insert(name, Seen { state: entry.became, since });
                }
                Kind::Traffic if entry.became == "outage" => outages += 1,
                _ => {}
            }
        }
        if plan.rolling.is_some() && least > 0 {
            prop_assert_eq!(outages, 0);
        }
        prop_assert!(was_ok || !plan.has_room(), "it was never OK");
        if plan.has_room() {
            let wanted = plan.sizes().pop().unwrap_or(0) as usize;
            prop_assert_eq!(status, "ok");
            prop_assert_eq!(instances.len(), wanted);
            prop_assert!(instances.values().all(|one| one.state == "healthy"), "{:?}", instances);
            if plan.changes.iter().any(|change| !matches!(change, Change::Size(_))) {
                prop_assert!(instances.values().all(|one| one.since >= first_change), "an old one is left");
            }
        }
    }
}
