//! One cycle of a rolling update, as a function of what is there: how many new routes come and how many old ones go within the
//! bounds of surge and unavailability. Which of the old go first is not decided here.
//! Source: lablup/backend.ai branch BA-3436_3 d0ef5ec06c, manager/sokovan/deployment/strategy/rolling_update.py.

/// What is there, and what is wanted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Routes {
    /// How many routes there are to be.
    pub desired: u32,
    /// How many more there may be meanwhile.
    pub max_surge: u32,
    /// How many may be missing meanwhile.
    pub max_unavailable: u32,
    /// Active routes of other revisions.
    pub old: u32,
    /// New routes that are not known to be healthy or not yet.
    pub provisioning: u32,
    /// New routes that are healthy.
    pub healthy: u32,
    /// New routes that run and are not healthy.
    pub unhealthy: u32,
}

/// What a cycle comes to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cycle {
    /// New routes are on their way: wait.
    Wait,
    /// Make so many new routes and drain so many old ones; both may be none.
    Change {
        /// Routes to make.
        create: u32,
        /// Routes to drain.
        drain: u32,
    },
    /// All that serves is new.
    Completed,
}

/// One cycle.
pub fn cycle(routes: Routes) -> Cycle {
    let Routes { desired, max_surge, max_unavailable, old, provisioning, healthy, unhealthy } = routes;
    if provisioning > 0 {
        return Cycle::Wait;
    }
    if old == 0 && healthy >= desired {
        return Cycle::Completed;
    }
    let running = healthy + unhealthy;
    let room = (desired + max_surge).saturating_sub(old + running);
    let create = room.min(desired.saturating_sub(running));
    let least = desired.saturating_sub(max_unavailable);
    let drain = (healthy + old).saturating_sub(least).min(old);
    Cycle::Change { create, drain }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_surge_of_one_goes_route_by_route() {
        let start = Routes { desired: 2, max_surge: 1, old: 2, ..Routes::default() };
        assert_eq!(cycle(start), Cycle::Change { create: 1, drain: 0 });
        assert_eq!(cycle(Routes { provisioning: 1, ..start }), Cycle::Wait);
        assert_eq!(cycle(Routes { healthy: 1, ..start }), Cycle::Change { create: 0, drain: 1 });
        assert_eq!(cycle(Routes { healthy: 1, old: 1, ..start }), Cycle::Change { create: 1, drain: 0 });
        assert_eq!(cycle(Routes { healthy: 2, old: 0, ..start }), Cycle::Completed);
    }

    proptest! {
        /// Whatever the bounds, an update whose new routes all become healthy comes to its end, and never leaves them.
        #[test]
        fn an_update_of_healthy_routes_ends_within_its_bounds(
            desired in 1_u32..40, max_surge in 0_u32..10, max_unavailable in 0_u32..10,
        ) {
            prop_assume!(max_surge + max_unavailable > 0);
            let mut routes = Routes { desired, max_surge, max_unavailable, old: desired, ..Routes::default() };
            let mut cycles = 0;
            loop {
                match cycle(routes) {
                    Cycle::Completed => break,
                    Cycle::Wait => routes = Routes { healthy: routes.healthy + routes.provisioning, provisioning: 0, ..routes },
                    Cycle::Change { create, drain } => {
                        prop_assert!(create + drain > 0, "it waits for nothing: {routes:?}");
                        routes = Routes { old: routes.old - drain, provisioning: create, ..routes };
                    }
                }
                prop_assert!(routes.old + routes.healthy + routes.provisioning <= desired + max_surge);
                prop_assert!(routes.old + routes.healthy + max_unavailable >= desired);
                cycles += 1;
                prop_assert!(cycles <= 4 * desired + 4, "it does not end");
            }
            prop_assert_eq!(routes.healthy, desired);
        }
    }

    #[test]
    fn unhealthy_routes_take_room_and_are_no_reason_to_drain() {
        let routes = Routes { desired: 2, max_surge: 1, old: 2, unhealthy: 1, ..Routes::default() };
        assert_eq!(cycle(routes), Cycle::Change { create: 0, drain: 0 });
    }
}
