//! Goal: what searches found in scenarios where nothing is wrong, and what turned out to be a mistake of the model or of an oracle, stays
//! mended. Method: a scenario of the project with the one fault or action that showed it, at the point where it did; the oracle that
//! told of it has nothing to tell. docs/explore.md says what each was.

mod put_in;

use put_in::{NOTHING, found};

#[test]
fn pods_that_have_ended_go_with_their_owner() {
    let entry = "on: { subject: Pod/api-chain-r1-0, reaches: Deleted }, node_shutdown: { node: cpu-0, grace_period: 1m, for: 10m }";
    let scenario = put_in::scenario("undeploy-reverse/scenario.yaml").fault(entry);
    assert_eq!(found(&scenario.run(), &["GR106", "GR107"]), NOTHING);
}

#[test]
fn what_a_controller_writes_for_an_owner_that_is_gone_is_collected() {
    let entry = "on: { after_read: AnalysisTemplate/answers-well, by: search, occurrence: 24 }, undeploy: search";
    let scenario = put_in::scenario("blue-green-analysed/plain.yaml").action(entry);
    assert_eq!(found(&scenario.run(), &["GR106", "GR107"]), NOTHING);
}

#[test]
fn a_control_plane_that_starts_again_sees_that_a_group_is_whole_again() {
    let entry = "on: { subject: Pod/api-front-r1-3, reaches: Serving }, controller_restart: { of: front, for: 20s }";
    let scenario = put_in::scenario("pod-kill/scenario.yaml").fault(entry);
    assert_eq!(found(&scenario.run(), &["GR106"]), NOTHING);
}

#[test]
fn a_node_that_was_found_lost_gets_its_taint_after_a_restart_of_the_controllers() {
    let entry =
        "on: { subject: Node/cpu-0, reaches: NotReady }, controller_restart: { of: kube-controller-manager, for: 2m }";
    let scenario = put_in::scenario("kubernetes-1.33/scenario.yaml").fault(entry);
    assert_eq!(found(&scenario.run(), &["GR106"]), NOTHING);
}

#[test]
fn a_container_whose_removal_was_refused_is_removed_by_the_next_cycle() {
    let entry = "on: { subject: Node/node-0, reaches: Ready }, api_error: { times: 3 }";
    let scenario = put_in::scenario("onebackend/silent-node/scenario.yaml").fault(entry);
    assert_eq!(found(&scenario.run(), &["GR107"]), NOTHING);
}

#[test]
fn a_build_goes_on_when_its_deployment_is_removed() {
    let entry = "on: { subject: definition/invoices, reaches: building, occurrence: 3 }, undeploy: depl_invoices";
    let scenario = put_in::scenario("onebackend/build-fails/scenario.yaml").action(entry);
    assert_eq!(found(&scenario.run(), &["GR106"]), NOTHING);
}

#[test]
fn a_session_that_is_killed_before_anybody_looked_has_ended() {
    let entry =
        "on: { subject: route/chat-v1-0, reaches: starting }, pod_kill: { deployment: deployment/chat, count: 1 }";
    let scenario = put_in::scenario("backendai/need-retry-missing/mended.greenroom.yaml").fault(entry);
    assert_eq!(found(&scenario.run(), &["GR106", "GR112"]), NOTHING);
}

#[test]
fn jobs_of_earlier_runs_go_with_their_service() {
    let entry = "on: { subject: Pod/tron/reports-nightly-load-2-0, reaches: Pending }, undeploy: reports";
    let scenario = put_in::scenario("paasta/tron-job/scenario.yaml").action(entry);
    assert_eq!(found(&scenario.run(), &["GR107"]), NOTHING);
}

#[test]
fn a_graph_that_is_deleted_and_applied_again_begins_anew() {
    let entry = "on: { subject: Pod/chat-frontend-r1-0, reaches: Deleted }, apply: graph.yaml";
    let scenario = put_in::scenario("dynamo/deleted-mid-rollout/scenario.yaml").action(entry);
    assert_eq!(found(&scenario.run(), &["GR104"]), NOTHING);
}

#[test]
fn an_autoscaler_goes_on_after_its_controller_was_away() {
    let entry = "at: 10m1s, controller_restart: { of: kube-controller-manager, for: 30s }";
    let scenario = put_in::scenario("autoscaled-by-load/scenario.yaml").fault(entry).scenario();
    assert!(scenario.faults.len() == 1);
    let run = put_in::judged(&scenario);
    let back = greenroom::kernel::Time::ZERO + greenroom::kernel::Duration::from_secs(631);
    let rescaled = run.timeline.since(0).filter(|(_, one)| one.became == "Rescaled" && one.at > back).count();
    assert!(rescaled > 0, "its load changes after that");
}

#[test]
fn a_group_set_that_is_scaled_as_it_is_made_has_a_controller() {
    let entry = "at: 0s, scale: { LeaderWorkerSet/llm: 1 }";
    let scenario = put_in::scenario("gangs/leader-worker-set/scenario.yaml").action(entry);
    assert_eq!(found(&scenario.run(), &["GR106"]), NOTHING);
}

