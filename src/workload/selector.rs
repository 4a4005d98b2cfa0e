//! Label selectors, and where pods want to be beside or away from other pods.
//! Shapes follow `k8s.io/api` v0.36.3, core/v1 and `k8s.io/apimachinery` v0.36.3, meta/v1.

use std::collections::BTreeMap;

use super::{NodeRequirement, NodeTerm};

/// Which objects are meant, by their labels: all labels and all requirements must hold. An empty selector means every object.
/// The operators are those of nodes, without `Gt` and `Lt`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct LabelSelector {
    /// Labels with their values.
    pub match_labels: BTreeMap<String, String>,
    /// Requirements on labels.
    pub requirements: Vec<NodeRequirement>,
}

impl LabelSelector {
    /// A selector of these labels.
    pub fn labels(labels: BTreeMap<String, String>) -> LabelSelector {
        LabelSelector { match_labels: labels, requirements: Vec::new() }
    }

    /// True if it asks for nothing: every object is meant.
    pub fn is_empty(&self) -> bool {
        self.match_labels.is_empty() && self.requirements.is_empty()
    }

    /// True if an object with these labels is meant.
    pub fn matches(&self, labels: &BTreeMap<String, String>) -> bool {
        self.match_labels.iter().all(|(key, value)| labels.get(key) == Some(value))
            && self.requirements.iter().all(|one| one.matches(labels))
    }
}

/// Which namespaces a term looks at.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub enum Namespaces {
    /// The namespace of the pod itself.
    #[default]
    Own,
    /// These, by name.
    Named(Vec<String>),
    /// All: an empty `namespaceSelector`.
    All,
}

/// Pods that a pod wants to be beside, or away from.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct PodTerm {
    /// The pods.
    pub selector: LabelSelector,
    /// Where they are looked for.
    pub namespaces: Namespaces,
    /// The label whose equal values make one place of several nodes.
    pub topology_key: String,
}

/// What is preferred, and how much: 1 to 100, negative for pods to be away from.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Weighted<T> {
    /// How much.
    pub weight: i32,
    /// What.
    pub term: T,
}

/// Affinity beyond the required node terms.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Affinity {
    /// Nodes that are preferred.
    pub preferred_nodes: Vec<Weighted<NodeTerm>>,
    /// Pods to be beside, each of them.
    pub pods: Vec<PodTerm>,
    /// Pods to be away from.
    pub anti_pods: Vec<PodTerm>,
    /// Pods to be beside or away from if possible.
    pub preferred_pods: Vec<Weighted<PodTerm>>,
}

impl Affinity {
    /// True if nothing is asked.
    pub fn is_empty(&self) -> bool {
        self.preferred_nodes.is_empty()
            && self.pods.is_empty()
            && self.anti_pods.is_empty()
            && self.preferred_pods.is_empty()
    }
}

/// How evenly pods are to be spread over the places of a topology.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct TopologySpread {
    /// The largest difference between two places.
    pub max_skew: u32,
    /// The label whose values are the places.
    pub topology_key: String,
    /// `true` is `DoNotSchedule`, `false` is `ScheduleAnyway`.
    pub required: bool,
    /// The pods that are counted, `matchLabelKeys` resolved already.
    pub selector: LabelSelector,
    /// The least number of places; fewer make the smallest count zero.
    pub min_domains: Option<u32>,
    /// `nodeAffinityPolicy: Honor`, the default: nodes that the pod may not use are not counted.
    pub honors_affinity: bool,
    /// `nodeTaintsPolicy: Honor`; the default is `Ignore`: tainted nodes are counted.
    pub honors_taints: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::Operator;

    #[test]
    fn a_selector_needs_all_of_its_parts() {
        let labels: BTreeMap<String, String> = [("app".to_owned(), "web".to_owned())].into();
        let there = NodeRequirement { key: "app".into(), operator: Operator::Exists, values: vec![] };
        let mut selector = LabelSelector { match_labels: labels.clone(), requirements: vec![there] };
        assert!(selector.matches(&labels));
        selector.match_labels.insert("tier".into(), "front".into());
        assert!(!selector.matches(&labels));
        assert!(LabelSelector::default().matches(&BTreeMap::new()));
    }
}
