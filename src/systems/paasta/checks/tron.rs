//! Tron jobs: TronJobConfig.validate and TronActionConfig.validate. What Tron itself checks, its own `tronfig` does, which is
//! not part of PaaSTA.

use std::collections::BTreeMap;

use super::Findings;
use crate::systems::paasta::model::{Service, TronAction, TronJob};
use crate::systems::paasta::reading::{Folder, Origin};
use crate::systems::paasta::tron::times;
use crate::text::Node;
use crate::text::diagnostic::quote;
use crate::text::tree::{Key, Value};

/// Executors that run an action on Kubernetes: KUBERNETES_EXECUTOR_NAMES.
const ON_KUBERNETES: [&str; 2] = ["paasta", "spark"];

/// Checks the actions of all jobs.
pub fn check(folder: &Folder, service: &Service, findings: &mut Findings) {
    for origin in folder.jobs() {
        let of_cluster = service.clusters.iter().find(|files| files.cluster == origin.cluster);
        if let Some(job) = of_cluster.and_then(|files| files.jobs.iter().find(|job| job.name == origin.key.text)) {
            schedule(&origin, job, findings);
            requirements(&origin, job, findings);
        }
        let Some(node) = origin.fields.get("actions") else { continue };
        match &node.value {
            Value::Map(entries) => entries.iter().for_each(|(key, node)| action(&origin, key, node, findings)),
            Value::Seq(_) => {
                findings.problem(origin.file, node.span, "AttributeError: 'list' object has no attribute 'items'");
            }
            _ => {}
        }
    }
}

/// A schedule that is not read is no mistake: Tron knows more forms.
fn schedule(origin: &Origin<'_>, job: &TronJob, findings: &mut Findings) {
    let Some(node) = origin.fields.get("schedule").filter(|_| times(&job.schedule).is_none()) else { return };
    let text = format!(
        "the schedule {} is not read here, and the job never runs; read are `cron …` and `daily HH:MM`",
        quote(&job.schedule)
    );
    findings.warning(origin.file, node.span, text);
}

/// What Tron refuses of `requires`: an action that the job has not, and a circle. Source: Yelp/Tron, tron/config/config_parse.py
/// (_validate_dependencies).
fn requirements(origin: &Origin<'_>, job: &TronJob, findings: &mut Findings) {
    let actions = origin.fields.get("actions").and_then(Node::as_map).unwrap_or_default();
    let known: BTreeMap<&str, &TronAction> = job.actions.iter().map(|one| (one.name.as_str(), one)).collect();
    for (key, node) in actions {
        for required in node.get("requires").and_then(Node::as_seq).unwrap_or_default() {
            let Some(name) = required.as_str().filter(|name| !known.contains_key(name)) else { continue };
            let message = format!(
                "Action jobs.{}.{} has a dependency \"{name}\" that is not in the same job!",
                job.name, key.text
            );
            findings.problem(origin.file, required.span, message);
        }
    }
    let Some(circle) = circle(&known) else { return };
    if let Some((key, _)) = actions.iter().find(|(key, _)| key.text == circle[0]) {
        let message = format!("Circular dependency in job.{}: {}", job.name, circle.join(" -> "));
        findings.problem(origin.file, key.span, message);
    }
}

/// Actions that require each other in a circle, each the next, if there are any.
fn circle<'a>(known: &BTreeMap<&'a str, &'a TronAction>) -> Option<Vec<&'a str>> {
    let required =
        |name: &str| known[name].requires.iter().filter_map(|other| Some(*known.get_key_value(other.as_str())?.0));
    let mut unmet: BTreeMap<&str, usize> = known.keys().map(|name| (*name, required(name).count())).collect();
    let mut waiting: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for name in known.keys() {
        required(name).for_each(|other| waiting.entry(other).or_default().push(name));
    }
    let mut met: Vec<&str> = unmet.iter().filter(|(_, count)| **count == 0).map(|(name, _)| *name).collect();
    while let Some(name) = met.pop() {
        unmet.remove(name);
        for other in waiting.remove(name).unwrap_or_default() {
            let count = unmet.get_mut(other)?;
            *count -= 1;
            if *count == 0 {
                met.push(other);
            }
        }
    }
    // What is left is in a circle or requires one: who follows the requirements comes round.
    let mut path: Vec<&'a str> = Vec::new();
    let mut at = *known.keys().find(|name| unmet.contains_key(*name))?;
    while !path.contains(&at) {
        path.push(at);
        at = required(at).find(|other| unmet.contains_key(other))?;
    }
    let start = path.iter().position(|name| *name == at)?;
    Some(path.split_off(start))
}

fn action(origin: &Origin<'_>, key: &Key, node: &Node, findings: &mut Findings) {
    let name = format!("{}.{}", origin.key.text, key.text);
    let executor = node.get("executor").and_then(Node::as_str).unwrap_or("paasta");
    let has = |key: &str| node.get(key).is_some_and(|node| !node.is_null());
    let group = has("deploy_group") || origin.fields.get("deploy_group").is_some_and(|node| !node.is_null());
    if !group && ON_KUBERNETES.contains(&executor) {
        findings.problem(origin.file, key.span, format!("{name} must have a deploy_group set"));
    }
    let figures = [("cpus", "driver cores", "spark.driver.cores"), ("mem", "driver memory", "spark.driver.memory")];
    for (field, what, instead) in figures {
        if let Some(value) = node.get(field).filter(|_| executor == "spark") {
            let message = format!(
                "{name} is a Spark job. `{field}` config is not allowed. Please specify the {what} using `{instead}`."
            );
            findings.problem(origin.file, value.span, message);
        }
    }
}
