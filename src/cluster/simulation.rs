//! The cluster as one value, and its event loop: takes the next event and hands it to whoever it is for.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::access::{Accesses, Decided};
use super::api_fault::Standing as ApiStanding;
use super::apply::ObjectId;
use super::autoscaler::Autoscaler;
use super::behaviour::Behaviour;
use super::budget::Budgets;
use super::clock::Skew;
use super::cronjob::CronJob;
use super::custom::{Custom, Measurements};
use super::daemonset::DaemonSet;
use super::deployment::Deployment;
use super::disrupt::{ReadFault, SlowFault};
use super::drain::DrainRun;
use super::flap::Flap;
use super::gang::Gangs;
use super::job::Job;
use super::journal::Write;
use super::kubelet::{Container, Environments, Kubelet, PullBackoffs, PullFault, RestartBackoff};
use super::labelled::Labelled;
use super::mount::Mounts;
use super::namespace::Namespaces;
use super::node::Nodes;
use super::nodegroup::NodeGroups;
use super::operate::Passing;
use super::pen::Drafts;
use super::pod::{Pod, PodRecord, PodSet};
use super::podgc::PodGc;
use super::pool::{Pool, Provider};
use super::process::Processes;
use super::profile::Profile;
use super::quota::Quotas;
use super::ranking::{NodeRanks, RankKey};
use super::refused::SyncFailures;
use super::registration::StoreOutage;
use super::replicaset::ReplicaSet;
use super::scheduler::{Nominations, Scheduler, SchedulingQueue};
use super::scheduling::SchedulingState;
use super::service::Service;
use super::settings::Settings;
use super::shutdown::Shutdown;
use super::statefulset::StatefulSet;
use super::taints::Evictions;
use super::template::Templates;
use super::ties::Ties;
use super::together::Companies;
use super::volume::Volumes;
use super::watch::Watches;
use super::zones::Zones;
use super::{Cause, Class, Event, PodSetId, Subject, Symbol, Why};
use crate::kernel::{Duration, EventId, Limits, Names, Queue, Shared, Streams, Time};
use crate::timeline::{Entry, EntryId, Layer, Timeline};
use crate::workload::{Happening, Pledge, Records, Traffic};

/// 2026-01-01T00:00:00Z.
const DEFAULT_EPOCH: i64 = 1_767_225_600;

