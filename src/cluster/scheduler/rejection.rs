//! Why a pod has no node, in Kubernetes' own words (`FitError`, k8s.io/kubernetes v1.36.3, pkg/scheduler/framework/types.go).

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use crate::cluster::PodId;
use crate::cluster::node::NodeId;
use crate::cluster::template::{Template, TemplateId};
use crate::kernel::{Name, Names};

/// What the filters say of one node and one template: a set of reasons, empty if the pod fits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Verdict(u64);

impl Verdict {
    /// The pod fits.
    pub const FITS: Verdict = Verdict(0);
    /// The node is cordoned.
    pub const UNSCHEDULABLE: Verdict = Verdict(1 | Verdict::FOR_GOOD.0);
    /// The node has a taint that the pod does not tolerate.
    pub const TAINTED: Verdict = Verdict(2 | Verdict::FOR_GOOD.0);
    /// The node's labels do not match.
    pub const UNLIKE_AFFINITY: Verdict = Verdict(4 | Verdict::FOR_GOOD.0);
    /// The node takes no more pods.
    pub const PODS: Verdict = Verdict(8);
    /// Too little CPU.
    pub const CPU: Verdict = Verdict(16);
    /// Too little memory.
    pub const MEMORY: Verdict = Verdict(32);
    /// Too little ephemeral storage.
    pub const EPHEMERAL_STORAGE: Verdict = Verdict(64);
    /// The node's labels do not match what the scheduler adds to every pod.
    pub const NOT_ENFORCED_AFFINITY: Verdict = Verdict(1 << 46 | Verdict::FOR_GOOD.0);
    /// A port that the pod takes is held.
    pub const PORTS: Verdict = Verdict(1 << 47);
    /// A place has too many of the pods that are to be spread.
    pub const SPREAD: Verdict = Verdict(1 << 48);
    /// The node has no place in a spread.
    pub const NO_PLACE: Verdict = Verdict(1 << 49 | Verdict::FOR_GOOD.0);
    /// Pods that the pod must be beside are not there.
    pub const ALONE: Verdict = Verdict(1 << 50 | Verdict::FOR_GOOD.0);
    /// Pods that the pod must be away from are there.
    pub const CROWDED: Verdict = Verdict(1 << 51);
    /// Pods that must be away from the pod are there.
    pub const UNWELCOME: Verdict = Verdict(1 << 52);
    /// It is not the node that the pod is for.
    pub const NOT_ITS_NODE: Verdict = Verdict(1 << 53 | Verdict::FOR_GOOD.0);
    /// A volume of the pod cannot be used there.
    pub const VOLUME_AFFINITY: Verdict = Verdict(1 << 54 | Verdict::FOR_GOOD.0);
    /// No volume that a claim of the pod could be bound to is there.
    pub const NO_VOLUME: Verdict = Verdict(1 << 55 | Verdict::FOR_GOOD.0);
    /// A claim that one pod alone may use is used.
    pub const VOLUME_IN_USE: Verdict = Verdict(1 << 56);
    /// A volume of the pod is in another zone.
    pub const VOLUME_ZONE: Verdict = Verdict(1 << 62 | Verdict::FOR_GOOD.0);
    /// The node attaches no more volumes.
    pub const VOLUMES: Verdict = Verdict(1 << 57);
    /// A claim of the pod is not bound and does not wait for the pod.
    pub const UNBOUND_CLAIM: Verdict = Verdict(1 << 58 | Verdict::FOR_GOOD.0);
    /// A claim of the pod is not there.
    pub const NO_CLAIM: Verdict = Verdict(1 << 59 | Verdict::FOR_GOOD.0);
    /// Preemption could not help on the node.
    pub const NOT_HELPFUL: Verdict = Verdict(1 << 61 | Verdict::FOR_GOOD.0);
    /// Preemption: the node has no pod of a lower priority.
    pub const NO_VICTIMS: Verdict = Verdict(1 << 60 | Verdict::FOR_GOOD.0);
    /// No pod that leaves the node could help.
    const FOR_GOOD: Verdict = Verdict(1 << 63);
    const EXTENDED_SHIFT: usize = 7;
    const EXTENDED_MAX: usize = 38;

