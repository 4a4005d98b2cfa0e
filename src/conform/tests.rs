//! The rules of a comparison on small runs made by hand, each shown once where it holds and once where it does not.

use super::align::{Run, align};
use super::findings::Tolerance;
use super::projection::left_out;
use super::*;
use crate::kernel::{Names, Time};
use crate::rehearsal::{Ending, Verdict, VerdictStatus};
use crate::timeline::states::mistake;
use crate::timeline::{Cause, Entry, EntryId, Layer, LineId, ScenarioLine, Subject, Timeline, Why};

/// An entry: when in milliseconds, `Kind/name Word why`, and the entry that it follows from.
type Row = (u64, &'static str, Option<usize>);

fn line() -> ScenarioLine {
    ScenarioLine { file: "scenario.yaml".into(), line: 1, column: 1, what: "deploy web.yaml".into() }
}

/// A run that ends after 100 s.
pub(super) fn run(rows: &[Row]) -> RunResult {
    let mut names = Names::default();
    let mut timeline = Timeline::default();
    timeline.add_line(line());
    for (millis, text, cause) in rows {
        let mut words = text.splitn(3, ' ');
        let subject = Subject::parse(words.next().unwrap_or_default(), &mut names).expect("a subject");
        let became = words.next().expect("a word");
        let why = Why::symbol(names.intern(words.next().unwrap_or_default()));
        let layer = if subject.kind.text().starts_with(char::is_uppercase) { Layer::Substrate } else { Layer::System };
        let cause = cause.map_or(Cause::Line(LineId(0)), |id| Cause::Entry(EntryId(id as u32)));
        timeline.push(Entry { at: Time::from_nanos(millis * 1_000_000), subject, became, why, cause, layer }, &names);
    }
    RunResult {
        name: "web".to_owned(),
        file: "scenario.yaml".to_owned(),
        seed: 0,
        speed: 1,
        profile: "kubernetes 1.36".to_owned(),
        timeline,
        names,
        ended_at: Time::from_nanos(100_000 * 1_000_000),
        ending: Ending::Until,
        traffic: Default::default(),
        verdicts: Vec::new(),
        unfired: Vec::new(),
        rejections: Vec::new(),
        notices: Vec::new(),
        native: None,
        live: None,
        findings: Vec::new(),
        missed: Vec::new(),
    }
}

fn compared(simulated: &[Row], live: &[Row]) -> Comparison {
    compare(&run(simulated), &run(live), Substrate::Containers)
}

/// The aspects of the findings of a gravity.
fn aspects(comparison: &Comparison, conformity: Conformity) -> Vec<Aspect> {
    let mut aspects: Vec<Aspect> = comparison.findings_of(conformity).map(|finding| finding.aspect).collect();
    aspects.dedup();
    aspects
}

fn tolerances(comparison: &Comparison) -> Vec<Tolerance> {
    assert_eq!(comparison.verdict, Conformity::Tolerated, "{:#?}", comparison.findings);
    comparison.findings.iter().flat_map(|finding| &finding.tolerated).map(|one| one.tolerance).collect()
}

const SET: Row = (0, "ReplicaSet/web-r1 Created of Deployment/web", None);

#[test]
fn words_that_are_left_out_are_words_of_their_kind() {
    for row in left_out() {
        assert!(!row.why.is_empty());
        for word in row.words {
            assert_eq!(mistake(row.kind, word), None);
        }
    }
}

#[test]
fn what_no_api_shows_is_not_compared_and_repeats_collapse() {
    let simulated = [
        (0, "Pod/db-0 Pending created by StatefulSet/db", None),
        (0, "Pod/db-0 Unschedulable no room", None),
        (5_000, "Pod/db-0 Unschedulable still no room", None),
        (10_000, "Pod/db-0 Scheduled on cpu-0", None),
        (10_000, "Pod/db-0 Pulling image:1", None),
        (20_000, "Pod/db-0 Running", None),
        (30_000, "Pod/db-0 Serving", None),
        (30_000, "Pod/db-0 Ready", None),
    ];
    let live: Vec<Row> = [0, 1, 3, 5, 7].into_iter().map(|at| simulated[at]).collect();
    let comparison = compared(&simulated, &live);
    assert_eq!((comparison.verdict, comparison.findings.len()), (Conformity::Agree, 0));
    let without_ready = compared(&simulated, &live[..4]);
    assert_eq!(aspects(&without_ready, Conformity::Diverge), [Aspect::States, Aspect::Ends]);
}

#[test]
fn only_a_short_state_may_be_missing() {
    let flap = |lasts: u64| {
        [
            (0, "Service/web Created", None),
            (10_000, "Service/web Ready 1 ready endpoint", None),
            (20_000, "Service/web NoEndpoints", None),
            (20_000 + lasts, "Service/web Ready 1 ready endpoint", None),
        ]
    };
    let steady = [(0, "Service/web Created", None), (9_000, "Service/web Ready 1 ready endpoint", None)];
    assert_eq!(tolerances(&compared(&flap(1_999), &steady)), [Tolerance::Coalesced, Tolerance::Coalesced]);
    assert_eq!(tolerances(&compared(&steady, &flap(1_999))), [Tolerance::Coalesced, Tolerance::Coalesced]);
    let long = compared(&flap(2_000), &steady);
    assert_eq!(aspects(&long, Conformity::Diverge), [Aspect::States, Aspect::Outages]);
    let first = long.first().expect("a divergence");
    assert_eq!((first.simulated.text.as_str(), first.live.text.as_str()), ("becomes NoEndpoints", "stays Ready"));
    assert_eq!(first.at, Some(Time::from_nanos(20_000 * 1_000_000)));
    let other = compared(&steady, &flap(2_000));
    assert_eq!(other.first().and_then(|first| first.at), first.at);
    let entry = first.simulated.evidence.as_ref().and_then(Evidence::entry).expect("an entry");
    assert_eq!((entry.id, entry.became), (2, "NoEndpoints"));
}

#[test]
fn a_flap_of_several_short_states_is_laid_aside_as_a_whole() {
    let many = run(&[
        (0, "manifests/web ready", None),
        (9_000, "manifests/web degraded", None),
        (9_500, "manifests/web progressing", None),
        (10_000, "manifests/web ready", None),
    ]);
    let [many, one] = [&many, &run(&[(0, "manifests/web ready", None)])].map(|run| {
        let story = Story::of(run, Substrate::Containers);
        story.actors["manifests/web"].clone()
    });
    let gaps = align(many.kind, &many.steps, &one.steps);
    let left: Vec<_> = gaps.iter().map(|gap| (gap.run, gap.simulated, gap.tolerated.is_some())).collect();
    assert_eq!(left, [(Run::Simulated, 1, true), (Run::Simulated, 2, true)]);
}

#[test]
fn a_state_that_begins_just_before_the_end_may_be_missing() {
    let simulated = [(0, "Node/cpu-0 Ready", None), (99_000, "Node/cpu-0 NotReady", None)];
    let comparison = compared(&simulated, &simulated[..1]);
    assert_eq!(tolerances(&comparison), [Tolerance::CutOff, Tolerance::CutOff]);
    let earlier = [simulated[0], (90_000, "Node/cpu-0 NotReady", None)];
    assert_eq!(compared(&earlier, &earlier[..1]).verdict, Conformity::Diverge);
}

/// Two pods, one of which becomes ready; the names of a live run follow the order of creation there.
#[test]
fn pods_of_one_owner_are_compared_as_a_set() {
    let pods = |first: &'static str, second: &'static str| {
        [
            SET,
            (0, "Pod/web-r1-0 Pending created by ReplicaSet/web-r1", Some(0)),
            (0, "Pod/web-r1-1 Pending created by ReplicaSet/web-r1", Some(0)),
            (1_000, first, Some(1)),
            (9_000, second, Some(2)),
        ]
    };
    let simulated = pods("Pod/web-r1-0 Scheduled on cpu-0", "Pod/web-r1-1 Unschedulable no room");
    let swapped = pods("Pod/web-r1-0 Unschedulable no room", "Pod/web-r1-1 Scheduled on cpu-7");
    let comparison = compared(&simulated, &swapped);
    assert_eq!(comparison.findings, Vec::new());
    let both = compared(&simulated, &pods("Pod/web-r1-0 Scheduled on cpu-0", "Pod/web-r1-1 Scheduled on cpu-0"));
    assert_eq!(both.first().map(|first| first.about.as_str()), Some("pods of ReplicaSet/web-r1"));
    let gpu = compared(&simulated, &pods("Pod/web-r1-0 Scheduled on gpu-0", "Pod/web-r1-1 Unschedulable no room"));
    assert_eq!(aspects(&gpu, Conformity::Diverge), [Aspect::Placements]);
    let fewer = compared(&simulated, &simulated[..2]);
    assert!(aspects(&fewer, Conformity::Diverge).contains(&Aspect::Counts), "{:#?}", fewer.findings);
    for (one, other) in [(&simulated[..1], &simulated[..3]), (&simulated[..3], &simulated[..1])] {
        let none = compared(one, other);
        assert!(aspects(&none, Conformity::Diverge).contains(&Aspect::Ends), "{:#?}", none.findings);
    }
}

/// Members of a StatefulSet are not interchangeable.
#[test]
fn pods_with_an_identity_are_compared_by_name() {
    let pods = |ready: &'static str| {
        [
            (0, "StatefulSet/db Created", None),
            (0, "Pod/db-0 Pending created by StatefulSet/db", None),
            (0, "Pod/db-1 Pending created by StatefulSet/db", None),
            (9_000, ready, None),
        ]
    };
    assert_eq!(compared(&pods("Pod/db-0 Ready"), &pods("Pod/db-1 Ready")).verdict, Conformity::Diverge);
}

