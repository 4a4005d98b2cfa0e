//! What sets the groups of a LeaderWorkerSet apart: each is placed as one by a batch scheduler, and has a place for itself.
//! Sources: kubernetes-sigs/lws v0.8, pkg/schedulerprovider/volcano_provider.go, pkg/webhooks/pod_webhook.go (SetExclusiveAffinities) and
//! pkg/controllers/pod_controller.go (setNodeSelectorForWorkerPods); kai-scheduler/KAI-Scheduler, whose grouper makes a group of
//! each replica.

use super::LeaderWorkerSet;
use crate::timeline::{Kind, Subject};
use crate::workload::gang::ORDINAL;
use crate::workload::selector::{LabelSelector, Namespaces, PodTerm};
use crate::workload::{
    Ask, BatchScheduler, GangMember, NodeRequirement, Object, Operator, PodGroupSpec, PodTemplate, Resources, World,
};

/// The label of pods that want a place for their group.
const GROUP_KEY: &str = "leaderworkerset.sigs.k8s.io/group-key";

impl LeaderWorkerSet {
    /// The batch scheduler for whose sake each group is an object, if there is one.
    fn gang_scheduler(&self) -> Option<BatchScheduler> {
        let leader = self.spec.leader.as_ref().unwrap_or(&self.spec.worker);
        let scheduler = BatchScheduler::named(&leader.scheduler_name)?;
        (scheduler == BatchScheduler::Kai || self.profile.makes_volcano_groups).then_some(scheduler)
    }

    /// Marks a template of leaders, or of the workers of one group, with what sets the group apart.
    pub(super) fn set_apart(&self, template: &mut PodTemplate, revision: u32, group: Option<u32>, world: &dyn World) {
        if self.gang_scheduler().is_some() {
            let number = group.map_or_else(|| ORDINAL.to_owned(), |group| group.to_string());
            let group = self.gang_name(&number, revision, world);
            template.gang = Some(GangMember { group, subgroup: String::new() });
        }
        let Some(topology) = &self.spec.exclusive_topology else { return };
        match group {
            // Leaders keep away from each other; no leader is in the place of another then.
            None => {
                template.labels.insert(GROUP_KEY.to_owned(), self.name(world));
                let leaders =
                    NodeRequirement { key: GROUP_KEY.to_owned(), operator: Operator::Exists, values: Vec::new() };
                let selector = LabelSelector { requirements: vec![leaders], ..LabelSelector::default() };
                template.affinity.anti_pods.push(PodTerm {
                    selector,
                    namespaces: Namespaces::Own,
                    topology_key: topology.clone(),
                });
            }
            Some(group) => {
                if let Some(place) = self.place_of(group, topology, world) {
                    template.node_selector.insert(topology.clone(), place);
                }
            }
        }
    }

    /// Where the leader of a group is.
    fn place_of(&self, group: u32, topology: &str, world: &dyn World) -> Option<String> {
        let node = Subject::new(Kind::Node, self.groups.get(&group)?.leader_node?);
        let labels = world.observed_node_labels(topology);
        labels.into_iter().find(|(one, _)| *one == node).and_then(|(_, place)| place)
    }

    /// Makes the object of a group whose leader is new.
    pub(super) fn make_gang(&mut self, number: u32, world: &mut dyn World) {
        let (Some(scheduler), Some(group)) = (self.gang_scheduler(), self.groups.get(&number)) else { return };
        let (size, revision) = (self.size_of(group), group.revision);
        let spec = if revision == self.revision { &self.spec } else { &self.before };
        // With `LeaderReady` there are no workers before the leader runs: it is placed alone.
        let min = if spec.leader_first { 1 } else { size };
        let mut needs = spec.leader.as_ref().unwrap_or(&spec.worker).requests();
        let worker = spec.worker.requests();
        for _ in 1..size {
            needs = needs.plus(&worker);
        }
        let object = PodGroupSpec {
            queue: spec.queue.clone(),
            min_resources: if scheduler == BatchScheduler::Volcano { needs } else { Resources::default() },
            ..PodGroupSpec::of(scheduler, min)
        };
        let key = self.gang_key(number, revision, world);
        if revision > 1 {
            // That of the leader before went with it.
            for old in 1..revision {
                let old = self.gang_key(number, old, world);
                if world.observed(old).is_some() {
                    self.ask_delete(old, world);
                }
            }
        }
        let cause = self.cause();
        world.ask(Ask::Apply { key, object: Object::PodGroup(Box::new(object)), serves: self.key }, cause);
    }

    /// The object of a group goes.
    pub(super) fn delete_gang(&self, number: u32, world: &mut dyn World) {
        if let (Some(_), Some(group)) = (self.gang_scheduler(), self.groups.get(&number)) {
            let key = self.gang_key(number, group.revision, world);
            self.ask_delete(key, world);
        }
    }

    /// The objects of groups that are not wanted any more go with their leaders.
    pub(super) fn drop_gangs(&self, world: &mut dyn World) {
        if self.gang_scheduler().is_none() {
            return;
        }
        for (number, group) in self.groups.iter().filter(|(number, group)| **number >= self.replicas && !group.is_there)
        {
            let key = self.gang_key(*number, group.revision, world);
            if world.observed(key).is_some() {
                self.ask_delete(key, world);
            }
        }
    }

    fn gang_key(&self, number: u32, revision: u32, world: &mut dyn World) -> Subject {
        let name = self.gang_name(&number.to_string(), revision, world);
        Subject { kind: Kind::PodGroup, name: world.name(&name), ..self.key }
    }

    /// `GetPodGroupName`: the set, the group, the revision.
    fn gang_name(&self, number: &str, revision: u32, world: &dyn World) -> String {
        format!("{}-{number}-r{revision}", self.name(world))
    }
}
