//! How many replicas the old generations and the new one of a worker component want at one look, while the workers of a graph are
//! rolled over. Which old generation gives up its share is `generations`'; who writes the figures is `graph`'s.
//!
//! Source: ai-dynamo/dynamo, deploy/operator/internal/controller/dgd_worker_rollout_reconciler.go, buildRollingUpdateContext and
//! resolveRollingUpdateParams; the planner before pull request 8823 in dynamographdeployment_rollingupdate.go of the same folder.

use crate::workload::strategy::IntOrPercent;

/// What annotations say where a component has none: `25%` for both bounds.
const DEFAULT: &str = "25%";

/// What the generations of one side have together.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Replicas {
    /// Pods that their specs want.
    pub spec: u32,
    /// Pods that are there and not terminating, as their statuses have it.
    pub actual: u32,
    /// Pods that have been ready for long enough.
    pub available: u32,
    /// Pods that are ready.
    pub ready: u32,
}

impl Replicas {
    /// Both together.
    pub const fn plus(self, other: Replicas) -> Replicas {
        Replicas {
            spec: self.spec + other.spec,
            actual: self.actual + other.actual,
            available: self.available + other.available,
            ready: self.ready + other.ready,
        }
    }
}

/// How far a rollout may go above and below the wanted number.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Bounds {
    /// Pods above the wanted number.
    pub surge: u32,
    /// Pods that may be missing.
    pub unavailable: u32,
}

impl Bounds {
    /// The bounds that the annotations of a component say. A text that is neither a number nor a percentage counts as 0, because
    /// the operator drops the error. Where both come to nothing, one pod comes before one goes.
    pub fn of(surge: Option<&str>, unavailable: Option<&str>, desired: u32) -> Bounds {
        let said = |text: Option<&str>| parse(text.filter(|text| !text.is_empty()).unwrap_or(DEFAULT));
        let surge = said(surge).map_or(0, |bound| bound.rounded_up(desired));
        let unavailable = said(unavailable).map_or(0, |bound| bound.rounded_down(desired));
        match (surge, unavailable) {
            (0, 0) => Bounds { surge: 1, unavailable: 0 },
            (surge, unavailable) => Bounds { surge, unavailable },
        }
    }
}

/// `3`, `25%`. Kubernetes v1.36.3, apimachinery/pkg/util/intstr/intstr.go, Parse and getIntOrPercentValueSafely.
fn parse(text: &str) -> Option<IntOrPercent> {
    match text.strip_suffix('%') {
        Some(percent) => percent.parse().ok().map(IntOrPercent::Percent),
        None => text.parse().ok().map(IntOrPercent::Int),
    }
}

/// What both sides should want.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Targets {
    /// The old generations together.
    pub old: u32,
    /// The new one.
    pub new: u32,
}

/// The targets of a rolling update. Both are worked out from the same look, so that they can be one step behind each other.
pub fn rolling(desired: u32, bounds: Bounds, old: Replicas, new: Replicas) -> Targets {
    let least = i64::from(desired) - i64::from(bounds.unavailable);
    let (old_spec, new_spec) = (i64::from(old.spec), i64::from(new.spec));
    let new_missing = (new_spec - i64::from(new.available)).max(0);
    let may_go = (old_spec + new_spec - least - new_missing).max(0);
    let old_unhealthy = (old_spec - i64::from(old.available)).max(0);
    let surplus = (i64::from(old.available) + i64::from(new.available) - least).max(0);
    let old_target = (old_spec - may_go.min(old_unhealthy + surplus)).max(0);
    let may_come = (i64::from(desired) + i64::from(bounds.surge) - old_spec - new_spec).max(0);
    let new_target = i64::from(desired).min(new_spec + may_come);
    Targets { old: count(old_target), new: count(new_target) }
}

/// The targets as they were before pull request 8823: what the new generation has ready is taken off the old ones, and that these
/// are well is believed without a look.
pub fn trusting_the_old(desired: u32, bounds: Bounds, new: Replicas) -> Targets {
    let desired = i64::from(desired);
    let old = (desired - i64::from(new.ready) - i64::from(bounds.unavailable)).max(0);
    let wanted = (desired + i64::from(bounds.surge) - old).clamp(0, desired);
    Targets { old: count(old), new: count(wanted) }
}

/// The targets of a recreation: the old go first, and nothing new comes until the last of their pods has ended.
pub const fn recreate(desired: u32, is_drained: bool) -> Targets {
    Targets { old: 0, new: if is_drained { desired } else { 0 } }
}

