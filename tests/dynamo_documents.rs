//! Dynamo's documents: what the schema and the webhooks refuse, what defaults come to, and how both versions of the API and of the
//! operator differ.
//!
//! Method: small documents, each with one thing in it; the reasons are those of the real API, in its words.

use greenroom::kernel::Duration;
use greenroom::systems::dynamo::model::{Component, ComponentType, GraphSpec, Resource};
use greenroom::systems::dynamo::plan::{Role, plan, totals};
use greenroom::systems::dynamo::{
    self, Change, Operator, Options, Provider, Read, pod_clique_set_name, template, update,
};
use greenroom::text::Source;

fn read(text: &str, options: &Options) -> Read {
    dynamo::read(&Source::new("graph.yaml", text), options).expect("it is YAML")
}

/// Why the first object is refused, without who says it; empty if it is not.
fn refusal(text: &str, options: &Options) -> String {
    let read = read(text, options);
    let reason = read.document.refused.first().map(|one| one.reason.clone()).unwrap_or_default();
    reason.split_once(" is invalid: ").map_or(reason.clone(), |(_, why)| why.to_owned())
}

fn spec(text: &str, options: &Options) -> GraphSpec {
    let read = read(text, options);
    let problems: Vec<String> = read.problems.iter().map(|one| one.message.clone()).collect();
    assert!(problems.is_empty(), "{problems:?}");
    match &read.document.objects[0].resource {
        Resource::Graph(graph) => graph.spec.clone(),
        other => panic!("{other:?} is no graph"),
    }
}

const IMAGE: &str = "{ spec: { containers: [ { name: main, image: 'a:1.5.0' } ] } }";

/// A graph of `v1beta1` with these components, each a map without its pod, and more keys of its spec.
fn graph(components: &[&str], more: &str) -> String {
    let components: Vec<String> = components.iter().map(|one| format!("{{ {one}, podTemplate: {IMAGE} }}")).collect();
    let more = if more.is_empty() { String::new() } else { format!(", {more}") };
    format!(
        "{{ apiVersion: nvidia.com/v1beta1, kind: DynamoGraphDeployment, metadata: {{ name: chat }}, \
        spec: {{ components: [ {} ]{more} }} }}",
        components.join(", ")
    )
}

fn grove() -> Options {
    Options { provider: Provider::Grove, ..Options::default() }
}

