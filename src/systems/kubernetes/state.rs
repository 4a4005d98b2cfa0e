//! What the controller remembers: the objects of its set, and where the set is in its life.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::health::Health;
use super::manifest::Manifest;
use crate::kernel::Time;
use crate::systems::argorollouts::Rollout;
use crate::systems::leaderworkerset::{LeaderWorkerSet, Profile};
use crate::timeline::{Cause, Subject};
use crate::workload::{AskId, PodTemplate, RolloutSpec, World};

/// Where a set of manifests is in its life.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum State {
    /// It was handed to the API.
    Submitted,
    /// Something of it is on its way.
    Progressing,
    /// All of it is as it should be.
    Ready,
    /// All of it has ended well.
    Complete,
    /// It was ready, and something of it no longer is.
    Degraded,
    /// Something of it failed or was refused.
    Failed,
    /// All of it was refused.
    Rejected,
    /// It is being deleted.
    Deleting,
    /// Nothing of it is left.
    Deleted,
}

impl State {
    /// The state as the timeline has it.
    pub const fn text(self) -> &'static str {
        match self {
            State::Submitted => "submitted",
            State::Progressing => "progressing",
            State::Ready => "ready",
            State::Complete => "complete",
            State::Degraded => "degraded",
            State::Failed => "failed",
            State::Rejected => "rejected",
            State::Deleting => "deleting",
            State::Deleted => "deleted",
        }
    }
}

/// Timers with this token and those above it are the Rollouts'; those below it are for objects that are asked for again.
pub const ROLLOUT_TIMERS: u64 = 1 << 32;

/// Where an object is in its life.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Life {
    /// The API was asked to make or change it.
    Asked,
    /// It is there.
    There,
    /// The API refused it.
    Refused,
    /// The API was asked to delete it.
    Deleting,
    /// It was deleted by nobody who may: a pod that was killed, preempted or evicted. It is missed.
    Lost,
    /// It had ended, and was collected since: how it ended stands.
    Collected,
    /// It is gone, or was never there.
    Gone,
}

impl Life {
    /// True while the API has it, or is to have it.
    pub const fn is_held(self) -> bool {
        matches!(self, Life::Asked | Life::There | Life::Refused)
    }
}

/// A template that a workload once had.
#[derive(Clone, Debug)]
pub struct Revision {
    /// Its number, from 1; a template that comes again takes the next.
    pub number: u32,
    /// The template.
    pub template: Arc<PodTemplate>,
    /// The restart that made it, if one did.
    pub restarted: Option<u64>,
}

/// What a set wants of an object.
#[derive(Clone, Debug)]
pub struct Wanted {
    applied: Arc<Manifest>,
    live: Arc<Manifest>,
    revisions: Vec<Revision>,
    restarted: Option<u64>,
}

/// An ask that is not answered yet.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The position of the object that it is about.
    pub position: usize,
    /// What was asked for; `None`: that it goes.
    pub wanted: Option<Wanted>,
}

/// An object of the set.
#[derive(Clone, Debug)]
pub struct Held {
    /// What it is called in the run.
    pub subject: Subject,
    /// As the last document that was applied has it.
    pub applied: Arc<Manifest>,
    /// As it is wanted now: with what was scaled, paused or restarted since.
    pub live: Arc<Manifest>,
    /// What the API last took, which is what stays if it takes nothing else; `None` before it took anything.
    pub accepted: Option<Wanted>,
    /// True if a document asks for what is asked for, and not a command as `kubectl scale`.
    pub by_document: bool,
    /// True if the API has refused what the last document says, and the object is there as it was.
    pub is_outdated: bool,
    /// Where it is in its life.
    pub life: Life,
    /// How it fared when it was last looked at.
    pub health: Health,
    /// True if it was there before it was asked for last: a LeaderWorkerSet that somebody else made has its controller elsewhere.
    pub was_there: bool,
    /// True if its controller has learned of what is asked for already.
    pub controlled: bool,
    /// True if a watch has shown a change of it whose ask is not answered yet.
    pub shown_early: bool,
    /// True once it was observed.
    pub seen: bool,
    /// Pods that were available when it was last ready.
    pub settled: u32,
    /// True if it has lost pods since: fewer are available than then, and than are wanted.
    pub is_short: bool,
    /// Templates that it has had, oldest first.
    pub revisions: Vec<Revision>,
    /// The restart that its template carries.
    pub restarted: Option<u64>,
    /// How often the API could not do what it was asked.
    pub tries: u32,
}

