//! Goal: what searches of Dynamo's graphs and of Grove's sets found and what turned out to be a mistake of the model stays mended: words
//! that a restart cut off, writes that were refused, objects made for an owner that is gone, turns without end, what is missed of what was
//! scaled, what an undeploy takes; and the causes of outages of routed names, whoever routes them. Method: a scenario of the project with
//! the faults or actions that showed it, at the points where they did.

mod put_in;

use std::collections::BTreeMap;

use greenroom::rehearsal::{Ending, RunResult};
use greenroom::timeline::Kind;
use put_in::{NOTHING, chain, found, last, last_word};

/// Plays a scenario with one fault more, and nothing expected of it.
fn with_fault(path: &str, fault: &str) -> RunResult {
    put_in::scenario(path).unexpecting().fault(fault).run()
}

/// The same with one action more.
fn with_action(path: &str, action: &str) -> RunResult {
    put_in::scenario(path).unexpecting().action(action).run()
}

#[test]
fn a_component_is_what_its_status_says_although_a_restart_took_the_write() {
    let entry = "on: { subject: Deployment/chat-worker-b216b650, reaches: Complete }, \
                 controller_restart: { controller: dynamocomponentdeployment, after_write: any, occurrence: 1, for: 20s }";
    let run = with_fault("dynamo/restart-superseded/with-webhook.greenroom.yaml", entry);
    assert_eq!(last_word(&run, "DynamoComponentDeployment/chat-frontend"), "Available");
    assert_eq!(found(&run, &["GR106"]), NOTHING);
}

#[test]
fn a_request_is_what_its_status_says_although_a_restart_took_the_word() {
    let entry = "on: { subject: Pod/profile-chat-0, reaches: Succeeded }, \
                 controller_restart: { controller: dynamographdeploymentrequest, after_write: any, occurrence: 1, for: 20s }";
    let run = with_fault("dynamo/request-kept/scenario.yaml", entry);
    assert_eq!(last_word(&run, "request/chat"), "ready");
    assert_eq!(found(&run, &["GR106"]), NOTHING);
}

#[test]
fn a_model_is_what_its_status_says_although_a_restart_took_the_word() {
    let entry = "on: { subject: Pod/chat-worker-1ec4856e-r1-0, reaches: Ready }, \
                 controller_restart: { controller: dynamomodel, after_write: any, occurrence: 1, for: 20s }";
    let run = with_fault("dynamo/lora-model/scenario.yaml", entry);
    let mut ready = run.timeline.since(0).filter(|(_, one)| one.became == "ready");
    let ready = ready.find(|(_, one)| one.subject.show(&run.names) == "model/support-tone").expect("it is ready").1.at;
    let back = last(&run, "controller/dynamomodel", "started");
    assert_eq!(Some(ready), run.timeline.get(back).map(|one| one.at), "its word comes with the controller");
}

#[test]
fn a_component_whose_restart_is_over_is_ready_although_nobody_looked() {
    let entry = "on: { subject: Pod/chat-frontend-r2-0, reaches: Pending }, \
                 controller_restart: { controller: dynamographdeployment, for: 20s }";
    let run = with_fault("dynamo/restart-superseded/scenario.yaml", entry);
    assert_eq!(last_word(&run, "component/chat-frontend"), "ready");
}

#[test]
fn an_update_that_is_refused_leaves_the_pods_where_they_serve() {
    for (path, subject) in
        [("mended.greenroom.yaml", "ReplicaSet/chat-frontend-r1"), ("scenario.yaml", "Pod/chat-worker-b216b650-r1-0")]
    {
        let became = if subject.starts_with("Pod") { "Pending" } else { "Created" };
        let entry =
            format!("on: {{ subject: {subject}, reaches: {became} }}, api_conflict: {{ occurrence: 1, times: 2 }}");
        let run = with_fault(&format!("dynamo/old-generations/{path}"), &entry);
        assert_eq!(found(&run, &["GR104"]), NOTHING, "{path}");
    }
}