#[test]
fn a_live_set_may_be_scaled_in_more_steps_once_pods_decide() {
    let scaled = |steps: &[&'static str]| {
        let mut rows = vec![SET];
        rows.extend(steps.iter().zip(1..).map(|(text, at)| (at * 10_000, *text, Some(0))));
        rows
    };
    let [up, down, far, gone] = ["0 to 4", "4 to 3", "4 to 1", "3 to 1"];
    let text = |step: &str| -> &'static str { format!("ReplicaSet/web-r1 Scaled {step}").leak() };
    let straight = scaled(&[text(up), text(far)]);
    let halting = scaled(&[text(up), text(down), text(gone)]);
    assert_eq!(tolerances(&compared(&straight, &halting)), [Tolerance::MoreSteps]);
    assert_eq!(compared(&halting, &straight).verdict, Conformity::Diverge);
    let surge = compared(&scaled(&[text("0 to 4")]), &scaled(&[text("0 to 2"), text("2 to 4")]));
    assert_eq!(surge.verdict, Conformity::Diverge);
}

#[test]
fn lengths_of_outages_are_tolerated_and_their_number_is_not() {
    let outages = |texts: &[(u64, u64)]| {
        let mut rows = vec![(0, "Service/web Created", None), (1_000, "Service/web Ready", None)];
        for (from, until) in texts {
            rows.push((*from, "Service/web NoEndpoints", None));
            rows.push((*until, "Service/web Ready", None));
        }
        rows
    };
    let one = outages(&[(10_000, 20_000)]);
    assert_eq!(compared(&one, &outages(&[(11_000, 21_500)])).verdict, Conformity::Agree);
    assert_eq!(tolerances(&compared(&one, &outages(&[(10_000, 50_000)]))), [Tolerance::Length]);
    let two = compared(&one, &outages(&[(10_000, 20_000), (30_000, 40_000)]));
    assert!(aspects(&two, Conformity::Diverge).contains(&Aspect::Outages));
}

