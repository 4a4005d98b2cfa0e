//! Goal: what must hold in every run. Method: generated groups of deployments on generated fleets, with generated faults,
//! run to their end; the timeline and the true figures are judged, not the code that made them.

#[allow(dead_code, reason = "other tests use the rest")]
#[path = "support/groups.rs"]
mod groups;

use std::collections::BTreeMap;

use greenroom::cluster::Cluster;
use greenroom::rehearsal::{Observer, Options, Rehearsal, RunResult, rehearse, simulated};
use greenroom::scenario::{Documents, Scenario, load_from};
use greenroom::text::Source;
use greenroom::timeline::{Arg, Kind, Subject};
use greenroom::workload::Stage;
use groups::Group;
use proptest::prelude::*;

/// One document, whatever it is called.
struct Only(String);

impl Documents for Only {
    fn read(&self, _path: &str) -> Result<String, String> {
        Ok(self.0.clone())
    }
}

/// A fleet and the faults that strike it.
#[derive(Clone, Debug)]
struct Surroundings {
    gpu_nodes: u32,
    cpu_nodes: u32,
    start: u32,
    seed: u64,
    fault: Option<String>,
}

/// Faults of watches and asks that pass.
fn passing() -> impl Strategy<Value = String> {
    prop_oneof![
        (1u32..900).prop_map(|seconds| format!("watch_lag: {{ for: {seconds}s }}")),
        (1u32..120, 1u32..900).prop_map(|(by, seconds)| format!("watch_lag: {{ by: {by}s, for: {seconds}s }}")),
        (1u32..4, 1u32..6).prop_map(|(first, times)| format!("api_error: {{ occurrence: {first}, times: {times} }}")),
        (1u32..600).prop_map(|seconds| format!("api_error: {{ for: {seconds}s }}")),
        (1u32..4).prop_map(|times| format!("api_conflict: {{ times: {times} }}")),
    ]
}

fn surroundings() -> impl Strategy<Value = Surroundings> {
    let faults = prop_oneof![
        Just("pod_kill: { deployment: m0 }".to_owned()),
        Just("container_crash: { deployment: m1 }".to_owned()),
        Just("node_down: { running: m0, for: 8m }".to_owned()),
        Just("node_down: { node: gpu-0 }".to_owned()),
        Just("gpu_loss: { node: gpu-0, count: 1, for: 5m }".to_owned()),
        Just("export_fail: { deployment: m0, times: 2 }".to_owned()),
        Just("image_pull_fail: { image: \"*\", times: 3 }".to_owned()),
        Just("slow_start: { deployment: m0, extra: 2m }".to_owned()),
        passing(),
        Just("missed_event: { times: 2 }".to_owned()),
        Just("watch_lag: {}".to_owned()),
    ];
    let fault =
        proptest::option::of((faults, 0u32..600).prop_map(|(fault, at)| format!("  - {{ at: {at}s, {fault} }}")));
    (1u32..6, 1u32..4, 1u32..300, any::<u64>(), fault).prop_map(|(gpu_nodes, cpu_nodes, start, seed, fault)| {
        Surroundings { gpu_nodes, cpu_nodes, start, seed, fault }
    })
}

fn scenario(group: &Group, around: &Surroundings) -> Scenario {
    let Surroundings { gpu_nodes, cpu_nodes, start, fault, .. } = around;
    let faults = fault.as_ref().map_or(String::new(), |fault| format!("faults:\n{fault}\n"));
    let text = format!(
        "name: generated\nseed: {seed}\nuntil: 3h\ncluster:\n  nodes:\n    \
         - {{ pool: gpu, count: {gpu_nodes}, shape: VM.GPU.A10.2 }}\n    \
         - {{ pool: cpu, count: {cpu_nodes}, cpu: 16, memory: 64Gi }}\n\
         deploy:\n  - {{ at: 0s, document: group.json, system: oci }}\n\
         behaviour:\n  - match: {{ image: \"*\" }}\n    start: {{ uniform: {{ min: 1s, max: {max}s }} }}\n    run: 2m\n{faults}",
        seed = around.seed % 1_000_000,
        max = start + 1,
    );
    let source = Source::new("generated.yaml", text.as_str());
    load_from(&source, &Only(group.text.clone())).unwrap_or_else(|problems| panic!("{text}\n{problems:?}"))
}

