//! Goal: the built-in oracles find what is wrong without being asked, and nothing where all is well. Method: small scenarios of plain
//! manifests, each with the same Deployment behind a Service, of which one thing is changed; then generated groups of deployments with
//! generated fleets.

#[allow(dead_code, reason = "other tests use the rest")]
#[path = "support/groups.rs"]
mod groups;

use greenroom::explain::{About, Selection, explain};
use greenroom::oracle::Oracles;
use greenroom::rehearsal::{Observer, Options, RunResult, rehearse};
use greenroom::scenario::{Documents, Scenario, load_from};
use greenroom::text::Source;
use proptest::prelude::*;

/// A folder with these files.
struct Files(Vec<(&'static str, String)>);

impl Documents for Files {
    fn read(&self, path: &str) -> Result<String, String> {
        let found = self.0.iter().find(|(name, _)| path.ends_with(name));
        found.map(|(_, text)| text.clone()).ok_or_else(|| format!("there is no {path}"))
    }
}

/// A Deployment of so many replicas with a strategy, and a Service before it.
fn web(replicas: u32, strategy: &str, tag: &str, gpus: u32) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{ name: web }}\nspec:\n  replicas: {replicas}\n  strategy: {strategy}\n  \
         selector: {{ matchLabels: {{ app: web }} }}\n  template:\n    metadata: {{ labels: {{ app: web }} }}\n    spec:\n      containers:\n        \
         - name: server\n          image: registry.example.com/web:{tag}\n          resources: {{ limits: {{ nvidia.com/gpu: {gpus} }} }}\n\
         ---\napiVersion: v1\nkind: Service\nmetadata: {{ name: web }}\nspec:\n  selector: {{ app: web }}\n  ports: [{{ port: 80 }}]\n"
    )
}

/// One replica with a readiness probe: without one a pod counts as ready as soon as its container runs.
fn probed() -> String {
    let probe = "          readinessProbe: { httpGet: { path: /, port: 80 } }\n          resources:";
    web(1, ROLLING, "1", 1).replace("          resources:", probe)
}

const ROLLING: &str = "{ type: RollingUpdate, rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } }";
const RECREATE: &str = "{ type: Recreate }";

/// A scenario with two nodes of two GPUs, the first document at the start, and these lines.
fn scenario(first: String, second: String, lines: &str) -> Scenario {
    let text = format!(
        "name: judged\nuntil: 1h\ncluster:\n  nodes:\n    - {{ pool: gpu, count: 2, shape: VM.GPU.A10.2 }}\n\
         deploy:\n  - {{ document: web.yaml, system: kubernetes }}\n{lines}\n"
    );
    let source = Source::new("judged.yaml", text.as_str());
    let files = Files(vec![("web.yaml", first), ("next.yaml", second)]);
    load_from(&source, &files).unwrap_or_else(|problems| panic!("{text}\n{problems:?}"))
}

fn judged(scenario: &Scenario) -> RunResult {
    let oracles = Oracles::new(scenario).unwrap_or_else(|problems| panic!("{problems:?}"));
    let mut observers: [Box<dyn Observer>; 1] = [Box::new(oracles)];
    rehearse(scenario, Options::default(), &mut observers).unwrap_or_else(|problems| panic!("{problems:?}"))
}

/// Code and subject of each finding of a run.
fn found(scenario: &Scenario) -> Vec<String> {
    let run = judged(scenario);
    run.findings.iter().map(|one| format!("{} {}", one.rule.code, one.subject)).collect()
}

const APPLY: &str = "actions:\n  - { at: 10m, apply: next.yaml }";

#[test]
fn a_rollout_that_keeps_its_pods_is_well() {
    let scenario = scenario(web(2, ROLLING, "1", 1), web(2, ROLLING, "2", 1), APPLY);
    assert_eq!(found(&scenario), [] as [String; 0]);
}

