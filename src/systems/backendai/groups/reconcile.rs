//! The reconcilers of groups: one makes and drains routes until there are as many as are wanted, the others say how many are
//! wanted, each time that has settled. What they find never moves a deployment.
//! Source: lablup/backend.ai c0032c472e, manager/sokovan/deployment/group/{scaling,lifecycle}/handlers and group/stages. What a
//! bug mode brings back is the code before #12370, #13087 and #12161.

use super::model::{Count, Group, GroupLifecycle, Scaling};
use crate::systems::backendai::deployments::Deployments;
use crate::systems::backendai::handler::Outcome;
use crate::systems::backendai::policy::{Budget, Policy};
use crate::systems::backendai::profile::BugMode;
use crate::systems::backendai::route::RouteStatus;
use crate::timeline::Why;
use crate::workload::World;
use crate::workload::strategy::group_rolling::{self, Rolling};

/// Groups of a deployment in this state.
fn at(deployments: &Deployments, index: usize, holds: impl Fn(&Group) -> bool) -> Vec<usize> {
    let groups = deployments.list[index].groups.list.iter().enumerate();
    groups.filter(|(_, group)| holds(group)).map(|(position, _)| position).collect()
}

/// Makes routes that are missing and drains those that are too many, until the numbers are right.
pub fn scaling(deployments: &mut Deployments, index: usize, world: &mut dyn World) -> Outcome {
    for group in at(deployments, index, |group| group.scaling == Scaling::Scaling) {
        let row = &deployments.list[index].groups.list[group];
        let (current, target) = (row.current, row.target);
        let (desired_current, desired_target) = (row.desired_current, row.desired_target);
        let old = deployments.count_of(index, group, current);
        let new = deployments.count_of(index, group, target);
        if let Some(revision) = current {
            // The old side of a rollout is never refilled: what it lost makes room for the new one.
            let refills = target.is_none() || deployments.options.has(BugMode::OldMustServe);
            adjust(
                deployments,
                index,
                group,
                Side { revision, desired: desired_current, live: old.live, refills },
                world,
            );
        }
        if let Some(revision) = target {
            let side = Side { revision, desired: desired_target, live: new.live, refills: true };
            adjust(deployments, index, group, side, world);
        }
        let matches = old_side_matches(deployments, target.is_some(), desired_current, old)
            && new.live == desired_target
            && new.serving == desired_target;
        let now = world.now();
        let row = &mut deployments.list[index].groups.list[group];
        row.scaled.add("scaling_reconcile", matches, now);
        if matches {
            row.scaling = Scaling::Stable;
            // What a rollout settles on is told by its next step.
            if row.lifecycle == GroupLifecycle::Stable {
                deployments.tell_group(index, group, Why::text("its numbers are as wanted"), world);
            }
        }
    }
    Outcome::Skipped
}

/// True if the routes of the current revision are as wanted. They need not serve, which a bug mode demands.
fn old_side_matches(deployments: &Deployments, rolls_out: bool, desired: u32, old: Count) -> bool {
    let must_serve = if rolls_out { BugMode::OldMustServe } else { BugMode::ScalingMustServe };
    if deployments.options.has(must_serve) {
        return old.live == desired && old.serving == desired;
    }
    if rolls_out { old.live <= desired } else { old.live == desired }
}

/// Routes of one revision of a group.
struct Side {
    revision: usize,
    desired: u32,
    live: u32,
    /// Whether what is missing is made.
    refills: bool,
}

/// Makes what is missing of one revision, or drains what is too much: what serves least goes first, then the oldest.
fn adjust(deployments: &mut Deployments, index: usize, group: usize, side: Side, world: &mut dyn World) {
    let Side { revision, desired, live, refills } = side;
    if live < desired && refills {
        let first = deployments.list[index].routes.len();
        deployments.create_routes(index, revision, desired - live, false, world);
        let made = first..deployments.list[index].routes.len();
        deployments.list[index].groups.list[group].routes.extend(made);
    }
    let one = &deployments.list[index];
    let of_side = one.groups.list[group].routes.iter().copied();
    let mut surplus: Vec<usize> =
        of_side.filter(|route| one.routes[*route].is_active() && one.routes[*route].revision == revision).collect();
    surplus.sort_by_key(|route| {
        let route = &one.routes[*route];
        let runs = route.status == RouteStatus::Running && route.takes_traffic;
        (runs, runs.then_some(route.health))
    });
    surplus.truncate(live.saturating_sub(desired) as usize);
    for route in surplus {
        let cause = deployments.list[index].cause;
        deployments.drain(index, route, Why::text("its group wants fewer"), cause, world);
    }
}

