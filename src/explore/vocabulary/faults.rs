//! The faults that a scenario can be tried with: every kind, aimed at whatever the run has of it, with a few magnitudes each.

use super::Item;
use super::lengths::{Lengths, lengths};
use super::targets::{Targets, below, target};
use crate::kernel::Duration;
use crate::scenario::model::{ApiEntry, FaultKind, Scenario, SystemName, Target, TargetKind};
use crate::systems::{self, Restart, System};
use crate::timeline::Kind;
use crate::workload::pod::{Taint, TaintEffect};
use crate::workload::{ApiTrouble, Drain, Moment, NodeDisruption, Process, Store};

/// The names of all faults that a search tries, as scenarios have them.
pub const WORDS: &[&str] = &[
    "pod_kill",
    "container_crash",
    "node_down",
    "image_pull_fail",
    "slow_start",
    "export_fail",
    "image_build_fail",
    "controller_restart",
    "watch_lag",
    "missed_event",
    "api_conflict",
    "api_error",
    "webhook_down",
    "store_outage",
    "slo_failure",
    "alert_failure",
    "readiness_flap",
    "quota_exhausted",
    "node_silent",
    "cordon",
    "drain",
    "node_shutdown",
    "spot_reclaim",
    "gpu_loss",
    "clock_skew",
    "taint",
];

/// The taint that an operator may set on a node: nothing tolerates it.
const MAINTENANCE: &str = "example.com/maintenance";

/// All of them.
pub fn faults(scenario: &Scenario, targets: &Targets, systems: &[System]) -> Vec<Item> {
    let lengths = lengths(scenario);
    let mut items = Vec::new();
    for subject in &targets.running {
        of_pods(&mut items, subject, &lengths);
        let on = below(subject);
        of_node(&mut items, &on, Some(subject), &lengths);
    }
    for node in &targets.nodes {
        let on = Target { kind: TargetKind::Node, name: node.clone() };
        of_node(&mut items, &on, None, &lengths);
    }
    for image in images(scenario) {
        let fail = |times, lasts| Item::fault(FaultKind::ImagePullFail { image: image.clone(), times, lasts });
        items.extend([fail(Some(1), None), fail(None, Some(lengths.long)), fail(None, None)]);
    }
    for namespace in &targets.namespaces {
        let used_up = |lasts| Item::fault(FaultKind::QuotaExhausted { namespace: namespace.clone(), lasts });
        items.extend([used_up(Some(lengths.middle)), used_up(Some(lengths.long))]);
    }
    of_systems(&mut items, scenario, targets, systems, &lengths);
    of_watches(&mut items, scenario, systems, &lengths);
    for process in Process::ALL {
        let ends = |lasts| Item::fault(FaultKind::ProcessRestart { process, lasts });
        items.extend([ends(lengths.short), ends(lengths.middle)]);
    }
    items
}

fn of_pods(items: &mut Vec<Item>, subject: &str, lengths: &Lengths) {
    let hit = || target(subject);
    let mut add = |kind: FaultKind| items.push(Item::fault(kind).needing(subject));
    add(FaultKind::PodKill { target: hit(), count: Some(1) });
    add(FaultKind::PodKill { target: hit(), count: None });
    add(FaultKind::ContainerCrash { target: hit(), exit_code: 137 });
    let (lasts, every) = (lengths.short, lengths.short.saturating_mul(3));
    add(FaultKind::ReadinessFlap { target: hit(), lasts, every, times: 3 });
    // What starts later is slow: nothing needs to be there yet.
    for extra in [lengths.middle, lengths.long] {
        items.push(Item::fault(FaultKind::SlowStart { target: hit(), extra, percent: 100 }));
    }
}