/// A simulated cluster. It is a value: a clone goes on by itself and comes to the same end.
#[derive(Clone)]
pub struct Cluster {
    pub(super) queue: Shared<Queue<Event>>,
    pub(super) names: Names,
    pub(super) timeline: Shared<Timeline>,
    pub(super) streams: Streams,
    pub(super) profile: Shared<Profile>,
    pub(super) rows: Arc<[Behaviour]>,
    /// The rows that a workload has met.
    pub(super) rows_met: Shared<BTreeSet<u32>>,
    pub(super) provider: Shared<Provider>,
    pub(super) nodes: Shared<Nodes>,
    pub(super) kubelets: Shared<Vec<Kubelet>>,
    pub(super) templates: Shared<Templates>,
    pub(super) scheduler: Shared<Scheduler>,
    pub(super) waiting: Shared<SchedulingQueue>,
    pub(super) nominations: Shared<Nominations>,
    pub(super) scheduling: Shared<SchedulingState>,
    pub(super) cycle: Option<(Time, EventId)>,
    pub(super) zones: Shared<Zones>,
    pub(super) evictions: Shared<Evictions>,
    pub(super) pod_gc: Shared<PodGc>,
    /// Cordons and taints that were set for a while.
    pub(super) passing: Vec<(super::NodeId, Passing)>,
    pub(super) shutdowns: Shared<BTreeMap<super::NodeId, Shutdown>>,
    pub(super) drains: Shared<Vec<DrainRun>>,
    pub(super) budgets: Shared<Budgets>,
    pub(super) groups: Shared<NodeGroups>,
    pub(super) volumes: Shared<Volumes>,
    pub(super) autoscalers: Shared<Vec<Autoscaler>>,
    pub(super) gangs: Shared<Gangs>,
    pub(super) group_sets: Shared<BTreeMap<Subject, super::groupset::GroupSet>>,
    pub(super) mounts: Shared<Mounts>,
    /// Sets and Services by labels.
    pub(super) labelled: Shared<Labelled>,
    /// Pods that begin together.
    pub(super) companies: Shared<Companies>,
    pub(super) environments: Shared<Environments>,
    pub(super) namespaces: Shared<Namespaces>,
    pub(super) flaps: Vec<Flap>,
    pub(super) quotas: Shared<Quotas>,
    /// Grace periods that differ from those of the pods' templates.
    pub(super) graces: Shared<BTreeMap<super::PodId, Duration>>,
    /// Init containers that wait for other pods, each with its start.
    pub(super) awaiting: Shared<BTreeMap<super::ContainerId, u32>>,
    /// Containers that wait for an image that they may not pull.
    pub(super) image_waits: Shared<BTreeSet<super::ContainerId>>,
    /// Pods that were active for too long and have not ended yet.
    pub(super) overdue: Shared<BTreeSet<super::PodId>>,
    pub(super) sets: Shared<Vec<PodSet>>,
    pub(super) sets_by_subject: Shared<BTreeMap<Subject, Vec<PodSetId>>>,
    pub(super) sets_by_base: Shared<BTreeMap<(Symbol, Symbol), Vec<PodSetId>>>,
    pub(super) sets_ranked: u32,
    /// Nodes whose pods may stand at the wrong place in an order of deletion.
    pub(super) stale_nodes: Vec<super::NodeId>,
    pub(super) pods: Shared<Vec<Pod>>,
    /// How many of them have left the API.
    pub(super) pods_gone: usize,
    /// Why the run cannot go on.
    pub(super) exhausted: Option<String>,
    pub(super) pod_records: Shared<Vec<PodRecord>>,
    /// Where each pod stands in its set's order of deletion, if that order is kept.
    pub(super) ranks: Shared<Vec<Option<RankKey>>>,
    /// The pods of each node that stand in an order of deletion.
    pub(super) node_ranks: Shared<Vec<NodeRanks>>,
    pub(super) containers: Shared<Vec<Container>>,
    /// How the back-off of containers that crashed stands.
    pub(super) restart_backoffs: Shared<BTreeMap<super::ContainerId, RestartBackoff>>,
    pub(super) deployments: Shared<Vec<Deployment>>,
    pub(super) replicasets: Shared<Vec<ReplicaSet>>,
    pub(super) statefulsets: Shared<Vec<StatefulSet>>,
    pub(super) daemonsets: Shared<Vec<DaemonSet>>,
    pub(super) jobs: Shared<Vec<Job>>,
    pub(super) cronjobs: Shared<Vec<CronJob>>,
    /// The wall-clock time at the start, in seconds since 1970.
    pub(super) epoch: i64,
    pub(super) services: Shared<Vec<Service>>,
    pub(super) pools: Shared<Vec<Pool>>,
    pub(super) late_nodes: Shared<Vec<Option<(super::NodeSpec, Cause)>>>,
    pub(super) objects: Shared<BTreeMap<Subject, ObjectId>>,
    pub(super) watches: Shared<Watches>,
    pub(super) drafts: Shared<Drafts>,
    pub(super) journal: Option<Vec<Write>>,
    pub(super) pull_faults: Vec<PullFault>,
    pub(super) pull_backoffs: Shared<PullBackoffs>,
    pub(super) slow_faults: Vec<SlowFault>,
    pub(super) read_faults: Vec<ReadFault>,
    pub(super) api_faults: Vec<ApiStanding>,
    pub(super) store_outages: Vec<StoreOutage>,
    /// How often each standing fault has had an effect.
    pub(super) effects: Vec<u64>,
    pub(super) processes: Processes,
    pub(super) sync_failures: SyncFailures,
    pub(super) skews: Vec<Skew>,
    pub(super) accesses: Accesses,
    pub(super) ties: Ties,
    /// The word that systems are numbered with where ties name them; known once anybody asks.
    pub(super) system_word: Option<Symbol>,
    pub(super) asks: u32,
    pub(super) records: Shared<Records>,
    pub(super) published: Shared<BTreeMap<(Subject, String), String>>,
    /// What systems owe. A run that is forked shares it with its forks until one of them is told more.
    pub(super) pledges: Arc<Vec<Pledge>>,
    /// How many pods each deployment wants whose system makes them one by one.
    pub(super) wanted: Shared<BTreeMap<Subject, u32>>,
    /// What custom resources ask for and show.
    pub(super) custom: Shared<BTreeMap<Subject, Custom>>,
    pub(super) measurements: Shared<Vec<Measurements>>,
    pub(super) traffic: Shared<Traffic>,
    /// Pods that began or ceased to take requests at this instant, in the order in which they did, while names are routed.
    pub(super) touches: Vec<super::traffic::Touch>,
    /// Services whose shares may be others than when they were last looked at.
    pub(super) stale_services: BTreeSet<super::ServiceId>,
    /// True if something happened at this instant that observers have not been called for.
    pub(super) unsettled: bool,
    /// Where the names of random streams are written, so that a draw allocates nothing.
    pub(super) stream_name: String,
}

