//! A cycle of the deploy loop, in the six steps of the page: what is there is compared with what is wanted, commands are made of the
//! difference, nodes are found for them, they are carried out, the registry is told, and what failed is seen.
//!
//! A cycle in which something went wrong is an attempt that ends in Error; the next is another. After so many without a new instance
//! that became healthy the deployment is Failed, and left alone until it is saved again. Source of the states: the diagram of the page of Deploy Svc at
//! 1backend/1backend 1305defcf2; what leads to Failed it does not say (*assumed*).

use std::sync::Arc;

use super::super::containers::{self, Seen};
use super::super::model::StrategyType;
use super::super::store::{DeploymentRow, DeploymentStatus};
use super::plan::{self, Step, There};
use super::work::{Image, Instance, Life, Problem};
use super::{Loop, Scene, build, instances, scale, template};
use crate::timeline::{Arg, Cause, Why};
use crate::workload::{IntOrPercent, Status, Strategy, World};

/// What the page shows of a deployment whose instances start.
const STARTING: &str = "Starting container instances...";
/// What is said while instances only go.
const STOPPING: &str = "Stopping container instances...";
/// What is said while an image is built.
const BUILDING: &str = "Building image...";

impl Loop {
    /// One cycle, over all deployments in the order of their first save.
    pub(super) fn cycle(&mut self, scene: &mut Scene<'_>) {
        for position in 0..self.works.len() {
            self.step(position, scene);
        }
    }

    /// Takes one deployment a step further.
    pub(super) fn step(&mut self, position: usize, scene: &mut Scene<'_>) {
        instances::remove_again(&mut self.works[position], scene);
        let work = &self.works[position];
        let index = scene.store.deployment(&work.id).filter(|_| !work.removed);
        let Some(index) = index else {
            self.clear(position, scene);
            return;
        };
        if scene.store.deployments[index].status == DeploymentStatus::Failed {
            return;
        }
        self.assess(position, scene);
        self.read_template(position, index, scene);
        self.autoscale(position, index, scene);
        let (there, strategy) = self.there(position, index, scene);
        let step = plan::step(there, &strategy);
        let work = &mut self.works[position];
        let converged =
            there.new_healthy == there.wanted && there.new_coming + there.old_healthy + there.old_unhealthy == 0;
        if converged && work.problem.is_none() {
            work.attempts = 0;
            let row = &mut scene.store.deployments[index];
            if !matches!(row.status, DeploymentStatus::Deploying | DeploymentStatus::Ok) {
                turn(row, DeploymentStatus::Deploying, "", work.cause, scene.world);
            }
            turn(row, DeploymentStatus::Ok, "", work.cause, scene.world);
            return;
        }
        let blocked = work.problem.is_some();
        // An attempt begins with Deploying, whatever comes of it.
        let building = build::is_building(work) || !blocked && needs_build(work.image, work.template.as_deref());
        let row = &mut scene.store.deployments[index];
        let goes = step.stop_healthy + step.stop_unhealthy + step.stop_new + there.stopping > 0;
        let details = match step.start + there.new_coming {
            _ if building => BUILDING,
            // Nothing comes and nothing goes in an attempt that fails before that.
            0 if blocked || !goes => "",
            0 => STOPPING,
            _ => STARTING,
        };
        // What is said of an attempt stays, but for a build that is over.
        if row.status != DeploymentStatus::Deploying || !blocked && !building && row.details == BUILDING {
            turn(row, DeploymentStatus::Deploying, details, work.cause, scene.world);
            work.cause = row.cause;
        }
        if !blocked && build::is_built(work, scene) {
            self.carry_out(position, step, scene);
        }
        self.conclude(position, index, scene);
    }

    /// Ends an attempt in which something went wrong.
    fn conclude(&mut self, position: usize, index: usize, scene: &mut Scene<'_>) {
        let work = &mut self.works[position];
        let Some(problem) = work.problem.take() else { return };
        work.attempts += 1;
        let most = scene.options.documented.attempts_max;
        let row = &mut scene.store.deployments[index];
        let cause = problem.cause.unwrap_or(work.cause);
        if work.attempts < most {
            turn(row, DeploymentStatus::Error, &problem.text, cause, scene.world);
        } else {
            let details = format!("{} (given up after {most} attempts)", problem.text);
            turn(row, DeploymentStatus::Failed, &details, cause, scene.world);
        }
        work.cause = row.cause;
    }

