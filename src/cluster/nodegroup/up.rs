//! How pools grow: which of them would help the pods that find no room, and by how many nodes.
//! Source: kubernetes/autoscaler at 01ea19e5, cluster-autoscaler/core/scaleup/orchestrator, estimator/binpacking_estimator.go
//! and expander/waste. The source breaks ties of its expander at random; here the first pool in the scenario wins.

use super::super::node::Nodes;
use super::super::template::SpreadId;
use super::super::{Arg, Cause, Cluster, PodId, Why};
use super::Expander;
use crate::kernel::Name;

/// What a pool could do.
struct Growth {
    group: usize,
    /// New nodes.
    nodes: u32,
    /// Pods that they would take.
    pods: u32,
    /// CPU and memory of them that nobody would ask for, in thousandths, summed.
    waste: u64,
}

impl Cluster {
    /// Orders nodes for pods that find no room; `false` if none can be helped.
    pub(super) fn grow(&mut self) -> bool {
        let pending = self.pods_without_room();
        if pending.is_empty() {
            return false;
        }
        let options: Vec<Growth> =
            (0..self.groups.groups.len()).filter_map(|group| self.growth(group, &pending)).collect();
        let best = match self.groups.expander {
            Expander::First => options.into_iter().next(),
            Expander::LeastWaste => options.into_iter().min_by_key(|option| option.waste),
        };
        let Some(best) = best else { return false };
        self.order_nodes(&best, pending[0]);
        true
    }

    /// Pods that the scheduler rejected, without those that nodes on their way will take; the largest first, as they
    /// are packed.
    fn pods_without_room(&mut self) -> Vec<PodId> {
        let rejected = |id: &PodId| {
            let pod = self.pod(*id);
            pod.node.is_none() && pod.is_active() && pod.message != super::super::Symbol::EMPTY
        };
        let mut pods: Vec<PodId> =
            self.sets.iter().flat_map(|set| set.active.iter().copied()).filter(rejected).collect();
        pods.sort_unstable();
        for index in 0..self.groups.groups.len() {
            let coming = self.groups.groups[index].coming;
            let mut scratch = Nodes::default();
            for _ in 0..coming {
                scratch.add(&mut self.names, self.groups.groups[index].spec.clone());
            }
            pods.retain(|id| !self.pack(&mut scratch, *id));
        }
        pods
    }

    /// Puts a pod on the first node that takes it.
    pub(super) fn pack(&self, scratch: &mut Nodes, id: PodId) -> bool {
        let template = self.set(self.pod(id).set).template;
        let taker = scratch.in_order().map(|(node, _)| node);
        let taker = taker.into_iter().find(|node| self.scheduler.takes(scratch, &self.templates, template, *node));
        if let Some(node) = taker {
            scratch.bind(&self.templates, node, template, SpreadId::NONE);
        }
        taker.is_some()
    }

    /// What a pool could do for these pods, if anything.
    fn growth(&mut self, index: usize, pending: &[PodId]) -> Option<Growth> {
        let room = self.groups.groups[index].max.saturating_sub(self.group_size(index));
        let spec = self.groups.groups[index].spec.clone();
        let mut scratch = Nodes::default();
        let (mut nodes, mut pods) = (0, 0);
        for id in pending {
            if self.pack(&mut scratch, *id) {
                pods += 1;
                continue;
            }
            let template = self.set(self.pod(*id).set).template;
            let mut probe = Nodes::default();
            let new = probe.add(&mut self.names, spec.clone());
            if nodes < room && self.scheduler.takes(&probe, &self.templates, template, new) {
                let node = scratch.add(&mut self.names, spec.clone());
                scratch.bind(&self.templates, node, template, SpreadId::NONE);
                nodes += 1;
                pods += 1;
            }
        }
        let unused = |asked: u64, has: u64| (asked * 1000).checked_div(has).map_or(0, |share| 1000 - share.min(1000));
        let (mut cpu, mut memory) = ([0, 0], [0, 0]);
        for (_, node) in scratch.in_order() {
            cpu = [cpu[0] + node.requested.cpu_milli, cpu[1] + node.allocatable.cpu_milli];
            memory =
                [memory[0] + (node.requested.memory_bytes >> 20), memory[1] + (node.allocatable.memory_bytes >> 20)];
        }
        let waste = unused(cpu[0], cpu[1]) + unused(memory[0], memory[1]);
        (nodes > 0).then_some(Growth { group: index, nodes, pods, waste })
    }

    fn order_nodes(&mut self, option: &Growth, first: PodId) {
        let now = self.queue.now();
        let key = self.group_subject(option.group);
        let size = self.group_size(option.group);
        let (from, to) = (Arg::Count(size.into()), Arg::Count((size + option.nodes).into()));
        let why = Why::with3("{} to {} nodes, for {} pods without room", from, to, Arg::Count(option.pods.into()));
        let cause = self.pod_cause(first);
        let entry = Cause::Entry(self.note(key, "Growing", why, cause));
        self.groups.grew_at = Some(now);
        for _ in 0..option.nodes {
            let group = &mut self.groups.groups[option.group];
            let ordinal = group.next_ordinal;
            group.next_ordinal += 1;
            group.coming += 1;
            let (base, spec) = (group.base, group.spec.clone());
            let length = self.provider.provisioning.clone();
            let base_name = self.names.text(base).to_owned();
            let wait = self.draw_named("provision", &base_name, ordinal.into(), &length);
            let spec = super::NodeSpec { name: Name::numbered(base, ordinal), ..spec };
            self.add_node_later(now + wait, spec, entry);
        }
    }
}
