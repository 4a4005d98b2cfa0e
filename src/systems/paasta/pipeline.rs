//! The pipeline: deploy.yaml's items in their order, members of a parallel block together, gates that somebody clicks. What runs
//! it at Yelp is not public; the order is that of PaaSTA's documentation, docs/source/deploy_groups.rst (Yelp/paasta
//! cc57ae869d). A step that fails ends the run, unless it says `ignore_failure`.

use super::controller::Paasta;
use super::deploy::Start;
use super::mark_for_deployment::Trigger;
use super::model::{PipelineItem, Step};
use super::state::{Member, Run, Timer};
use super::version::Version;
use crate::kernel::streams::Streams;
use crate::kernel::{Distribution, Duration};
use crate::timeline::{Arg, Cause, Kind, Subject, Why};
use crate::workload::{Pledge, World};

impl Paasta {
    /// Somebody pushes a commit: it goes through the pipeline once the run before it is over.
    pub(super) fn push(&mut self, commit: &str, cause: Cause, world: &mut dyn World) -> Result<(), String> {
        if self.service.pipeline.is_none() {
            return Err(format!("`{}` has no deploy.yaml", self.service.name));
        }
        let version = Version::parse(commit);
        let group = self.subject(Kind::Group, "", None, world);
        let shown = Arg::Text(world.intern(&version.text()));
        let waits = self.memory.runs.iter().find(|run| !run.ended).map(|run| run.version.text());
        let mut cause = cause;
        if let Some(before) = &waits {
            let why = Why::with2("{} waits until {} is through", shown, Arg::Text(world.intern(before)));
            // The commit before is still on its way: what is told is only that another waits.
            cause = Cause::Entry(world.note(group, "deploying", why, cause));
        }
        let run = Run {
            version,
            item: 0,
            members: Vec::new(),
            gate: None,
            is_beginning: false,
            started: false,
            ended: false,
        };
        self.memory.runs.push(run);
        if waits.is_none() {
            self.start_run(self.memory.runs.len() - 1, cause, world);
        }
        Ok(())
    }

    fn start_run(&mut self, run: usize, cause: Cause, world: &mut dyn World) {
        self.memory.runs[run].started = true;
        let group = self.subject(Kind::Group, "", None, world);
        let version = Arg::Text(world.intern(&self.memory.runs[run].version.text()));
        let cause = Cause::Entry(world.note(group, "deploying", Why::with("{}", version), cause));
        self.pledge_steps(world);
        self.start_item(run, cause, world);
    }

    /// Begins all steps of the item that a run is at; one that has none is passed over.
    fn start_item(&mut self, run: usize, cause: Cause, world: &mut dyn World) {
        let service = std::sync::Arc::clone(&self.service);
        let items = service.pipeline.as_ref().map_or(&[][..], |pipeline| &pipeline.items);
        let Some(item) = items.get(self.memory.runs[run].item) else {
            return self.end_run(run, "monitoring", Why::NONE, cause, world);
        };
        let is_nested = matches!(item, PipelineItem::Parallel { .. });
        let steps = item.steps();
        // One that ends at once must not end the item before the others have begun.
        self.memory.runs[run].members = vec![Member::Building; steps.len()];
        self.memory.runs[run].is_beginning = true;
        for (member, step) in steps.iter().enumerate() {
            if step.disabled {
                let subject = self.subject(Kind::Step, &step.name, None, world);
                world.note(subject, "skipped", Why::text("it is disabled"), cause);
                self.memory.runs[run].members[member] = Member::Passed;
            } else if step.is_deploy() {
                self.memory.runs[run].members[member] = Member::Deploying(self.memory.deploys.len());
                let version = self.memory.runs[run].version.clone();
                let of = Some((run, member));
                let start = Start { group: &step.name, version: &version, step: Some(step), is_nested, of };
                self.start_deploy(start, cause, world);
            } else {
                self.start_build(run, member, step, cause, world);
            }
        }
        self.memory.runs[run].is_beginning = false;
        self.end_item(run, cause, world);
    }

    fn start_build(&mut self, run: usize, member: usize, step: &Step, cause: Cause, world: &mut dyn World) {
        let subject = self.subject(Kind::Step, &step.name, None, world);
        let (length, _) = self.build(&step.name);
        let length = drawn(&length, subject, run as u64, world);
        let entry = Cause::Entry(world.note(subject, "building", Why::with("for {}", Arg::Length(length)), cause));
        self.set_timer(world.now() + length, Timer::Built(run, member), entry, world);
    }

