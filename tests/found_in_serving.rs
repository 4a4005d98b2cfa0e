//! Goal: mistakes of the model and of oracles that searches found where somebody serves stay mended: what Backend.AI's manager makes of
//! checks that fail and of sessions that cannot be ended, which pods a restart of a Rollout takes, what kubectl does about an object that
//! it never made, and about one that it may not change. Method: a scenario of the project with the fault or action that showed it, at the
//! point where it did; its entries, and what the oracles tell of it.

mod put_in;

use greenroom::rehearsal::RunResult;
use greenroom::scenario::load_from;
use greenroom::text::Source;
use put_in::{NOTHING, entries, found, last_word};

/// Plays a scenario with one fault more.
fn with_fault(path: &str, fault: &str) -> RunResult {
    put_in::scenario(path).fault(fault).run()
}

/// Ten checks in a row have to fail, ten seconds apart (lablup/backend.ai#12016).
#[test]
fn readiness_that_flaps_for_two_checks_leaves_a_route_of_a_group_healthy() {
    let flap = "readiness_flap: { deployment: chat, for: 20s, times: 3 }";
    let lost = with_fault(
        "backendai/drift-ignored/scenario.yaml",
        &format!("on: {{ subject: Pod/chat-v1-1, reaches: Deleted }}, {flap}"),
    );
    assert_eq!(entries(&lost, "Pod/chat-v1-0", "NotReady").len(), 3, "the fault strikes");
    assert_eq!(entries(&lost, "route/", "unhealthy"), NOTHING);
    assert_eq!(entries(&lost, "route/", "terminating").len(), 1, "the one whose pod was killed");
    assert_eq!(found(&lost, &["GR104"]), NOTHING);
    for path in ["groups-blue-green/scenario.yaml", "groups-delay-used-up/scenario.yaml"] {
        let entry = format!("on: {{ subject: Pod/chat-v2-0, reaches: Serving }}, {flap}");
        let promoted = with_fault(&format!("backendai/{path}"), &entry);
        assert_eq!(found(&promoted, &["GR104", "GR111"]), NOTHING, "{path}");
    }
}

/// The observer looks at seconds that end in five: the first failure is that of 30:05, the tenth that of 31:35, and health is looked at once
/// a minute, at 32:10.
#[test]
fn a_route_of_a_group_is_unhealthy_once_its_checks_are_used_up() {
    let entry = "at: 30m, readiness_flap: { pod: chat-v2-0, for: 5m }";
    let flaps = with_fault("backendai/groups-rolling/scenario.yaml", entry);
    assert_eq!(entries(&flaps, "route/", "unhealthy"), ["1930s route/chat-v2-0 its checks fail"]);
    assert_eq!(entries(&flaps, "route/chat-v2-0", "terminating"), ["1930s route/chat-v2-0 evicted: it is unhealthy"]);
    // One check passes in between, and the count begins anew.
    let entry = "at: 30m, readiness_flap: { pod: chat-v2-0, for: 85s, every: 100s, times: 3 }";
    let passes = with_fault("backendai/groups-rolling/scenario.yaml", entry);
    assert_eq!(entries(&passes, "Pod/chat-v2-0", "NotReady").len(), 3);
    assert_eq!(entries(&passes, "route/", "unhealthy"), NOTHING);
}

/// The first era has no count.
#[test]
fn one_failed_check_is_enough_in_the_first_era() {
    let entry = "at: 9m, readiness_flap: { pod: chat-v1-0, for: 20s }";
    let flaps = with_fault("backendai/blue-green-auto/scenario.yaml", entry);
    assert_eq!(entries(&flaps, "route/", "unhealthy"), ["545s route/chat-v1-0 its checks fail"]);
}

/// The manager asks the applications, and these answer.
#[test]
fn the_routes_on_a_silent_node_stay_healthy() {
    let of_groups = ("drift-ignored", "on: { subject: Pod/chat-v1-1, reaches: Terminating }");
    for (folder, when) in [of_groups, ("blue-green-auto", "at: 5m"), ("rolling-update", "at: 5m")] {
        let entry = format!("{when}, node_silent: {{ node: gpu-0, for: 2m }}");
        let silent = with_fault(&format!("backendai/{folder}/scenario.yaml"), &entry);
        assert!(!entries(&silent, "Pod/", "NotReady").is_empty(), "{folder}: Kubernetes holds the pods for not ready");
        assert_eq!(entries(&silent, "route/", "unhealthy"), NOTHING, "{folder}");
        assert_eq!(found(&silent, &["GR104"]), NOTHING, "{folder}");
    }
}

