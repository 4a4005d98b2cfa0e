//! Groups of pods that a batch scheduler places together, through the cluster's own doors.

use std::sync::Arc;

use greenroom::cluster::{BatchProfile, Cluster};
use greenroom::kernel::Duration;
use greenroom::timeline::{Kind, Subject};
use greenroom::workload::{
    Ask, BatchScheduler, Container, GangMember, JobSpec, Object, PodGroupSpec, PodTemplate, Resources, RestartPolicy,
    Stage,
};

use crate::rollout::{GPUS_PER_NODE, bare_fleet, run};

/// A fleet and the groups that want it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Gangs {
    /// How many groups.
    pub groups: u32,
    /// Pods of each, one a node.
    pub pods: u32,
    /// How many groups find room at a time.
    pub at_once: u32,
}

impl Gangs {
    /// One model on 48 GPUs; a fleet of 500 groups; the same on a quarter of the nodes, so that most of them wait for others to end.
    pub const ALL: [Gangs; 3] = [
        Gangs { groups: 1, pods: 6, at_once: 1 },
        Gangs { groups: 500, pods: 2, at_once: 500 },
        Gangs { groups: 500, pods: 2, at_once: 125 },
    ];

    /// What is measured, in words.
    pub fn describe(self) -> String {
        let Gangs { groups, pods, at_once } = self;
        let gpus = u64::from(pods) * GPUS_PER_NODE;
        match groups {
            1 => format!("a group of {gpus} GPUs on {pods} nodes"),
            _ if at_once == groups => format!("{groups} groups of {gpus} GPUs, all at once"),
            _ => format!("{groups} groups of {gpus} GPUs, {at_once} at a time"),
        }
    }
}

/// Groups that come at once and end after a minute.
///
/// # Panics
/// If they were not all placed: then there is nothing to measure.
pub fn play(gangs: Gangs) -> Cluster {
    let (mut cluster, cause) = bare_fleet(gangs.at_once * gangs.pods, Vec::new());
    cluster.add_batch_scheduler(BatchProfile::usual(BatchScheduler::Kai));
    for number in 0..gangs.groups {
        let name = format!("g{number}");
        let group = Object::PodGroup(Box::new(PodGroupSpec::of(BatchScheduler::Kai, gangs.pods)));
        let template = Arc::new(template(&name));
        let job = JobSpec { completions: Some(gangs.pods), parallelism: gangs.pods, ..JobSpec::of(template) };
        for (kind, object) in [(Kind::PodGroup, group), (Kind::Job, Object::Job(job))] {
            let key = Subject::new(kind, cluster.timeline_mut().1.name(&name));
            cluster.port(0).ask(Ask::Apply { key, object, serves: key }, cause);
        }
    }
    run(&mut cluster, Duration::from_secs(3600));
    let names = cluster.names();
    let placed = cluster
        .timeline()
        .since(0)
        .filter(|(_, entry)| entry.became == "Scheduled" && entry.subject.show(names).starts_with("PodGroup/"));
    assert_eq!(placed.count() as u32, gangs.groups, "every group is placed");
    cluster
}

fn template(group: &str) -> PodTemplate {
    PodTemplate {
        labels: [("app".to_owned(), group.to_owned())].into(),
        containers: vec![Container {
            name: "c".into(),
            image: "model:1".into(),
            requests: Resources { cpu_milli: 100, ..Resources::of("nvidia.com/gpu", GPUS_PER_NODE) },
            ..Container::default()
        }],
        restart_policy: RestartPolicy::Never,
        scheduler_name: BatchScheduler::Kai.scheduler_name().to_owned(),
        gang: Some(GangMember { group: group.to_owned(), subgroup: String::new() }),
        ..PodTemplate::default()
    }
}

#[cfg(test)]
mod tests {
    use super::{Gangs, play};

    #[test]
    fn all_groups_find_their_nodes() {
        for gangs in [Gangs { groups: 1, pods: 6, at_once: 1 }, Gangs { groups: 8, pods: 2, at_once: 2 }] {
            assert!(play(gangs).events() > 8, "{}", gangs.describe());
        }
    }
}
