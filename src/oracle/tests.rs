//! Each rule against a world that is played by hand.

use std::sync::Arc;

use super::played::*;
use super::*;
use crate::kernel::Duration;
use crate::rehearsal::VerdictStatus;
use crate::scenario::model::{Condition, ExpectEntry, ExpectKind, ExportPattern, Mark, SubjectState, View};
use crate::timeline::Cause;

#[test]
fn eventually_is_reached_in_time_too_late_or_not_at_all() {
    let expect = vec![
        eventually("group/g", "monitoring", None),
        eventually("group/g", "monitoring", Some(4)),
        eventually("group/g", "monitoring", Some(3)),
        eventually("group/g", "monitoring", Some(60)),
        eventually("deployment/b", "completed", Some(60)),
        eventually("deployment/bb", "active", None),
        ExpectKind::Eventually {
            states: states(&[("deployment/a", "monitoring"), ("deployment/b", "monitoring")]),
            within: None,
        },
        ExpectKind::Eventually {
            states: states(&[("deployment/a", "active"), ("deployment/b", "active")]),
            within: None,
        },
    ];
    insta::assert_snapshot!(told(&play(expect, View::Actual, &two_members(), 10)));
}

/// A state that lasts no time at all was reached.
#[test]
fn a_state_within_an_instant_counts() {
    let steps = [(1, Became("deployment/a", "active")), (1, Became("deployment/a", "monitoring"))];
    let expect = vec![
        eventually("deployment/a", "active", None),
        never(Condition::States(states(&[("deployment/a", "active")])), None, None),
    ];
    let verdicts = play(expect, View::Actual, &steps, 2);
    assert_eq!(verdicts[0].status, VerdictStatus::Passed);
    assert_eq!(verdicts[1].status, VerdictStatus::Failed);
}

#[test]
fn before_needs_both_and_in_order() {
    let expect = vec![
        before(("deployment/a", "monitoring"), ("deployment/b", "active")),
        before(("deployment/b", "active"), ("deployment/a", "monitoring")),
        before(("deployment/b", "monitoring"), ("deployment/a", "monitoring")),
        before(("deployment/a", "completed"), ("deployment/b", "monitoring")),
        before(("deployment/a", "monitoring"), ("deployment/b", "completed")),
        before(("deployment/a", "lost"), ("deployment/b", "lost")),
    ];
    insta::assert_snapshot!(told(&play(expect, View::Actual, &two_members(), 10)));
}

#[test]
fn final_and_stable_for_look_at_how_long() {
    let a = states(&[("deployment/a", "monitoring")]);
    let b = states(&[("deployment/b", "monitoring")]);
    let stable = |states: &[SubjectState], length| ExpectKind::StableFor {
        states: states.to_vec(),
        length: Duration::from_secs(length),
    };
    let expect = vec![
        ExpectKind::Final { states: a.clone() },
        ExpectKind::Final { states: b.clone() },
        stable(&a, 8),
        stable(&a, 9),
        stable(&b, 3),
        stable(&b, 4),
        stable(&states(&[("deployment/a", "failed")]), 1),
    ];
    insta::assert_snapshot!(told(&play(expect, View::Actual, &two_members(), 10)));
}

/// The window holds the instant at which it opens, and not the one at which it closes.
#[test]
fn windows_open_and_close() {
    let a = |state: &str| Mark::States(states(&[("deployment/a", state)]));
    let at = |seconds| Mark::At(Time::ZERO + Duration::from_secs(seconds));
    let undeploy = || Some(Mark::Action("undeploy".to_owned()));
    let ready = || cel("ready('deployment/a') >= 1");
    let expect = vec![
        always(ready(), None, None),
        always(ready(), Some(a("monitoring")), undeploy()),
        always(ready(), Some(a("monitoring")), None),
        always(ready(), Some(at(2)), Some(at(6))),
        always(ready(), Some(at(1)), Some(at(6))),
        always(ready(), Some(a("lost")), None),
        always(ready(), Some(at(60)), None),
        always(ready(), undeploy(), Some(at(3))),
        always(ready(), Some(Mark::Fault("f".to_owned())), None),
        never(Condition::States(states(&[("deployment/a", "undeploying")])), None, undeploy()),
        never(Condition::States(states(&[("deployment/a", "undeploying")])), Some(a("monitoring")), None),
        never(Condition::States(states(&[("deployment/a", "monitoring")])), Some(at(3)), None),
        always(
            Condition::States(states(&[("deployment/a", "monitoring")])),
            Some(a("monitoring")),
            Some(a("undeploying")),
        ),
        always(Condition::States(states(&[("deployment/a", "monitoring")])), Some(a("monitoring")), None),
    ];
    let steps = [
        (1, Became("deployment/a", "active")),
        (2, Ready("deployment/a", 1)),
        (2, Became("deployment/a", "monitoring")),
        (4, Tick),
        (6, Became("action/undeploy", "done")),
        (6, Became("deployment/a", "undeploying")),
        (6, Ready("deployment/a", 0)),
    ];
    insta::assert_snapshot!(told(&play(expect, View::Actual, &steps, 10)));
}