#[test]
fn what_is_made_for_a_component_that_is_gone_is_collected() {
    let entry = "on: { subject: ReplicaSet/chat-worker-8ea728b0-r1, reaches: Scaled, occurrence: 6 }, watch_lag: { by: 20s, for: 2m }";
    for path in ["mended.greenroom.yaml", "plain-mended.yaml"] {
        let run = with_fault(&format!("dynamo/revert-mid-rollout/{path}"), entry);
        let (deployment, component) =
            ("Deployment/chat-worker-8ea728b0", "DynamoComponentDeployment/chat-worker-8ea728b0");
        let made = run.timeline.since(0).filter(|(_, one)| one.became == "Created");
        let made = made.filter(|(_, one)| one.subject.show(&run.names) == deployment).count();
        assert!(made > 1, "it is made once more for what is gone: {path}");
        assert_eq!((last_word(&run, deployment), last_word(&run, component)), ("Deleted", "Deleted"), "{path}");
    }
}

#[test]
fn an_outage_of_a_graph_comes_from_the_pod_that_went() {
    let entry =
        "on: { subject: Pod/big-decode-26e23919-0-0, reaches: Serving }, spot_reclaim: { node: gpu-0, notice: 2m }";
    let run = with_fault("dynamo/multinode-update/scenario.yaml", entry);
    let chain = chain(&run, last(&run, "traffic/big", "outage"));
    assert_eq!(chain[1], "Pod/big-frontend-r1-0 Terminating", "{chain:?}");
    assert!(chain.contains(&"fault/put-in fired".to_owned()), "{chain:?}");
}

#[test]
fn an_outage_of_a_graph_whose_group_starts_again_comes_from_what_struck_the_group() {
    let entry = "on: { subject: graph/big, reaches: changed }, node_down: { running: StatefulSet/big-decode-8aedb885-0-0, for: 20s }";
    let run = with_fault("dynamo/multinode-update/restart.greenroom.yaml", entry);
    let chain = chain(&run, last(&run, "traffic/big", "outage"));
    assert_eq!(chain[1], "Pod/big-decode-8aedb885-0-0 Terminating", "{chain:?}");
    assert!(chain.contains(&"fault/put-in fired".to_owned()), "{chain:?}");
}

#[test]
fn an_outage_of_a_graph_comes_from_the_fall_of_its_node() {
    let entry = "at: 30m, node_down: { node: gpu-0, for: 20s }";
    let run = with_fault("dynamo/managed-rollout/scenario.yaml", entry);
    let chain = chain(&run, last(&run, "traffic/chat", "outage"));
    assert_eq!(chain[1..3], ["Node/gpu-0 Down", "fault/put-in fired"], "{chain:?}");
}

#[test]
fn an_outage_of_a_service_comes_from_the_container_that_ended_last() {
    let entry = "on: { subject: Pod/paastasvc-basket/basket-main-r2-8, reaches: Serving }, \
                 container_crash: { workload: Deployment/paastasvc-basket/basket-main, exit: 137 }";
    let run = with_fault("paasta/rollback-and-forward/scenario.yaml", entry);
    let chain = chain(&run, last(&run, "traffic/basket.main", "outage"));
    assert_eq!(chain[1], "Pod/paastasvc-basket/basket-main-r2-7 NotReady", "{chain:?}");
    assert!(chain.contains(&"fault/put-in fired".to_owned()), "{chain:?}");
    assert!(
        found(&run, &["GR104"]).iter().all(|one| one.contains("explained by fault/put-in")),
        "{:?}",
        found(&run, &["GR104"])
    );
}

#[test]
fn models_lose_their_endpoints_with_the_graph() {
    let entry = "on: { subject: model/chat-8b, reaches: ready, occurrence: 2 }, undeploy: chat";
    let run = with_action("dynamo/lora-model/scenario.yaml", entry);
    for model in ["model/chat-8b", "model/support-tone"] {
        let chain = chain(&run, last(&run, model, "not_ready"));
        assert_eq!(last_word(&run, model), "not_ready");
        assert!(chain.contains(&"action/put-in fired".to_owned()), "{chain:?}");
        assert!(!chain.contains(&"action/grow fired".to_owned()), "{chain:?}");
    }
}

