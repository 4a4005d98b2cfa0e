//! LeaderWorkerSets in the simulated cluster: the controller is driven as a system drives it, through the world alone.

mod bench;

use std::sync::Arc;

use bench::{Bench, pods, seconds};
use greenroom::kernel::Time;
use greenroom::systems::leaderworkerset::LeaderWorkerSet;
use greenroom::workload::{Disruption, Happening, LeaderWorkerSetSpec, Stage};

struct Rig {
    bench: Bench,
    set: Option<LeaderWorkerSet>,
}

impl Rig {
    fn new() -> Rig {
        Rig { bench: Bench::new(1, 16), set: None }
    }

    fn apply(&mut self, spec: LeaderWorkerSetSpec) {
        let key = self.bench.subject("LeaderWorkerSet/llm");
        let mut port = self.bench.cluster.port(0);
        match &mut self.set {
            None => self.set = Some(LeaderWorkerSet::create(key, key, spec, self.bench.cause, &mut *port)),
            Some(set) => set.change(spec, self.bench.cause, &mut *port),
        }
    }

    /// Lets time pass; the controller is told what it watches.
    fn run_until(&mut self, until: u64) {
        self.bench.cluster.call_at(Time::ZERO + seconds(until), 0, true);
        loop {
            match self.bench.cluster.next() {
                Happening::Rehearsal(_) | Happening::Quiet => return,
                Happening::Changed { subject: Some(subject), cause, .. } => {
                    let mut port = self.bench.cluster.port(0);
                    if let Some(set) = self.set.as_mut().filter(|set| set.watches(subject)) {
                        set.changed(cause, &mut *port);
                    }
                }
                Happening::LimitReached(limit) => panic!("{limit}"),
                Happening::Stopped(stop) => panic!("{stop:?}"),
                _ => {}
            }
        }
    }

    /// What happened from an instant on, without the kubelets' part.
    fn story(&self, from: u64) -> String {
        let skips = ["Scheduled", "Pulling", "Pulled", "Running", "Serving", "Terminating", "Complete"];
        let from = Time::ZERO + seconds(from);
        self.bench.story(|entry| entry.at >= from && !skips.contains(&entry.became)).join("\n")
    }

    fn ready(&mut self) -> u32 {
        let key = self.set.as_ref().expect("it was created").key();
        self.bench.cluster.counts(key).map_or(0, |counts| counts.ready)
    }
}

fn spec(image: &str) -> LeaderWorkerSetSpec {
    LeaderWorkerSetSpec { leader_first: true, ..LeaderWorkerSetSpec::of(2, 3, Arc::new(pods("llm", image, 1))) }
}

#[test]
fn leaders_come_first_and_a_new_template_reaches_one_group_after_the_other() {
    let mut rig = Rig::new();
    rig.apply(spec("a:1"));
    rig.run_until(60);
    assert_eq!(rig.ready(), 6);
    rig.apply(spec("a:2"));
    rig.run_until(200);
    assert_eq!(rig.ready(), 6);
    insta::assert_snapshot!(rig.story(0));
}

#[test]
fn a_pod_that_restarts_takes_its_group_down_and_no_other() {
    let mut rig = Rig::new();
    rig.apply(spec("a:1"));
    rig.run_until(60);
    let target = rig.bench.subject("Pod/llm-1-2");
    rig.bench
        .cluster
        .disrupt(&Disruption::ContainerCrash { target, exit_code: 1 }, rig.bench.cause)
        .expect("it can crash");
    rig.run_until(120);
    assert_eq!(rig.ready(), 6);
    let story = rig.story(60);
    assert!(story.contains("GroupRestarted group 1, because of Pod/llm-1-2"), "{story}");
    assert!(story.contains("Pod/llm-1 Deleted") && !story.contains("Pod/llm-0"), "{story}");
}

#[test]
fn a_set_that_is_deleted_takes_its_groups_with_it() {
    let mut rig = Rig::new();
    rig.apply(spec("a:1"));
    rig.run_until(60);
    let cause = rig.bench.cause;
    let mut port = rig.bench.cluster.port(0);
    rig.set.as_mut().expect("it was created").delete(cause, &mut *port);
    drop(port);
    rig.run_until(120);
    assert_eq!(rig.ready(), 0);
    let key = rig.set.as_ref().expect("it was created").key();
    assert_eq!(rig.bench.cluster.counts(key).map(|counts| counts.pods), Some(0));
}
