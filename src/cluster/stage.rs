//! The cluster as a rehearsal drives it.

use super::port::Port;
use super::{Cause, Class, Cluster, Event, Subject};
use crate::kernel::{Names, Time};
use crate::timeline::Timeline;
use crate::workload::asked::Short;
use crate::workload::leftover::Leftover;
use crate::workload::load::Excess;
use crate::workload::{
    Access, AccessPoint, Counts, Disruption, Happening, Pledge, Stage, Status, Struck, TieGroup, Traffic, World,
};

impl Stage for Cluster {
    fn now(&self) -> Time {
        self.queue.now()
    }

    fn next(&mut self) -> Happening {
        self.run_to_happening()
    }

    fn port(&mut self, controller: usize) -> Box<dyn World + '_> {
        Box::new(Port::new(self, controller))
    }

    fn call_at(&mut self, at: Time, token: u64, late: bool) {
        let class = if late { Class::CHECK } else { Class::FAULT };
        let token = u32::try_from(token).expect("a rehearsal sets fewer than 2^32 timers");
        let at = at.max(self.queue.now());
        self.schedule(at, class, Event::Rehearsal(token));
    }

    fn call_on_access(&mut self, point: AccessPoint, token: u64) -> Result<(), String> {
        self.arm(point, token);
        Ok(())
    }

    fn accesses_seen(&self, token: u64) -> u32 {
        self.seen_accesses(token)
    }

    fn keep_accesses(&mut self) {
        self.keep_all_accesses();
    }

    fn accesses(&self) -> &[Access] {
        self.kept_accesses()
    }

    fn break_tie(&mut self, at: Time, subject: Subject, tie: u16) -> Result<usize, String> {
        Ok(self.set_tie(at, subject, tie))
    }

    fn keep_ties(&mut self) {
        self.keep_all_ties();
    }

    fn ties(&self) -> &[TieGroup] {
        self.kept_ties()
    }

    fn tries_turns_of(&self, controller: usize) -> bool {
        self.tries_turns(controller)
    }

    fn begin_trial(&mut self, controller: usize) {
        self.trial_begins(controller);
    }

    fn end_trial(&mut self, controller: usize) -> Vec<u64> {
        self.trial_ends(controller)
    }

    fn may_end(&self, controller: usize) -> bool {
        self.accesses.watched && self.accesses.may_end(controller)
    }

    fn has_ended(&self, controller: usize) -> bool {
        self.accesses.is_silent(controller)
    }

    fn drop_held(&mut self, controller: usize) {
        self.drop_held_of(controller);
    }

    fn disrupt(&mut self, disruption: &Disruption, cause: Cause) -> Result<Struck, String> {
        Ok(self.disturb(disruption, cause))
    }

    fn effects(&self, standing: usize) -> u64 {
        self.effects.get(standing).copied().unwrap_or(0)
    }

    fn counts(&self, subject: Subject) -> Option<Counts> {
        self.true_counts(subject)
    }

    fn told_wanted(&self, deployment: Subject) -> Option<u32> {
        self.wanted.get(&deployment).copied()
    }

    fn short(&self) -> Vec<Short> {
        self.short_of_pods()
    }

    fn leftovers(&self) -> Vec<Leftover> {
        self.left_over()
    }

    fn excess(&self, node: Subject, newcomers: &[Subject]) -> Vec<Excess> {
        self.excess_on(node, newcomers)
    }

    fn pods_asked(&self, subject: Subject) -> Option<u32> {
        Cluster::pods_asked(self, subject)
    }

    fn ready_endpoints(&self, service: Subject) -> Option<u32> {
        self.endpoints_of(service)
    }

    fn observed_counts(&self, subject: Subject) -> Option<Counts> {
        let truth = self.true_counts(subject)?;
        if let Some(Status::Deployment(shown)) = self.observed_status(None, subject) {
            let (desired, pods) = (shown.desired, shown.replicas);
            return Some(Counts { desired, pods, ready: shown.ready, available: shown.available, ..truth });
        }
        let pods = self.pods_of(subject);
        let shown: Vec<_> = pods.into_iter().filter_map(|id| self.observed_pod(None, id)).collect();
        let count = |test: fn(&crate::workload::PodStatus) -> bool| shown.iter().filter(|pod| test(pod)).count() as u32;
        Some(Counts {
            pods: count(|pod| !pod.terminating),
            running: count(|pod| pod.phase == crate::workload::PodPhase::Running),
            ready: count(|pod| pod.ready),
            registered: count(|pod| pod.registered),
            restarts: shown.iter().map(|pod| pod.restarts).sum(),
            ..truth
        })
    }

    fn idle_behaviour(&self) -> Vec<usize> {
        // The last row is the default, and nobody's.
        let own = 0..self.rows.len() - 1;
        own.filter(|row| !self.rows_met.contains(&(*row as u32))).collect()
    }

    fn gpus(&self) -> (u64, u64) {
        let nodes = self.nodes.iter().filter(|(_, node)| node.joined && node.ready);
        nodes.fold((0, 0), |(all, held), (_, node)| {
            (all + u64::from(node.devices.healthy()), held + u64::from(node.devices.held().count_ones()))
        })
    }

    fn published(&self, subject: Subject, key: &str) -> Option<&str> {
        self.published.get(&(subject, key.to_owned())).map(String::as_str)
    }

    fn pledges(&self) -> &[Pledge] {
        &self.pledges
    }

    fn traffic(&self) -> Option<&Traffic> {
        Some(&self.traffic)
    }

    fn timeline(&self) -> &Timeline {
        &self.timeline
    }

    fn timeline_mut(&mut self) -> (&mut Timeline, &mut Names) {
        (&mut self.timeline, &mut self.names)
    }

    fn names(&self) -> &Names {
        &self.names
    }
}
