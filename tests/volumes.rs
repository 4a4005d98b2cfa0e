//! Volumes through the cluster's own doors.
//!
//! Goal: claims get the volumes that the source would give them, pods go where their volumes are, and a volume leaves one
//! node before it comes to another. Method: nodes in two zones, small workloads, the timeline as lines.

mod bench;

use std::sync::Arc;

use bench::{Bench, deployment, seconds, template};
use greenroom::cluster::Profile;
use greenroom::kernel::Duration;
use greenroom::workload::storage::{AccessMode, ClaimSpec, ClaimTemplate, StorageClassSpec, VolumeSpec};
use greenroom::workload::{NodeDisruption, Object, StatefulSetSpec, Taint, TaintEffect, Volume};

/// Four nodes: n-0 and n-1 in zone a, n-2 and n-3 in zone b.
fn two_zones(gpus: u64) -> Bench {
    Bench::with(4, gpus, Profile::kubernetes_1_36(), |ordinal, node| {
        node.zone = Some(if ordinal < 2 { "a" } else { "b" }.to_owned());
    })
}

fn class(waits_for_consumer: bool) -> Object {
    Object::StorageClass(StorageClassSpec {
        provisioner: "block.example.com".into(),
        waits_for_consumer,
        deletes: true,
        topologies: Vec::new(),
        is_default: true,
    })
}

fn claim(class: Option<&str>, gibibytes: u64) -> ClaimSpec {
    ClaimSpec {
        class: class.map(str::to_owned),
        access: vec![AccessMode::ReadWriteOnce],
        size_bytes: gibibytes << 30,
        ..ClaimSpec::default()
    }
}

fn mounting(name: &str) -> greenroom::workload::PodTemplate {
    let mut pods = template(seconds(1));
    pods.volumes.push(Volume::Claim { name: name.into(), read_only: false });
    pods
}

/// Fails unless each of these is in the story, the first line with one before the first line with the next.
fn told_in_order(story: &[String], whats: &[&str]) {
    let at =
        |what: &&str| story.iter().position(|line| line.contains(what)).unwrap_or_else(|| panic!("{what}: {story:#?}"));
    assert!(whats.iter().map(at).is_sorted(), "{story:#?}");
}

#[test]
fn a_claim_waits_for_its_pod_and_follows_it_to_its_zone() {
    let mut bench = two_zones(4);
    bench.apply("StorageClass/fast", class(true));
    bench.apply("PersistentVolumeClaim/data", Object::PersistentVolumeClaim(claim(None, 10)));
    bench.apply("Deployment/web", deployment(1, mounting("data")));
    bench.run(seconds(60));
    insta::assert_snapshot!(bench.story_from(Duration::ZERO)[4..].join("\n"));
}

#[test]
fn a_pod_goes_where_its_bound_volume_is_or_nowhere() {
    let mut bench = two_zones(1);
    let in_zone_b = greenroom::workload::NodeTerm {
        requirements: vec![greenroom::workload::NodeRequirement {
            key: "topology.kubernetes.io/zone".into(),
            operator: greenroom::workload::Operator::In,
            values: vec!["b".into()],
        }],
    };
    let volume = |size: u64| {
        Object::PersistentVolume(VolumeSpec {
            access: vec![AccessMode::ReadWriteOnce],
            size_bytes: size << 30,
            nodes: vec![in_zone_b.clone()],
            attaches: true,
            ..VolumeSpec::default()
        })
    };
    bench.apply("PersistentVolume/large", volume(100));
    bench.apply("PersistentVolume/small", volume(20));
    bench.apply("PersistentVolumeClaim/data", Object::PersistentVolumeClaim(claim(Some(""), 10)));
    bench.apply("Deployment/web", deployment(1, mounting("data")));
    bench.run(seconds(60));
    let story = bench.story_from(Duration::ZERO);
    assert!(
        story.iter().any(|line| line.ends_with("PersistentVolumeClaim/data Bound to PersistentVolume/small")),
        "{story:#?}"
    );
    assert!(story.iter().any(|line| line.contains("Pod/web-r1-0 Scheduled on n-2")), "{story:#?}");
    // Both nodes of the zone are cordoned: the pod that replaces it has nowhere to go.
    for node in ["Node/n-2", "Node/n-3"] {
        bench.strike(node, NodeDisruption::Drain(greenroom::workload::Drain::default()));
    }
    bench.run(seconds(120));
    let story = bench.story_from(seconds(60));
    let message = "0/4 nodes are available: 2 node(s) didn't match PersistentVolume's node affinity, 2 node(s) were unschedulable.";
    assert!(story.iter().any(|line| line.contains(message)), "{story:#?}");
}

#[test]
fn an_unbound_claim_of_an_immediate_class_keeps_its_pod_waiting_until_it_is_bound() {
    let mut bench = two_zones(4);
    bench.apply("PersistentVolumeClaim/data", Object::PersistentVolumeClaim(claim(None, 10)));
    bench.apply("Deployment/web", deployment(1, mounting("data")));
    bench.run(seconds(20));
    let story = bench.story_from(Duration::ZERO);
    assert!(story.iter().any(|line| line.contains("unbound immediate PersistentVolumeClaims")), "{story:#?}");
    // With a default class the claim is bound at the binder's next round, 15 s apart, and a volume is made for it.
    bench.apply("StorageClass/fast", class(false));
    bench.run(seconds(120));
    let story = bench.story_since(seconds(20));
    assert!(
        story.iter().any(|line| line.starts_with("00:00:30.000 PersistentVolumeClaim/data Provisioning")),
        "{story:#?}"
    );
    assert!(story.iter().any(|line| line.contains("Pod/web-r1-0 Ready")), "{story:#?}");
}

