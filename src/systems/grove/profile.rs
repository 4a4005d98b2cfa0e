//! What differs between Grove's versions and installations: constants with their sources, and how each version handles what
//! later ones mend. A behaviour is named by the public issue that tells of it, because most releases do not say which they mend.

use std::collections::BTreeMap;

use crate::kernel::Duration;

/// A release of Grove, as far as releases are told apart here.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Release {
    /// v0.1.0-alpha.2 and before: the state before pull request #215 of October 2025.
    Alpha2,
    /// v0.1.0-alpha.3, which the chart of Dynamo 0.8.0 has: after #215, before #435, #561 and what follows.
    Alpha3,
    /// v0.1.0-alpha.11: with #435, #561 and #671. It has not #614, which took out a constant that Dynamo's operator used: that change
    /// came with the next release (ai-dynamo/dynamo #11994).
    Alpha11,
    /// v0.1.0-alpha.12-rc1, which the chart of Dynamo had in August 2026: with #614; the tables of corpus and reference are of this
    /// state (commit fcc3b3bb). PodGangMaps, which came with alpha.12, are not modelled.
    Alpha12,
    /// main of September 2026, with the pull requests that were open then: #785, #790, GREP-0677.
    Main,
}

impl Release {
    /// Every release, the oldest first, as scenarios name it.
    pub const ALL: [(&'static str, Release); 5] = [
        ("alpha.2", Release::Alpha2),
        ("alpha.3", Release::Alpha3),
        ("alpha.11", Release::Alpha11),
        ("alpha.12-rc1", Release::Alpha12),
        ("main", Release::Main),
    ];

    /// The release of this name.
    pub fn named(name: &str) -> Option<Release> {
        Release::ALL.into_iter().find(|(known, _)| *known == name).map(|(_, release)| release)
    }
}

/// When the pods of a scaled PodGang lose their gate.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BaseGate {
    /// Once the base gang's pods are ready (issue #209).
    Ready,
    /// Once they have nodes: pull request #215.
    Scheduled,
}

/// What counts as a breach of `minAvailable` while pods have no node.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unscheduled {
    /// Nothing (issue #277).
    Ignored,
    /// What is lost of those of which some still have one: pull request #561. Where none has, the gang would not find room either
    /// if it were made again.
    Partial,
    /// All of it: pull request #614.
    Breached,
}

/// How it is known that a gang was ever whole, before which its loss is no loss.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Health {
    /// It is not asked.
    NotAsked,
    /// By the time of the last change of a condition (issue #789).
    Guessed,
    /// By a condition of its own, which stays: pull request #790.
    Remembered,
}

/// What differs between versions and installations.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Profile {
    /// When scaled gangs lose their gate (#209).
    pub base_gate: BaseGate,
    /// Whether pods without a node count as lost (#277).
    pub unscheduled: Unscheduled,
    /// How it is known that a gang was whole before (#789).
    pub health: Health,
    /// A clique that is scaled to none is no member of its gang (#676; GREP-0677).
    pub idle_leaves_gang: bool,
    /// An update overlooks pods of an older template whose startup probe has not passed (#400; pull request #435).
    pub forgets_starting_pods: bool,
    /// Once an update has ended, pods are counted by the template that came before until the status says that the new one is
    /// followed: which it never does if they were counted so (#315; mended by #671).
    pub forgets_target: bool,
    /// An update ends only once every pod is of its template (#786; pull request #785).
    pub update_waits_for_all: bool,
    /// What is on its way out wakes nobody until it has gone (#434; pull request #433).
    pub overlooks_leaving: bool,
    /// A pod that was deleted before a pass of its PodClique had seen it is expected for ever (#457; pull request #458).
    pub expects_deleted: bool,
    /// A PodClique goes once its pods have gone, and a group or set once all that it owns has; else the garbage collector takes what
    /// they leave (#423; pull request #556).
    pub owners_wait: bool,
    /// A clique that comes back after a gang termination has the size that it was scaled to (#826).
    pub recovery_keeps_scale: bool,
    /// True if topology constraints are taken (`topologyAwareScheduling.enabled`).
    pub topology_enabled: bool,
    /// The ClusterTopologyBindings that are there: domains and labels of each, from the broadest level on.
    pub topologies: BTreeMap<String, Vec<(String, String)>>,
    /// The scheduler of pods that name none (`scheduler.defaultProfileName`; the chart has `default-scheduler`).
    pub default_scheduler: String,
    /// The queue of a gang whose pods name none.
    pub default_queue: String,
}