    /// Too little of the extended resource that comes at this place among those that the template asks for. A pod
    /// that asks for more than 39 different resources is told of the last of them together.
    pub const fn extended(at: usize) -> Verdict {
        let at = if at < Self::EXTENDED_MAX { at } else { Self::EXTENDED_MAX };
        Verdict(1 << (Self::EXTENDED_SHIFT + at))
    }

    /// This verdict with one more reason; `for_good` if the node is too small even when it is empty.
    pub const fn and_short_of(self, what: Verdict, for_good: bool) -> Verdict {
        Verdict(self.0 | what.0 | if for_good { Self::FOR_GOOD.0 } else { 0 })
    }

    const fn has(self, other: Verdict) -> bool {
        self.0 & other.0 & !Self::FOR_GOOD.0 != 0
    }

    /// True if preempting pods could not help on this node: code `UnschedulableAndUnresolvable`.
    pub const fn is_for_good(self) -> bool {
        self.0 & Self::FOR_GOOD.0 != 0
    }

    /// True if the pod is rejected whatever the nodes are: by a plugin that comes before the filters.
    const fn is_of_pod(self) -> bool {
        self.has(Verdict::UNBOUND_CLAIM) || self.has(Verdict::NO_CLAIM)
    }

    /// The reason that a kubelet gives for a pod that it does not admit: pkg/kubelet/lifecycle/predicate.go.
    pub fn kubelet_reason(self) -> &'static str {
        match self {
            _ if self.has(Verdict::PODS) => "OutOfpods",
            _ if self.has(Verdict::CPU) => "OutOfcpu",
            _ if self.has(Verdict::MEMORY) => "OutOfmemory",
            _ if self.has(Verdict::EPHEMERAL_STORAGE) => "OutOfephemeral-storage",
            _ => "UnexpectedAdmissionError",
        }
    }

    /// The reasons, in Kubernetes' words.
    pub fn text(self, names: &Names, template: &Template) -> String {
        reasons(self, names, template).join(", ")
    }

    fn plugin(self) -> Plugins {
        match self {
            Verdict::UNSCHEDULABLE => Plugins::NODE_UNSCHEDULABLE,
            Verdict::TAINTED => Plugins::TAINT_TOLERATION,
            Verdict::UNLIKE_AFFINITY | Verdict::NOT_ENFORCED_AFFINITY | Verdict::NOT_ITS_NODE => Plugins::NODE_AFFINITY,
            Verdict::PORTS => Plugins::NODE_PORTS,
            Verdict::SPREAD | Verdict::NO_PLACE => Plugins::POD_TOPOLOGY_SPREAD,
            Verdict::ALONE | Verdict::CROWDED | Verdict::UNWELCOME => Plugins::INTER_POD_AFFINITY,
            Verdict::VOLUME_AFFINITY | Verdict::NO_VOLUME | Verdict::UNBOUND_CLAIM | Verdict::NO_CLAIM => {
                Plugins::VOLUME_BINDING
            }
            Verdict::VOLUME_IN_USE => Plugins::VOLUME_RESTRICTIONS,
            Verdict::VOLUMES => Plugins::NODE_VOLUME_LIMITS,
            Verdict::VOLUME_ZONE => Plugins::VOLUME_ZONE,
            _ => Plugins::NODE_RESOURCES_FIT,
        }
    }
}

