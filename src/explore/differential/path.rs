//! GR110: what is reached step by step is another state than what is reached at once. The scenario's documents and those that its
//! actions apply are merged, object by object, into one that is deployed from the start.

use super::super::base::{Base, is_at_rest};
use super::super::fork::Fork;
use super::decided::is_decided;
use super::ends::{Ends, Health};
use crate::oracle::builtin::rules;
use crate::rehearsal::Finding;
use crate::scenario::model::{ActionKind, Deploy, Scenario, SystemName};
use crate::text::Source;

/// The scenario in which the last documents are deployed at once; `None` if it does not change what is wanted, or in a way that no
/// document says.
pub fn at_once(scenario: &Scenario) -> Option<Scenario> {
    let applied = scenario.actions.iter().map(|action| match &action.kind {
        ActionKind::Apply(document) if action.read.is_none() => Some(&document.source),
        _ => None,
    });
    let applied: Vec<&Source> = applied.collect::<Option<_>>()?;
    let is_plain = scenario
        .deploy
        .iter()
        .all(|deploy| matches!(deploy.system, SystemName::Kubernetes | SystemName::Dynamo) && deploy.files.is_empty());
    if applied.is_empty() || !scenario.faults.is_empty() || !is_plain {
        return None;
    }
    let mut documents: Vec<(usize, Vec<Part>)> = Vec::new();
    for (index, deploy) in scenario.deploy.iter().enumerate() {
        documents.push((index, parts(deploy.source.text())?));
    }
    for source in applied {
        for part in parts(source.text())? {
            let place = documents.iter_mut().flat_map(|(_, parts)| parts.iter_mut()).find(|one| one.id == part.id);
            match place {
                Some(place) => *place = part,
                None => documents.last_mut()?.1.push(part),
            }
        }
    }
    let mut scenario = scenario.clone();
    scenario.actions.clear();
    scenario.deploy = documents
        .into_iter()
        .map(|(index, parts)| {
            let deploy: &Deploy = &scenario.deploy[index];
            let text: Vec<String> = parts.into_iter().map(|part| part.text).collect();
            Deploy { source: Source::new(deploy.source.name().to_string(), text.join("\n---\n")), ..deploy.clone() }
        })
        .collect();
    Some(scenario)
}

/// One object of a document.
struct Part {
    /// Its kind, namespace and name.
    id: (String, String, String),
    text: String,
}

/// The objects of a YAML document; `None` if one of them cannot be told from the others.
fn parts(text: &str) -> Option<Vec<Part>> {
    let mut parts = Vec::new();
    for text in format!("\n{text}").split("\n---") {
        let content = text.lines().any(|line| !line.trim().is_empty() && !line.trim_start().starts_with('#'));
        if !content {
            continue;
        }
        let value: serde_json::Value = serde_saphyr::from_str(text).ok()?;
        let word = |value: &serde_json::Value| value.as_str().map(str::to_owned);
        let metadata = &value["metadata"];
        let id = (word(&value["kind"])?, word(&metadata["namespace"]).unwrap_or_default(), word(&metadata["name"])?);
        parts.push(Part { id, text: text.to_owned() });
    }
    Some(parts)
}

/// Compares the end of a run that came there step by step with the run in which the last documents are deployed at once.
pub fn path_dependence(base: &Base, at_once: &Fork) -> Option<Finding> {
    let run = &base.end;
    if !is_at_rest(run) || !is_at_rest(at_once) || is_decided(run, at_once) {
        return None;
    }
    let here = Ends::of(run);
    let there = Ends::of(at_once);
    // An operator who has to promote is waited for; there is nothing to promote at first.
    let waits =
        here.0.values().any(|end| matches!(end.health, Some((Health::Underway, "Paused" | "awaiting_promotion"))));
    if waits {
        return None;
    }
    let (subject, other, end) = there.differences(&here).find(|(_, other, end)| {
        let was_well = other.health.is_none_or(|(health, _)| health == Health::Well);
        was_well && end.is_some_and(|end| !end.gone)
    })?;
    let end = end?;
    Some(Finding {
        rule: &rules::PATH,
        subject: subject.to_owned(),
        at: run.timeline().get(end.last).map_or(run.now(), |entry| entry.at),
        lasts: None,
        detail: format!("{}; if the last documents are deployed at once: {}", end.told(), other.told()),
        evidence: Some(end.last),
        expected: false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_are_told_apart_by_kind_namespace_and_name() {
        let text = "# first\nkind: Deployment\nmetadata:\n  name: web\n---\n# nothing\n---\nkind: Service\nmetadata: { name: web, namespace: shop }\n";
        let parts = parts(text).expect("objects");
        let ids: Vec<String> = parts.iter().map(|part| format!("{}/{}/{}", part.id.0, part.id.1, part.id.2)).collect();
        assert_eq!(ids, ["Deployment//web", "Service/shop/web"]);
        assert!(super::parts("kind: List\nitems: []\n").is_none());
    }
}
