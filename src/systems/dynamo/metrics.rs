//! What `/metrics` of the operator counts, in Prometheus' text form: reconciliations, and objects by their state. How long a
//! reconciliation takes is not there: nothing takes time here.
//!
//! Source: ai-dynamo/dynamo, deploy/operator/internal/observability/metrics.go and resource_counter.go. The real gauge is set every
//! 30 s and keeps the last figure of a state that no object has any more; this one tells what there is.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::controller::Dynamo;
use super::model::Resource;
use super::native::{api_kind, namespace};
use super::operator::journal::Counts;
use super::status::Truth;
use super::store::Stored;
use crate::timeline::Kind;
use crate::workload::World;

/// The kinds that are counted.
const KINDS: [Kind; 5] = [Kind::Graph, Kind::DynamoComponentDeployment, Kind::Adapter, Kind::Request, Kind::Model];

/// The metrics at this instant.
pub fn text(dynamo: &Dynamo, world: &dyn World) -> String {
    let mut text = String::new();
    // Writing to a text cannot fail.
    let _ = reconciliations(dynamo, &mut text);
    let _ = resources(dynamo, world, &mut text);
    text
}

fn reconciliations(dynamo: &Dynamo, text: &mut String) -> std::fmt::Result {
    writeln!(text, "# TYPE controller_runtime_reconcile_total counter")?;
    for (name, counts) in dynamo.journal.counts() {
        let Counts { success, requeue_after, error } = counts;
        for (result, count) in [("error", error), ("requeue_after", requeue_after), ("success", success)] {
            let labels = format!("controller=\"{name}\",result=\"{result}\"");
            writeln!(text, "controller_runtime_reconcile_total{{{labels}}} {count}")?;
        }
    }
    writeln!(text, "# TYPE controller_runtime_reconcile_errors_total counter")?;
    for (name, counts) in dynamo.journal.counts() {
        writeln!(text, "controller_runtime_reconcile_errors_total{{controller=\"{name}\"}} {}", counts.error)?;
    }
    Ok(())
}

fn resources(dynamo: &Dynamo, world: &dyn World, text: &mut String) -> std::fmt::Result {
    writeln!(text, "# TYPE dynamo_operator_resources_total gauge")?;
    for kind in KINDS {
        let mut counts: BTreeMap<(String, &'static str), u64> = BTreeMap::new();
        for stored in dynamo.api.list(kind) {
            *counts.entry((namespace(stored.key, world), state(stored))).or_default() += 1;
        }
        let kind = api_kind(kind);
        for ((namespace, status), count) in counts {
            let labels = format!("resource_type=\"{kind}\",namespace=\"{namespace}\",status=\"{status}\"");
            writeln!(text, "dynamo_operator_resources_total{{{labels}}} {count}")?;
        }
    }
    Ok(())
}

/// The state of an object as the gauge has it; `unknown` where its status says nothing yet. Only graphs are counted by the source
/// that was read; the documentation of the metrics has the words for the others.
fn state(stored: &Stored) -> &'static str {
    let ready = |truth: Option<Truth>| match truth {
        Some(Truth::True) => "ready",
        Some(Truth::False | Truth::Unknown) => "not_ready",
        None => "unknown",
    };
    match &stored.value {
        Resource::Graph(graph) => graph.status.state.text(),
        Resource::Component(one) => ready(one.status.conditions.get("Available").map(|one| one.status)),
        Resource::Request(request) => request.status.phase.text(),
        Resource::Adapter(adapter) if adapter.status.selector.is_empty() => "not_ready",
        Resource::Adapter(_) => "ready",
        Resource::Model(model) if model.status.ready == model.status.total && model.status.total > 0 => "ready",
        Resource::Model(_) => "not_ready",
        Resource::Checkpoint(_) | Resource::WorkerMetadata => "unknown",
    }
}
