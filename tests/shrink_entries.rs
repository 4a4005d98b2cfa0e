//! Goal: whatever fault or action a search puts into a run, its entry in a file reads as the very same. Method: every kind with every
//! field given and left out, and generated numbers, names and lengths, are put into a scenario, written and read again.

use std::path::Path;

use proptest::prelude::*;

use greenroom::explore::shrink::draft::{Draft, File};
use greenroom::explore::shrink::tree::Tree;
use greenroom::explore::shrink::{entry, yaml};
use greenroom::kernel::{Duration, Time};
use greenroom::scenario::Folder;
use greenroom::scenario::model::{
    ActionDocument, ActionEntry, ActionKind, ApiEntry, FaultEntry, FaultKind, Target, TargetKind, Trigger,
};
use greenroom::text::{Place, Source};
use greenroom::workload::pod::{Taint, TaintEffect};
use greenroom::workload::{ApiTrouble, Drain, Moment, NodeDisruption, Store};

/// A scenario whose control planes have controllers with names and objects of their own.
fn base() -> Draft {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/dynamo/conflict-retried");
    let text = std::fs::read_to_string(folder.join("scenario.yaml")).expect("it is there");
    let (draft, _) = Draft::read(&Source::new("scenario.yaml", text), &Folder::new(folder)).expect("it is valid");
    draft.edited(&File::Scenario, |tree| {
        for list in ["faults", "actions", "expect"] {
            tree.unset(list);
        }
    })
}

fn place() -> Place {
    Place { file: "".into(), line: 0, column: 0 }
}

/// Writes entries into the scenario and reads it again.
fn read_again(faults: &[FaultEntry], actions: &[ActionEntry]) -> (Vec<FaultEntry>, Vec<ActionEntry>) {
    let draft = base().edited(&File::Scenario, |tree| {
        tree.set("faults", Tree::List(faults.iter().map(entry::fault).collect()));
        tree.set("actions", Tree::List(actions.iter().map(entry::action).collect()));
    });
    let scenario = draft.load().unwrap_or_else(|problems| panic!("{}\n{problems:?}", draft.text()));
    let faults = scenario.faults.into_iter().map(|fault| FaultEntry { place: place(), ..fault });
    let actions = scenario.actions.into_iter().map(|action| ActionEntry { place: place(), ..action });
    (faults.collect(), actions.collect())
}

/// Every kind of fault, with these numbers and lengths.
fn faults(number: u32, length: Duration, longer: Duration) -> Vec<FaultKind> {
    let target = |kind, name: &str| Target { kind, name: name.to_owned() };
    let node = || target(TargetKind::Node, "gpu-0");
    let mut kinds = Vec::new();
    for (count, lasts) in [(None, None), (Some(number), Some(length))] {
        kinds.push(FaultKind::PodKill { target: target(TargetKind::Deployment, "llm"), count });
        kinds.push(FaultKind::NodeDown { target: target(TargetKind::Running, "graph/chat"), lasts });
        kinds.push(FaultKind::ImagePullFail { image: "*llm: 1*".to_owned(), times: count, lasts });
        kinds.push(FaultKind::ExportFail { deployment: "no".to_owned(), times: count });
        kinds.push(FaultKind::ImageBuildFail { definition: "web".to_owned(), times: count });
        kinds.push(FaultKind::QuotaExhausted { namespace: "shop".to_owned(), lasts });
        kinds.push(FaultKind::GpuLoss { target: node(), count: number.min(64), lasts });
        for alert in [false, true] {
            kinds.push(FaultKind::Alarm { of: "step/a.b".to_owned(), alert, lasts });
        }
        for store in [Store::Etcd, Store::Nats] {
            kinds.push(FaultKind::StoreOutage { store, lasts });
        }
        for effect in [TaintEffect::PreferNoSchedule, TaintEffect::NoSchedule, TaintEffect::NoExecute] {
            for value in ["", "true"] {
                let taint = Taint { key: "example.com/a".to_owned(), value: value.to_owned(), effect };
                kinds.push(FaultKind::Node { target: node(), what: NodeDisruption::Taint { taint, lasts } });
            }
        }
        for is_on in [false, true] {
            let drain = Drain {
                force: is_on,
                deletes_empty_dirs: !is_on,
                ignores_budgets: is_on,
                grace_period: lasts,
                timeout: lasts,
            };
            for what in [
                NodeDisruption::Drain(drain),
                NodeDisruption::Reclaim { notice: length, drains: is_on },
                NodeDisruption::Shutdown { grace_period: longer, critical: length, lasts },
                NodeDisruption::Shutdown { grace_period: Duration::ZERO, critical: Duration::ZERO, lasts },
            ] {
                kinds.push(FaultKind::Node { target: node(), what });
            }
        }
        for what in [
            NodeDisruption::Silent { lasts },
            NodeDisruption::Cordon { lasts },
            NodeDisruption::Uncordon,
            NodeDisruption::Untaint { key: "a".to_owned() },
        ] {
            kinds.push(FaultKind::Node { target: node(), what });
        }
        for object in [None, Some("graph".to_owned()), Some("Pod/a-0".to_owned())] {
            for controller in [None, Some("dynamographdeployment".to_owned())] {
                for trouble in [
                    ApiTrouble::Lag { by: lasts, lasts },
                    ApiTrouble::MissedEvent { occurrence: number, times: number },
                    ApiTrouble::Conflict { occurrence: number, times: Some(number) },
                    ApiTrouble::Error { occurrence: number, times: Some(number), lasts },
                    ApiTrouble::Error { occurrence: 1, times: None, lasts: Some(length) },
                ] {
                    let of = count.map(|_| "chat".to_owned());
                    let (controller, object) = (controller.clone(), object.clone());
                    kinds.push(FaultKind::Api(ApiEntry { of, controller, object, trouble }));
                }
            }
            let trouble = ApiTrouble::WebhookDown { lasts };
            let of = count.map(|_| "chat".to_owned());
            kinds.push(FaultKind::Api(ApiEntry { of, controller: None, object: object.clone(), trouble }));
            for moment in [Moment::BeforeWrite(number), Moment::AfterWrite(number)] {
                let trouble = ApiTrouble::Restart { moment, lasts: length };
                let entry = ApiEntry { of: Some("chat".to_owned()), controller: None, object: object.clone(), trouble };
                kinds.push(FaultKind::Api(entry));
            }
        }
    }
    let controller = Some("dynamographdeployment".to_owned());
    let trouble = ApiTrouble::Restart { moment: Moment::Now, lasts: length };
    kinds.push(FaultKind::Api(ApiEntry { of: None, controller, object: None, trouble }));
    kinds.push(FaultKind::ControllerRestart { of: "chat".to_owned(), lasts: Duration::ZERO });
    kinds.push(FaultKind::ControllerRestart { of: "chat".to_owned(), lasts: length });
    for kind in [TargetKind::Running, TargetKind::Deployment, TargetKind::Pod, TargetKind::Workload] {
        kinds.push(FaultKind::ContainerCrash { target: target(kind, "llm"), exit_code: 137 });
        kinds.push(FaultKind::SlowStart { target: target(kind, "llm"), extra: length, percent: number });
        let flap = (target(kind, "llm"), number);
        kinds.push(FaultKind::ReadinessFlap { target: flap.0, lasts: length, every: longer, times: flap.1 });
    }
    kinds
}