impl Profile {
    /// What comes back for another try, and what waits for finalizers.
    /// Source: operator/internal/constants/constants.go, ComponentSyncRetryInterval.
    pub const RETRY: Duration = Duration::from_secs(5);
    /// How long after the creation of an object a change of its condition counts as its first.
    /// Source: operator/internal/controller/common/component/utils/podclique.go, InitialScheduleGrace.
    pub const FIRST_CHANGE: Duration = Duration::from_secs(5);
    /// The levels that Grove knows by name, and the labels that its chart gives them.
    /// Source: operator/api/core/v1alpha1/clustertopologybinding.go (names); operator/charts/values.yaml (labels of examples).
    const LEVELS: [(&'static str, &'static str); 7] = [
        ("region", "topology.kubernetes.io/region"),
        ("zone", "topology.kubernetes.io/zone"),
        ("datacenter", "topology.kubernetes.io/datacenter"),
        ("block", "kubernetes.io/block"),
        ("rack", "kubernetes.io/rack"),
        ("host", "kubernetes.io/hostname"),
        ("numa", "kubernetes.io/numa"),
    ];

    /// The binding that the cluster has where nothing else is said. *Assumed*: its name is that of the samples
    /// (operator/samples), its levels are all that are known.
    const TOPOLOGY: &'static str = "grove-topology";

    /// The issues that a profile can have or have mended, whatever its release.
    pub const ISSUES: [u32; 11] = [209, 277, 315, 400, 423, 434, 457, 676, 786, 789, 826];

    /// The profile of a release, as its chart installs it.
    pub fn of(release: Release) -> Profile {
        let levels = Profile::LEVELS.iter().map(|(domain, label)| ((*domain).to_owned(), (*label).to_owned()));
        Profile {
            base_gate: if release == Release::Alpha2 { BaseGate::Ready } else { BaseGate::Scheduled },
            unscheduled: match release {
                Release::Alpha2 | Release::Alpha3 => Unscheduled::Ignored,
                Release::Alpha11 => Unscheduled::Partial,
                Release::Alpha12 | Release::Main => Unscheduled::Breached,
            },
            health: match release {
                Release::Alpha2 | Release::Alpha3 | Release::Alpha11 => Health::NotAsked,
                Release::Alpha12 => Health::Guessed,
                Release::Main => Health::Remembered,
            },
            idle_leaves_gang: release == Release::Main,
            forgets_starting_pods: release < Release::Alpha11,
            forgets_target: release < Release::Alpha11,
            update_waits_for_all: release == Release::Main,
            overlooks_leaving: release < Release::Alpha11,
            expects_deleted: release < Release::Alpha11,
            owners_wait: release < Release::Alpha11,
            recovery_keeps_scale: release == Release::Main,
            topology_enabled: true,
            topologies: [(Profile::TOPOLOGY.to_owned(), levels.collect())].into(),
            default_scheduler: "default-scheduler".to_owned(),
            default_queue: String::new(),
        }
    }

    /// Mends an issue, or brings it back; false if no such issue is known here.
    pub fn mend(&mut self, issue: u32, is_mended: bool) -> bool {
        match issue {
            209 => self.base_gate = if is_mended { BaseGate::Scheduled } else { BaseGate::Ready },
            277 => self.unscheduled = if is_mended { Unscheduled::Breached } else { Unscheduled::Ignored },
            315 => self.forgets_target = !is_mended,
            400 => self.forgets_starting_pods = !is_mended,
            423 => self.owners_wait = !is_mended,
            434 => self.overlooks_leaving = !is_mended,
            457 => self.expects_deleted = !is_mended,
            676 => self.idle_leaves_gang = is_mended,
            786 => self.update_waits_for_all = is_mended,
            789 => self.health = if is_mended { Health::Remembered } else { Health::Guessed },
            826 => self.recovery_keeps_scale = is_mended,
            _ => return false,
        }
        true
    }

    /// Takes the names of the topologies that are there; each has all levels that are known.
    pub fn name_topologies(&mut self, names: impl Iterator<Item = String>) {
        let levels = Profile::LEVELS.map(|(domain, label)| (domain.to_owned(), label.to_owned()));
        self.topologies = names.map(|name| (name, levels.to_vec())).collect();
    }

    /// The domains of a topology, from the broadest on; `None`: there is no such topology.
    pub fn domains(&self, topology: &str) -> Option<Vec<&str>> {
        self.topologies.get(topology).map(|levels| levels.iter().map(|(domain, _)| domain.as_str()).collect())
    }

    /// The label of a domain of a topology.
    pub fn label_of(&self, topology: &str, domain: &str) -> Option<&str> {
        let levels = self.topologies.get(topology)?;
        levels.iter().find(|(known, _)| known == domain).map(|(_, label)| label.as_str())
    }

    /// The scheduler of pods that name this one.
    pub fn scheduler_of<'a>(&'a self, name: &'a str) -> &'a str {
        if name.is_empty() { &self.default_scheduler } else { name }
    }

    /// True if Grove works with this scheduler. Source: operator/api/config/v1alpha1/types.go, SupportedSchedulerNames.
    pub fn knows_scheduler(&self, name: &str) -> bool {
        ["kai-scheduler", "default-scheduler", "volcano"].contains(&name)
    }
}

impl Default for Profile {
    /// The release of which documents and reference are.
    fn default() -> Profile {
        Profile::of(Release::Alpha12)
    }
}
