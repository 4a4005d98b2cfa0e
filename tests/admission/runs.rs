//! What a refusal does to a run: its exit code, its line, and what is not made.

use std::collections::BTreeMap;

use greenroom::oracle::Judge;
use greenroom::rehearsal::{Options as RunOptions, RunResult, rehearse};
use greenroom::scenario::load_from;
use greenroom::text::{Source, render};
use greenroom::timeline::render as words;

use crate::{BETA, SET, spoilt};

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