/// Makes the set of filter plugins from their names, in the order in which they filter.
macro_rules! plugins {
    ($($constant:ident = $name:literal,)*) => {
        impl Plugins {
            const NAMES: &'static [&'static str] = &[$($name,)*];
            plugins!(@ 0, $($constant = $name,)*);
        }
    };
    (@ $bit:expr, $constant:ident = $name:literal, $($rest:tt)*) => {
        #[doc = concat!($name, ".")]
        pub const $constant: Plugins = Plugins(1 << $bit);
        plugins!(@ $bit + 1, $($rest)*);
    };
    (@ $bit:expr,) => {
        /// Every filter plugin.
        pub const ALL: Plugins = Plugins((1 << ($bit)) - 1);
    };
}

/// A set of filter plugins.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug)]
pub struct Plugins(u16);

plugins! {
    NODE_UNSCHEDULABLE = "NodeUnschedulable",
    NODE_NAME = "NodeName",
    TAINT_TOLERATION = "TaintToleration",
    NODE_AFFINITY = "NodeAffinity",
    NODE_PORTS = "NodePorts",
    NODE_RESOURCES_FIT = "NodeResourcesFit",
    VOLUME_RESTRICTIONS = "VolumeRestrictions",
    NODE_VOLUME_LIMITS = "NodeVolumeLimits",
    VOLUME_BINDING = "VolumeBinding",
    VOLUME_ZONE = "VolumeZone",
    POD_TOPOLOGY_SPREAD = "PodTopologySpread",
    INTER_POD_AFFINITY = "InterPodAffinity",
}

impl Plugins {
    /// No plugin.
    pub const NONE: Plugins = Plugins(0);

    /// The plugin of this name.
    pub fn named(name: &str) -> Option<Plugins> {
        Plugins::NAMES.iter().position(|one| *one == name).map(|bit| Plugins(1 << bit))
    }

    /// The plugins of both sets.
    #[must_use]
    pub const fn with(self, other: Plugins) -> Plugins {
        Plugins(self.0 | other.0)
    }

    /// The plugins of this set that are not in the other.
    #[must_use]
    pub const fn without(self, other: Plugins) -> Plugins {
        Plugins(self.0 & !other.0)
    }

    /// True if all plugins of the other set are in this one.
    pub const fn contains(self, other: Plugins) -> bool {
        self.0 & other.0 == other.0
    }

    /// True if no plugin is in the set.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The plugins one by one.
    pub fn iter(self) -> impl Iterator<Item = Plugins> {
        (0..Plugins::NAMES.len()).map(|bit| Plugins(1 << bit)).filter(move |plugin| self.0 & plugin.0 != 0)
    }

    /// Kubernetes' names of the plugins.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        (0..Plugins::NAMES.len()).filter(move |bit| self.0 >> bit & 1 == 1).map(|bit| Plugins::NAMES[bit])
    }
}

/// Why pods of one form have no node.
#[derive(Clone, Debug)]
pub(super) struct Detail(Arc<Counts>);

#[derive(Debug)]
struct Counts {
    plugins: Plugins,
    nodes: u32,
    /// How many nodes got which verdict, sorted by verdict.
    verdicts: Vec<(Verdict, u32)>,
    /// Made when it is first asked for.
    message: OnceLock<String>,
}

impl Detail {
    /// From how many nodes got which verdict.
    pub fn new(mut verdicts: Vec<(Verdict, u32)>) -> Detail {
        verdicts.sort_unstable();
        let plugins = verdicts.iter().fold(Plugins::NONE, |set, (verdict, _)| set.with(verdict.plugin()));
        let nodes = verdicts.iter().map(|(_, count)| count).sum();
        Detail(Arc::new(Counts { plugins, nodes, verdicts, message: OnceLock::new() }))
    }
}

/// What preemption came to.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Default, Debug)]
pub enum Preemption {
    /// No node has a pod of a lower priority.
    #[default]
    NoVictims,
    /// The scheduler has no DefaultPreemption.
    Off,
    /// The pod's `preemptionPolicy` is `Never`.
    Never,
    /// A pod that was put out for it still terminates on its node.
    Waits,
    /// Nodes were tried, and none could take the pod even so: what the filters said then, of how many nodes.
    Failed(Vec<(Verdict, u32)>),
    /// It is to have this node once these pods have left it.
    Nominated(NodeId, Vec<PodId>),
}

