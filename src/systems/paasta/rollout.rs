//! The profile of a rollout: constants of PaaSTA's programs, and what neither its documents nor its public code say, each with
//! a stated default.
//!
//! Source: Yelp/paasta cc57ae869d (v1.60.3), paasta_tools/cli/cmds/mark_for_deployment.py and paasta_tools/utils.py. What is
//! marked *assumed* stands in no public source.

use std::collections::BTreeMap;

use super::model::Decimal;
use crate::kernel::{Distribution, Duration};

/// What a waiter looks at.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum WaitChecks {
    /// The versions that really run.
    #[default]
    Running,
    /// That the version was marked: the copies of the old one were counted (Yelp/paasta#2940).
    Marked,
}

/// Under which key a deploy looks for the waiter that it wants to stop.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum WaiterKey {
    /// The commit alone, although waiters are kept by commit and image version: one with an image version is not found.
    #[default]
    Commit,
    /// Commit and image version.
    Version,
}

/// How long a step that builds takes, and how it ends.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Build {
    /// The step; `None`: every step.
    pub step: Option<String>,
    /// How long it takes; `None`: as the profile has it.
    pub length: Option<Distribution>,
    /// It fails.
    pub fails: bool,
}

/// The profile.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rollout {
    /// From one run of setup_kubernetes_job to the next. Assumed: how often it runs is not public.
    pub setup_interval: Duration,
    /// From one look of a bounce of bounce_lib to the next. Assumed.
    pub bounce_interval: Duration,
    /// How long it takes to push a tag. Assumed: no time.
    pub tag_push: Duration,
    /// How long a step that builds takes where no row of behaviour says so. Assumed.
    pub build_length: Duration,
    /// `--timeout`.
    pub timeout: Duration,
    /// `--warn`: percent of the timeout.
    pub warn_percent: u32,
    /// `--auto-certify-delay` where a rollback may come by itself.
    pub auto_certify_delay: Duration,
    /// `--auto-abandon-delay`.
    pub auto_abandon_delay: Duration,
    /// `--auto-rollback-delay`.
    pub auto_rollback_delay: Duration,
    /// `--polling-interval`.
    pub polling_interval: Duration,
    /// `--diagnosis-interval`.
    pub diagnosis_interval: Duration,
    /// `--time-before-first-diagnosis`.
    pub time_before_first_diagnosis: Duration,
    /// `alertmanager_poll_interval_s`.
    pub alertmanager_poll_interval: Duration,
    /// `min_restarts_for_crashloop_rollback`.
    pub crashloop_min_restarts: u32,
    /// `crashloop_rollback_percentage_threshold`.
    pub crashloop_threshold: Decimal,
    /// `bounce_margin_factor`: 0.95 in the code; the schema and the documentation say 1 (Yelp/paasta#3576).
    pub margin_factor: Decimal,
    /// `bounce_overprovision_factor`.
    pub overprovision_factor: Decimal,
    /// `drain_method_params.delay` of the drain method hacheck.
    pub drain_delay: Duration,
    /// What a waiter looks at.
    pub wait_checks: WaitChecks,
    /// How a deploy finds its waiters.
    pub waiter_key: WaiterKey,
    /// The clusters that api_endpoints.json has; `None`: all that there are.
    pub api_endpoints: Option<Vec<String>>,
    /// The clusters of the scenario, if it has several.
    pub clusters: Vec<String>,
    /// What each deploy group runs at the start; `None`: nothing.
    pub deployed: BTreeMap<String, Option<String>>,
    /// What a deploy group runs at the start that is not in `deployed`. Stated here alone.
    pub deployed_default: Option<String>,
    /// The rows of behaviour that are about building.
    pub builds: Vec<Build>,
    /// The wall-clock time of the start, in seconds since 1970.
    pub epoch_seconds: i64,
}

impl Default for Rollout {
    fn default() -> Rollout {
        let seconds = Duration::from_secs;
        let decimal = |text: &str| Decimal(text.to_owned());
        Rollout {
            setup_interval: seconds(60),
            bounce_interval: seconds(10),
            tag_push: Duration::ZERO,
            build_length: seconds(60),
            timeout: seconds(3 * 3600),
            warn_percent: 17,
            auto_certify_delay: seconds(600),
            auto_abandon_delay: seconds(600),
            auto_rollback_delay: seconds(30),
            polling_interval: seconds(60),
            diagnosis_interval: seconds(60),
            time_before_first_diagnosis: seconds(300),
            alertmanager_poll_interval: seconds(30),
            crashloop_min_restarts: 2,
            crashloop_threshold: decimal("1.0"),
            margin_factor: decimal("0.95"),
            overprovision_factor: decimal("1.0"),
            drain_delay: seconds(60),
            wait_checks: WaitChecks::default(),
            waiter_key: WaiterKey::default(),
            api_endpoints: None,
            clusters: Vec::new(),
            deployed: BTreeMap::new(),
            deployed_default: Some("0000000".to_owned()),
            builds: Vec::new(),
            epoch_seconds: 0,
        }
    }
}

impl Rollout {
    /// What a deploy group runs at the start.
    pub fn deployed_at_start(&self, group: &str) -> Option<&str> {
        match self.deployed.get(group) {
            Some(set) => set.as_deref(),
            None => self.deployed_default.as_deref(),
        }
    }

    /// True if PaaSTA's API can be asked about a cluster; else NoSuchCluster is raised.
    pub fn knows_cluster(&self, cluster: &str) -> bool {
        let has = |clusters: &[String]| clusters.iter().any(|one| one == cluster);
        self.api_endpoints.as_deref().map_or(self.clusters.is_empty() || has(&self.clusters), has)
    }
}
