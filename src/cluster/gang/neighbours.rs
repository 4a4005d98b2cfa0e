//! What pods of groups ask of other pods: to be beside them or away from them, and what those ask of them. It is counted for
//! one cycle, by place, and only where some template asks for it.
//! Source: k8s.io/kubernetes v1.36.3, pkg/scheduler/framework/plugins/interpodaffinity/filtering.go, which KAI and Volcano call.

use std::collections::BTreeMap;

use super::super::Cluster;
use super::super::company::Company;
use super::super::node::NodeId;
use super::super::scheduler::Verdict;
use super::super::template::TemplateId;

/// Pods of each template, by the value of a label of their nodes.
type Places = BTreeMap<String, BTreeMap<TemplateId, u32>>;

/// The pods on nodes, by place.
pub struct Presence<'a> {
    cluster: &'a Cluster,
    /// By label; filled when a label is first asked for.
    by_label: BTreeMap<String, Places>,
    /// Pods that were placed in this cycle.
    placed: BTreeMap<NodeId, BTreeMap<TemplateId, u32>>,
}

impl<'a> Presence<'a> {
    /// The pods as they are.
    pub fn new(cluster: &'a Cluster) -> Presence<'a> {
        Presence { cluster, by_label: BTreeMap::new(), placed: BTreeMap::new() }
    }

    /// A pod comes to a node, or is taken away again.
    pub fn shift(&mut self, template: TemplateId, node: NodeId, comes: bool) {
        if !self.cluster.templates.count_others() {
            return;
        }
        shift(self.placed.entry(node).or_default(), template, comes);
        let labels = &self.cluster.nodes.get(node).labels;
        for (label, places) in &mut self.by_label {
            if let Some(value) = labels.get(label) {
                shift(places.entry(value.clone()).or_default(), template, comes);
            }
        }
    }

    /// Why pods of a template cannot go to a node for the sake of other pods.
    pub fn verdict(&mut self, template: TemplateId, node: NodeId) -> Option<Verdict> {
        let cluster = self.cluster;
        if !cluster.templates.count_others() {
            return None;
        }
        let mine = &cluster.templates.get(template).company;
        let labels = &cluster.nodes.get(node).labels;
        for term in &mine.away {
            let Some(value) = labels.get(&term.topology_key) else { continue };
            if self.has(&term.topology_key, value, |other| other.is_meant_by(term, mine)) {
                return Some(Verdict::CROWDED);
            }
        }
        if !mine.beside.is_empty() && !self.is_beside(mine, labels) {
            return Some(Verdict::ALONE);
        }
        let placed = self.placed.values().flat_map(|pods| pods.keys().copied());
        let mut bearers: Vec<TemplateId> = cluster.nodes.bearers().chain(placed).collect();
        bearers.sort_unstable();
        bearers.dedup();
        for bearer in bearers {
            let theirs = &cluster.templates.get(bearer).company;
            for term in theirs.away.iter().filter(|term| mine.is_meant_by(term, theirs)) {
                let Some(value) = labels.get(&term.topology_key) else { continue };
                if self.places(&term.topology_key).get(value).is_some_and(|pods| pods.contains_key(&bearer)) {
                    return Some(Verdict::UNWELCOME);
                }
            }
        }
        None
    }

    /// True if pods that match all terms are in the node's place of each; where there are none at all, the first pod that means
    /// itself may go anywhere with these labels.
    fn is_beside(&mut self, mine: &Company, labels: &BTreeMap<String, String>) -> bool {
        let mut anywhere = false;
        let mut all_there = true;
        for term in &mine.beside {
            let Some(value) = labels.get(&term.topology_key) else { return false };
            let meant = |other: &Company| other.is_meant_by_all(&mine.beside, mine);
            all_there &= self.has(&term.topology_key, value, meant);
            let cluster = self.cluster;
            let mut pods = self.places(&term.topology_key).values().flat_map(|pods| pods.keys());
            anywhere |= pods.any(|other| meant(&cluster.templates.get(*other).company));
        }
        all_there || !anywhere && mine.is_meant_by_all(&mine.beside, mine)
    }

    fn has(&mut self, label: &str, value: &str, meant: impl Fn(&Company) -> bool) -> bool {
        let cluster = self.cluster;
        let pods = self.places(label).get(value);
        pods.is_some_and(|pods| pods.keys().any(|other| meant(&cluster.templates.get(*other).company)))
    }

    fn places(&mut self, label: &str) -> &Places {
        if !self.by_label.contains_key(label) {
            let mut places = Places::new();
            for (node, own) in self.cluster.nodes.in_order() {
                let Some(value) = own.labels.get(label) else { continue };
                let pods = places.entry(value.clone()).or_default();
                for share in self.cluster.nodes.crowd(node).iter().filter(|share| share.pods > 0) {
                    *pods.entry(share.template).or_default() += share.pods;
                }
                for (template, count) in self.placed.get(&node).into_iter().flatten() {
                    *pods.entry(*template).or_default() += count;
                }
            }
            self.by_label.insert(label.to_owned(), places);
        }
        &self.by_label[label]
    }
}

fn shift(pods: &mut BTreeMap<TemplateId, u32>, template: TemplateId, comes: bool) {
    match comes {
        true => *pods.entry(template).or_default() += 1,
        false => {
            if let Some(count) = pods.get_mut(&template) {
                *count -= 1;
                if *count == 0 {
                    pods.remove(&template);
                }
            }
        }
    }
}
