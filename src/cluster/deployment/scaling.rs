//! A new wanted number in the middle of a rollout: it is spread over the ReplicaSets in proportion to their sizes.
//! Source: k8s.io/kubernetes v1.36.3, pkg/controller/deployment/sync.go (scale), util/deployment_util.go.

use smallvec::SmallVec;

use super::{Cluster, Sync};
use crate::workload::Strategy;

impl Cluster {
    /// Brings the ReplicaSets to a new wanted number, or keeps them there while the Deployment is paused (`scale`).
    pub(super) fn scale_deployment(&mut self, sync: &mut Sync) {
        let replicas = sync.replicas;
        let mut active: SmallVec<[usize; 4]> =
            (0..sync.members.len()).filter(|index| sync.members[*index].replicas > 0).collect();
        // `FindActiveOrLatest`: the only one with pods; without any, the newest, or else the one that was made last.
        let only = match active.as_slice() {
            [] => sync.newest.or(sync.members.len().checked_sub(1)),
            [one] => Some(*one),
            _ => None,
        };
        if let Some(only) = only {
            self.resize(sync, only, replicas, false);
            return;
        }
        if active.is_empty() {
            return;
        }
        if sync.newest.is_some_and(|newest| is_saturated(sync, newest)) {
            for index in active {
                if !sync.is_newest(index) {
                    self.resize(sync, index, 0, false);
                }
            }
            return;
        }
        if self.deployment(sync.id).spec.strategy == Strategy::Recreate {
            return;
        }
        let most = replicas + sync.bounds.surge;
        let to_add = if replicas > 0 { i64::from(most) } else { 0 } - i64::from(sync.total());
        // Larger first; of equals the newer first when growing, the older first when shrinking.
        active.sort_by_key(|index| {
            let age = if to_add > 0 { -(*index as i64) } else { *index as i64 };
            (-i64::from(sync.members[*index].replicas), age)
        });
        let mut added = 0;
        let mut sizes: SmallVec<[i64; 4]> = SmallVec::new();
        for index in &active {
            let member = sync.members[*index];
            let share = proportion(member.replicas, member.most, most, replicas);
            let left = to_add - added;
            let share = match to_add {
                0 => 0,
                1.. => share.min(left),
                _ => share.max(left),
            };
            let share = if left == 0 { 0 } else { share };
            sizes.push(i64::from(member.replicas) + share);
            added += share;
        }
        sizes[0] = (sizes[0] + to_add - added).max(0);
        for (index, size) in active.into_iter().zip(sizes) {
            self.resize(sync, index, u32::try_from(size.max(0)).unwrap_or(u32::MAX), true);
        }
    }
}

/// All that is wanted is new, known to its ReplicaSet, and available (`IsSaturated`).
fn is_saturated(sync: &Sync, index: usize) -> bool {
    let member = sync.members[index];
    [member.replicas, member.desired, member.status.available].iter().all(|count| *count == sync.replicas)
}

/// The change of a ReplicaSet's size that keeps its share: round(size * new maximum / maximum when it was last scaled) - size
/// (`getReplicaSetFraction`). The source computes it in float64 and rounds half away from zero; in integers that is the same.
fn proportion(size: u32, most_then: u32, most_now: u32, replicas: u32) -> i64 {
    if replicas == 0 {
        return -i64::from(size);
    }
    let then = i64::from(most_then.max(1));
    (2 * i64::from(size) * i64::from(most_now) + then) / (2 * then) - i64::from(size)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_rounded_half_up() {
        assert_eq!(proportion(5, 10, 20, 20), 5);
        assert_eq!(proportion(3, 13, 20, 15), 2);
        assert_eq!(proportion(4, 10, 5, 0), -4);
    }
}