impl Cluster {
    /// An empty cluster at the start of time.
    pub fn new(settings: Settings) -> Cluster {
        let mut names = Names::default();
        let mut rows = settings.behaviour;
        rows.push(settings.usual);
        let scheduler = Scheduler::of_release(&settings.scheduler, settings.profile.balance, &mut names);
        Cluster {
            queue: Shared::new(Queue::new(settings.limits)),
            waiting: Shared::new(SchedulingQueue::new(scheduler.config().backoff)),
            scheduler: Shared::new(scheduler),
            nominations: Shared::default(),
            scheduling: Shared::default(),
            names,
            timeline: Shared::default(),
            streams: Streams::new(settings.seed),
            profile: Shared::new(settings.profile),
            rows: rows.into(),
            rows_met: Shared::default(),
            provider: Shared::new(settings.provider),
            nodes: Shared::default(),
            kubelets: Shared::default(),
            templates: Shared::default(),
            cycle: None,
            zones: Shared::default(),
            evictions: Shared::default(),
            pod_gc: Shared::default(),
            passing: Vec::new(),
            shutdowns: Shared::default(),
            drains: Shared::default(),
            budgets: Shared::default(),
            groups: Shared::default(),
            volumes: Shared::default(),
            autoscalers: Shared::default(),
            gangs: Shared::default(),
            group_sets: Shared::default(),
            mounts: Shared::default(),
            labelled: Shared::default(),
            companies: Shared::default(),
            environments: Shared::default(),
            namespaces: Shared::default(),
            flaps: Vec::new(),
            quotas: Shared::default(),
            graces: Shared::default(),
            awaiting: Shared::default(),
            overdue: Shared::default(),
            image_waits: Shared::default(),
            sets: Shared::default(),
            sets_by_subject: Shared::default(),
            sets_by_base: Shared::default(),
            sets_ranked: 0,
            stale_nodes: Vec::new(),
            pods: Shared::default(),
            pods_gone: 0,
            exhausted: None,
            pod_records: Shared::default(),
            ranks: Shared::default(),
            node_ranks: Shared::default(),
            containers: Shared::default(),
            restart_backoffs: Shared::default(),
            deployments: Shared::default(),
            replicasets: Shared::default(),
            statefulsets: Shared::default(),
            daemonsets: Shared::default(),
            jobs: Shared::default(),
            cronjobs: Shared::default(),
            epoch: DEFAULT_EPOCH,
            services: Shared::default(),
            pools: Shared::default(),
            late_nodes: Shared::default(),
            objects: Shared::default(),
            custom: Shared::default(),
            measurements: Shared::default(),
            watches: Shared::default(),
            drafts: Shared::default(),
            journal: None,
            pull_faults: Vec::new(),
            pull_backoffs: Shared::default(),
            slow_faults: Vec::new(),
            read_faults: Vec::new(),
            api_faults: Vec::new(),
            store_outages: Vec::new(),
            effects: Vec::new(),
            processes: Processes::default(),
            sync_failures: SyncFailures::default(),
            skews: Vec::new(),
            accesses: Accesses::default(),
            ties: Ties::default(),
            system_word: None,
            asks: 0,
            records: Shared::default(),
            published: Shared::default(),
            pledges: Arc::default(),
            wanted: Shared::default(),
            traffic: Shared::default(),
            touches: Vec::new(),
            stale_services: BTreeSet::new(),
            unsettled: false,
            stream_name: String::new(),
        }
    }

