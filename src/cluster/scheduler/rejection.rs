//! Why a pod has no node, in Kubernetes' own words (`FitError`, k8s.io/kubernetes v1.36.3, pkg/scheduler/framework/types.go).

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use crate::cluster::template::{Template, TemplateId};
use crate::kernel::Names;

/// What the filters say of one node and one template: a set of reasons, empty if the pod fits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) struct Verdict(u64);

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
    /// No pod that leaves the node could help.
    const FOR_GOOD: Verdict = Verdict(1 << 63);
    const EXTENDED_SHIFT: usize = 7;
    const EXTENDED_MAX: usize = 55;

    /// Too little of the extended resource that comes at this place among those that the template asks for. A pod
    /// that asks for more than 56 different resources is told of the last of them together.
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
    const fn is_for_good(self) -> bool {
        self.0 & Self::FOR_GOOD.0 != 0
    }

    fn plugin(self) -> Plugins {
        match self {
            Verdict::UNSCHEDULABLE => Plugins::NODE_UNSCHEDULABLE,
            Verdict::TAINTED => Plugins::TAINT_TOLERATION,
            Verdict::UNLIKE_AFFINITY => Plugins::NODE_AFFINITY,
            _ => Plugins::NODE_RESOURCES_FIT,
        }
    }
}

/// A set of filter plugins.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug)]
pub struct Plugins(u8);

impl Plugins {
    /// No plugin.
    pub const NONE: Plugins = Plugins(0);
    /// NodeUnschedulable.
    pub const NODE_UNSCHEDULABLE: Plugins = Plugins(1);
    /// TaintToleration.
    pub const TAINT_TOLERATION: Plugins = Plugins(2);
    /// NodeAffinity.
    pub const NODE_AFFINITY: Plugins = Plugins(4);
    /// NodeResourcesFit.
    pub const NODE_RESOURCES_FIT: Plugins = Plugins(8);

    /// The plugins of both sets.
    #[must_use]
    pub const fn with(self, other: Plugins) -> Plugins {
        Plugins(self.0 | other.0)
    }

    /// True if no plugin is in the set.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The plugins one by one.
    pub fn iter(self) -> impl Iterator<Item = Plugins> {
        (0..4).map(|bit| Plugins(1 << bit)).filter(move |plugin| self.0 & plugin.0 != 0)
    }

    /// Kubernetes' names of the plugins.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        self.iter().map(|plugin| match plugin {
            Plugins::NODE_UNSCHEDULABLE => "NodeUnschedulable",
            Plugins::TAINT_TOLERATION => "TaintToleration",
            Plugins::NODE_AFFINITY => "NodeAffinity",
            _ => "NodeResourcesFit",
        })
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

/// Why a pod has no node.
#[derive(Clone, Debug)]
pub struct Rejection {
    /// The template that has no node.
    pub template: TemplateId,
    /// The plugins that rejected nodes; none if the cluster has no node.
    pub plugins: Plugins,
    /// How many nodes the cluster has.
    pub nodes: u32,
    detail: Detail,
}

impl PartialEq for Rejection {
    fn eq(&self, other: &Self) -> bool {
        self.template == other.template && self.detail.0.verdicts == other.detail.0.verdicts
    }
}

impl Eq for Rejection {}

impl Rejection {
    pub(super) fn new(template: TemplateId, detail: Detail) -> Rejection {
        let (plugins, nodes) = (detail.0.plugins, detail.0.nodes);
        Rejection { template, plugins, nodes, detail }
    }

    /// The message of the pod's PodScheduled condition. Its end is what the plugins say that come after the filters:
    /// DynamicResources of a pod without claims (plugins/dynamicresources/dynamicresources.go, PostFilter), and
    /// preemption when it finds no pod of a lower priority to put out. It is made once for all pods that are rejected alike.
    pub fn message(&self, names: &Names, template: &Template) -> &str {
        self.detail.0.message.get_or_init(|| self.compose(names, template))
    }

    fn compose(&self, names: &Names, template: &Template) -> String {
        if self.nodes == 0 {
            // `ErrNoNodesAvailable`, pkg/scheduler/scheduler.go.
            return "no nodes available to schedule pods".to_owned();
        }
        let mut counts: BTreeMap<String, u32> = BTreeMap::new();
        let mut preemptable = 0;
        for (verdict, count) in &self.detail.0.verdicts {
            for reason in reasons(*verdict, names, template) {
                *counts.entry(reason).or_default() += count;
            }
            preemptable += if verdict.is_for_good() { 0 } else { *count };
        }
        let preemption = [
            ("No preemption victims found for incoming pod".to_owned(), preemptable),
            ("Preemption is not helpful for scheduling".to_owned(), self.nodes - preemptable),
        ];
        let reasons = self.sentence(counts.into_iter());
        let preemption = self.sentence(preemption.into_iter().filter(|(_, count)| *count > 0));
        format!("{reasons} no new claims to deallocate, preemption: {preemption}")
    }

    fn sentence(&self, counts: impl Iterator<Item = (String, u32)>) -> String {
        let mut parts: Vec<String> = counts.map(|(reason, count)| format!("{count} {reason}")).collect();
        // Sorted as strings, with their counts in front: 10 comes before 2.
        parts.sort_unstable();
        format!("0/{} nodes are available: {}.", self.nodes, parts.join(", "))
    }
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
    ];
    let fixed = fixed.into_iter().filter(|(one, _)| verdict.has(*one)).map(|(_, text)| text.to_owned());
    let extended = template.requests.extended.iter().enumerate();
    let extended = extended
        .filter(|(at, _)| verdict.has(Verdict::extended(*at)))
        .map(|(_, (resource, _))| format!("Insufficient {}", names.text(*resource)));
    fixed.chain(extended).collect()
}
