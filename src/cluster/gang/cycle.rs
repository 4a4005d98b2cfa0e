//! One cycle of a batch scheduler: its groups one after the other, on a ledger; then what was found is done.
//! Sources: kai-scheduler/KAI-Scheduler v0.17, pkg/scheduler/actions/allocate/allocate.go, plugins/priority and plugins/elastic;
//! volcano-sh/volcano v1.12, pkg/scheduler/actions/enqueue and allocate, plugins/gang and plugins/overcommit.
//!
//! A cycle that could find nothing new is no event: one is planned when pods come, when something makes room, and when a group
//! has been stale for long enough. Bindings take no time here.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::super::node::NodeId;
use super::super::template::{Amounts, FormId};
use super::super::{Cause, Class, Cluster, Event, PodId, Subject, Symbol, Why};
use super::ledger::Ledger;
use super::place::{Attempt, Failure, template_of};
use super::profile::BatchProfile;
use super::tree::{ROOT, Tally, Tree};
use super::{preempt, words};
use crate::kernel::Time;
use crate::timeline::Kind;
use crate::workload::{BatchScheduler, TopologyConstraint};

/// What a cycle decides.
#[derive(Default)]
pub struct Decisions {
    /// Pods that get a node.
    pub bind: Vec<(PodId, NodeId)>,
    /// Pods that are put out, and for which group.
    pub evict: Vec<(PodId, Subject)>,
    /// Groups that get no node, and why.
    told: Vec<(Subject, String)>,
    /// Groups that are admitted.
    admitted: Vec<Subject>,
}

/// Where a group stands in the order: the priority, then whether its minimum is placed, then its age.
pub type Rank = (Reverse<i32>, u8, u32, Subject);

/// What groups have in common that fail alike: the forms of their pods by part, and what their parts ask for.
type Signature = (Vec<(usize, FormId)>, Vec<(u32, Option<TopologyConstraint>)>);

/// The groups of a cycle.
pub struct Session<'a> {
    /// The cluster as it is.
    pub cluster: &'a Cluster,
    /// The scheduler.
    pub profile: &'a BatchProfile,
    /// The nodes as they will be.
    pub ledger: Ledger<'a>,
    /// The groups that wait, with their parts and pods as they will be.
    pub groups: BTreeMap<Subject, (Tree, Vec<Tally>)>,
    /// What is decided.
    pub decisions: Decisions,
    failed: BTreeMap<Signature, Failure>,
}

impl Cluster {
    /// Plans the next cycle of a batch scheduler.
    pub(super) fn plan_gang_cycle(&mut self, scheduler: BatchScheduler) {
        let now = self.queue.now();
        self.plan_gang_cycle_at(scheduler, now);
    }

    pub(super) fn plan_gang_cycle_at(&mut self, scheduler: BatchScheduler, from: Time) {
        let Some(profile) = self.gangs.profiles.get(&scheduler) else { return };
        let period = profile.period;
        let at = from.ceil_to(Time::ZERO, period);
        let at = if self.gangs.cycled.get(&scheduler) == Some(&at) { at + period } else { at };
        let due = self.gangs.cycles.get(&scheduler).copied();
        let due = self.bring_forward(due, at, Class::SCHEDULE, Event::GangCycle(scheduler));
        self.gangs.cycles.insert(scheduler, due);
    }

    /// Something happened that may let a group be placed.
    pub(in crate::cluster) fn room_for_gangs(&mut self) {
        if self.gangs.waiting.is_empty() {
            return;
        }
        for scheduler in BatchScheduler::ALL {
            // What is planned for this second already need not be looked for.
            let next = self.gangs.profiles.get(&scheduler).map(|one| self.queue.now().ceil_to(Time::ZERO, one.period));
            let is_planned = |next| self.gangs.cycles.get(&scheduler).is_some_and(|(at, _)| *at <= next);
            if next.is_none_or(is_planned) {
                continue;
            }
            if self.gangs.waiting.iter().any(|key| self.gangs.groups[key].scheduler == scheduler) {
                self.plan_gang_cycle(scheduler);
            }
        }
    }