#[test]
fn what_waited_in_the_simulation_waits_on_the_cluster() {
    let simulated = [
        (0, "group/shop submitted", None),
        (0, "deployment/db active no dependencies", Some(0)),
        (0, "deployment/cache active no dependencies", Some(0)),
        (9_000, "deployment/cache monitoring pods ready: 1", Some(2)),
        (10_000, "deployment/db monitoring pods ready: 1", Some(1)),
        (20_000, "deployment/web active cache, db monitoring; resolved db.url", Some(4)),
    ];
    let mut live = simulated;
    // The cause of `web` names `db` alone: that it needs `cache` too stands in its reason.
    (live[3], live[4], live[5]) = (
        (10_000, "deployment/db monitoring pods ready: 1", Some(1)),
        (20_000, "deployment/web active cache, db monitoring; resolved db.url", Some(3)),
        (30_000, "deployment/cache monitoring pods ready: 1", Some(2)),
    );
    assert_eq!(compared(&simulated, &simulated).findings, Vec::new());
    let comparison = compared(&simulated, &live);
    let order: Vec<&str> = comparison.findings_of(Conformity::Diverge).map(|one| one.live.text.as_str()).collect();
    assert_eq!(order, ["deployment/web active before deployment/cache monitoring"]);
    assert_eq!(comparison.compared.iter().find(|(aspect, _)| *aspect == Aspect::Order), Some(&(Aspect::Order, 6)));
}

