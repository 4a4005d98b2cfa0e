//! Which parts of a cluster its forks share. What a shared part is, `kernel` says.

use super::Cluster;
use crate::kernel::Streams;

impl Cluster {
    /// Makes all draws from now on those of another seed. Before anything was drawn, this is the cluster that has it from the start.
    pub fn reseed(&mut self, seed: u64) {
        self.streams = Streams::new(seed);
    }

    /// Makes this a cluster whose clones share with it whatever neither has changed since; a clone of one that is not frozen is a
    /// copy. A part that is left out here is copied by each fork: tests/fork_allocations.rs finds those that grow with the cluster.
    pub fn freeze(&mut self) {
        self.names.freeze();
        self.queue.freeze();
        self.timeline.freeze();
        self.profile.freeze();
        self.rows_met.freeze();
        self.provider.freeze();
        self.nodes.freeze();
        self.kubelets.freeze();
        self.templates.freeze();
        self.scheduler.freeze();
        self.waiting.freeze();
        self.nominations.freeze();
        self.scheduling.freeze();
        self.zones.freeze();
        self.evictions.freeze();
        self.pod_gc.freeze();
        self.shutdowns.freeze();
        self.drains.freeze();
        self.budgets.freeze();
        self.groups.freeze();
        self.volumes.freeze();
        self.autoscalers.freeze();
        self.gangs.freeze();
        self.group_sets.freeze();
        self.mounts.freeze();
        self.labelled.freeze();
        self.companies.freeze();
        self.environments.freeze();
        self.namespaces.freeze();
        self.quotas.freeze();
        self.graces.freeze();
        self.awaiting.freeze();
        self.image_waits.freeze();
        self.overdue.freeze();
        self.sets.freeze();
        self.sets_by_subject.freeze();
        self.sets_by_base.freeze();
        self.pods.freeze();
        self.pod_records.freeze();
        self.ranks.freeze();
        self.node_ranks.freeze();
        self.containers.freeze();
        self.restart_backoffs.freeze();
        self.deployments.freeze();
        self.replicasets.freeze();
        self.statefulsets.freeze();
        self.daemonsets.freeze();
        self.jobs.freeze();
        self.cronjobs.freeze();
        self.services.freeze();
        self.pools.freeze();
        self.late_nodes.freeze();
        self.objects.freeze();
        self.watches.freeze();
        self.drafts.freeze();
        self.pull_backoffs.freeze();
        self.records.freeze();
        self.published.freeze();
        self.wanted.freeze();
        self.custom.freeze();
        self.measurements.freeze();
        self.traffic.freeze();
    }
}
