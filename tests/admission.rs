//! What is refused, in whose words, at which place, and with which exit code.
//!
//! Goal: every rule of the schema and of the webhooks refuses with one message at its place, nothing is said to be wrong that is not,
//! and whatever an API refuses of a scenario makes its run fail unless the scenario expects it. Method: small documents, each with one
//! thing in it; small scenarios; and documents that a generator spoils.

use std::collections::BTreeMap;

use greenroom::oracle::Judge;
use greenroom::rehearsal::{Options as RunOptions, RunResult, rehearse};
use greenroom::scenario::load_from;
use greenroom::systems::dynamo::{self, Operator, Options, Provider, Read};
use greenroom::text::{Diagnostic, Source, render};
use greenroom::timeline::render as words;
use proptest::prelude::*;

/// A graph of `v1beta1` that every version of the rules takes.
const BETA: &str = "\
apiVersion: nvidia.com/v1beta1
kind: DynamoGraphDeployment
metadata:
  name: chat
spec:
  backendFramework: vllm
  components:
    - name: Frontend
      type: frontend
      replicas: 1
      podTemplate:
        spec:
          containers:
            - name: main
              image: frontend:1.5.0
    - name: worker
      type: worker
      replicas: 2
      podTemplate:
        spec:
          containers:
            - name: main
              image: runtime:1.5.0
              resources: { limits: { nvidia.com/gpu: 1 } }
            - name: metrics
              image: exporter:1
";

/// The same in `v1alpha1`, which both operators serve.
const ALPHA: &str = "\
apiVersion: nvidia.com/v1alpha1
kind: DynamoGraphDeployment
metadata:
  name: chat
spec:
  backendFramework: vllm
  services:
    Frontend:
      componentType: frontend
      replicas: 1
      extraPodSpec: { mainContainer: { image: 'frontend:1.5.0' } }
    worker:
      componentType: worker
      replicas: 2
      resources: { limits: { gpu: '1' } }
      extraPodSpec: { mainContainer: { image: 'runtime:1.5.0' } }
";

const MODEL: &str = "\
apiVersion: nvidia.com/v1alpha1
kind: DynamoModel
metadata:
  name: adapter
spec:
  modelName: tuned
  baseModelName: llama
  modelType: lora
  source: { uri: 's3://bucket/tuned' }
";

const ADAPTER: &str = "\
apiVersion: nvidia.com/v1beta1
kind: DynamoGraphDeploymentScalingAdapter
metadata:
  name: chat-worker
spec:
  replicas: 2
  dgdRef: { name: chat, componentName: worker }
";

const REQUEST: &str = "\
apiVersion: nvidia.com/v1beta1
kind: DynamoGraphDeploymentRequest
metadata:
  name: chat
spec:
  model: llama
  backend: vllm
  searchStrategy: rapid
  autoApply: true
  hardware: { gpuSku: h100_sxm, numGpusPerNode: 8, totalGpus: 16 }
  sla: { optimizationType: latency }
";

const SET: &str = "\
apiVersion: grove.io/v1alpha1
kind: PodCliqueSet
metadata:
  name: llm
spec:
  replicas: 1
  template:
    cliques:
      - name: worker
        spec:
          roleName: worker
          replicas: 2
          minAvailable: 1
          podSpec:
            containers:
              - { name: main, image: 'runtime:1.5.0' }
";

fn read(text: &str, options: &Options) -> Read {
    dynamo::read(&Source::new("document.yaml", text), options).expect("it is YAML")
}

/// The problems of a document, each with the text at its place.
fn problems(text: &str, options: &Options) -> Vec<(String, String)> {
    let told = |one: &Diagnostic| {
        let place = one.span.map(|span| one.source.slice(span).to_owned()).unwrap_or_default();
        (one.message.clone(), place)
    };
    read(text, options).problems.iter().map(told).collect()
}

fn grove() -> Options {
    Options { provider: Provider::Grove, ..Options::default() }
}

fn old() -> Options {
    Options { operator: Operator::V0_8, ..Options::default() }
}

/// A good document with something else instead of a piece of it.
fn spoilt(good: &str, piece: &str, bad: &str) -> String {
    assert!(good.contains(piece), "{piece}");
    good.replacen(piece, bad, 1)
}