#[test]
fn what_is_deleted_and_applied_at_one_instant_begins_anew() {
    let again = "on: { subject: graph/chat-sla, reaches: deleting }, apply: generated.yaml";
    assert_eq!(found(&with_action("dynamo/request-kept/scenario.yaml", again), &["GR104"]), NOTHING);
}

#[test]
fn a_worker_that_comes_is_known_before_the_one_goes_that_makes_room() {
    let again = "on: { subject: Pod/chat-prefill-56a282d5-r1-0, reaches: Registered }, restart: graph/chat";
    let run = with_action("dynamo/adapters-collide/scenario.yaml", again);
    assert_eq!(found(&run, &["GR104"]), NOTHING);
}

#[test]
fn a_pod_whose_end_was_refused_goes_although_its_clique_has_gone_before() {
    let refused = "on: { subject: PodClique/llm-0-frontend, reaches: Available }, api_error: { times: 3 }";
    let run = with_fault("grove/rolling-update/scenario.yaml", refused);
    assert_eq!(found(&run, &["GR107"]), NOTHING);
    for old in ["Pod/llm-0-decode-0-leader-0", "Pod/llm-0-decode-0-worker-0"] {
        assert_eq!(last_word(&run, old), "Deleted", "{old}");
    }
}

#[test]
fn groups_of_dynamo_are_made_although_the_api_answers_with_errors() {
    let refused = "on: { subject: Node/gpu-0, reaches: Ready }, api_error: { occurrence: 1, times: 3 }";
    let run = with_fault("dynamo/multinode-update/scenario.yaml", refused);
    assert!(run.unfired.is_empty(), "others are struck");
    assert_eq!(found(&run, &["GR106"]), NOTHING);
    assert_eq!(last_word(&run, "LeaderWorkerSet/big-decode-8aedb885-0"), "Available");
}

/// What it is shown is the PodClique before its first pass, for twenty seconds.
#[test]
fn a_podclique_that_is_shown_late_has_one_first_pass() {
    let lag = "on: { subject: manifests/namespace, reaches: ready }, \
               watch_lag: { controller: podclique, by: 20s, for: 2m }";
    let run = with_fault("dynamo/namespace-missing/grove.greenroom.yaml", lag);
    assert_eq!(run.ending, Ending::Until);
    assert_eq!(found(&run, &["GR105"]), NOTHING);
    assert!(run.unfired.iter().all(|one| one.name != "fault put-in"), "{:?}", run.unfired);
    assert_eq!(last_word(&run, "graph/team-a/chat"), "successful");
}

/// The pod on the lost node cannot go, and nor can its PodClique.
#[test]
fn a_copy_that_cannot_go_is_taken_down_once_at_an_instant() {
    let down = "on: { subject: PodCliqueSet/llm, reaches: Available }, node_down: { node: h100-1 }";
    let run = with_fault("grove/base-gang-never-ready/mended.greenroom.yaml", down);
    assert_eq!((&run.ending, run.ended_at.nanos()), (&Ending::Until, 30 * 60 * 1_000_000_000));
    let all = run.timeline.since(0).count();
    assert!(all < 5_000, "{all} entries");
    let terminated = run.timeline.since(0).filter(|(_, one)| one.became == "Terminated");
    let terminated = terminated.filter(|(_, one)| one.subject.show(&run.names) == "PodCliqueScalingGroup/llm-0-decode");
    let instants: Vec<u64> = terminated.map(|(_, one)| one.at.nanos()).collect();
    assert!(instants.len() > 1, "{instants:?}");
    assert!(instants.windows(2).all(|pair| pair[1] >= pair[0] + 5_000_000_000), "{instants:?}");
}