fn run(scenario: &Scenario) -> RunResult {
    rehearse(scenario, Options::default(), &mut []).unwrap_or_else(|problems| panic!("{problems:?}"))
}

/// The entries of a run about members, as (member, state, position).
fn member_states(result: &RunResult) -> Vec<(String, &'static str, usize)> {
    let entries = result.timeline.since(0);
    let members = entries.filter(|(_, entry)| entry.subject.kind == Kind::Member);
    members.map(|(id, entry)| (result.names.show(entry.subject.name), entry.became, id.0 as usize)).collect()
}

/// Who holds which GPU, followed through the timeline; an error names the first GPU that was given twice.
fn gpus_given_twice(result: &RunResult) -> Option<String> {
    let mut held: BTreeMap<(greenroom::kernel::Name, u64), Subject> = BTreeMap::new();
    for (_, entry) in result.timeline.since(0).filter(|(_, entry)| entry.subject.kind == Kind::Pod) {
        match (entry.became, entry.why.args) {
            ("Scheduled", [Arg::Name(node), Arg::Devices(mask), _]) => {
                for bit in (0..64).filter(|bit| mask >> bit & 1 == 1) {
                    if let Some(other) = held.insert((node, bit), entry.subject) {
                        let (one, two) = (other.show(&result.names), entry.subject.show(&result.names));
                        return Some(format!("GPU {bit} of {} is held by {one} and {two}", result.names.show(node)));
                    }
                }
            }
            ("Deleted" | "Succeeded" | "Failed", _) => held.retain(|_, holder| *holder != entry.subject),
            _ => {}
        }
    }
    None
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_member_is_active_before_all_that_it_depends_on(group in groups::valid(8), around in surroundings()) {
        let result = run(&scenario(&group, &around));
        let states = member_states(&result);
        let first = |position: usize, state: &str| {
            let name = groups::name(position);
            states.iter().find(|(member, became, _)| *member == name && *became == state).map(|(_, _, at)| *at)
        };
        for (position, dependencies) in group.dependencies.iter().enumerate() {
            let Some(active) = first(position, "active") else { continue };
            for dependency in dependencies {
                let gate = if group.jobs[*dependency] { "completed" } else { "monitoring" };
                let open = first(*dependency, gate);
                prop_assert!(open.is_some_and(|open| open < active), "m{position} before m{dependency} was {gate}");
            }
        }
    }

    #[test]
    fn no_gpu_is_given_twice(group in groups::valid(8), around in surroundings()) {
        let result = run(&scenario(&group, &around));
        prop_assert_eq!(gpus_given_twice(&result), None);
    }

    #[test]
    fn no_more_gpus_are_held_than_there_are(group in groups::valid(6), around in surroundings()) {
        let scenario = scenario(&group, &around);
        let cluster = simulated(&scenario, scenario.seed).expect("the fleet can be made");
        let mut rehearsal: Rehearsal<Cluster> = Rehearsal::new(&scenario, cluster, Options::default()).expect("it starts");
        while rehearsal.step(&mut []) {
            let (all, held) = rehearsal.stage().gpus();
            prop_assert!(held <= u64::from(around.gpu_nodes) * 2, "{held} of {all}");
        }
        for position in 0..group.gpus.len() {
            let mut names = rehearsal.stage().names().clone();
            let subject = Subject::parse(&format!("deployment/{}", groups::name(position)), &mut names).expect("a subject");
            if let Some(counts) = rehearsal.stage().counts(subject) {
                prop_assert!(counts.ready <= counts.pods && counts.serving <= counts.running, "{counts:?}");
            }
        }
    }

    #[test]
    fn every_member_ends_or_says_why_not(group in groups::valid(8), around in surroundings()) {
        let result = run(&scenario(&group, &around));
        for position in 0..group.dependencies.len() {
            let name = groups::name(position);
            let last = result.timeline.since(0).filter(|(_, entry)| {
                entry.subject.kind == Kind::Member && result.names.show(entry.subject.name) == name
            }).last();
            let (_, last) = last.expect("each member is in the timeline");
            match last.became {
                "monitoring" | "completed" | "failed" => {}
                // It waits for another member, or its pods wait: both must have said for what.
                "scheduled" | "active" => prop_assert!(!last.why.template.is_empty(), "{name}"),
                other => prop_assert!(false, "{name} ended as {other}"),
            }
        }
    }

    #[test]
    fn a_run_cut_in_two_equals_the_whole(group in groups::valid(6), around in surroundings(), cut in 0usize..400) {
        let scenario = scenario(&group, &around);
        let whole = run(&scenario);
        let cluster = simulated(&scenario, scenario.seed).expect("the fleet can be made");
        let mut first: Rehearsal<Cluster> = Rehearsal::new(&scenario, cluster, Options::default()).expect("it starts");
        for _ in 0..cut {
            first.step(&mut []);
        }
        let mut second = first.clone();
        while first.step(&mut []) {}
        while second.step(&mut []) {}
        let ends = [first, second].map(|half| half.finish(Options::default(), &mut []));
        for end in ends {
            prop_assert_eq!(end.timeline.digest(), whole.timeline.digest());
            prop_assert_eq!(end.timeline.len(), whole.timeline.len());
            prop_assert_eq!(end.ended_at, whole.ended_at);
        }
    }

    /// Forks are taken while others of them are still going on, and all take turns: what one writes must reach no other.
    #[test]
    fn forks_that_take_turns_equal_the_whole(
        group in groups::valid(6),
        around in surroundings(),
        cuts in proptest::collection::vec(0usize..150, 1..5),
        turns in proptest::collection::vec(1usize..40, 1..8),
    ) {
        let scenario = scenario(&group, &around);
        let whole = run(&scenario);
        let cluster = simulated(&scenario, scenario.seed).expect("the fleet can be made");
        let mut origin: Rehearsal<Cluster> = Rehearsal::new(&scenario, cluster, Options::default()).expect("it starts");
        let mut going = Vec::new();
        for cut in cuts {
            for _ in 0..cut {
                origin.step(&mut []);
            }
            let mut fork = origin.fork();
            going.push(fork.fork());
            fork.step(&mut []);
            going.push(fork);
        }
        going.push(origin);
        let mut turns = turns.into_iter().cycle();
        let mut at_work = true;
        while at_work {
            at_work = false;
            for run in &mut going {
                let steps = turns.next().expect("a cycle has no end");
                at_work |= (0..steps).all(|_| run.step(&mut []));
            }
        }
        for run in going {
            let end = run.finish(Options::default(), &mut []);
            prop_assert_eq!(end.timeline.digest(), whole.timeline.digest());
            prop_assert_eq!((end.timeline.len(), end.ended_at), (whole.timeline.len(), whole.ended_at));
            prop_assert_eq!((end.unfired, end.notices), (whole.unfired.clone(), whole.notices.clone()));
        }
    }

    #[test]
    fn what_watches_and_asks_suffer_for_a_while_changes_no_end(
        group in groups::valid(6),
        around in surroundings(),
        fault in passing(),
        at in 0u32..600,
    ) {
        // So many nodes that nobody waits for another: who comes late finds room too.
        let calm = Surroundings { gpu_nodes: 40, cpu_nodes: 20, fault: None, ..around };
        let struck = Surroundings { fault: Some(format!("  - {{ at: {at}s, {fault} }}")), ..calm.clone() };
        let ends = |around: &Surroundings| {
            let result = run(&scenario(&group, around));
            let states = member_states(&result).into_iter();
            states.map(|(member, became, _)| (member, became)).collect::<BTreeMap<_, _>>()
        };
        prop_assert_eq!(ends(&calm), ends(&struck), "{}", fault);
    }

    #[test]
    fn a_fault_that_hits_nothing_moves_no_draw(group in groups::valid(6), around in surroundings()) {
        let calm = Surroundings { fault: None, ..around };
        let fault = "  - { at: 1s, slow_start: { deployment: nobody, extra: 1m } }".to_owned();
        let struck = Surroundings { fault: Some(fault), ..calm.clone() };
        let story = |around: &Surroundings| {
            let result = run(&scenario(&group, around));
            let entries = result.timeline.since(0).filter(|(_, entry)| entry.subject.kind != Kind::Fault);
            entries.map(|(_, entry)| (entry.at, entry.subject.show(&result.names), entry.became)).collect::<Vec<_>>()
        };
        prop_assert_eq!(story(&calm), story(&struck));
    }
}

