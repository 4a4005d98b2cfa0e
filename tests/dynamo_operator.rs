//! Dynamo's operator in runs of its own: how rollouts come out without room to spare, who may write replicas, what is refused, and
//! what the state shows.
//!
//! Goal: the facts that follow from the planner's arithmetic hold for whole runs, and the objects show what the operator writes.
//! Method: small scenarios, their stories, and the state that `--native` prints.

use std::collections::BTreeMap;

use greenroom::rehearsal::{Ending, Options, rehearse};
use greenroom::scenario::{load, load_from};
use greenroom::text::{Source, render};
use greenroom::timeline::render as words;
use serde_json::Value;

/// Documents by their paths.
struct Texts(BTreeMap<&'static str, String>);

impl greenroom::scenario::Documents for Texts {
    fn read(&self, path: &str) -> Result<String, String> {
        self.0.get(path).cloned().ok_or_else(|| "there is no such file".to_owned())
    }
}

/// A graph with a frontend and so many workers; `more` is a line of the worker's own.
fn graph(replicas: u32, argument: &str, more: &str) -> String {
    format!(
        "apiVersion: nvidia.com/v1beta1
kind: DynamoGraphDeployment
metadata:
  name: chat
spec:
  backendFramework: vllm
  components:
    - name: Frontend
      type: frontend
      podTemplate:
        spec:
          containers:
            - name: main
              image: nvcr.io/nvidia/ai-dynamo/dynamo-frontend:1.5.0
    - name: worker
      type: worker
      replicas: {replicas}
{more}      podTemplate:
        spec:
          containers:
            - name: main
              image: nvcr.io/nvidia/ai-dynamo/vllm-runtime:1.5.0
              command: [python3, -m, dynamo.vllm]
              args: [--model, {argument}]
              resources:
                limits: {{ nvidia.com/gpu: \"1\" }}
"
    )
}

/// What a run came to: its story and the state at its end.
struct Ran {
    story: Vec<String>,
    native: Value,
    unfired: Vec<String>,
}

/// Runs the first document on so many GPUs; `rest` is the rest of the scenario.
fn run(gpus: u32, documents: &[(&'static str, String)], rest: &str) -> Ran {
    let text = format!(
        "name: dynamo\n{rest}\ncluster:\n  nodes:\n    - {{ pool: gpu, count: 1, cpu: 64, memory: 512Gi, gpus: {{ model: H100, \
         count: {gpus} }} }}\n    - {{ pool: cpu, count: 1, cpu: 8, memory: 32Gi }}\ndeploy:\n  - {{ document: {}, system: \
         dynamo }}\nbehaviour:\n  - {{ match: {{ image: \"*\" }}, pull: 10s, start: 20s }}\n",
        documents[0].0
    );
    let texts = Texts(documents.iter().cloned().collect());
    let scenario = load_from(&Source::new("scenario.yaml", text), &texts);
    let scenario = scenario.unwrap_or_else(|errors| panic!("{}", render::render(&errors, false)));
    let options = Options { native: true, ..Options::default() };
    let result = rehearse(&scenario, options, &mut []);
    let result = result.unwrap_or_else(|errors| panic!("{}", render::render(&errors, false)));
    let story = result.timeline.since(0).map(|(_, entry)| {
        format!("{} {} {}", entry.subject.show(&result.names), entry.became, words::why(&entry.why, &result.names))
    });
    Ran {
        story: story.collect(),
        unfired: result.unfired.iter().map(|one| one.why.clone()).collect(),
        native: result.native.expect("the state was asked for"),
    }
}

impl Ran {
    fn has(&self, start: &str) -> bool {
        self.story.iter().any(|entry| entry.starts_with(start))
    }

    fn item(&self, kind: &str, name: &str) -> &Value {
        let items = self.native["items"].as_array().expect("items");
        let found = items.iter().find(|one| one["kind"] == kind && one["metadata"]["name"] == name);
        found.unwrap_or_else(|| panic!("no {kind} {name} in {}", self.native))
    }
}

#[test]
fn without_spare_gpus_few_replicas_stall_for_ever_and_more_converge() {
    for (replicas, converges) in [(1, false), (2, false), (3, false), (4, true), (8, true)] {
        let documents = [("a.yaml", graph(replicas, "one", "")), ("b.yaml", graph(replicas, "two", ""))];
        let rest = "until: 10h\nactions:\n  - { at: 10m, apply: b.yaml }";
        let ran = run(replicas, &documents, rest);
        assert!(ran.has("graph/chat rolling"), "{replicas}");
        assert_eq!(ran.has("graph/chat rolled"), converges, "{replicas}");
        let status = &ran.item("DynamoGraphDeployment", "chat")["status"];
        let (state, phase) = if converges { ("successful", "Completed") } else { ("pending", "InProgress") };
        assert_eq!((&status["state"], &status["rollingUpdate"]["phase"]), (&state.into(), &phase.into()), "{replicas}");
        assert!(ran.unfired.is_empty(), "{:?}", ran.unfired);
    }
}

#[test]
fn a_graph_has_no_subresource_scale_and_its_adapter_has() {
    let documents = [("a.yaml", graph(1, "one", "      scalingAdapter: {}\n"))];
    let rest = "until: 1h\nactions:\n  - { name: graph, at: 10m, scale: { graph/chat: 2 } }\n  - { name: edit, at: 11m, scale: { \
                component/chat-worker: 2 } }\n  - { name: adapter, at: 12m, scale: { adapter/chat-worker: 3 } }";
    let ran = run(4, &documents, rest);
    assert!(ran.unfired.iter().any(|why| why.contains("the server could not find the requested resource")));
    assert!(ran.unfired.iter().any(|why| why.contains("cannot be modified directly")), "{:?}", ran.unfired);
    assert!(ran.has("adapter/chat-worker scaled replicas 1 to 3"));
    let adapter = ran.item("DynamoGraphDeploymentScalingAdapter", "chat-worker");
    assert_eq!(adapter["status"]["replicas"], 3);
    assert_eq!(adapter["status"]["lastScaleTime"], "2026-01-01T00:12:00Z");
    let status = &ran.item("DynamoGraphDeployment", "chat")["status"];
    assert_eq!(status["components"]["worker"]["availableReplicas"], 3);
    assert_eq!(status["observedGeneration"], 2);
}

#[test]
fn a_replica_count_that_somebody_edits_on_the_deployment_is_overwritten() {
    let documents = [("a.yaml", graph(2, "one", ""))];
    let first = run(4, &documents, "until: 5m");
    let deployment =
        first.story.iter().find(|entry| entry.starts_with("Deployment/chat-worker")).expect("a Deployment");
    let name = deployment.split(' ').next().expect("a name");
    let rest = format!("until: 1h\nactions:\n  - {{ at: 10m, scale: {{ {name}: 4 }} }}");
    let ran = run(4, &documents, &rest);
    assert!(ran.unfired.is_empty(), "{:?}", ran.unfired);
    assert!(ran.has(&format!("{name} Changed replicas 2 to 4")), "{:#?}", ran.story);
    assert!(ran.has(&format!("{name} Changed replicas 4 to 2")), "{:#?}", ran.story);
}

#[test]
fn several_nodes_without_an_orchestrator_fail_the_graph() {
    let documents = [("a.yaml", graph(1, "one", "      multinode: { nodeCount: 2 }\n"))];
    let ran = run(4, &documents, "until: 1h");
    assert!(ran.has("graph/chat failed no_multinode_orchestrator_available"), "{:#?}", ran.story);
    let ready = &ran.item("DynamoGraphDeployment", "chat")["status"]["conditions"][0];
    assert_eq!((&ready["type"], &ready["status"]), (&"Ready".into(), &"False".into()));
    let rest = "until: 1h\ndynamo: { lws: true, volcano: true }";
    let ran = run(4, &documents, rest);
    assert!(ran.story.iter().any(|entry| entry.starts_with("LeaderWorkerSet/")), "{:#?}", ran.story);
}

#[test]
fn recreate_starts_nothing_new_before_the_last_old_pod_has_ended() {
    let more =
        "      podTemplate:\n        metadata:\n          annotations: { nvidia.com/deployment-strategy: Recreate }\n";
    let with = |argument| {
        let plain = graph(2, argument, "");
        let (before, after) = plain.split_once("      replicas: 2\n      podTemplate:\n").expect("the worker");
        format!("{before}      replicas: 2\n{more}{after}")
    };
    let documents = [("a.yaml", with("one")), ("b.yaml", with("two"))];
    let ran = run(2, &documents, "until: 2h\nactions:\n  - { at: 10m, apply: b.yaml }");
    assert!(ran.has("graph/chat rolled"), "{:#?}", ran.story);
    let place = |start: &str| ran.story.iter().rposition(|entry| entry.starts_with(start));
    let deleted = ran
        .story
        .iter()
        .enumerate()
        .filter(|(_, entry)| entry.starts_with("Pod/chat-worker") && entry.contains(" Deleted"));
    let last_deleted = deleted.map(|(place, _)| place).max().expect("old pods were deleted");
    let rolling = place("graph/chat rolling").expect("a rollout");
    let pending = ran
        .story
        .iter()
        .enumerate()
        .skip(rolling)
        .find(|(_, entry)| entry.starts_with("Pod/chat-worker") && entry.contains(" Pending"));
    assert!(pending.is_some_and(|(place, _)| place > last_deleted), "{:#?}", ran.story);
}

#[test]
fn without_a_webhook_the_controller_of_0_8_refuses_a_graph_without_services() {
    let text = "apiVersion: nvidia.com/v1alpha1\nkind: DynamoGraphDeployment\nmetadata: { name: chat }\nspec: { services: {} }\n";
    let ran = run(2, &[("a.yaml", text.to_owned())], "until: 10m\ndynamo: { operator: \"0.8\", webhook: false }");
    let graph = ran.item("DynamoGraphDeployment", "chat");
    assert_eq!(graph["status"]["state"], "failed", "{graph}");
    let ready = &graph["status"]["conditions"][0];
    assert_eq!(ready["reason"], "ValidationFailed", "{graph}");
    assert_eq!(ready["message"], "Validation failed: spec.services must have at least one service");
    // Nothing is made, and nothing is tried again.
    assert!(graph["metadata"]["finalizers"].is_null(), "{graph}");
    let metrics = ran.native["metrics"].as_str().expect("metrics");
    assert!(
        metrics.contains("controller_runtime_reconcile_total{controller=\"dynamographdeployment\",result=\"error\"} 0")
    );
}

#[test]
fn the_deployment_of_0_8_is_ready_while_a_surge_is_left_and_that_of_1_5_is_not() {
    let alpha = |argument: &str| {
        format!(
            "apiVersion: nvidia.com/v1alpha1\nkind: DynamoGraphDeployment\nmetadata: {{ name: chat }}\nspec:\n  services:\n    \
             Front: {{ componentType: frontend, replicas: 2, extraPodSpec: {{ mainContainer: {{ image: \"frontend:1.0.0\", args: \
             [{argument}] }} }} }}\n"
        )
    };
    let documents = [("a.yaml", alpha("one")), ("b.yaml", alpha("two"))];
    for (operator, ready_first) in [("0.8", true), ("1.5", false)] {
        let rest =
            format!("until: 30m\ndynamo: {{ operator: \"{operator}\" }}\nactions:\n  - {{ at: 10m, apply: b.yaml }}");
        let ran = run(1, &documents, &rest);
        let place = |text: &str| ran.story.iter().rposition(|entry| entry.starts_with(text));
        let ready = place("DynamoComponentDeployment/chat-front Available").expect("it gets ready again");
        let shrunk = ran.story.iter().rposition(|entry| entry.contains("-r1-") && entry.contains(" Terminating"));
        let shrunk = shrunk.expect("old pods go");
        assert_eq!(ready < shrunk, ready_first, "{operator}: {:#?}", ran.story);
    }
}

/// Two adapters of one component: each writes its size over the other's, and the graph that they write wakes both. No webhook looks at
/// adapters, so that a cluster has it too; here no time passes, and the run ends by a limit.
#[test]
fn two_adapters_that_write_against_each_other_end_the_run() {
    let second = "apiVersion: nvidia.com/v1beta1\nkind: DynamoGraphDeploymentScalingAdapter\nmetadata: { name: second }\nspec: { \
                  replicas: 2, dgdRef: { name: chat, componentName: worker } }\n";
    let documents = [("a.yaml", graph(1, "one", "      scalingAdapter: {}\n")), ("b.yaml", second.to_owned())];
    let text = "name: dynamo\nuntil: 10m\ncluster:\n  nodes: [ { name: one, cpu: 64, memory: 512Gi, gpus: { model: H100, count: 4 } } \
                ]\ndeploy:\n  - { document: a.yaml, system: dynamo }\n  - { at: 5m, document: b.yaml, system: dynamo }\n";
    let scenario = load_from(&Source::new("scenario.yaml", text.to_owned()), &Texts(documents.into_iter().collect()));
    let scenario = scenario.unwrap_or_else(|errors| panic!("{}", render::render(&errors, false)));
    let result = rehearse(&scenario, Options::default(), &mut []);
    let result = result.unwrap_or_else(|errors| panic!("{}", render::render(&errors, false)));
    let Ending::LimitReached(limit) = &result.ending else { panic!("{:?}", result.ending) };
    for named in ["at 00:05:00.000", "(graph/chat)", "(adapter/chat-worker, adapter/second)"] {
        assert!(limit.contains(named), "{named} in {limit}");
    }
}

#[test]
fn a_component_that_gets_no_room_for_more_is_not_called_ready() {
    for version in ["0.8", "1.5"] {
        let rest = format!(
            "until: 30m\ndynamo: {{ operator: \"{version}\" }}\nactions:\n  - {{ name: more, at: 5m, scale: {{ \
                            component/chat-worker: 3 }} }}\nexpect:\n  - before: [ {{ component/chat-worker: ready }}, {{ \
                            component/chat-worker: scaled }} ]\n  - final: {{ component/chat-worker: pending }}"
        );
        let alpha = "apiVersion: nvidia.com/v1alpha1\nkind: DynamoGraphDeployment\nmetadata: { name: chat }\nspec:\n  services:\n    \
                     worker: { componentType: worker, replicas: 2, resources: { limits: { gpu: \"1\" } }, extraPodSpec: { mainContainer: \
                     { image: \"vllm:0.8.0\" } } }\n";
        let document = if version == "0.8" { alpha.to_owned() } else { graph(2, "one", "") };
        let ran = run(2, &[("a.yaml", document)], &rest);
        let told: Vec<&String> = ran.story.iter().filter(|one| one.starts_with("component/chat-worker ")).collect();
        assert_eq!(
            told.last().map(|one| one.as_str()),
            Some("component/chat-worker pending 2 of 3 available"),
            "{told:?}"
        );
        assert!(told.iter().any(|one| one.starts_with("component/chat-worker ready 2 of 2")), "{told:?}");
    }
}

#[test]
fn what_the_webhook_denies_is_counted() {
    // A component more is another topology, which no update may bring.
    let other = "    - name: other\n      type: worker\n    - name: worker";
    let more = graph(1, "one", "").replace("    - name: worker", other);
    assert_ne!(more, graph(1, "one", ""));
    let rest = "until: 10m\nactions:\n  - { name: more, at: 5m, apply: b.yaml }";
    let ran = run(2, &[("a.yaml", graph(1, "one", "")), ("b.yaml", more)], rest);
    let metrics = ran.native["metrics"].as_str().expect("metrics");
    let own = "operation=\"UPDATE\",resource_type=\"DynamoGraphDeployment\"";
    for line in [
        format!("dynamo_operator_webhook_requests_total{{{own},result=\"denied\"}} 1"),
        "dynamo_operator_webhook_denials_total{operation=\"UPDATE\",reason=\"validation\",resource_type=\"DynamoGraphDeployment\"} 1"
            .to_owned(),
    ] {
        assert!(metrics.lines().any(|one| one == line), "{line} in {metrics}");
    }
}

#[test]
fn operator_0_8_counts_what_its_runtime_counts_and_no_more() {
    let frontend = "componentType: frontend, extraPodSpec: { mainContainer: { image: \"frontend:0.8.0\" } }";
    let text = format!(
        "apiVersion: nvidia.com/v1alpha1\nkind: DynamoGraphDeployment\nmetadata: {{ name: chat }}\nspec:\n  services:\n    \
         Frontend: {{ {frontend} }}\n"
    );
    let ran = run(2, &[("a.yaml", text)], "until: 10m\ndynamo: { operator: \"0.8\" }");
    let metrics = ran.native["metrics"].as_str().expect("metrics");
    assert!(
        metrics.contains("controller_runtime_reconcile_total{controller=\"dgdscalingadapter\",result=\"success\"}")
    );
    assert!(metrics.contains("controller_runtime_reconcile_time_seconds_count{controller=\"dynamographdeployment\"}"));
    assert!(!metrics.contains("dynamo_operator_"), "{metrics}");
}

/// What an event is about is told as it was then: `kubectl` shows the same event whenever it is asked.
#[test]
fn an_event_keeps_the_version_that_it_is_about() {
    let event = |rest: &str| {
        let ran = run(2, &[("a.yaml", graph(1, "one", ""))], rest);
        let items = ran.native["items"].as_array().expect("items").clone();
        let is_own = |one: &Value| {
            let about = &one["involvedObject"];
            about["kind"] == "DynamoComponentDeployment"
                && about["name"].as_str().is_some_and(|name| name.starts_with("chat-worker"))
        };
        let found = items.into_iter().find(|one| one["kind"] == "Event" && is_own(one));
        found.expect("an event")["involvedObject"].clone()
    };
    let early = event("until: 5m");
    assert!(early["resourceVersion"].is_string(), "{early}");
    let scaled = "until: 20m\nactions:\n  - { name: more, at: 10m, scale: { component/chat-worker: 2 } }";
    assert_eq!(early, event(scaled));
}

/// What a profiler leaves behind is there for `kubectl` too.
#[test]
fn config_maps_of_a_profiler_are_listed() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/dynamo/request-applied/scenario.yaml");
    let scenario = load(&path).unwrap_or_else(|errors| panic!("{}", render::render(&errors, false)));
    let result = rehearse(&scenario, Options { native: true, ..Options::default() }, &mut []);
    let native =
        result.unwrap_or_else(|errors| panic!("{}", render::render(&errors, false))).native.expect("the state");
    let items = native["items"].as_array().expect("items");
    let maps = items.iter().filter(|one| one["kind"] == "ConfigMap");
    let names: Vec<&str> = maps.filter_map(|one| one["metadata"]["name"].as_str()).collect();
    assert!(names.contains(&"dgdr-output-chat"), "{names:?}");
}

#[test]
fn native_output_has_events_and_metrics() {
    let documents = [("a.yaml", graph(1, "one", ""))];
    let ran = run(2, &documents, "until: 10m");
    let metrics = ran.native["metrics"].as_str().expect("metrics");
    for line in [
        "# TYPE controller_runtime_reconcile_time_seconds histogram",
        "controller_runtime_reconcile_total{controller=\"DynamoGraphDeployment\",result=\"error\"} 0",
        "dynamo_operator_resources_total{namespace=\"default\",resource_type=\"DynamoGraphDeployment\",status=\"successful\"} 1",
        "dynamo_operator_resources_total{namespace=\"default\",resource_type=\"DynamoComponentDeployment\",status=\"ready\"} 2",
        "dynamo_operator_webhook_requests_total{operation=\"CREATE\",resource_type=\"DynamoGraphDeployment\",result=\"allowed\"} 1",
    ] {
        assert!(metrics.lines().any(|one| one == line), "{line} in {metrics}");
    }
    // What is counted by the runtime and by the operator is the same, and all of it took no time.
    let value = |name: &str| {
        let line = metrics.lines().find_map(|line| line.strip_prefix(name));
        line.and_then(|value| value.trim().parse::<u64>().ok()).unwrap_or_else(|| panic!("{name} in {metrics}"))
    };
    let done = value("controller_runtime_reconcile_total{controller=\"DynamoGraphDeployment\",result=\"success\"}");
    let own = "{namespace=\"default\",resource_type=\"DynamoGraphDeployment\",result=\"success\"";
    assert!(done > 0);
    assert_eq!(value(&format!("dynamo_operator_reconcile_total{own}}}")), done);
    assert_eq!(value(&format!("dynamo_operator_reconcile_duration_seconds_bucket{own},le=\"0.005\"}}")), done);
    assert_eq!(value(&format!("dynamo_operator_reconcile_duration_seconds_sum{own}}}")), 0);
    let worker = ran.native["items"].as_array().expect("items").iter();
    let events = worker.filter(|one| one["kind"] == "Event").count();
    assert!(events > 0);
    let graph = ran.item("DynamoGraphDeployment", "chat");
    assert_eq!(graph["metadata"]["annotations"]["nvidia.com/workload-provider"], "component");
    assert_eq!(graph["metadata"]["finalizers"][0], "nvidia.com/finalizer");
}
