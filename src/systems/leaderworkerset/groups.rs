//! The groups of a LeaderWorkerSet: which leader each has, and what becomes of its workers (pod_controller.go).

use super::LeaderWorkerSet;
use crate::kernel::{Name, Time};
use crate::timeline::{Arg, Kind, Subject, Why};
use crate::workload::{PodPhase, PodStatus, Status, World};

/// A group as it was last seen.
#[derive(Clone, Copy, Debug)]
pub struct Group {
    /// Its leader.
    pub leader: Subject,
    /// When the leader was created, and which it was of that instant: another is another leader.
    made: (Time, u32),
    /// The revision of the leader, and of the workers that it gets.
    pub revision: u32,
    /// Its workers.
    workers: Workers,
    /// True while the leader is there and was not asked to go.
    pub is_there: bool,
    /// True while the leader is ready.
    leader_ready: bool,
    /// The node of the leader, once it has one.
    pub leader_node: Option<Name>,
}

/// What is known of a group's workers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Workers {
    /// They were not made yet.
    None,
    /// They were asked for.
    Made,
    /// They were asked to go; new ones are made once none is left.
    Going,
}

/// What the rollout needs to know of a group.
#[derive(Clone, Copy, Debug, Default)]
pub struct State {
    /// The leader and all workers are ready.
    pub ready: bool,
    /// They have the newest template.
    pub updated: bool,
}

/// The states of all groups. Beyond the last that was ever seen none is ready.
#[derive(Clone, Debug, Default)]
pub struct States {
    /// Of the first groups, up to the last that was seen.
    pub known: Vec<State>,
    /// How many groups there should be.
    pub count: u32,
}

impl States {
    /// The state of a group.
    pub fn of(&self, group: u32) -> State {
        self.known.get(group as usize).copied().unwrap_or_default()
    }

    /// How many of the first groups fulfil a condition that no unknown one does.
    pub fn count(&self, first: u32, holds: impl Fn(&State) -> bool) -> u32 {
        self.known.iter().take(first as usize).filter(|state| holds(state)).count() as u32
    }
}

/// How many groups a set has, as its status says.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Figures {
    /// Groups whose leader is there.
    pub groups: u32,
    /// Groups of the newest template.
    pub updated: u32,
    /// Groups that are ready, whichever template they have.
    pub ready: u32,
}

impl LeaderWorkerSet {
    /// What its status counts (`updateConditions`).
    pub fn figures(&self, world: &dyn World) -> Figures {
        let states = self.states(world);
        let count = |holds: fn(&State) -> bool| states.count(self.replicas, holds);
        let groups = self.groups.values().filter(|group| group.is_there).count() as u32;
        Figures { groups, updated: count(|state| state.updated), ready: count(|state| state.ready) }
    }

    /// Looks at the leaders and workers, makes the workers that are missing, and restarts groups.
    pub(super) fn look_at_groups(&mut self, world: &mut dyn World) {
        let pods = world.observed_pods(self.leaders());
        for group in self.groups.values_mut() {
            (group.is_there, group.leader_ready) = (false, false);
        }
        for (leader, status) in pods {
            let Some(number) = leader.name.ordinal() else { continue };
            self.see_leader(number, leader, &status, world);
        }
        let numbers: Vec<u32> = self.groups.keys().copied().collect();
        for number in numbers {
            self.see_workers(number, world);
        }
        self.drop_gangs(world);
    }

    fn see_leader(&mut self, number: u32, leader: Subject, status: &PodStatus, world: &mut dyn World) {
        let made = (status.created_at, status.serial);
        if self.groups.get(&number).is_none_or(|group| group.made != made) {
            // Below the partition a leader comes back as it was.
            let is_new = number >= self.partition || self.is_first_template;
            let revision = if is_new { self.revision } else { self.revision - 1 };
            let had_workers = self.groups.get(&number).is_some_and(|group| group.workers != Workers::None);
            if had_workers {
                self.delete_workers(number, world);
            }
            let workers = if had_workers { Workers::Going } else { Workers::None };
            let (is_there, leader_ready) = (false, false);
            let leader_node = None;
            let group = Group { leader, made, revision, workers, is_there, leader_ready, leader_node };
            self.groups.insert(number, group);
            self.make_gang(number, world);
        }
        if let Some(group) = self.groups.get_mut(&number) {
            group.is_there = !status.terminating;
            group.leader_ready = status.ready && !status.terminating;
            group.leader_node = status.node;
        }
        let restarted = status.restarts > 0 && status.phase != PodPhase::Pending;
        if self.spec.recreate_group && restarted && !status.terminating && !self.is_starting(number, world) {
            self.restart_group(number, leader, world);
        }
    }

