//! What a configuration comes to, against figures worked out from kube-scheduler's own rules, and what is refused.

use super::*;
use crate::cluster::scheduler::Plugins;
use crate::cluster::scheduler::rules::{DefaultSpread, Slope, SpreadDefaults};

const HEAD: &str = "apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\n";

fn config(rest: &str) -> SchedulerConfig {
    let source = Source::new("scheduler.yaml", format!("{HEAD}{rest}"));
    read(&source).unwrap_or_else(|problems| panic!("{problems:?}")).0
}

fn problems(rest: &str) -> Vec<String> {
    let source = Source::new("scheduler.yaml", format!("{HEAD}{rest}"));
    let problems = read(&source).expect_err("it is wrong");
    problems.into_iter().map(|problem| problem.message).collect()
}

#[test]
fn an_empty_configuration_is_the_default_with_sampling() {
    let config = config("");
    let expected = Rules { sampling: Sampling::Percent(0), ..Rules::kube_default() };
    assert_eq!(config, SchedulerConfig { by_name: true, ..SchedulerConfig::one(expected) });
}

#[test]
fn packing_by_gpu_is_a_scoring_strategy() {
    let config = config(
        "percentageOfNodesToScore: 100\npodInitialBackoffSeconds: 2\npodMaxBackoffSeconds: 20\nprofiles:\n\
         - pluginConfig:\n  - name: NodeResourcesFit\n    args:\n      scoringStrategy:\n        type: MostAllocated\n\
         \x20       resources: [{ name: nvidia.com/gpu, weight: 5 }, { name: cpu }]\n",
    );
    let rules = &config.profiles[0];
    assert_eq!(rules.fit.slope, Slope::MostAllocated);
    assert_eq!(rules.fit.resources, [("nvidia.com/gpu".to_owned(), 5), ("cpu".to_owned(), 1)]);
    assert_eq!(rules.sampling, Sampling::All);
    assert_eq!((config.backoff.initial, config.backoff.max), (Duration::from_secs(2), Duration::from_secs(20)));
}

#[test]
fn a_shape_is_scaled_to_hundredths() {
    let config = config(
        "profiles:\n- pluginConfig:\n  - name: NodeResourcesFit\n    args:\n      scoringStrategy:\n\
         \x20       type: RequestedToCapacityRatio\n        requestedToCapacityRatio:\n          shape:\n\
         \x20         - { utilization: 0, score: 0 }\n          - { utilization: 80, score: 10 }\n",
    );
    assert_eq!(config.profiles[0].fit.slope, Slope::RequestedToCapacityRatio(vec![(0, 0), (80, 100)]));
}

#[test]
fn plugins_are_taken_away_and_weighed() {
    let config = config(
        "profiles:\n- plugins:\n    score:\n      disabled: [{ name: '*' }]\n      enabled:\n\
         \x20     - { name: NodeResourcesFit, weight: 7 }\n      - { name: ImageLocality }\n    filter:\n\
         \x20     disabled: [{ name: InterPodAffinity }]\n    postFilter:\n      disabled: [{ name: DefaultPreemption }]\n",
    );
    let rules = &config.profiles[0];
    assert_eq!((rules.weights.fit, rules.weights.images, rules.weights.taints), (7, 1, 0));
    assert_eq!(rules.filters, Plugins::ALL.without(Plugins::INTER_POD_AFFINITY));
    assert_eq!(rules.preemption, None);
}

#[test]
fn a_plugin_enabled_again_without_a_weight_counts_one() {
    // TaintToleration weighs 3 by default; a plugin that replaces it brings its own weight, and none is 1.
    let config = config("profiles:\n- plugins:\n    multiPoint:\n      enabled: [{ name: TaintToleration }]\n");
    assert_eq!(config.profiles[0].weights.taints, 1);
    assert_eq!(config.profiles[0].weights.affinity, 2);
}

#[test]
fn defaults_of_the_spread_may_be_a_list() {
    let config = config(
        "profiles:\n- pluginConfig:\n  - name: PodTopologySpread\n    args:\n      defaultingType: List\n\
         \x20     defaultConstraints:\n      - { maxSkew: 1, topologyKey: rack, whenUnsatisfiable: DoNotSchedule }\n",
    );
    let expected = DefaultSpread { max_skew: 1, topology_key: "rack".into(), required: true };
    assert_eq!(config.profiles[0].spread, SpreadDefaults::List(vec![expected]));
}

#[test]
fn several_profiles_need_names() {
    let two = config("profiles:\n- schedulerName: default-scheduler\n- schedulerName: packed\n");
    assert_eq!((two.profile_of(""), two.profile_of("packed"), two.profile_of("other")), (Some(0), Some(1), None));
    assert_eq!(problems("profiles:\n- {}\n- schedulerName: b\n"), ["each of several profiles needs a `schedulerName`"]);
}

#[test]
fn what_cannot_be_followed_is_refused() {
    let cases = [
        ("extenders: []\n", "`extenders` is not in this version of greenroom yet"),
        ("nonsense: 1\n", "unknown key `nonsense` in a scheduler configuration"),
        ("profiles:\n- plugins:\n    score:\n      enabled: [{ name: Mine }]\n", "there is no plugin `Mine` here"),
        (
            "profiles:\n- pluginConfig:\n  - name: NodeResourcesFit\n    args: { ignoredResources: [a/b] }\n",
            "`ignoredResources` is not in this version of greenroom yet",
        ),
        (
            "profiles:\n- plugins:\n    queueSort:\n      disabled: [{ name: '*' }]\n",
            "`queueSort` is not in this version of greenroom yet",
        ),
        ("percentageOfNodesToScore: 101\n", "`percentageOfNodesToScore` is at most 100"),
    ];
    for (text, expected) in cases {
        assert_eq!(problems(text), [expected], "{text}");
    }
}

#[test]
fn what_decides_nothing_is_told() {
    let source =
        Source::new("scheduler.yaml", format!("{HEAD}parallelism: 16\nleaderElection: {{ leaderElect: true }}\n"));
    let (_, notices) = read(&source).expect("it is right");
    assert_eq!(notices.len(), 2);
}
