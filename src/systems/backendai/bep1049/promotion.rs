//! AWAITING_PROMOTION: when a promotion comes by itself, what an operator must wait for, and the switch, which is one
//! transaction: no instant has both sides or neither.
//! Source: lablup/backend.ai refs/pull/10426/head d0ef5ec06c, manager/sokovan/deployment/handlers/deploying.py and
//! manager/services/deployment/service.py (promote_deployment); BEP-1049, blue-green.md.

use super::care::count;
use crate::kernel::{Duration, Time};
use crate::systems::backendai::deployments::Deployments;
use crate::systems::backendai::handler::{Candidate, Exception, Outcome};
use crate::systems::backendai::policy::Policy;
use crate::systems::backendai::profile::{BugMode, DelayFrom};
use crate::systems::backendai::route::{Route, RouteStatus};
use crate::systems::backendai::status::{Lifecycle, Status, SubStep};
use crate::timeline::{Cause, Why};
use crate::workload::World;

/// Promotes what is to be promoted by itself, one deployment after the other.
///
/// # Errors
/// The subtraction that has no result, in that bug mode. Promotions before it in the batch are done.
pub fn awaiting_promotion(
    deployments: &mut Deployments,
    batch: &[Candidate],
    world: &mut dyn World,
) -> Result<Vec<(usize, Outcome)>, Exception> {
    let mut outcomes = Vec::with_capacity(batch.len());
    for candidate in batch {
        match one(deployments, *candidate, world) {
            Ok(outcome) => outcomes.push((candidate.deployment, outcome)),
            Err(exception) => {
                tell_of_promotions(deployments, &outcomes, world);
                return Err(exception);
            }
        }
    }
    Ok(outcomes)
}

/// What was written before the error stays written, although nobody hears of it: DEPLOYING without a sub-step.
fn tell_of_promotions(deployments: &mut Deployments, outcomes: &[(usize, Outcome)], world: &mut dyn World) {
    for (index, outcome) in outcomes {
        if let Outcome::Success(why) = outcome {
            let cause = deployments.list[*index].cause;
            deployments.tell(*index, *why, cause, world);
        }
    }
}

fn one(deployments: &mut Deployments, candidate: Candidate, world: &mut dyn World) -> Result<Outcome, Exception> {
    let index = candidate.deployment;
    let Some(Policy::BlueGreen { auto_promote: true, promote_delay }) = deployments.spec(index).policy else {
        return Ok(Outcome::Skipped);
    };
    let options = &deployments.options;
    if !promote_delay.is_zero() {
        if options.has(BugMode::TzNaiveElapsed) && candidate.started_at.is_some() {
            let why = "TypeError: can't subtract offset-naive and offset-aware datetimes";
            return Err(Exception { code: "TypeError", why: Why::text(why) });
        }
        let from = delay_from(deployments, index);
        if !options.has(BugMode::DelayIgnored) && is_before(world.now(), from, promote_delay) {
            return Ok(Outcome::Skipped);
        }
    }
    if healthy_green(deployments, index).is_empty() && !options.has(BugMode::PromoteZeroGreen) {
        let why = Why::text("no healthy route of the new revision is left to promote");
        return Ok(Outcome::Failure("no_healthy_green", why));
    }
    let cause = deployments.list[index].cause;
    let why = promote(deployments, index, cause, world);
    Ok(Outcome::Success(why))
}

/// True if a delay is not over.
fn is_before(now: Time, from: Time, delay: Duration) -> bool {
    now.since(from) < delay
}

/// From when a deployment's delay runs.
fn delay_from(deployments: &Deployments, index: usize) -> Time {
    let one = &deployments.list[index];
    match deployments.options.delay_from {
        DelayFrom::Phase => one.since,
        DelayFrom::LastRouteChange => {
            let green = one.routes.iter().filter(|route| Some(route.revision) == one.deploying);
            green.map(|route| route.changed_at).max().unwrap_or(one.since)
        }
    }
}

/// The routes that a promotion gives the traffic to.
fn healthy_green(deployments: &Deployments, index: usize) -> Vec<usize> {
    let deploying = deployments.list[index].deploying;
    deployments.routes_where(index, |route| route.is_healthy() && Some(route.revision) == deploying)
}

/// The switch: green gets the traffic, all other active routes end, and the revisions are swapped.
fn promote(deployments: &mut Deployments, index: usize, cause: Cause, world: &mut dyn World) -> Why {
    let green = healthy_green(deployments, index);
    for position in &green {
        let route: &mut Route = &mut deployments.list[index].routes[*position];
        route.takes_traffic = true;
        route.become_status(RouteStatus::Running, Why::text("promoted: it takes the traffic"), cause, world);
    }
    let deploying = deployments.list[index].deploying;
    let others = deployments.routes_where(index, |route| route.is_active() && Some(route.revision) != deploying);
    for position in &others {
        deployments.drain(index, *position, Why::text("the traffic is taken from it"), cause, world);
    }
    deployments.pledge_takeover(index, deploying, world);
    let one = &mut deployments.list[index];
    one.current = one.deploying.take();
    one.status.sub_step = None;
    let current = one.current;
    deployments.publish_revisions(index, world);
    let revision = deployments.shown_revision(index, current, world);
    Why::with3("{} is promoted: {} routes take over from {}", revision, count(green.len()), count(others.len()))
}

/// Why an operator cannot promote a deployment now, in the words of the API; `None` if it can be.
pub fn why_no_promotion(deployments: &Deployments, index: usize) -> Option<String> {
    let (one, id) = (&deployments.list[index], &deployments.spec(index).name);
    if one.status != Status::deploying(SubStep::AwaitingPromotion) {
        let sub_step = one.status.sub_step.map_or("None", SubStep::text);
        return Some(format!(
            "Deployment {id} is not in AWAITING_PROMOTION state (current sub_step: {sub_step}). Manual promotion is only \
             allowed during AWAITING_PROMOTION."
        ));
    }
    if one.deploying.is_none() {
        return Some(format!("Deployment {id} has no deploying_revision_id."));
    }
    if deployments.options.guards_manual_promotion && healthy_green(deployments, index).is_empty() {
        return Some(format!(
            "Deployment {id} has no healthy green routes to promote. Wait for new-revision routes to become HEALTHY before \
             promoting."
        ));
    }
    None
}

/// The promotion that an operator asks for, which [`why_no_promotion`] allows.
pub fn promote_by_hand(deployments: &mut Deployments, index: usize, cause: Cause, world: &mut dyn World) {
    let why = promote(deployments, index, cause, world);
    let one = &mut deployments.list[index];
    if !deployments.options.has(BugMode::ManualPromoteNoReady) {
        one.status = Status::of(Lifecycle::Ready);
    }
    one.since = world.now();
    deployments.tell(index, why, cause, world);
}