/// Observers are told of each entry once, in order, also when the run is a clone's.
#[test]
fn observers_see_every_entry_once() {
    #[derive(Default)]
    struct Counter {
        seen: Vec<u32>,
        told: std::sync::Arc<std::sync::atomic::AtomicUsize>,
    }
    impl Observer for Counter {
        fn entry(&mut self, id: greenroom::timeline::EntryId, _: &dyn Stage) {
            assert_eq!(self.seen.len() as u32, id.0, "entries come in order");
            self.seen.push(id.0);
            self.told.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        }
        fn instant_ended(&mut self, _: &dyn Stage) {}
        fn due(&self) -> Option<greenroom::kernel::Time> {
            None
        }
        fn settled(&self) -> bool {
            false
        }
        fn finish(&mut self, _: &dyn Stage) -> Vec<greenroom::rehearsal::Verdict> {
            Vec::new()
        }
    }
    let group = Group {
        text: r#"{"deployment_group":{"name":"g","deployments":[{"name":"m0","recipe":{"recipe_mode":"service",
            "deployment_name":"m0","recipe_image_uri":"a:1","recipe_node_shape":"VM.Standard.E4.Flex","recipe_replica_count":1}}]}}"#
            .to_owned(),
        dependencies: vec![vec![]],
        gpus: vec![0],
        replicas: vec![1],
        jobs: vec![false],
    };
    let around = Surroundings { gpu_nodes: 1, cpu_nodes: 1, start: 5, seed: 1, fault: None };
    let counter = Counter::default();
    let told = counter.told.clone();
    let mut observers: [Box<dyn Observer>; 1] = [Box::new(counter)];
    let result = rehearse(&scenario(&group, &around), Options::default(), &mut observers).expect("it runs");
    assert_eq!(told.load(std::sync::atomic::Ordering::Relaxed), result.timeline.len());
}

