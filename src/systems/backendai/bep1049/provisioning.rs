//! PROVISIONING: every deployment of a batch is evaluated by its strategy, what all of them want is applied in one
//! transaction, and only then is it said how each came out.
//! Source: lablup/backend.ai refs/pull/10426/head d0ef5ec06c, manager/sokovan/deployment/handlers/deploying.py and strategy/
//! (evaluator.py, applier.py).

use super::care::count;
use crate::systems::backendai::deployments::Deployments;
use crate::systems::backendai::handler::{Candidate, Exception, Outcome};
use crate::systems::backendai::policy::Policy;
use crate::systems::backendai::profile::BugMode;
use crate::systems::backendai::route::{Health, Route, RouteStatus};
use crate::systems::backendai::status::{Lifecycle, Status};
use crate::timeline::Why;
use crate::workload::World;
use crate::workload::strategy::{blue_green, replacement};

/// New routes have failed since the last look.
const ROUTE_FAILED: &str = "route_failed";
const FAILED_AGAIN: &str = "new routes have failed again";

/// What a strategy wants.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Decision {
    /// It cannot be evaluated.
    Error(&'static str, &'static str),
    /// Nothing now.
    Wait,
    /// Routes are to be made, with or without traffic, and these are to be drained.
    Change { create: u32, traffic: bool, drain: Vec<usize>, failed: u32 },
    /// The switch may come.
    AwaitPromotion,
    /// All routes are new.
    Completed,
    /// All new routes have failed.
    AllFailed,
}

impl Decision {
    /// True if something is to be written.
    fn changes(&self) -> bool {
        match self {
            Decision::Change { create, drain, .. } => *create > 0 || !drain.is_empty(),
            Decision::Completed => true,
            _ => false,
        }
    }
}

/// Evaluates and applies a batch.
///
/// # Errors
/// The call that lacks an argument, in that bug mode, as soon as anything is to be written.
pub fn provisioning(
    deployments: &mut Deployments,
    batch: &[Candidate],
    world: &mut dyn World,
) -> Result<Vec<(usize, Outcome)>, Exception> {
    let decisions: Vec<(Candidate, Decision)> = batch.iter().map(|one| (*one, decide(deployments, *one))).collect();
    let any = decisions.iter().any(|(_, decision)| decision.changes());
    if any && deployments.options.has(BugMode::ApplyMissingPromoteArg) {
        let why = "TypeError: apply_strategy_mutations() missing 1 required positional argument: 'promote'";
        return Err(Exception { code: "TypeError", why: Why::text(why) });
    }
    let whole_batch = any && deployments.options.has(BugMode::BatchWideMutationFlag);
    let outcomes = decisions.into_iter().map(|(candidate, decision)| {
        let index = candidate.deployment;
        let waits = matches!(decision, Decision::Wait | Decision::Change { .. });
        let outcome = apply(deployments, index, decision, world);
        let outcome = match outcome {
            Outcome::Skipped | Outcome::Progress(_) if whole_batch && waits => {
                Outcome::Failure("route_mutations", Why::text("routes were changed in this cycle"))
            }
            outcome => outcome,
        };
        (index, outcome)
    });
    Ok(outcomes.collect())
}

/// What a deployment's strategy wants.
fn decide(deployments: &Deployments, candidate: Candidate) -> Decision {
    let index = candidate.deployment;
    let Some(policy) = &deployments.spec(index).policy else {
        return Decision::Error("no_policy", "it has no deployment policy");
    };
    let Some(deploying) = deployments.list[index].deploying else {
        return Decision::Error("no_deploying_revision", "it has no deploying revision");
    };
    match policy {
        Policy::BlueGreen { .. } => decide_blue_green(deployments, index, deploying),
        Policy::Canary { .. } => Decision::Error("unknown_strategy", "its strategy is none that this code knows"),
        Policy::Rolling { max_surge, max_unavailable } => {
            let desired = deployments.list[index].desired;
            let bounds = (max_surge.rounded_up(desired), max_unavailable.rounded_down(desired));
            let decision = decide_rolling(deployments, index, deploying, bounds);
            // What would be given up with this attempt is not begun.
            let gives_up = !deployments.options.has(BugMode::GiveUpMissing);
            let last = gives_up && candidate.attempts >= deployments.options.attempts_max;
            let seen = deployments.list[index].failed_seen;
            match decision {
                Decision::Change { failed, .. } if last && failed > seen => Decision::Error(ROUTE_FAILED, FAILED_AGAIN),
                decision => decision,
            }
        }
    }
}

fn decide_blue_green(deployments: &Deployments, index: usize, deploying: usize) -> Decision {
    let green = new_routes(deployments, index, deploying);
    if deployments.options.rollback_when_all_green_failed && green.all_failed() {
        return Decision::AllFailed;
    }
    match blue_green::cycle(deployments.list[index].desired, green) {
        blue_green::Cycle::Create(create) => Decision::Change { create, traffic: false, drain: Vec::new(), failed: 0 },
        blue_green::Cycle::Wait => Decision::Wait,
        blue_green::Cycle::AwaitPromotion => Decision::AwaitPromotion,
    }
}

