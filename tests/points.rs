//! Single writes and reads as triggers, and the order of one instant.
//!
//! Goal: every write and read that a run tells of is a point at which something can be done, exactly once and before anything else; what is done
//! there to a fork is what a scenario can say. Method: runs that keep their accesses and ties, and runs of the same scenarios with a
//! trigger at each of them.

use std::collections::BTreeMap;
use std::path::Path;

use greenroom::cluster::Cluster;
use greenroom::kernel::{Duration, Time};
use greenroom::rehearsal::{Options, Rehearsal, RunResult, rehearse, simulated};
use greenroom::scenario::model::{
    AccessTrigger, ApiEntry, FaultEntry, FaultKind, Target, TargetKind, TieEntry, Trigger,
};
use greenroom::scenario::{Scenario, load};
use greenroom::text::render;
use greenroom::timeline::render as words;
use greenroom::workload::{Access, Actor, ApiTrouble, BuiltIn, Edge, Moment, Stage};

fn scenario(folder: &str) -> Scenario {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios").join(folder).join("scenario.yaml");
    load(&path).unwrap_or_else(|errors| panic!("{}", render::render(&errors, false)))
}

fn run(scenario: &Scenario) -> RunResult {
    rehearse(scenario, Options::default(), &mut [])
        .unwrap_or_else(|errors| panic!("{}", render::render(&errors, false)))
}

fn begun(scenario: &Scenario) -> Rehearsal<Cluster> {
    let cluster = simulated(scenario, scenario.seed).expect("a cluster");
    Rehearsal::new(scenario, cluster, Options::default()).expect("a rehearsal")
}

fn ended(mut run: Rehearsal<Cluster>) -> RunResult {
    while run.step(&mut []) {}
    run.finish(Options::default(), &mut [])
}

fn story(run: &RunResult) -> Vec<String> {
    let shown = |entry: greenroom::timeline::Entry| {
        let why = words::why(&entry.why, &run.names);
        format!("{} {} {} {why}", entry.at, entry.subject.show(&run.names), entry.became)
    };
    run.timeline.since(0).map(|(_, entry)| shown(entry)).collect()
}

fn kill(scenario: &Scenario, workload: &str, access: AccessTrigger) -> FaultEntry {
    FaultEntry {
        place: scenario.deploy[0].place.clone(),
        name: "at-a-point".to_owned(),
        trigger: Trigger::Access(access),
        kind: FaultKind::PodKill {
            target: Target { kind: TargetKind::Workload, name: workload.to_owned() },
            count: Some(1),
        },
    }
}

/// What a run of a scenario wrote and read, and the names of it.
fn accesses(scenario: &Scenario) -> Vec<(Access, Option<String>)> {
    let mut run = begun(scenario);
    run.stage_mut().keep_accesses();
    while run.step(&mut []) {}
    let names = Stage::names(run.stage()).clone();
    let shown = |access: &Access| (*access, access.key.map(|key| key.show(&names)));
    run.stage().accesses().iter().map(shown).collect()
}

/// Whose points a scenario can name, by their name.
fn name_of(by: Actor) -> &'static str {
    match by {
        Actor::BuiltIn(by) => by.text(),
        Actor::System(_) => "kubernetes",
    }
}

