//! How many new and how many stable pods a canary has, by its weight and within what may be added and missing.
//! Source: argo-rollouts v1.10.1, utils/replicaset/canary.go (CalculateReplicaCountsForBasicCanary and what it calls) and
//! utils/replicaset/replicaset.go (MaxSurge, MaxUnavailable).

use super::arithmetic::{Share, closest, is_tied};
use super::pass::Pass;
use crate::workload::IntOrPercent;
use crate::workload::rollout::{CanaryStep, RolloutStrategy};
use crate::workload::strategy::Bounds;

/// A ReplicaSet as the arithmetic sees it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Size {
    /// Pods that it should have.
    pub replicas: u32,
    /// Pods that are available.
    pub available: u32,
}

impl Size {
    /// Pods that count when others are to go (`GetReplicasForScaleDown`).
    const fn counts(self, whatever_available: bool) -> u32 {
        if self.replicas < self.available || whatever_available { self.replicas } else { self.available }
    }
}

/// New and stable pods that come closest to a weight (`approximateWeightedCanaryStableReplicaCounts`).
pub fn approximate(replicas: u32, weight: u32, surge: u32) -> (u32, u32) {
    if replicas == 0 {
        return (0, 0);
    }
    let product = u64::from(replicas) * u64::from(weight);
    let (up, down) = (product.div_ceil(100) as u32, (product / 100) as u32);
    // A weight between the ends has a pod of each, where there are two.
    let may_be_none = weight == 100 || weight == 0 || (replicas == 1 && surge == 0);
    let mut shares: Vec<Share> = Vec::new();
    if up < replicas || may_be_none {
        shares.push((up, replicas));
    }
    if !is_tied(weight, replicas) && (down != 0 || may_be_none) {
        shares.push((down, replicas));
    }
    if surge > 0 {
        shares.push((up, replicas + 1));
        if !is_tied(weight, replicas + 1) && (down != 0 || may_be_none) {
            shares.push((down, replicas + 1));
        }
    }
    closest(weight, &shares).map_or((0, replicas), |(new, all)| (new, all - new))
}

/// What the sizes follow from.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    /// Pods in all.
    pub replicas: u32,
    /// Hundredths that are to be new.
    pub weight: u32,
    /// Pods that may be added.
    pub surge: u32,
    /// Pods that may be missing.
    pub unavailable: u32,
}

/// The sizes of the new and the stable ReplicaSet from now on; `old` are pods that all others should have
/// (`CalculateReplicaCountsForBasicCanary`).
pub fn sizes(wanted: Wanted, new: Size, stable: Option<Size>, old: u32) -> (u32, u32) {
    let (mut new_aim, stable_aim) = approximate(wanted.replicas, wanted.weight, wanted.surge);
    if stable.is_none() {
        new_aim = wanted.replicas;
    }
    let stable_now = stable.unwrap_or_default();
    let (mut new_size, mut stable_size) = (new.replicas, stable_now.replicas);
    let most = wanted.replicas + wanted.surge;
    let mut room = most.saturating_sub(old + new.replicas + stable_now.replicas);
    if stable.is_some() && stable_now.replicas < stable_aim && room > 0 {
        let more = room.min(stable_aim - stable_now.replicas);
        stable_size += more;
        room -= more;
    }
    if new.replicas < new_aim && room > 0 {
        new_size = (new.replicas + room).min(new_aim);
    }
    if old > 0 {
        return (new_size, stable_size);
    }
    let least = wanted.replicas - wanted.unavailable.min(wanted.replicas);
    // Of those that are to go it does not matter whether they are available.
    let grows = new_aim >= new.replicas;
    let counted = new.counts(!grows) + stable_now.counts(grows);
    let Some(surplus) = counted.checked_sub(least).filter(|surplus| *surplus > 0) else {
        return (new_size, stable_size);
    };
    let shrunk = |size: Size, aim: u32, otherwise: u32| match size.replicas > aim {
        true => aim.max(size.replicas.saturating_sub(surplus)),
        false => otherwise,
    };
    if !grows {
        new_size = shrunk(new, new_aim, new_size);
        return within_limits((new, new_size), stable.map(|stable| (stable, stable_size)), stable_size, most, least);
    }
    if stable.is_some() {
        stable_size = shrunk(stable_now, stable_aim, stable_size);
        let (stable_size, new_size) =
            within_limits((stable_now, stable_size), Some((new, new_size)), new_size, most, least);
        return (new_size, stable_size);
    }
    (new_size, stable_size)
}