    /// Sets other limits on the number of events from now on: a search gives up a run that goes on without end sooner.
    pub fn limit(&mut self, limits: Limits) {
        self.queue.limit(limits);
    }

    /// How many events have happened.
    pub fn events(&self) -> u64 {
        self.queue.processed()
    }

    pub(super) fn schedule(&mut self, at: Time, class: Class, event: Event) -> EventId {
        if self.ties.watched {
            return self.schedule_watched(at, class, event);
        }
        self.queue.schedule(at, class, event)
    }

    /// Plans an event that may be `due` already: one that comes as early stays, and a later one gives way.
    pub(super) fn bring_forward(
        &mut self,
        due: Option<(Time, EventId)>,
        at: Time,
        class: Class,
        event: Event,
    ) -> (Time, EventId) {
        match due {
            Some(due) if due.0 <= at => return due,
            Some((_, later)) => drop(self.queue.cancel(later)),
            None => {}
        }
        (at, self.schedule(at, class, event))
    }

    /// Writes an entry about an object of the cluster.
    pub(super) fn note(&mut self, subject: Subject, became: &'static str, why: Why, cause: Cause) -> EntryId {
        let entry = Entry { at: self.queue.now(), subject, became, why, cause, layer: Layer::Substrate };
        self.timeline.push(entry, &self.names)
    }

    /// Lets time pass up to the next thing that is not the cluster's own.
    pub(super) fn run_to_happening(&mut self) -> Happening {
        self.go_on();
        loop {
            // A controller may have said so since.
            if let Some(limit) = &self.exhausted {
                return Happening::LimitReached(limit.clone());
            }
            let next = self.queue.peek_time();
            if self.unsettled && next.is_none_or(|next| next > self.queue.now()) {
                self.unsettled = false;
                self.settle_traffic();
                return Happening::InstantEnded;
            }
            match self.queue.pop() {
                Err(limit) => return Happening::LimitReached(limit.to_string()),
                Ok(None) => return Happening::Quiet,
                Ok(Some((at, class, event))) => {
                    self.unsettled = true;
                    if self.ties.watched {
                        self.taken(at, class, event);
                    }
                    if let Some(happening) = self.handle(event) {
                        return happening;
                    }
                }
            }
        }
    }

    fn handle(&mut self, event: Event) -> Option<Happening> {
        match event {
            Event::Rehearsal(token) => {
                self.strike_begins();
                return Some(Happening::Rehearsal(token.into()));
            }
            Event::Parcel(slot) => return self.on_parcel(slot),
            _ if self.processes.any_away && self.puts_off(event) => {}
            _ if self.accesses.watched && self.look_of(event).is_some() => self.line_up(Decided::Look(event)),
            _ => self.dispatch(event),
        }
        None
    }

