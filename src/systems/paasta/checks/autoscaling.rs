//! The autoscaling of instances: validate_autoscaling_configs.

use super::Findings;
use super::comments::overrides;
use crate::systems::paasta::model::InstanceKind;
use crate::systems::paasta::reading::{Fields, Folder, Origin, Role, is_templated};
use crate::text::{Node, Span};

/// DEFAULT_AUTOSCALING_SETPOINT.
const SETPOINT: &str = "0.8";
/// Fields that only `arbitrary-promql` knows: _PROMQL_ONLY_FIELDS.
const PROMQL_ONLY: [&str; 4] = ["metrics_query", "series_query", "target_type", "resources"];
const REQUESTS_ONLY: &str = "desired_active_requests_per_replica";

/// Checks the instances that are scaled automatically.
pub fn check(folder: &Folder, findings: &mut Findings) {
    for origin in folder.instances() {
        let is_waited_for = origin.file.role != Role::Instances(InstanceKind::Adhoc);
        let is_scaled = origin.fields.get("max_instances").is_some_and(|node| !node.is_null());
        if is_waited_for && is_scaled && !is_templated(folder, origin.file) {
            instance(folder, &origin, findings);
        }
    }
}

fn instance(folder: &Folder, origin: &Origin<'_>, findings: &mut Findings) {
    let autoscaling = origin.fields.map("autoscaling");
    let providers = autoscaling.as_ref().map(|fields| fields.list("metrics_providers")).unwrap_or_default();
    // One that scales by CPU is there if the file names none.
    let count = providers.len().max(1);
    let mut complain = |span: Span, message: &str| {
        let service = &folder.name;
        let text =
            format!("Autoscaling validation failed for {service}.{} in {}: {message}", origin.key.text, origin.cluster);
        findings.problem(origin.file, span, text);
    };
    if providers.is_empty()
        && let Some((span, message)) = cpu(origin, count)
    {
        complain(span, &message);
    }
    let mut seen: Vec<String> = Vec::new();
    for node in providers {
        let fields = Fields::new(node, None);
        let kind = fields.text("type").unwrap_or_else(|| "cpu".to_owned());
        let policy = fields.text("decision_policy");
        let is_bespoke = policy.as_deref() == Some("bespoke");
        let wrong = if let Some((key, span)) = foreign_field(&kind, &fields) {
            Some((span, format!("metric provider {kind} does not support {key}")))
        } else if is_bespoke && count > 1 {
            Some((node.span, "cannot use bespoke autoscaling with HPA autoscaling".to_owned()))
        } else if seen.contains(&kind) {
            Some((node.span, format!("cannot set the same metrics provider multiple times: {kind}")))
        } else {
            seen.push(kind.clone());
            match kind.as_str() {
                "active-requests" => active_requests(origin, &fields),
                "arbitrary-promql" => promql(&fields),
                "cpu" if !is_bespoke => cpu(origin, count),
                _ => None,
            }
        };
        if let Some((span, message)) = wrong {
            complain(span, &message);
        }
    }
}

/// INVALID_AUTOSCALING_FIELDS.
fn foreign_field(kind: &str, fields: &Fields<'_>) -> Option<(&'static str, Span)> {
    let is_promql = kind == "arbitrary-promql";
    let promql_only = PROMQL_ONLY.into_iter().filter(|_| !is_promql);
    let requests_only = std::iter::once(REQUESTS_ONLY).filter(|_| kind != "active-requests");
    promql_only.chain(requests_only).find_map(|key| fields.entry(key).map(|(at, _)| (key, at.span)))
}

fn active_requests(origin: &Origin<'_>, fields: &Fields<'_>) -> Option<(Span, String)> {
    if origin.fields.list("registrations").len() > 1 {
        let message = "active-requests metrics provider doesn't support instances with multiple registrations";
        return Some((fields.node().span, message.to_owned()));
    }
    let setpoint = fields.get("setpoint")?;
    (fields.milli("setpoint") != crate::text::quantity::milli(SETPOINT).ok()).then(|| {
        let message = "setpoint is not supported for active-requests; use desired_active_requests_per_replica instead";
        (setpoint.span, message.to_owned())
    })
}

fn promql(fields: &Fields<'_>) -> Option<(Span, String)> {
    if fields.text("metrics_query").is_none_or(|query| query.is_empty()) {
        let message = "arbitrary-promql metrics provider requires metrics_query to be set";
        return Some((fields.node().span, message.to_owned()));
    }
    let setpoint = fields.get("setpoint")?;
    let is_positive = fields.milli("setpoint").is_some_and(|milli| milli > 0);
    (!is_positive).then(|| (setpoint.span, "setpoint must be a positive number for arbitrary-promql".to_owned()))
}

/// A figure for CPU takes an instance that is scaled by CPU out of the tuning of figures, unless its owner says that it is
/// meant.
fn cpu(origin: &Origin<'_>, count: usize) -> Option<(Span, String)> {
    // Only what the file itself says counts, not the defaults of service.yaml.
    let cpus = origin.fields.node().get("cpus").filter(|node| !Node::is_null(node));
    match cpus {
        None if count > 1 => {
            let message = "using CPU-based scaling with multiple scaling metrics requires explicit 'cpus' setting; see \
                           the following link for more info: y/override-cpu-autotune";
            Some((origin.key.span, message.to_owned()))
        }
        Some(cpus) if !overrides(&origin.file.source, cpus, "override-cpu-setting") => {
            let message = "CPU override detected for a CPU-autoscaled instance; see the following link for next steps: \
                           y/override-cpu-autotune";
            Some((cpus.span, message.to_owned()))
        }
        _ => None,
    }
}
