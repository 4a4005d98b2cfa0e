//! What `/metrics` of the operator counts: reconciliations and how long they take, objects by their state, and requests to its
//! webhooks. A reconciliation and a webhook take no time here, so that all lengths are zero.
//!
//! Source: kubernetes-sigs/controller-runtime v0.21, pkg/internal/controller/metrics/metrics.go and controller.go, for both versions;
//! ai-dynamo/dynamo, deploy/operator/internal/observability/metrics.go, resource_counter.go, reconciler_wrapper.go and
//! webhook_wrapper.go for 1.5.0, which 0.8.0 does not have. The real gauge of objects is set every 30 s and keeps the last figure of a
//! state that no object has any more; this one tells what there is.

use std::collections::BTreeMap;

use super::controller::Dynamo;
use super::exposition::Exposition;
use super::model::Resource;
use super::native::{api_kind, namespace};
use super::operator::journal::Counts;
use super::status::Truth;
use super::store::Stored;
use crate::timeline::Kind;
use crate::workload::World;

/// The kinds that are counted, each with the name of its controller in 0.8.0. That of the adapters is said in
/// dynamographdeploymentscalingadapter_controller.go; the others are the kinds in lower case. 1.5.0 names them by the kind as it is.
const KINDS: [(Kind, &str); 5] = [
    (Kind::Graph, "dynamographdeployment"),
    (Kind::DynamoComponentDeployment, "dynamocomponentdeployment"),
    (Kind::Adapter, "dgdscalingadapter"),
    (Kind::Request, "dynamographdeploymentrequest"),
    (Kind::Model, "dynamomodel"),
];

/// Bounds of controller-runtime's `ReconcileTime`, in seconds.
const RECONCILE_TIME: [&str; 40] = [
    "0.005", "0.01", "0.025", "0.05", "0.1", "0.15", "0.2", "0.25", "0.3", "0.35", "0.4", "0.45", "0.5", "0.6", "0.7",
    "0.8", "0.9", "1", "1.25", "1.5", "1.75", "2", "2.5", "3", "3.5", "4", "4.5", "5", "6", "7", "8", "9", "10", "15",
    "20", "25", "30", "40", "50", "60",
];

/// Bounds of `reconcile_duration_seconds`: observability/metrics.go.
const RECONCILE_DURATION: [&str; 13] =
    ["0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1", "2.5", "5", "10", "30", "60"];

/// Bounds of `webhook_duration_seconds`: the same file.
const WEBHOOK_DURATION: [&str; 11] = ["0.001", "0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1", "2.5", "5"];

/// The metrics at this instant.
pub fn text(dynamo: &Dynamo, world: &dyn World) -> String {
    let mut shown = Exposition::default();
    controllers(dynamo, &mut shown);
    if dynamo.options.operator.is_1_5() {
        reconciliations(dynamo, world, &mut shown);
        resources(dynamo, world, &mut shown);
        webhooks(dynamo, &mut shown);
    }
    shown.text()
}

/// What controller-runtime counts of each controller, from its start on.
fn controllers(dynamo: &Dynamo, shown: &mut Exposition) {
    for (kind, lower) in KINDS {
        let controller = if dynamo.options.operator.is_1_5() { api_kind(kind) } else { lower };
        let of_kind = dynamo.journal.counts().filter(|((one, _), _)| *one == kind);
        let counts = of_kind.fold(Counts::default(), |sum, (_, one)| sum.plus(one));
        let own = [("controller", controller)];
        let results = [
            ("error", counts.failed()),
            ("requeue", 0),
            ("requeue_after", counts.requeue_after),
            ("success", counts.success),
        ];
        for (result, count) in results {
            shown.counter("controller_runtime_reconcile_total", &[own[0], ("result", result)], count);
        }
        let failed = counts.failed();
        shown.counter("controller_runtime_reconcile_errors_total", &own, failed);
        shown.counter("controller_runtime_terminal_reconcile_errors_total", &own, counts.terminal);
        shown.gauge("controller_runtime_max_concurrent_reconciles", &own, 1);
        let all = failed + counts.success + counts.requeue_after;
        shown.zeros("controller_runtime_reconcile_time_seconds", &own, &RECONCILE_TIME, all);
    }
}

