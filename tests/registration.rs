//! Goal: a pod is known to those who send requests as long as it is ready, its stores can be reached and its lease is renewed.
//! Method: pods with a registration on a small cluster, whose stores go out and whose node is switched off.

mod bench;

use bench::{Bench, deployment, seconds, template};
use greenroom::kernel::{Duration, Time};
use greenroom::workload::{
    Backend, Disruption, PodStatus, PodTemplate, ProcessLease, Registration, Stage, Status, Store, Struck,
};

/// The pod of a Deployment of one.
const POD: &str = "Pod/web-r1-0";

/// Pods that are ready twenty seconds after their creation and are registered so.
fn registered(stores: &[Store], lease: Option<Duration>, ends_with_lease: bool) -> PodTemplate {
    let registration = Registration { stores: stores.to_vec(), lease, takes: Duration::ZERO };
    let process_lease = ProcessLease { store: Store::Etcd, lasts: seconds(10), tries_for: Duration::ZERO };
    let process_lease = ends_with_lease.then_some(process_lease);
    PodTemplate { registration: Some(registration), process_lease, ..template(seconds(5)) }
}

/// Pods whose processes need etcd, and that nobody has to hear of.
fn leased(tries_for: Duration) -> PodTemplate {
    let process_lease = Some(ProcessLease { store: Store::Etcd, lasts: seconds(10), tries_for });
    PodTemplate { process_lease, ..template(seconds(5)) }
}

fn started(template: PodTemplate) -> Bench {
    let mut bench = Bench::new(1, 4);
    bench.submit("Deployment/web", deployment(1, template));
    bench.run(seconds(60));
    assert!(status(&mut bench).ready);
    bench
}

fn status(bench: &mut Bench) -> PodStatus {
    match bench.status(POD) {
        Some(Status::Pod(status)) => status,
        other => panic!("{other:?}"),
    }
}

fn out(bench: &mut Bench, store: Store, lasts: Option<Duration>) -> usize {
    match bench.cluster.disrupt(&Disruption::StoreOutage { store, lasts }, bench.cause) {
        Ok(Struck::Standing(standing)) => standing,
        other => panic!("{other:?}"),
    }
}

/// What the pod became since a time, and when.
fn since(bench: &mut Bench, from: u64) -> Vec<(u64, &'static str)> {
    let entries = bench.cluster_entries(POD).into_iter();
    let later = entries.filter(|(at, _)| *at >= Time::ZERO + seconds(from));
    later.map(|(at, became)| (at.nanos() / 1_000_000_000, became)).collect()
}

#[test]
fn a_pod_without_a_registration_is_known_as_soon_as_it_is_ready() {
    let mut bench = started(template(seconds(5)));
    assert!(status(&mut bench).registered);
    assert!(!since(&mut bench, 0).iter().any(|(_, became)| *became == "Registered"));
    let web = bench.subject("Deployment/web");
    assert_eq!(bench.cluster.counts(web).map(|counts| counts.registered), Some(1));
}

#[test]
fn a_short_outage_of_etcd_is_outlived_by_the_lease() {
    let mut bench = started(registered(&[Store::Etcd], Some(seconds(10)), true));
    assert!(status(&mut bench).registered);
    let fault = out(&mut bench, Store::Etcd, Some(seconds(9)));
    bench.run(seconds(120));
    assert_eq!(since(&mut bench, 60), []);
    assert!(status(&mut bench).registered);
    assert_eq!(bench.cluster.effects(fault), 0, "it had no effect");
}

#[test]
fn a_long_outage_of_etcd_ends_the_lease_and_the_process_with_it() {
    let mut bench = started(registered(&[Store::Etcd], Some(seconds(10)), true));
    let fault = out(&mut bench, Store::Etcd, Some(seconds(60)));
    bench.run(seconds(69));
    assert!(status(&mut bench).registered, "the lease is not over yet");
    bench.run(seconds(180));
    let story = since(&mut bench, 60);
    // It begins again at 70 and, after ten and twenty seconds of back-off, at 80 and at 100; at 140 etcd is back.
    let turns: Vec<_> = story.iter().filter(|(_, became)| matches!(*became, "Unregistered" | "Restarted")).collect();
    assert_eq!(
        turns,
        [&(70, "Unregistered"), &(70, "Restarted"), &(80, "Restarted"), &(100, "Restarted"), &(140, "Restarted")]
    );
    let back: Vec<_> = story.iter().filter(|(_, became)| matches!(*became, "Ready" | "Registered")).collect();
    assert!(back.iter().all(|(at, _)| *at >= 145) && back.len() == 2, "not while etcd is out: {story:?}");
    assert!(bench.cluster.effects(fault) >= 5);
    assert_eq!(status(&mut bench).restarts, 4);
}

