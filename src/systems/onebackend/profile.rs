//! The profile of 1Backend: which of the two services is rehearsed, and its constants. Sources, unless said otherwise, are in
//! 1backend/1backend at 1305defcf2b8817a3c3e4335a4de3c84d89800bf below server/internal/services; *assumed* is what neither the
//! code nor its documents say. How constants come from a scenario is not known here.

use std::collections::BTreeSet;

use super::as_built::AsBuilt;
use crate::kernel::{Distribution, Duration};

/// What the service does.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub enum Profile {
    /// What its documents say.
    #[default]
    Documented,
    /// What its code does.
    AsBuilt,
}

impl Profile {
    /// Its name in a scenario.
    pub const fn text(self) -> &'static str {
        match self {
            Profile::Documented => "documented",
            Profile::AsBuilt => "as-built",
        }
    }
}

/// The profile.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Options {
    /// What the service does.
    pub profile: Profile,
    /// From one cycle of the deploy loop to the next: 15 s (deploy/deploy_loop.go).
    pub loop_interval: Duration,
    /// From one scan of instances to the next: 15 s (registry/instance_scan.go).
    pub scan_interval: Duration,
    /// How long a scan tries to reach an instance: 3 s (registry/instance_scan.go).
    pub dial_timeout: Duration,
    /// An instance that takes longer to reach is degraded: 1 s (registry/instance_scan.go).
    pub degraded_after: Duration,
    /// From one heartbeat of a node to the next: 15 s (registry/node_heartbeat.go).
    pub heartbeat_interval: Duration,
    /// The URL of the server on a node, `{node}` being the node's name: `http://{node}:11337`, the default of OB_SELF_URL's port
    /// (di/di.go).
    pub node_url: String,
    /// A node that uses as much CPU or more gets no new instances, in percent: 80 (deploy/allocator/command_producer.go).
    pub node_cpu_percent_max: u32,
    /// How the rest is done where the documents are silent. Of the documented profile alone.
    pub documented: Documented,
    /// What the code needs to be known beside. Of the as-built profile alone.
    pub as_built: AsBuilt,
    /// The nodes as they tell of themselves, in the order of the scenario.
    pub nodes: Vec<NodeFacts>,
    /// The names of the secrets that the Secret Svc has. Their values are nowhere.
    pub secrets: BTreeSet<String>,
    /// The names in the environment of the service that deploys.
    pub env: BTreeSet<String>,
    /// How long images of repositories build, by definition; the first row that fits counts.
    pub builds: Vec<Build>,
    /// How long a build takes that no row fits: *assumed* 60 s.
    pub build_length: Distribution,
    /// Wall-clock time of the start of the run, in seconds since 1970.
    pub epoch_seconds: i64,
}

/// What the documents leave open; every figure is *assumed*.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Documented {
    /// How often a deployment may end in Error, one after the other, before it is Failed for good: 10.
    pub attempts_max: u32,
    /// How long an instance may take from its start to being healthy before it counts as failed: 10 minutes.
    pub start_deadline: Duration,
    /// How long nothing is heard of a node before it counts as lost: three heartbeats, 45 s.
    pub node_timeout: Duration,
    /// How long an instance that is taken out gets no requests before it is stopped: none.
    pub drain: Duration,
    /// Instances that may be missing while a rolling update goes on, where nothing is said: none, because the page says that a
    /// rolling update has no downtime, and old instances go once new ones are healthy.
    pub max_unavailable: u32,
    /// Instances that may be too many, where nothing is said: 1, as in the examples.
    pub max_surge: u32,
    /// How long the load must have been low before instances are taken away: 5 minutes.
    pub scale_down_after: Duration,
    /// How far the load may lie from the threshold without a change, in percent of it: 10.
    pub tolerance_percent: u32,
}

impl Default for Documented {
    fn default() -> Documented {
        Documented {
            attempts_max: 10,
            start_deadline: Duration::from_secs(600),
            node_timeout: Duration::from_secs(45),
            drain: Duration::ZERO,
            max_unavailable: 0,
            max_surge: 1,
            scale_down_after: Duration::from_secs(300),
            tolerance_percent: 10,
        }
    }
}

impl Default for Options {
    fn default() -> Options {
        Options {
            profile: Profile::Documented,
            loop_interval: Duration::from_secs(15),
            scan_interval: Duration::from_secs(15),
            dial_timeout: Duration::from_secs(3),
            degraded_after: Duration::from_secs(1),
            heartbeat_interval: Duration::from_secs(15),
            node_url: "http://{node}:11337".to_owned(),
            node_cpu_percent_max: 80,
            documented: Documented::default(),
            as_built: AsBuilt::default(),
            nodes: Vec::new(),
            secrets: BTreeSet::new(),
            env: BTreeSet::new(),
            builds: Vec::new(),
            build_length: Distribution::Constant(Duration::from_secs(60)),
            // 2026-01-01T00:00:00Z
            epoch_seconds: 1_767_225_600,
        }
    }
}

/// What a node tells of itself.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct NodeFacts {
    /// Its name in the cluster.
    pub name: String,
    /// Its region: the cluster that it is in; empty: there is only one.
    pub region: String,
    /// Its availability zone; empty: none is said.
    pub zone: String,
    /// CPU in thousandths of a core.
    pub cpu_milli: u64,
    /// Memory in bytes.
    pub memory_bytes: u64,
    /// Its GPUs.
    pub gpus: Option<Gpus>,
}

/// The GPUs of a node, which are all of one model.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Gpus {
    /// The resource that stands for one of them in the cluster: `nvidia.com/gpu`.
    pub resource: String,
    /// The model; empty: none is said.
    pub model: String,
    /// How many.
    pub count: u32,
    /// Memory of each in bytes; 0: none is said.
    pub memory_bytes: u64,
}

/// How images of repositories build.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Build {
    /// Of which definition; `None`: of every one.
    pub definition: Option<String>,
    /// How long it takes; `None`: as the profile has it.
    pub length: Option<Distribution>,
    /// Whether it fails.
    pub fails: bool,
}