fn of_node(items: &mut Vec<Item>, on: &Target, above: Option<&str>, lengths: &Lengths) {
    let mut add = |kind: FaultKind| {
        let item = Item::fault(kind);
        items.push(match above {
            Some(above) => item.needing(above),
            None => item,
        });
    };
    for lasts in [Some(lengths.short), Some(lengths.middle), Some(lengths.long), None] {
        add(FaultKind::NodeDown { target: on.clone(), lasts });
    }
    for lasts in [lengths.middle, lengths.long] {
        add(FaultKind::Node { target: on.clone(), what: NodeDisruption::Silent { lasts: Some(lasts) } });
    }
    let node = |what| FaultKind::Node { target: on.clone(), what };
    add(node(NodeDisruption::Cordon { lasts: Some(lengths.long) }));
    add(node(NodeDisruption::Drain(Drain::default())));
    let off =
        |grace_period| NodeDisruption::Shutdown { grace_period, critical: Duration::ZERO, lasts: Some(lengths.long) };
    add(node(off(Duration::ZERO)));
    add(node(off(Duration::from_secs(60))));
    add(node(NodeDisruption::Reclaim { notice: Duration::from_secs(120), drains: true }));
    let evicts = Taint { key: MAINTENANCE.to_owned(), value: String::new(), effect: TaintEffect::NoExecute };
    add(node(NodeDisruption::Taint { taint: evicts, lasts: Some(lengths.middle) }));
    for ahead in [true, false] {
        let skew = FaultKind::ClockSkew { target: on.clone(), by: lengths.middle, ahead, lasts: Some(lengths.long) };
        add(skew);
    }
    for lasts in [Some(lengths.long), None] {
        add(FaultKind::GpuLoss { target: on.clone(), count: 1, lasts });
    }
}

/// Images: all of them, and those that a row of behaviour names.
fn images(scenario: &Scenario) -> Vec<String> {
    let named = scenario.behaviour.iter().filter_map(|row| row.matches.image.clone());
    [String::from("*")].into_iter().chain(named).collect()
}

/// Faults that one system alone has.
fn of_systems(items: &mut Vec<Item>, scenario: &Scenario, targets: &Targets, systems: &[System], lengths: &Lengths) {
    let has = |name: SystemName| scenario.deploy.iter().any(|deploy| deploy.system == name);
    let name_of = |subject: &String| subject.split_once('/').map_or(String::new(), |(_, name)| name.to_owned());
    if has(SystemName::Oci) {
        for deployment in targets.of_kind(Kind::Member).map(name_of) {
            let fail = |times| Item::fault(FaultKind::ExportFail { deployment: deployment.clone(), times });
            items.extend([fail(Some(1)), fail(Some(5))]);
        }
    }
    for definition in targets.of_kind(Kind::Definition).map(name_of) {
        let fail = |times| Item::fault(FaultKind::ImageBuildFail { definition: definition.clone(), times });
        items.extend([fail(Some(1)), fail(None)]);
    }
    if has(SystemName::Dynamo) {
        for store in [Store::Etcd, Store::Nats] {
            for lasts in [Duration::from_secs(5), lengths.short, lengths.middle] {
                items.push(Item::fault(FaultKind::StoreOutage { store, lasts: Some(lasts) }));
            }
        }
    }
    if has(SystemName::Paasta) {
        for step in targets.of_kind(Kind::Step).map(name_of) {
            for alert in [false, true] {
                items.push(Item::fault(FaultKind::Alarm { of: step.clone(), alert, lasts: Some(lengths.long) }));
            }
        }
    }
    for system in systems {
        let Some(of) = system.names().first().map(|name| (*name).to_owned()) else { continue };
        if !matches!(system.restart(), Restart::Refused(_)) {
            for lasts in [lengths.short, lengths.middle] {
                items.push(Item::fault(FaultKind::ControllerRestart { of: of.clone(), lasts }));
            }
        }
    }
}

