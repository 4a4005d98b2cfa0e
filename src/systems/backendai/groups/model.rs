//! Replica groups as the database has them, which of them serves and which is rolled out, and the few changes of them that all
//! handlers share. When something changes is decided elsewhere.
//! Source: lablup/backend.ai c0032c472e, src/ai/backend/manager/models/replica_group and data/deployment/types.py.

use crate::kernel::{Name, Time};
use crate::systems::backendai::deployments::Deployments;
use crate::systems::backendai::route::{Route, RouteStatus};
use crate::timeline::{Arg, Cause, Kind, Subject, Why};
use crate::workload::World;
use crate::workload::strategy::traffic_shift::ALL;

/// The life of a group. The source knows FAILED too, and nothing that could be read ever sets it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum GroupLifecycle {
    /// A revision is being rolled out in it.
    Rolling,
    /// It runs its current revision.
    Stable,
    /// Its routes are to end.
    Draining,
    /// Nothing is left of it.
    Drained,
}

/// Whether routes are being made or drained.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Scaling {
    /// They are.
    Scaling,
    /// The last step has settled.
    Stable,
}

/// A replica group.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Group {
    /// The group.
    pub subject: Subject,
    /// Where it is in its life.
    pub lifecycle: GroupLifecycle,
    /// Whether its last step has settled.
    pub scaling: Scaling,
    /// The revision that it runs.
    pub current: Option<usize>,
    /// The revision that is rolled out in it.
    pub target: Option<usize>,
    /// Routes of the current revision that are wanted.
    pub desired_current: u32,
    /// Routes of the target revision that are wanted.
    pub desired_target: u32,
    /// Its share of the traffic, in percent, as it is stored.
    pub traffic_weight: u32,
    /// Positions of its routes among those of the deployment, oldest first.
    pub routes: Vec<usize>,
    /// The last look of the reconciler of scaling.
    pub scaled: Looks,
    /// The last look of the reconcilers of its lifecycle.
    pub lived: Looks,
}

/// Looks of reconcilers of one category that came to the same end, as one row of history.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Looks {
    /// Which reconciler looked last.
    pub phase: &'static str,
    /// Whether it found all as it is wanted.
    pub succeeded: bool,
    /// How often in a row.
    pub attempts: u32,
    /// When it first was so.
    pub since: Option<Time>,
}

/// The groups of a deployment.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Groups {
    /// All that there ever were, oldest first.
    pub list: Vec<Group>,
    /// The one that serves.
    pub primary: Option<usize>,
    /// The one that a revision is rolled out in.
    pub target: Option<usize>,
    /// True once the proxy knows the deployment: its URL is set.
    pub is_registered: bool,
}

/// Routes of one revision of a group.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Count {
    /// On their way up, or serving.
    pub live: u32,
    /// Running, and with traffic.
    pub serving: u32,
}

impl GroupLifecycle {
    /// The word of the database, which is that of the timeline.
    pub const fn text(self) -> &'static str {
        match self {
            GroupLifecycle::Rolling => "rolling",
            GroupLifecycle::Stable => "stable",
            GroupLifecycle::Draining => "draining",
            GroupLifecycle::Drained => "drained",
        }
    }
}

impl Group {
    /// The word of the timeline: a group at rest that makes or drains routes is scaling.
    pub const fn word(&self) -> &'static str {
        match (self.lifecycle, self.scaling) {
            (GroupLifecycle::Stable, Scaling::Scaling) => "scaling",
            (lifecycle, _) => lifecycle.text(),
        }
    }
}

impl Looks {
    /// One more look. What comes to the same end is one row whose time stays.
    pub fn add(&mut self, phase: &'static str, succeeded: bool, now: Time) {
        if (self.phase, self.succeeded) == (phase, succeeded) {
            self.attempts += 1;
            return;
        }
        *self = Looks { phase, succeeded, attempts: 1, since: Some(now) };
    }
}

/// True if a route is on its way up, or has traffic. One that runs and has passed no check yet is warming up.
/// Source: manager/repositories/ops/replica_group (`_live_predicate`).
pub const fn is_live(route: &Route) -> bool {
    route.is_active()
}

/// True if a route has traffic, whatever its checks say now: it keeps it until it is evicted.
/// Source: the same (`_serving_predicate`).
pub fn is_serving(route: &Route) -> bool {
    route.status == RouteStatus::Running && route.takes_traffic
}