#[test]
fn the_schema_refuses_in_its_words() {
    let cases = [
        (&["type: frontend"][..], "", "spec.components[0].name: Required value"),
        (&["name: a, type: router"], "", "spec.components[0].type: Unsupported value: \"router\""),
        (&["name: a, replicas: -1"], "", "should be greater than or equal to 0"),
        (&["name: a, minAvailable: 0"], "", "should be greater than or equal to 1"),
        (&["name: a, replicas: 2, minAvailable: 3"], "", "minAvailable must be less than or equal to replicas"),
        (
            &["name: a, multinode: { nodeCount: 1 }"],
            "",
            "spec.components[0].multinode.nodeCount in body should be greater",
        ),
        (&["name: a, replicas: many"], "", "must be of type integer: \"string\""),
        (&["name: a", "name: A"], "", "component names must be unique case-insensitively"),
        (&["name: -a"], "", "should match '^[A-Za-z0-9]"),
        (&["name: a, eppConfig: { config: {} }"], "", "eppConfig may only be set when type is epp"),
        (&["name: a"], "backendFramework: ollama", "spec.backendFramework: Unsupported value: \"ollama\""),
        (
            &["name: a"],
            "topologyConstraint: { packDomain: rack }",
            "spec.topologyConstraint.clusterTopologyName: Required",
        ),
        (&["name: a, runtimeVersionOverride: '1.5'"], "", "should match '^(0|[1-9]"),
        (&["name: a, modelRef: {}"], "", "spec.components[0].modelRef.name: Required value"),
    ];
    for (components, more, expected) in cases {
        let text = graph(components, more);
        let found = refusal(&text, &grove());
        assert!(found.contains(expected), "{text}\n{found}\n{expected}");
        // Without webhooks the schema says the same.
        assert_eq!(refusal(&text, &Options { webhook: false, ..grove() }), found);
    }
    let many: Vec<String> = (0..26).map(|number| format!("name: c{number}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert!(refusal(&graph(&many, ""), &Options::default()).contains("Too many: 26: must have at most 25 items"));
}

#[test]
fn the_webhook_refuses_what_no_schema_sees() {
    let cases = [
        (graph(&[], ""), "spec.components: Required value: must have at least one component"),
        (
            graph(&["name: a, minAvailable: 1"], ""),
            "minAvailable: Forbidden: is currently supported only for Grove-backed",
        ),
        (
            graph(&["name: a"], "priorityClassName: high"),
            "spec.priorityClassName: Forbidden: requires the Grove pathway",
        ),
        (graph(&["name: a, type: epp, eppConfig: { config: {} }"], ""), "InferencePool API group"),
        (
            graph(&["name: a, type: frontend, experimental: { gpuMemoryService: {} }"], ""),
            "GPU memory service is only supported for worker, prefill, or decode components",
        ),
        (
            graph(&["name: a, type: worker, experimental: { checkpoint: { enabled: true } }"], ""),
            "checkpoint functionality is disabled in the operator configuration",
        ),
        (
            graph(&["name: a, topologyConstraint: { packDomain: rack }"], ""),
            "spec.topologyConstraint: Required value: is required when any component topology constraint is set",
        ),
        (
            graph(&["name: a"], "").replace("a:1.5.0", "a:latest"),
            "spec.components[0].runtimeVersionOverride: Required value",
        ),
        (
            graph(&["name: a"], "")
                .replace("name: chat", "name: chat, annotations: { nvidia.com/workload-provider: lws }"),
            "Unsupported value: \"lws\": supported values: \"component\", \"grove\"",
        ),
    ];
    for (text, expected) in cases {
        let found = refusal(&text, &Options::default());
        assert!(found.contains(expected), "{text}\n{found}\n{expected}");
        assert_eq!(refusal(&text, &Options { webhook: false, ..Options::default() }), "", "{text}");
    }
}

#[test]
fn names_must_fit_into_those_of_grove() {
    let long = "name: a-component-with-a-name-that-is-very-long-indeed";
    let found = refusal(&graph(&[long], ""), &grove());
    assert!(found.contains("exceeds the 45-character pod-name limit (PCS name + component name)"), "{found}");
    assert_eq!(refusal(&graph(&[long], ""), &Options::default()), "");
    let spec = spec(&graph(&["name: worker, multinode: { nodeCount: 2 }"], ""), &grove());
    assert_eq!(pod_clique_set_name("chat", &spec.components), "chat");
    // Of 45 characters the component takes six for its group and ten for the clique of its leader.
    let name = "a-graph-of-exactly-twenty-nin";
    assert_eq!(pod_clique_set_name(name, &spec.components), name);
    let cut = pod_clique_set_name("a-graph-of-exactly-twenty-nine", &spec.components);
    assert_eq!((cut.len(), &cut[..25]), (29, "a-graph-of-exactly-twent-"));
}

#[test]
fn a_graph_is_made_without_a_restart_and_keeps_its_components() {
    let options = Options::default();
    let first = read(&graph(&["name: a"], "restart: { id: x }"), &options);
    let why = first.document.objects[0].not_to_be_made.as_deref().unwrap_or_default();
    assert!(why.contains("spec.restart must be unset on create"), "{why}");
    let status = Default::default();
    let reasons = |old: &GraphSpec, new: &GraphSpec, by_operator| {
        update(&Change { old, new, status: &status, by_operator }, &options).join("; ")
    };
    let of = |components: &[&str], more: &str| spec(&graph(components, more), &options);
    let old = of(&["name: a, replicas: 2, scalingAdapter: {}"], "");
    let more = of(&["name: a, replicas: 3, scalingAdapter: {}"], "");
    assert!(
        reasons(&old, &more, false).contains("spec.components[a].replicas: Forbidden: cannot be modified directly")
    );
    assert_eq!(reasons(&old, &more, true), "");
    let free = of(&["name: a, replicas: 2"], "");
    assert_eq!(reasons(&free, &of(&["name: a, replicas: 5"], ""), false), "");
    let other = of(&["name: b"], "");
    let expected = "component topology is immutable and cannot be modified after creation: components added: [b], \
        components removed: [a]";
    assert!(reasons(&free, &other, false).contains(expected), "{}", reasons(&free, &other, false));
    let framework = of(&["name: a, replicas: 2"], "backendFramework: vllm");
    assert!(reasons(&free, &framework, false).contains("spec.backendFramework"));
    let nodes = of(&["name: a, replicas: 2, multinode: { nodeCount: 2 }"], "");
    assert!(reasons(&free, &nodes, false).contains("cannot change node topology"));
    let order = graph(&["name: a, replicas: 2"], "restart: { id: z, strategy: { order: [ a, b ] } }");
    assert!(refusal(&order, &options).contains("must have the same number of unique components"));
    let parallel = graph(&["name: a"], "restart: { id: z, strategy: { type: Parallel, order: [ a ] } }");
    assert!(refusal(&parallel, &options).contains("cannot be specified when strategy is parallel"));
}

fn component<'g>(graph: &'g GraphSpec, name: &str) -> &'g Component {
    graph.components.iter().find(|one| one.name == name).expect("the component")
}