#[test]
fn a_podclique_that_was_scaled_is_not_missed_once_its_replica_is_taken_away() {
    let run = put_in::scenario("grove/never-whole-taken-down/mended.greenroom.yaml").unexpecting().until("1h");
    let run =
        run.action("on: { subject: Pod/llm-1-frontend-0, reaches: Ungated }, scale: { PodClique/llm-1-frontend: 3 }");
    let run = run.action("on: { subject: PodClique/llm-1-frontend, reaches: Available }, apply: set.yaml").run();
    assert_eq!(last_word(&run, "PodClique/llm-1-frontend"), "Deleted");
    assert_eq!(found(&run, &["GR106"]), NOTHING);
}

/// Its copy is made again by the update, with the size of the template.
#[test]
fn a_podclique_that_was_scaled_is_missed_where_its_copy_is_made_again() {
    let scale = "on: { subject: Pod/llm-0-decode-1-leader-0, reaches: Running }, \
                 scale: { PodClique/llm-0-decode-0-worker: 2 }";
    let missing = found(&with_action("grove/rolling-update/scenario.yaml", scale), &["GR106"]);
    assert_eq!(missing.len(), 1, "{missing:?}");
    assert!(missing[0].starts_with("GR106 PodClique/llm-0-decode-0-worker: 1 of 2 pods is missing"), "{missing:?}");
}

#[test]
fn an_undeploy_of_documents_takes_all_that_they_hold() {
    let run = with_action("dynamo/lora-model/scenario.yaml", "at: 50m, undeploy: graph");
    for one in ["graph/chat", "model/chat-8b", "model/support-tone"] {
        assert_eq!(last_word(&run, one), "deleted", "{one}");
    }
    assert_eq!(found(&run, &["GR106", "GR107"]), NOTHING);
    let run = with_action("grove/rolling-update/scenario.yaml", "at: 20m, undeploy: set");
    assert_eq!(last_word(&run, "PodCliqueSet/llm"), "Deleted");
    let mut pods: BTreeMap<String, &str> = BTreeMap::new();
    for (_, one) in run.timeline.since(0).filter(|(_, one)| one.subject.kind == Kind::Pod) {
        pods.insert(one.subject.show(&run.names), one.became);
    }
    assert!(pods.len() > 7 && pods.values().all(|last| *last == "Deleted"), "{pods:?}");
    assert_eq!(found(&run, &["GR106", "GR107"]), NOTHING);
}

#[test]
fn the_graph_that_a_request_made_outlives_it() {
    let undeploy = "on: { subject: graph/chat-sla, reaches: successful }, undeploy: request";
    let run = with_action("dynamo/request-edited/with-webhook.greenroom.yaml", undeploy);
    assert_eq!((last_word(&run, "request/chat"), last_word(&run, "graph/chat-sla")), ("deleted", "successful"));
    assert_eq!(found(&run, &["GR106", "GR107"]), NOTHING);
}

/// What a controller writes for an owner that has gone meanwhile names an owner that is not there: the garbage collector takes it.
#[test]
fn what_is_written_for_a_graph_or_set_that_has_just_gone_is_collected() {
    for (path, action) in [
        (
            "dynamo/conflict-retried/scenario.yaml",
            "after_read: Deployment/chat-worker-b216b650, by: graph }, undeploy: graph",
        ),
        (
            "dynamo/multinode-update/restart.greenroom.yaml",
            "after_write: StatefulSet/big-decode-8aedb885-0, by: graph, occurrence: 2 }, undeploy: big",
        ),
        ("grove/group-scaled/scenario.yaml", "before_write: Service/llm-0, by: set }, delete: PodCliqueSet/llm"),
        ("gangs/leader-worker-set/scenario.yaml", "after_read: StatefulSet/llm-0, by: set }, undeploy: set"),
    ] {
        let run = put_in::scenario(path).unexpecting().action(&format!("on: {{ {action}")).run();
        assert_eq!(found(&run, &["GR107"]), NOTHING, "{path}");
    }
}
