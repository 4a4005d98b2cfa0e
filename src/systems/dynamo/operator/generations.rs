//! How the replicas that old workers keep are shared among their generations: what does not serve goes first, then the oldest.
//!
//! Source: ai-dynamo/dynamo, deploy/operator/internal/controller/dgd_worker_rollout_reconciler.go, allocateOldWorkerDCDReplicas
//! and what it calls; the order before pull request 10184 in dynamographdeployment_rollingupdate.go, scaleOldWorkerDCDs.

use crate::kernel::Time;

/// One old generation of a component.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Generation {
    /// Its name; equal ages are ordered by it.
    pub name: String,
    /// When it was made, in whole seconds as the API keeps it.
    pub created_at: Time,
    /// Pods that it wants.
    pub spec: u32,
    /// Pods of it that serve.
    pub available: u32,
}

/// How the shares are made out.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Order {
    /// Generations keep what serves; of that the oldest give first. What is left over goes to the newest.
    ServingFirst,
    /// The newest generation keeps as much as it wants, whether it serves or not: so it was until pull request 10184.
    NewestFirst,
}

/// How many replicas each old generation should want, in the order in which they are given.
pub fn share(old: &[Generation], target: u32, order: Order) -> Vec<u32> {
    match order {
        Order::ServingFirst => serving_first(old, target),
        Order::NewestFirst => newest_first(old, target),
    }
}

fn serving_first(old: &[Generation], target: u32) -> Vec<u32> {
    let mut shares: Vec<u32> = old.iter().map(|one| one.spec.min(one.available)).collect();
    let serving: u32 = shares.iter().sum();
    let mut places: Vec<usize> = (0..old.len()).collect();
    if serving > target {
        places.sort_by(|a, b| (old[*a].created_at, &old[*a].name).cmp(&(old[*b].created_at, &old[*b].name)));
        let mut surplus = serving - target;
        for place in places {
            let removed = shares[place].min(surplus);
            shares[place] -= removed;
            surplus -= removed;
        }
    } else {
        // Equal ages stand in the order of their names here too.
        places.sort_by(|a, b| {
            let ages = old[*b].created_at.cmp(&old[*a].created_at);
            ages.then_with(|| old[*a].name.cmp(&old[*b].name))
        });
        let mut missing = target - serving;
        for place in places {
            let added = (old[place].spec - shares[place]).min(missing);
            shares[place] += added;
            missing -= added;
        }
    }
    shares
}

fn newest_first(old: &[Generation], target: u32) -> Vec<u32> {
    let mut shares = vec![0; old.len()];
    let mut places: Vec<usize> = (0..old.len()).collect();
    places.sort_by_key(|place| std::cmp::Reverse(old[*place].created_at));
    let mut left = target;
    for place in places {
        shares[place] = old[place].spec.min(left);
        left -= shares[place];
    }
    shares
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Duration;

    fn generation(name: &str, age: u64, spec: u32, available: u32) -> Generation {
        let created_at = Time::ZERO + Duration::from_secs(age);
        Generation { name: name.to_owned(), created_at, spec, available }
    }

    #[test]
    fn what_serves_is_kept_and_the_oldest_gives_first() {
        // The example of pull request 10184: the one in between never came up.
        let old = [generation("a", 0, 2, 2), generation("b", 60, 1, 0)];
        assert_eq!(share(&old, 2, Order::ServingFirst), [2, 0]);
        assert_eq!(share(&old, 2, Order::NewestFirst), [1, 1]);
        let old = [generation("a", 0, 3, 3), generation("b", 60, 3, 3)];
        assert_eq!(share(&old, 4, Order::ServingFirst), [1, 3]);
    }

    #[test]
    fn what_is_left_over_goes_to_the_newest() {
        let old = [generation("a", 0, 3, 1), generation("b", 60, 3, 1)];
        assert_eq!(share(&old, 5, Order::ServingFirst), [2, 3]);
        // Of one age, the name decides.
        let old = [generation("b", 0, 3, 1), generation("a", 0, 3, 1)];
        assert_eq!(share(&old, 3, Order::ServingFirst), [1, 2]);
        assert_eq!(share(&old, 1, Order::ServingFirst), [1, 0]);
    }
}