    /// How long a step builds, and whether it fails: the first row that fits.
    fn build(&self, step: &str) -> (Distribution, bool) {
        let profile = &self.options.rollout;
        let fits = |pattern: &Option<String>| pattern.as_deref().is_none_or(|pattern| pattern == step);
        match profile.builds.iter().find(|row| fits(&row.step)) {
            Some(row) => {
                let length = row.length.clone().unwrap_or(Distribution::Constant(profile.build_length));
                (length, row.fails)
            }
            None => (Distribution::Constant(profile.build_length), false),
        }
    }

    /// A step that builds ends.
    pub(super) fn built(&mut self, run: usize, member: usize, cause: Cause, world: &mut dyn World) {
        if self.memory.runs[run].members.get(member) != Some(&Member::Building) || self.memory.runs[run].ended {
            return;
        }
        let Some(step) = self.step(run, member) else { return };
        let fails = self.build(&step.name).1;
        let subject = self.subject(Kind::Step, &step.name, None, world);
        let entry = world.note(subject, if fails { "failed" } else { "built" }, Why::NONE, cause);
        self.member_ended(run, member, !fails, Cause::Entry(entry), world);
    }

    fn step(&self, run: usize, member: usize) -> Option<Step> {
        let item = self.service.pipeline.as_ref()?.items.get(self.memory.runs[run].item)?;
        item.steps().get(member).cloned()
    }

    /// A member of the item that a run is at is over.
    pub(super) fn member_ended(
        &mut self,
        run: usize,
        member: usize,
        went_well: bool,
        cause: Cause,
        world: &mut dyn World,
    ) {
        let ignored = self.step(run, member).is_some_and(|step| step.ignore_failure);
        let Some(slot) = self.memory.runs[run].members.get_mut(member) else { return };
        *slot = if went_well || ignored { Member::Passed } else { Member::Failed };
        if self.memory.runs[run].is_beginning {
            return;
        }
        self.end_item(run, cause, world);
    }

    /// Goes on if all members of an item are over.
    fn end_item(&mut self, index: usize, cause: Cause, world: &mut dyn World) {
        let run = &self.memory.runs[index];
        let is_over = |member: &Member| matches!(member, Member::Passed | Member::Failed);
        if run.ended || run.gate.is_some() || !run.members.iter().all(is_over) {
            return;
        }
        if run.members.contains(&Member::Failed) {
            return self.end_run(index, "failed", Why::text("a step failed"), cause, world);
        }
        let service = std::sync::Arc::clone(&self.service);
        let items = service.pipeline.as_ref().map_or(&[][..], |pipeline| &pipeline.items);
        let item = run.item;
        let is_last = item + 1 >= items.len();
        match items.get(item) {
            Some(item) if item.is_gated() && !is_last => {
                let gate = self.gate_of(item, world);
                let entry = world.note(gate, "waiting", Why::text("for a click"), cause);
                self.memory.runs[index].gate = Some((gate, Cause::Entry(entry)));
            }
            _ => {
                self.memory.runs[index].item += 1;
                self.start_item(index, cause, world);
            }
        }
    }

    fn end_run(&mut self, index: usize, word: &'static str, why: Why, cause: Cause, world: &mut dyn World) {
        self.memory.runs[index].ended = true;
        self.memory.runs[index].gate = None;
        let group = self.subject(Kind::Group, "", None, world);
        let cause = Cause::Entry(world.note(group, word, why, cause));
        if let Some(next) = self.memory.runs.iter().position(|run| !run.started && !run.ended) {
            self.start_run(next, cause, world);
        }
    }

    /// The service is taken down: whatever is under way has nothing left to act on.
    pub(super) fn end_all(&mut self, cause: Cause, world: &mut dyn World) {
        let mut under_way: Vec<Subject> = Vec::new();
        for run in 0..self.memory.runs.len() {
            if std::mem::replace(&mut self.memory.runs[run].ended, true) {
                continue;
            }
            under_way.extend(self.memory.runs[run].gate.take().map(|(gate, _)| gate));
            for member in 0..self.memory.runs[run].members.len() {
                if self.memory.runs[run].members[member] == Member::Building
                    && let Some(step) = self.step(run, member)
                {
                    under_way.push(self.subject(Kind::Step, &step.name, None, world));
                }
            }
        }
        under_way.extend(self.memory.deploys.iter().filter(|one| !one.machine.has_ended()).map(|one| one.subject));
        for subject in under_way {
            world.note(subject, "undeployed", Why::NONE, cause);
        }
    }