/// What the operator itself counts of them, by namespace.
fn reconciliations(dynamo: &Dynamo, world: &dyn World, shown: &mut Exposition) {
    for ((kind, space), counts) in dynamo.journal.counts() {
        let space = world.text(*space);
        let space = if space.is_empty() { "default" } else { space.as_str() };
        let (space, own) = (("namespace", space), ("resource_type", api_kind(*kind)));
        let results = [("error", counts.failed()), ("requeue", counts.requeue_after), ("success", counts.success)];
        for (result, count) in results.into_iter().filter(|(_, count)| *count > 0) {
            let labels = [space, own, ("result", result)];
            shown.counter("dynamo_operator_reconcile_total", &labels, count);
            shown.zeros("dynamo_operator_reconcile_duration_seconds", &labels, &RECONCILE_DURATION, count);
        }
        for (error, count) in &counts.errors {
            let labels = [("error_type", *error), space, own];
            shown.counter("dynamo_operator_reconcile_errors_total", &labels, *count);
        }
    }
}

fn resources(dynamo: &Dynamo, world: &dyn World, shown: &mut Exposition) {
    for (kind, _) in KINDS {
        let mut counts: BTreeMap<(String, &'static str), u64> = BTreeMap::new();
        for stored in dynamo.api.list(kind) {
            *counts.entry((namespace(stored.key, world), state(stored))).or_default() += 1;
        }
        for ((space, status), count) in counts {
            let labels = [("namespace", space.as_str()), ("resource_type", api_kind(kind)), ("status", status)];
            shown.gauge("dynamo_operator_resources_total", &labels, count);
        }
    }
}

/// Requests to the webhooks that validate, by what became of them.
fn webhooks(dynamo: &Dynamo, shown: &mut Exposition) {
    let mut asked: BTreeMap<(Kind, &'static str), [u64; 2]> = BTreeMap::new();
    for ((kind, verb), count) in dynamo.api.admitted() {
        asked.entry((*kind, verb.operation())).or_default()[0] += count;
    }
    for ((kind, operation), count) in dynamo.journal.denied() {
        asked.entry((*kind, operation)).or_default()[1] += count;
    }
    for ((kind, operation), [allowed, denied]) in asked {
        let (operation, own) = (("operation", operation), ("resource_type", api_kind(kind)));
        let duration = "dynamo_operator_webhook_duration_seconds";
        shown.zeros(duration, &[operation, own], &WEBHOOK_DURATION, allowed + denied);
        for (result, count) in [("allowed", allowed), ("denied", denied)] {
            if count > 0 {
                shown.counter("dynamo_operator_webhook_requests_total", &[operation, own, ("result", result)], count);
            }
        }
        if denied > 0 {
            // Rules are told with NewInvalid (internal/webhook/validation/dynamographdeployment_helpers.go,
            // invalidDynamoGraphDeploymentError), which categorizeError calls so.
            let labels = [operation, ("reason", "validation"), own];
            shown.counter("dynamo_operator_webhook_denials_total", &labels, denied);
        }
    }
}

/// The state of an object as the gauge has it: api/v1alpha1 and api/v1beta1, `GetState` of each type.
fn state(stored: &Stored) -> &'static str {
    let ready = match &stored.value {
        Resource::Graph(graph) => return graph.status.state.text(),
        Resource::Request(request) => return request.status.phase.text(),
        Resource::Component(one) => one.status.conditions.get("Available").is_some_and(|one| one.status == Truth::True),
        Resource::Adapter(adapter) => !adapter.status.selector.is_empty() && adapter.status.replicas > 0,
        Resource::Model(model) => model.status.ready == model.status.total && model.status.total > 0,
        Resource::Checkpoint(_) | Resource::WorkerMetadata => return "unknown",
    };
    if ready { "ready" } else { "not_ready" }
}
