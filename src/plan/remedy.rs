//! Which changes might mend a finding. They are only proposed here; `mod` runs each, and keeps those that do.

use super::course::Course;
use super::document::find;
use super::finding::Finding;
use super::mend::{Change, name};
use crate::kernel::Duration;
use crate::scenario::Scenario;
use crate::scenario::model::NodeEntry;
use crate::systems::kubernetes::{Body, Identity, Manifest};
use crate::timeline::Kind;
use crate::workload::rollout::RolloutStrategy;
use crate::workload::{Object, Strategy};

/// The most pools that are tried.
const POOLS_MAX: usize = 4;

/// Changes that are made together, in the order in which they are to be shown: the least first.
pub fn candidates(scenario: &Scenario, course: &Course, same: &[&Finding]) -> Vec<Vec<Change>> {
    let Some(first) = same.first() else { return Vec::new() };
    // What is found of several objects under one rule is mended in all of them at once.
    let all = |change: &dyn Fn(&Finding) -> Option<Vec<Change>>| -> Option<Vec<Change>> {
        let changes: Option<Vec<Vec<Change>>> = same.iter().map(|finding| change(finding)).collect();
        changes.map(|changes| changes.concat()).filter(|changes| !changes.is_empty())
    };
    let deployment = |finding: &Finding| finding.object.clone().filter(|object| object.kind == Kind::Deployment);
    let set = |path: &'static [&'static str], value: &'static str| {
        move |finding: &Finding| Some(vec![Change::field(&deployment(finding)?, path, value)])
    };
    const UNAVAILABLE: &[&str] = &["spec", "strategy", "rollingUpdate", "maxUnavailable"];
    const SURGE: &[&str] = &["spec", "strategy", "rollingUpdate", "maxSurge"];
    const STRATEGY: &[&str] = &["spec", "strategy"];
    let mut found: Vec<Option<Vec<Change>>> = Vec::new();
    match first.rule.code {
        "GR001" => {
            found.push(all(&|finding| one_missing(course, finding)));
            found.extend(nodes(scenario, course, first).into_iter().map(Some));
            found.push(all(&set(STRATEGY, "{\"type\": \"Recreate\"}")));
            found.push(all(&|finding| canary_instead(course, finding)));
        }
        "GR016" => {
            let none_above = |finding: &Finding| {
                let object = deployment(finding)?;
                Some(vec![Change::field(&object, UNAVAILABLE, "1"), Change::field(&object, SURGE, "0")])
            };
            found.push(all(&none_above));
            found.extend(nodes(scenario, course, first).into_iter().map(Some));
        }
        "GR002" => {
            found.push(all(&|finding| tolerate(scenario, finding)));
            found.extend(nodes(scenario, course, first).into_iter().map(Some));
        }
        "GR003" => found.push(all(&|finding| tolerate(scenario, finding))),
        "GR005" => {
            found.push(raise_quota(course, first));
            let none_above = |finding: &Finding| {
                let object = replica_owner(course, finding)?;
                Some(vec![Change::field(&object, UNAVAILABLE, "1"), Change::field(&object, SURGE, "0")])
            };
            found.push(all(&none_above));
        }
        "GR006" => {
            found.push(all(&|finding| loosen_budget(scenario, course, finding)));
            found.push(all(&|finding| one_more(course, finding.object.as_ref()?)));
        }
        "GR007" => {
            let ready_first =
                "{\"type\": \"RollingUpdate\", \"rollingUpdate\": {\"maxSurge\": 1, \"maxUnavailable\": 0}}";
            found.push(all(&set(STRATEGY, ready_first)));
            found.push(all(&|finding| one_more(course, finding.object.as_ref()?)));
        }
        "GR008" => found.push(all(&|finding| raise_deadline(course, finding))),
        "GR009" => {
            for times in [2, 4, 8] {
                found.push(all(&|finding| wait_longer(course, finding, times)));
            }
        }
        "GR012" => found.push(all(&set(STRATEGY, "{\"type\": \"Recreate\"}"))),
        "GR015" => found.push(all(&set(&["spec", "paused"], "false"))),
        _ => {}
    }
    found.into_iter().flatten().collect()
}

