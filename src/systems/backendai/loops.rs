//! The loops over routes: they start sessions, see them run, check their health, notice their end and end them. Which routes
//! there are to be is decided by handlers.
//! Source: lablup/backend.ai c0032c472e, manager/sokovan/deployment/route (coordinator.py, handlers, executor.py).
//!
//! A change of a session sets the marks of the loops that look at it: assumed, since the events behind the marks are not among
//! what could be read.

use std::sync::Arc;

use super::cycle::{Cycle, Mark};
use super::deployments::Deployments;
use super::profile::{Engine, Options};
use super::route::{Health, Route, RouteStatus};
use super::session::{self, Session};
use crate::kernel::Time;
use crate::timeline::{Arg, Why};
use crate::workload::{Ask, Object, World};

/// The loops, in the order in which they run at one instant.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Loop {
    /// Sessions are asked for.
    Provisioning,
    /// Sessions that are asked for run, or fail to.
    Starting,
    /// Sessions that run end.
    Running,
    /// Their health changes.
    Health,
    /// Sessions are ended.
    Terminating,
}

const ALL: [Loop; 5] = [Loop::Provisioning, Loop::Starting, Loop::Running, Loop::Health, Loop::Terminating];

/// What a loop does with a route.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Step {
    Start,
    Runs,
    FailsToStart(&'static str),
    Ends,
    Becomes(Health, &'static str),
    EndSession,
}

/// The marks of the loops.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Loops {
    marks: [Mark; ALL.len()],
}

impl Loop {
    const fn cycle(self, options: &Options) -> Cycle {
        match self {
            Loop::Provisioning | Loop::Starting | Loop::Health => options.starting_routes,
            Loop::Running => options.running_routes,
            Loop::Terminating => options.terminating_routes,
        }
    }

    /// What is to be done with a route now.
    fn step(self, deployments: &Deployments, index: usize, position: usize, world: &dyn World) -> Option<Step> {
        let route: &Route = &deployments.list[index].routes[position];
        match (self, route.status) {
            (Loop::Provisioning, RouteStatus::Pending) => Some(Step::Start),
            (Loop::Starting, RouteStatus::Starting) => match session::look(route, world) {
                Session::Running => Some(Step::Runs),
                Session::PullFails => Some(Step::FailsToStart("its image cannot be pulled")),
                Session::Ended => Some(Step::FailsToStart("its session ended before it ran")),
                Session::Waiting | Session::Unheard => None,
            },
            (Loop::Running, RouteStatus::Running) => {
                (session::look(route, world) == Session::Ended).then_some(Step::Ends)
            }
            (Loop::Health, RouteStatus::Running) => {
                let becomes = deployments.health_of(index, position, world);
                becomes.map(|(health, why)| Step::Becomes(health, why))
            }
            (Loop::Terminating, RouteStatus::Terminating) => Some(Step::EndSession),
            _ => None,
        }
    }
}

impl Loops {
    /// Sets the marks of all loops: a route or its session changed.
    pub fn mark(&mut self, options: &Options, now: Time) {
        for (one, mark) in ALL.iter().zip(&mut self.marks) {
            one.cycle(options).set(mark, now);
        }
    }

    /// When a loop looks next at a route that it does something with.
    pub fn next(&self, deployments: &Deployments, world: &dyn World) -> Option<Time> {
        let now = world.now();
        let mut next = None;
        let mut note = |at: Time| next = Some(next.map_or(at, |earlier: Time| earlier.min(at)));
        for (one, mark) in ALL.iter().zip(&self.marks) {
            let cycle = one.cycle(&deployments.options);
            for (index, deployment) in deployments.list.iter().enumerate() {
                for position in 0..deployment.routes.len() {
                    if one.step(deployments, index, position, world).is_some() {
                        note(cycle.next(*mark, now));
                    } else if *one == Loop::Health
                        && let Some(at) = deployments.health_changes_at(index, position, world)
                    {
                        note(cycle.next(*mark, at.max(now)));
                    }
                }
            }
        }
        next
    }

    /// Runs what is due at this instant.
    pub fn tick(&mut self, deployments: &mut Deployments, world: &mut dyn World) {
        let now = world.now();
        let options = Arc::clone(&deployments.options);
        for (position, one) in ALL.into_iter().enumerate() {
            if one.cycle(&options).looks(&mut self.marks[position], now) == 0 {
                continue;
            }
            if one == Loop::Health {
                deployments.check_all(world);
            }
            let mut changed = false;
            for index in 0..deployments.list.len() {
                for route in 0..deployments.list[index].routes.len() {
                    let step = one.step(deployments, index, route, world);
                    if let Some(step) = step {
                        take(step, deployments, index, route, world);
                        changed = true;
                    }
                }
            }
            if changed {
                self.mark(&options, now);
            }
        }
    }
}

/// Does what a loop found to do.
fn take(step: Step, deployments: &mut Deployments, index: usize, route: usize, world: &mut dyn World) {
    let now = world.now();
    let cause = deployments.list[index].routes[route].cause;
    match step {
        Step::Start => start(deployments, index, route, world),
        Step::Runs => {
            let one = &mut deployments.list[index].routes[route];
            one.running_since = Some(now);
            one.become_status(RouteStatus::Running, Why::text("its session runs"), cause, world);
            deployments.check(index, route, world);
        }
        Step::FailsToStart(why) => {
            let one = &mut deployments.list[index].routes[route];
            let why = match one.refusal {
                Some(reason) => Why::with("its session was refused: {}", Arg::Text(reason)),
                None => Why::text(why),
            };
            one.become_status(RouteStatus::FailedToStart, why, cause, world);
            deployments.end_session(index, route, world);
        }
        Step::Ends => {
            deployments.drain(index, route, Why::text("its session ended"), cause, world);
        }
        Step::Becomes(health, why) => {
            let activates = deployments.options.engine == Engine::ReplicaGroups && health == Health::Healthy;
            let one = &mut deployments.list[index].routes[route];
            one.takes_traffic |= activates;
            let why = match (health, one.takes_traffic) {
                (Health::Healthy, false) => Why::text("its checks pass; no traffic"),
                _ => Why::text(why),
            };
            one.become_health(health, why, cause, world);
        }
        Step::EndSession => {
            deployments.end_session(index, route, world);
            let one = &mut deployments.list[index].routes[route];
            one.become_status(RouteStatus::Terminated, Why::text("its session is told to end"), cause, world);
        }
    }
    let deployment = &mut deployments.list[index];
    deployment.cause = deployment.routes[route].cause;
}

/// Asks for a route's session.
fn start(deployments: &mut Deployments, index: usize, route: usize, world: &mut dyn World) {
    let spec = deployments.spec(index);
    let (name, serves) = (spec.name.clone(), deployments.list[index].subject);
    let revision = &spec.revisions[deployments.list[index].routes[route].revision];
    let template = session::template(revision, &name, serves, deployments.options.termination_grace);
    let one = &mut deployments.list[index].routes[route];
    let cause = one.cause;
    one.become_status(RouteStatus::Starting, Why::text("its session is asked for"), cause, world);
    world.watch(one.pod);
    one.ask = Some(world.ask(Ask::Apply { key: one.pod, object: Object::Pod(Arc::new(template)), serves }, one.cause));
}