/// A window that opens while the closing states hold waits until they hold anew.
#[test]
fn a_window_is_not_closed_by_what_was_so_when_it_opened() {
    let steps = [
        (1, Became("deployment/a", "monitoring")),
        (2, Became("fault/f", "struck")),
        (3, Became("deployment/a", "failed")),
        (5, Became("deployment/a", "monitoring")),
    ];
    let until = Some(Mark::States(states(&[("deployment/a", "monitoring")])));
    let condition = Condition::States(states(&[("deployment/a", "failed")]));
    let verdicts = play(vec![never(condition, Some(Mark::Fault("f".to_owned())), until)], View::Actual, &steps, 9);
    assert_eq!(verdicts[0].status, VerdictStatus::Failed, "{verdicts:?}");
    assert_eq!(verdicts[0].at, Time::ZERO + Duration::from_secs(3));
}

/// An expectation about a name that is nowhere must not pass in silence.
#[test]
fn a_name_that_never_appears_is_told() {
    let typing_error = || Condition::States(states(&[("deployment/aa", "failed")]));
    let expect = vec![
        never(typing_error(), None, None),
        always(cel("ready('deployment/aa') == 0"), None, None),
        always(cel("ready('deployment/a') == 0"), None, None),
        never(cel("['deployment/a', 'deployment/zzzzzzz'].exists(s, ready(s) > 0)"), None, None),
    ];
    insta::assert_snapshot!(told(&play(expect, View::Actual, &two_members(), 10)));
}

#[test]
fn expressions_see_the_whole_state() {
    let steps = [
        (1, Became("deployment/a", "active")),
        (1, Ready("deployment/a", 2)),
        (1, SeenReady("deployment/a", 1)),
        (3, Became("deployment/a", "monitoring")),
        (5, Ready("deployment/a", 0)),
        (5, Tick),
    ];
    let source = [
        "status('deployment/a') == '' || status('deployment/a') in ['active', 'monitoring']",
        "status('deployment/a') != 'monitoring' || reached('deployment/a', 'active')",
        "gpus_used() <= gpus_total() && gpus_total() == 8",
        "gpus_used() * 100 / gpus_total() < 25",
        "['deployment/a'].all(s, ready(s) <= 2)",
        "!(status('deployment/a') == 'monitoring' && ready('deployment/a') == 0)",
        "10 / ready('deployment/a') > 0",
    ];
    let expect = || source.iter().map(|source| always(cel(source), None, None)).collect::<Vec<_>>();
    let actual = told(&play(expect(), View::Actual, &steps, 8));
    let observed = told(&play(expect(), View::Observed, &steps, 8));
    insta::assert_snapshot!(format!("{actual}\n\nobserved:\n{observed}"));
}

#[test]
fn exports_have_their_form() {
    let pattern = |subject: &str, key: &str, pattern: &str| ExportPattern {
        subject: subject.to_owned(),
        key: key.to_owned(),
        pattern: pattern.to_owned(),
    };
    let dns = || pattern("deployment/a", "internal_dns_name", r"\.svc\.cluster\.local$");
    let expect = vec![
        ExpectKind::Export { values: vec![dns()] },
        ExpectKind::Export { values: vec![pattern("deployment/a", "internal_dns_name", "^b")] },
        ExpectKind::Export { values: vec![dns(), pattern("deployment/a", "service_url", ".")] },
        ExpectKind::Export { values: vec![pattern("deployment/c", "service_url", ".")] },
    ];
    let steps = [
        (1, Became("deployment/a", "monitoring")),
        (1, Published("deployment/a", "internal_dns_name", "a.default.svc.cluster.local")),
    ];
    insta::assert_snapshot!(told(&play(expect, View::Actual, &steps, 3)));
}

/// A judge that is cloned in the middle goes on like the first.
#[test]
fn a_clone_judges_alike() {
    let expect = [always(cel("ready('deployment/a') >= 0"), None, None), eventually("deployment/a", "active", None)];
    let expect: Vec<ExpectEntry> = expect.into_iter().map(|kind| entry(kind, View::Actual)).collect();
    let mut judge = compile::compile(&expect, &source("")).expect("valid");
    let mut stage = Played::default();
    let line =
        stage.timeline_mut().0.add_line(ScenarioLine { file: Arc::from("s"), line: 1, column: 1, what: "x".into() });
    perform(&Became("deployment/a", "active"), &mut stage, &mut judge, Cause::Line(line));
    judge.instant_ended(&stage);
    let mut other = judge.clone();
    assert_eq!(judge.finish(&stage), other.finish(&stage));
    assert!(other.settled());
}