/// Why a pod has no node.
#[derive(Clone, Debug)]
pub struct Rejection {
    /// The template that has no node.
    pub template: TemplateId,
    /// The plugins that rejected nodes; none if the cluster has no node.
    pub plugins: Plugins,
    /// How many nodes the cluster has.
    pub nodes: u32,
    /// What preemption came to.
    pub preemption: Preemption,
    /// Not zero for a pod that is like no other of its template: one with volumes, or that is or waits for one node alone.
    pub(super) own: u64,
    /// The claim of the pod that is not there.
    pub(super) missing: Option<Name>,
    detail: Detail,
}

impl PartialEq for Rejection {
    fn eq(&self, other: &Self) -> bool {
        (self.template, self.own) == (other.template, other.own)
            && self.preemption == other.preemption
            && self.detail.0.verdicts == other.detail.0.verdicts
    }
}

impl Eq for Rejection {}

impl Rejection {
    pub(super) fn new(template: TemplateId, detail: Detail) -> Rejection {
        let (plugins, nodes) = (detail.0.plugins, detail.0.nodes);
        Rejection { template, plugins, nodes, preemption: Preemption::NoVictims, own: 0, missing: None, detail }
    }

    /// The message of the pod's PodScheduled condition. Its end is what the plugins say that come after the filters:
    /// DynamicResources of a pod without claims (plugins/dynamicresources/dynamicresources.go, PostFilter), and
    /// preemption. It is made once for all pods that are rejected alike.
    pub fn message(&self, names: &Names, template: &Template) -> &str {
        self.detail.0.message.get_or_init(|| self.compose(names, template))
    }

    /// Notes what preemption came to; the message says it.
    pub(super) fn after_preemption(self, preemption: Preemption) -> Rejection {
        if preemption == self.preemption {
            return self;
        }
        // The message that others share says something else.
        let detail = Detail::new(self.detail.0.verdicts.clone());
        Rejection { preemption, detail, ..self }
    }

    fn compose(&self, names: &Names, template: &Template) -> String {
        if self.nodes == 0 {
            // `ErrNoNodesAvailable`, pkg/scheduler/scheduler.go.
            return "no nodes available to schedule pods".to_owned();
        }
        let verdicts = &self.detail.0.verdicts;
        let of_all = verdicts.iter().find(|(verdict, _)| verdict.is_of_pod());
        let reasons = match of_all {
            // A plugin that rejects the pod before any node is looked at.
            Some((verdict, _)) => {
                let why = match self.missing {
                    // plugins/volumebinding/volume_binding.go, `podHasPVCs`.
                    Some(claim) => format!("persistentvolumeclaim {:?} not found", names.show(claim)),
                    None => verdict.text(names, template),
                };
                format!("0/{} nodes are available: {why}.", self.nodes)
            }
            None => self.sentence(verdicts, names, template),
        };
        let preemptable: u32 =
            verdicts.iter().filter(|(verdict, _)| !verdict.is_for_good()).map(|(_, count)| count).sum();
        let (tried, rest) = match &self.preemption {
            Preemption::Nominated(..) => return reasons,
            Preemption::Off => return format!("{reasons} no new claims to deallocate"),
            Preemption::Never => {
                return format!(
                    "{reasons} no new claims to deallocate, preemption: not eligible due to preemptionPolicy=Never."
                );
            }
            Preemption::Waits => {
                return format!(
                    "{reasons} no new claims to deallocate, preemption: not eligible due to a terminating pod on the nominated node."
                );
            }
            Preemption::NoVictims => (vec![(Verdict::NO_VICTIMS, preemptable)], self.nodes - preemptable),
            Preemption::Failed(verdicts) => {
                let tried: u32 = verdicts.iter().map(|(_, count)| count).sum();
                (verdicts.clone(), self.nodes - tried)
            }
        };
        let mut tried: Vec<(Verdict, u32)> = tried.into_iter().filter(|(_, count)| *count > 0).collect();
        if rest > 0 {
            tried.push((Verdict::NOT_HELPFUL, rest));
        }
        format!("{reasons} no new claims to deallocate, preemption: {}", self.sentence(&tried, names, template))
    }