impl Held {
    /// What is wanted of it now.
    pub fn wanted(&self) -> Wanted {
        let (applied, live) = (Arc::clone(&self.applied), Arc::clone(&self.live));
        Wanted { applied, live, revisions: self.revisions.clone(), restarted: self.restarted }
    }

    /// It stays as the API last took it.
    pub fn stay(&mut self, accepted: Wanted) {
        (self.applied, self.live) = (accepted.applied, accepted.live);
        (self.revisions, self.restarted) = (accepted.revisions, accepted.restarted);
    }
}

/// What the controller remembers.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    /// The set itself, once it was submitted.
    pub subject: Option<Subject>,
    /// Its objects, in the order in which they were applied.
    pub objects: Vec<Held>,
    /// The position of each object.
    pub positions: BTreeMap<Subject, usize>,
    /// What each ask is about.
    pub asks: BTreeMap<AskId, Asked>,
    /// Where the set is in its life.
    pub state: Option<State>,
    /// When that began, and what led to it.
    pub since: Option<(Time, Cause)>,
    /// True once all was ready and nothing was asked for since.
    pub settled: bool,
    /// True once the set is to be deleted.
    pub removing: bool,
    /// Objects that were refused before the API was asked.
    pub refused: usize,
    /// The controllers of its LeaderWorkerSets, which are no part of Kubernetes itself.
    pub group_sets: Vec<LeaderWorkerSet>,
    /// The release of these.
    pub group_profile: Profile,
    /// The controllers of its Rollouts, likewise.
    pub rollouts: Vec<Rollout>,
}

impl Memory {
    /// A LeaderWorkerSet was applied: its controller makes it so. One of a name that was deleted begins anew; one that was there
    /// already has its controller elsewhere.
    pub fn control_groups(
        &mut self,
        key: Subject,
        serves: Subject,
        was_there: bool,
        cause: Cause,
        world: &mut dyn World,
    ) {
        self.group_sets.retain(|set| set.key() != key || !set.is_deleted());
        let Some(spec) = world.group_set(key) else { return };
        match self.group_sets.iter_mut().find(|set| set.key() == key) {
            Some(set) => set.change(spec, cause, world),
            None if was_there => {}
            None => {
                let set = LeaderWorkerSet::create_as(self.group_profile, (key, serves), spec, cause, world);
                self.group_sets.push(set);
            }
        }
    }

    /// Somebody else, as an autoscaler, may have written a LeaderWorkerSet: its controller follows.
    pub fn follow_groups(&mut self, key: Subject, cause: Cause, world: &mut dyn World) {
        if let Some(set) = self.group_sets.iter_mut().find(|set| set.key() == key) {
            match world.group_set(key) {
                Some(spec) => set.change(spec, cause, world),
                None => set.delete(cause, world),
            }
        }
    }

    /// A Rollout was applied, likewise. Its timers are told apart by its place.
    pub fn control_rollout(
        &mut self,
        key: Subject,
        serves: Subject,
        spec: RolloutSpec,
        cause: Cause,
        world: &mut dyn World,
    ) {
        match self.rollouts.iter_mut().find(|rollout| rollout.key() == key && !rollout.is_deleted()) {
            Some(rollout) => rollout.change(spec, cause, world),
            None => {
                let token = ROLLOUT_TIMERS + self.rollouts.len() as u64;
                self.rollouts.push(Rollout::create(key, serves, spec, token, cause, world));
            }
        }
    }

    /// The controller of a Rollout that is there.
    pub fn rollout_mut(&mut self, key: Subject) -> Option<&mut Rollout> {
        self.rollouts.iter_mut().find(|rollout| rollout.key() == key && !rollout.is_deleted())
    }

    /// The same, to be read.
    pub fn rollout(&self, key: Subject) -> Option<&Rollout> {
        self.rollouts.iter().find(|rollout| rollout.key() == key && !rollout.is_deleted())
    }

    /// True while an ask about the object at this position is not answered.
    pub fn is_asking(&self, position: usize) -> bool {
        self.asks.values().any(|asked| asked.position == position)
    }

    /// The object of this subject, unless it is gone.
    pub fn held(&self, subject: Subject) -> Option<usize> {
        let position = *self.positions.get(&subject)?;
        self.objects[position].life.is_held().then_some(position)
    }
}