    /// Somebody clicks at a gate.
    pub(super) fn click(&mut self, gate: &str, cause: Cause, world: &mut dyn World) -> Result<(), String> {
        let waiting = self.waiting_at(gate, world).ok_or_else(|| format!("nothing waits at {gate}"))?;
        let (subject, _) = self.memory.runs[waiting].gate.take().expect("it waits at a gate");
        let cause = Cause::Entry(world.note(subject, "opened", Why::NONE, cause));
        self.memory.runs[waiting].item += 1;
        self.start_item(waiting, cause, world);
        Ok(())
    }

    fn waiting_at(&self, gate: &str, world: &mut dyn World) -> Option<usize> {
        let name = gate.strip_prefix("gate/")?;
        let name = world.name(name);
        let subject = Subject::new(Kind::Gate, name);
        self.memory.runs.iter().position(|run| run.gate.is_some_and(|(gate, _)| gate == subject))
    }

    /// Somebody marks a commit by hand, without waiting. A group that nothing uses is marked too, with a warning.
    pub(super) fn mark(
        &mut self,
        group: &str,
        commit: &str,
        cause: Cause,
        world: &mut dyn World,
    ) -> Result<(), String> {
        let mut cause = cause;
        if !self.service.groups_in_use().any(|used| used == group) {
            let text = format!("These deploy groups are not currently used anywhere: {group}.");
            let why = Why::symbol(world.intern(&text));
            let step = self.subject(Kind::Step, group, None, world);
            cause = Cause::Entry(world.note(step, "warned", why, cause));
        }
        let version = Version::parse(commit);
        // Whoever marks by hand goes past the pipeline.
        let step = self.subject(Kind::Step, group, None, world);
        world.pledge(Pledge::Free { dependent: step });
        self.start_deploy(Start { group, version: &version, step: None, is_nested: false, of: None }, cause, world);
        Ok(())
    }

    /// Somebody presses a button of a deploy.
    pub(super) fn press(
        &mut self,
        step: &str,
        trigger: Trigger,
        cause: Cause,
        world: &mut dyn World,
    ) -> Result<(), String> {
        let index = self.deploy_of(step, world).ok_or_else(|| format!("no deploy of {step} is under way"))?;
        self.fire(index, trigger, cause, world);
        Ok(())
    }

    fn deploy_of(&self, step: &str, world: &mut dyn World) -> Option<usize> {
        let name = world.name(step.strip_prefix("step/")?);
        let subject = Subject::new(Kind::Step, name);
        self.live_deploy(|deploy| deploy.subject == subject)
    }

    /// Somebody presses ctrl-C in a step, or ends a run that waits at a gate.
    pub(super) fn abort(&mut self, target: &str, cause: Cause, world: &mut dyn World) -> Result<(), String> {
        if let Some(index) = self.deploy_of(target, world) {
            self.fire(index, Trigger::DeployCancelled, cause, world);
            return Ok(());
        }
        if let Some(run) = self.waiting_at(target, world) {
            let (gate, _) = self.memory.runs[run].gate.take().expect("it waits at a gate");
            let cause = Cause::Entry(world.note(gate, "aborted", Why::NONE, cause));
            self.end_run(run, "failed", Why::text("aborted at a gate"), cause, world);
            return Ok(());
        }
        let name = target.strip_prefix(&format!("step/{}.", self.service.name)).unwrap_or(target).to_owned();
        for run in 0..self.memory.runs.len() {
            for member in 0..self.memory.runs[run].members.len() {
                let is_building = self.memory.runs[run].members[member] == Member::Building;
                let is_meant = self.step(run, member).is_some_and(|step| step.name == name);
                if is_building && is_meant && !self.memory.runs[run].ended {
                    let subject = self.subject(Kind::Step, &name, None, world);
                    let cause = Cause::Entry(world.note(subject, "failed", Why::text("aborted"), cause));
                    self.member_ended(run, member, false, cause, world);
                    return Ok(());
                }
            }
        }
        Err(format!("nothing of {target} is under way"))
    }
}

/// A length drawn for the how many-th run of a step.
fn drawn(length: &Distribution, step: Subject, run: u64, world: &mut dyn World) -> Duration {
    let seed = world.draw("build", step, run, u64::MAX);
    length.sample(&mut Streams::new(seed).stream("build", "", 0))
}
