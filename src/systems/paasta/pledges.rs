//! What PaaSTA owes by its documentation, whatever the profile says. Source: Yelp/paasta cc57ae869d,
//! docs/source/yelpsoa_configs.rst, `deploy.yaml`: steps come one after the other, `trigger_next_step_manually` makes the pipeline
//! wait, and a step that waits for its deployment is done once its instances run the new version.

use super::bounce::needed;
use super::controller::Paasta;
use super::model::{DesiredState, PipelineItem, Step};
use super::version::Version;
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
                    world.pledge(Pledge::Order(Order { dependent, began: BEGAN, dependency, reached, lasts: false }));
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

    /// What a step that waits owes: that it is deployed once its instances run the new version. Of one that may lack copies nothing
    /// is owed here, because its own word comes when none is lacking.
    pub(super) fn pledge_deploy(&self, step: &Step, version: &Version, world: &mut dyn World) {
        if !step.wait_for_deployment {
            return;
        }
        let dependent = self.subject(Kind::Step, &step.name, None, world);
        for (unit, one) in self.memory.instances.iter().enumerate() {
            let setting = self.setting(unit);
            let copies = setting.instance.size.initial();
            let is_waited_for = setting.instance.deploy_group == step.name
                && setting.instance.desired_state == DesiredState::Start
                && copies > 0
                && needed(copies, setting.margin()) == copies
                && one.version.as_ref() != Some(version);
            if is_waited_for {
                // An instance whose writes fail tells that instead, and then nothing more.
                let reached = &["running", "failed", "refused"];
                let dependency = one.subject;
                let began = &["deployed"];
                world.pledge(Pledge::Order(Order { dependent, began, dependency, reached, lasts: false }));
            }
        }
    }
}
