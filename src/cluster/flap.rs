//! Readiness that comes and goes: the probes of some pods fail for a while, again and again, although the application answers.

use super::{Arg, Cause, Class, Cluster, Event, PodId, Subject, Why};
use crate::kernel::Duration;

/// A disturbance of readiness probes.
#[derive(Clone, Copy, Debug)]
pub struct Flap {
    target: Subject,
    /// How long the probes fail each time.
    lasts: Duration,
    /// From the start of one failure to the start of the next.
    every: Duration,
    /// How many more failures there will be.
    left: u32,
    failing: bool,
    effect: usize,
    cause: Cause,
}

impl Cluster {
    /// From now on the readiness probes of the target's pods fail `times` times; where the effects are counted.
    pub(super) fn begin_flap(
        &mut self,
        target: Subject,
        lasts: Duration,
        every: Duration,
        times: u32,
        cause: Cause,
    ) -> usize {
        let effect = self.new_effect();
        let index = self.flaps.len() as u32;
        self.flaps.push(Flap { target, lasts, every, left: times, failing: false, effect, cause });
        self.on_flap(index);
        effect
    }

    /// Handles [`Event::Flap`]: the probes begin to fail, or stop.
    pub(super) fn on_flap(&mut self, index: u32) {
        let flap = &mut self.flaps[index as usize];
        flap.failing = !flap.failing;
        let Flap { target, lasts, every, failing, effect, cause, .. } = *flap;
        let next = if failing { lasts } else { Duration::from_nanos(every.nanos() - lasts.nanos()) };
        flap.left -= u32::from(failing);
        let goes_on = failing || flap.left > 0;
        for id in self.pods_of(target) {
            if !self.is_probed(id) || !self.pod(id).is_active() || self.is_silent(id) {
                continue;
            }
            if failing && self.pod(id).ready {
                self.effects[effect] += 1;
                let why = Why::with("readiness probe fails for {}", Arg::Length(lasts));
                self.set_ready(id, false, why, cause);
            } else if !failing && !self.flaps(id) && self.main_containers(id).all(|one| one.ready) {
                let cause = self.pod_cause(id);
                self.set_ready(id, true, Why::text("readiness probe"), cause);
            }
        }
        if goes_on {
            let at = self.queue.now() + next;
            self.schedule(at, Class::FAULT, Event::Flap(index));
        }
    }

    /// True while a fault makes the readiness probes of a pod fail.
    pub(super) fn flaps(&self, id: PodId) -> bool {
        self.failing_flap(id).is_some()
    }

    /// The same of a pod that would be ready by now: the fault has an effect.
    pub(super) fn is_kept_unready(&mut self, id: PodId) -> bool {
        let Some(flap) = self.failing_flap(id) else { return false };
        self.effects[flap.effect] += 1;
        true
    }

    fn failing_flap(&self, id: PodId) -> Option<Flap> {
        let mut failing = self.flaps.iter().filter(|flap| flap.failing);
        failing.find(|flap| self.stands_for(flap.target, id) && self.is_probed(id)).copied()
    }

    /// True for a pod with a readiness probe: any other is ready as soon as it runs.
    fn is_probed(&self, id: PodId) -> bool {
        self.set(self.pod(id).set).source.containers.iter().any(|one| one.readiness_probe.is_some())
    }
}