/// One pod may be missing while the others are replaced.
fn one_missing(course: &Course, finding: &Finding) -> Option<Vec<Change>> {
    let identity = finding.object.as_ref()?;
    let path: &[&str] = match &object(course, identity)?.body {
        Body::Object(Object::Deployment(_)) => &["spec", "strategy", "rollingUpdate", "maxUnavailable"],
        Body::Object(Object::Rollout(spec)) if matches!(spec.strategy, RolloutStrategy::Canary(_)) => {
            let canary =
                |key: &'static str, value: &str| Change::field(identity, &["spec", "strategy", "canary", key], value);
            return Some(vec![canary("maxUnavailable", "1"), canary("maxSurge", "0")]);
        }
        Body::Object(Object::LeaderWorkerSet(_)) => {
            let own = |key: &'static str, value: &str| {
                Change::field(identity, &["spec", "rolloutStrategy", "rollingUpdateConfiguration", key], value)
            };
            return Some(vec![own("maxUnavailable", "1"), own("maxSurge", "0")]);
        }
        Body::Object(Object::DaemonSet(_)) => {
            let own = |key: &'static str, value: &str| {
                Change::field(identity, &["spec", "updateStrategy", "rollingUpdate", key], value)
            };
            return Some(vec![own("maxUnavailable", "1"), own("maxSurge", "0")]);
        }
        _ => return None,
    };
    Some(vec![Change::field(identity, path, "1")])
}

/// A canary of one pod at a time instead of blue and green side by side.
fn canary_instead(course: &Course, finding: &Finding) -> Option<Vec<Change>> {
    let identity = finding.object.as_ref()?;
    let Body::Object(Object::Rollout(spec)) = &object(course, identity)?.body else { return None };
    let canary = "{\"canary\": {\"maxSurge\": 0, \"maxUnavailable\": 1}}";
    matches!(spec.strategy, RolloutStrategy::BlueGreen(_))
        .then(|| vec![Change::field(identity, &["spec", "strategy"], canary)])
}

fn object<'c>(course: &'c Course, identity: &Identity) -> Option<&'c Manifest> {
    course.objects.iter().find(|object| object.identity == *identity)
}

/// The Deployment that a finding about one of its ReplicaSets is of.
fn replica_owner(course: &Course, finding: &Finding) -> Option<Identity> {
    let stuck = course.stuck.iter().find(|stuck| stuck.subject == finding.subject);
    let owners = stuck.map(|stuck| stuck.owners.clone()).unwrap_or_default();
    let names = std::iter::once(finding.subject.clone()).chain(owners);
    names.filter_map(|name| Identity::parse(&name)).find(|identity| identity.kind == Kind::Deployment)
}

/// One more node of each pool that has what the pods ask for; how many more it takes is found by trying.
fn nodes(scenario: &Scenario, course: &Course, finding: &Finding) -> Vec<Vec<Change>> {
    let template = finding.object.as_ref().and_then(|identity| object(course, identity)).and_then(Manifest::template);
    let asks_gpus = template.is_none_or(|template| !template.requests().extended.is_empty());
    let has_gpus = |entry: &&NodeEntry| {
        !asks_gpus || entry.gpus.is_some() || entry.shape.as_deref().is_some_and(|shape| shape.contains("GPU"))
    };
    let pools = scenario.cluster.nodes.iter().filter(has_gpus).take(POOLS_MAX);
    pools.map(|entry| vec![Change::Nodes { pool: name(&entry.naming).to_owned(), more: 1 }]).collect()
}

/// Tolerations of every taint of the nodes that the pods do not tolerate yet.
fn tolerate(scenario: &Scenario, finding: &Finding) -> Option<Vec<Change>> {
    const PATH: &[&str] = &["spec", "template", "spec", "tolerations"];
    let identity = finding.object.as_ref()?;
    let written = find(scenario, identity)?;
    let mut tolerations = written.value(PATH).and_then(|value| value.as_array().cloned()).unwrap_or_default();
    let before = tolerations.len();
    let taints = scenario.cluster.nodes.iter().flat_map(|entry| &entry.taints);
    for taint in taints {
        let toleration = serde_json::json!({ "key": taint.key, "operator": "Exists" });
        if !tolerations.contains(&toleration) {
            tolerations.push(toleration);
        }
    }
    (tolerations.len() > before)
        .then(|| vec![Change::field(identity, PATH, serde_json::Value::Array(tolerations).to_string())])
}