impl Deployments {
    /// Makes a group of a deployment; its traffic comes later, unless it is the first.
    pub fn add_group(&mut self, index: usize, make: impl FnOnce(&mut Group)) -> usize {
        let one = &mut self.list[index];
        let number = one.groups.list.len();
        let base = one.subject.name;
        let mut group = Group {
            subject: Subject::new(Kind::ReplicaGroup, base),
            lifecycle: GroupLifecycle::Rolling,
            scaling: Scaling::Scaling,
            current: None,
            target: None,
            desired_current: 0,
            desired_target: 0,
            traffic_weight: 0,
            routes: Vec::new(),
            scaled: Looks::default(),
            lived: Looks::default(),
        };
        make(&mut group);
        one.groups.list.push(group);
        number
    }

    /// Gives a new group its name and tells of it.
    pub fn name_group(&mut self, index: usize, group: usize, world: &mut dyn World) {
        let base = world.intern(&self.spec(index).name);
        let subject = Subject::new(Kind::ReplicaGroup, Name::numbered(base, group as u32));
        self.list[index].groups.list[group].subject = subject;
        let wants = self.wants(index, group, world);
        self.tell_group(index, group, wants, world);
    }

    /// What a group wants, as an entry tells it.
    pub fn wants(&self, index: usize, group: usize, world: &mut dyn World) -> Why {
        let one = &self.list[index].groups.list[group];
        let (current, target) = (one.current, one.target);
        let (old, new) = (count(one.desired_current), count(one.desired_target));
        match (current, target) {
            (Some(_), Some(_)) => {
                let (from, to) = (self.shown_pair(index, one.desired_current, current, world), new);
                let revision = self.shown_revision(index, target, world);
                Why::with3("wants {} and {} of {}", from, to, revision)
            }
            (Some(_), None) => Why::with2("wants {} of {}", old, self.shown_revision(index, current, world)),
            (None, Some(_)) => Why::with2("wants {} of {}", new, self.shown_revision(index, target, world)),
            (None, None) => Why::text("wants no route"),
        }
    }

    /// A number and a revision as one text.
    fn shown_pair(&self, index: usize, number: u32, revision: Option<usize>, world: &mut dyn World) -> Arg {
        let name = self.revision_name(index, revision).unwrap_or("nothing");
        Arg::Text(world.intern(&format!("{number} of {name}")))
    }

    /// Writes an entry about a group as it is now. What follows, follows from it.
    pub fn tell_group(&mut self, index: usize, group: usize, why: Why, world: &mut dyn World) {
        let one = &mut self.list[index];
        let group = &one.groups.list[group];
        one.cause = Cause::Entry(world.note(group.subject, group.word(), why, one.cause));
    }

    /// How many routes of a revision a group has.
    pub fn count_of(&self, index: usize, group: usize, revision: Option<usize>) -> Count {
        let one = &self.list[index];
        let Some(revision) = revision else { return Count::default() };
        let of_group = one.groups.list[group].routes.iter().map(|position| &one.routes[*position]);
        of_group.filter(|route| route.revision == revision).fold(Count::default(), |sum, route| Count {
            live: sum.live + u32::from(is_live(route)),
            serving: sum.serving + u32::from(is_serving(route)),
        })
    }

    /// A deployment's current revision is that of the group that serves: assumed, as what writes it could not be read.
    pub fn follow_primary(&mut self, index: usize, world: &mut dyn World) {
        let one = &mut self.list[index];
        if let Some(primary) = one.groups.primary {
            one.current = one.groups.list[primary].current.or(one.current);
        }
        self.publish_revisions(index, world);
    }

    /// The group that a deployment runs from the start, if its file names a revision: it serves all of the traffic.
    pub fn add_first_group(&mut self, index: usize, world: &mut dyn World) {
        let (current, desired) = (self.list[index].current, self.list[index].desired);
        if current.is_none() {
            return;
        }
        let group = self.add_group(index, |group| {
            group.lifecycle = GroupLifecycle::Stable;
            group.current = current;
            group.desired_current = desired;
            group.traffic_weight = ALL;
        });
        let groups = &mut self.list[index].groups;
        groups.primary = Some(group);
        groups.is_registered = true;
        self.name_group(index, group, world);
    }
}

/// An argument for a number of routes.
pub fn count(number: u32) -> Arg {
    Arg::Count(number.into())
}
