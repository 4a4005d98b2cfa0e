//! The arguments of plugins, checked as kube-scheduler checks them (k8s.io/kubernetes v1.36.3,
//! pkg/scheduler/apis/config/validation/validation_pluginargs.go).

use super::Reader;
use super::file::{
    AffinityArgs, BalancedArgs, FitArgs, PluginConfigFile, PodAffinityArgs, PointFile, PreemptionArgs, ResourceFile,
    SpreadArgs, StrategyFile, TermFile,
};
use crate::cluster::scheduler::rules::{DefaultSpread, FitStrategy, Rules, SHAPE_SCORE_MAX, Slope, SpreadDefaults};
use crate::text::decode::{FromNode, Spanned};
use crate::text::diagnostic::quote;
use crate::workload::selector::Weighted;
use crate::workload::{NodeRequirement, NodeTerm, Operator};

/// Plugins whose arguments decide nothing here.
const IDLE: [&str; 2] = ["VolumeBinding", "DynamicResources"];

impl Reader<'_, '_> {
    pub(super) fn plugin_config(&mut self, file: PluginConfigFile, rules: &mut Rules) {
        let name = file.name.value.as_str();
        if let Some(kind) = file.args.0.get("kind").and_then(|kind| kind.as_str())
            && kind != format!("{name}Args")
        {
            self.context.error(file.args.0.span, format!("the arguments of {} are of kind {name}Args", quote(name)));
            return;
        }
        let args = &file.args.0;
        match name {
            "NodeResourcesFit" => {
                let strategy = FitArgs::from_node(args, self.context).and_then(|args| args.scoringStrategy);
                if let Some(strategy) = strategy.and_then(|strategy| self.strategy(strategy)) {
                    rules.fit = strategy;
                }
            }
            "NodeResourcesBalancedAllocation" => {
                let resources = BalancedArgs::from_node(args, self.context).and_then(|args| args.resources);
                if let Some(resources) = resources.filter(|resources| !resources.is_empty()) {
                    self.balanced(resources, rules);
                }
            }
            "PodTopologySpread" => {
                if let Some(args) = SpreadArgs::from_node(args, self.context) {
                    self.spread(args, rules);
                }
            }
            "InterPodAffinity" => {
                if let Some(args) = PodAffinityArgs::from_node(args, self.context) {
                    let weight = args.hardPodAffinityWeight;
                    if let Some(weight) = weight.and_then(|weight| self.at_most(&weight, 100, "a weight")) {
                        rules.hard_pod_affinity_weight = weight.into();
                    }
                    rules.ignores_likes_of_others = args.ignorePreferredTermsOfExistingPods.unwrap_or(false);
                }
            }
            "DefaultPreemption" => {
                let args = PreemptionArgs::from_node(args, self.context);
                if let (Some(args), Some(tries)) = (args, &mut rules.preemption) {
                    let percent = args.minCandidateNodesPercentage;
                    if let Some(percent) = percent.and_then(|percent| self.at_most(&percent, 100, "a percentage")) {
                        tries.percent = percent;
                    }
                    tries.least = args.minCandidateNodesAbsolute.map_or(tries.least, |least| least.value);
                }
            }
            "NodeAffinity" => {
                if let Some(added) = AffinityArgs::from_node(args, self.context).and_then(|args| args.addedAffinity) {
                    let required = added.requiredDuringSchedulingIgnoredDuringExecution;
                    let required = required.map_or(Vec::new(), |one| one.nodeSelectorTerms);
                    rules.added.required = required.into_iter().map(|term| self.term(term)).collect();
                    let preferred = added.preferredDuringSchedulingIgnoredDuringExecution.unwrap_or_default();
                    for one in preferred {
                        let weight = self.at_most(&one.weight, 100, "a weight").unwrap_or(1) as i32;
                        let term = self.term(one.preference);
                        rules.added.preferred.push(Weighted { weight, term });
                    }
                }
            }
            _ if IDLE.contains(&name) => {
                self.notice(file.name.span, format!("the arguments of `{name}` have no effect"));
            }
            _ => self.context.error(file.name.span, format!("{} takes no arguments here", quote(name))),
        }
    }