#[test]
fn published_values_are_compared_verbatim() {
    let exports = |value: &'static str| {
        [
            (0, "deployment/db active", None),
            (5_000, "deployment/db monitoring pods ready: 1", None),
            (6_000, value, None),
        ]
    };
    let simulated = exports("deployment/db monitoring exports dns db.default, url http://db");
    assert_eq!(compared(&simulated, &simulated).findings, Vec::new());
    let other = compared(&simulated, &exports("deployment/db monitoring exports dns db.default, url http://other"));
    let first = other.first().expect("a divergence");
    assert_eq!((first.about.as_str(), first.live.text.as_str()), ("deployment/db.url", "is http://other"));
    let none = compared(&simulated, &simulated[..2]);
    assert_eq!(none.findings.len(), 2);
}

#[test]
fn the_lowest_count_of_ready_pods_is_compared_once_it_lasts() {
    let course = |dip: u64, extra: bool| {
        let mut rows = vec![
            (0, "Deployment/web Created", None),
            (0, "ReplicaSet/web-r1 Created of Deployment/web", None),
            (0, "Pod/web-r1-0 Pending created by ReplicaSet/web-r1", None),
            (1_000, "Pod/web-r1-0 Ready", None),
            (1_000, "Deployment/web Complete 1 available", None),
            (10_000, "Pod/web-r1-0 NotReady", None),
            (10_000 + dip, "Pod/web-r1-0 Ready", None),
        ];
        if extra {
            rows.push((50_000, "Pod/web-r1-1 Pending created by ReplicaSet/web-r1", None));
        }
        rows
    };
    let steady = [&course(0, false)[..5], &[]].concat();
    let short = compared(&course(1_000, false), &steady);
    assert_eq!(tolerances(&short), [Tolerance::Coalesced; 2]);
    let long = compared(&course(5_000, false), &steady);
    assert_eq!(aspects(&long, Conformity::Diverge), [Aspect::States, Aspect::Availability]);
    let more = compared(&course(5_000, false), &course(5_000, true));
    let found = more.findings.iter().find(|finding| finding.aspect == Aspect::Availability).expect("more pods");
    assert_eq!((found.simulated.text.as_str(), found.live.text.as_str()), ("pods at most: 1", "pods at most: 2"));
}

/// A watch may show that a pod goes just before it shows that its Deployment is gone: that is no lack of pods to the end of the run.
#[test]
fn a_workload_that_is_gone_lacks_no_pod() {
    let course = |pod_goes_at: u64| {
        vec![
            (0, "Deployment/web Created", None),
            (0, "ReplicaSet/web-r1 Created of Deployment/web", None),
            (0, "Pod/web-r1-0 Pending created by ReplicaSet/web-r1", None),
            (1_000, "Pod/web-r1-0 Ready", None),
            (1_000, "Deployment/web Complete 1 available", None),
            (
                pod_goes_at.min(10_000),
                if pod_goes_at < 10_000 { "Pod/web-r1-0 Terminating" } else { "Deployment/web Deleted" },
                None,
            ),
            (10_000, if pod_goes_at < 10_000 { "Deployment/web Deleted" } else { "Pod/web-r1-0 Terminating" }, None),
            (10_000, "ReplicaSet/web-r1 Deleted", None),
            (10_600, "Pod/web-r1-0 Deleted", None),
            (60_000, "group/web undeployed", None),
        ]
    };
    let skewed = compared(&course(10_000), &course(9_988));
    assert_eq!(aspects(&skewed, Conformity::Diverge), []);
    let early = compared(&course(10_000), &course(2_000));
    assert!(aspects(&early, Conformity::Diverge).contains(&Aspect::Availability));
}

