//! What a pod is to other pods and what it asks of them: its namespace and labels, its terms about pods, its spread, its
//! ports. Nodes look the same to pods that differ in this alone; what follows from it is worked out in `scheduler/`.

use std::collections::BTreeMap;

use crate::workload::selector::{Namespaces, PodTerm, Weighted};
use crate::workload::{PodTemplate, TopologySpread};

/// A pod among other pods.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug)]
pub struct Company {
    /// Its namespace.
    pub namespace: String,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Pods that it must be beside, each of them.
    pub beside: Vec<PodTerm>,
    /// Pods that it must be away from.
    pub away: Vec<PodTerm>,
    /// Pods that it would be beside, or away from where the weight is negative.
    pub likes: Vec<Weighted<PodTerm>>,
    /// How evenly it must or should be spread; empty: as the scheduler's defaults have it.
    pub spreads: Vec<TopologySpread>,
    /// Ports of the node that it takes, with their protocol; sorted.
    pub ports: Vec<(u16, String)>,
}

impl Company {
    /// What a template says of the pods around its own, in this namespace.
    pub fn of(pod: &PodTemplate, namespace: &str) -> Company {
        let mut ports = pod.host_ports.clone();
        ports.sort_unstable();
        Company {
            namespace: namespace.to_owned(),
            labels: pod.labels.clone(),
            beside: pod.affinity.pods.clone(),
            away: pod.affinity.anti_pods.clone(),
            likes: pod.affinity.preferred_pods.clone(),
            spreads: pod.spread.clone(),
            ports,
        }
    }

    /// True if it asks nothing of other pods and takes no port: only what others ask can set its pods apart.
    pub fn is_plain(&self) -> bool {
        !self.has_terms() && self.spreads.is_empty() && self.ports.is_empty()
    }

    /// True if it has terms about other pods, which also bind those that come later.
    pub fn has_terms(&self) -> bool {
        !self.beside.is_empty() || !self.away.is_empty() || !self.likes.is_empty()
    }

    /// True if other pods must be counted for it.
    pub fn counts_others(&self) -> bool {
        self.has_terms() || !self.spreads.is_empty()
    }

    /// True if a term of a pod of `owner` means pods of this kind (`AffinityTerm.Matches`, k8s.io/kube-scheduler v0.36.3,
    /// framework/types.go).
    pub fn is_meant_by(&self, term: &PodTerm, owner: &Company) -> bool {
        let looked_at = match &term.namespaces {
            Namespaces::Own => self.namespace == owner.namespace,
            Namespaces::Named(names) => names.contains(&self.namespace),
            Namespaces::All => true,
        };
        looked_at && term.selector.matches(&self.labels)
    }

    /// True if pods of this kind match all terms of `owner` that it must be beside, and there are any
    /// (`podMatchesAllAffinityTerms`, k8s.io/kubernetes v1.36.3, pkg/scheduler/framework/plugins/interpodaffinity).
    pub fn is_meant_by_all(&self, terms: &[PodTerm], owner: &Company) -> bool {
        !terms.is_empty() && terms.iter().all(|term| self.is_meant_by(term, owner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::LabelSelector;

    fn company(namespace: &str, app: &str) -> Company {
        let labels = [("app".to_owned(), app.to_owned())].into();
        Company { namespace: namespace.to_owned(), labels, ..Company::default() }
    }

    #[test]
    fn a_term_looks_where_its_namespaces_say() {
        let term = |namespaces| PodTerm {
            selector: LabelSelector::labels([("app".to_owned(), "db".to_owned())].into()),
            namespaces,
            topology_key: "zone".into(),
        };
        let (own, other) = (company("shop", "db"), company("other", "db"));
        let owner = company("shop", "web");
        assert!(own.is_meant_by(&term(Namespaces::Own), &owner));
        assert!(!other.is_meant_by(&term(Namespaces::Own), &owner));
        assert!(other.is_meant_by(&term(Namespaces::Named(vec!["other".into()])), &owner));
        assert!(other.is_meant_by(&term(Namespaces::All), &owner));
        assert!(!company("shop", "web").is_meant_by(&term(Namespaces::All), &owner));
        assert!(!own.is_meant_by_all(&[], &owner), "no terms, no company");
    }
}
