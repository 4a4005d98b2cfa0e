//! Chains, trees and graphs of runs that are made by hand.

use super::chain::{Gap, STEPS_MAX};
use super::graph::{Link, NODES_MAX, graph};
use super::view::View;
use super::waits::waits;
use super::*;
use crate::kernel::{Duration, Names};
use crate::rehearsal::{Ending, RunResult};
use crate::timeline::{Arg, Cause, Entry, Layer, ScenarioLine, Timeline, Why};

/// A run that is written entry by entry, a second apart.
struct Written {
    names: Names,
    timeline: Timeline,
    line: Cause,
}

impl Written {
    fn new() -> Written {
        let mut timeline = Timeline::default();
        let line = ScenarioLine { file: "s.yaml".into(), line: 9, column: 5, what: "deploy a.yaml".into() };
        let line = Cause::Line(timeline.add_line(line));
        Written { names: Names::default(), timeline, line }
    }

    fn subject(&mut self, text: &str) -> Subject {
        Subject::parse(text, &mut self.names).expect("a subject")
    }

    /// Adds an entry with a text; a cause of `None` is the line of the scenario.
    fn add(&mut self, subject: &str, became: &'static str, why: &str, cause: Option<EntryId>) -> EntryId {
        let subject = self.subject(subject);
        let why = Why::with("{}", Arg::Text(self.names.intern(why)));
        let at = Time::ZERO + Duration::from_secs(self.timeline.len() as u64);
        let cause = cause.map_or(self.line, Cause::Entry);
        self.timeline.push(Entry { at, subject, became, why, cause, layer: Layer::Substrate }, &self.names)
    }

    fn run(self) -> RunResult {
        RunResult {
            name: "written".to_owned(),
            file: "s.yaml".to_owned(),
            seed: 0,
            speed: 1,
            profile: String::new(),
            ended_at: Time::ZERO + Duration::from_secs(self.timeline.len() as u64),
            timeline: self.timeline,
            names: self.names,
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
}

/// A pod that restarts so often that its chain is long.
fn restarts(count: usize) -> (RunResult, EntryId) {
    let mut written = Written::new();
    let mut last = written.add("Pod/a", "Pending", "", None);
    for _ in 1..count {
        last = written.add("Pod/a", "Restarted", "", Some(last));
    }
    (written.run(), last)
}

#[test]
fn a_long_chain_keeps_its_beginning_and_its_end() {
    let (run, last) = restarts(100);
    let chain = Chain::behind(&run, last, &[]);
    assert_eq!(chain.steps.len(), STEPS_MAX);
    assert_eq!((chain.steps[0], chain.steps.last()), (EntryId(0), Some(&last)));
    assert_eq!(chain.gap, Some(Gap { after: 6, count: 100 - STEPS_MAX }));
    assert_eq!((chain.gap_before(6), chain.gap_before(7)), (Some(100 - STEPS_MAX), None));
}

#[test]
fn a_chain_goes_on_from_what_was_told() {
    let (run, last) = restarts(10);
    let chain = Chain::behind(&run, last, &[EntryId(2), EntryId(7)]);
    assert_eq!((chain.joins, chain.line), (Some(EntryId(7)), None));
    assert_eq!(chain.steps, [EntryId(8), EntryId(9)]);
}

#[test]
fn a_graph_is_bounded_and_says_what_it_leaves_out() {
    let mut written = Written::new();
    let first = written.add("Node/a", "Ready", "", None);
    let explanations = (0..100).map(|number| {
        let id = written.add(&format!("Pod/p{number}"), "Pending", "", Some(first));
        (id, number)
    });
    let ids: Vec<EntryId> = explanations.map(|(id, _)| id).collect();
    let run = written.run();
    let explanations = ids.into_iter().map(|id| Explanation {
        about: About::Entry(id),
        moment: run.ended_at,
        chain: Some(Chain::behind(&run, id, &[])),
        sections: Vec::new(),
    });
    let story = Story { explanations: explanations.collect(), ..Story::default() };
    let graph = graph(&run, &story);
    assert_eq!((graph.nodes.len(), graph.left_out), (NODES_MAX, 102 - NODES_MAX));
    assert!(graph.edges.iter().all(|edge| edge.link == Link::Causes(0) && edge.to < NODES_MAX));
}

/// The names of what stands in the way, each as deep as it stands.
fn in_the_way(run: &RunResult, subject: Subject) -> Vec<String> {
    let view = View::at(run, run.ended_at);
    let rows = waits(&view, subject).rows.into_iter();
    rows.map(|row| format!("{}{}", ">".repeat(row.depth), view.entry(row.entry).subject.show(&run.names))).collect()
}

#[test]
fn what_is_not_well_is_followed_down_to_where_it_begins() {
    let mut written = Written::new();
    let group = written.add("group/g", "deploying", "", None);
    written.add("deployment/web", "scheduled", "waits for db, llm", Some(group));
    let db = written.add("deployment/db", "active", "", Some(group));
    written.add("deployment/db", "monitoring", "", Some(db));
    let llm = written.add("deployment/llm", "active", "", Some(group));
    let workload = written.add("Deployment/llm-g", "Created", "", Some(llm));
    let set = written.add("ReplicaSet/llm-g-r1", "Created", "", Some(workload));
    written.add(
        "Pod/llm-g-r1-0",
        "Unschedulable",
        "persistentvolumeclaim PersistentVolumeClaim/data: not bound",
        Some(set),
    );
    written.add("PersistentVolumeClaim/data", "Pending", "", Some(workload));
    let subject = written.subject("group/g");
    let found = in_the_way(&written.run(), subject);
    let expected = [
        "deployment/web",
        ">deployment/llm",
        ">>Deployment/llm-g",
        ">>>Pod/llm-g-r1-0",
        ">>>>PersistentVolumeClaim/data",
    ];
    assert_eq!(found, expected);
}

#[test]
fn members_that_wait_for_each_other_come_to_an_end() {
    let mut written = Written::new();
    written.add("deployment/a", "scheduled", "waits for b", None);
    written.add("deployment/b", "scheduled", "waits for a", None);
    let subject = written.subject("deployment/a");
    assert_eq!(in_the_way(&written.run(), subject), ["deployment/b"]);
}

#[test]
fn what_follows_from_a_failure_is_not_its_reason() {
    let mut written = Written::new();
    let group = written.add("group/g", "submitted", "", None);
    let member = written.add("deployment/a", "scheduled", "", Some(group));
    let failed = written.add("group/g", "rejected", "circular dependency", Some(member));
    written.add("deployment/a", "rejected", "with group/g", Some(failed));
    let subject = written.subject("group/g");
    assert_eq!(in_the_way(&written.run(), subject), [""; 0]);
}

/// A pod that takes the place of another is made by the workload, although the other's end caused it.
#[test]
fn who_made_a_pod_is_found_behind_the_pod_that_it_replaces() {
    let mut written = Written::new();
    let set = written.add("ReplicaSet/a", "Created", "", None);
    let first = written.add("Pod/a-0", "Pending", "", Some(set));
    let gone = written.add("Pod/a-0", "Deleted", "", Some(first));
    written.add("Pod/a-1", "Pending", "", Some(gone));
    let [owner, pod] = ["ReplicaSet/a", "Pod/a-1"].map(|text| written.subject(text));
    let run = written.run();
    assert_eq!(View::at(&run, run.ended_at).owner(pod), Some(owner));
}
