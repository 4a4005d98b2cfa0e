//! The constants of the batch schedulers, each beside its source.

use crate::kernel::Duration;
use crate::workload::BatchScheduler;

/// Which of several nodes a pod goes to.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Packing {
    /// The node with the least room that still takes it (`binpack`).
    Pack,
    /// The node with the most room (`spread`).
    Spread,
}

/// How one batch scheduler works.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BatchProfile {
    /// Which one it is.
    pub scheduler: BatchScheduler,
    /// Its version, as the scenario names it.
    pub version: &'static str,
    /// From one cycle to the next.
    pub period: Duration,
    /// Which of several nodes a pod goes to.
    pub packing: Packing,
    /// True: it puts out groups of a lower priority for one of a higher.
    pub preempts: bool,
    /// The priority of a group without a class, where the cluster has no default class either.
    pub default_priority: i32,
    /// A group of at least this priority is not put out, unless it says that it may be.
    pub preemptible_below: i32,
    /// How long a group may have fewer pods than its minimum before the rest of it is evicted; `None`: for ever.
    pub staleness_grace: Option<Duration>,
    /// True: a group of which a pod ended well is not stale, because it is on its way to its end. False: a pod that has ended is
    /// not seen, as if it were lost.
    pub sees_completed: bool,
    /// True: pods that ended well count for the minimum of their group.
    pub completed_count: bool,
    /// Hundredths of the cluster that the `minResources` of groups may come to before more groups wait to be admitted; `None`:
    /// groups are not held back.
    pub overcommit_percent: Option<u64>,
}

impl BatchProfile {
    /// The profile of a version, as scenarios name it.
    pub fn named(scheduler: BatchScheduler, version: &str) -> Option<BatchProfile> {
        match (scheduler, version) {
            (BatchScheduler::Kai, "0.13") => Some(BatchProfile::kai_0_13()),
            (BatchScheduler::Kai, "0.16") => {
                Some(BatchProfile { version: "0.16", sees_completed: false, ..BatchProfile::kai_0_13() })
            }
            (BatchScheduler::Kai, "0.18") => Some(BatchProfile { version: "0.18", ..BatchProfile::kai_0_13() }),
            (BatchScheduler::Volcano, "1.12") => Some(BatchProfile::volcano_1_12()),
            _ => None,
        }
    }

    /// The versions that have a profile, the default first.
    pub const fn versions(scheduler: BatchScheduler) -> &'static [&'static str] {
        match scheduler {
            BatchScheduler::Kai => &["0.13", "0.16", "0.18"],
            BatchScheduler::Volcano => &["1.12"],
        }
    }

    /// The default version.
    pub fn usual(scheduler: BatchScheduler) -> BatchProfile {
        match scheduler {
            BatchScheduler::Kai => BatchProfile::kai_0_13(),
            BatchScheduler::Volcano => BatchProfile::volcano_1_12(),
        }
    }

    /// KAI-Scheduler v0.13, which NVIDIA Dynamo's chart has. Repository: kai-scheduler/KAI-Scheduler.
    ///
    /// Profile `0.16` is v0.16.2 and what followed it: the informer of pods leaves out those that ended (#1647), and with that the
    /// guard for groups that complete never holds (#1968). Profile `0.18` has #2012, which shows them again.
    fn kai_0_13() -> BatchProfile {
        BatchProfile {
            scheduler: BatchScheduler::Kai,
            version: "0.13",
            // cmd/scheduler/app/options/options.go, defaultSchedulerPeriod.
            period: Duration::from_secs(1),
            // pkg/scheduler/conf_util/scheduler_conf_util.go, defaultSchedulerConf: nodeplacement with binpack.
            packing: Packing::Pack,
            // The same: `preempt` is among its actions.
            preempts: true,
            // pkg/common/constants/constants.go, DefaultPodGroupPriority.
            default_priority: 50,
            // pkg/apis/scheduling/v2alpha2/podgroup_types.go, Preemptibility.
            preemptible_below: 100,
            // cmd/scheduler/app/options/options.go, defaultStalenessGracePeriod.
            staleness_grace: Some(Duration::from_secs(60)),
            // pkg/scheduler/api/podgroup_info/job_info.go, IsStale.
            sees_completed: true,
            // pkg/scheduler/api/podgroup_info/subgroup_info/podset.go, GetNumActiveAllocatedTasks.
            completed_count: false,
            overcommit_percent: None,
        }
    }

    /// Volcano v1.12 with the configuration of its chart: actions `enqueue, allocate, backfill`. Repository: volcano-sh/volcano.
    fn volcano_1_12() -> BatchProfile {
        BatchProfile {
            scheduler: BatchScheduler::Volcano,
            version: "1.12",
            // cmd/scheduler/app/options/options.go, defaultSchedulerPeriod.
            period: Duration::from_secs(1),
            // installer/helm/chart/volcano/config/volcano-scheduler.conf: binpack is the last plugin of the second tier. What it
            // and nodeorder come to together depends on weights that clusters set; here nodes are packed.
            packing: Packing::Pack,
            // The same file: neither `preempt` nor `reclaim` is among the actions.
            preempts: false,
            // pkg/scheduler/cache/cache.go: a group without a class has that of the default class, or none.
            default_priority: 0,
            preemptible_below: i32::MAX,
            // Volcano evicts by the policies of its own Jobs alone.
            staleness_grace: None,
            sees_completed: true,
            // pkg/scheduler/api/job_info.go, ReadyTaskNum.
            completed_count: true,
            // pkg/scheduler/plugins/overcommit/overcommit.go, defaultOverCommitFactor: 1.2.
            overcommit_percent: Some(120),
        }
    }
}
