//! The handlers of the first era: what each selects, where its deployments go, and what it does. The table of transitions is
//! BEP-1049's with what the review of pull request 10426 asked for; a bug mode takes out what the code then lacked.
//! Source: lablup/backend.ai refs/pull/10426/head d0ef5ec06c, manager/sokovan/deployment/handlers; BEP-1049.

use super::promotion::awaiting_promotion;
use super::provisioning::provisioning;
use crate::systems::backendai::deployments::Deployments;
use crate::systems::backendai::handler::{Candidate, Exception, Handler, Outcome, Transitions};
use crate::systems::backendai::profile::{BugMode, Options};
use crate::systems::backendai::route::{Route, RouteStatus};
use crate::systems::backendai::status::{Lifecycle, Status, SubStep};
use crate::timeline::{Arg, Why};
use crate::workload::World;

/// Names of handlers. Of those that roll out they are the source's; the others are assumed, as nothing shows them.
const PENDING: &str = "check-pending";
const REPLICAS: &str = "check-replica";
const PROVISIONING: &str = "deploying-provisioning";
const AWAITING_PROMOTION: &str = "deploying-awaiting-promotion";
const ROLLING_BACK: &str = "deploying-rolling-back";
const DESTROYING: &str = "destroying";
const EVICTION: &str = "route-eviction";

/// The category of handlers that roll out.
const DEPLOYING: &str = "deploying";

const READY: Status = Status::of(Lifecycle::Ready);

/// The handlers, in the order in which they take their lock.
pub fn handlers(options: &Options) -> Vec<Handler> {
    let plain = |name, lifecycles, success| Handler {
        name,
        category: "lifecycle",
        lifecycles,
        sub_steps: &[],
        cycle: options.deployments,
        transitions: Transitions { success, ..Transitions::default() },
        timeout: None,
        attempts_max: None,
        records_entry: false,
    };
    let rolling_out = |name, sub_steps, stays, success, rolled_back| Handler {
        name,
        category: DEPLOYING,
        lifecycles: &[Lifecycle::Deploying],
        sub_steps,
        cycle: options.deployments,
        transitions: Transitions {
            success: Some(success),
            need_retry: Some(Status::deploying(stays)),
            expired: Some(rolled_back),
            give_up: Some(rolled_back),
        },
        timeout: Some(options.deploying_timeout),
        attempts_max: Some(options.attempts_max),
        records_entry: false,
    };
    let back = Status::deploying(SubStep::RollingBack);
    let awaiting = Status::deploying(SubStep::AwaitingPromotion);
    let mut provisioning = rolling_out(PROVISIONING, &[SubStep::Provisioning], SubStep::Provisioning, awaiting, back);
    let mut promotion =
        rolling_out(AWAITING_PROMOTION, &[SubStep::AwaitingPromotion], SubStep::AwaitingPromotion, READY, back);
    promotion.records_entry = !options.has(BugMode::TimeoutNeverFires);
    if options.has(BugMode::NeedRetryMissing) {
        provisioning.transitions.need_retry = None;
    }
    // Where the time could not be computed, nobody had said either what follows from a failure to do so.
    if options.has(BugMode::TzNaiveElapsed) {
        promotion.transitions.need_retry = None;
    }
    let mut all = vec![
        plain(PENDING, &[Lifecycle::Pending], Some(READY)),
        plain(REPLICAS, &[Lifecycle::Ready], None),
        provisioning,
        promotion,
        rolling_out(ROLLING_BACK, &[SubStep::RollingBack], SubStep::RollingBack, READY, READY),
        Handler {
            cycle: options.destroying,
            ..plain(DESTROYING, &[Lifecycle::Destroying], Some(Status::of(Lifecycle::Destroyed)))
        },
    ];
    // Until lablup/backend.ai#11370 nobody looked after routes of revisions that nothing belongs to.
    if !options.has(BugMode::GreenLeak) {
        let lives = &[Lifecycle::Ready, Lifecycle::Deploying];
        all.push(Handler { cycle: options.eviction, ..plain(EVICTION, lives, None) });
    }
    all
}

/// False if a look of this handler could change nothing before something else does.
pub fn could_act(deployments: &Deployments, handler: &Handler, index: usize) -> bool {
    let one = &deployments.list[index];
    match handler.name {
        REPLICAS => one.current.is_some_and(|current| {
            let active = deployments.active_of(index, current).len();
            u32::try_from(active).is_ok_and(|active| active != one.desired)
        }),
        EVICTION => !orphans(deployments, index).is_empty(),
        DESTROYING => one.routes.iter().any(Route::is_active) || one.routes.iter().all(is_over),
        _ => true,
    }
}