#[test]
fn every_write_and_read_of_a_rollout_is_a_point() {
    let scenario = scenario("rolling-update");
    let kept = accesses(&scenario);
    let writers: BTreeMap<&str, usize> =
        kept.iter().filter(|(access, _)| access.is_write).fold(BTreeMap::new(), |mut counts, (access, _)| {
            *counts.entry(name_of(access.by)).or_default() += 1;
            counts
        });
    for by in ["deployment", "replicaset", "scheduler", "kubernetes"] {
        assert!(writers.get(by).is_some_and(|count| *count > 0), "nothing was written by {by}: {writers:?}");
    }
    let mut seen: BTreeMap<(bool, Actor, String), u32> = BTreeMap::new();
    for (access, key) in &kept {
        // What a system looks at of nodes as a whole is no object, and records have no name.
        let Some(key) = key.as_ref().filter(|key| !key.ends_with('/')) else { continue };
        let occurrence = seen.entry((access.is_write, access.by, key.clone())).or_default();
        *occurrence += 1;
        // All first ones, and every fifth of the others.
        if *occurrence > 1 && !occurrence.is_multiple_of(5) {
            continue;
        }
        let sides = match access.is_write {
            true => [Edge::BeforeWrite, Edge::AfterWrite],
            false => [Edge::BeforeRead, Edge::AfterRead],
        };
        for edge in sides {
            let access = AccessTrigger {
                edge,
                object: Some(key.clone()),
                by: Some(name_of(access.by).to_owned()),
                occurrence: *occurrence,
                after: Duration::ZERO,
            };
            let told = format!("{} number {}", access.describe(), access.occurrence);
            let mut with = scenario.clone();
            with.faults.push(kill(&scenario, "web", access));
            let struck = run(&with);
            let fired =
                struck.timeline.since(0).filter(|(_, entry)| entry.subject.show(&struck.names) == "fault/at-a-point");
            assert_eq!(fired.count(), 1, "{told}");
            assert_eq!(story(&struck), story(&run(&with)), "{told}: twice the same");
            // Whatever is killed when, the rollout gets there.
            assert_eq!(
                struck
                    .timeline
                    .since(0)
                    .filter(|(_, entry)| entry.became == "ready")
                    .last()
                    .map(|(_, entry)| entry.subject.show(&struck.names)),
                Some("manifests/web".to_owned()),
                "{told}"
            );
        }
    }
}

#[test]
fn a_point_that_is_not_met_says_how_many_there_were() {
    let plain = scenario("rolling-update");
    let writes = accesses(&plain)
        .iter()
        .filter(|(access, _)| access.is_write && access.by == Actor::BuiltIn(BuiltIn::Scheduler))
        .count();
    let at = |by: &str, occurrence| AccessTrigger {
        edge: Edge::BeforeWrite,
        object: None,
        by: Some(by.to_owned()),
        occurrence,
        after: Duration::ZERO,
    };
    let why = |access: AccessTrigger| {
        let mut with = plain.clone();
        with.faults.push(kill(&plain, "web", access));
        run(&with).unfired.first().map(|one| one.why.clone()).unwrap_or_default()
    };
    assert_eq!(
        why(at("scheduler", 1000)),
        format!("before_write of any by scheduler, number 1000: there were {writes}")
    );
    assert_eq!(why(at("statefulset", 1)), "before_write of any by statefulset: there was none");
    assert!(
        why(at("stateful", 1)).starts_with("refused: nobody here is called `stateful`"),
        "{}",
        why(at("stateful", 1))
    );
}

#[test]
fn a_point_that_is_injected_at_the_start_is_one_of_the_scenario() {
    let plain = scenario("rolling-update");
    for occurrence in [1, 4, 6] {
        let access = AccessTrigger {
            edge: Edge::AfterWrite,
            object: Some("Pod".to_owned()),
            by: Some("replicaset".to_owned()),
            occurrence,
            after: Duration::from_secs(u64::from(occurrence % 2) * 3),
        };
        let mut said = plain.clone();
        said.faults.push(kill(&plain, "web", access.clone()));
        let mut injected = begun(&plain);
        injected.inject_fault(kill(&plain, "web", access));
        assert_eq!(story(&run(&said)), story(&ended(injected)));
    }
}

#[test]
fn a_point_that_joins_later_counts_from_the_start_where_accesses_are_kept() {
    let plain = scenario("rolling-update");
    let mut kept = begun(&plain);
    kept.stage_mut().keep_accesses();
    while kept.step(&mut []) {}
    let points = kept.points();
    let last =
        points.iter().rfind(|point| point.edge == Edge::BeforeWrite && point.by.as_deref() == Some("replicaset"));
    let last = last.cloned().expect("a write of the ReplicaSet controller");
    let mut said = plain.clone();
    said.faults.push(kill(&plain, "web", last.clone()));
    let mut forked = begun(&plain);
    forked.stage_mut().keep_accesses();
    while Stage::now(forked.stage()) < Time::ZERO + Duration::from_secs(60) && forked.step(&mut []) {}
    forked.inject_fault(kill(&plain, "web", last));
    assert_eq!(story(&run(&said)), story(&ended(forked)));
}