#[test]
fn good_documents_are_taken() {
    for text in [BETA, ALPHA, MODEL, ADAPTER, REQUEST, SET] {
        assert_eq!(problems(text, &grove()), [], "{text}");
    }
    assert_eq!(problems(ALPHA, &old()), []);
}

/// What is refused whether or not webhooks are on: the schema and its rules.
#[test]
fn the_schema_refuses_at_the_place() {
    let gpu = "nvidia.com/gpu: 1";
    let pattern = "in body should match '^(\\+|-)?(([0-9]+";
    let cases = [
        (BETA, gpu, "nvidia.com/gpu: x", pattern, "x"),
        (BETA, gpu, "nvidia.com/gpu: ''", pattern, "''"),
        (BETA, gpu, "nvidia.com/gpu: [1]", "must be of type integer,string: \"array\"", "[1]"),
        (
            BETA,
            "replicas: 2",
            "replicas: many",
            "spec.components[1].replicas in body must be of type integer: \"string\"",
            "many",
        ),
        (BETA, "replicas: 2", "replicas: -2", "greater than or equal to 0", "-2"),
        (BETA, "replicas: 2", "replicas: 4294967296", "int32", "4294967296"),
        (BETA, "- name: metrics", "- name: main", "Duplicate value: {\"name\":\"main\"}", ""),
        (BETA, "image: exporter:1", "imagePullPolicy: Always", "sidecar containers must specify a non-empty image", ""),
        (BETA, "type: worker", "type: router", "Unsupported value: \"router\"", "router"),
        (BETA, "name: worker", "name: -worker", "should match '^[A-Za-z0-9]", "-worker"),
        (BETA, "name: worker", "name: FRONTEND", "component names must be unique case-insensitively", "components"),
        (BETA, "type: worker", "type: worker\n      sharedMemorySize: lots", pattern, "lots"),
        (
            BETA,
            "type: worker",
            "type: worker\n      modelRef: { name: '' }",
            "modelRef.name in body should be at least 1",
            "''",
        ),
        (BETA, "type: worker", "type: worker\n      multinode: { nodeCount: 1 }", "greater than or equal to 2", "1"),
        (
            BETA,
            "type: worker",
            "type: worker\n      runtimeVersionOverride: 1.5",
            "must be of type string: \"number\"",
            "1.5",
        ),
        (
            BETA,
            "type: worker",
            "type: worker\n      runtimeVersionOverride: 1.05.0",
            "should match '^(0|[1-9]",
            "1.05.0",
        ),
        (
            BETA,
            "type: worker",
            "type: worker\n      providerOverride: { value: {} }",
            "apiVersion: Required value",
            "providerOverride",
        ),
        (BETA, "backendFramework: vllm", "backendFramework: jax", "Unsupported value: \"jax\"", "jax"),
        (
            ALPHA,
            "gpu: '1'",
            "gpu: two",
            "parse limits gpu quantity: quantities must match the regular expression",
            "two",
        ),
        (ALPHA, "gpu: '1'", "gpu: 1", "must be of type string: \"number\"", "1"),
        (ALPHA, "gpu: '1'", "custom: { a/b: c }", "parse limits custom quantity", "c"),
        (ALPHA, "gpu: '1'", "cpu: 2 cores", "parse limits cpu quantity", "2 cores"),
        (
            ALPHA,
            "resources: {",
            "volumeMounts: [ { mountPoint: /a } ]\n      resources: {",
            "volumeMounts[0].name: Required value",
            "",
        ),
        (ALPHA, "resources: {", "sharedMemory: {}\n      resources: {", "size is required when disabled is false", ""),
        (MODEL, "modelType: lora", "modelType: big", "Unsupported value: \"big\"", "big"),
        (MODEL, "modelName: tuned\n  ", "", "spec.modelName: Required value", "spec"),
        (MODEL, "{ uri: 's3://bucket/tuned' }", "{}", "spec.source.uri: Required value", "source"),
        (ADAPTER, "replicas: 2", "replicas: -1", "greater than or equal to 0", "-1"),
        (ADAPTER, "name: chat,", "name: '',", "should be at least 1 chars long", "''"),
        (ADAPTER, "componentName: worker", "serviceName: worker", "componentName: Required value", "dgdRef"),
        (REQUEST, "model: llama", "model: ''", "should be at least 1 chars long", "''"),
        (REQUEST, "gpuSku: h100_sxm", "gpuSku: h100", "Unsupported value: \"h100\"", "h100"),
        (REQUEST, "optimizationType: latency", "optimizationType: cost", "Unsupported value: \"cost\"", "cost"),
        (REQUEST, "searchStrategy: rapid", "runtimeVersionOverride: latest", "should match '^(0|[1-9]", "latest"),
        (
            REQUEST,
            "searchStrategy: rapid",
            "overrides: { profilingJob: { backoffLimit: 1 } }",
            "template: Required value",
            "profilingJob",
        ),
        (SET, "replicas: 2", "replicas: two", "cannot unmarshal string", "two"),
    ];
    for (good, piece, bad, message, place) in cases {
        let text = spoilt(good, piece, bad);
        let found = problems(&text, &grove());
        let told = found.iter().find(|(told, _)| told.contains(message));
        let Some((told, at)) = told else { panic!("{message}: {found:?}\n{text}") };
        assert!(place.is_empty() || at == place, "{told}: {at:?}\n{text}");
        let bare = Options { webhook: false, ..grove() };
        assert_eq!(problems(&text, &bare), found, "the schema refuses without webhooks too:\n{text}");
    }
    let wrong = spoilt(BETA, "type: worker\n", "type: worker\n      minAvailable: 3\n");
    let found = problems(&wrong, &grove());
    assert!(
        found[0].0.ends_with("minAvailable must be less than or equal to replicas unless replicas is 0"),
        "{found:?}"
    );
}