    /// Hands an event of the cluster's own to whoever it is for.
    pub(super) fn dispatch(&mut self, event: Event) {
        if !self.sync_failures.is_empty()
            && let Some((_, key)) = self.look_of(event)
        {
            self.look_begins(key);
        }
        match event {
            Event::Rehearsal(_) | Event::Parcel(_) => {}
            Event::Held => self.on_held(),
            Event::ProcessStart(process) => self.on_process_start(process),
            Event::ClockRight(index) => self.on_clock_right(index),
            Event::LeaseStale(index) => self.on_lease_stale(index),
            Event::StatusPosted(index) => self.on_status_posted(index),
            Event::Draft(slot) => self.on_draft(slot),
            Event::Deployment(id) => self.sync_deployment(id),
            Event::ProgressDeadline(id) => self.on_progress_deadline(id),
            Event::ReplicaSet(id) => self.sync_replicaset(id),
            Event::StatefulSet(id) => self.sync_statefulset(id),
            Event::JobExpired(id) => self.on_job_expired(id),
            Event::DaemonSet(id) => self.sync_daemonset(id),
            Event::CronJob(id) => self.sync_cronjob(id),
            Event::Job(id) => self.sync_job(id),
            Event::Schedule => self.on_schedule(),
            Event::GangCycle(scheduler) => self.on_gang_cycle(scheduler),
            Event::Pulled(node, pull) => self.on_pulled(node, pull),
            Event::PullAgain(id, start) => self.on_pull_again(id, start),
            Event::CreateContainer(id, start) => self.on_create_container(id, start),
            Event::InitDone(id, start) => self.on_init_done(id, start),
            Event::Serving(id, start) => self.on_serving(id, start),
            Event::Ready(id, start) => self.on_container_ready(id, start),
            Event::ProbeKill(id, start) => self.on_probe_kill(id, start),
            Event::Exited(id, start) => self.on_exited(id, start),
            Event::Stopped(id, start) => self.on_stopped(id, start),
            Event::Restart(id, start) => self.on_restart(id, start),
            Event::Available(id, readiness) => self.on_available(id, readiness),
            Event::Register(id, readiness) => self.on_register(id, readiness),
            Event::LeaseEnds(id, readiness) => self.on_lease_ends(id, readiness),
            Event::ProcessLeaseEnds(id, start) => self.on_process_lease_ends(id, start),
            Event::StoreBack => self.on_store_back(),
            Event::Gone(id) => self.on_gone(id),
            Event::Join(pool, ordinal) => self.on_join(pool, ordinal),
            Event::JoinLate(index) => self.on_join_late(index),
            Event::Silent(id, outage) => self.on_silent(id, outage),
            Event::TaintPass => self.on_taint_pass(),
            Event::NodeMonitor => self.on_node_monitor(),
            Event::PodGc => self.on_pod_gc(),
            Event::ScanNodes => self.on_scan_nodes(),
            Event::VolumeProvisioned(id) => self.on_volume_provisioned(id),
            Event::VolumeSync => self.on_volume_sync(),
            Event::VolumeAttached(volume, node) => self.on_volume_attached(volume, node),
            Event::VolumeDetached(volume, node) => self.on_volume_detached(volume, node),
            Event::Detach(volume, node) => self.on_detach(volume, node),
            Event::PreBind(id) => self.on_pre_bind(id),
            Event::NodelessPod(id) => self.on_nodeless_pod(id),
            Event::PodDeadline(id) => self.on_pod_deadline(id),
            Event::DetachOverdue(volume, node) => self.on_detach_overdue(volume, node),
            Event::Autoscaler(id) => self.on_autoscaler(id),
            Event::Namespace(name) => self.on_namespace(name),
            Event::Mount(id) => self.on_mount(id),
            Event::Flap(index) => self.on_flap(index),
            Event::Quota(id) => self.on_quota(id),
            Event::CreateAgain(set) => self.on_create_again(set),
            Event::Passed(index) => self.on_passed(index),
            Event::Reclaimed(id) => self.on_reclaimed(id),
            Event::CloudCheck(id) => self.on_cloud_check(id),
            Event::ShutdownStep(id, step) => self.on_shutdown_step(id, step),
            Event::EvictAgain(drain, pod) => self.on_evict_again(drain, pod),
            Event::DrainTimeout(drain) => self.on_drain_timeout(drain),
            Event::Budget(id) => self.sync_budget(id),
            Event::Evict(id, node) => self.on_evict(id, node),
            Event::Back(id, outage) => self.on_back(id, outage),
            Event::DevicesBack(id, mask) => self.on_devices_back(id, mask),
            Event::Orphans(id) => self.on_orphans(id),
        }
    }
}
