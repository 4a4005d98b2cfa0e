//! The checks of a session: requests that the manager itself sends to its application, whatever Kubernetes says of the pod or hears of the
//! node. Since when they fail, and what a route's health becomes of that.
//! Source: lablup/backend.ai c0032c472e, manager/sokovan/deployment/route: handlers/observer/health_check.py (who is asked how often, and
//! failures in a row), executor.py (`check_route_health`) and coordinator.py (the observer's task). Until #12016 one failed check was
//! enough.
//!
//! Checks are no events: as long as nothing changes, they come out as before. When enough of them have failed follows from when the
//! application stopped answering.

use super::deployments::Deployments;
use super::document::HealthCheck;
use super::profile::Options;
use super::route::{Health, Route, RouteStatus};
use super::session::{self, Session};
use crate::kernel::{Duration, Time};
use crate::timeline::{Kind, Subject};
use crate::workload::{Dial, Status, World};

/// True if a check of a running session passes now. One that is not checked counts as passing.
fn passes(route: &Route, check: Option<&HealthCheck>, world: &dyn World) -> bool {
    check.is_none() || world.dial(route.pod) == Dial::Accepted
}

impl Deployments {
    /// How a route's health is checked.
    fn check_of(&self, index: usize, route: usize) -> Option<&HealthCheck> {
        let route = &self.list[index].routes[route];
        self.spec(index).revisions[route.revision].health_check.as_ref()
    }

    /// Looks whether the checks of a route fail. True if that is news.
    pub fn check(&mut self, index: usize, position: usize, world: &dyn World) -> bool {
        let route = &self.list[index].routes[position];
        let runs = route.status == RouteStatus::Running && session::look(route, world) == Session::Running;
        let fails = runs && !passes(route, self.check_of(index, position), world);
        let route = &mut self.list[index].routes[position];
        let is_news = fails != route.failing_since.is_some();
        if is_news {
            route.failing_since = fails.then(|| world.now());
        }
        is_news
    }

    /// The same of all routes.
    pub fn check_all(&mut self, world: &dyn World) {
        for index in 0..self.list.len() {
            for position in 0..self.list[index].routes.len() {
                self.check(index, position, world);
            }
        }
    }

    /// What the health of a running route becomes, and why, if it changes.
    pub fn health_of(&self, index: usize, position: usize, world: &dyn World) -> Option<(Health, &'static str)> {
        let route = &self.list[index].routes[position];
        let check = self.check_of(index, position);
        let now = world.now();
        let is_over = |end: Option<Time>| end.is_some_and(|end| now >= end);
        let (health, why) = match session::look(route, world) {
            Session::Running if passes(route, check, world) => (Health::Healthy, "its checks pass"),
            Session::Running if route.health == Health::NotChecked => {
                if !is_over(patience_ends(route, check?)) {
                    return None;
                }
                (Health::Unhealthy, "no check has passed in time")
            }
            Session::Running if is_over(exhausted_at(route, check?, &self.options)) => {
                (Health::Unhealthy, "its checks fail")
            }
            Session::Running => (Health::Healthy, "too few checks in a row have failed"),
            Session::Unheard => {
                let since = route.unheard_since?;
                if now.since(since) < self.options.health_staleness {
                    return None;
                }
                (Health::Degraded, "nothing is known of its checks")
            }
            Session::Waiting | Session::PullFails | Session::Ended => return None,
        };
        (health != route.health).then_some((health, why))
    }

    /// When a route's health may change although nothing is told of it.
    pub fn health_changes_at(&self, index: usize, position: usize, world: &dyn World) -> Option<Time> {
        let route = &self.list[index].routes[position];
        if route.status != RouteStatus::Running {
            return None;
        }
        if let Some(since) = route.unheard_since.filter(|_| route.health != Health::Degraded) {
            return Some(since + self.options.health_staleness);
        }
        let check = self.check_of(index, position)?;
        match route.health {
            // That it answers, a silent node does not tell.
            Health::NotChecked if is_out_of_touch(route, world) => Some(world.now()),
            Health::NotChecked => patience_ends(route, check),
            Health::Healthy => exhausted_at(route, check, &self.options),
            Health::Unhealthy | Health::Degraded => None,
        }
    }
}

/// True if nothing is heard of the node of a route's session.
fn is_out_of_touch(route: &Route, world: &dyn World) -> bool {
    let Some(Status::Pod(pod)) = world.observed(route.pod) else { return false };
    pod.node.is_some_and(|node| !world.hears(Subject::new(Kind::Node, node)))
}

/// When the checks of a route that has never passed one have failed often enough.
fn patience_ends(route: &Route, check: &HealthCheck) -> Option<Time> {
    let patience = check.initial_delay + check.interval * u64::from(check.max_retries);
    route.running_since.map(|since| since + patience)
}

/// When so many checks in a row have failed that a route is unhealthy.
fn exhausted_at(route: &Route, check: &HealthCheck, options: &Options) -> Option<Time> {
    let since = route.failing_since?;
    if !options.engine.has_groups() {
        return Some(since);
    }
    // The observer looks at a grid of its own, and checks a route at the first of its looks that is an interval after the last check.
    let look = options.observer;
    let looks = check.interval.nanos().div_ceil(look.long.nanos()).max(1);
    let first_check = route.running_since?.ceil_to(Time::ZERO + look.initial_delay, look.long);
    let every = Duration::from_nanos(looks * look.long.nanos());
    let first_failure = since.ceil_to(first_check, every);
    Some(first_failure + every * u64::from(check.max_retries.saturating_sub(1)))
}