/// What the webhooks alone refuse: without them the document is taken.
#[test]
fn the_webhooks_refuse_at_the_place() {
    let worker = |more: &str| spoilt(BETA, "type: worker\n", &format!("type: worker\n      {more}\n"));
    let frontend = |more: &str| spoilt(BETA, "type: frontend\n", &format!("type: frontend\n      {more}\n"));
    let annotated = |text: &str| spoilt(BETA, "name: chat\n", &format!("name: chat\n  annotations: {{ {text} }}\n"));
    let service =
        |more: &str| spoilt(ALPHA, "componentType: worker\n", &format!("componentType: worker\n      {more}\n"));
    let gms = "experimental: { gpuMemoryService: {";
    let plain = Options::default();
    let cases = [
        (
            plain.clone(),
            worker("minAvailable: 1"),
            "minAvailable: Forbidden: is currently supported only for Grove-backed",
        ),
        (
            plain.clone(),
            spoilt(BETA, "  backend", "  priorityClassName: urgent\n  backend"),
            "priorityClassName: Forbidden: requires the Grove pathway",
        ),
        (
            grove(),
            spoilt(
                &annotated("nvidia.com/enable-grove: 'false'"),
                "  backend",
                "  priorityClassName: urgent\n  backend",
            ),
            "remove or unset annotation",
        ),
        (plain.clone(), worker("sharedMemorySize: -1Gi"), "must be non-negative"),
        (plain.clone(), worker("frontendSidecar: side"), "must match a podTemplate.spec.containers name"),
        (plain.clone(), worker("type: epp").replacen("type: worker\n      ", "", 1), "cannot deploy EPP component"),
        (plain.clone(), frontend(&format!("{gms}}} }}")), "only supported for worker, prefill, or decode components"),
        (plain.clone(), worker(&format!("{gms} extraClientContainers: [ nobody ] }} }}")), "does not name a container"),
        (
            plain.clone(),
            worker(&format!("{gms} extraClientContainers: [ metrics, metrics ] }} }}")),
            "Duplicate value: \"metrics\"",
        ),
        (
            plain.clone(),
            worker(&format!("{gms} mode: InterPod }} }}")),
            "gpuMemoryService.mode: Forbidden: requires the Grove pathway",
        ),
        (
            plain.clone(),
            worker("experimental: { failover: {} }"),
            "gpuMemoryService is required when failover mode is \"IntraPod\"",
        ),
        (
            grove(),
            worker(&format!("{gms} mode: InterPod }}, failover: {{ mode: IntraPod }} }}")),
            "must match gpuMemoryService.mode \"InterPod\"",
        ),
        (
            plain.clone(),
            worker("experimental: { checkpoint: { enabled: true } }"),
            "checkpoint functionality is disabled",
        ),
        (
            plain.clone(),
            annotated("nvidia.com/grove-update-strategy: Never"),
            "supported values: \"RollingRecreate\", \"OnDelete\"",
        ),
        (
            plain.clone(),
            annotated("nvidia.com/dynamo-kube-discovery-mode: vm"),
            "supported values: \"pod\", \"container\"",
        ),
        (plain.clone(), annotated("nvidia.com/workload-provider: lws"), "supported values: \"component\", \"grove\""),
        (plain.clone(), annotated("nvidia.com/vllm-distributed-executor-backend: dask"), "must be \"mp\" or \"ray\""),
        (plain.clone(), annotated("nvidia.com/dynamo-operator-origin-version: newest"), "must be valid semver"),
        (plain.clone(), spoilt(BETA, "runtime:1.5.0", "runtime:latest"), "runtimeVersionOverride: Required value"),
        (
            plain.clone(),
            spoilt(BETA, "image: runtime:1.5.0\n", "command: [a]\n"),
            "podTemplate.spec.containers: Required value",
        ),
        (
            plain.clone(),
            spoilt(BETA, "  components:", "  nothing:"),
            "spec.components: Required value: must have at least one component",
        ),
        (
            grove(),
            worker("topologyConstraint: { packDomain: rack }"),
            "is required when any component topology constraint is set",
        ),
        (
            grove(),
            spoilt(BETA, "  backend", "  topologyConstraint: { clusterTopologyName: a }\n  backend"),
            "is required when no component topologyConstraint is set",
        ),
        (plain.clone(), service("ingress: { enabled: true }"), "ingress.host: Required value"),
        (old(), service("ingress: { enabled: true }"), "ingress.host: Required value"),
        (
            plain.clone(),
            service("volumeMounts: [ { name: cache } ]"),
            "is required when useAsCompilationCache is false",
        ),
        (
            plain.clone(),
            service("annotations: { nvidia.com/vllm-distributed-executor-backend: x }"),
            "must be \"mp\" or \"ray\"",
        ),
        (
            plain.clone(),
            service("gpuMemoryService: { enabled: true }\n      failover: { enabled: true, numShadows: 2 }"),
            "intraPod uses a fixed 1 primary + 1 shadow sidecar",
        ),
        (old(), ALPHA[..ALPHA.find("  services:").expect("it has services")].to_owned(), "spec.services"),
        (plain.clone(), spoilt(MODEL, "s3://bucket", "file://bucket"), "source URI must start with 's3://' or 'hf://'"),
        (
            plain.clone(),
            spoilt(MODEL, "  source: { uri: 's3://bucket/tuned' }\n", ""),
            "source is required when modelType is lora",
        ),
    ];
    for (options, text, message) in cases {
        let read = read(&text, &options);
        let found = problems(&text, &options);
        let told = found.iter().find(|(told, _)| told.contains(message));
        let Some((told, place)) = told else { panic!("{message}: {found:?}\n{text}") };
        assert!(told.starts_with("admission webhook denied the request: "), "{told}");
        assert!(!place.is_empty(), "{told}");
        assert_eq!(read.document.refused.len(), 1, "{text}");
        let bare = Options { webhook: false, ..options };
        assert!(problems(&text, &bare).iter().all(|(told, _)| !told.contains(message)), "{message}\n{text}");
    }
}