/// Active routes of a revision that is neither run nor rolled out. Those that take traffic are left to the rollout, which counts
/// them among the old ones: assumed.
fn orphans(deployments: &Deployments, index: usize) -> Vec<usize> {
    let one = &deployments.list[index];
    let known = [one.current, one.deploying];
    deployments.routes_where(index, |route| {
        route.is_active() && !route.takes_traffic && !known.contains(&Some(route.revision))
    })
}

fn is_over(route: &Route) -> bool {
    matches!(route.status, RouteStatus::Terminated | RouteStatus::FailedToStart)
}

/// Handles a batch.
///
/// # Errors
/// An error that the handler does not catch.
pub fn execute(
    deployments: &mut Deployments,
    handler: &Handler,
    batch: &[Candidate],
    world: &mut dyn World,
) -> Result<Vec<(usize, Outcome)>, Exception> {
    match handler.name {
        PROVISIONING => provisioning(deployments, batch, world),
        AWAITING_PROMOTION => awaiting_promotion(deployments, batch, world),
        name => Ok(batch.iter().map(|one| (one.deployment, each(deployments, name, one.deployment, world))).collect()),
    }
}

/// What a handler does that looks at each deployment by itself.
fn each(deployments: &mut Deployments, handler: &str, index: usize, world: &mut dyn World) -> Outcome {
    match handler {
        PENDING => {
            if let Some(current) = deployments.list[index].current {
                let desired = deployments.list[index].desired;
                deployments.create_routes(index, current, desired, true, world);
            }
            let revision = deployments.shown_revision(index, deployments.list[index].current, world);
            Outcome::Success(Why::with("runs {}", revision))
        }
        REPLICAS => replicas(deployments, index, world),
        ROLLING_BACK => roll_back(deployments, index, world),
        DESTROYING => destroy(deployments, index, world),
        EVICTION => {
            for route in orphans(deployments, index) {
                let cause = deployments.list[index].cause;
                deployments.drain(index, route, Why::text("its revision is neither run nor rolled out"), cause, world);
            }
            Outcome::Success(Why::NONE)
        }
        _ => Outcome::Skipped,
    }
}

/// Makes routes that are missing of the revision that it runs, and drains those that are too many.
fn replicas(deployments: &mut Deployments, index: usize, world: &mut dyn World) -> Outcome {
    let one = &deployments.list[index];
    let (Some(current), desired) = (one.current, one.desired as usize) else { return Outcome::Skipped };
    let mut active = deployments.active_of(index, current);
    if active.len() < desired {
        deployments.create_routes(index, current, (desired - active.len()) as u32, true, world);
    } else {
        let surplus = active.len() - desired;
        active.sort_by_key(|route| deployments.list[index].routes[*route].health);
        for route in active.into_iter().take(surplus) {
            let cause = deployments.list[index].cause;
            deployments.drain(index, route, Why::text("one too many"), cause, world);
        }
    }
    Outcome::Success(Why::NONE)
}

/// Gives the revision up that was rolled out, and its routes.
fn roll_back(deployments: &mut Deployments, index: usize, world: &mut dyn World) -> Outcome {
    let deploying = deployments.list[index].deploying;
    if let Some(revision) = deploying
        && !deployments.options.has(BugMode::GreenLeak)
    {
        for route in deployments.active_of(index, revision) {
            let cause = deployments.list[index].cause;
            deployments.drain(index, route, Why::text("its rollout is rolled back"), cause, world);
        }
    }
    let one = &mut deployments.list[index];
    one.deploying = None;
    one.status.sub_step = None;
    let current = one.current;
    deployments.publish_revisions(index, world);
    let current = deployments.shown_revision(index, current, world);
    let Some(_) = deploying else { return Outcome::Success(Why::with("runs {}", current)) };
    let given_up = deployments.shown_revision(index, deploying, world);
    Outcome::Success(Why::with2("{} is given up; runs {}", given_up, current))
}

/// Ends all routes, and waits until they are told.
fn destroy(deployments: &mut Deployments, index: usize, world: &mut dyn World) -> Outcome {
    for route in deployments.routes_where(index, Route::is_active) {
        let cause = deployments.list[index].cause;
        deployments.drain(index, route, Why::text("its deployment is taken down"), cause, world);
    }
    if deployments.list[index].routes.iter().all(is_over) {
        return Outcome::Success(Why::text("no route is left"));
    }
    Outcome::Skipped
}

/// An argument for a number of routes.
pub fn count(number: usize) -> Arg {
    Arg::Count(number as u64)
}
