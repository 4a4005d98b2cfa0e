//! What is installed beside Kubernetes itself to place and make groups of pods: batch schedulers and LeaderWorkerSet.

use crate::file_types;
use crate::scenario::values::{GraceValue, PackingValue};
use crate::text::decode::Spanned;

file_types! {
    /// The batch schedulers of a cluster.
    pub struct BatchSchedulersFile as "batch schedulers" {
        /// KAI-Scheduler (`schedulerName: kai-scheduler`).
        kai: Option<BatchSchedulerFile>,
        /// Volcano (`schedulerName: volcano`).
        volcano: Option<BatchSchedulerFile>,
    }

    /// One batch scheduler.
    pub struct BatchSchedulerFile as "a batch scheduler" {
        /// Its version. Default: "0.13" of KAI, "1.12" of Volcano.
        version: Option<Spanned<String>>,
        /// Which of several nodes a pod goes to. Default: binpack.
        placement: Option<PackingValue>,
        /// How long a group may have fewer pods than its minimum before the rest of it is evicted, and less than nothing (`-1s`) if
        /// it is never evicted; of KAI. Default: 60s.
        staleness_grace: Option<Spanned<GraceValue>>,
        /// Whether groups are put out for others of a higher priority; of KAI. Default: true.
        preempts: Option<Spanned<bool>>,
    }

    /// The release of LeaderWorkerSet and its configuration.
    pub struct LwsFile as "the LeaderWorkerSet profile" {
        /// The release. Default: "0.8".
        version: Option<Spanned<String>>,
        /// Whether its groups are made known to Volcano (`gangSchedulingManagement`). Default: false.
        volcano_groups: Option<bool>,
    }
}