/// Neither too many pods nor too few (`adjustReplicaWithinLimits`): the sizes of what drains and of what is adjusted.
fn within_limits(
    (drain, mut drain_size): (Size, u32),
    adjust: Option<(Size, u32)>,
    otherwise: u32,
    most: u32,
    least: u32,
) -> (u32, u32) {
    let Some((adjust, mut size)) = adjust else { return (drain_size, otherwise) };
    let over = |size: u32, drain_size: u32| (size + drain_size).saturating_sub(most);
    let available = drain.available.min(drain_size);
    size = size.saturating_sub(over(size, drain_size));
    let available = available + adjust.available.min(size);
    let lost = adjust.available.saturating_sub(size);
    size += lost.min(least.saturating_sub(available));
    drain_size = drain_size.saturating_sub(over(size, drain_size));
    (drain_size, size)
}

impl Pass<'_> {
    /// Pods that a canary may have beyond the wanted number, and pods that may be missing.
    fn canary_bounds(&self) -> Bounds {
        self.canary_spec().map_or(Bounds::NONE, |strategy| {
            Bounds::of(strategy.max_surge, strategy.max_unavailable, self.ro.spec.replicas)
        })
    }

    /// Pods that may be missing (`MaxUnavailable`).
    pub fn max_unavailable(&self) -> u32 {
        let wanted = self.ro.spec.replicas;
        let missing = match &self.ro.spec.strategy {
            RolloutStrategy::Canary(_) => self.canary_bounds().unavailable,
            RolloutStrategy::BlueGreen(strategy) => strategy.max_unavailable.rounded_down(wanted),
        };
        missing.min(wanted)
    }

    fn size_of(&self, place: usize) -> Size {
        Size { replicas: self.set(place).replicas, available: self.available(place) }
    }

    /// The weight that a canary has now (`GetCanaryReplicasOrWeight`).
    fn weight(&self) -> u32 {
        let status = &self.ro.status;
        if status.promote_full || status.stable.is_empty() || status.is_fully_promoted() {
            return 100;
        }
        if status.abort {
            return 0;
        }
        let Some((_, number)) = self.current_step() else { return 100 };
        let before = self.steps()[..=number as usize].iter().rev();
        let weight = |step: &CanaryStep| match step {
            CanaryStep::SetWeight(weight) => Some(*weight),
            _ => None,
        };
        before.filter_map(weight).next().unwrap_or(0)
    }

    /// The sizes of the new and the stable ReplicaSet from now on.
    pub fn canary_sizes(&self) -> (u32, u32) {
        let Bounds { surge, unavailable } = self.canary_bounds();
        let wanted = Wanted { replicas: self.ro.spec.replicas, weight: self.weight(), surge, unavailable };
        let new = self.new.map_or(Size::default(), |new| self.size_of(new));
        let stable = self.stable.filter(|stable| self.new != Some(*stable)).map(|stable| self.size_of(stable));
        let old = self.others.iter().map(|place| self.set(*place).replicas).sum();
        sizes(wanted, new, stable, old)
    }

    /// Enough of the pods that a ReplicaSet should have are available to go on (`ReplicaProgressThresholdMet`).
    pub fn is_far_enough(&self, place: usize, wanted: u32) -> bool {
        let available = self.available(place);
        match self.canary_spec().and_then(|strategy| strategy.progress_threshold) {
            None => self.set(place).replicas == wanted && available == wanted,
            Some(IntOrPercent::Percent(percent)) => {
                u64::from(available) * 100 >= u64::from(percent) * u64::from(wanted)
            }
            Some(IntOrPercent::Int(count)) => available >= count,
        }
    }

    /// All ReplicaSets have the pods that the weight wants (`AtDesiredReplicaCountsForCanary`).
    pub fn is_at_canary_sizes(&self) -> bool {
        let (new_size, stable_size) = self.canary_sizes();
        let new = self.new.is_some_and(|new| self.is_far_enough(new, new_size));
        let created =
            |place: usize| self.set(place).replicas == stable_size && self.shown(place).replicas == stable_size;
        let old: u32 = self.others.iter().map(|place| self.available(*place)).sum();
        new && self.stable.is_some_and(created) && old == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn whole(replicas: u32) -> Size {
        Size { replicas, available: replicas }
    }

    fn of(replicas: u32, weight: u32, new: u32, stable: u32, unavailable: u32, surge: u32) -> (u32, u32) {
        sizes(Wanted { replicas, weight, surge, unavailable }, whole(new), Some(whole(stable)), 0)
    }

    /// What the source's own test expects of the weights that are hard to meet.
    #[test]
    fn weights_are_met_as_nearly_as_can_be() {
        let rows = [
            (0, [(50, 0, 0, 0), (100, 1, 0, 0)].as_slice()),
            (1, &[(49, 0, 0, 1), (50, 0, 1, 0), (1, 1, 1, 1), (99, 1, 1, 1), (100, 1, 1, 0)]),
            (2, &[(1, 0, 1, 1), (99, 0, 1, 1), (1, 1, 1, 2), (50, 1, 1, 1), (99, 1, 2, 1)]),
            (3, &[(10, 0, 1, 2), (49, 0, 1, 2), (50, 0, 2, 1), (25, 1, 1, 3), (33, 1, 1, 2), (49, 1, 2, 2)]),
            (10, &[(1, 0, 1, 9), (14, 0, 1, 9), (15, 0, 2, 8), (99, 0, 9, 1), (0, 1, 0, 10), (1, 1, 1, 10)]),
            (10, &[(18, 1, 2, 9), (20, 1, 2, 8), (23, 1, 2, 8), (24, 1, 3, 8), (99, 1, 10, 1), (100, 1, 10, 0)]),
        ];
        for (replicas, weights) in rows {
            for (weight, surge, new, stable) in weights {
                let found = approximate(replicas, *weight, *surge);
                assert_eq!(found, (*new, *stable), "{weight}% of {replicas}, and {surge} more");
            }
        }
    }

    #[test]
    fn a_canary_waits_for_what_may_be_added_and_taken() {
        assert_eq!(of(10, 10, 0, 10, 1, 1), (1, 9));
        assert_eq!(of(10, 30, 0, 10, 0, 3), (3, 10));
        assert_eq!(of(10, 30, 0, 10, 5, 0), (0, 7));
    }

    /// Whatever the weight, a canary whose pods get ready comes to rest, never has more pods than it may, and never fewer
    /// that are available than it must.
    #[test]
    fn a_canary_stays_within_its_bounds_and_comes_to_rest() {
        for replicas in 1..=9 {
            for (surge, unavailable) in [(0, 1), (1, 0), (1, 1), (3, 0), (0, 2), (2, 3)] {
                for weight in (0..=100).step_by(5) {
                    let wanted = Wanted { replicas, weight, surge, unavailable };
                    let (mut new, mut stable) = (0, replicas);
                    for round in 0.. {
                        let next = sizes(wanted, whole(new), Some(whole(stable)), 0);
                        let told = format!("{wanted:?}: {new} and {stable} to {next:?}");
                        // Pods that come are not available yet, those that go are no more.
                        let available = next.0.min(new) + next.1.min(stable);
                        assert!(next.0 + next.1 <= replicas + surge, "{told}");
                        assert!(available + unavailable.min(replicas) >= replicas, "{told}");
                        if next == (new, stable) {
                            break;
                        }
                        (new, stable) = next;
                        assert!(round < 100, "{told}");
                    }
                }
            }
        }
    }
}