#[test]
fn each_type_has_its_probes_and_all_have_a_minute_to_stop() {
    let spec = spec(&graph(&["name: f, type: frontend", "name: w, type: worker", "name: x"], ""), &Options::default());
    let main = |name: &str| component(&spec, name).template.containers[0].clone();
    let seconds = |seconds| Duration::from_secs(seconds);
    let startup = main("w").startup_probe.expect("a startup probe");
    assert_eq!((startup.period, startup.timeout, startup.failure_threshold), (seconds(10), seconds(5), 720));
    let liveness = main("w").liveness_probe.expect("a liveness probe");
    assert_eq!((liveness.period, liveness.timeout, liveness.failure_threshold), (seconds(5), seconds(4), 1));
    let frontend = main("f").liveness_probe.expect("a liveness probe");
    assert_eq!((frontend.initial_delay, frontend.failure_threshold), (seconds(15), 3));
    assert!(main("f").startup_probe.is_none());
    assert!(main("x").readiness_probe.is_none());
    for one in &spec.components {
        assert_eq!(one.template.termination_grace_period, seconds(60));
        // The memory that processes share is a volume, which goes with the pod.
        assert!(one.template.has_empty_dir);
    }
}

#[test]
fn several_nodes_are_a_leader_and_its_workers() {
    let with = "name: w, type: worker, replicas: 3, multinode: { nodeCount: 4 }";
    let text = graph(&[with], "backendFramework: trtllm");
    let text = text.replace("image: 'a:1.5.0'", "image: 'a:1.5.0', resources: { limits: { nvidia.com/gpu: 8 } }");
    let spec = spec(&text, &Options::default());
    let plan = plan(&spec);
    assert_eq!(
        plan.iter().map(|one| (one.role, one.count())).collect::<Vec<_>>(),
        [(Role::Leader, 3), (Role::Worker, 9)]
    );
    assert_eq!(totals(&plan), (12, 96));
    let worker = template::pod(&spec, component(&spec, "w"), Role::Worker);
    let probe = worker.containers[0].readiness_probe.expect("whether mpirun reaches it");
    assert_eq!((probe.initial_delay, probe.failure_threshold), (Duration::from_secs(20), 10));
    assert!(worker.containers[0].liveness_probe.is_none());
    let leader = template::pod(&spec, component(&spec, "w"), Role::Leader);
    assert_eq!(leader, *component(&spec, "w").template);
}

const ALPHA: &str = "{ apiVersion: nvidia.com/v1alpha1, kind: DynamoGraphDeployment, metadata: { name: chat }, spec: { services: { \
    Worker: { componentType: worker, subComponentType: prefill, replicas: 2, envs: [ { name: A, value: x } ], envFromSecret: token, \
    resources: { requests: { gpu: '2' }, limits: { gpu: '2', custom: { rdma/ib: '1' } } }, volumeMounts: [ { name: cache, \
    mountPoint: /cache } ], livenessProbe: null, extraPodSpec: { nodeSelector: { pool: gpu }, mainContainer: { image: 'a:1.5.0' } } }, \
    Frontend: { componentType: frontend, extraPodSpec: { mainContainer: { image: 'a:1.5.0' } } } } } }";

#[test]
fn the_first_version_comes_to_the_same_shape() {
    let options = Options::default();
    let first = read(ALPHA, &options);
    assert_eq!(first.problems, []);
    let null = "spec.services[Worker].livenessProbe: null is taken as absent";
    assert!(first.warnings.iter().any(|one| one.message.contains(null)), "{:?}", first.warnings);
    let spec = spec(ALPHA, &options);
    let names: Vec<&str> = spec.components.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["Frontend", "Worker"]);
    let worker = component(&spec, "Worker");
    // A worker that serves one phase has a type of its own later.
    assert_eq!(worker.component_type, ComponentType::Prefill);
    assert_eq!(worker.template.containers[0].requests.extended("nvidia.com/gpu"), 2);
    assert_eq!(worker.template.containers[0].requests.extended("rdma/ib"), 1);
    assert_eq!(worker.template.node_selector.get("pool").map(String::as_str), Some("gpu"));
    assert!(worker.template.containers[0].liveness_probe.is_some());
    assert_eq!(worker.template.volumes.len(), 1, "{:?}", worker.template.volumes);
    assert!(!worker.scaling_adapter);
    let old = Options { operator: Operator::V0_8, ..Options::default() };
    let same = dynamo::read(&Source::new("graph.yaml", ALPHA), &old).expect("it is YAML");
    let Resource::Graph(graph) = &same.document.objects[0].resource else { panic!("no graph") };
    assert!(graph.spec.components.iter().all(|one| one.scaling_adapter));
    assert_eq!(component(&graph.spec, "Worker").component_type, ComponentType::Worker);
}