    /// Handles [`Event::GangCycle`].
    pub(in crate::cluster) fn on_gang_cycle(&mut self, scheduler: BatchScheduler) {
        let now = self.queue.now();
        self.gangs.cycles.remove(&scheduler);
        self.gangs.cycled.insert(scheduler, now);
        let Some(profile) = self.gangs.profiles.get(&scheduler).cloned() else { return };
        if !self.gangs.waiting.is_empty() {
            let decisions = self.decide(&profile);
            self.carry_out(decisions);
        }
        self.evict_stale(&profile);
    }

    fn decide(&self, profile: &BatchProfile) -> Decisions {
        let mut session = Session {
            cluster: self,
            profile,
            ledger: Ledger::new(self, profile.packing),
            groups: BTreeMap::new(),
            decisions: Decisions::default(),
            failed: BTreeMap::new(),
        };
        let keys = self.gangs.waiting.iter().filter(|key| self.gangs.groups[key].scheduler == profile.scheduler);
        for key in keys {
            let (tree, tallies) = self.tally(*key);
            if tallies.iter().any(|tally| !tally.pending.is_empty()) || self.strays(*key).next().is_some() {
                session.groups.insert(*key, (tree, tallies));
            }
        }
        session.run();
        session.decisions
    }

    fn carry_out(&mut self, decisions: Decisions) {
        for key in decisions.admitted {
            if let Some(gang) = self.gangs.groups.get_mut(&key) {
                gang.is_admitted = true;
            }
            if let Some(last) = self.gangs.groups.get(&key).and_then(|gang| gang.last) {
                self.recount(key, Cause::Entry(last));
            }
        }
        for (pod, node) in decisions.bind {
            if let Some(key) = self.gangs.members.get(&pod).copied()
                && let Some(gang) = self.gangs.groups.get_mut(&key)
            {
                gang.message = Symbol::EMPTY;
            }
            self.place_pod(pod, node);
        }
        for (key, message) in decisions.told {
            self.tell_gang(key, &message);
        }
        self.put_out(decisions.evict);
        let is_waiting = |key: &Subject| {
            let (_, tallies) = self.tally(*key);
            tallies.iter().any(|tally| !tally.pending.is_empty()) || self.strays(*key).next().is_some()
        };
        let waiting = self.gangs.waiting.iter().filter(|key| is_waiting(key)).copied().collect();
        self.gangs.waiting = waiting;
    }

    /// Tells the pods of a group that wait why they do.
    fn tell_gang(&mut self, key: Subject, message: &str) {
        let message = self.names.intern(message);
        let (_, tallies) = self.tally(key);
        let pods: Vec<PodId> = tallies.into_iter().flat_map(|tally| tally.pending).chain(self.strays(key)).collect();
        let gang = &self.gangs.groups[&key];
        let last = gang.last.map(Cause::Entry);
        let mut group_cause = None;
        if gang.message != message {
            // A group whose minimum is placed goes on: only its other pods wait.
            if let Some(last) = last.filter(|_| !gang.status.placed) {
                group_cause = Some(self.note_group(key, "Unschedulable", Why::symbol(message), last));
            }
            if let Some(gang) = self.gangs.groups.get_mut(&key) {
                gang.message = message;
            }
        }
        for pod in pods {
            if self.pod(pod).message != message {
                self.pod_mut(pod).message = message;
                let cause = group_cause.unwrap_or_else(|| self.pod_cause(pod));
                let cause = self.note_pod(pod, "Unschedulable", Why::symbol(message), cause);
                self.touch_pod(pod, cause);
                self.room_changed();
            }
        }
    }

    /// Pods of a group that wait and are of no part of it.
    fn strays(&self, key: Subject) -> impl Iterator<Item = PodId> {
        let gang = &self.gangs.groups[&key];
        let tree = Tree::of(gang.spec.as_ref());
        let is_stray = |id: &PodId| {
            let (pod, source) = (self.pod(*id), &self.set(self.pod(*id).set).source);
            let subgroup = source.gang.as_ref().map_or("", |member| member.subgroup.as_str());
            pod.is_active() && pod.node.is_none() && !self.is_gated(*id) && tree.leaf(subgroup).is_none()
        };
        gang.pods.iter().copied().filter(is_stray).collect::<Vec<_>>().into_iter()
    }

