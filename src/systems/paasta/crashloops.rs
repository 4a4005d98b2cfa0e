//! Crash loops: whose pods restart again and again while a deploy waits for them.
//! Source: Yelp/paasta cc57ae869d, paasta_tools/cli/cmds/mark_for_deployment.py (periodically_diagnose_instance and what it
//! calls).

use std::collections::BTreeMap;

use super::bounce;
use super::controller::Paasta;
use super::mark_for_deployment::Trigger;
use super::options::Engine;
use super::state::Timer;
use super::version::Version;
use crate::timeline::{Arg, Cause, Kind, Subject, Why};
use crate::workload::{PodTemplate, World};

impl Paasta {
    /// A deploy begins to wait: its pods are looked at for the first time a while later.
    pub(super) fn plan_first_diagnosis(&mut self, index: usize, cause: Cause, world: &mut dyn World) {
        let at = world.now() + self.options.rollout.time_before_first_diagnosis;
        if let Some(crashloops) = &mut self.memory.deploys[index].crashloops {
            crashloops.baseline = None;
            crashloops.next = Some(at);
            self.set_timer(at, Timer::Diagnosis(index), cause, world);
        }
    }

    /// An instance changed: its pods are looked at again at the next time.
    pub(super) fn request_diagnosis(&mut self, index: usize, unit: usize, cause: Cause, world: &mut dyn World) {
        let profile = &self.options.rollout;
        let (first, interval) = (profile.time_before_first_diagnosis, profile.diagnosis_interval);
        let now = world.now();
        let deploy = &mut self.memory.deploys[index];
        let Some(waiter) = deploy.forward.as_ref().filter(|waiter| waiter.pending.contains(&unit)) else { return };
        let at = now.max(waiter.began + first).ceil_to(waiter.began + first, interval);
        let Some(crashloops) = deploy.crashloops.as_mut() else { return };
        if !crashloops.reported && crashloops.next.is_none() {
            crashloops.next = Some(at);
            self.set_timer(at, Timer::Diagnosis(index), cause, world);
        }
    }

    /// Looks at the pods that a deploy waits for. The first look is what later ones are compared with.
    pub(super) fn diagnose(&mut self, index: usize, cause: Cause, world: &mut dyn World) {
        let deploy = &self.memory.deploys[index];
        let (Some(crashloops), Some(waiter)) = (&deploy.crashloops, &deploy.forward) else { return };
        if crashloops.next != Some(world.now()) || deploy.machine.has_ended() {
            return;
        }
        let (version, pending, baseline) = (&waiter.version, waiter.pending.clone(), crashloops.baseline.clone());
        let seen: Vec<(usize, BTreeMap<Subject, u32>)> =
            pending.into_iter().map(|unit| (unit, self.restarts(unit, version, world))).collect();
        let Some(baseline) = baseline else {
            let crashloops = self.memory.deploys[index].crashloops.as_mut().expect("it was there a moment ago");
            crashloops.baseline = Some(seen.into_iter().flat_map(|(_, pods)| pods).collect());
            // Pods that loop restart seldom: the next look must not wait for them.
            let at = world.now() + self.options.rollout.diagnosis_interval;
            crashloops.next = Some(at);
            return self.set_timer(at, Timer::Diagnosis(index), cause, world);
        };
        let is_looping = |pod: &Subject, restarts: u32| {
            restarts >= crashloops.restarts_min && restarts > baseline.get(pod).copied().unwrap_or(0)
        };
        let found = seen.iter().find_map(|(unit, pods)| {
            let looping = pods.iter().filter(|(pod, restarts)| is_looping(pod, **restarts)).count() as u32;
            let all = pods.len() as u32;
            bounce::reaches_share(looping, all, &crashloops.threshold).then_some((*unit, looping, all))
        });
        let crashloops = self.memory.deploys[index].crashloops.as_mut().expect("it was there a moment ago");
        crashloops.next = None;
        let Some((unit, looping, all)) = found.filter(|(_, looping, _)| *looping > 0) else { return };
        crashloops.reported = true;
        let why =
            Why::with2("{} of {} pods restart again and again", Arg::Count(looping.into()), Arg::Count(all.into()));
        let cause = Cause::Entry(self.tell_unit(unit, "looping", why, cause, world));
        self.fire(index, Trigger::CrashloopsStartedFailing, cause, world);
    }

    /// Restarts of each pod of an instance that is of this version.
    fn restarts(&self, unit: usize, version: &Version, world: &dyn World) -> BTreeMap<Subject, u32> {
        let one = &self.memory.instances[unit];
        if self.options.engine == Engine::BounceLib {
            let own = one.apps.iter().filter(|app| app.version == *version);
            let pods = own.flat_map(|app| world.observed_pods(app.key));
            return pods.filter(|(_, pod)| !pod.terminating).map(|(key, pod)| (key, pod.restarts)).collect();
        }
        let Some(workload) = one.workload else { return BTreeMap::new() };
        if workload.kind == Kind::StatefulSet {
            // Its pods keep their names over all versions.
            let pods = world.observed_pods(workload).into_iter().filter(|(_, pod)| !pod.terminating);
            return pods.map(|(key, pod)| (key, pod.restarts)).collect();
        }
        let image = version.image(&self.service.name);
        let is_own =
            |template: &PodTemplate| template.containers.first().is_some_and(|container| container.image == image);
        let revisions = world.revisions(workload).into_iter().filter(|(_, template)| is_own(template));
        let suffixes: Vec<String> = revisions.map(|(revision, _)| format!("-r{revision}")).collect();
        let pods = world.observed_pods(workload).into_iter().filter(|(key, pod)| {
            let name = world.text(key.name.base());
            !pod.terminating && suffixes.iter().any(|suffix| name.ends_with(suffix.as_str()))
        });
        pods.map(|(key, pod)| (key, pod.restarts)).collect()
    }
}