    fn see_workers(&mut self, number: u32, world: &mut dyn World) {
        let Some(group) = self.groups.get(&number).copied() else { return };
        let workers = self.workers_of(number);
        let pods = world.observed_pods(workers);
        match group.workers {
            Workers::Going if pods.is_empty() => self.set_workers(number, Workers::None),
            Workers::Going => return,
            // Its leader is no more: what the leader owned goes with it.
            Workers::Made if !group.is_there => return self.delete_workers(number, world),
            Workers::Made => {
                let lost = |(_, status): &&(Subject, PodStatus)| {
                    status.terminating || (status.restarts > 0 && status.phase != PodPhase::Pending)
                };
                if self.spec.recreate_group
                    && let Some((pod, _)) = pods.iter().find(lost)
                    && !self.is_starting(number, world)
                {
                    self.restart_group(number, *pod, world);
                }
                return;
            }
            Workers::None => {}
        }
        // Workers of a set with places of their own go where their leader is.
        let has_place = self.spec.exclusive_topology.is_none() || group.leader_node.is_some();
        let starts = group.is_there && has_place && (group.leader_ready || !self.spec.leader_first);
        if starts && self.size_of(&group) > 1 {
            self.write_workers(number, world);
            self.set_workers(number, Workers::Made);
        }
    }

    /// True while restarts of a group's pods do not count, because not all of them have started (`pendingPodsInGroup`).
    fn is_starting(&self, number: u32, world: &dyn World) -> bool {
        let Some(group) = self.groups.get(&number).filter(|_| self.spec.recreates_once_started) else { return false };
        let workers = world.observed_pods(self.workers_of(number)).into_iter().map(|(_, status)| status);
        let leader = world.observed_pods(self.leaders()).into_iter().filter(|(pod, _)| *pod == group.leader);
        let pods: Vec<PodStatus> = workers.chain(leader.map(|(_, status)| status)).collect();
        pods.len() as u32 != self.size_of(group) || pods.iter().any(|status| status.phase == PodPhase::Pending)
    }

    pub(super) fn size_of(&self, group: &Group) -> u32 {
        if group.revision == self.revision { self.spec.size } else { self.before.size }
    }

    fn set_workers(&mut self, number: u32, workers: Workers) {
        if let Some(group) = self.groups.get_mut(&number) {
            group.workers = workers;
        }
    }

    pub(super) fn workers_of(&self, number: u32) -> Subject {
        let name = self.groups.get(&number).map_or(self.key.name, |group| group.leader.name);
        Subject { kind: Kind::StatefulSet, name, ..self.key }
    }

    /// A pod of the group has restarted or was lost: all of its pods go, and its leader's StatefulSet begins it again.
    fn restart_group(&mut self, number: u32, pod: Subject, world: &mut dyn World) {
        let Some(group) = self.groups.get(&number).copied() else { return };
        if !group.is_there {
            return;
        }
        let why = Why::with2("group {}, because of {}", Arg::Count(number.into()), Arg::Subject(pod));
        let cause = self.seen.unwrap_or_else(|| self.cause());
        self.note("GroupRestarted", why, cause, world);
        if let Some(group) = self.groups.get_mut(&number) {
            (group.is_there, group.leader_ready) = (false, false);
        }
        self.delete_workers(number, world);
        self.ask_delete(group.leader, world);
    }

    /// The StatefulSet of a group's workers goes, if there is one.
    pub(super) fn delete_workers(&mut self, number: u32, world: &mut dyn World) {
        if self.groups.get(&number).is_some_and(|group| group.workers == Workers::Made) {
            self.ask_delete(self.workers_of(number), world);
            self.set_workers(number, Workers::Going);
        }
    }

    /// The state of each group that the leaders' StatefulSet has (`getReplicaStates`).
    pub(super) fn states(&self, world: &dyn World) -> States {
        let state = |number: u32| {
            let Some(group) = self.groups.get(&number).filter(|group| group.is_there) else { return State::default() };
            let updated = group.revision == self.revision;
            if self.size_of(group) <= 1 {
                return State { ready: group.leader_ready, updated };
            }
            if group.workers != Workers::Made {
                return State::default();
            }
            let all = match world.observed(self.workers_of(number)) {
                Some(Status::StatefulSet(status)) => {
                    status.available == status.desired && status.observed_generation >= status.generation
                }
                _ => false,
            };
            State { ready: group.leader_ready && all, updated }
        };
        let known = self.groups.last_key_value().map_or(0, |(last, _)| last + 1);
        States { known: (0..self.replicas.min(known)).map(state).collect(), count: self.replicas }
    }
}
