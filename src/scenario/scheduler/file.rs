//! The keys of a scheduler configuration file (`KubeSchedulerConfiguration`, kubescheduler.config.k8s.io/v1; k8s.io/kube-scheduler
//! v0.36.3, config/v1) as they are written. Keys that a simulation does not know yet are refused by name; those that decide
//! nothing about placements are read and told of.

#![expect(non_snake_case, reason = "the names are the keys of the file")]

use crate::file_types;
use crate::text::decode::{Context, FromNode, Spanned};
use crate::text::{Node, Span};

/// Something that is read and has no effect.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Idle(pub Span);

impl FromNode for Idle {
    fn from_node(node: &Node, _: &mut Context<'_>) -> Option<Idle> {
        Some(Idle(node.span))
    }
}

impl schemars::JsonSchema for Idle {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Anything".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({})
    }
}

/// The arguments of a plugin, read once the plugin is known.
#[derive(Clone, PartialEq, Debug)]
pub struct Args(pub Node);

impl FromNode for Args {
    fn from_node(node: &Node, _: &mut Context<'_>) -> Option<Args> {
        Some(Args(node.clone()))
    }
}

impl schemars::JsonSchema for Args {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Args".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "object" })
    }
}

file_types! {
    /// The file.
    pub struct ConfigurationFile as "a scheduler configuration" later ["extenders"] {
        /// `kubescheduler.config.k8s.io/v1`.
        apiVersion: Spanned<String>,
        /// `KubeSchedulerConfiguration`.
        kind: Spanned<String>,
        /// How many nodes are filtered at once.
        parallelism: Option<Spanned<u32>>,
        /// Decides nothing.
        leaderElection: Option<Idle>,
        /// Decides nothing.
        clientConnection: Option<Idle>,
        /// Decides nothing.
        enableProfiling: Option<Idle>,
        /// Decides nothing.
        enableContentionProfiling: Option<Idle>,
        /// Decides nothing.
        delayCacheUntilActive: Option<Idle>,
        /// Hundredths of the nodes that are enough; 0: as their number has it.
        percentageOfNodesToScore: Option<Spanned<u32>>,
        /// The first back-off.
        podInitialBackoffSeconds: Option<Spanned<u64>>,
        /// The longest back-off.
        podMaxBackoffSeconds: Option<Spanned<u64>>,
        /// The schedulers.
        profiles: Option<Vec<ProfileFile>>,
    }

    /// One scheduler.
    pub struct ProfileFile as "a scheduler profile" {
        /// The name that pods choose it by.
        schedulerName: Option<Spanned<String>>,
        /// As for the whole file.
        percentageOfNodesToScore: Option<Spanned<u32>>,
        /// Which plugins it has.
        plugins: Option<PluginsFile>,
        /// Their arguments.
        pluginConfig: Option<Vec<PluginConfigFile>>,
    }

    /// Which plugins a scheduler has.
    pub struct PluginsFile as "the plugins of a profile" later [
        "preEnqueue", "queueSort", "preFilter", "preScore", "reserve", "permit", "preBind", "bind", "postBind",
        "placementGenerate", "placementScore",
    ] {
        /// At every extension point.
        multiPoint: Option<PluginSetFile>,
        /// As filters.
        filter: Option<PluginSetFile>,
        /// After the filters rejected every node.
        postFilter: Option<PluginSetFile>,
        /// As scores.
        score: Option<PluginSetFile>,
    }

    /// What changes of the plugins of an extension point.
    pub struct PluginSetFile as "a set of plugins" {
        /// Those to have beside the default ones, or with another weight.
        enabled: Option<Vec<PluginFile>>,
        /// Default ones not to have; `*`: none of them.
        disabled: Option<Vec<PluginFile>>,
    }

    /// A plugin.
    pub struct PluginFile as "a plugin" {
        /// Its name.
        name: Spanned<String>,
        /// What its score counts.
        weight: Option<Spanned<u32>>,
    }

    /// The arguments of a plugin.
    pub struct PluginConfigFile as "the configuration of a plugin" {
        /// The plugin.
        name: Spanned<String>,
        /// The arguments.
        args: Args,
    }

    /// Of NodeResourcesFit.
    pub struct FitArgs as "the arguments of NodeResourcesFit" later ["ignoredResources", "ignoredResourceGroups"] {
        /// Decides nothing.
        apiVersion: Option<String>,
        /// `NodeResourcesFitArgs`.
        kind: Option<String>,
        /// How it scores.
        scoringStrategy: Option<StrategyFile>,
    }

    /// How NodeResourcesFit scores.
    pub struct StrategyFile as "a scoring strategy" {
        /// `LeastAllocated`, `MostAllocated` or `RequestedToCapacityRatio`.
        r#type: Option<Spanned<String>>,
        /// What it looks at.
        resources: Option<Vec<ResourceFile>>,
        /// The points of `RequestedToCapacityRatio`.
        requestedToCapacityRatio: Option<RatioFile>,
    }

    /// A resource and its weight.
    pub struct ResourceFile as "a resource" {
        /// Its name.
        name: Spanned<String>,
        /// Its weight; 1.
        weight: Option<Spanned<u32>>,
    }

    /// The points of `RequestedToCapacityRatio`.
    pub struct RatioFile as "a ratio of what is requested" {
        /// The points, utilization ascending.
        shape: Vec<PointFile>,
    }

    /// A point.
    pub struct PointFile as "a point of a shape" {
        /// Hundredths that are requested.
        utilization: Spanned<u32>,
        /// The score, 0 to 10.
        score: Spanned<u32>,
    }

    /// Of NodeResourcesBalancedAllocation.
    pub struct BalancedArgs as "the arguments of NodeResourcesBalancedAllocation" {
        /// Decides nothing.
        apiVersion: Option<String>,
        /// `NodeResourcesBalancedAllocationArgs`.
        kind: Option<String>,
        /// What it balances.
        resources: Option<Vec<ResourceFile>>,
    }

    /// Of PodTopologySpread.
    pub struct SpreadArgs as "the arguments of PodTopologySpread" {
        /// Decides nothing.
        apiVersion: Option<String>,
        /// `PodTopologySpreadArgs`.
        kind: Option<String>,
        /// For pods that say nothing.
        defaultConstraints: Option<Vec<SpreadFile>>,
        /// `System` or `List`.
        defaultingType: Option<Spanned<String>>,
    }

    /// A default constraint.
    pub struct SpreadFile as "a default constraint" later ["minDomains", "nodeAffinityPolicy", "nodeTaintsPolicy"] {
        /// The largest difference.
        maxSkew: Spanned<u32>,
        /// The label whose values are the places.
        topologyKey: Spanned<String>,
        /// `DoNotSchedule` or `ScheduleAnyway`.
        whenUnsatisfiable: Spanned<String>,
    }

    /// Of InterPodAffinity.
    pub struct PodAffinityArgs as "the arguments of InterPodAffinity" {
        /// Decides nothing.
        apiVersion: Option<String>,
        /// `InterPodAffinityArgs`.
        kind: Option<String>,
        /// What a required term of a pod on a node counts.
        hardPodAffinityWeight: Option<Spanned<u32>>,
        /// True: preferred terms of pods on nodes do not count.
        ignorePreferredTermsOfExistingPods: Option<bool>,
    }

    /// Of DefaultPreemption.
    pub struct PreemptionArgs as "the arguments of DefaultPreemption" {
        /// Decides nothing.
        apiVersion: Option<String>,
        /// `DefaultPreemptionArgs`.
        kind: Option<String>,
        /// Hundredths of the possible nodes that are tried.
        minCandidateNodesPercentage: Option<Spanned<u32>>,
        /// At least so many.
        minCandidateNodesAbsolute: Option<Spanned<u32>>,
    }

    /// Of NodeAffinity.
    pub struct AffinityArgs as "the arguments of NodeAffinity" {
        /// Decides nothing.
        apiVersion: Option<String>,
        /// `NodeAffinityArgs`.
        kind: Option<String>,
        /// For every pod.
        addedAffinity: Option<AddedFile>,
    }

    /// Node affinity for every pod.
    pub struct AddedFile as "added affinity" {
        /// A node must match a term.
        requiredDuringSchedulingIgnoredDuringExecution: Option<TermsFile>,
        /// Nodes that are preferred.
        preferredDuringSchedulingIgnoredDuringExecution: Option<Vec<PreferredFile>>,
    }

    /// Terms of which one must match.
    pub struct TermsFile as "a node selector" {
        /// The terms.
        nodeSelectorTerms: Vec<TermFile>,
    }

    /// A preferred term.
    pub struct PreferredFile as "a preferred term" {
        /// How much, 1 to 100.
        weight: Spanned<u32>,
        /// What.
        preference: TermFile,
    }

    /// Requirements that a node must meet together.
    pub struct TermFile as "a node selector term" later ["matchFields"] {
        /// On labels.
        matchExpressions: Option<Vec<RequirementFile>>,
    }

    /// A requirement on a label.
    pub struct RequirementFile as "a requirement" {
        /// The label.
        key: Spanned<String>,
        /// How its value is compared.
        operator: Spanned<String>,
        /// With what.
        values: Option<Vec<String>>,
    }
}