/// That nothing answers the manager finds by itself, long before Kubernetes finds the node lost.
#[test]
fn the_routes_on_a_node_that_is_down_fail_their_checks() {
    let entry = "at: 5m, node_down: { running: chat, for: 20s }";
    let down = with_fault("backendai/routes-lost/scenario.yaml", entry);
    let unhealthy = entries(&down, "route/", "unhealthy");
    assert!(unhealthy[0].starts_with("305s "), "{unhealthy:?}");
    let entry = "at: 5m, node_down: { running: chat }";
    let of_groups = with_fault("backendai/groups-rolling/scenario.yaml", entry);
    let unhealthy = entries(&of_groups, "route/", "unhealthy");
    // From 5:05 to 6:35 there are ten failures.
    assert!(!unhealthy.is_empty() && unhealthy.iter().all(|line| line.starts_with("430s ")), "{unhealthy:?}");
}

/// What is left of a session that could not be ended is a leak, and nothing that is missing.
#[test]
fn the_session_of_a_route_that_is_over_is_not_missing() {
    let refused = "api_error: { for: 2m }";
    let given_up = "on: { subject: Pod/chat-v2-0, reaches: Scheduled }";
    let cases = [
        ("give-up-missing/mended.greenroom.yaml", "on: { subject: route/chat-v2-2, reaches: starting }", refused),
        (
            "groups-first-fails/scenario.yaml",
            "on: { subject: deployment/chat, reaches: rolling_back }",
            "api_error: { times: 3 }",
        ),
        ("image-pull-fails/at-once.greenroom.yaml", given_up, refused),
        ("image-pull-fails/scenario.yaml", given_up, refused),
    ];
    for (path, when, fault) in cases {
        let left = with_fault(&format!("backendai/{path}"), &format!("{when}, {fault}"));
        assert_eq!(found(&left, &["GR106"]), NOTHING, "{path}");
        assert!(!found(&left, &["GR107", "GR112"]).is_empty(), "{path}: it is left over");
    }
}

/// Four routes are asked for and three serve: the session that could not be ended serves as well, and holds the GPU that is missing.
#[test]
fn a_session_that_is_left_over_stands_for_none_that_is_asked_for() {
    let text = "name: left-over\nuntil: 40m\ncluster:\n  nodes: [ { pool: gpu, count: 2, shape: VM.GPU.A10.2 } ]\n\
                deploy: [ { document: chat.yaml, system: backendai } ]\n\
                behaviour: [ { match: { deployment: chat }, pull: 40s, start: 2m, stop: 5s } ]\n\
                faults: [ { on: { subject: route/chat-v1-0, reaches: terminating }, api_error: { for: 1m } } ]\n\
                actions: [ { at: 5m, scale: { deployment/chat: 1 } }, { at: 10m, scale: { deployment/chat: 4 } } ]\n";
    let scenario = load_from(&Source::new("scenario.yaml", text), &put_in::folder("backendai/routes-lost"));
    let scaled = put_in::judged(&scenario.unwrap_or_else(|problems| panic!("{problems:?}")));
    assert_eq!(entries(&scaled, "Pod/chat-v1-0", "Terminating"), NOTHING, "its end is refused");
    let missing = found(&scaled, &["GR106"]);
    assert!(missing.len() == 1 && missing[0].contains(": 1 of 4 pods is missing"), "{missing:?}");
    assert!(missing[0].contains("Pod/chat-v1-4 is Unschedulable"), "{missing:?}");
}

/// The API lists pods by name, and the source takes them so (argo-rollouts v1.10.1, rollout/restart.go, `getRolloutPods`). Five may go,
/// since the pods of the version that is scaled to nothing are still there.
#[test]
fn a_restart_of_a_rollout_takes_pods_by_name() {
    let entry = "on: { subject: ReplicaSet/chat-r1, reaches: Scaled, occurrence: 2 }, restart: Rollout/chat";
    let restarted = put_in::scenario("blue-green/scenario.yaml").action(entry).run();
    let evicted = entries(&restarted, "Pod/chat-r", "Terminating");
    let second = |line: &String| line.split_once("s ").map(|(second, _)| second.to_owned());
    let first: Vec<&String> = evicted.iter().take_while(|line| second(line) == second(&evicted[0])).collect();
    let names: Vec<&str> = first.iter().filter_map(|line| line.split(' ').nth(1)).collect();
    let by_name = ["Pod/chat-r1-0", "Pod/chat-r1-1", "Pod/chat-r1-2", "Pod/chat-r1-3", "Pod/chat-r2-0"];
    assert_eq!(names, by_name, "{evicted:#?}");
    assert_eq!(found(&restarted, &["GR104"]), NOTHING);
}

/// `kubectl apply` ended before it made it.
#[test]
fn an_object_that_kubectl_never_made_is_not_found() {
    let commands = [
        "pause: Deployment/blue",
        "restart: Deployment/blue",
        "scale: { Deployment/blue: 2 }",
        "rollback: Deployment/blue",
        "delete: Deployment/blue",
    ];
    for command in commands {
        let told = put_in::scenario("faults/half-applied/scenario.yaml").action(&format!("at: 5m, {command}")).run();
        let refused: Vec<&str> = told.unfired.iter().map(|one| one.why.as_str()).collect();
        let not_found = "deployments.apps \"blue\" not found";
        assert!(refused.len() == 1 && refused[0].contains(not_found), "{command}: {refused:?}");
        assert_eq!(entries(&told, "Deployment/blue", "Created"), ["600s Deployment/blue replicas: 1"], "{command}");
        assert_eq!(
            entries(&told, "Deployment/blue", "Complete").len(),
            1,
            "{command}: the second apply makes it as it is written"
        );
    }
}

