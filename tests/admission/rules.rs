//! Each rule by itself: what it says, and at which place.

use greenroom::systems::dynamo::Options;

use crate::{ADAPTER, ALPHA, BETA, MODEL, REQUEST, SET, grove, old, problems, read, spoilt};

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
        (BETA, gpu, "nvidia.com/gpu: [1]", "must be of type integer,string: \"array\"", ""),
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
        assert!(told.starts_with("admission webhook \"vdynamo"), "{told}");
        assert!(told.contains(".kb.io\" denied the request: "), "{told}");
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
        (spoilt(ALPHA, "replicas: 2", "replicas: two"), vec!["spec.services.worker.replicas in body"]),
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