fn count(target: i64) -> u32 {
    u32::try_from(target.max(0)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lets every pod that is wanted come up at once, as long as there is room for it, and looks again until nothing changes.
    fn rollout(desired: u32, room: u32) -> Vec<(u32, u32)> {
        let well = |spec: u32| Replicas { spec, actual: spec, available: spec, ready: spec };
        let (mut old, mut new) = (well(desired), well(0));
        let mut course = vec![(desired, 0)];
        for _ in 0..100 {
            let bounds = Bounds::of(None, None, desired);
            let targets = rolling(desired, bounds, old, new);
            old = well(targets.old);
            let up = targets.new.min(room.saturating_sub(targets.old));
            new = Replicas { spec: targets.new, actual: targets.new, available: up, ready: up };
            if course.last() == Some(&(old.spec, new.available)) {
                break;
            }
            course.push((old.spec, new.available));
        }
        course
    }

    #[test]
    fn without_spare_room_few_replicas_stall_and_more_converge() {
        for desired in [1, 2, 3] {
            assert_eq!(rollout(desired, desired).last(), Some(&(desired, 0)), "{desired} replicas");
        }
        for desired in [4, 8] {
            assert_eq!(rollout(desired, desired).last(), Some(&(0, desired)), "{desired} replicas");
        }
        // With room for one more each of them converges.
        for desired in [1, 2, 3] {
            assert_eq!(rollout(desired, desired + 1).last(), Some(&(0, desired)), "{desired} replicas and room");
        }
    }

    #[test]
    fn bounds_are_read_as_the_operator_reads_them() {
        assert_eq!(Bounds::of(None, None, 3), Bounds { surge: 1, unavailable: 0 });
        assert_eq!(Bounds::of(Some("0"), Some("0"), 3), Bounds { surge: 1, unavailable: 0 });
        assert_eq!(Bounds::of(Some("0"), Some("1"), 3), Bounds { surge: 0, unavailable: 1 });
        assert_eq!(Bounds::of(Some("100%"), Some("34%"), 6), Bounds { surge: 6, unavailable: 2 });
        assert_eq!(Bounds::of(Some("much"), Some("2"), 6), Bounds { surge: 0, unavailable: 2 });
        assert_eq!(Bounds::of(Some(""), Some(""), 8), Bounds { surge: 2, unavailable: 2 });
    }

    #[test]
    fn old_pods_that_are_not_well_are_no_longer_counted_as_serving() {
        let old = Replicas { spec: 10, actual: 10, available: 2, ready: 2 };
        let new = Replicas { spec: 3, actual: 3, available: 3, ready: 3 };
        let bounds = Bounds::of(None, None, 10);
        assert_eq!(trusting_the_old(10, bounds, new), Targets { old: 5, new: 8 });
        // Five serve, eight must: what goes is what does not serve.
        assert_eq!(rolling(10, bounds, old, new), Targets { old: 5, new: 3 });
    }

    /// What pull request 8823 changed is how many new workers are wanted: of the old ones as many go as before, in every state of a graph of
    /// six, whatever the bounds. Where new ones were lost, those that start in their place are no longer taken away.
    #[test]
    fn the_old_planner_differs_in_what_it_wants_of_the_new() {
        let bounds = [(1, 1), (2, 2), (0, 1), (1, 0)].map(|(surge, unavailable)| Bounds { surge, unavailable });
        let states = |most: u32| (0..=most).flat_map(move |spec| (0..=spec).map(move |well| (spec, well)));
        let of = |(spec, well)| Replicas { spec, actual: spec, available: well, ready: well };
        let mut taken = 0;
        for bounds in bounds {
            // A rollout keeps both sides together at the most that the bounds allow.
            for (old, new) in states(6).flat_map(|old| states(6).map(move |new| (old, new))) {
                if old.0 + new.0 != 6 + bounds.surge {
                    continue;
                }
                let (now, before) = (rolling(6, bounds, of(old), of(new)), trusting_the_old(6, bounds, of(new)));
                assert_eq!(now.old, before.old.min(old.0), "{bounds:?} {old:?} {new:?}");
                assert!(now.new >= new.0, "{bounds:?} {old:?} {new:?}");
                taken += u32::from(before.new < new.0);
            }
        }
        assert!(taken > 100, "{taken}");
        // One old worker is left of seven, and all were lost: two of six may go on.
        let lost = trusting_the_old(6, Bounds { surge: 1, unavailable: 1 }, of((6, 0)));
        assert_eq!(lost, Targets { old: 5, new: 2 });
    }

    #[test]
    fn a_recreation_waits_for_the_last_old_pod() {
        assert_eq!(recreate(3, false), Targets { old: 0, new: 0 });
        assert_eq!(recreate(3, true), Targets { old: 0, new: 3 });
    }
}
