//! The oracles that hold systems to what they owe. Method: of each system a scenario in which what is documented is broken, and beside it
//! the same one without that; the first must be found, the second not.

use std::path::PathBuf;

use greenroom::oracle::Oracles;
use greenroom::rehearsal::{Observer, Options, rehearse};
use greenroom::scenario::{Documents, Folder, Scenario, load_from};
use greenroom::text::{Source, render};

/// The codes of these oracles.
const OURS: [&str; 4] = ["GR102", "GR103", "GR111", "GR112"];

/// Documents by their names.
struct Given(Vec<(&'static str, String)>);

impl Documents for Given {
    fn read(&self, path: &str) -> Result<String, String> {
        let known = self.0.iter().find(|(name, _)| *name == path);
        known.map(|(_, text)| text.clone()).ok_or_else(|| format!("there is no {path}"))
    }
}

fn found_in(scenario: &Scenario) -> Vec<String> {
    let oracles = Oracles::new(scenario).expect("the oracles are those that there are");
    let mut observers: Vec<Box<dyn Observer>> = vec![Box::new(oracles)];
    let result = rehearse(scenario, Options::default(), &mut observers)
        .unwrap_or_else(|errors| panic!("{}", render::render(&errors, false)));
    assert!(result.rejections.is_empty(), "{:?}", result.rejections);
    let ours = result.findings.iter().filter(|finding| OURS.contains(&finding.rule.code));
    ours.map(|finding| format!("{} {}: {}", finding.rule.code, finding.subject, finding.detail)).collect()
}

fn found(text: &str, documents: Vec<(&'static str, String)>) -> Vec<String> {
    let scenario = load_from(&Source::new("scenario.yaml", text.to_owned()), &Given(documents));
    found_in(&scenario.unwrap_or_else(|errors| panic!("{}", render::render(&errors, false))))
}

/// A scenario of the examples, with one text in the place of another.
fn example(path: &str, from: &str, to: &str) -> Vec<String> {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("scenarios").join(path);
    let text = std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{path}: {error}"));
    assert!(text.contains(from), "{path} has no `{from}`");
    let folder = Folder::new(file.parent().expect("a file in a folder"));
    let scenario = load_from(&Source::new("scenario.yaml", text.replacen(from, to, 1)), &folder);
    found_in(&scenario.unwrap_or_else(|errors| panic!("{}", render::render(&errors, false))))
}

const NOTHING: [String; 0] = [];

#[test]
fn oci_dependents_that_start_while_what_they_depend_on_loads() {
    let options = "oci: { pass_interval: 5s, export_latency: 1s }";
    assert_eq!(example("export-answers/scenario.yaml", options, options), NOTHING);
    let active = "oci: { pass_interval: 5s, export_latency: 1s, gate: active }";
    let told = "GR102 deployment/shop: it was active before deployment/catalogue was monitoring: it was active";
    assert_eq!(example("export-answers/scenario.yaml", options, active), [told]);
}

/// `user` waits for `slow` and refers to `base`, which it does not depend on.
fn group() -> String {
    let member = |name: &str, more: &str| {
        format!(
            r#"{{ "name": "{name}", "recipe": {{ "recipe_id": "{name}", "recipe_mode": "service", "deployment_name": "{name}",
                "recipe_image_uri": "registry.example.com/{name}:1", "recipe_node_shape": "VM.Standard.E5.Flex",
                "recipe_node_pool_size": 1, "recipe_flex_shape_ocpu_count": 1, "recipe_flex_shape_memory_size_in_gbs": 8,
                "recipe_replica_count": 1, "recipe_container_port": "80"{more} }}"#
        )
    };
    let environment = r#", "recipe_container_env": [{ "key": "BASE", "value": "${base.service_name}" }]"#;
    format!(
        r#"{{ "deployment_group": {{ "name": "g", "deployments": [
            {}, "exports": ["service_name"] }},
            {} }},
            {}, "depends_on": ["slow"] }} ] }} }}"#,
        member("base", ""),
        member("slow", ""),
        member("user", environment)
    )
}

#[test]
fn oci_values_of_a_deployment_that_was_taken_down() {
    let run = |actions: &str| {
        let scenario = format!(
            "name: stale\nuntil: 30m\ncluster:\n  nodes:\n    - {{ pool: cpu, count: 3, cpu: 8, memory: 32Gi }}\n\
             oci: {{ references: members }}\ndeploy:\n  - {{ document: group.json, system: oci }}\n\
             behaviour:\n  - match: {{ deployment: slow }}\n    pull: 10m\n{actions}"
        );
        found(&scenario, vec![("group.json", group())])
    };
    assert_eq!(run(""), NOTHING);
    let told = "GR103 deployment/user: it was given deployment/base.service_name, and deployment/base was undeployed";
    assert_eq!(run("actions:\n  - { at: 5m, undeploy: base }\n"), [told]);
}

