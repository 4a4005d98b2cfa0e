//! What PaaSTA owes by its documentation, whatever the profile says. Source: Yelp/paasta cc57ae869d,
//! docs/source/deploy_groups.rst: steps come one after the other, `trigger_next_step_manually` makes the pipeline
//! wait, and a step that waits for its deployment is done once its instances run the new version.

use super::bounce::needed;
use super::controller::Paasta;
use super::mark_for_deployment::Way;
use super::model::{DesiredState, PipelineItem, Step};
use super::options::Engine;
use crate::timeline::{Kind, Subject};
use crate::workload::{Order, Pledge, World};

/// The words of a step that something is being done for.
const BEGAN: &[&str] = &["building", "start_deploy"];

/// Where a step must be before the next begins.
fn passes(step: &Step) -> &'static [&'static str] {
    match (step.is_deploy(), step.wait_for_deployment) {
        (false, _) => &["built"],
        (true, true) => &["deployed", "complete"],
        (true, false) => &["deploying", "deployed", "complete"],
    }
}

impl Paasta {
    /// The order of the pipeline for a run that begins.
    pub(super) fn pledge_steps(&self, world: &mut dyn World) {
        let Some(pipeline) = &self.service.pipeline else { return };
        let mut before: Vec<(Subject, &'static [&'static str])> = Vec::new();
        for item in &pipeline.items {
            let steps: Vec<&Step> = item.steps().iter().filter(|step| !step.disabled).collect();
            let subjects: Vec<Subject> =
                steps.iter().map(|step| self.subject(Kind::Step, &step.name, None, world)).collect();
            for dependent in &subjects {
                for (dependency, reached) in &before {
                    let (dependent, dependency) = (*dependent, *dependency);
                    world.pledge(Pledge::Order(Order {
                        dependent,
                        began: BEGAN,
                        dependency,
                        reached,
                        lasts: false,
                        void: &[],
                        is_back: false,
                    }));
                }
            }
            if steps.is_empty() && !item.is_gated() {
                continue;
            }
            before = steps
                .iter()
                .zip(subjects)
                .filter(|(step, _)| !step.ignore_failure)
                .map(|(step, subject)| (subject, passes(step)))
                .collect();
            if item.is_gated() {
                before.push((self.gate_of(item, world), &["opened"]));
            }
        }
    }

    /// The gate behind an item.
    pub(super) fn gate_of(&self, item: &PipelineItem, world: &mut dyn World) -> Subject {
        let names: Vec<&str> = item.steps().iter().map(|step| step.name.as_str()).collect();
        self.subject(Kind::Gate, &names.join("+"), None, world)
    }

    /// What a step that waits owes: that it is `deployed`, or on the way back `rolled_back`, once its instances run that version.
    pub(super) fn pledge_deploy(&self, index: usize, way: Way, world: &mut dyn World) {
        let deploy = &self.memory.deploys[index];
        let steps = self.service.pipeline.iter().flat_map(|pipeline| pipeline.deploy_groups());
        let waits = steps.into_iter().any(|step| step.name == deploy.group && step.wait_for_deployment);
        let (version, began): (_, &'static [&'static str]) = match way {
            Way::Forward => (Some(&deploy.version), &["deployed"]),
            Way::Back => (deploy.old.as_ref(), &["rolled_back"]),
        };
        let (Some(version), true, true) = (version, waits, deploy.of.is_some()) else { return };
        for (unit, one) in self.memory.instances.iter().enumerate() {
            let setting = self.setting(unit);
            let copies = setting.instance.size.initial();
            let is_waited_for = setting.instance.deploy_group == deploy.group
                && setting.instance.desired_state == DesiredState::Start
                && copies > 0
                && one.version.as_ref() != Some(version);
            // Where fewer copies than all suffice, where they must be ready for a while, and with bounce_lib, which takes a version off its
            // list only at its next look, the instance's own word that none is lacking may come later; that it is on its way does not.
            let tells = self.options.engine == Engine::Kubernetes
                && setting.instance.bounce.min_task_uptime.is_none()
                && needed(copies, setting.margin()) == copies;
            let reached: &'static [&'static str] = match tells {
                true => &["running"],
                false => &["created", "bouncing", "running"],
            };
            if is_waited_for {
                world.pledge(Pledge::Order(Order {
                    dependent: deploy.subject,
                    began,
                    dependency: one.subject,
                    reached,
                    lasts: false,
                    // An instance whose writes fail tells that instead, and then nothing more.
                    void: &["failed", "refused", "stopped"],
                    is_back: way == Way::Back,
                }));
            }
        }
    }
}