#[test]
fn a_wrong_type_makes_no_other_field_missing() {
    let two = spoilt(&spoilt(MODEL, "modelType: lora", "modelType: [ lora ]"), "{ uri:", "{ uri: 7, url:");
    let cases = [
        (spoilt(MODEL, "modelName: tuned", "modelName: 7"), vec!["spec.modelName in body"]),
        (two, vec!["spec.modelType in body", "spec.source.uri in body"]),
        (spoilt(ADAPTER, "{ name: chat, componentName: worker }", "chat"), vec!["spec.dgdRef in body"]),
        (spoilt(ADAPTER, "replicas: 2", "replicas: two"), vec!["spec.replicas in body"]),
        (spoilt(REQUEST, "model: llama", "model: {}"), vec!["spec.model in body"]),
        (spoilt(REQUEST, "autoApply: true", "autoApply: 'yes'"), vec!["spec.autoApply in body"]),
        (spoilt(BETA, "name: worker", "name: [ worker ]"), vec!["spec.components[1].name in body"]),
        (
            spoilt(BETA, "replicas: 2", "replicas: two\n      minAvailable: 2"),
            vec!["spec.components[1].replicas in body"],
        ),
        (spoilt(BETA, "- name: metrics\n              image: exporter:1", "- metrics"), vec!["containers[1] in body"]),
        (spoilt(ALPHA, "replicas: 2", "replicas: two"), vec!["spec.services[worker].replicas in body"]),
    ];
    for (text, expected) in cases {
        let found = problems(&text, &grove());
        assert_eq!(found.len(), expected.len(), "{found:?}\n{text}");
        for ((told, _), expected) in found.iter().zip(expected) {
            assert!(told.contains(expected), "{told}\n{expected}");
        }
    }
}