    /// What of a deployment is there no more, or not as it should be. What failed leads to what is done then, rather than what was
    /// told to go and has gone.
    fn assess(&mut self, position: usize, scene: &mut Scene<'_>) {
        let now = scene.world.now();
        let work = &mut self.works[position];
        let mut number = 0;
        let mut any_failed = false;
        while number < work.instances.len() {
            let instance = &mut work.instances[number];
            let is_lost = is_lost(instance, scene);
            let verdict = judge(instance, is_lost, scene);
            let Some((why, failure)) = verdict else {
                number += 1;
                continue;
            };
            if is_lost && failure.is_some() {
                instance.cause = scene.store.nodes[instance.node].cause;
            }
            let failed_to_start = instance.life == Life::Starting;
            let text = failure.map(|failure| format!("instance {}: {failure}", name(instance, scene.world)));
            let cause = instances::forget(work, number, why, scene);
            if text.is_some() || !any_failed {
                work.cause = cause;
            }
            any_failed |= text.is_some();
            if let Some(text) = text.filter(|_| failed_to_start) {
                work.problem = Some(Problem { text, cause: Some(cause) });
            }
        }
        debug_assert!(work.instances.iter().all(|instance| instance.since <= now));
    }

    /// Reads what instances are made from. If it is something else than before, a revision begins; or an earlier one is taken up
    /// again of which there are instances, so that an update that is undone leaves them alone.
    fn read_template(&mut self, position: usize, index: usize, scene: &mut Scene<'_>) {
        let work = &mut self.works[position];
        match template::template(&scene.store.deployments[index].spec, scene.store, scene.options) {
            Ok(template) => {
                if work.template.as_deref() != Some(&template) {
                    let same = work.instances.iter().find(|one| one.is_active() && *one.template == template);
                    let earlier = same.map(|instance| instance.revision);
                    work.revisions += u32::from(earlier.is_none());
                    work.revision = earlier.unwrap_or(work.revisions);
                    work.image = if earlier.is_some() { Image::There } else { Image::Missing };
                    work.template = Some(Arc::new(template));
                    work.attempts = 0;
                }
            }
            Err(text) => work.problem = Some(Problem { text, cause: None }),
        }
    }

    /// Asks the load how many instances there should be.
    fn autoscale(&mut self, position: usize, index: usize, scene: &mut Scene<'_>) {
        let row = &scene.store.deployments[index];
        let Some(scaling) = row.spec.auto_scaling else {
            self.works[position].scaled = None;
            return;
        };
        let work = &mut self.works[position];
        let (least, most) = scale::bounds(&scaling);
        let current = work.scaled.unwrap_or_else(|| row.spec.replicas.unsigned_abs()).clamp(least, most);
        work.scaled = Some(current);
        let healthy: Vec<&Instance> = work.instances.iter().filter(|one| one.life == Life::Healthy).collect();
        let pods: Vec<_> = healthy.iter().map(|instance| instance.pod).collect();
        let Some(used) = scene.world.usage(&pods, "cpu").filter(|used| !used.is_empty()) else { return };
        let used: u64 = used.iter().sum();
        let each = |instance: &&Instance| match instance.need().cpu_milli {
            0 => scene.store.nodes.get(instance.node).map_or(0, |node| node.facts.cpu_milli),
            own => own,
        };
        let count = u32::try_from(healthy.len()).unwrap_or(u32::MAX);
        let each = healthy.iter().map(each).sum::<u64>() / u64::from(count.max(1));
        let settings = &scene.options.documented;
        let wanted = scale::wanted(&scaling, settings, count, used, each);
        let wanted = if wanted == count { current } else { wanted };
        let settled = work.memory.settle(scene.world.now(), current, wanted, settings.scale_down_after);
        if settled != current {
            work.scaled = Some(settled);
            let percent = Arg::Count(scale::percent(count, used, each));
            let (to, from) = (Arg::Count(settled.into()), Arg::Count(current.into()));
            let text = match settled {
                1 => "cpu at {} %: {} instance rather than {}",
                _ => "cpu at {} %: {} instances rather than {}",
            };
            let why = Why::with3(text, percent, to, from);
            work.cause = Cause::Entry(scene.world.note(row.subject, row.status.state(), why, work.cause));
        }
    }