#[test]
fn ties_that_a_run_had_can_be_broken() {
    let with = scenario("faults/tie-decides-who-has-room");
    let mut plain = with.clone();
    plain.ties.clear();
    let mut kept = begun(&plain);
    kept.stage_mut().keep_ties();
    while kept.step(&mut []) {}
    let names = Stage::names(kept.stage()).clone();
    let groups: Vec<Vec<String>> =
        kept.stage().ties().iter().map(|group| group.subjects.iter().map(|one| one.show(&names)).collect()).collect();
    let both = ["ReplicaSet/amber-r1", "ReplicaSet/blue-r1"];
    assert!(groups.iter().any(|group| both.iter().all(|one| group.iter().any(|other| other == one))), "{groups:?}");
    // Keeping changes nothing.
    assert_eq!(story(&ended(kept)), story(&run(&plain)));
    let mut injected = begun(&plain);
    injected.inject_tie(with.ties[0].clone());
    assert_eq!(story(&ended(injected)), story(&run(&with)));
    assert_ne!(story(&run(&plain)), story(&run(&with)));
}

#[test]
fn a_tie_moves_what_waits_already_and_one_that_matches_nothing_is_told() {
    let mut plain = scenario("rolling-update");
    plain.actions.clear();
    let mut kept = begun(&plain);
    kept.stage_mut().keep_ties();
    while kept.step(&mut []) {}
    let names = Stage::names(kept.stage()).clone();
    let group = kept.stage().ties().iter().find(|group| group.at > Time::ZERO && group.class == 2).cloned();
    let group = group.expect("pods that complete something at one instant");
    let tie = TieEntry {
        place: plain.deploy[0].place.clone(),
        at: group.at,
        subject: group.subjects[0].show(&names),
        tie: 1,
    };
    let mut said = plain.clone();
    said.ties.push(tie.clone());
    let mut forked = begun(&plain);
    // Up to the instant before: what it is about waits in the queue by then.
    while Stage::timeline(forked.stage()).since(0).last().is_none_or(|(_, entry)| entry.at < group.at) {
        let before = forked.clone();
        forked.step(&mut []);
        if Stage::now(forked.stage()) >= group.at {
            forked = before;
            break;
        }
    }
    forked.inject_tie(tie.clone());
    assert_eq!(story(&ended(forked)), story(&run(&said)));
    assert_ne!(story(&run(&said)), story(&run(&plain)));
    let mut nothing = plain.clone();
    nothing.ties.push(TieEntry { subject: "Pod/other-r1-0".to_owned(), ..tie });
    let unfired = run(&nothing).unfired;
    assert_eq!(unfired.first().map(|one| one.why.as_str()), Some("nothing happened with it at that instant"));
}

#[test]
fn a_fault_of_writes_strikes_the_very_write_in_an_api_of_its_own() {
    let base = scenario("dynamo/operator-restarted");
    let fault = |kind: FaultKind, edge: Edge| FaultEntry {
        place: base.deploy[0].place.clone(),
        name: "at-a-point".to_owned(),
        trigger: Trigger::Access(AccessTrigger {
            edge,
            object: Some("DynamoComponentDeployment".to_owned()),
            by: Some("dynamographdeployment".to_owned()),
            occurrence: 2,
            after: Duration::ZERO,
        }),
        kind,
    };
    let entry =
        |trouble| ApiEntry { of: None, controller: Some("dynamographdeployment".to_owned()), object: None, trouble };
    let error = FaultKind::Api(entry(ApiTrouble::Error { occurrence: 1, times: Some(1), lasts: None }));
    let restart = FaultKind::Api(entry(ApiTrouble::Restart { moment: Moment::Now, lasts: Duration::from_secs(60) }));
    for (kind, edge) in [(error, Edge::BeforeWrite), (restart.clone(), Edge::BeforeWrite), (restart, Edge::AfterWrite)]
    {
        let mut with = base.clone();
        with.faults.clear();
        with.actions.clear();
        with.faults.push(fault(kind, edge));
        let struck = run(&with);
        assert!(struck.unfired.is_empty(), "{:?}", struck.unfired.iter().map(|one| &one.why).collect::<Vec<_>>());
        assert!(story(&struck).iter().any(|line| line.contains("graph/chat successful")), "it gets there all the same");
    }
}

