//! The handlers of the second era: what each selects, how long and how often it tries, where its deployments go. The
//! reconcilers of groups are handlers too: they look at the groups of every deployment, and move none of the deployments.
//! Source: lablup/backend.ai c0032c472e, manager/sokovan/deployment/handlers/deploying_*.py and group/stages.

use super::{ending, eviction, model::GroupLifecycle, model::Scaling, promotion, reconcile, rollback, target};
use crate::systems::backendai::deployments::Deployments;
use crate::systems::backendai::handler::{Candidate, Exception, Handler, Outcome, Transitions};
use crate::systems::backendai::profile::Options;
use crate::systems::backendai::route::Route;
use crate::systems::backendai::status::{Lifecycle, Status, SubStep};
use crate::timeline::Why;
use crate::workload::World;

const PENDING: &str = "check-pending";
const INITIALIZING: &str = "deploying-initializing";
const PROVISIONING: &str = "deploying-provisioning";
const PROVISIONED: &str = "deploying-provisioned";
const PROMOTING: &str = "deploying-promoting";
const FINALIZING: &str = "deploying-finalizing";
const DRAINING: &str = "deploying-draining";
const ROLLING_BACK: &str = "deploying-rolling-back";
const DESTROYING: &str = "destroying";
const SCALING: &str = "scaling_reconcile";
const GROUP_ROLLING: &str = "group_rolling";
const GROUP_DRAINING: &str = "group_draining";
const GROUP_AUTOSCALE: &str = "group_autoscale";
const EVICTION: &str = "route-eviction";

/// The category of all handlers of deployments, whose rows of history follow one another.
pub const LIFECYCLE: &str = "lifecycle";

const READY: Status = Status::of(Lifecycle::Ready);

/// A group has to be looked after whatever its deployment does.
const ALWAYS: &[Lifecycle] = &[Lifecycle::Pending, Lifecycle::Deploying, Lifecycle::Ready, Lifecycle::Destroying];

/// The handlers, in the order in which they look at one instant: the last step of a rollout first, so that a deployment takes
/// one step an instant; then groups, then routes. In the source it is the order of events of a queue, which nothing fixes.
pub fn handlers(options: &Options) -> Vec<Handler> {
    let plain = |name, lifecycles, success| Handler {
        name,
        category: LIFECYCLE,
        lifecycles,
        sub_steps: &[],
        cycle: options.deployments,
        transitions: Transitions { success, ..Transitions::default() },
        timeout: None,
        attempts_max: None,
        records_entry: false,
        marks_itself: false,
    };
    let step = |name, sub_steps: &'static [SubStep], success: Status, otherwise: Status, limited: bool| Handler {
        name,
        category: LIFECYCLE,
        lifecycles: &[Lifecycle::Deploying],
        sub_steps,
        cycle: options.deployments,
        transitions: Transitions {
            success: Some(success),
            need_retry: Some(Status::deploying(sub_steps[0])),
            expired: Some(otherwise),
            give_up: Some(otherwise),
        },
        timeout: Some(options.deploying_timeout),
        attempts_max: limited.then_some(options.attempts_max),
        records_entry: false,
        marks_itself: false,
    };
    let to = Status::deploying;
    let back = to(SubStep::RollingBack);
    let gone = Status::of(Lifecycle::Destroying);
    let mut rolling_back = step(ROLLING_BACK, &[SubStep::RollingBack], READY, gone, true);
    rolling_back.transitions.need_retry = Some(gone);
    let reconciler = |name| Handler { cycle: options.reconcilers, ..plain(name, ALWAYS, None) };
    vec![
        rolling_back,
        step(DRAINING, &[SubStep::Draining], READY, READY, false),
        step(FINALIZING, &[SubStep::Finalizing], to(SubStep::Draining), back, true),
        step(PROMOTING, &[SubStep::Promoting], to(SubStep::Finalizing), back, true),
        step(PROVISIONED, &[SubStep::Provisioned], to(SubStep::Promoting), back, false),
        step(PROVISIONING, &[SubStep::Provisioning], to(SubStep::Provisioned), back, true),
        step(INITIALIZING, &[SubStep::Initializing], to(SubStep::Provisioning), back, true),
        plain(PENDING, &[Lifecycle::Pending], Some(READY)),
        Handler {
            cycle: options.destroying,
            ..plain(DESTROYING, &[Lifecycle::Destroying], Some(Status::of(Lifecycle::Destroyed)))
        },
        reconciler(SCALING),
        reconciler(GROUP_ROLLING),
        reconciler(GROUP_DRAINING),
        reconciler(GROUP_AUTOSCALE),
        Handler { cycle: options.eviction, ..plain(EVICTION, ALWAYS, None) },
    ]
}

/// False if a look of this handler could change nothing before something else does.
pub fn could_act(deployments: &Deployments, handler: &Handler, index: usize) -> bool {
    let one = &deployments.list[index];
    let has = |lifecycle, scaling| {
        one.groups.list.iter().any(|group| (group.lifecycle, group.scaling) == (lifecycle, scaling))
    };
    match handler.name {
        SCALING => one.groups.list.iter().any(|group| group.scaling == Scaling::Scaling),
        GROUP_ROLLING => has(GroupLifecycle::Rolling, Scaling::Stable),
        GROUP_DRAINING => has(GroupLifecycle::Draining, Scaling::Stable),
        GROUP_AUTOSCALE => reconcile::has_drifted(deployments, index),
        EVICTION => eviction::has_any(deployments, index),
        DESTROYING => one.routes.iter().any(Route::is_active) || one.routes.iter().all(Route::is_over),
        _ => true,
    }
}

/// Handles a batch, one deployment after the other.
///
/// # Errors
/// None: what could be read of these handlers catches its errors.
pub fn execute(
    deployments: &mut Deployments,
    handler: &Handler,
    batch: &[Candidate],
    world: &mut dyn World,
) -> Result<Vec<(usize, Outcome)>, Exception> {
    Ok(batch.iter().map(|one| (one.deployment, each(deployments, handler.name, one.deployment, world))).collect())
}

fn each(deployments: &mut Deployments, handler: &str, index: usize, world: &mut dyn World) -> Outcome {
    match handler {
        PENDING => {
            deployments.add_first_group(index, world);
            let revision = deployments.shown_revision(index, deployments.list[index].current, world);
            Outcome::Success(Why::with("runs {}", revision))
        }
        INITIALIZING => target::initializing(deployments, index),
        PROVISIONING => target::provisioning(deployments, index, world),
        PROVISIONED => target::provisioned(deployments, index),
        PROMOTING => promotion::promoting(deployments, index, world),
        FINALIZING => promotion::finalizing(deployments, index, world),
        DRAINING => ending::draining(deployments, index, world),
        ROLLING_BACK => rollback::rolling_back(deployments, index, world),
        DESTROYING => ending::destroying(deployments, index, world),
        SCALING => reconcile::scaling(deployments, index, world),
        GROUP_ROLLING => reconcile::rolling(deployments, index, world),
        GROUP_DRAINING => reconcile::draining(deployments, index, world),
        GROUP_AUTOSCALE => reconcile::autoscale(deployments, index, world),
        EVICTION => eviction::evict(deployments, index, world),
        _ => Outcome::Skipped,
    }
}
