//! The handlers of the first era: what each selects, and where its deployments go. The table of transitions is
//! BEP-1049's with what the review of pull request 10426 asked for; a bug mode takes out what the code then lacked.
//! Source: lablup/backend.ai refs/pull/10426/head d0ef5ec06c, manager/sokovan/deployment/handlers; BEP-1049.

use super::care;
use super::promotion::awaiting_promotion;
use super::provisioning::provisioning;
use crate::systems::backendai::deployments::Deployments;
use crate::systems::backendai::handler::{Candidate, Exception, Handler, Outcome, Transitions};
use crate::systems::backendai::profile::{BugMode, Options};
use crate::systems::backendai::route::Route;
use crate::systems::backendai::status::{Lifecycle, Status, SubStep};
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
        marks_itself: false,
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
        marks_itself: false,
    };
    let back = Status::deploying(SubStep::RollingBack);
    let awaiting = Status::deploying(SubStep::AwaitingPromotion);
    let mut provisioning = rolling_out(PROVISIONING, &[SubStep::Provisioning], SubStep::Provisioning, awaiting, back);
    let mut promotion =
        rolling_out(AWAITING_PROMOTION, &[SubStep::AwaitingPromotion], SubStep::AwaitingPromotion, READY, back);
    // Their `post_process` asks for another look whatever came of this one.
    provisioning.marks_itself = true;
    promotion.marks_itself = true;
    promotion.records_entry = !options.has(BugMode::TimeoutNeverFires);
    if options.has(BugMode::NeedRetryMissing) {
        provisioning.transitions.need_retry = None;
    }
    if options.has(BugMode::GiveUpMissing) {
        provisioning.transitions.give_up = None;
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
        EVICTION => !care::orphans(deployments, index).is_empty(),
        DESTROYING => one.routes.iter().any(Route::is_active) || one.routes.iter().all(Route::is_over),
        _ => true,
    }
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
        PENDING => care::begin(deployments, index, world),
        REPLICAS => care::replicas(deployments, index, world),
        ROLLING_BACK => care::roll_back(deployments, index, world),
        DESTROYING => care::destroy(deployments, index, world),
        EVICTION => care::evict(deployments, index, world),
        _ => Outcome::Skipped,
    }
}