/// Takes the next step of a rollout within a group, once the last one has settled.
pub fn rolling(deployments: &mut Deployments, index: usize, world: &mut dyn World) -> Outcome {
    let due = |group: &Group| (group.lifecycle, group.scaling) == (GroupLifecycle::Rolling, Scaling::Stable);
    for group in at(deployments, index, due) {
        let row = &deployments.list[index].groups.list[group];
        let goal = deployments.list[index].desired;
        let (max_surge, max_unavailable) = bounds(deployments, index, goal);
        let live = row.current.map(|_| deployments.count_of(index, group, row.current).live);
        let now_wanted = Rolling {
            goal,
            max_surge,
            max_unavailable,
            desired_current: row.desired_current,
            desired_target: row.desired_target,
            live_current: live,
        };
        let next = match deployments.options.has(BugMode::OldMustServe) && row.current.is_some() {
            true => group_rolling::step_before_13087(now_wanted),
            false => group_rolling::step(now_wanted),
        };
        let now = world.now();
        let row = &mut deployments.list[index].groups.list[group];
        row.lived.add("group_rolling", next.completed, now);
        let before = (row.desired_current, row.desired_target);
        (row.desired_current, row.desired_target) = (next.current, next.target);
        if next.completed {
            row.lifecycle = GroupLifecycle::Stable;
            row.current = row.target.take().or(row.current);
            deployments.follow_primary(index, world);
        } else {
            row.scaling = Scaling::Scaling;
        }
        let is_news = next.completed || before != (next.current, next.target);
        if is_news {
            let wants = deployments.wants(index, group, world);
            deployments.tell_group(index, group, wants, world);
        }
    }
    Outcome::Skipped
}

/// How many routes more and fewer there may be, as the policy was when the group was made. A group of a rollout's own wants
/// all from the start, and has no bounds.
fn bounds(deployments: &Deployments, index: usize, goal: u32) -> (u32, u32) {
    let up = |budget: &Budget| budget.rounded_up(goal);
    match &deployments.spec(index).policy {
        Some(Policy::Rolling { max_surge, max_unavailable }) => (up(max_surge), max_unavailable.rounded_down(goal)),
        _ => (0, 0),
    }
}

/// Wants no route of a group any more, and ends it once none is left.
pub fn draining(deployments: &mut Deployments, index: usize, world: &mut dyn World) -> Outcome {
    let due = |group: &Group| (group.lifecycle, group.scaling) == (GroupLifecycle::Draining, Scaling::Stable);
    for group in at(deployments, index, due) {
        let now = world.now();
        let row = &mut deployments.list[index].groups.list[group];
        let drained = row.desired_current == 0 && row.desired_target == 0;
        row.lived.add("group_draining", drained, now);
        if drained {
            row.lifecycle = GroupLifecycle::Drained;
            (row.current, row.target) = (None, None);
            deployments.tell_group(index, group, Why::text("no route is left"), world);
        } else {
            (row.desired_current, row.desired_target) = (0, 0);
            row.scaling = Scaling::Scaling;
            let wants = deployments.wants(index, group, world);
            deployments.tell_group(index, group, wants, world);
        }
    }
    Outcome::Skipped
}

/// Why a group at rest has to scale again, if it has.
fn drift(deployments: &Deployments, index: usize, group: usize) -> Option<&'static str> {
    let one = &deployments.list[index];
    let row = &one.groups.list[group];
    if (row.lifecycle, row.scaling) != (GroupLifecycle::Stable, Scaling::Stable) {
        return None;
    }
    if row.desired_current != one.desired {
        return Some("its deployment wants another number");
    }
    let live = deployments.count_of(index, group, row.current).live;
    let differs = row.current.is_some() && live != one.desired;
    (differs && !deployments.options.has(BugMode::DriftIgnored)).then_some("routes have come or gone")
}

/// True if a deployment has a group at rest that has to scale again.
pub fn has_drifted(deployments: &Deployments, index: usize) -> bool {
    (0..deployments.list[index].groups.list.len()).any(|group| drift(deployments, index, group).is_some())
}

/// Has groups at rest scale to what their deployment wants.
pub fn autoscale(deployments: &mut Deployments, index: usize, world: &mut dyn World) -> Outcome {
    for group in 0..deployments.list[index].groups.list.len() {
        let Some(why) = drift(deployments, index, group) else { continue };
        let desired = deployments.list[index].desired;
        let now = world.now();
        let row = &mut deployments.list[index].groups.list[group];
        row.lived.add("group_autoscale", false, now);
        (row.desired_current, row.desired_target) = (desired, 0);
        row.scaling = Scaling::Scaling;
        deployments.tell_group(index, group, Why::text(why), world);
    }
    Outcome::Skipped
}
