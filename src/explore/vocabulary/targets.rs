//! Whom faults and actions can be aimed at: what a run had, as its timeline and its world tell. Equal targets are taken once.

use std::collections::{BTreeMap, BTreeSet};

use super::super::fork::Fork;
use crate::kernel::Names;
use crate::scenario::model::{ActionDocument, ActionKind, NodeNaming, Scenario, SystemName, Target, TargetKind};
use crate::timeline::{Kind, Subject};
use crate::workload::Stage;

/// What a run of a scenario had.
#[derive(Clone, Debug, Default)]
pub struct Targets {
    /// What has pods, as subjects.
    pub running: Vec<String>,
    /// What wants a number of pods, and how many at most.
    pub sized: Vec<(String, u32)>,
    /// Nodes: of each pool the first and the last.
    pub nodes: Vec<String>,
    /// Nodes that are like one of those.
    pub equal_nodes: usize,
    /// Namespaces with pods that a quota can bound: docker, in which 1Backend runs its containers, has none.
    pub namespaces: BTreeSet<String>,
    /// Every other subject, by kind.
    pub subjects: BTreeMap<Kind, BTreeSet<String>>,
    /// Documents that can be applied.
    pub documents: Vec<ActionDocument>,
}

/// The subject that a text names, if the run ever had the name.
pub fn find(text: &str, names: &Names) -> Option<Subject> {
    let (kind, rest) = text.split_once('/')?;
    let kind = Kind::parse(kind)?;
    let (namespace, name) = rest.split_once('/').unwrap_or(("", rest));
    let namespace = if namespace == "default" { "" } else { namespace };
    Some(Subject { kind, namespace: names.find(namespace)?, name: names.find_name(name)? })
}

/// How a fault names a subject that has pods.
pub fn target(subject: &str) -> Target {
    let (kind, name) = match subject.split_once('/') {
        Some(("deployment", name)) => (TargetKind::Deployment, name),
        Some(("Node", name)) => (TargetKind::Node, name),
        Some(("Pod", name)) if !name.contains('/') => (TargetKind::Pod, name),
        _ => (TargetKind::Workload, subject),
    };
    Target { kind, name: name.to_owned() }
}

/// The node that something runs on.
pub fn below(subject: &str) -> Target {
    let name = subject.strip_prefix("deployment/").unwrap_or(subject);
    Target { kind: TargetKind::Running, name: name.to_owned() }
}

impl Targets {
    /// What a run had that was looked at on these occasions, the last of them its end.
    pub fn of(scenario: &Scenario, looks: &[&Fork]) -> Targets {
        let mut targets = Targets::default();
        let Some(end) = looks.last() else { return targets };
        let (timeline, names) = (end.timeline(), end.stage().names());
        let subjects: BTreeSet<Subject> = timeline.since(0).map(|(_, entry)| entry.subject).collect();
        let all_docker = scenario.deploy.iter().all(|deploy| deploy.system == SystemName::OneBackend);
        for subject in &subjects {
            targets.subjects.entry(subject.kind).or_default().insert(subject.show(names));
            if subject.kind == Kind::Pod && !all_docker {
                let namespace = names.text(subject.namespace);
                let namespace = if namespace.is_empty() { "default" } else { namespace };
                targets.namespaces.insert(namespace.to_owned());
            }
        }
        targets.running(&subjects, looks);
        targets.nodes(scenario);
        let applied = scenario.actions.iter().filter_map(|action| match &action.kind {
            ActionKind::Apply(document) | ActionKind::Replace(document) => Some(document.clone()),
            _ => None,
        });
        let applies = scenario.deploy.iter().filter(|deploy| deploy.system.applies_documents());
        let deployed =
            applies.map(|deploy| ActionDocument { document: deploy.document.clone(), source: deploy.source.clone() });
        for document in deployed.chain(applied) {
            if !targets.documents.iter().any(|known| known.document == document.document) {
                targets.documents.push(document);
            }
        }
        targets
    }

    /// What had pods at any of the looks, and how many were wanted at most. A system's deployment stands for the Kubernetes objects
    /// that it made, a workload for the ReplicaSets below it.
    fn running(&mut self, subjects: &BTreeSet<Subject>, looks: &[&Fork]) {
        let end = looks[looks.len() - 1];
        let names = end.stage().names();
        let mut found: Vec<(String, u32, Kind)> = Vec::new();
        for subject in subjects.iter().filter(|subject| has_pods(subject.kind)) {
            let text = subject.show(names);
            let counts = looks.iter().filter_map(|look| {
                let stage = look.stage();
                find(&text, stage.names()).and_then(|subject| stage.counts(subject))
            });
            let (pods, desired) =
                counts.fold((0, 0), |(pods, desired), now| (pods.max(now.pods), desired.max(now.desired)));
            if pods > 0 {
                found.push((text, desired.max(pods), subject.kind));
            }
        }
        let members: Vec<String> = found
            .iter()
            .filter(|(.., kind)| *kind == Kind::Member)
            .filter_map(|(text, ..)| text.split_once('/').map(|(_, name)| format!("{name}-")))
            .collect();
        for (text, desired, kind) in found {
            let name = text.rsplit('/').next().unwrap_or("");
            let is_made = kind != Kind::Member && members.iter().any(|member| name.starts_with(member.as_str()));
            if !is_made {
                self.running.push(text.clone());
                self.sized.push((text, desired));
            }
        }
    }

    fn nodes(&mut self, scenario: &Scenario) {
        for entry in &scenario.cluster.nodes {
            let names = entry.naming.names();
            let count = names.len();
            match &entry.naming {
                NodeNaming::One(name) => self.nodes.push(name.clone()),
                NodeNaming::Pool { .. } => {
                    self.nodes.extend(names.first().cloned());
                    self.nodes.extend(names.last().filter(|_| count > 1).cloned());
                    self.equal_nodes += count.saturating_sub(2);
                }
            }
        }
    }

    /// The subjects of a kind.
    pub fn of_kind(&self, kind: Kind) -> impl Iterator<Item = &String> {
        self.subjects.get(&kind).into_iter().flatten()
    }
}

/// Kinds that have pods, and are nobody's but a scenario's.
const fn has_pods(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Member
            | Kind::Deployment
            | Kind::StatefulSet
            | Kind::DaemonSet
            | Kind::LeaderWorkerSet
            | Kind::Rollout
            | Kind::Job
            | Kind::PodClique
    )
}
