//! One step of a promotion, as a function of where the traffic is: how much goes to the group that is rolled out, how much to
//! the one that serves, and whether that was the last step. When steps are taken is not decided here.
//! Source: lablup/backend.ai c0032c472e, src/ai/backend/common/schema/deployment.py (`traffic_step` of each spec).

use crate::kernel::Duration;

/// All of the traffic, in percent.
pub const ALL: u32 = 100;

/// How a strategy moves traffic.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mover {
    /// At once: a rolling update has moved it route by route.
    Rolling,
    /// In one step: by itself after a delay, or once somebody has raised the weight.
    BlueGreen {
        /// By itself.
        auto_promote: bool,
        /// After so long.
        promote_delay: Duration,
    },
    /// By a share at a time.
    Canary {
        /// The share in percent.
        step_weight: u32,
        /// From one step to the next, by the clock of the history.
        step_interval: Duration,
    },
}

/// Where the traffic is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Split {
    /// The weight of the group that is rolled out.
    pub target: u32,
    /// The weight of the group that serves.
    pub serving: u32,
}

/// Where the traffic is after a step, and whether the step was the last. What has passed since the last change is what the
/// history says; the weights may have changed later.
pub fn traffic_step(mover: Mover, split: Split, elapsed: Duration) -> (Split, bool) {
    const MOVED: Split = Split { target: ALL, serving: 0 };
    match mover {
        Mover::Rolling => (MOVED, true),
        Mover::BlueGreen { auto_promote: false, .. } => (split, split.target >= ALL),
        Mover::BlueGreen { promote_delay, .. } if elapsed >= promote_delay => (MOVED, true),
        // An automatic promotion that waits is never over, whatever weight somebody has set.
        Mover::BlueGreen { .. } => (split, false),
        Mover::Canary { step_interval, .. } if elapsed < step_interval => (split, split.target >= ALL),
        Mover::Canary { step_weight, .. } => {
            let target = split.target.saturating_add(step_weight).min(ALL);
            (Split { target, serving: ALL - target }, target >= ALL)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(mover: Mover, target: u32, seconds: u64) -> (u32, u32, bool) {
        let split = Split { target, serving: ALL.saturating_sub(target) };
        let (next, completed) = traffic_step(mover, split, Duration::from_secs(seconds));
        (next.target, next.serving, completed)
    }

    #[test]
    fn a_manual_promotion_waits_for_the_weight() {
        let manual = Mover::BlueGreen { auto_promote: false, promote_delay: Duration::ZERO };
        assert_eq!(step(manual, 60, 3600), (60, 40, false));
        assert_eq!(step(manual, 100, 0), (100, 0, true));
    }

    #[test]
    fn an_automatic_promotion_waits_for_its_delay_alone() {
        let automatic = Mover::BlueGreen { auto_promote: true, promote_delay: Duration::from_secs(30) };
        assert_eq!(step(automatic, 100, 29), (100, 0, false));
        assert_eq!(step(automatic, 0, 30), (100, 0, true));
    }

    #[test]
    fn a_canary_goes_up_and_ends_at_all() {
        let canary = Mover::Canary { step_weight: 20, step_interval: Duration::from_secs(30) };
        assert_eq!(step(canary, 20, 29), (20, 80, false));
        assert_eq!(step(canary, 20, 30), (40, 60, false));
        assert_eq!(step(canary, 90, 30), (100, 0, true));
        assert_eq!(step(canary, 100, 0), (100, 0, true));
    }
}