    /// What is there and what is wanted, and how the one becomes the other.
    fn there(&self, position: usize, index: usize, scene: &Scene<'_>) -> (There, Strategy) {
        let (work, spec) = (&self.works[position], &scene.store.deployments[index].spec);
        let wanted = self.wanted_of(&scene.store.deployments[index]);
        let mut there = There { wanted, ..There::default() };
        for instance in &work.instances {
            let count = match (instance.life, instance.revision == work.revision) {
                (Life::Draining(_) | Life::Stopping, _) => &mut there.stopping,
                (Life::Healthy, true) => &mut there.new_healthy,
                (_, true) => &mut there.new_coming,
                (Life::Healthy, false) => &mut there.old_healthy,
                (_, false) => &mut there.old_unhealthy,
            };
            *count += 1;
        }
        let strategy = spec.strategy.unwrap_or_default();
        let number = |given: Option<i32>, default| {
            IntOrPercent::Int(given.map_or(default, |given| u32::try_from(given).unwrap_or(0)))
        };
        let settings = &scene.options.documented;
        let strategy = match strategy.kind.unwrap_or_default() {
            StrategyType::Recreate => Strategy::Recreate,
            StrategyType::RollingUpdate => Strategy::RollingUpdate {
                max_surge: number(strategy.max_surge, settings.max_surge),
                max_unavailable: number(strategy.max_unavailable, settings.max_unavailable),
            },
        };
        (there, strategy)
    }

    /// Stops and starts what a step says.
    fn carry_out(&mut self, position: usize, step: Step, scene: &mut Scene<'_>) {
        let work = &mut self.works[position];
        let (revision, serves, cause) = (work.revision, work.subject, work.cause);
        let mut left = step;
        // The oldest of an old revision go first, and of the newest the youngest that are not healthy, then the youngest.
        for instance in work.instances.iter_mut().filter(|one| one.is_active() && one.revision != revision) {
            let count = match instance.life {
                Life::Healthy => &mut left.stop_healthy,
                _ => &mut left.stop_unhealthy,
            };
            if *count > 0 {
                *count -= 1;
                let why = Why::text("another revision takes its place");
                work.removals.extend(instances::take_out(instance, serves, why, cause, scene));
            }
        }
        for healthy in [false, true] {
            let newest = work.instances.iter_mut().rev().filter(|one| one.is_active() && one.revision == revision);
            for instance in newest.filter(|one| (one.life == Life::Healthy) == healthy) {
                if left.stop_new > 0 {
                    left.stop_new -= 1;
                    let why = Why::text("fewer are wanted");
                    work.removals.extend(instances::take_out(instance, serves, why, cause, scene));
                }
            }
        }
        for number in 0..step.start {
            if let Err(Problem { text: reason, cause }) = self.start(position, scene) {
                // An instance that goes gives its room back: the next cycle finds it.
                if self.works.iter().flat_map(|work| &work.instances).any(|instance| !instance.is_active()) {
                    break;
                }
                let lacking = step.start - number;
                let lack = match (lacking, self.wanted(position, scene)) {
                    (1, 1) => "its instance has no node".to_owned(),
                    (1, wanted) => format!("1 of {wanted} instances has no node"),
                    (_, wanted) => format!("{lacking} of {wanted} instances have no node"),
                };
                self.works[position].problem = Some(Problem { text: format!("{lack}: {reason}"), cause });
                break;
            }
        }
    }

    fn wanted(&self, position: usize, scene: &Scene<'_>) -> u32 {
        let index = scene.store.deployment(&self.works[position].id);
        index.map_or(0, |index| self.wanted_of(&scene.store.deployments[index]))
    }

