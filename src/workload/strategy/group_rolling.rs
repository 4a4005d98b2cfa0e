//! One step of a rolling update within a group, as a function of what is wanted and what is there: how many replicas of each
//! revision are wanted next. Steps are taken when the last one has settled; making and draining routes is their owner's.
//! Source: lablup/backend.ai c0032c472e, manager/sokovan/deployment/group/lifecycle/handlers/rolling.py; the formula before
//! #13087 is that of commit 5b2ea70e35.

/// What is wanted and what is there.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Rolling {
    /// How many replicas the deployment wants.
    pub goal: u32,
    /// How many more there may be meanwhile.
    pub max_surge: u32,
    /// How many may be missing meanwhile.
    pub max_unavailable: u32,
    /// Replicas of the current revision that are wanted.
    pub desired_current: u32,
    /// Replicas of the target revision that are wanted.
    pub desired_target: u32,
    /// Replicas of the current revision that are on their way up or serve; `None` where there is no current revision.
    pub live_current: Option<u32>,
}

/// What is wanted next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Step {
    /// Replicas of the current revision.
    pub current: u32,
    /// Replicas of the target revision.
    pub target: u32,
    /// True if the target revision is the current one from now on.
    pub completed: bool,
}

/// The next step. A rollout's old side is never refilled, so that what it lost makes room for the new one at once.
pub fn step(rolling: Rolling) -> Step {
    if let Some(done) = completed(rolling) {
        return done;
    }
    let Rolling { goal, max_surge, max_unavailable, desired_target, live_current, .. } = rolling;
    let floor = goal.saturating_sub(max_unavailable).saturating_sub(desired_target);
    let current = live_current.map_or(0, |live| live.min(floor));
    let room = (goal + max_surge).saturating_sub(current);
    Step { current, target: goal.min(desired_target.max(room)), completed: false }
}

/// The step before #13087: the old side keeps its floor whatever is left of it, and the new one grows by the surge.
pub fn step_before_13087(rolling: Rolling) -> Step {
    completed(rolling).unwrap_or(Step {
        current: rolling.goal.saturating_sub(rolling.max_unavailable).saturating_sub(rolling.desired_target),
        target: rolling.goal.min(rolling.desired_target + rolling.max_surge),
        completed: false,
    })
}

/// The end, if this is it.
const fn completed(rolling: Rolling) -> Option<Step> {
    if rolling.desired_target == rolling.goal && rolling.desired_current == 0 {
        return Some(Step { current: rolling.goal, target: 0, completed: true });
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The pairs of wanted replicas up to the end, or up to a step that changes nothing.
    fn course(start: Rolling) -> Vec<(u32, u32)> {
        let mut rolling = start;
        let mut pairs = Vec::new();
        loop {
            let next = step(rolling);
            pairs.push((next.current, next.target));
            if next.completed || (next.current, next.target) == (rolling.desired_current, rolling.desired_target) {
                return pairs;
            }
            rolling.live_current = rolling.live_current.map(|_| next.current);
            (rolling.desired_current, rolling.desired_target) = (next.current, next.target);
        }
    }

    fn start(goal: u32, max_surge: u32, max_unavailable: u32) -> Rolling {
        let live_current = Some(goal);
        Rolling { goal, max_surge, max_unavailable, desired_current: goal, desired_target: 0, live_current }
    }

    #[test]
    fn a_surge_of_two_takes_two_at_a_time() {
        assert_eq!(course(start(4, 2, 0)), [(4, 2), (2, 4), (0, 4), (4, 0)]);
    }

    #[test]
    fn no_surge_and_a_share_that_rounds_to_none_make_no_progress() {
        // A quarter of three, rounded down.
        assert_eq!(course(start(3, 0, 0)), [(3, 0)]);
    }

    #[test]
    fn what_the_old_side_lost_goes_to_the_new_one() {
        let lost = Rolling { live_current: Some(1), ..start(4, 1, 0) };
        assert_eq!((step(lost).current, step(lost).target), (1, 4));
        assert_eq!((step_before_13087(lost).current, step_before_13087(lost).target), (4, 1));
    }
}