/// Every kind of action.
fn actions(number: u32) -> Vec<ActionKind> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/dynamo/conflict-retried");
    let text = std::fs::read_to_string(folder.join("next.yaml")).expect("it is there");
    let document =
        || ActionDocument { document: "next.yaml".to_owned(), source: Source::new("next.yaml", text.as_str()) };
    let of = "graph/chat".to_owned();
    let mut kinds = vec![
        ActionKind::Apply(document()),
        ActionKind::Replace(document()),
        ActionKind::Scale(vec![("Deployment/shop/web".to_owned(), number), ("adapter/a".to_owned(), 0)]),
        ActionKind::Rollback(of.clone(), Some(number)),
        ActionKind::Promote(of.clone(), true),
        ActionKind::Promote(of.clone(), false),
        ActionKind::Activate("deployment/llm".to_owned(), "v2".to_owned()),
        ActionKind::Weight("deployment/llm".to_owned(), number.min(100)),
        ActionKind::Push("service".to_owned(), "4c0ffee".to_owned()),
        ActionKind::Push("yes".to_owned(), "1234567".to_owned()),
        ActionKind::Mark("prod.canary".to_owned(), "1e10000".to_owned()),
        ActionKind::Rollback(of.clone(), None),
    ];
    let on_one: [fn(String) -> ActionKind; 11] = [
        ActionKind::Undeploy,
        ActionKind::Delete,
        ActionKind::Restart,
        ActionKind::Pause,
        ActionKind::Resume,
        ActionKind::Abort,
        ActionKind::Retry,
        ActionKind::Click,
        ActionKind::Complete,
        ActionKind::Abandon,
        ActionKind::Forward,
    ];
    kinds.extend(on_one.map(|make| make(of.clone())));
    kinds
}

fn check(number: u32, length: Duration, longer: Duration, trigger: &Trigger) {
    let named = |(at, kind)| FaultEntry { place: place(), name: format!("no {at}"), trigger: trigger.clone(), kind };
    let faults: Vec<FaultEntry> = faults(number, length, longer).into_iter().enumerate().map(named).collect();
    let named = |(at, kind)| {
        let read = matches!(kind, ActionKind::Replace(_)).then_some(length);
        ActionEntry { place: place(), name: format!("a{at}"), trigger: trigger.clone(), read, kind }
    };
    let actions: Vec<ActionEntry> = actions(number).into_iter().enumerate().map(named).collect();
    let (faults_read, actions_read) = read_again(&faults, &actions);
    for (written, read) in faults.iter().zip(&faults_read) {
        assert_eq!(written, read, "{}", yaml::flow(&entry::fault(written)));
    }
    for (written, read) in actions.iter().zip(&actions_read) {
        // The text of a document is read from its path.
        assert_eq!(format!("{:?}", written.kind.describe()), format!("{:?}", read.kind.describe()));
        assert_eq!((&written.name, &written.trigger, written.read), (&read.name, &read.trigger, read.read));
        assert_eq!(written.kind.text(), read.kind.text());
    }
    assert_eq!((faults.len(), actions.len()), (faults_read.len(), actions_read.len()));
}

#[test]
fn every_kind_reads_as_it_was_written() {
    let on = Trigger::On {
        subject: "graph/chat".to_owned(),
        reaches: "successful".to_owned(),
        occurrence: 1,
        after: Duration::ZERO,
    };
    check(1, Duration::from_secs(90), Duration::from_secs(180), &on);
    check(7, Duration::from_nanos(1), Duration::from_millis(1_500), &Trigger::At(Time::ZERO));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]
    #[test]
    fn any_number_and_length_reads_as_it_was_written(
        number in 1_u32..1_000_000,
        length in 1_u64..1 << 50,
        more in 0_u64..1 << 50,
        occurrence in 1_u32..1_000,
        after in 0_u64..1 << 50,
    ) {
        let after = Duration::from_nanos(after);
        let (subject, reaches) = ("Pod/chat-0".to_owned(), "Ready".to_owned());
        let length = Duration::from_nanos(length);
        check(number, length, length + Duration::from_nanos(more), &Trigger::On { subject, reaches, occurrence, after });
    }
}