/// The quota that refuses, raised by what the rollout asks for at once.
fn raise_quota(course: &Course, finding: &Finding) -> Option<Vec<Change>> {
    let said = finding.evidence.first()?;
    let name = said.split("exceeded quota: ").nth(1)?.split(',').next()?;
    let part = |word: &str| -> Vec<(String, u64)> {
        let list = said.split(word).nth(1).unwrap_or("");
        let list = list.split(", used:").next().unwrap_or(list).split(", limited:").next().unwrap_or("");
        let pairs = list.split(',').filter_map(|pair| pair.trim().split_once('='));
        pairs.filter_map(|(key, value)| Some((key.to_owned(), value.trim().parse().ok()?))).collect()
    };
    let (asked, limited) = (part("requested: "), part("limited: "));
    let owner = replica_owner(course, finding);
    let namespace = owner.as_ref().map(|owner| owner.namespace.clone()).unwrap_or_default();
    let surge = owner.and_then(|owner| match &object(course, &owner)?.body {
        Body::Object(Object::Deployment(spec)) => match spec.strategy {
            Strategy::RollingUpdate { max_surge, .. } => Some(max_surge.rounded_up(spec.replicas)),
            Strategy::Recreate => None,
        },
        _ => None,
    });
    let quota = Identity { kind: Kind::ResourceQuota, namespace, name: name.to_owned() };
    let raised = limited.iter().map(|(key, limit)| {
        let more = asked.iter().find(|(other, _)| other == key).map_or(1, |(_, amount)| *amount);
        let value = limit + more * u64::from(surge.unwrap_or(1).max(1));
        Change::field(&quota, &["spec", "hard", key], value.to_string())
    });
    Some(raised.collect())
}

/// The budget that refuses, so that it lets one pod go.
fn loosen_budget(scenario: &Scenario, course: &Course, finding: &Finding) -> Option<Vec<Change>> {
    let said = finding.evidence.iter().find(|line| line.contains("PodDisruptionBudget/"))?;
    let start = said.find("PodDisruptionBudget/")?;
    let subject = said[start..].split(' ').next()?;
    let budget = Identity::parse(subject)?;
    let written = find(scenario, &budget)?;
    let status = course.budgets.iter().find(|(identity, _)| *identity == budget).map(|(_, status)| *status);
    let change = match written.value(&["spec", "minAvailable"]) {
        Some(_) => {
            let fewer =
                status.map_or(0, |status| status.expected.saturating_sub(1).min(status.desired.saturating_sub(1)));
            Change::field(&budget, &["spec", "minAvailable"], fewer.to_string())
        }
        None => Change::field(&budget, &["spec", "maxUnavailable"], "1"),
    };
    Some(vec![change])
}

fn one_more(course: &Course, identity: &Identity) -> Option<Vec<Change>> {
    let replicas = object(course, identity)?.replicas()?;
    Some(vec![Change::field(identity, &["spec", "replicas"], (replicas + 1).to_string())])
}

/// A deadline above the time that the whole rollout takes, in whole minutes and with one to spare.
fn raise_deadline(course: &Course, finding: &Finding) -> Option<Vec<Change>> {
    let identity = finding.object.as_ref()?;
    let minute = Duration::from_secs(60).nanos();
    let minutes = course.took()?.nanos().div_ceil(minute) + 1;
    Some(vec![Change::field(identity, &["spec", "progressDeadlineSeconds"], (minutes * 60).to_string())])
}

/// More tries of the first startup probe.
fn wait_longer(course: &Course, finding: &Finding, times: u32) -> Option<Vec<Change>> {
    let identity = finding.object.as_ref()?;
    let template = object(course, identity)?.template()?;
    let mut containers = template.containers.iter().enumerate();
    let (index, probe) = containers.find_map(|(index, one)| Some((index, one.startup_probe?)))?;
    let index = index.to_string();
    let path = ["spec", "template", "spec", "containers", &index, "startupProbe", "failureThreshold"];
    Some(vec![Change::field(identity, &path, (probe.failure_threshold * times).to_string())])
}
