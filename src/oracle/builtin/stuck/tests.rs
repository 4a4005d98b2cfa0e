//! GR106 on timelines that are written by hand.

use super::history::History;
use crate::kernel::{Duration, Names, Time};
use crate::timeline::{Cause, Entry, Layer, LineId, Subject, Timeline, Why};
use std::collections::BTreeSet;

const LONG: Duration = Duration::from_secs(600);

fn since(words: &[(u64, &'static str)]) -> u64 {
    let (mut names, mut timeline) = (Names::default(), Timeline::default());
    let pod = Subject::parse("Pod/web-r1-0", &mut names).expect("a subject");
    for (second, became) in words {
        let at = Time::ZERO + Duration::from_secs(*second);
        let cause = Cause::Line(LineId(0));
        let entry = Entry { at, subject: pod, became, why: Why::NONE, cause, layer: Layer::Substrate };
        timeline.push(entry, &names);
    }
    let history = History::read(&timeline, &BTreeSet::from([pod]), &BTreeSet::new(), LONG);
    history.spells[&pod].since.since(Time::ZERO).nanos() / 1_000_000_000
}

#[test]
fn a_pod_moves_as_long_as_it_comes_further_than_before() {
    assert_eq!(since(&[(0, "Pending"), (0, "Unschedulable")]), 0);
    assert_eq!(since(&[(0, "Pending"), (0, "Unschedulable"), (90, "Scheduled"), (90, "Pulling")]), 90);
    assert_eq!(since(&[(0, "Pending"), (5, "Scheduled"), (5, "Pulling"), (65, "Running")]), 65);
}

#[test]
fn restarts_are_no_progress() {
    let crashes = [
        (0, "Pending"),
        (1, "Scheduled"),
        (10, "Running"),
        (40, "Error"),
        (40, "Restarted"),
        (70, "CrashLoopBackOff"),
        (80, "Restarted"),
    ];
    assert_eq!(since(&crashes), 10);
    let ready_in_between =
        [(0, "Pending"), (10, "Running"), (20, "Ready"), (40, "Error"), (400, "Ready"), (420, "Error")];
    assert_eq!(since(&ready_in_between), 20);
}

#[test]
fn a_pod_that_was_ready_for_long_begins_anew() {
    assert_eq!(since(&[(0, "Pending"), (10, "Running"), (20, "Ready"), (5000, "NotReady")]), 5000);
    let again =
        [(0, "Pending"), (20, "Ready"), (100, "Terminating"), (130, "Deleted"), (130, "Pending"), (130, "Scheduled")];
    assert_eq!(since(&again), 130);
}
