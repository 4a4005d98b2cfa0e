//! Faults and actions as entries of a scenario file. What is written reads as the same entry: every kind and every field, so that
//! what a search added to a run can stand in a file.

use super::tree::Tree;
use crate::kernel::Duration;
use crate::scenario::model::{ActionEntry, ActionKind, ApiEntry, FaultEntry, FaultKind, Target, TieEntry, Trigger};
use crate::workload::{ApiTrouble, Moment, NodeDisruption};

/// A map that is being written.
#[derive(Default)]
struct Entries(Vec<(String, Tree)>);

impl Entries {
    fn put(&mut self, key: &str, value: Tree) -> &mut Self {
        self.0.push((key.to_owned(), value));
        self
    }

    fn text(&mut self, key: &str, text: &str) -> &mut Self {
        self.put(key, Tree::text(text))
    }

    fn texts(&mut self, key: &str, text: Option<&String>) -> &mut Self {
        if let Some(text) = text {
            self.text(key, text);
        }
        self
    }

    fn number(&mut self, key: &str, number: u32) -> &mut Self {
        self.put(key, Tree::Int(i64::from(number)))
    }

    fn numbers(&mut self, key: &str, number: Option<u32>) -> &mut Self {
        if let Some(number) = number {
            self.number(key, number);
        }
        self
    }

    fn length(&mut self, key: &str, length: Duration) -> &mut Self {
        self.put(key, Tree::Text(length.to_string()))
    }

    fn lengths(&mut self, key: &str, length: Option<Duration>) -> &mut Self {
        if let Some(length) = length {
            self.length(key, length);
        }
        self
    }

    /// A switch that is off unless it is given.
    fn switch(&mut self, key: &str, is_on: bool) -> &mut Self {
        if is_on {
            self.put(key, Tree::Bool(true));
        }
        self
    }

    fn target(&mut self, target: &Target) -> &mut Self {
        self.text(target.kind.text(), &target.name)
    }

    fn map(&mut self) -> Tree {
        Tree::Map(std::mem::take(&mut self.0))
    }
}

/// A fault as an entry of `faults`.
pub fn fault(fault: &FaultEntry) -> Tree {
    let mut entry = Entries::default();
    entry.text("name", &fault.name);
    trigger(&mut entry, &fault.trigger);
    entry.put(fault.kind.text(), fault_body(&fault.kind)).map()
}

/// An operator's action as an entry of `actions`.
pub fn action(action: &ActionEntry) -> Tree {
    let mut entry = Entries::default();
    entry.text("name", &action.name);
    trigger(&mut entry, &action.trigger);
    entry.lengths("read", action.read);
    entry.put(action.kind.text(), action_body(&action.kind)).map()
}

/// An event that comes behind its peers as an entry of `ties`.
pub fn tie(tie: &TieEntry) -> Tree {
    let mut entry = Entries::default();
    entry.length("at", Duration::from_nanos(tie.at.nanos())).text("subject", &tie.subject);
    entry.numbers("tie", Some(u32::from(tie.tie)).filter(|tie| *tie != 1)).map()
}

fn trigger(entry: &mut Entries, trigger: &Trigger) {
    match trigger {
        Trigger::At(at) => {
            entry.length("at", Duration::from_nanos(at.nanos()));
        }
        Trigger::On { subject, reaches, occurrence, after } => {
            let mut on = Entries::default();
            on.text("subject", subject).text("reaches", reaches);
            on.numbers("occurrence", Some(*occurrence).filter(|nth| *nth != 1));
            entry.put("on", on.map());
            entry.lengths("after", Some(*after).filter(|after| !after.is_zero()));
        }
        Trigger::Access(access) => {
            let mut on = Entries::default();
            on.text(access.edge.text(), access.object.as_deref().unwrap_or("any"));
            on.texts("by", access.by.as_ref());
            on.numbers("occurrence", Some(access.occurrence).filter(|nth| *nth != 1));
            entry.put("on", on.map());
            entry.lengths("after", Some(access.after).filter(|after| !after.is_zero()));
        }
    }
}

fn fault_body(kind: &FaultKind) -> Tree {
    let mut body = Entries::default();
    match kind {
        FaultKind::PodKill { target, count } => body.target(target).numbers("count", *count),
        FaultKind::ContainerCrash { target, exit_code } => body.target(target).number("exit", u32::from(*exit_code)),
        FaultKind::NodeDown { target, lasts } => body.target(target).lengths("for", *lasts),
        FaultKind::ImagePullFail { image, times, lasts } => {
            body.text("image", image).numbers("times", *times).lengths("for", *lasts)
        }
        FaultKind::SlowStart { target, extra, percent } => {
            body.target(target).length("extra", *extra).number("percent", *percent)
        }
        FaultKind::ExportFail { deployment, times } => body.text("deployment", deployment).numbers("times", *times),
        FaultKind::ImageBuildFail { definition, times } => body.text("definition", definition).numbers("times", *times),
        FaultKind::ControllerRestart { of, lasts } => body.text("of", of).length("for", *lasts),
        FaultKind::ProcessRestart { process, lasts } => body.text("of", process.text()).length("for", *lasts),
        FaultKind::ClockSkew { target, by, ahead, lasts } => {
            body.target(target).length(if *ahead { "ahead" } else { "behind" }, *by).lengths("for", *lasts)
        }
        FaultKind::Api(entry) => return api_body(entry),
        FaultKind::StoreOutage { store, lasts } => body.text("store", store.key()).lengths("for", *lasts),
        FaultKind::Alarm { of, alert: _, lasts } => body.text("of", of).lengths("for", *lasts),
        FaultKind::ReadinessFlap { target, lasts, every, times } => {
            body.target(target).length("for", *lasts).length("every", *every).number("times", *times)
        }
        FaultKind::QuotaExhausted { namespace, lasts } => body.text("namespace", namespace).lengths("for", *lasts),
        FaultKind::Node { target, what } => node_body(body.target(target), what),
        FaultKind::GpuLoss { target, count, lasts } => {
            body.target(target).number("count", *count).lengths("for", *lasts)
        }
    };
    body.map()
}