/// A StatefulSet's pod on a lost node keeps its volume until its node is said to be out of service.
#[test]
fn a_lost_node_holds_its_volumes_until_it_is_out_of_service() {
    let mut bench = two_zones(4);
    bench.apply("StorageClass/fast", class(true));
    let data = ClaimTemplate { name: "data".into(), spec: claim(None, 10) };
    let template = Arc::new(mounting("data"));
    let spec = StatefulSetSpec { service: "db".into(), claims: vec![data], ..StatefulSetSpec::of(1, template) };
    bench.apply("StatefulSet/db", Object::StatefulSet(spec));
    bench.run(seconds(103));
    bench.strike("Pod/db-0", NodeDisruption::Silent { lasts: None });
    bench.run(seconds(600));
    let taint = Taint {
        key: "node.kubernetes.io/out-of-service".into(),
        value: "nodeshutdown".into(),
        effect: TaintEffect::NoExecute,
    };
    assert_eq!(bench.strike("Node/n-0", NodeDisruption::Taint { taint, lasts: None }), 1);
    bench.run(seconds(900));
    insta::assert_snapshot!(bench.story_since(seconds(102)).join("\n"));
}

/// Without a word of the operator, a pod that is deleted by force finds its volume still attached: it is detached after
/// six minutes.
#[test]
fn a_volume_is_detached_by_force_after_six_minutes() {
    let mut bench = two_zones(4);
    bench.apply("StorageClass/fast", class(true));
    bench.apply("PersistentVolumeClaim/data", Object::PersistentVolumeClaim(claim(None, 10)));
    let mut pods = mounting("data");
    pods.termination_grace_period = Duration::ZERO;
    bench.apply("Deployment/web", deployment(1, pods));
    bench.run(seconds(103));
    bench.strike("Pod/web-r1-0", NodeDisruption::Silent { lasts: None });
    bench.run(seconds(1200));
    let story = bench.story_since(seconds(102));
    told_in_order(
        &story,
        &["Pod/web-r1-0 Deleted", "Multi-Attach error", "Detached from", "Attached to", "Pod/web-r1-1 Ready"],
    );
    // Evicted at 455.1 s, seen at the next look of the reconciler, force-detached six minutes and ten seconds later.
    assert!(story.iter().any(|line| line.starts_with("00:13:45.200") && line.contains("Detached")), "{story:#?}");
}

#[test]
fn a_claim_that_is_used_outlives_its_deletion() {
    let mut bench = two_zones(4);
    bench.apply("StorageClass/fast", class(true));
    bench.apply("PersistentVolumeClaim/data", Object::PersistentVolumeClaim(claim(None, 10)));
    bench.apply("Deployment/web", deployment(1, mounting("data")));
    bench.run(seconds(60));
    bench.delete("PersistentVolumeClaim/data");
    bench.run(seconds(70));
    bench.delete("Deployment/web");
    bench.run(seconds(120));
    let story = bench.story_since(seconds(60));
    told_in_order(
        &story,
        &["Pod/web-r1-0 Deleted", "PersistentVolumeClaim/data Deleted", "PersistentVolume/pvc-default-data Deleted"],
    );
}

/// Goal: a pod that comes again on its node finds its volume there: the reconciler's loop sees no reason to detach it.
#[test]
fn a_successor_on_the_same_node_keeps_the_volume() {
    let mut bench = Bench::new(1, 4);
    bench.apply("StorageClass/fast", class(true));
    let mut spec = StatefulSetSpec::of(1, Arc::new(mounting("data")));
    spec.claims = vec![ClaimTemplate { name: "data".into(), spec: claim(None, 1) }];
    bench.apply("StatefulSet/db", Object::StatefulSet(spec));
    bench.run(seconds(120));
    bench.delete("Pod/db-0");
    bench.run(seconds(300));
    let after = bench.story_since(seconds(120));
    told_in_order(&after, &["Pod/db-0 Deleted", "Pod/db-0 Scheduled", "Pod/db-0 Ready"]);
    assert!(!after.iter().any(|line| line.contains("Detached") || line.contains("Attached")), "{after:#?}");
    // Without a successor it leaves at the next look, a tenth of a second later, and the provider takes its time.
    bench.delete("StatefulSet/db");
    bench.run(seconds(400));
    let left = bench.story_since(seconds(300));
    assert!(
        left.iter().any(|line| line.contains("00:05:11.100 PersistentVolume/pvc-default-data-db-0 Detached")),
        "{left:#?}"
    );
}

/// Goal: the claim is bound before its pod is, and the room of the pod is kept meanwhile.
#[test]
fn a_claim_is_bound_before_its_pod() {
    let mut bench = Bench::new(1, 1);
    bench.apply("StorageClass/fast", class(true));
    bench.apply("PersistentVolumeClaim/data", Object::PersistentVolumeClaim(claim(None, 10)));
    bench.apply("Deployment/web", deployment(1, mounting("data")));
    bench.run(seconds(1));
    assert!(!bench.story_from(Duration::ZERO).iter().any(|line| line.contains("Scheduled")));
    // The node has one GPU, and that is promised.
    bench.deploy("other", 1, seconds(1));
    bench.run(seconds(60));
    let story = bench.story_from(Duration::ZERO);
    told_in_order(
        &story,
        &[
            "PersistentVolumeClaim/data Provisioning for n-0",
            "Pod/other-r1-0 Unschedulable",
            "PersistentVolumeClaim/data Bound",
            "00:00:05.000 Pod/web-r1-0 Scheduled on n-0",
            "Attached",
        ],
    );
}
