//! Placements of pods that ask something of other pods, or put out others, through the cluster's own doors.

use greenroom::cluster::Cluster;
use greenroom::kernel::Duration;
use greenroom::timeline::{Kind, Subject};
use greenroom::workload::policy::PriorityClassSpec;
use greenroom::workload::selector::{Namespaces, PodTerm};
use greenroom::workload::{Ask, Container, LabelSelector, Object, PodTemplate, Resources, Stage, TopologySpread};

use crate::rollout::{GPUS_PER_NODE, bare_fleet, deploy, run};

/// What the pods ask for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Asks {
    /// Nothing: for comparison.
    Nothing,
    /// A node without another of them.
    Apart,
    /// To be spread over the nodes within one.
    Even,
    /// The place of pods of a lower priority, which hold every GPU.
    Room,
}

impl Asks {
    /// All of them.
    pub const ALL: [Asks; 4] = [Asks::Nothing, Asks::Apart, Asks::Even, Asks::Room];

    /// What is measured, in words.
    pub const fn describe(self) -> &'static str {
        match self {
            Asks::Nothing => "plain pods",
            Asks::Apart => "pods with anti-affinity by host",
            Asks::Even => "pods with a hard spread by host",
            Asks::Room => "pods that preempt one each",
        }
    }
}

/// One pod a node on so many nodes.
///
/// # Panics
/// If they did not all find a node: then there is nothing to measure.
pub fn place(asks: Asks, nodes: u32) -> Cluster {
    let (mut cluster, cause) = bare_fleet(nodes, Vec::new());
    if asks == Asks::Room {
        deploy(&mut cluster, "low", nodes * GPUS_PER_NODE as u32, template("low", ""), cause);
        run(&mut cluster, Duration::from_secs(600));
        let class = PriorityClassSpec { value: 1000, is_default: false, preempts: true };
        let key = Subject::new(Kind::PriorityClass, cluster.timeline_mut().1.name("high"));
        cluster.port(0).ask(Ask::Apply { key, object: Object::PriorityClass(class), serves: key }, cause);
    }
    let mut pod = template("web", if asks == Asks::Room { "high" } else { "" });
    let selector = LabelSelector::labels(pod.labels.clone());
    let topology_key = "kubernetes.io/hostname".to_owned();
    match asks {
        Asks::Nothing | Asks::Room => {}
        Asks::Apart => pod.affinity.anti_pods = vec![PodTerm { selector, namespaces: Namespaces::Own, topology_key }],
        Asks::Even => {
            pod.spread = vec![TopologySpread {
                max_skew: 1,
                topology_key,
                required: true,
                selector,
                min_domains: None,
                honors_affinity: true,
                honors_taints: false,
            }];
        }
    }
    deploy(&mut cluster, "web", nodes, pod, cause);
    run(&mut cluster, Duration::from_secs(1200));
    let key = Subject::new(Kind::Deployment, cluster.timeline_mut().1.name("web"));
    let counts = cluster.counts(key).expect("it is there");
    assert_eq!(counts.available, nodes, "every pod has a node");
    cluster
}

fn template(app: &str, class: &str) -> PodTemplate {
    PodTemplate {
        labels: [("app".to_owned(), app.to_owned())].into(),
        containers: vec![Container {
            name: "c".into(),
            image: "model:1".into(),
            requests: Resources { cpu_milli: 100, ..Resources::of("nvidia.com/gpu", 1) },
            ..Container::default()
        }],
        priority_class: class.to_owned(),
        ..PodTemplate::default()
    }
}

#[cfg(test)]
mod tests {
    use super::{Asks, place};

    #[test]
    fn all_pods_find_a_node() {
        for asks in Asks::ALL {
            assert!(place(asks, 20).events() > 20, "{}", asks.describe());
        }
    }
}
