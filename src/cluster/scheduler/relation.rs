//! What pods of one template are to pods of another: which terms of the one mean the other. Worked out once for each pair
//! (k8s.io/kubernetes v1.36.3, pkg/scheduler/framework/plugins/interpodaffinity and podtopologyspread).

use std::collections::BTreeMap;
use std::sync::Arc;

use smallvec::SmallVec;

use super::rules::Rules;
use super::topology::{Key, Topologies};
use crate::cluster::node::Nodes;
use crate::cluster::template::{TemplateId, Templates};

/// What a pod that is on a node is to one that looks for a node.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub(super) struct Relation {
    /// It matches all terms that the pod must be beside.
    pub beside: bool,
    /// Keys of the terms that the pod must be away from and that mean it.
    pub away: SmallVec<[Key; 2]>,
    /// Keys of its own terms to be away from pods, of those that mean the pod.
    pub their_away: SmallVec<[Key; 2]>,
    /// What its presence adds to the score of its place, by key.
    pub scores: SmallVec<[(Key, i64); 2]>,
    /// Which of the pod's own spread constraints count it, one bit each.
    pub spreads: u64,
}

impl Relation {
    fn of(
        topologies: &mut Topologies,
        rules: &Rules,
        nodes: &Nodes,
        templates: &Templates,
        (pod, other): (TemplateId, TemplateId),
    ) -> Relation {
        let (mine, theirs) = (&templates.get(pod).company, &templates.get(other).company);
        let mut relation = Relation { beside: theirs.is_meant_by_all(&mine.beside, mine), ..Relation::default() };
        for term in mine.away.iter().filter(|term| theirs.is_meant_by(term, mine)) {
            relation.away.push(topologies.key(&term.topology_key, nodes));
        }
        for term in theirs.away.iter().filter(|term| mine.is_meant_by(term, theirs)) {
            relation.their_away.push(topologies.key(&term.topology_key, nodes));
        }
        for like in mine.likes.iter().filter(|like| theirs.is_meant_by(&like.term, mine)) {
            relation.scores.push((topologies.key(&like.term.topology_key, nodes), like.weight.into()));
        }
        if !(rules.ignores_likes_of_others && mine.likes.is_empty()) {
            for like in theirs.likes.iter().filter(|like| mine.is_meant_by(&like.term, theirs)) {
                relation.scores.push((topologies.key(&like.term.topology_key, nodes), like.weight.into()));
            }
            let hard = rules.hard_pod_affinity_weight;
            for term in theirs.beside.iter().filter(|term| hard > 0 && mine.is_meant_by(term, theirs)) {
                relation.scores.push((topologies.key(&term.topology_key, nodes), hard));
            }
        }
        if mine.namespace == theirs.namespace {
            // `countPodsMatchSelector` takes an empty selector to match nothing when it counts.
            for (at, spread) in mine.spreads.iter().enumerate().take(64) {
                let matches = !spread.selector.is_empty() && spread.selector.matches(&theirs.labels);
                relation.spreads |= u64::from(matches) << at;
            }
        }
        relation
    }

    fn is_nothing(&self) -> bool {
        *self == Relation::default()
    }
}

#[derive(Clone, Debug)]
enum Slot {
    Unknown,
    Nothing,
    Some(Arc<Relation>),
}

/// The relations of one template to others.
#[derive(Clone, Default, Debug)]
pub(super) struct Row(Vec<Slot>);

impl Row {
    /// What the other is to the pod, if it is anything; it must have been worked out.
    pub fn get(&self, other: TemplateId) -> Option<&Relation> {
        match self.0.get(other.0 as usize) {
            Some(Slot::Some(relation)) => Some(relation),
            _ => None,
        }
    }
}

/// The relations that were worked out so far.
#[derive(Clone, Default, Debug)]
pub(super) struct Relations {
    rows: BTreeMap<(usize, TemplateId), Row>,
    /// For templates that ask nothing of others: whether some pod on a node means them, as of which set of bearers.
    touched: BTreeMap<(usize, TemplateId), (u64, bool)>,
}

impl Relations {
    /// The relations of a template, taken out to be read while others are written.
    pub fn take(&mut self, profile: usize, pod: TemplateId) -> Row {
        self.rows.get_mut(&(profile, pod)).map(std::mem::take).unwrap_or_default()
    }

    /// Puts back what was taken out.
    pub fn put(&mut self, profile: usize, pod: TemplateId, row: Row) {
        self.rows.insert((profile, pod), row);
    }

    /// Works out what `other` is to `pod`, unless it is known.
    pub fn learn(
        row: &mut Row,
        topologies: &mut Topologies,
        rules: &Rules,
        nodes: &Nodes,
        templates: &Templates,
        (pod, other): (TemplateId, TemplateId),
    ) {
        let at = other.0 as usize;
        if row.0.len() <= at {
            row.0.resize(at + 1, Slot::Unknown);
        }
        if matches!(row.0[at], Slot::Unknown) {
            let relation = Relation::of(topologies, rules, nodes, templates, (pod, other));
            row.0[at] = if relation.is_nothing() { Slot::Nothing } else { Slot::Some(Arc::new(relation)) };
        }
    }

    /// True if terms of pods that are on nodes mean pods of a template that asks nothing of others itself.
    pub fn touch(
        &mut self,
        topologies: &mut Topologies,
        (profile, rules): (usize, &Rules),
        nodes: &Nodes,
        templates: &Templates,
        pod: TemplateId,
    ) -> bool {
        let version = nodes.bearers_version();
        if let Some((known, touched)) = self.touched.get(&(profile, pod)).filter(|(known, _)| *known == version) {
            debug_assert_eq!(*known, version);
            return *touched;
        }
        let mut row = self.take(profile, pod);
        let mut touched = false;
        for other in nodes.bearers() {
            Relations::learn(&mut row, topologies, rules, nodes, templates, (pod, other));
            touched |= row.get(other).is_some();
        }
        self.put(profile, pod, row);
        self.touched.insert((profile, pod), (version, touched));
        touched
    }
}