    /// The priority of a group: that of its class, of its only pod, or as the scheduler has it.
    pub(super) fn priority_of_gang(&self, key: Subject, profile: &BatchProfile) -> i32 {
        let gang = &self.gangs.groups[&key];
        let defaults = self.scheduling.classes.values().filter(|class| class.is_default);
        let default = defaults.map(|class| class.value).min().unwrap_or(profile.default_priority);
        match (&gang.spec, gang.pods.first()) {
            (Some(spec), _) if spec.priority_class.is_empty() => default,
            (Some(spec), _) => self.value_of_class(&spec.priority_class).unwrap_or(default),
            (None, Some(pod)) => {
                let source = &self.set(self.pod(*pod).set).source;
                let own = self.templates.get(template_of(self, *pod)).priority;
                if source.priority_class.is_empty() && own == 0 { default } else { own }
            }
            (None, None) => default,
        }
    }
}

impl Session<'_> {
    fn run(&mut self) {
        let mut queue: BTreeSet<Rank> = BTreeSet::new();
        let mut left = self.left_over();
        let keys: Vec<Subject> = self.groups.keys().copied().collect();
        for key in keys {
            if let Some(why) = self.refusal(key) {
                self.decisions.told.push((key, why));
            } else {
                queue.insert(self.rank(key));
            }
        }
        let mut unplaced = Vec::new();
        while let Some(rank) = queue.pop_first() {
            let key = rank.3;
            if !self.admit(key, left.as_mut()) {
                self.decisions.told.push((key, "resource in cluster is overused".to_owned()));
                continue;
            }
            match self.place(key) {
                Ok(Some(true)) => {
                    queue.insert(self.rank(key));
                }
                Ok(_) => {}
                Err(failure) => unplaced.push((rank, failure)),
            }
        }
        for (rank, failure) in unplaced {
            let helped = self.profile.preempts && preempt::run(self, rank);
            if !helped {
                let message = self.message(rank.3, &failure);
                self.decisions.told.push((rank.3, message));
            }
        }
    }

    /// Why a group is not looked at, if it is not.
    fn refusal(&self, key: Subject) -> Option<String> {
        let (tree, tallies) = &self.groups[&key];
        let gang = &self.cluster.gangs.groups[&key];
        if gang.spec.is_none() && key.kind == Kind::PodGroup {
            return Some(format!("pod group {:?} not found", self.cluster.names.show(key.name)));
        }
        if let Some(stray) = self.cluster.strays(key).next()
            && tallies.iter().all(|tally| tally.pending.is_empty())
        {
            let source = &self.cluster.set(self.cluster.pod(stray).set).source;
            let subgroup = source.gang.as_ref().map_or("", |member| member.subgroup.as_str());
            let group = self.cluster.names.show(key.name);
            return Some(format!("Pod references subgroup {subgroup:?}, which does not exist in PodGroup {group}"));
        }
        let ready = tree.is_ready(tallies, ROOT);
        (!ready).then(|| words::not_ready(self.profile.scheduler, tree, tallies))
    }

    pub fn rank(&self, key: Subject) -> Rank {
        let (tree, tallies) = &self.groups[&key];
        let priority = self.cluster.priority_of_gang(key, self.profile);
        let leaves = tree.leaves_below(ROOT);
        let (placed, min) =
            leaves.iter().fold((0, 0), |sum, leaf| (sum.0 + tallies[*leaf].placed, sum.1 + tree.0[*leaf].min));
        let elastic = match tree.is_placed(tallies, ROOT) {
            false => 0,
            true if placed <= min => 1,
            true => 2,
        };
        (Reverse(priority), elastic, self.cluster.gangs.groups[&key].order, key)
    }

    /// Places what is to be placed next of a group. `Some(true)`: there may be more of it.
    fn place(&mut self, key: Subject) -> Result<Option<bool>, Failure> {
        let Some((tree, mut tallies)) = self.groups.remove(&key) else { return Ok(None) };
        let pods = tree.next(&tallies, ROOT);
        if pods.is_empty() {
            self.groups.insert(key, (tree, tallies));
            return Ok(None);
        }
        let signature = self.signature(key, &tree, &pods);
        if let Some(failure) = signature.as_ref().and_then(|one| self.failed.get(one)) {
            let failure = failure.clone();
            self.groups.insert(key, (tree, tallies));
            return Err(failure);
        }
        let mark = self.ledger.mark();
        let attempt = Attempt { scheduler: self.profile.scheduler, key, tree: &tree, tallies: &tallies, pods: &pods };
        let outcome = attempt.run(self.cluster, &mut self.ledger);
        let result = match outcome {
            Ok(waits) => {
                self.take(mark, waits, &pods, &mut tallies);
                Ok(Some(!waits))
            }
            Err(failure) => {
                if let Some(signature) = signature {
                    self.failed.insert(signature, failure.clone());
                }
                Err(failure)
            }
        };
        self.groups.insert(key, (tree, tallies));
        result
    }

    /// Notes what was placed: pods that wait for others to leave keep their place on the ledger and get no node yet.
    fn take(&mut self, mark: usize, all_wait: bool, pods: &[(PodId, usize)], tallies: &mut [Tally]) {
        for placement in self.ledger.placed_since(mark) {
            let Some((pod, leaf)) = pods.iter().find(|(pod, _)| *pod == placement.pod) else { continue };
            tallies[*leaf].pending.retain(|one| one != pod);
            if !all_wait && !placement.waits {
                tallies[*leaf].placed += 1;
                self.decisions.bind.push((*pod, placement.node));
            }
        }
    }

    /// What a group has in common with others that fail as it does; `None`: it is like no other.
    fn signature(&self, key: Subject, tree: &Tree, pods: &[(PodId, usize)]) -> Option<Signature> {
        let templates = &self.cluster.templates;
        let is_plain = |pod: PodId| {
            !self.cluster.has_claims(pod) && templates.get(template_of(self.cluster, pod)).company.is_plain()
        };
        let status = self.cluster.gangs.groups[&key].status;
        if status.scheduled > 0 || templates.count_others() || !pods.iter().all(|(pod, _)| is_plain(*pod)) {
            return None;
        }
        let forms = pods.iter().map(|(pod, leaf)| (*leaf, templates.form(template_of(self.cluster, *pod))));
        Some((forms.collect(), tree.0.iter().map(|part| (part.min, part.topology.clone())).collect()))
    }

    /// What may be promised to groups that are admitted, where a scheduler admits them.
    fn left_over(&self) -> Option<Amounts> {
        let percent = self.profile.overcommit_percent?;
        let (mut all, mut used) = (Amounts::default(), Amounts::default());
        for (_, node) in self.cluster.nodes.in_order() {
            all.add(&node.allocatable);
            used.add(&node.requested);
        }
        let grown = |amount: u64| (u128::from(amount) * u128::from(percent) / 100) as u64;
        (all.cpu_milli, all.memory_bytes) = (grown(all.cpu_milli), grown(all.memory_bytes));
        for (_, count) in &mut all.extended {
            *count = grown(*count);
        }
        all.take(&used);
        for gang in self.cluster.gangs.groups.values().filter(|gang| gang.is_admitted && !gang.status.placed) {
            if let Some(spec) = &gang.spec {
                all.take(&self.amounts(&spec.min_resources));
            }
        }
        Some(all)
    }

    /// True if a group may be looked at; one that is new is admitted if what it needs at least is left.
    fn admit(&mut self, key: Subject, left: Option<&mut Amounts>) -> bool {
        let gang = &self.cluster.gangs.groups[&key];
        let (Some(left), Some(spec), false) = (left, &gang.spec, gang.is_admitted) else { return true };
        if self.decisions.admitted.contains(&key) {
            return true;
        }
        let asked = self.amounts(&spec.min_resources);
        let fits = asked.cpu_milli <= left.cpu_milli
            && asked.memory_bytes <= left.memory_bytes
            && asked.extended.iter().all(|(resource, count)| *count <= left.extended(*resource));
        if fits {
            left.take(&asked);
            self.decisions.admitted.push(key);
        }
        fits
    }

    /// The amounts, of resources that some pod or node has named before: of others there is nothing anyway.
    fn amounts(&self, resources: &crate::workload::Resources) -> Amounts {
        let mut amounts =
            Amounts { cpu_milli: resources.cpu_milli, memory_bytes: resources.memory_bytes, ..Amounts::default() };
        for (name, count) in &resources.extended {
            let symbol = self.cluster.names.find(name).unwrap_or(Symbol::EMPTY);
            amounts.set_extended(symbol, *count);
        }
        amounts
    }

    fn message(&self, key: Subject, failure: &Failure) -> String {
        let (tree, tallies) = &self.groups[&key];
        match self.profile.scheduler {
            BatchScheduler::Kai => failure.message.clone(),
            BatchScheduler::Volcano => words::unschedulable(tree, tallies, &failure.message),
        }
    }
}