#[test]
fn paasta_steps_that_end_before_their_instances_run() {
    let path = "paasta/wait-before-bounce/before.greenroom.yaml";
    let told = [
        "GR102 step/pricing.prod.canary: it was deployed before instance/pricing.canary was running: it was done",
        "GR102 step/pricing.prod.non_canary: it was deployed before instance/pricing.main was running: it was done",
    ];
    assert_eq!(example(path, "wait_checks: marked", "wait_checks: marked"), told);
    assert_eq!(example(path, "wait_checks: marked", "wait_checks: running"), NOTHING);
}

#[test]
fn paasta_rollbacks_that_end_before_their_instances_are_back() {
    let path = "paasta/rollback-and-forward/scenario.yaml";
    assert_eq!(example(path, "  deployed: 0aa1111\n", "  deployed: 0aa1111\n"), NOTHING);
    let told = [
        "GR112 step/basket.prod.everything: it was rolled_back before instance/basket.main was created or bouncing or running: it was done",
        "GR102 step/basket.prod.everything: it was deployed before instance/basket.main was created or bouncing or running: it was done",
    ];
    assert_eq!(example(path, "  deployed: 0aa1111\n", "  deployed: 0aa1111\n  wait_checks: marked\n"), told);
}

#[test]
fn paasta_pipelines_keep_their_order_with_gates_and_marks_by_hand() {
    let paths = ["parallel-gate", "canary-share", "several-clusters", "bounce-lib", "one-stuck-copy"];
    for path in paths.map(|name| format!("paasta/{name}/scenario.yaml")) {
        for seed in ["seed: 7", "seed: 8"] {
            assert_eq!(example(&path, "\nname:", &format!("\n{seed}\nname:")), NOTHING, "{path}, {seed}");
        }
    }
}

#[test]
fn backend_ai_promotions_without_a_healthy_route() {
    let path = "backendai/promote-zero-green/scenario.yaml";
    let told = "GR111 traffic/chat: revision/chat-v2 took over with 0 ready pods, and needs 1";
    assert_eq!(example(path, "promote_zero_green", "promote_zero_green"), [told]);
    assert_eq!(example(path, "[promote_zero_green]", "[]"), NOTHING);
}

#[test]
fn backend_ai_rollbacks_that_leave_routes() {
    let path = "backendai/green-leak/scenario.yaml";
    let told = "GR112 deployment/chat: revision/chat-v2 was given up, and 2 of its pods are left";
    assert_eq!(example(path, "green_leak]", "green_leak]"), [told]);
    assert_eq!(example(path, "[green_leak]", "[]"), NOTHING);
}

const CLUSTER: &str = "until: 30m\ncluster:\n  nodes:\n    - { pool: cpu, count: 3, cpu: 16, memory: 64Gi }\n\
                       deploy:\n  - { document: web.yaml, system: kubernetes }\n";

/// Two Deployments of one application and the Service that leads to one of them.
fn two_versions(version: &str) -> String {
    let deployment = |version: &str| {
        format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{ name: web-{version} }}\nspec:\n  replicas: 2\n  selector: {{ matchLabels: \
             {{ app: web, version: {version} }} }}\n  template:\n    metadata: {{ labels: {{ app: web, version: {version} }} }}\n    spec:\n      \
             containers:\n        - name: web\n          image: web:{version}\n          readinessProbe: {{ httpGet: {{ path: /, port: 80 }} }}\n---\n"
        )
    };
    format!(
        "{}{}apiVersion: v1\nkind: Service\nmetadata: {{ name: web }}\nspec:\n  selector: {{ app: web, version: {version} }}\n  ports: \
         [{{ port: 80 }}]\n",
        deployment("v1"),
        deployment("v2")
    )
}

#[test]
fn a_service_that_is_pointed_to_pods_that_still_load() {
    let run = |at: &str| {
        let scenario = format!(
            "name: switch\n{CLUSTER}behaviour:\n  - match: {{ workload: web-v1 }}\n    start: 10s\n  - match: {{ workload: web-v2 }}\n    \
             start: 10m\nactions:\n  - {{ at: {at}, apply: switched.yaml }}\n"
        );
        found(&scenario, vec![("web.yaml", two_versions("v1")), ("switched.yaml", two_versions("v2"))])
    };
    assert_eq!(run("20m"), NOTHING);
    assert_eq!(run("5m").len(), 1, "{:?}", run("5m"));
    assert!(run("5m")[0].starts_with("GR111 Service/web: it was taken from the ready pods of "), "{:?}", run("5m"));
}

#[test]
fn argo_promotions_and_aborts_as_they_should_be() {
    for path in ["blue-green/scenario.yaml", "blue-green-full-fleet/scenario.yaml", "canary-aborted/scenario.yaml"] {
        assert_eq!(example(path, "name:", "name:"), NOTHING, "{path}");
    }
}

