//! A rollout from one set of manifests to another, as a scenario: the old ones are applied, and once they are ready the new.

use std::sync::Arc;

use super::assumed;
use super::course::{Outcome, course};
use super::finding::Finding;
use super::rules;
use crate::kernel::{Duration, Time};
use crate::scenario::Scenario;
use crate::scenario::model::{ActionDocument, ActionEntry, ActionKind, Deploy, SystemName, Trigger};
use crate::text::{Diagnostic, Place, Source};

/// How long the old version is left alone once it is ready.
const PAUSE: Duration = Duration::from_secs(60);

/// The rollout on the cluster of `stage`; and a finding if the old version does not become ready there.
///
/// # Errors
/// What is wrong with the old manifests, so that they cannot be applied.
pub fn between(
    stage: Scenario,
    old: &[Source],
    new: &[Source],
    seed: u64,
) -> Result<(Scenario, Option<Finding>), Vec<Diagnostic>> {
    let mut scenario = stage;
    let place = Place { file: Arc::clone(&scenario.file), line: 1, column: 1 };
    scenario.cluster.namespaces.extend(assumed::namespaces(old));
    scenario.cluster.namespaces.extend(assumed::namespaces(new));
    let given = assumed::objects(old, new);
    scenario.deploy = given.iter().chain(old).map(|source| deployed(source, &place)).collect();
    let first = course(&scenario, seed)?;
    let (settled, finding) = match first.outcome {
        Outcome::Finished(at) => (at, None),
        _ => (first.last_progress, Some(not_ready(&first, old))),
    };
    // Where starts are drawn, another seed may take longer; twice the time leaves room for that.
    let at = (settled + settled.since(Time::ZERO) + PAUSE).ceil_to(Time::ZERO, PAUSE);
    scenario.actions = new.iter().map(|source| applied(source, &place, at)).collect();
    scenario.until = at;
    Ok((scenario, finding))
}

/// The first deployment of manifests on the cluster of `stage`.
pub fn first(stage: Scenario, new: &[Source]) -> Scenario {
    let mut scenario = stage;
    let place = Place { file: Arc::clone(&scenario.file), line: 1, column: 1 };
    scenario.cluster.namespaces.extend(assumed::namespaces(new));
    let given = assumed::objects(&[], new);
    scenario.deploy = given.iter().chain(new).map(|source| deployed(source, &place)).collect();
    scenario
}

fn deployed(source: &Source, place: &Place) -> Deploy {
    Deploy {
        place: Place { file: Arc::clone(source.name()), ..place.clone() },
        at: Time::ZERO,
        document: source.name().to_string(),
        source: source.clone(),
        files: Vec::new(),
        system: SystemName::Kubernetes,
    }
}

fn applied(source: &Source, place: &Place, at: Time) -> ActionEntry {
    let document = ActionDocument { document: source.name().to_string(), source: source.clone() };
    ActionEntry {
        place: Place { file: Arc::clone(source.name()), ..place.clone() },
        name: format!("apply {}", source.name()),
        trigger: Trigger::At(at),
        read: None,
        kind: ActionKind::Apply(document),
    }
}

fn not_ready(course: &super::course::Course, old: &[Source]) -> Finding {
    let subject = old.first().map_or_else(String::new, |source| source.name().to_string());
    let message = "what is there now does not become ready on this cluster";
    let mut finding = Finding::new(&rules::OLD_NOT_READY, subject, message);
    for stuck in course.stuck.iter().chain(&course.complaints).take(3) {
        finding = finding.shown_by(stuck.at, stuck.told());
    }
    finding
}