#[test]
fn the_first_operator_knows_neither_the_second_version_nor_its_fields() {
    let old = Options { operator: Operator::V0_8, ..Options::default() };
    let read = read(&graph(&["name: a"], ""), &old);
    assert!(
        read.problems[0]
            .message
            .contains("no matches for kind `DynamoGraphDeployment` in version `nvidia.com/v1beta1`")
    );
    let text = ALPHA.replace("replicas: 2", "replicas: 2, minAvailable: 2");
    let spec = spec(&text, &old);
    assert_eq!(component(&spec, "Worker").min_available, None);
}

#[test]
fn what_changes_a_worker_changes_its_fingerprint_and_its_size_does_not() {
    let of = |text: &str| component(&spec(text, &Options::default()), "Worker").fingerprint;
    let base = of(ALPHA);
    assert_eq!(of(&ALPHA.replace("replicas: 2", "replicas: 5")), base);
    assert_eq!(of(&ALPHA.replace("replicas: 2", "replicas: 2, scalingAdapter: { enabled: true }")), base);
    for (from, to) in
        [("value: x", "value: w"), ("a:1.5.0", "a:1.5.1"), ("gpu: '2'", "gpu: '4'"), ("pool: gpu", "pool: b")]
    {
        assert_ne!(of(&ALPHA.replace(from, to)), base, "{to}");
    }
}

#[test]
fn placeholders_and_unknown_fields_are_told_and_values_are_not() {
    let text = ALPHA.replace("value: x", "value: '${TOKEN}'").replace("replicas: 2", "replicsa: 2");
    let read = read(&text, &Options::default());
    let told: Vec<&str> = read.warnings.iter().map(|one| one.message.as_str()).collect();
    assert!(
        told.iter().any(|one| one.contains("`spec.services[Worker].replicsa` is dropped; did you mean `replicas`?")),
        "{told:?}"
    );
    assert!(told.iter().any(|one| one.contains("spec.services[Worker].envs[0].value")), "{told:?}");
    let capital = self::read(&ALPHA.replace("componentType: worker", "componentType: Worker"), &Options::default());
    let told: Vec<&str> = capital.warnings.iter().map(|one| one.message.as_str()).collect();
    assert!(told.iter().any(|one| one.contains("componentType: \"Worker\" is no type")), "{told:?}");
    assert!(!told.iter().any(|one| one.contains("TOKEN")), "{told:?}");
}

#[test]
fn autoapply_has_the_default_of_its_version() {
    let request = |text: &str| match &read(text, &Options::default()).document.objects[0].resource {
        Resource::Request(request) => request.spec.clone(),
        other => panic!("{other:?} is no request"),
    };
    let beta = "{ apiVersion: nvidia.com/v1beta1, kind: DynamoGraphDeploymentRequest, metadata: { name: a }, spec: { model: m } }";
    let alpha = "{ apiVersion: nvidia.com/v1alpha1, kind: DynamoGraphDeploymentRequest, metadata: { name: a }, spec: { model: m, \
        backend: vllm, profilingConfig: { profilerImage: 'a:1.5.0', config: { sla: { ttft: 1.5 } } } } }";
    assert!(request(beta).auto_apply);
    assert!(!request(alpha).auto_apply);
    assert_eq!(request(alpha).job.backoff_limit, 0);
    let old = Options { operator: Operator::V0_8, ..Options::default() };
    let Resource::Request(four) = read(alpha, &old).document.objects[0].resource.clone() else { panic!("no request") };
    assert_eq!(four.spec.job.backoff_limit, 3);
    let wrong = beta.replace("model: m", "model: m, backend: ollama, hardware: { gpuSku: h900 }");
    assert!(refusal(&wrong, &Options::default()).contains("spec.backend: Unsupported value: \"ollama\""));
}
