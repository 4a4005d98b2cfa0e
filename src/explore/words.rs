//! Faults in a line, as findings and reports show them. The file form of a fault is written elsewhere.

use std::fmt::Write as _;

use crate::kernel::Duration;
use crate::scenario::model::{ApiEntry, FaultKind, Target, TargetKind};
use crate::workload::{ApiTrouble, Moment, NodeDisruption};

/// A fault and whom it hits: `node_down Node/a10-0 for 2m`.
pub fn fault(kind: &FaultKind) -> String {
    let mut text = kind.text().to_owned();
    let out = &mut text;
    match kind {
        FaultKind::PodKill { target, count } => {
            whom(out, target);
            if let Some(count) = count {
                add(out, &format!("{count} of its pods"));
            }
        }
        FaultKind::ContainerCrash { target, exit_code } => {
            whom(out, target);
            add(out, &format!("exit {exit_code}"));
        }
        FaultKind::NodeDown { target, lasts } => lasting(out, target, *lasts),
        FaultKind::ImagePullFail { image, times, lasts } => {
            add(out, image);
            number(out, *times);
            unless_counted(out, *times, *lasts);
        }
        FaultKind::SlowStart { target, extra, percent } => {
            whom(out, target);
            if *percent != 100 {
                add(out, &format!("{percent} %"));
            }
            if extra.nanos() > 0 {
                add(out, &format!("+{extra}"));
            }
        }
        FaultKind::ExportFail { deployment: of, times } | FaultKind::ImageBuildFail { definition: of, times } => {
            add(out, of);
            number(out, *times);
        }
        FaultKind::ControllerRestart { of, lasts } => {
            add(out, of);
            length(out, Some(*lasts));
        }
        FaultKind::ProcessRestart { process, lasts } => {
            add(out, process.text());
            length(out, Some(*lasts));
        }
        FaultKind::ClockSkew { target, by, ahead, lasts } => {
            whom(out, target);
            add(out, &format!("{by} {}", if *ahead { "ahead" } else { "behind" }));
            length(out, *lasts);
        }
        FaultKind::Api(entry) => api(out, entry),
        FaultKind::StoreOutage { store, lasts } => {
            add(out, store.key());
            length(out, *lasts);
        }
        FaultKind::Alarm { of, lasts, .. } => {
            add(out, of);
            length(out, *lasts);
        }
        FaultKind::ReadinessFlap { target, lasts, times, .. } => {
            whom(out, target);
            number(out, Some(*times));
            length(out, Some(*lasts));
        }
        FaultKind::QuotaExhausted { namespace, lasts } => {
            add(out, namespace);
            length(out, *lasts);
        }
        FaultKind::Node { target, what } => node(out, target, what),
        FaultKind::GpuLoss { target, count, lasts } => {
            whom(out, target);
            add(out, &format!("{count} GPUs"));
            length(out, *lasts);
        }
    }
    text
}

fn node(out: &mut String, target: &Target, what: &NodeDisruption) {
    whom(out, target);
    match what {
        NodeDisruption::Silent { lasts } | NodeDisruption::Cordon { lasts } => length(out, *lasts),
        NodeDisruption::Taint { taint, lasts } => {
            add(out, &taint.key);
            length(out, *lasts);
        }
        NodeDisruption::Untaint { key } => add(out, key),
        NodeDisruption::Shutdown { grace_period, lasts, .. } => {
            if grace_period.nanos() > 0 {
                add(out, &format!("with {grace_period} of grace"));
            }
            length(out, *lasts);
        }
        NodeDisruption::Reclaim { notice, .. } => add(out, &format!("after {notice} of notice")),
        NodeDisruption::Uncordon | NodeDisruption::Drain(_) => {}
    }
}

fn api(out: &mut String, entry: &ApiEntry) {
    if let Some(controller) = &entry.controller {
        add(out, &format!("of {controller}"));
    }
    if let Some(object) = &entry.object {
        add(out, &format!("at {object}"));
    }
    match entry.trouble {
        ApiTrouble::Lag { by, lasts } => {
            if let Some(by) = by {
                add(out, &format!("by {by}"));
            }
            length(out, lasts);
        }
        ApiTrouble::MissedEvent { occurrence, times } => nth(out, occurrence, Some(times)),
        ApiTrouble::Conflict { occurrence, times } => nth(out, occurrence, times),
        ApiTrouble::Error { occurrence, times, lasts } => {
            nth(out, occurrence, times);
            unless_counted(out, times, lasts);
        }
        ApiTrouble::WebhookDown { lasts } => length(out, lasts),
        ApiTrouble::Restart { moment, lasts } => {
            match moment {
                Moment::Now => {}
                Moment::BeforeWrite(occurrence) => add(out, &format!("before write {occurrence}")),
                Moment::AfterWrite(occurrence) => add(out, &format!("after write {occurrence}")),
            }
            length(out, Some(lasts));
        }
    }
}

fn nth(out: &mut String, occurrence: u32, times: Option<u32>) {
    if occurrence > 1 {
        add(out, &format!("from number {occurrence} on"));
    }
    number(out, times);
}

fn lasting(out: &mut String, target: &Target, lasts: Option<Duration>) {
    whom(out, target);
    length(out, lasts);
}

/// The target with its kind, unless its name has one.
fn whom(out: &mut String, target: &Target) {
    let kind = match target.kind {
        _ if target.name.contains('/') => "",
        TargetKind::Running => "where deployment/",
        TargetKind::Node => "Node/",
        TargetKind::Deployment => "deployment/",
        TargetKind::Pod => "Pod/",
        TargetKind::Workload => "workload/",
    };
    let _ = write!(out, " {kind}{}", target.name);
}

fn number(out: &mut String, times: Option<u32>) {
    match times {
        Some(1) => add(out, "once"),
        Some(times) => add(out, &format!("{times} times")),
        None => {}
    }
}

/// How long something lasts, unless it is over after a number of times.
fn unless_counted(out: &mut String, times: Option<u32>, lasts: Option<Duration>) {
    if times.is_none() || lasts.is_some() {
        length(out, lasts);
    }
}

fn length(out: &mut String, lasts: Option<Duration>) {
    match lasts {
        Some(lasts) => add(out, &format!("for {lasts}")),
        None => add(out, "for ever"),
    }
}

fn add(out: &mut String, text: &str) {
    out.push(' ');
    out.push_str(text);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_told_with_whom_it_hits_and_how_long() {
        let target = |kind, name: &str| Target { kind, name: name.to_owned() };
        let node = target(TargetKind::Node, "a10-0");
        let down = |lasts| fault(&FaultKind::NodeDown { target: node.clone(), lasts });
        assert_eq!(down(Some(Duration::from_secs(120))), "node_down Node/a10-0 for 2m");
        assert_eq!(down(None), "node_down Node/a10-0 for ever");
        let kill = FaultKind::PodKill { target: target(TargetKind::Workload, "Deployment/web"), count: Some(1) };
        assert_eq!(fault(&kill), "pod_kill Deployment/web 1 of its pods");
        let trouble = ApiTrouble::Error { occurrence: 2, times: Some(3), lasts: None };
        let api = FaultKind::Api(ApiEntry { of: None, controller: None, object: None, trouble });
        assert_eq!(fault(&api), "api_error from number 2 on 3 times");
    }
}
