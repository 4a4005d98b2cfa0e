//! What is told about Rollouts and AnalysisTemplates that cannot be. Method: documents with one mistake each, as users make
//! them; what is told is compared with an accepted text, whose words are those of the controller.

use greenroom::systems::kubernetes::read;
use greenroom::text::{Diagnostic, Source, render};

/// What is told about each text, one block a text.
fn told(texts: &[(&str, String)]) -> String {
    let tell = |(what, text): &(&str, String)| {
        let diagnostics: Vec<Diagnostic> = match read(&Source::new("web.yaml", text.clone())) {
            Ok(read) => read.problems.into_iter().chain(read.warnings).collect(),
            Err(errors) => errors,
        };
        assert!(!diagnostics.is_empty(), "nothing is told about {what}");
        format!("## {what}\n{}", render::render(&diagnostics, false))
    };
    texts.iter().map(tell).collect()
}

/// A Rollout with this strategy and these further fields.
fn rollout(strategy: &str, more: &str) -> String {
    format!(
        "apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {{ name: web }}
spec:
  selector: {{ matchLabels: {{ app: web }} }}
  template:
    metadata: {{ labels: {{ app: web }} }}
    spec: {{ containers: [ {{ name: web, image: web:1 }} ] }}
  strategy:
    {strategy}
{more}"
    )
}

#[test]
fn rollouts_that_cannot_be() {
    let canary = |fields: &str| rollout(&format!("canary: {{ {fields} }}"), "");
    let blue_green = |fields: &str| rollout(&format!("blueGreen: {{ {fields} }}"), "");
    let texts = [
        ("no strategy", rollout("{}", "")),
        ("two strategies", rollout("{ canary: {}, blueGreen: { activeService: a } }", "")),
        ("no active service", blue_green("previewService: a")),
        ("one service twice", blue_green("activeService: a, previewService: a")),
        ("more old versions than are kept", blue_green("activeService: a, scaleDownDelayRevisionLimit: 20")),
        (
            "a wait that is ignored",
            blue_green("activeService: a, autoPromotionEnabled: false, autoPromotionSeconds: 5"),
        ),
        ("a router", canary("trafficRouting: { nginx: { stableIngress: web } }")),
        ("no room at all", canary("maxSurge: 0, maxUnavailable: 0%")),
        ("too much weight", canary("steps: [ { setWeight: 120 } ]")),
        ("an experiment", canary("steps: [ { experiment: { duration: 5m } } ]")),
        (
            "a scale without a router",
            canary("steps: [ { setCanaryScale: { replicas: 2 } } ], dynamicStableScale: true"),
        ),
        ("a step that is two", canary("steps: [ { setWeight: 5, pause: {} } ]")),
        ("a step that is none", canary("steps: [ {} ]")),
        ("a pause of no length", canary("steps: [ { pause: { duration: soon } } ]")),
        ("an unknown field", canary("stpes: []")),
        ("a deadline that cannot be met", rollout("canary: {}", "  minReadySeconds: 700\n")),
        ("a restart in the document", rollout("canary: {}", "  restartAt: \"2026-01-01T00:00:00Z\"\n")),
        (
            "a template and a reference",
            rollout("canary: {}", "  workloadRef: { apiVersion: apps/v1, kind: StatefulSet, name: a }\n"),
        ),
        ("labels that the selector does not match", rollout("canary: {}", "").replace("labels: { app", "labels: { ap")),
    ];
    insta::assert_snapshot!(told(&texts));
}

#[test]
fn templates_that_cannot_be() {
    let metric = |fields: &str| {
        format!(
            "apiVersion: argoproj.io/v1alpha1\nkind: AnalysisTemplate\nmetadata: {{ name: ask }}\nspec:\n  metrics:\n    - {{ name: m, {fields} \
             }}\n"
        )
    };
    let texts = [
        (
            "no metrics",
            metric("x").split("  metrics").next().expect("a head").replace("spec:", "spec: { metrics: [] }"),
        ),
        ("no provider", metric("interval: 5m")),
        ("two providers", metric("provider: { web: { url: x }, prometheus: { query: y } }")),
        ("no interval", metric("count: 3, provider: { web: { url: x } }")),
        ("an interval of no length", metric("interval: often, provider: { web: { url: x } }")),
        (
            "more failures than measurements",
            metric("count: 2, interval: 1m, failureLimit: 3, provider: { web: { url: x } }"),
        ),
        ("no limit at all", metric("failureLimit: -1, provider: { web: { url: x } }")),
        ("a condition", metric("successCondition: result > 1, provider: { web: { url: x } }")),
        ("an argument", metric("count: \"{{args.n}}\", provider: { web: { url: x } }")),
        (
            "a job that restarts",
            metric("provider: { job: { spec: { template: { spec: { containers: [ { name: a, image: b } ] } } } } }"),
        ),
    ];
    insta::assert_snapshot!(told(&texts));
}