#[test]
fn a_placeholder_is_told_wherever_it_stands() {
    let cases = [
        (
            spoilt(
                BETA,
                "image: runtime:1.5.0",
                "image: runtime:1.5.0\n              env: [ { name: A, value: 'x${B}' } ]",
            ),
            "env[0].value",
        ),
        (spoilt(BETA, "replicas: 2", "replicas: ${N}"), "spec.components[1].replicas"),
        (spoilt(BETA, "nvidia.com/gpu: 1", "nvidia.com/gpu: '${N}'"), "limits.nvidia.com/gpu"),
        (spoilt(BETA, "name: chat", "name: chat\n  labels: { '${TEAM}': a }"), "metadata.labels"),
        (spoilt(ALPHA, "gpu: '1'", "gpu: '${N}'"), "spec.services[worker].resources.limits.gpu"),
        (spoilt(MODEL, "s3://bucket", "s3://${BUCKET}"), "spec.source.uri"),
        (spoilt(SET, "runtime:1.5.0", "${IMAGE}"), "spec.template.cliques[0].spec.podSpec.containers[0].image"),
    ];
    for (text, path) in cases {
        let told: Vec<String> = read(&text, &grove()).warnings.into_iter().map(|one| one.message).collect();
        let expected =
            |told: &String| told.contains("is not filled in, and is taken as it stands") && told.contains(path);
        assert!(told.iter().any(expected), "{path}: {told:?}");
    }
}