#[test]
fn a_process_that_nobody_has_to_hear_of_needs_its_lease_too() {
    let mut bench = started(leased(Duration::ZERO));
    out(&mut bench, Store::Etcd, Some(seconds(11)));
    bench.run(seconds(120));
    let story = since(&mut bench, 60);
    assert!(story.contains(&(70, "Error")) && story.contains(&(80, "Restarted")), "{story:?}");
    assert!(!story.iter().any(|(_, became)| *became == "Registered"), "readiness is enough: {story:?}");
    assert!(status(&mut bench).ready);
}

#[test]
fn a_process_that_tries_for_long_begins_once_its_store_is_back() {
    for (lasts, restarts) in [(100, 1), (300, 3)] {
        let mut bench = started(leased(seconds(120)));
        out(&mut bench, Store::Etcd, Some(seconds(lasts)));
        // The lease is lost at 70; of the long outage two tries of two minutes end, at 190 and 320.
        bench.run(seconds(60 + lasts));
        assert!(!status(&mut bench).ready, "not before etcd is back, after {lasts} s");
        bench.run(seconds(60 + lasts + 15));
        assert_eq!((status(&mut bench).ready, status(&mut bench).restarts), (true, restarts), "after {lasts} s");
    }
}

#[test]
fn a_registration_takes_as_long_as_its_template_says() {
    let mut template = registered(&[], None, false);
    if let Some(registration) = &mut template.registration {
        registration.takes = Duration::from_millis(500);
    }
    let mut bench = started(template);
    let at = |bench: &mut Bench, word: &str| {
        let entries = bench.cluster_entries(POD);
        entries.into_iter().find(|(_, became)| *became == word).map(|(at, _)| at)
    };
    let ready = at(&mut bench, "Ready").expect("it becomes ready");
    assert_eq!(at(&mut bench, "Registered"), Some(ready + Duration::from_millis(500)));
}

#[test]
fn without_a_lease_a_registration_stays_but_nothing_new_is_registered() {
    let mut bench = started(registered(&[Store::Etcd], None, false));
    out(&mut bench, Store::Etcd, Some(seconds(100)));
    bench.submit("Deployment/web", deployment(2, registered(&[Store::Etcd], None, false)));
    bench.run(seconds(150));
    let web = bench.subject("Deployment/web");
    let counts = bench.cluster.counts(web).expect("it is there");
    assert_eq!((counts.ready, counts.registered), (2, 1));
    bench.run(seconds(161));
    assert_eq!(bench.cluster.counts(web).map(|counts| counts.registered), Some(2));
}

#[test]
fn nobody_is_reached_while_nats_is_out_and_everybody_right_after() {
    let mut bench = started(registered(&[Store::Etcd, Store::Nats], Some(seconds(10)), true));
    let name = bench.subject("traffic/web");
    let workload = bench.subject("Deployment/web");
    let backends = vec![Backend { workload, party: workload, weight: 1, nodes: None, unready: false }];
    let cause = bench.cause;
    bench.cluster.port(0).route(name, backends, cause);
    bench.run(seconds(70));
    out(&mut bench, Store::Nats, Some(seconds(30)));
    bench.run(seconds(130));
    assert_eq!(since(&mut bench, 60), [(70, "Unregistered"), (100, "Registered")]);
    assert_eq!(status(&mut bench).restarts, 0, "no lease ran out");
    let traffic: Vec<_> = bench.cluster_entries("traffic/web");
    let turns: Vec<_> = traffic.iter().map(|(at, became)| (at.nanos() / 1_000_000_000, *became)).collect();
    assert_eq!(turns, [(60, "serving"), (70, "outage"), (100, "serving")]);
}

#[test]
fn a_machine_that_is_off_renews_no_lease() {
    let mut bench = started(registered(&[Store::Etcd], Some(seconds(10)), true));
    let target = bench.subject("Node/n-0");
    bench.cluster.disrupt(&Disruption::NodeDown { target, lasts: None }, bench.cause).expect("there is such a node");
    bench.run(seconds(69));
    assert!(status(&mut bench).registered && status(&mut bench).ready, "nobody has noticed");
    bench.run(seconds(71));
    assert!(!status(&mut bench).registered && status(&mut bench).ready, "the store has, before Kubernetes does");
}

#[test]
fn a_pod_that_goes_is_known_no_longer_and_says_so_only_once() {
    let mut bench = started(registered(&[Store::Etcd], Some(seconds(10)), true));
    bench.delete("Deployment/web");
    bench.run(seconds(120));
    let story = since(&mut bench, 60);
    assert_eq!(story.iter().filter(|(_, became)| *became == "Unregistered").count(), 0, "{story:?}");
    let web = bench.subject("Deployment/web");
    assert!(bench.cluster.counts(web).is_none_or(|counts| counts.registered == 0));
}