    fn sentence(&self, verdicts: &[(Verdict, u32)], names: &Names, template: &Template) -> String {
        sentence(self.nodes, verdicts, names, template)
    }
}

/// How many nodes do not take a pod, and why, in Kubernetes' words.
pub(in crate::cluster) fn sentence(
    nodes: u32,
    verdicts: &[(Verdict, u32)],
    names: &Names,
    template: &Template,
) -> String {
    let mut counts: BTreeMap<String, u32> = BTreeMap::new();
    for (verdict, count) in verdicts {
        for reason in reasons(*verdict, names, template) {
            *counts.entry(reason).or_default() += count;
        }
    }
    let mut parts: Vec<String> = counts.into_iter().map(|(reason, count)| format!("{count} {reason}")).collect();
    // Sorted as strings, with their counts in front: 10 comes before 2.
    parts.sort_unstable();
    format!("0/{nodes} nodes are available: {}.", parts.join(", "))
}

fn reasons(verdict: Verdict, names: &Names, template: &Template) -> Vec<String> {
    let fixed = [
        (Verdict::UNSCHEDULABLE, "node(s) were unschedulable"),
        (Verdict::TAINTED, "node(s) had untolerated taint(s)"),
        (Verdict::UNLIKE_AFFINITY, "node(s) didn't match Pod's node affinity/selector"),
        (Verdict::PODS, "Too many pods"),
        (Verdict::CPU, "Insufficient cpu"),
        (Verdict::MEMORY, "Insufficient memory"),
        (Verdict::EPHEMERAL_STORAGE, "Insufficient ephemeral-storage"),
        (Verdict::NOT_ENFORCED_AFFINITY, "node(s) didn't match scheduler-enforced node affinity"),
        (Verdict::PORTS, "node(s) didn't have free ports for the requested pod ports"),
        (Verdict::SPREAD, "node(s) didn't match pod topology spread constraints"),
        (Verdict::NO_PLACE, "node(s) didn't match pod topology spread constraints (missing required label)"),
        (Verdict::ALONE, "node(s) didn't match pod affinity rules"),
        (Verdict::CROWDED, "node(s) didn't match pod anti-affinity rules"),
        (Verdict::UNWELCOME, "node(s) didn't satisfy existing pods anti-affinity rules"),
        (Verdict::NOT_ITS_NODE, "node(s) didn't satisfy plugin(s) [NodeAffinity]"),
        (Verdict::VOLUME_AFFINITY, "node(s) didn't match PersistentVolume's node affinity"),
        (Verdict::NO_VOLUME, "node(s) didn't find available persistent volumes to bind"),
        (
            Verdict::VOLUME_IN_USE,
            "node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod",
        ),
        (Verdict::VOLUME_ZONE, "node(s) had no available volume zone"),
        (Verdict::VOLUMES, "node(s) exceed max volume count"),
        (Verdict::UNBOUND_CLAIM, "pod has unbound immediate PersistentVolumeClaims"),
        (Verdict::NO_CLAIM, "persistentvolumeclaim not found"),
        (Verdict::NO_VICTIMS, "No preemption victims found for incoming pod"),
        (Verdict::NOT_HELPFUL, "Preemption is not helpful for scheduling"),
    ];
    let fixed = fixed.into_iter().filter(|(one, _)| verdict.has(*one)).map(|(_, text)| text.to_owned());
    let extended = template.requests.extended.iter().enumerate();
    let extended = extended
        .filter(|(at, _)| verdict.has(Verdict::extended(*at)))
        .map(|(_, (resource, _))| format!("Insufficient {}", names.text(*resource)));
    fixed.chain(extended).collect()
}
