//! Which plugins a profile has, and with which weights: the default ones merged with what the file says (`mergePlugins`,
//! k8s.io/kubernetes v1.36.3, pkg/scheduler/apis/config/v1/default_plugins.go, and `expandMultiPointPlugins`,
//! pkg/scheduler/framework/runtime/framework.go).

use super::Reader;
use super::file::{PluginFile, PluginSetFile, PluginsFile};
use crate::cluster::scheduler::Plugins;
use crate::cluster::scheduler::rules::{Rules, Weights};
use crate::text::diagnostic::quote;

/// Plugins without which no pod is ever scheduled here, and which the file can therefore not take away.
const NEEDED: [&str; 3] = ["SchedulingGates", "PrioritySort", "DefaultBinder"];
/// Default plugins of which nothing is simulated: with them or without, the same happens.
const IDLE: [&str; 3] = ["NodeName", "DynamicResources", "NodeDeclaredFeatures"];
/// The plugin that puts out pods for others.
const PREEMPTION: &str = "DefaultPreemption";
/// All of the default ones.
const ALL: &str = "*";

/// Where a plugin's weight stands.
fn weight_of<'w>(weights: &'w mut Weights, plugin: &str) -> Option<&'w mut i64> {
    Some(match plugin {
        "TaintToleration" => &mut weights.taints,
        "NodeAffinity" => &mut weights.affinity,
        "NodeResourcesFit" => &mut weights.fit,
        "PodTopologySpread" => &mut weights.spread,
        "InterPodAffinity" => &mut weights.pods,
        "NodeResourcesBalancedAllocation" => &mut weights.balanced,
        "ImageLocality" => &mut weights.images,
        _ => return None,
    })
}

fn is_known(plugin: &str) -> bool {
    weight_of(&mut Rules::kube_default().weights, plugin).is_some()
        || Plugins::named(plugin).is_some()
        || plugin == PREEMPTION
        || NEEDED.contains(&plugin)
        || IDLE.contains(&plugin)
}

/// An extension point of which the file may change the plugins.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Point {
    Multi,
    Filter,
    PostFilter,
    Score,
}

impl Reader<'_, '_> {
    pub(super) fn plugins(&mut self, file: PluginsFile, rules: &mut Rules) {
        if let Some(set) = file.multiPoint {
            self.plugin_set(set, Point::Multi, rules);
        }
        if let Some(set) = file.filter {
            self.plugin_set(set, Point::Filter, rules);
        }
        if let Some(set) = file.postFilter {
            self.plugin_set(set, Point::PostFilter, rules);
        }
        if let Some(set) = file.score {
            self.plugin_set(set, Point::Score, rules);
        }
    }

    fn plugin_set(&mut self, set: PluginSetFile, point: Point, rules: &mut Rules) {
        let enabled = set.enabled.unwrap_or_default();
        for plugin in set.disabled.unwrap_or_default() {
            if plugin.name.value == ALL {
                if point == Point::Multi {
                    self.needed(&plugin, &enabled);
                }
                disable_all(point, rules);
            } else if self.known(&plugin) {
                if NEEDED.contains(&plugin.name.value.as_str()) {
                    self.context
                        .error(plugin.name.span, format!("{} cannot be taken away here", quote(&plugin.name.value)));
                }
                disable(point, &plugin.name.value, rules);
            }
        }
        for plugin in enabled {
            if self.known(&plugin) {
                self.enable(point, &plugin, rules);
            }
        }
    }

    /// Without these kube-scheduler does not start, or no pod is ever bound.
    fn needed(&mut self, all: &PluginFile, enabled: &[PluginFile]) {
        for needed in NEEDED {
            if !enabled.iter().any(|plugin| plugin.name.value == needed) {
                self.context.error(all.name.span, format!("without `{needed}` nothing is scheduled: enable it again"));
            }
        }
    }

    fn known(&mut self, plugin: &PluginFile) -> bool {
        let known = is_known(&plugin.name.value);
        if !known {
            self.context.error(plugin.name.span, format!("there is no plugin {} here", quote(&plugin.name.value)));
        }
        known
    }

    fn enable(&mut self, point: Point, plugin: &PluginFile, rules: &mut Rules) {
        let name = plugin.name.value.as_str();
        if IDLE.contains(&name) {
            self.notice(plugin.name.span, format!("`{name}` has no effect: nothing that it looks at is simulated"));
        }
        if matches!(point, Point::Multi | Point::Filter)
            && let Some(filter) = Plugins::named(name)
        {
            rules.filters = rules.filters.with(filter);
        }
        if matches!(point, Point::Multi | Point::PostFilter) && name == PREEMPTION && rules.preemption.is_none() {
            rules.preemption = Rules::kube_default().preemption;
        }
        if matches!(point, Point::Multi | Point::Score)
            && let Some(weight) = weight_of(&mut rules.weights, name)
        {
            // No weight is 1, whatever it is by default.
            *weight = plugin.weight.as_ref().map_or(1, |weight| weight.value.max(1).into());
        } else if let Some(weight) = &plugin.weight {
            self.context.error(weight.span, format!("`{name}` does not score here: it has no weight"));
        }
    }
}

fn disable_all(point: Point, rules: &mut Rules) {
    if matches!(point, Point::Multi | Point::Filter) {
        rules.filters = Plugins::NONE;
    }
    if matches!(point, Point::Multi | Point::PostFilter) {
        rules.preemption = None;
    }
    if matches!(point, Point::Multi | Point::Score) {
        rules.weights = Weights { taints: 0, affinity: 0, fit: 0, spread: 0, pods: 0, balanced: 0, images: 0 };
    }
}

fn disable(point: Point, plugin: &str, rules: &mut Rules) {
    if matches!(point, Point::Multi | Point::Filter)
        && let Some(filter) = Plugins::named(plugin)
    {
        rules.filters = rules.filters.without(filter);
    }
    if matches!(point, Point::Multi | Point::PostFilter) && plugin == PREEMPTION {
        rules.preemption = None;
    }
    if matches!(point, Point::Multi | Point::Score)
        && let Some(weight) = weight_of(&mut rules.weights, plugin)
    {
        *weight = 0;
    }
}