/// Documents by their paths.
struct Texts(BTreeMap<&'static str, String>);

impl greenroom::scenario::Documents for Texts {
    fn read(&self, path: &str) -> Result<String, String> {
        self.0.get(path).cloned().ok_or_else(|| "there is no such file".to_owned())
    }
}

const CLUSTER: &str = "\
name: admission
until: 20m
cluster:
  nodes:
    - { pool: gpu, count: 1, cpu: 64, memory: 512Gi, gpus: { model: H100, count: 4 } }
";

/// Runs a scenario of these lines beside its cluster, with these documents.
fn run(lines: &str, documents: &[(&'static str, &str)]) -> RunResult {
    let texts = Texts(documents.iter().map(|(path, text)| (*path, (*text).to_owned())).collect());
    let source = Source::new("scenario.yaml", format!("{CLUSTER}{lines}"));
    let scenario = load_from(&source, &texts).unwrap_or_else(|told| panic!("{}", render::render(&told, false)));
    rehearse(
        &scenario,
        RunOptions::default(),
        &mut [Box::new(Judge::new(&scenario).expect("expectations that can be compiled"))],
    )
    .unwrap_or_else(|told| panic!("{}", render::render(&told, false)))
}

/// Every entry about this subject, what it became and why.
fn story(run: &RunResult, subject: &str) -> Vec<(String, String)> {
    let entries = run.timeline.since(0).filter(|(_, entry)| entry.subject.show(&run.names) == subject);
    entries.map(|(_, entry)| (entry.became.to_owned(), words::why(&entry.why, &run.names))).collect()
}

#[test]
fn a_refused_deployment_makes_the_run_fail_unless_it_is_expected() {
    let restart = spoilt(BETA, "  backend", "  restart: { id: now }\n  backend");
    let deploy = "deploy:\n  - { document: graph.yaml, system: dynamo }\n";
    let expected = format!("{deploy}expect:\n  - final: {{ graph/chat: rejected }}\n");
    // On sight: the document is invalid.
    let found = run(deploy, &[("graph.yaml", &restart)]);
    assert_eq!(found.exit_code(), 2);
    let told = &found.rejections[0].diagnostics[0];
    assert!(told.message.contains("spec.restart must be unset on create"), "{}", told.message);
    assert_eq!(told.span.map(|span| told.source.slice(span)), Some("restart"));
    assert_eq!(run(&expected, &[("graph.yaml", &restart)]).exit_code(), 0);
    // As a change of a graph that an earlier document made it is taken.
    let twice = "deploy:\n  - { document: first.yaml, system: dynamo }\n  - { at: 10m, document: graph.yaml, system: dynamo }\n";
    assert_eq!(run(twice, &[("first.yaml", BETA), ("graph.yaml", &restart)]).exit_code(), 0);
    // While the run goes on: the API's webhook is down.
    let down = "faults:\n  - { name: down, at: 0s, webhook_down: { for: 5m } }\n";
    for (lines, code) in [(format!("{deploy}{down}"), 8), (format!("{expected}{down}"), 0)] {
        // A fault and a document of the same instant: the document comes first, so that it comes later here.
        let lines = lines.replace("{ document: graph.yaml", "{ at: 1m, document: graph.yaml");
        let found = run(&lines, &[("graph.yaml", BETA)]);
        let told: Vec<&str> = found.unfired.iter().map(|one| one.why.as_str()).collect();
        assert_eq!(found.exit_code(), code, "{told:?} {:?}", story(&found, "graph/chat"));
        assert_eq!(told.iter().any(|why| why.starts_with("graph/chat was refused: ")), code == 8, "{told:?}");
    }
}

#[test]
fn a_topology_that_is_not_there_is_refused() {
    let packed =
        spoilt(BETA, "  backend", "  topologyConstraint: { clusterTopologyName: NAME, packDomain: DOMAIN }\n  backend");
    let named = |name: &str, domain: &str| packed.replace("NAME", name).replace("DOMAIN", domain);
    let profile = "dynamo: { provider: grove }\ndeploy:\n  - { document: graph.yaml, system: dynamo }\n";
    let why = |text: &str, lines: &str| {
        let found = run(lines, &[("graph.yaml", text)]);
        let rejected = story(&found, "graph/chat").into_iter().find(|(became, _)| became == "rejected");
        assert_eq!(found.exit_code(), if rejected.is_some() { 8 } else { 0 });
        rejected.map(|(_, why)| why).unwrap_or_default()
    };
    assert!(why(&named("h100", "rack"), profile).ends_with(
        "spec.topologyConstraint.clusterTopologyName: Invalid value: \"h100\": references a ClusterTopologyBinding resource that \
         was not found"
    ));
    assert!(
        why(&named("grove-topology", "shelf"), profile)
            .contains("available domains: [region zone datacenter block rack")
    );
    assert_eq!(why(&named("grove-topology", "host"), profile), "");
    let other = profile.replace("provider: grove", "provider: grove, grove: { topologies: [ h100 ] }");
    assert_eq!(why(&named("h100", "host"), &other), "");
    let binding = "apiVersion: grove.io/v1alpha1\nkind: ClusterTopologyBinding\nmetadata: { name: h100 }\n\
        spec: { levels: [ { domain: shelf, key: kubernetes.io/hostname } ] }\n---\n";
    assert_eq!(why(&format!("{binding}{}", named("h100", "shelf")), profile), "");
    assert!(why(&format!("{binding}{}", named("h100", "rack")), profile).ends_with("available domains: [shelf]"));
    let set = spoilt(
        SET,
        "    cliques:",
        "    topologyConstraint: { topologyName: h100, pack: { required: rack } }\n    cliques:",
    );
    let found = run(profile, &[("graph.yaml", &set)]);
    let told = story(&found, "PodCliqueSet/llm");
    assert!(told[0].1.ends_with("ClusterTopologyBinding \"h100\" not found"), "{told:?}");
    assert_eq!(found.exit_code(), 8);
}

#[test]
fn two_schedulers_cannot_both_place_the_gangs_of_grove() {
    let with = |more: &str| {
        let lines = format!(
            "dynamo: {{ provider: grove, volcano: true{more} }}\ndeploy:\n  - {{ document: graph.yaml, system: dynamo }}\n"
        );
        let lines = lines.replace("deploy:", "expect:\n  - never: { graph/other: failed }\ndeploy:");
        let found = run(&lines, &[("graph.yaml", BETA)]);
        story(&found, "graph/chat")
            .into_iter()
            .map(|(became, why)| format!("{became}: {why}"))
            .collect::<Vec<_>>()
            .join("; ")
    };
    let both = with(", kai: true, volcano_scheduler: true");
    assert!(both.contains("failed") && both.contains("cannot both be enabled for Grove"), "{both}");
    assert!(!with(", kai: true").contains("failed"), "Volcano beside KAI is there for LeaderWorkerSets");
}

const CLAIMS: &str = "\
apiVersion: resource.k8s.io/v1
kind: ResourceClaimTemplate
metadata: { name: gpus }
spec: { spec: { devices: { requests: [ { name: gpu, exactly: { deviceClassName: gpu.nvidia.com, count: 2 } } ] } } }
---
";

#[test]
fn claimed_devices_are_counted_or_refused() {
    let claiming = spoilt(BETA, "              resources: { limits: { nvidia.com/gpu: 1 } }\n", "");
    // The claim stands beside the containers; none of them names it.
    let claiming =
        format!("{claiming}          resourceClaims: [ {{ name: gpu, resourceClaimTemplateName: gpus }} ]\n");
    let lines = "deploy:\n  - { document: graph.yaml, system: dynamo }\n";
    // Two workers with two GPUs each fit on a node of four.
    let held = |found: &RunResult| {
        let placed = found.timeline.since(0).filter(|(_, entry)| entry.became == "Scheduled");
        placed.filter(|(_, entry)| words::why(&entry.why, &found.names).contains("GPU")).count()
    };
    assert_eq!(held(&run(lines, &[("graph.yaml", &format!("{CLAIMS}{claiming}"))])), 2);
    let more = claiming.replace("replicas: 2", "replicas: 3");
    let found = run(lines, &[("graph.yaml", &format!("{CLAIMS}{more}"))]);
    assert_eq!(held(&found), 2);
    let without = found.timeline.since(0).filter(|(_, entry)| entry.became == "Unschedulable");
    let whys: Vec<String> = without.map(|(_, entry)| words::why(&entry.why, &found.names)).collect();
    assert!(whys.iter().any(|why| why.contains("1 Insufficient nvidia.com/gpu")), "{whys:?}");
    // What cannot be counted is refused with the reason, whoever renders the graph.
    let chosen = CLAIMS.replace("count: 2", "count: 2, selectors: [ { cel: { expression: 'true' } } ]");
    for (profile, kind) in [("component", "DynamoComponentDeployment"), ("grove", "PodClique")] {
        for (claims, reason) in [(chosen.as_str(), "CEL `selectors` choose among devices"), ("", "is in no document")] {
            let lines = format!("dynamo: {{ provider: {profile} }}\n{lines}");
            let found = run(&lines, &[("graph.yaml", &format!("{claims}{claiming}"))]);
            let failed = found.timeline.since(0).filter(|(_, entry)| entry.became == "Failed").filter(|(_, entry)| {
                entry.subject.show(&found.names).starts_with(kind)
                    && words::why(&entry.why, &found.names).contains(reason)
            });
            assert!(failed.count() > 0, "{profile}: {reason}");
            assert_eq!(held(&found), 0);
        }
    }
    // A container that names a claim that the pod has not.
    let unknown = spoilt(BETA, "limits: { nvidia.com/gpu: 1 }", "claims: [ { name: gpu } ]");
    let found = run(lines, &[("graph.yaml", &unknown)]);
    let failed = found.timeline.since(0).find(|(_, entry)| entry.became == "Failed").expect("it fails");
    let why = words::why(&failed.1.why, &found.names);
    assert!(why.contains("spec.template.spec.containers[0].resources.claims[0].name: Not found: \"gpu\""), "{why}");
}

#[test]
fn pods_that_kubernetes_refuses_are_not_made() {
    let part = spoilt(BETA, "nvidia.com/gpu: 1", "nvidia.com/gpu: 500m");
    for (provider, kind) in [("component", "DynamoComponentDeployment"), ("grove", "PodClique")] {
        let lines =
            format!("dynamo: {{ provider: {provider} }}\ndeploy:\n  - {{ document: graph.yaml, system: dynamo }}\n");
        let found = run(&lines, &[("graph.yaml", &part)]);
        let workers = found.timeline.since(0).filter(|(_, entry)| {
            let name = entry.subject.show(&found.names);
            name.starts_with("Pod/") && name.contains("worker")
        });
        assert_eq!(workers.count(), 0, "{provider}");
        let failed = found.timeline.since(0).find(|(_, entry)| entry.became == "Failed").expect("it fails");
        assert!(failed.1.subject.show(&found.names).starts_with(kind), "{provider}");
        assert!(words::why(&failed.1.why, &found.names).contains("must be an integer"), "{provider}");
    }
}

/// A way to spoil a document.
#[derive(Clone, Debug)]
enum Spoil {
    /// A line goes.
    Drop(usize),
    /// A line stands twice: a key too.
    Twice(usize),
    /// The value behind a line's first colon becomes this.
    Value(usize, &'static str),
    /// A line is indented by so much more.
    Indent(usize),
}

fn spoils() -> impl Strategy<Value = Spoil> {
    let values = prop::sample::select(vec![
        "null",
        "-1",
        "18446744073709551616",
        "1e400",
        "0.5",
        "true",
        "[]",
        "{}",
        "''",
        "~",
        "'${X}'",
        "[ { a: 1 }, 2 ]",
        "{ name: 1 }",
        "9223372036854775807",
        "\"\\u0000\"",
        "- 1",
        "&a [ *a ]",
        "!!binary aGk=",
        "2026-01-01",
    ]);
    prop_oneof![
        (0_usize..40).prop_map(Spoil::Drop),
        (0_usize..40).prop_map(Spoil::Twice),
        (0_usize..40, values).prop_map(|(line, value)| Spoil::Value(line, value)),
        (0_usize..40).prop_map(Spoil::Indent),
    ]
}

fn spoil(text: &str, spoil: &Spoil) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let count = lines.len();
    match spoil {
        Spoil::Drop(line) => drop(lines.remove(line % count)),
        Spoil::Twice(line) => {
            let again = lines[line % count].clone();
            lines.insert(line % count, again);
        }
        Spoil::Value(line, value) => {
            let line = &mut lines[line % count];
            if let Some((key, _)) = line.split_once(':') {
                *line = format!("{key}: {value}");
            }
        }
        Spoil::Indent(line) => lines[line % count].insert_str(0, "  "),
    }
    lines.join("\n") + "\n"
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever stands in a document, reading it ends, gives the same twice, and says of each refusal where it stands.
    #[test]
    fn spoilt_documents_are_read_or_refused_at_a_place(
        which in 0_usize..6,
        spoils in prop::collection::vec(spoils(), 1..4),
        webhook in any::<bool>(),
        is_old in any::<bool>(),
    ) {
        let good = [BETA, ALPHA, MODEL, ADAPTER, REQUEST, SET][which];
        let text = spoils.iter().fold(good.to_owned(), |text, one| spoil(&text, one));
        let operator = if is_old { Operator::V0_8 } else { Operator::V1_5 };
        let options = Options { webhook, operator, ..grove() };
        let source = Source::new("document.yaml", text.as_str());
        let told = |all: &[Diagnostic]| all.iter().map(|one| (one.message.clone(), one.span)).collect::<Vec<_>>();
        match (dynamo::read(&source, &options), dynamo::read(&source, &options)) {
            (Ok(one), Ok(two)) => {
                prop_assert_eq!(told(&one.problems), told(&two.problems));
                prop_assert_eq!(told(&one.warnings), told(&two.warnings));
                prop_assert_eq!(&one.document.objects, &two.document.objects);
                prop_assert_eq!(&one.document.sets, &two.document.sets);
                for problem in &one.problems {
                    let span = problem.span.expect("a refusal has a place");
                    prop_assert!(span.end as usize <= text.len() && span.start <= span.end, "{}", problem.message);
                }
                prop_assert!(one.problems.len() + 1 > one.document.refused.len(), "each refused object has a reason");
            }
            (Err(one), Err(two)) => {
                prop_assert!(!one.is_empty() && told(&one) == told(&two));
                prop_assert!(one.iter().all(|problem| problem.span.is_some()), "{:?}", told(&one));
            }
            _ => prop_assert!(false, "read once and refused once"),
        }
    }
}