#[test]
fn a_rollout_that_takes_all_pods_down_first_is_an_outage_with_its_length() {
    let scenario = scenario(web(2, RECREATE, "1", 1), web(2, RECREATE, "2", 1), APPLY);
    let run = judged(&scenario);
    let [outage] = run.findings.as_slice() else { panic!("{:?}", run.findings) };
    assert_eq!((outage.rule.code, outage.subject.as_str()), ("GR104", "Service/web"));
    assert_eq!(outage.at.to_string(), "00:10:00.000");
    let service = run.timeline.since(0).filter(|(_, entry)| entry.subject.show(&run.names) == "Service/web");
    let again = service.filter(|(_, entry)| entry.became == "Ready").last().expect("it serves again").1;
    assert_eq!(outage.lasts, Some(again.at.since(outage.at)));
    assert!(outage.detail.ends_with("; after action/apply"), "{}", outage.detail);
    assert_eq!(run.exit_code(), 1);
}

#[test]
fn what_is_scaled_to_nothing_or_taken_down_has_no_outage_and_leaves_nothing() {
    for action in ["scale: { Deployment/web: 0 }", "delete: Deployment/web", "undeploy: web"] {
        let lines = format!("actions:\n  - {{ at: 10m, {action} }}");
        assert_eq!(found(&scenario(web(2, ROLLING, "1", 1), String::new(), &lines)), [] as [String; 0], "{action}");
    }
}

#[test]
fn what_is_asked_for_again_has_no_outage_before_it_was_served_again() {
    let lines = "behaviour: [ { match: {}, start: 60s } ]\nactions:\n  - { at: 10m, scale: { Deployment/web: 0 } }\n  - { at: 20m, scale: { \
                 Deployment/web: 1 } }";
    assert_eq!(found(&scenario(probed(), String::new(), lines)), [] as [String; 0]);
}

#[test]
fn who_asks_for_no_gpu_may_come_to_a_node_that_has_lost_one() {
    let lines =
        "faults:\n  - { at: 5m, gpu_loss: { node: gpu-0, count: 1 } }\nactions:\n  - { at: 10m, apply: next.yaml }";
    let other = web(1, ROLLING, "1", 0).replace("name: web", "name: other").replace("app: web", "app: other");
    let other = other.replace("resources: { limits: { nvidia.com/gpu: 0 } }", "resources: {}");
    let all: String = found(&scenario(web(4, ROLLING, "1", 1), other, lines)).concat();
    assert!(!all.contains("GR101"), "{all}");
}

#[test]
fn a_fault_explains_an_outage() {
    let lines = "faults:\n  - { at: 10m, name: killed, pod_kill: { workload: Deployment/web } }";
    let run = judged(&scenario(probed(), String::new(), lines));
    let [outage] = run.findings.as_slice() else { panic!("{:?}", run.findings) };
    assert!(outage.detail.ends_with("; explained by fault/killed"), "{}", outage.detail);
}

#[test]
fn a_rollout_without_room_is_stuck_unless_it_is_paused_or_young() {
    let full = || web(2, ROLLING, "1", 2);
    let next = web(2, ROLLING, "2", 2);
    assert_eq!(found(&scenario(full(), next.clone(), APPLY)), ["GR106 Deployment/web"]);
    let patient = format!("{APPLY}\noracles: {{ stuck_after: 2h }}");
    assert_eq!(found(&scenario(full(), next.clone(), &patient)), [] as [String; 0]);
    let off = format!("{APPLY}\noracles: {{ off: [stuck] }}");
    assert_eq!(found(&scenario(full(), next.clone(), &off)), [] as [String; 0]);
    let paused = next.replace("  replicas: 2\n", "  replicas: 2\n  paused: true\n");
    assert_eq!(found(&scenario(full(), paused, APPLY)), [] as [String; 0]);
}