/// `kubectl scale` gives up after its tries; the Deployment is as it was, and goes with its set.
#[test]
fn what_kubectl_was_refused_leaves_an_object_as_it_was() {
    let refused = || {
        let scenario = put_in::scenario("rolling-update/scenario.yaml").unexpecting();
        let scenario = scenario.fault("at: 9m59s, api_error: { of: web, occurrence: 1, times: 6 }");
        scenario.action("at: 10m, scale: { Deployment/web: 2 }")
    };
    let stays = refused().run();
    let rejected = ["605s Deployment/web the API server did not answer"];
    assert_eq!(entries(&stays, "Deployment/web", "Rejected"), rejected);
    assert_eq!(last_word(&stays, "manifests/web"), "ready");
    assert_eq!(entries(&stays, "manifests/web", "failed"), NOTHING);
    assert_eq!(found(&stays, &["GR106"]), NOTHING);
    let goes = refused().action("at: 15m, undeploy: web").run();
    assert_eq!(entries(&goes, "Deployment/web", "Rejected"), rejected);
    assert_eq!((last_word(&goes, "manifests/web"), last_word(&goes, "Deployment/web")), ("deleted", "Deleted"));
    assert_eq!(entries(&goes, "Pod/web-r2", "Deleted").len(), 4);
    assert_eq!(found(&goes, &["GR106", "GR107"]), NOTHING);
}

#[test]
fn a_document_that_kubectl_was_refused_is_owed_and_the_object_stays() {
    let refused = || {
        let scenario = put_in::scenario("rolling-update/scenario.yaml").unexpecting();
        scenario.fault("at: 4m59s, api_error: { of: web, object: Deployment/web, occurrence: 1, times: 6 }")
    };
    let fails = refused().run();
    assert_eq!(entries(&fails, "manifests/web", "failed"), ["305s manifests/web objects refused: 1"]);
    assert_eq!(last_word(&fails, "manifests/web"), "failed");
    assert_eq!(entries(&fails, "Deployment/web", "Deleted"), NOTHING);
    assert_eq!(entries(&fails, "Pod/web-", "Terminating"), NOTHING, "the pods of before serve");
    // The object is there to be taken down, and to be changed by the next apply.
    let goes = refused().action("at: 15m, undeploy: web").run();
    assert_eq!((last_word(&goes, "manifests/web"), last_word(&goes, "Deployment/web")), ("deleted", "Deleted"));
    let again = refused().action("at: 15m, apply: web-v2.yaml").run();
    assert_eq!(last_word(&again, "manifests/web"), "ready");
    assert_eq!(entries(&again, "Pod/web-r2", "Ready").len(), 4);
    assert_eq!(found(&again, &["GR106"]), NOTHING);
}

#[test]
fn what_a_shutdown_with_grace_has_ended_was_ended_by_it() {
    let entry = "on: { subject: deployment/chat, reaches: provisioning }, node_shutdown: { running: chat, grace_period: 1m, for: 10m }";
    let run = with_fault("backendai/groups-no-progress/scenario.yaml", entry);
    let ended: Vec<_> = run.timeline.since(0).filter(|(_, one)| one.became == "Failed").collect();
    assert!(!ended.is_empty());
    for (id, one) in ended {
        let causes = run.timeline.chain(id).into_iter().filter_map(|id| run.timeline.get(id));
        let shown = one.subject.show(&run.names);
        assert!(causes.into_iter().any(|one| one.subject.show(&run.names) == "fault/put-in"), "{shown}");
    }
}

/// What a set-up had decided on comes after the deletions; the next clean-up takes it (paasta_tools/cleanup_kubernetes_jobs.py).
#[test]
fn a_service_that_is_taken_down_while_it_is_set_up_leaves_nothing() {
    let undeploy = "on: { after_read: Deployment/paastasvc-ranker/ranker-main, by: ranker }, undeploy: ranker";
    let run = put_in::scenario("paasta/canary-share/scenario.yaml").unexpecting().action(undeploy).run();
    assert_eq!(found(&run, &["GR107"]), NOTHING);
}

/// What the API refuses of the deletions is asked for again by the next clean-up.
#[test]
fn a_service_whose_deletions_are_refused_goes_all_the_same() {
    let run = put_in::scenario("paasta/setup-job-away/scenario.yaml")
        .unexpecting()
        .fault("on: { subject: Pod/paastasvc-parcels/parcels-main-r2-0, reaches: Pending }, api_error: { for: 2m }")
        .action("on: { subject: Pod/paastasvc-parcels/parcels-main-r2-0, reaches: Scheduled }, undeploy: parcels")
        .run();
    assert_eq!(found(&run, &["GR107"]), NOTHING);
}