    fn strategy(&mut self, file: StrategyFile) -> Option<FitStrategy> {
        let words = ["LeastAllocated", "MostAllocated", "RequestedToCapacityRatio"];
        let which = file.r#type.as_ref().map_or(Some(0), |word| self.expect_word(word, &words, "a scoring strategy"));
        let slope = match (which?, file.requestedToCapacityRatio) {
            (2, Some(ratio)) => Slope::RequestedToCapacityRatio(self.shape(&ratio.shape)?),
            (2, None) => {
                self.context.error(file.span, "`RequestedToCapacityRatio` needs `requestedToCapacityRatio`");
                return None;
            }
            (_, Some(ratio)) => {
                self.context.error(ratio.span, "this is for the type `RequestedToCapacityRatio` alone");
                return None;
            }
            (0, None) => Slope::LeastAllocated,
            (_, None) => Slope::MostAllocated,
        };
        let mut resources = Vec::new();
        for one in file.resources.unwrap_or_default() {
            let weight = one.weight.as_ref().map_or(1, |weight| self.at_most(weight, 100, "a weight").unwrap_or(1));
            // An explicit 0 counts as 1 (SetDefaults_NodeResourcesFitArgs).
            resources.push((one.name.value, weight.max(1).into()));
        }
        if resources.is_empty() {
            resources = Rules::kube_default().fit.resources;
        }
        Some(FitStrategy { slope, resources })
    }

    fn shape(&mut self, points: &[PointFile]) -> Option<Vec<(i64, i64)>> {
        let mut shape: Vec<(i64, i64)> = Vec::new();
        for point in points {
            let used = self.at_most(&point.utilization, 100, "a utilization")?.into();
            let score = self.at_most(&point.score, SHAPE_SCORE_MAX as u32, "a score")?;
            if shape.last().is_some_and(|(before, _)| *before >= used) {
                self.context.error(point.utilization.span, "the utilization of the points must grow");
                return None;
            }
            // A score of 10 is 100 of 100.
            shape.push((used, i64::from(score) * 10));
        }
        Some(shape).filter(|shape| !shape.is_empty())
    }

    fn balanced(&mut self, resources: Vec<ResourceFile>, rules: &mut Rules) {
        for weight in resources.iter().filter_map(|one| one.weight.as_ref()).filter(|weight| weight.value > 1) {
            self.context.error(weight.span, "what NodeResourcesBalancedAllocation balances has the weight 1");
        }
        rules.balanced = resources.into_iter().map(|one| one.name.value).collect();
    }

    fn spread(&mut self, args: SpreadArgs, rules: &mut Rules) {
        let words = ["System", "List"];
        let which = args.defaultingType.as_ref();
        let list = which.and_then(|word| self.expect_word(word, &words, "a defaulting type")) == Some(1);
        let constraints = args.defaultConstraints.unwrap_or_default();
        if !list {
            if let Some(first) = constraints.first() {
                self.context.error(first.span, "`defaultConstraints` need `defaultingType: List`");
            }
            return;
        }
        let actions = ["ScheduleAnyway", "DoNotSchedule"];
        let mut read = Vec::new();
        for one in constraints {
            let action = self.expect_word(&one.whenUnsatisfiable, &actions, "what to do");
            if one.maxSkew.value == 0 {
                self.context.error(one.maxSkew.span, "`maxSkew` is at least 1");
            }
            let (max_skew, topology_key) = (one.maxSkew.value, one.topologyKey.value);
            read.push(DefaultSpread { max_skew, topology_key, required: action == Some(1) });
        }
        rules.spread = SpreadDefaults::List(read);
    }

    fn term(&mut self, file: TermFile) -> NodeTerm {
        let words = ["In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"];
        let operators =
            [Operator::In, Operator::NotIn, Operator::Exists, Operator::DoesNotExist, Operator::Gt, Operator::Lt];
        let mut requirements = Vec::new();
        for one in file.matchExpressions.unwrap_or_default() {
            if let Some(at) = self.expect_word(&one.operator, &words, "an operator") {
                let (key, values) = (one.key.value, one.values.unwrap_or_default());
                requirements.push(NodeRequirement { key, operator: operators[at], values });
            }
        }
        NodeTerm { requirements }
    }

    fn at_most(&mut self, value: &Spanned<u32>, most: u32, what: &str) -> Option<u32> {
        if value.value > most {
            self.context.error(value.span, format!("{what} is at most {most}"));
            return None;
        }
        Some(value.value)
    }
}
