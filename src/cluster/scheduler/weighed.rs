//! What the scheduler makes of every node for a pod, for those who judge where it was put by others. Which node is taken is
//! decided without it.

use super::rules::{self, Rules, Sampling};
use super::{Prepared, Scheduler, Seeker, View};
use crate::cluster::node::NodeId;
use crate::kernel::Names;

/// What the scheduler makes of each node for one pod.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Weighed {
    /// The nodes that will do, each with its total score. Where one alone is asked (the node that the pod waits for, or is for),
    /// it is the only one.
    pub feasible: Vec<(NodeId, i64)>,
    /// The others, each with what the filters say of it.
    pub refused: Vec<(NodeId, String)>,
}

impl Weighed {
    /// The nodes with the highest score: kube-scheduler draws one of them (`selectHost`, k8s.io/kubernetes v1.36.3,
    /// pkg/scheduler/schedule_one.go).
    pub fn best(&self) -> impl Iterator<Item = NodeId> {
        let most = self.feasible.iter().map(|(_, total)| *total).max();
        self.feasible.iter().filter(move |(_, total)| Some(*total) == most).map(|(id, _)| *id)
    }

    /// The score of a node, if it will do.
    pub fn score(&self, node: NodeId) -> Option<i64> {
        self.feasible.iter().find(|(id, _)| *id == node).map(|(_, total)| *total)
    }
}

impl Scheduler {
    /// What [`Scheduler::find`] would make of each node for a pod, all of them looked at: those that will do with their total
    /// scores, and why the others will not. It decides nothing, and what is decided later is the same without it.
    pub fn weigh(&mut self, view: &View<'_>, seeker: Seeker, names: &Names) -> Weighed {
        let Prepared { profile, rules, .. } = self.prepare(view, seeker);
        let template = view.templates.get(seeker.template);
        self.survey(view, seeker, (profile, &rules), |survey, keys| {
            let (feasible, rejected) = survey.weigh(keys);
            let others = rejected.others.map(|(verdict, _)| verdict);
            let why = |id: NodeId| rejected.verdicts.get(&id).copied().or(others);
            let rest = view.nodes.order().iter().filter(|id| feasible.iter().all(|(other, _)| other != id));
            let refused = rest.filter_map(|id| Some((id, why(id)?.text(names, template)))).collect();
            Weighed { feasible, refused }
        })
    }

    /// True if every node is looked at in a cluster of so many. What a profile says of `kube-default` is not what the
    /// scheduler of a cluster does: that one samples from 100 nodes on.
    pub fn looks_at_all(&self, nodes: usize) -> bool {
        let percent = |rules: &Rules| match rules.sampling {
            Sampling::All => 0,
            Sampling::Percent(percent) => percent,
        };
        self.config.profiles.iter().all(|rules| rules::enough_nodes(percent(rules), nodes) >= nodes)
    }
}
