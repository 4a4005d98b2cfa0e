//! What the batch scheduler is told of a PodGang: KAI makes a PodGroup of it, with a subgroup for each PodClique, and one above
//! those of a copy that is packed together.
//! Source: kai-scheduler/KAI-Scheduler, pkg/podgrouper/podgrouper/plugins/grove/grove_grouper.go.

use super::Pass;
use crate::systems::grove::model::{PodGangSpec, TopologyConstraint};
use crate::workload::{BatchScheduler, PodGroupSpec, SubGroup, gang};

/// The label by which pods choose their queue. Source: KAI-Scheduler, pkg/common/constants/constants.go.
const QUEUE: &str = "kai.scheduler/queue";

impl Pass<'_> {
    /// The scheduler's group for a gang; none where its pods are placed one by one.
    pub fn scheduler_group(&self, spec: &PodGangSpec) -> Option<PodGroupSpec> {
        let first = self.template().cliques.first()?;
        let scheduler = BatchScheduler::named(self.grove.profile.scheduler_of(&first.spec.pods.scheduler_name))?;
        let queue = self.template().cliques.iter().find_map(|clique| clique.labels.get(QUEUE));
        let least = spec.groups.iter().map(|group| group.replicas_min).sum();
        let mut group = PodGroupSpec {
            topology: self.level(spec.topology.as_ref()),
            priority_class: spec.priority_class.clone(),
            queue: queue.unwrap_or(&self.grove.profile.default_queue).clone(),
            ..PodGroupSpec::of(scheduler, least)
        };
        for together in &spec.group_topologies {
            let parts = spec.groups.iter().filter(|part| together.groups.contains(&part.name));
            group.subgroups.push(SubGroup {
                topology: self.level(Some(&together.topology)),
                ..SubGroup::of(&together.name, parts.map(|part| part.replicas_min).sum())
            });
        }
        for part in &spec.groups {
            let parent = spec.group_topologies.iter().find(|together| together.groups.contains(&part.name));
            group.subgroups.push(SubGroup {
                parent: parent.map(|parent| parent.name.clone()),
                topology: self.level(part.topology.as_ref()),
                ..SubGroup::of(&part.name, part.replicas_min)
            });
        }
        Some(group)
    }

    /// A constraint by the labels of its domains. A domain that the cluster's topology has not is left out, as Grove does.
    fn level(&self, constraint: Option<&TopologyConstraint>) -> Option<gang::TopologyConstraint> {
        let constraint = constraint?;
        // All constraints of a set are of one topology: what encloses them says which, if they do not.
        let topology = self.template().topology_name();
        let profile = &self.grove.profile;
        let label = |domain: &Option<String>| {
            domain.as_ref().and_then(|domain| profile.label_of(topology, domain)).map(str::to_owned)
        };
        let (required, preferred) = (label(&constraint.required), label(&constraint.preferred));
        if required.is_none() && preferred.is_none() {
            return None;
        }
        let of = topology.to_owned();
        Some(gang::TopologyConstraint { topology: String::new(), of, required, preferred })
    }
}