fn node_body<'b>(body: &'b mut Entries, what: &NodeDisruption) -> &'b mut Entries {
    match what {
        NodeDisruption::Silent { lasts } | NodeDisruption::Cordon { lasts } => body.lengths("for", *lasts),
        NodeDisruption::Uncordon => body,
        NodeDisruption::Taint { taint, lasts } => {
            body.text("key", &taint.key);
            body.texts("value", Some(&taint.value).filter(|value| !value.is_empty()));
            body.text("effect", taint.effect.text()).lengths("for", *lasts)
        }
        NodeDisruption::Untaint { key } => body.text("key", key),
        NodeDisruption::Drain(drain) => {
            body.switch("force", drain.force).switch("delete_emptydir_data", drain.deletes_empty_dirs);
            body.switch("disable_eviction", drain.ignores_budgets);
            body.lengths("grace_period", drain.grace_period).lengths("timeout", drain.timeout)
        }
        NodeDisruption::Shutdown { grace_period, critical, lasts } => {
            let given = |length: &Duration| Some(*length).filter(|length| !length.is_zero());
            body.lengths("grace_period", given(grace_period)).lengths("grace_period_critical", given(critical));
            body.lengths("for", *lasts)
        }
        NodeDisruption::Reclaim { notice, drains } => body.length("notice", *notice).put("drain", Tree::Bool(*drains)),
    }
}

fn api_body(entry: &ApiEntry) -> Tree {
    let mut body = Entries::default();
    body.texts("of", entry.of.as_ref()).texts("controller", entry.controller.as_ref());
    if let ApiTrouble::Restart { moment, lasts } = entry.trouble {
        // The object of a restart is whose write it comes with.
        let object = entry.object.as_deref().unwrap_or("any");
        match moment {
            Moment::Now => {}
            Moment::BeforeWrite(nth) => {
                body.text("before_write", object).number("occurrence", nth);
            }
            Moment::AfterWrite(nth) => {
                body.text("after_write", object).number("occurrence", nth);
            }
        }
        return body.length("for", lasts).map();
    }
    body.texts("object", entry.object.as_ref());
    match entry.trouble {
        ApiTrouble::Lag { by, lasts } => body.lengths("by", by).lengths("for", lasts),
        ApiTrouble::MissedEvent { occurrence, times } => body.number("occurrence", occurrence).number("times", times),
        ApiTrouble::Conflict { occurrence, times } => body.number("occurrence", occurrence).numbers("times", times),
        ApiTrouble::Error { occurrence, times, lasts } => {
            body.number("occurrence", occurrence).numbers("times", times).lengths("for", lasts)
        }
        ApiTrouble::WebhookDown { lasts } => body.lengths("for", lasts),
        ApiTrouble::Restart { .. } => &mut body,
    };
    body.map()
}

fn action_body(kind: &ActionKind) -> Tree {
    match kind {
        ActionKind::Undeploy(target)
        | ActionKind::Delete(target)
        | ActionKind::Restart(target)
        | ActionKind::Rollback(target, None)
        | ActionKind::Pause(target)
        | ActionKind::Resume(target)
        | ActionKind::Promote(target, false)
        | ActionKind::Abort(target)
        | ActionKind::Retry(target)
        | ActionKind::Click(target)
        | ActionKind::Complete(target)
        | ActionKind::Abandon(target)
        | ActionKind::Forward(target) => Tree::text(target),
        ActionKind::Apply(document) | ActionKind::Replace(document) => Tree::text(&document.document),
        ActionKind::Scale(sizes) => {
            let size = |(target, replicas): &(String, u32)| (target.clone(), Tree::Int(i64::from(*replicas)));
            Tree::Map(sizes.iter().map(size).collect())
        }
        ActionKind::Rollback(target, Some(revision)) => Tree::one(target, Tree::Int(i64::from(*revision))),
        ActionKind::Promote(target, true) => Tree::one(target, Tree::text("full")),
        ActionKind::Activate(target, revision) => Tree::one(target, Tree::text(revision)),
        ActionKind::Weight(target, percent) => Tree::one(target, Tree::Int(i64::from(*percent))),
        ActionKind::Push(service, commit) => Tree::one(service, Tree::text(commit)),
        ActionKind::Mark(group, commit) => Tree::one(group, Tree::text(commit)),
    }
}
