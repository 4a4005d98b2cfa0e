//! Goal: what searches of Dynamo's graphs found and what turned out to be a mistake of the model stays mended: words that a restart cut
//! off, writes that were refused, objects made for an owner that is gone; and the causes of outages of routed names, whoever routes
//! them. Method: a scenario of the project with the one fault or action that showed it, at the point where it did.

mod put_in;

use greenroom::rehearsal::RunResult;
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