/// Goal: a name that nothing has is told with the nearest that there is. Method: faults on one misspelt controller, group and subject.
#[test]
fn who_was_meant_is_told() {
    let mut scenario = scenario("llama-stack");
    let at = |subject: &str| Trigger::On {
        subject: subject.to_owned(),
        reaches: "active".to_owned(),
        occurrence: 1,
        after: Duration::ZERO,
    };
    let by = |by: &str| AccessTrigger {
        edge: Edge::BeforeWrite,
        object: Some("ReplicaSet".to_owned()),
        by: Some(by.to_owned()),
        occurrence: 1,
        after: Duration::ZERO,
    };
    let killed = kill(&scenario, "Deployment/vllm-llama-stack", by("deploment"));
    let unreached = FaultEntry { name: "unreached".to_owned(), trigger: at("deployment/vlm"), ..killed.clone() };
    let restarted = FaultEntry {
        name: "restarted".to_owned(),
        trigger: at("deployment/vllm"),
        kind: FaultKind::ControllerRestart { of: "lama-stack".to_owned(), lasts: Duration::ZERO },
        ..killed.clone()
    };
    scenario.faults.extend([killed, unreached, restarted]);
    let whys: Vec<String> = run(&scenario).unfired.into_iter().map(|unfired| unfired.why).collect();
    let hints = ["`deployment`", "`deployment/vllm`", "`llama-stack`"];
    assert_eq!(whys.len(), hints.len(), "{whys:?}");
    for (why, hint) in whys.iter().zip(hints) {
        assert!(why.contains(&format!("; did you mean {hint}?")), "{why}");
    }
}

/// Goal: what an autoscaler writes are points, and what is refused of it is written at its next tick. Method: the scenario whose load grows at ten
/// minutes, its writes, and the first of them to the scale of its target refused, or found changed since.
#[test]
fn what_an_autoscaler_writes_are_points() {
    let scenario = scenario("autoscaled-by-load");
    let kept = accesses(&scenario);
    let by = Actor::BuiltIn(BuiltIn::HorizontalPodAutoscaler);
    let of = |is_write: bool, name: &str| {
        let meant = |(access, key): &&(Access, Option<String>)| {
            access.by == by && access.is_write == is_write && key.as_deref() == Some(name)
        };
        kept.iter().filter(meant).map(|(access, _)| access.at).collect::<Vec<_>>()
    };
    let scaled = of(true, "Deployment/api");
    let run_plain = run(&scenario);
    let told = |run: &RunResult, became: &str| {
        let entries = run.timeline.since(0).filter(|(_, entry)| entry.became == became);
        entries.map(|(_, entry)| entry.at).collect::<Vec<_>>()
    };
    assert_eq!(scaled, told(&run_plain, "Rescaled"));
    assert!(
        !of(true, "HorizontalPodAutoscaler/api").is_empty() && !of(false, "HorizontalPodAutoscaler/api").is_empty()
    );
    let error = ApiTrouble::Error { occurrence: 1, times: Some(1), lasts: None };
    let conflict = ApiTrouble::Conflict { occurrence: 1, times: Some(1) };
    for trouble in [error, conflict] {
        let mut refused = scenario.clone();
        refused.faults.push(FaultEntry {
            place: scenario.deploy[0].place.clone(),
            name: "refused".to_owned(),
            trigger: Trigger::At(Time::ZERO),
            kind: FaultKind::Api(ApiEntry {
                of: None,
                controller: Some("horizontalpodautoscaler".to_owned()),
                object: Some("Deployment/api".to_owned()),
                trouble,
            }),
        });
        let run = run(&refused);
        assert_eq!(told(&run, "FailedUpdateScale"), scaled[..1]);
        let again = scaled[0] + Duration::from_secs(15);
        assert_eq!(told(&run, "Rescaled").first(), Some(&again));
        assert!(story(&run).iter().any(|line| line.contains("controller/horizontalpodautoscaler")));
    }
}