/// Faults between controllers, what they watch and what they write.
fn of_watches(items: &mut Vec<Item>, scenario: &Scenario, systems: &[System], lengths: &Lengths) {
    let mut add = |controller: Option<&str>, of: Option<&str>, trouble| {
        let [controller, of] = [controller, of].map(|name| name.map(str::to_owned));
        items.push(Item::fault(FaultKind::Api(ApiEntry { of, controller, object: None, trouble })));
    };
    let lasts = Some(lengths.middle);
    let lag = ApiTrouble::Lag { by: Some(lengths.short), lasts };
    let conflict = ApiTrouble::Conflict { occurrence: 1, times: Some(2) };
    let error = ApiTrouble::Error { occurrence: 1, times: Some(3), lasts: None };
    let missed = ApiTrouble::MissedEvent { occurrence: 1, times: 1 };
    for trouble in [lag, conflict, error, missed, ApiTrouble::Error { occurrence: 1, times: None, lasts }] {
        add(None, None, trouble);
    }
    for system in systems.iter().filter(|system| system.has_own_api()) {
        let Some(of) = system.names().first().map(|name| (*name).to_owned()) else { continue };
        let word = scenario.deploy.iter().map(|deploy| deploy.system.text()).find(|word| *word == "dynamo");
        for controller in word.map_or(Vec::new(), |word| systems::controllers(word, true)) {
            let restart = |moment| ApiTrouble::Restart { moment, lasts: lengths.short };
            let moments = [Moment::Now, Moment::BeforeWrite(1), Moment::AfterWrite(1)];
            for trouble in moments.map(restart).into_iter().chain([lag, conflict, error, missed]) {
                add(Some(controller), Some(&of), trouble);
            }
        }
        add(None, Some(&of), ApiTrouble::WebhookDown { lasts });
    }
}

/// True for a fault after which everything that it hit is as before by itself, and how long it takes at most.
pub fn ends_after(kind: &FaultKind) -> Option<Duration> {
    match kind {
        FaultKind::PodKill { .. } | FaultKind::ContainerCrash { .. } => Some(Duration::ZERO),
        FaultKind::NodeDown { lasts, .. }
        | FaultKind::StoreOutage { lasts, .. }
        | FaultKind::QuotaExhausted { lasts, .. }
        | FaultKind::GpuLoss { lasts, .. } => *lasts,
        // A number of failures is over when it has been used up; a pull or a read comes again within minutes.
        FaultKind::ImagePullFail { times, lasts, .. } => lasts.or(times.map(|_| Duration::from_secs(300))),
        FaultKind::ExportFail { times, .. } => times.map(|_| Duration::from_secs(300)),
        FaultKind::ControllerRestart { lasts, .. } | FaultKind::ProcessRestart { lasts, .. } => Some(*lasts),
        FaultKind::ClockSkew { lasts, .. } => *lasts,
        FaultKind::ReadinessFlap { every, times, .. } => Some(every.saturating_mul(u64::from(*times))),
        FaultKind::Node { what, .. } => match what {
            NodeDisruption::Silent { lasts }
            | NodeDisruption::Cordon { lasts }
            | NodeDisruption::Taint { lasts, .. }
            | NodeDisruption::Shutdown { lasts, .. } => *lasts,
            _ => None,
        },
        FaultKind::Api(entry) => match entry.trouble {
            ApiTrouble::Lag { lasts, .. } | ApiTrouble::WebhookDown { lasts } => lasts,
            ApiTrouble::MissedEvent { .. } => Some(Duration::ZERO),
            ApiTrouble::Conflict { times, .. } => times.map(|_| Duration::ZERO),
            ApiTrouble::Error { times, lasts, .. } => lasts.or(times.map(|_| Duration::ZERO)),
            ApiTrouble::Restart { lasts, .. } => Some(lasts),
        },
        // What starts slowly stays so, what fails to be built is an outcome, and an alarm asks for a decision.
        FaultKind::SlowStart { .. } | FaultKind::ImageBuildFail { .. } | FaultKind::Alarm { .. } => None,
    }
}
