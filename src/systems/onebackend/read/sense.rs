//! Numbers that the client takes and nothing sensible can be done with: fewer than no instances, more than are rehearsed, a least
//! that is more than the most. The page of Deploy Svc does not say what becomes of them; that its service refuses them is *assumed*.
//! The code refuses none, so that as built there is a warning of what it does instead.
//! Source: 1backend/1backend 1305defcf2, server/internal/services/deploy/http_save_deployments.go, which checks nothing, and
//! server/internal/services/deploy/allocator/command_producer.go.

use super::super::amount;
use super::super::model::{REPLICAS_MAX, Resources};
use super::super::profile::Profile;
use super::{envars, get, number, text};
use crate::text::diagnostic::quote;
use crate::text::{Diagnostic, Node, Source};

/// What makes a deployment none that can be rehearsed, and what should be known of it.
#[derive(Default)]
pub struct Findings {
    /// Why it is refused.
    pub problems: Vec<Diagnostic>,
    /// What it comes to.
    pub warnings: Vec<Diagnostic>,
}

/// An instance that asks for fewer bytes was meant to ask for something else.
const BYTES_MIN: u64 = 1_000_000;

/// Looks at the numbers of a deployment that the client takes.
pub fn findings(node: &Node, source: &Source, profile: Profile) -> Findings {
    let mut findings = Findings::default();
    match profile {
        Profile::Documented => {
            documented(node, source, &mut findings);
            findings.warnings.extend(unread(node, source));
        }
        Profile::AsBuilt => as_built(node, source, &mut findings),
    }
    if let Some(replicas) = get(node, "replicas").filter(|_| beyond(number(node, "replicas"))) {
        let message = format!("`replicas` must be from 0 to {REPLICAS_MAX}, not {}", shown(replicas));
        let note = "that is the most that is rehearsed; the client takes whatever 32 bits hold";
        findings.problems.push(Diagnostic::error(source, replicas.span, message).note(note));
    }
    findings
}

/// Looks at what a definition has beside what makes it run. Nobody refuses any of it.
pub fn definition(node: &Node, source: &Source, profile: Profile) -> Vec<Diagnostic> {
    let mut warnings = match profile {
        Profile::Documented => unread(node, source),
        Profile::AsBuilt => Vec::new(),
    };
    let mut warn = |at: &Node, message: &str| warnings.push(Diagnostic::warning(source, at.span, message));
    match (get(node, "image"), get(node, "repository"), profile) {
        (Some(_), Some(repository), _) => warn(repository, "`repository` has no effect beside `image`"),
        (None, None, Profile::Documented) => {
            warn(node, "there is neither `image` nor `repository`: deployments of it end in Error");
        }
        (None, None, Profile::AsBuilt) => {
            warn(node, "there is neither `image` nor `repository`: a START panics over it")
        }
        _ => {}
    }
    if profile == Profile::AsBuilt {
        for mapping in get(node, "ports").and_then(Node::as_seq).unwrap_or(&[]) {
            if let Some(host) = get(mapping, "host").filter(|_| number(mapping, "host") == Some(0)) {
                warn(host, "for port 0 docker takes one that is free, and the instance is registered at port 0");
            }
        }
    }
    warnings
}

/// Tells of variables that look as if they referred to something. Of their values nothing is said.
fn unread(node: &Node, source: &Source) -> Vec<Diagnostic> {
    let found = envars::unread(get(node, "envars")).into_iter();
    let told = found.map(|(name, value)| {
        let message =
            format!("envar {} has a `{{{{` that begins no reference, and is taken as it stands", quote(&name));
        let told = Diagnostic::warning(source, value.span, message).private();
        told.note("references are `{{secret:NAME}}` and `{{env:NAME}}`")
    });
    told.collect()
}

/// True for a number of instances on either side of what is rehearsed.
fn beyond(number: Option<i32>) -> bool {
    number.is_some_and(|number| number.unsigned_abs() > REPLICAS_MAX)
}

