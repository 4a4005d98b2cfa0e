//! Quotas, and objects that pods mount, through the cluster's own doors.
//!
//! Goal: what would exceed a quota is refused in the API's words and tried again with the controllers' back-off; a pod whose
//! ConfigMap is missing waits and starts at its kubelet's next try. Method: small objects, the timeline as lines.

mod bench;

use bench::{Bench, deployment, seconds, template};
use greenroom::kernel::Duration;
use greenroom::workload::policy::QuotaSpec;
use greenroom::workload::{Disruption, Object, Stage, Volume};

fn quota(hard: &[(&str, u64)]) -> Object {
    let hard = hard.iter().map(|(name, amount)| ((*name).to_owned(), *amount)).collect();
    Object::ResourceQuota(QuotaSpec { hard, scopes: Vec::new() })
}

#[test]
fn pods_beyond_the_quota_are_refused_until_others_are_gone() {
    let mut bench = Bench::new(2, 4);
    bench.apply("ResourceQuota/team", quota(&[("requests.nvidia.com/gpu", 3), ("pods", 10)]));
    bench.deploy("web", 4, seconds(1));
    bench.run(seconds(60));
    let refusal = "exceeded quota: team, requested: requests.nvidia.com/gpu=1, used: requests.nvidia.com/gpu=3, \
                   limited: requests.nvidia.com/gpu=3";
    let story = bench.story_from(Duration::ZERO);
    assert!(story.iter().any(|line| line.ends_with(refusal)), "{story:#?}");
    assert_eq!(story.iter().filter(|line| line.contains("FailedCreate")).count(), 1, "told once: {story:#?}");
    // The quota grows: the next try of the ReplicaSet makes the fourth pod.
    bench.apply("ResourceQuota/team", quota(&[("requests.nvidia.com/gpu", 4)]));
    bench.run(seconds(300));
    let made = bench.story_since(seconds(60)).into_iter().find(|line| line.contains("Pod/web-r1-3 Pending"));
    // Tries come 5 ms after the first, then 10 ms, 20 ms, …: the one that falls after a minute is at 81.915 s.
    assert!(made.as_deref().is_some_and(|line| line.starts_with("00:01:21.915")), "{made:?}");
}

#[test]
fn a_quota_on_cpu_refuses_pods_that_do_not_state_it() {
    let mut bench = Bench::new(1, 4);
    bench.apply("ResourceQuota/team", quota(&[("limits.cpu", 8000)]));
    bench.deploy("web", 1, seconds(1));
    bench.run(seconds(1));
    let story = bench.story_from(Duration::ZERO);
    let refusal = "failed quota: team: must specify limits.cpu for: c";
    assert!(story.iter().any(|line| line.ends_with(refusal)), "{story:#?}");
}

#[test]
fn objects_are_counted_too() {
    let mut bench = Bench::new(1, 4);
    bench.apply("ResourceQuota/team", quota(&[("count/deployments.apps", 1)]));
    bench.deploy("web", 1, seconds(1));
    let refusal = bench.try_apply("Deployment/more", deployment(1, template(seconds(1)))).expect_err("it is refused");
    assert!(refusal.starts_with("exceeded quota: team, requested: count/deployments.apps=1"), "{refusal}");
    bench.cluster.add_namespace("shop");
    bench.apply("Deployment/shop/more", deployment(1, template(seconds(1))));
    bench.delete("Deployment/web");
    bench.run(seconds(10));
    bench.apply("Deployment/more", deployment(1, template(seconds(1))));
}

#[test]
fn a_quota_that_others_have_used_up_passes() {
    let mut bench = Bench::new(1, 4);
    let exhausted = Disruption::QuotaExhausted { namespace: "default".into(), lasts: Some(seconds(30)) };
    bench.cluster.disrupt(&exhausted, bench.cause).expect("it can be");
    bench.deploy("web", 1, seconds(1));
    bench.run(seconds(60));
    let story = bench.story_from(Duration::ZERO);
    assert!(story.iter().any(|line| line.contains("ReplicaSet/web-r1 FailedCreate exceeded quota")), "{story:#?}");
    // 5 ms and its doubles: the first try after half a minute is at 40.955 s.
    assert!(story.iter().any(|line| line.starts_with("00:00:40.955 Pod/web-r1-0 Pending")), "{story:#?}");
}

#[test]
fn a_pod_waits_for_the_config_map_that_it_mounts() {
    let mut bench = Bench::new(1, 4);
    let mut pods = template(seconds(1));
    pods.volumes.push(Volume::ConfigMap { name: "settings".into(), optional: false });
    pods.volumes.push(Volume::Secret { name: "extra".into(), optional: true });
    bench.apply("Deployment/web", deployment(1, pods));
    bench.run(seconds(20));
    bench.apply("ConfigMap/settings", Object::ConfigMap(()));
    bench.run(seconds(60));
    insta::assert_snapshot!(bench.story_from(Duration::ZERO).join("\n"));
}
