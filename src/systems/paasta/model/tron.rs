//! Jobs of Tron and their actions.

use crate::text::Place;

/// A job of `tron-<cluster>.yaml`. A new version is used at its next run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TronJob {
    /// Where it stands.
    pub place: Place,
    /// Its name.
    pub name: String,
    /// `schedule`, as one text: `cron 0 * * * *`.
    pub schedule: String,
    /// `deploy_group` of the job; `None` if it has none.
    pub deploy_group: Option<String>,
    /// `enabled`. Default: true.
    pub enabled: bool,
    /// `expected_runtime`, as it is written: `5m`.
    pub expected_runtime: Option<String>,
    /// Its actions, in the order of the file.
    pub actions: Vec<TronAction>,
}

/// An action of a job.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TronAction {
    /// Where it stands.
    pub place: Place,
    /// Its name.
    pub name: String,
    /// `command`.
    pub command: String,
    /// `requires`: actions of the same job that come first.
    pub requires: Vec<String>,
    /// `triggered_by`.
    pub triggered_by: Vec<String>,
    /// `trigger_downstreams`: true, or a map, means that others are told.
    pub triggers_downstreams: bool,
    /// `retries`.
    pub retries: u32,
    /// The service whose code it runs; `None`: its own.
    pub service: Option<String>,
    /// `executor`. Default: paasta.
    pub executor: String,
    /// The deploy group: the action's, else the job's. It has no default, and only `ssh` needs none.
    pub deploy_group: Option<String>,
    /// CPU in thousandths of a core.
    pub cpus_milli: u64,
    /// Memory in bytes.
    pub mem_bytes: u64,
    /// Disk in bytes.
    pub disk_bytes: u64,
    /// `pool`.
    pub pool: Option<String>,
}