fn shown(node: &Node) -> String {
    node.scalar_text().unwrap_or_default()
}

fn documented(node: &Node, source: &Source, findings: &mut Findings) {
    let assumed = "1Backend's page does not say what becomes of it; that it is refused is assumed";
    let mut refuse = |at: &Node, message: String| {
        findings.problems.push(Diagnostic::error(source, at.span, message).note(assumed));
    };
    let mut negative = |within: Option<&Node>, prefix: &str, keys: &[&str]| {
        for key in keys {
            let value = within.and_then(|within| get(within, key));
            if let Some(value) = value.filter(|_| within.and_then(|within| number(within, key)).is_some_and(|n| n < 0))
            {
                refuse(value, format!("`{prefix}{key}` must not be negative, and is {}", shown(value)));
            }
        }
    };
    let (scaling, strategy) = (get(node, "autoScaling"), get(node, "strategy"));
    // What is far below is told once, with how far it may go.
    negative(Some(node).filter(|_| !beyond(number(node, "replicas"))), "", &["replicas"]);
    negative(strategy, "strategy.", &["maxUnavailable", "maxSurge"]);
    negative(scaling, "autoScaling.", &["minReplicas", "maxReplicas", "cpuThreshold"]);
    if let Some(scaling) = scaling
        && let (Some(least), Some(most)) = (number(scaling, "minReplicas"), number(scaling, "maxReplicas"))
        && (0 < most && most < least)
        && let Some(at) = get(scaling, "minReplicas")
    {
        refuse(at, format!("`autoScaling.minReplicas` is {least}, more than `maxReplicas`, which is {most}"));
    }
    if let Some(scaling) = scaling
        && matches!(number(scaling, "cpuThreshold"), None | Some(0))
    {
        let message =
            "without a `cpuThreshold` no load changes the number of instances: only the bounds of `autoScaling` hold";
        findings.warnings.push(Diagnostic::warning(source, scaling.span, message));
    }
    if let Some(strategy) = strategy
        && text(strategy, "type") != "Recreate"
        && (number(strategy, "maxUnavailable"), number(strategy, "maxSurge")) == (Some(0), Some(0))
        && let Some(at) = get(strategy, "maxUnavailable")
    {
        let message = "`maxUnavailable` and `maxSurge` are both 0: one instance may be missing all the same";
        let note = "nothing could ever be replaced otherwise; assumed, as Kubernetes has it";
        findings.warnings.push(Diagnostic::warning(source, at.span, message).note(note));
    }
    for at in ["cpu", "memory", "vram"] {
        let Some(value) = get(node, "resources").and_then(|resources| get(resources, at)) else { continue };
        let said = |key| if key == at { value.as_str().unwrap_or_default().to_owned() } else { String::new() };
        let resources = Resources { cpu: said("cpu"), memory: said("memory"), vram: said("vram") };
        let message = match amount::need(Some(&resources)) {
            Err(error) => format!("{error}: the deployment ends in Error"),
            Ok(need) => match need.memory_bytes.max(need.vram_bytes) {
                bytes @ 1..BYTES_MIN => {
                    format!("resources.{at} {} is {bytes} bytes: write a unit, as in `24GB`", quote(&shown(value)))
                }
                _ => continue,
            },
        };
        findings.warnings.push(Diagnostic::warning(source, value.span, message));
    }
}

fn as_built(node: &Node, source: &Source, findings: &mut Findings) {
    if let Some(replicas) = get(node, "replicas")
        && number(node, "replicas").is_some_and(|number| number < 0 && !beyond(Some(number)))
    {
        let message = format!(
            "`replicas` is {}: nobody refuses it, and each cycle sends as many KILLs, of which none stops anything",
            shown(replicas)
        );
        findings.warnings.push(Diagnostic::warning(source, replicas.span, message));
    }
}