    /// How many instances a deployment wants: as many as it was scaled to, or as its row says.
    pub fn wanted_of(&self, row: &DeploymentRow) -> u32 {
        let work = self.works.iter().find(|work| !work.removed && work.id == row.spec.id);
        let scaled = work.and_then(|work| work.scaled);
        scaled.unwrap_or_else(|| u32::try_from(row.spec.replicas).unwrap_or(0))
    }

    /// Of a deployment that was removed nothing stays.
    fn clear(&mut self, position: usize, scene: &mut Scene<'_>) {
        self.assess(position, scene);
        let work = &mut self.works[position];
        let (serves, cause) = (work.subject, work.cause);
        for instance in &mut work.instances {
            let why = Why::text("its deployment was removed");
            work.removals.extend(instances::take_out(instance, serves, why, cause, scene));
        }
    }
}

/// Gives a deployment a status, as the page's diagram has it.
fn turn(row: &mut DeploymentRow, to: DeploymentStatus, details: &str, cause: Cause, world: &mut dyn World) {
    debug_assert!(is_in_the_diagram(row.status, to), "{:?} becomes {to:?}", row.status);
    row.become_status(to, details, cause, world);
}

/// The arrows of the page's diagram; a status may also stay what it is.
const fn is_in_the_diagram(from: DeploymentStatus, to: DeploymentStatus) -> bool {
    use DeploymentStatus::{Deploying, Error, Failed, Ok, Pending};
    matches!(
        (from, to),
        (Pending | Error | Ok | Deploying, Deploying) | (Deploying | Ok, Ok) | (Deploying, Error | Failed)
    )
}

/// True if an image has to be built first.
fn needs_build(image: Image, template: Option<&template::Template>) -> bool {
    image != Image::There && template.is_some_and(|template| template.repository.is_some())
}

/// The name of an instance.
fn name(instance: &Instance, world: &dyn World) -> String {
    let name = instance.subject.name;
    format!("{}-{}", world.text(name.base()), name.ordinal().unwrap_or(0))
}

/// True if the node of an instance was not heard of for too long.
fn is_lost(instance: &Instance, scene: &Scene<'_>) -> bool {
    let node = &scene.store.nodes[instance.node];
    !node.heard && node.last_heartbeat + scene.options.documented.node_timeout <= scene.world.now()
}

/// Whether an instance is to be forgotten: why, and what failed, if it was not told to go.
fn judge(instance: &Instance, lost: bool, scene: &Scene<'_>) -> Option<(Why, Option<String>)> {
    let (now, settings) = (scene.world.now(), &scene.options.documented);
    let node = &scene.store.nodes[instance.node];
    if !instance.is_active() {
        let gone = !matches!(scene.world.observed(instance.pod), Some(Status::Pod(_)));
        let stopping = instance.life == Life::Stopping;
        return (stopping && (gone || lost)).then_some((Why::NONE, None));
    }
    let failed = |why: &'static str, failure: String| Some((Why::text(why), Some(failure)));
    if let Some(refusal) = &instance.refusal {
        return failed("its container cannot be made", refusal.clone());
    }
    if lost {
        return failed("its node is lost", format!("node {} is lost", node.facts.name));
    }
    match containers::look(instance.pod, scene.world) {
        Seen::PullFails => {
            return failed(
                "its image cannot be pulled",
                format!("image '{}' cannot be pulled", instance.template.image),
            );
        }
        Seen::Ended => return failed("its container ended", "its container ended".to_owned()),
        Seen::NeverRan => return failed("its container never ran", "its container never ran".to_owned()),
        Seen::Gone if instance.seen => return failed("its container is gone", "its container is gone".to_owned()),
        Seen::Gone | Seen::Coming | Seen::Running => {}
    }
    match instance.life {
        Life::Unreachable if node.heard => failed("it does not answer", "it does not answer".to_owned()),
        Life::Starting if instance.since + settings.start_deadline <= now => {
            failed("it took too long to become healthy", "it took too long to become healthy".to_owned())
        }
        _ => None,
    }
}