#[test]
fn containers_that_fail_have_no_equal_on_kwok() {
    let simulated = run(&[
        SET,
        (0, "Pod/web-r1-0 Pending created by ReplicaSet/web-r1", Some(0)),
        (1_000, "Pod/web-r1-0 Running", Some(1)),
        (9_000, "Pod/web-r1-0 Ready", Some(2)),
        (20_000, "Pod/web-r1-0 NotReady its container ended", Some(3)),
        (20_000, "Pod/web-r1-0 CrashLoopBackOff again in 10s", Some(4)),
        (30_000, "Pod/web-r1-0 Restarted restart 1", Some(5)),
        (30_000, "Pod/web-r1-0 Running", Some(6)),
        (50_000, "Pod/web-r1-0 Ready", Some(7)),
    ]);
    let live = run(&[
        SET,
        (0, "Pod/web-r1-0 Pending created by ReplicaSet/web-r1", Some(0)),
        (1_000, "Pod/web-r1-0 Running", Some(1)),
        (1_000, "Pod/web-r1-0 Ready", Some(2)),
    ]);
    let kwok = compare(&simulated, &live, Substrate::Kwok);
    assert!(tolerances(&kwok).iter().all(|one| *one == Tolerance::NoContainers), "{:#?}", kwok.findings);
    let real = compare(&simulated, &live, Substrate::Containers);
    assert_eq!(aspects(&real, Conformity::Diverge), [Aspect::States, Aspect::Counts]);
    let gone = compare(&live, &simulated, Substrate::Kwok);
    assert_eq!(gone.verdict, Conformity::Diverge);
}

#[test]
fn verdicts_and_endings_are_compared() {
    let mut simulated = run(&[SET]);
    let mut live = simulated.clone();
    simulated.ending = Ending::Quiet;
    assert_eq!(tolerances(&compare(&simulated, &live, Substrate::Kwok)), [Tolerance::NeverQuiet]);
    assert_eq!(compare(&live, &simulated, Substrate::Kwok).verdict, Conformity::Diverge);
    let verdict = |status| Verdict {
        line: line(),
        text: "final manifests/web: ready".to_owned(),
        status,
        at: Time::ZERO,
        detail: "it is ready".to_owned(),
        evidence: Some(EntryId(0)),
    };
    simulated.verdicts.push(verdict(VerdictStatus::Passed));
    live.verdicts.push(verdict(VerdictStatus::Failed));
    let comparison = compare(&simulated, &live, Substrate::Kwok);
    assert_eq!(comparison.first().map(|first| first.about.as_str()), Some("final manifests/web: ready"));
}

#[test]
fn nodes_of_the_cluster_need_not_be_those_of_the_scenario() {
    let on = |node: &'static str, placed: &'static str| -> [Row; 3] {
        [(0, node, None), (1, "Pod/web-r1-0 Pending created by ReplicaSet/web-r1", None), (2, placed, Some(1))]
    };
    let simulated = run(&on("Node/cpu-0 Ready no GPU", "Pod/web-r1-0 Scheduled on cpu-0"));
    let live = run(&on("Node/worker-a Ready no GPU", "Pod/web-r1-0 Scheduled on worker-a"));
    assert_eq!(tolerances(&compare(&simulated, &live, Substrate::Containers)), [Tolerance::OwnNodes]);
    assert_eq!(compare(&simulated, &live, Substrate::Kwok).verdict, Conformity::Diverge);
    // By the same names they are compared.
    let elsewhere = run(&on("Node/cpu-0 Ready no GPU", "Pod/web-r1-0 Scheduled on gpu-0"));
    assert_eq!(compare(&simulated, &elsewhere, Substrate::Containers).verdict, Conformity::Diverge);
}