#[test]
fn pods_that_nobody_makes_again_are_missing_from_their_end_on() {
    let of_first = |occurrence: u32| {
        let path = "onebackend/as-built-removed-while-queued/scenario.yaml";
        let trigger = format!("on: {{ subject: deployment/late, reaches: deploying, occurrence: {occurrence} }}");
        let entry = format!("{trigger}, container_crash: {{ deployment: first, exit: 137 }}");
        let mut told = found(&put_in::scenario(path).fault(&entry).until("30m").run(), &["GR106"]);
        told.retain(|one| one.contains("deployment/first"));
        told
    };
    assert_eq!(of_first(112), NOTHING, "the container ends as the run does");
    let told = of_first(40);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("is Failed: exit code 137; explained by fault/put-in"), "{told:?}");
}

#[test]
fn a_set_of_manifests_is_not_told_beside_what_a_later_apply_of_it_has_made() {
    let entry = "on: { subject: Pod/blue-r1-0, reaches: Scheduled }, restart: Deployment/blue";
    let told =
        found(&put_in::scenario("faults/half-applied/scenario.yaml").action(entry).until("60m").run(), &["GR106"]);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].starts_with("GR106 Deployment/blue"), "{told:?}");
    // What an operator has paused waits for him, and so does its set.
    let entry = "on: { subject: manifests/two, reaches: progressing }, pause: Deployment/blue";
    let told =
        found(&put_in::scenario("faults/half-applied/scenario.yaml").action(entry).until("60m").run(), &["GR106"]);
    assert_eq!(told, NOTHING);
}

#[test]
fn what_is_made_for_a_deployment_that_has_gone_is_collected() {
    for edge in ["before_write: ReplicaSet/api-r1", "after_read: Deployment/api"] {
        let entry = format!("on: {{ {edge}, by: deployment }}, undeploy: api");
        let scenario = put_in::scenario("autoscaled-by-load/scenario.yaml").action(&entry);
        assert_eq!(found(&scenario.run(), &["GR106", "GR107"]), NOTHING, "{edge}");
    }
}

#[test]
fn a_rollout_that_was_taken_down_or_scaled_owes_no_more_than_is_asked_for() {
    for action in ["undeploy: search", "scale: { Rollout/search: 0 }"] {
        let entry = format!("on: {{ subject: Pod/search-r1-9, reaches: Pending }}, {action}");
        assert_eq!(
            found(&put_in::scenario("canary-aborted/scenario.yaml").action(&entry).run(), &["GR112"]),
            NOTHING,
            "{action}"
        );
    }
}

#[test]
fn a_group_starts_again_although_the_api_answers_with_an_error() {
    let entry = "on: { subject: LeaderWorkerSet/deepseek, reaches: GroupRestarted }, api_error: { times: 1 }";
    let with_error = put_in::scenario("multi-node-inference/scenario.yaml").fault(entry);
    assert_eq!(found(&with_error.run(), &["GR106"]), NOTHING);
}

#[test]
fn a_pod_whose_gpu_is_lost_before_it_is_bound_is_not_admitted() {
    let entry = "on: { after_read: Pod/evaluate-1, by: scheduler }, gpu_loss: { running: Job/evaluate, count: 1 }";
    let scenario = put_in::scenario("job-backoff/scenario.yaml").fault(entry);
    assert_eq!(found(&scenario.run(), &["GR101"]), NOTHING);
}

/// Its pods have no readiness probe: one that started while probes failed was never ready.
#[test]
fn probes_that_fail_keep_no_pod_unready_that_has_none() {
    let entry = "at: 30m2s, readiness_flap: { workload: Deployment/llm, for: 20s, every: 40s, times: 3 }";
    let run = put_in::scenario("full-fleet-deadlock/plain-mended.yaml").fault(entry).run();
    assert_eq!(put_in::last_word(&run, "Deployment/llm"), "Complete");
    assert_eq!(found(&run, &["GR106"]), NOTHING);
}

/// The first look of a StatefulSet's controller takes the template that it finds for the current one, whatever the partition says.
#[test]
fn a_template_that_comes_before_any_pod_is_that_of_the_first_groups() {
    let entry = "on: { after_read: LeaderWorkerSet/llm, by: before }, apply: after.yaml";
    let run = put_in::scenario("gangs/update-stuck/mended.greenroom.yaml").unexpecting().action(entry).run();
    assert_eq!(put_in::last_word(&run, "LeaderWorkerSet/llm"), "Available");
    assert_eq!(found(&run, &["GR106"]), NOTHING);
}

/// A sync that could write neither a pod nor its status has failed once, and waits for no longer than that.
#[test]
fn a_sync_that_fails_twice_over_waits_as_for_one_failure() {
    let run = put_in::scenario("claims-per-member/scenario.yaml")
        .unexpecting()
        .fault("on: { after_write: Pod/index-0, by: statefulset }, controller_restart: { of: kube-controller-manager, for: 20s }")
        .fault("at: 7s, api_error: { for: 2m }")
        .run();
    let refused = put_in::entries(&run, "controller/statefulset", "failed");
    assert!(refused.last().is_some_and(|entry| entry.ends_with("again after 1m21.92s")), "{refused:?}");
    assert_eq!(found(&run, &["GR106"]), NOTHING);
}