#[test]
fn argo_aborts_after_which_the_stable_pods_cannot_come_back() {
    let path = "canary-aborted/scenario.yaml";
    let retries = "  - { at: 25m, retry: Rollout/search }\n  - { at: 40m, promote: Rollout/search }\n";
    assert_eq!(example(path, retries, ""), NOTHING);
    let quota = "\nfaults:\n  - { name: no-quota, at: 13m, quota_exhausted: { namespace: default } }\n";
    let told = example(path, retries, quota);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].starts_with("GR112 Rollout/search: ReplicaSet/search-r2 was given up"), "{told:?}");
}

fn store(policy: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {{ name: store }}\nspec:\n  serviceName: store\n  replicas: 4\n  \
         podManagementPolicy: {policy}\n  selector: {{ matchLabels: {{ app: store }} }}\n  template:\n    metadata: {{ labels: {{ app: \
         store }} }}\n    spec:\n      containers:\n        - {{ name: store, image: 'store:1' }}\n"
    )
}

/// What the StatefulSet controller owes is kept through lost pods and changes of size, and nothing is owed of parallel sets.
#[test]
fn statefulsets_keep_their_turns_when_pods_are_lost_and_their_size_changes() {
    for policy in ["OrderedReady", "Parallel"] {
        let scenario = format!(
            "name: turns\n{CLUSTER}behaviour:\n  - match: {{ workload: store }}\n    start: 20s\nactions:\n  - {{ at: 8m, scale: {{ \
             StatefulSet/store: 2 }} }}\n  - {{ at: 12m, scale: {{ StatefulSet/store: 5 }} }}\nfaults:\n  - {{ name: kill, at: 5m, pod_kill: {{ \
             workload: store, count: 3 }} }}\n"
        );
        assert_eq!(found(&scenario, vec![("web.yaml", store(policy))]), NOTHING, "{policy}");
    }
}

/// `last` starts after `pw`, three pods of which must be ready; `other` has a name of which one need be.
fn cliques(other: &str) -> String {
    let clique = |name: &str, pods: u32, more: &str| {
        format!(
            "      - name: {name}\n        spec:\n          roleName: {name}\n          replicas: {pods}\n          minAvailable: {pods}\n{more}          \
             podSpec:\n            containers: [{{ name: c, image: '{name}:1', readinessProbe: {{ httpGet: {{ path: /, port: 80 }} }} }}]\n"
        )
    };
    format!(
        "apiVersion: grove.io/v1alpha1\nkind: PodCliqueSet\nmetadata: {{ name: llm }}\nspec:\n  replicas: 1\n  template:\n    \
         cliqueStartupType: CliqueStartupTypeExplicit\n    cliques:\n{}{}{}",
        clique(other, 1, ""),
        clique("pw", 3, ""),
        clique("last", 1, "          startsAfter: [pw]\n")
    )
}

/// Grove looks for the clique that is waited for by the end of its name, and takes the first of the set that fits: of `w` and `pw`, both
/// end in `w`. How many pods it waits for is then the other's.
#[test]
fn grove_cliques_whose_names_end_in_one_another() {
    let run = |other: &str| {
        let scenario = "name: suffix\nuntil: 30m\ncluster:\n  nodes:\n    - { pool: cpu, count: 3, cpu: 16, memory: 64Gi }\ndeploy:\n  - { \
                        document: set.yaml, system: dynamo }\nbehaviour:\n  - match: { image: 'pw:*' }\n    start: { uniform: { min: 10s, max: \
                        5m } }\n";
        found(scenario, vec![("set.yaml", cliques(other))])
    };
    assert_eq!(run("v"), NOTHING);
    let told =
        "GR102 PodClique/llm-0-last: its pod 0 ran while 1 pods of PodClique/llm-0-pw were ready, and it waits for 3";
    assert_eq!(run("w"), [told]);
}

/// Workers of groups come after their leader, when a group is made again too.
#[test]
fn leader_worker_sets_keep_their_order_through_a_crash() {
    let set = "apiVersion: leaderworkerset.x-k8s.io/v1\nkind: LeaderWorkerSet\nmetadata: { name: llm }\nspec:\n  replicas: 2\n  startupPolicy: \
               LeaderReady\n  leaderWorkerTemplate:\n    size: 3\n    restartPolicy: RecreateGroupOnPodRestart\n    workerTemplate:\n      spec:\n        \
               containers:\n          - name: server\n            image: llm:1\n            readinessProbe: { tcpSocket: { port: 80 } }\n";
    let scenario = format!(
        "name: leaders\n{CLUSTER}behaviour:\n  - match: {{ image: '*' }}\n    start: 2m\nfaults:\n  - {{ name: crash, at: 15m, container_crash: {{ \
         pod: llm-1-1 }} }}\n"
    );
    assert_eq!(found(&scenario, vec![("web.yaml", set.to_owned())]), NOTHING);
}
