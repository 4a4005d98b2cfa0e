//! One cycle of a blue-green update, as a function of what is there: make the green routes once, and wait until enough of them
//! are healthy. The switch itself comes later and is not decided here.
//! Source: lablup/backend.ai branch BA-3436_3 d0ef5ec06c, manager/sokovan/deployment/strategy/blue_green.py.

/// The green routes: those of the revision that is rolled out.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Green {
    /// Not known to be healthy or not yet.
    pub provisioning: u32,
    /// Healthy.
    pub healthy: u32,
    /// Running, and not healthy.
    pub unhealthy: u32,
    /// Ended, or never started.
    pub failed: u32,
}

/// What a cycle comes to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cycle {
    /// Make so many green routes, without traffic.
    Create(u32),
    /// Wait.
    Wait,
    /// Enough are healthy: the switch may come.
    AwaitPromotion,
}

impl Green {
    /// True if there is none, dead or alive.
    const fn is_empty(self) -> bool {
        self.provisioning + self.healthy + self.unhealthy + self.failed == 0
    }

    /// True if there were some and all have failed.
    pub const fn all_failed(self) -> bool {
        self.provisioning + self.healthy + self.unhealthy == 0 && self.failed > 0
    }
}

/// One cycle. Green routes that failed are not made again.
pub fn cycle(desired: u32, green: Green) -> Cycle {
    if green.is_empty() {
        return Cycle::Create(desired);
    }
    if green.healthy >= desired { Cycle::AwaitPromotion } else { Cycle::Wait }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn green_is_made_once_and_waited_for() {
        let green = Green::default();
        assert_eq!(cycle(2, green), Cycle::Create(2));
        assert_eq!(cycle(2, Green { provisioning: 2, ..green }), Cycle::Wait);
        assert_eq!(cycle(2, Green { healthy: 1, failed: 1, ..green }), Cycle::Wait);
        assert_eq!(cycle(2, Green { failed: 2, ..green }), Cycle::Wait, "what failed is not made again");
        assert_eq!(cycle(2, Green { healthy: 2, ..green }), Cycle::AwaitPromotion);
    }

    #[test]
    fn enough_healthy_routes_do_not_wait_for_the_rest() {
        assert_eq!(cycle(1, Green { healthy: 1, provisioning: 1, unhealthy: 1, failed: 1 }), Cycle::AwaitPromotion);
    }
}