fn decide_rolling(deployments: &Deployments, index: usize, deploying: usize, bounds: (u32, u32)) -> Decision {
    let new = new_routes(deployments, index, deploying);
    let mut old = deployments.routes_where(index, |route| route.is_active() && route.revision != deploying);
    let routes = replacement::Routes {
        desired: deployments.list[index].desired,
        max_surge: bounds.0,
        max_unavailable: bounds.1,
        old: old.len() as u32,
        provisioning: new.provisioning,
        healthy: new.healthy,
        unhealthy: new.unhealthy,
    };
    match replacement::cycle(routes) {
        replacement::Cycle::Wait => Decision::Wait,
        replacement::Cycle::Completed => Decision::Completed,
        replacement::Cycle::Change { create, drain } => {
            old.sort_by_key(|route| deployments.list[index].routes[*route].health);
            old.truncate(drain as usize);
            Decision::Change { create, traffic: true, drain: old, failed: new.failed }
        }
    }
}

/// The routes of the revision that is rolled out, as far as this rollout made them. A route whose session ended counts as
/// failed from then on, also while it is being terminated; one that runs and was not checked yet counts as provisioning.
/// Both are assumed: what the source makes of them is not among what could be read.
fn new_routes(deployments: &Deployments, index: usize, deploying: usize) -> blue_green::Green {
    let one = &deployments.list[index];
    let new = |route: &&Route| route.revision == deploying && route.rollout == one.rollout;
    let mut green = blue_green::Green::default();
    // Before lablup/backend.ai#10858 these were of no class at all, and were made again.
    let of_no_class = |route: &&Route| {
        deployments.options.has(BugMode::UncheckedNotCounted)
            && route.status == RouteStatus::Running
            && matches!(route.health, Health::NotChecked | Health::Degraded)
    };
    for route in one.routes.iter().filter(new).filter(|route| !of_no_class(route)) {
        *match (route.status, route.health) {
            (RouteStatus::Pending | RouteStatus::Starting, _) | (RouteStatus::Running, Health::NotChecked) => {
                &mut green.provisioning
            }
            (RouteStatus::Running, Health::Healthy) => &mut green.healthy,
            (RouteStatus::Running, Health::Unhealthy | Health::Degraded) => &mut green.unhealthy,
            (RouteStatus::Terminating | RouteStatus::Terminated | RouteStatus::FailedToStart, _) => &mut green.failed,
        } += 1;
    }
    green
}

/// Does what a strategy wants, and says how that came out.
fn apply(deployments: &mut Deployments, index: usize, decision: Decision, world: &mut dyn World) -> Outcome {
    match decision {
        Decision::Error(code, why) => Outcome::Failure(code, Why::text(why)),
        Decision::Wait => Outcome::Skipped,
        Decision::AwaitPromotion => {
            let desired = deployments.list[index].desired as usize;
            Outcome::Success(Why::with("{} healthy routes of the new revision", count(desired)))
        }
        Decision::AllFailed => Outcome::Hopeless("all_green_failed", Why::text("all new routes have failed")),
        Decision::Completed => complete(deployments, index, world),
        Decision::Change { create: 0, drain, .. } if drain.is_empty() => Outcome::Skipped,
        Decision::Change { create, traffic, drain, failed } => {
            if let Some(revision) = deployments.list[index].deploying {
                deployments.create_routes(index, revision, create, traffic, world);
            }
            let cause = deployments.list[index].cause;
            for route in &drain {
                deployments.drain(index, *route, Why::text("a new route takes its place"), cause, world);
            }
            let one = &mut deployments.list[index];
            if failed > one.failed_seen {
                one.failed_seen = failed;
                return Outcome::Failure(ROUTE_FAILED, Why::text(FAILED_AGAIN));
            }
            Outcome::Progress(Why::with2("{} made, {} drained", count(create as usize), count(drain.len())))
        }
    }
}

/// The end of a rolling update: the revision that was rolled out is the one that runs.
fn complete(deployments: &mut Deployments, index: usize, world: &mut dyn World) -> Outcome {
    let one = &mut deployments.list[index];
    one.current = one.deploying.take();
    let current = one.current;
    deployments.publish_revisions(index, world);
    let revision = deployments.shown_revision(index, current, world);
    let why = Why::with("{} is rolled out", revision);
    if deployments.options.has(BugMode::RollingNeverReady) {
        // The swap is written, the handler says nothing, and no handler looks at what has no sub-step.
        deployments.list[index].status.sub_step = None;
        let cause = deployments.list[index].cause;
        deployments.tell(index, why, cause, world);
        return Outcome::Skipped;
    }
    Outcome::SuccessTo(Status::of(Lifecycle::Ready), why)
}