#[test]
fn what_is_expected_fails_no_run_and_what_is_not_found_does() {
    let next = || web(2, ROLLING, "2", 2);
    let expects = format!("{APPLY}\noracles: {{ expect: [{{ stuck: \"Deployment/*\" }}] }}");
    assert_eq!(judged(&scenario(web(2, ROLLING, "1", 2), next(), &expects)).exit_code(), 0);
    let in_vain = format!("{APPLY}\noracles: {{ expect: [outage, stuck] }}");
    let run = judged(&scenario(web(2, ROLLING, "1", 2), next(), &in_vain));
    assert_eq!(run.missed.len(), 1);
    assert_eq!(run.exit_code(), 1);
}

#[test]
fn what_is_found_is_explained() {
    let scenario = scenario(web(2, ROLLING, "1", 2), web(2, ROLLING, "2", 2), APPLY);
    let run = judged(&scenario);
    let story = explain(&run, &scenario, &Selection::All).expect("there is something to explain");
    let abouts: Vec<About> = story.explanations.iter().map(|one| one.about).collect();
    assert_eq!(abouts, [About::Finding(0)]);
    let chain = story.explanations[0].chain.as_ref().expect("an entry shows it");
    let last = chain.steps.last().and_then(|id| run.timeline.get(*id)).expect("the entry");
    assert_eq!((last.subject.show(&run.names).as_str(), last.became), ("Pod/web-r2-0", "Unschedulable"));
    assert_eq!(story.explanations[0].moment, run.ended_at);
}

#[test]
fn a_pull_that_takes_long_is_not_stuck_and_one_that_fails_is() {
    let slow = "behaviour:\n  - match: { image: \"*web*\" }\n    pull: 3h";
    assert_eq!(found(&scenario(web(1, ROLLING, "1", 1), String::new(), slow)), [] as [String; 0]);
    let never = "faults:\n  - { at: 0s, image_pull_fail: { image: \"*web*\" } }";
    assert_eq!(found(&scenario(web(1, ROLLING, "1", 1), String::new(), never)), ["GR106 Deployment/web"]);
    let crashes = "behaviour:\n  - match: { image: \"*web*\" }\n    crash: { after: 5s, times: 1000 }\n    start: 10s";
    assert_eq!(found(&scenario(probed(), String::new(), crashes)), ["GR106 Deployment/web"]);
}

/// A generated group on a fleet.
fn generated(group: &groups::Group, gpu_nodes: u32, fault: &str) -> Scenario {
    let text = format!(
        "name: generated\nseed: 3\nuntil: 3h\ncluster:\n  nodes:\n    - {{ pool: gpu, count: {gpu_nodes}, shape: VM.GPU.A10.2 }}\n    \
         - {{ pool: cpu, count: 3, cpu: 64, memory: 256Gi }}\ndeploy:\n  - {{ document: group.json, system: oci }}\n\
         behaviour:\n  - match: {{ image: \"*\" }}\n    start: 20s\n    run: 2m\n{fault}"
    );
    let source = Source::new("generated.yaml", text.as_str());
    let files = Files(vec![("group.json", group.text.clone())]);
    load_from(&source, &files).unwrap_or_else(|problems| panic!("{text}\n{problems:?}"))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    /// Where there is room for all and nothing goes wrong, there is nothing to find.
    #[test]
    fn a_run_without_faults_and_with_room_has_no_findings(group in groups::valid(8)) {
        let found = found(&generated(&group, 40, ""));
        prop_assert_eq!(found, Vec::<String>::new());
    }

    /// Whatever strikes a full fleet, no GPU is given twice, no node by more than it has, and nothing is left over.
    #[test]
    fn nothing_is_overcommitted_or_left_over(group in groups::valid(8), nodes in 1u32..4, which in 0usize..4) {
        let faults = [
            "node_down: { node: gpu-0, for: 8m }",
            "gpu_loss: { node: gpu-0, count: 1, for: 5m }",
            "pod_kill: { deployment: m0 }",
            "watch_lag: { for: 5m }",
        ];
        let fault = format!("faults:\n  - {{ at: 1m, {} }}\n", faults[which]);
        let found = found(&generated(&group, nodes, &fault));
        prop_assert!(!found.iter().any(|one| one.starts_with("GR101") || one.starts_with("GR107")), "{:?}", found);
    }
}