/// Goal: what a search does to a fork is what a scenario can say. Method: a scenario with one fault, and the same without it into
/// which the fault is put while it runs, at each of many entries; both must tell the same story.
#[test]
fn an_injected_fault_is_one_that_was_there_from_the_start() {
    use greenroom::scenario::load;
    use greenroom::scenario::model::{FaultEntry, FaultKind, Target, TargetKind, Trigger};

    let scenario = load(std::path::Path::new("scenarios/llama-stack/scenario.yaml")).expect("a scenario");
    let mut plain = scenario.clone();
    plain.faults.clear();
    plain.actions.clear();
    let story = |run: &RunResult| -> Vec<String> {
        let shown = |entry: greenroom::timeline::Entry| {
            let why = greenroom::timeline::render::why(&entry.why, &run.names);
            format!("{} {} {} {why}", entry.at, entry.subject.show(&run.names), entry.became)
        };
        run.timeline.since(0).map(|(_, entry)| shown(entry)).collect()
    };
    let whole = rehearse(&plain, Options::default(), &mut []).expect("a run");
    let place = scenario.deploy[0].place.clone();
    for (index, (_, entry)) in whole.timeline.since(0).enumerate().step_by(7) {
        let subject = entry.subject.show(&whole.names);
        if entry.subject.kind == Kind::Scenario {
            continue;
        }
        let earlier = whole.timeline.since(0).take(index + 1);
        let same = |one: &greenroom::timeline::Entry| one.subject == entry.subject && one.became == entry.became;
        let occurrence = earlier.filter(|(_, one)| same(one)).count() as u32;
        let after = greenroom::kernel::Duration::from_millis(if index % 2 == 0 { 0 } else { 1500 });
        let fault = FaultEntry {
            place: place.clone(),
            name: "injected".to_owned(),
            trigger: Trigger::On { subject, reaches: entry.became.to_owned(), occurrence, after },
            kind: FaultKind::PodKill {
                target: Target { kind: TargetKind::Deployment, name: "vllm".to_owned() },
                count: Some(1),
            },
        };
        let mut said = plain.clone();
        said.faults.push(fault.clone());
        let said = rehearse(&said, Options::default(), &mut []).expect("a run");
        let cluster = simulated(&plain, plain.seed).expect("a cluster");
        let mut run: Rehearsal<Cluster> = Rehearsal::new(&plain, cluster, Options::default()).expect("a rehearsal");
        while Stage::timeline(run.stage()).len() <= index && run.step(&mut []) {}
        run.inject_fault(fault);
        while run.step(&mut []) {}
        let injected = run.finish(Options::default(), &mut []);
        assert_eq!(story(&said), story(&injected), "injected at entry {index}");
    }
}
