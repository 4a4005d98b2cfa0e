//! Rollouts of StatefulSets, DaemonSets and Jobs, through the cluster's own doors.

use std::sync::Arc;

use greenroom::cluster::Cluster;
use greenroom::kernel::{Duration, Time};
use greenroom::timeline::{Cause, Kind, Subject};
use greenroom::workload::apps::DaemonSetStrategy;
use greenroom::workload::{
    Ask, Container, DaemonSetSpec, Happening, IntOrPercent, JobSpec, Object, PodTemplate, Resources, RestartPolicy,
    Stage, StatefulSetSpec, Status,
};

use crate::rollout::uneven_fleet;

/// A kind of workload whose cost is measured.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Workload {
    /// All pods at once, then each of them replaced, one after the other.
    StatefulSet,
    /// A pod on every node, then a tenth of them replaced at a time.
    DaemonSet,
    /// As many pods as completions, a tenth of them at once.
    Job,
}

impl Workload {
    /// All of them.
    pub const ALL: [Workload; 3] = [Workload::StatefulSet, Workload::DaemonSet, Workload::Job];

    /// What is done, in words.
    pub const fn describe(self) -> &'static str {
        match self {
            Workload::StatefulSet => "StatefulSet, rolling update",
            Workload::DaemonSet => "DaemonSet, rolling update",
            Workload::Job => "Job, parallelism a tenth of its completions",
        }
    }

    /// Pods that are made for each pod of the workload.
    pub const fn pods_made(self) -> u32 {
        if matches!(self, Workload::Job) { 1 } else { 2 }
    }

    fn object(self, pods: u32, image: &str) -> Object {
        let template = Arc::new(template(self, image));
        match self {
            Workload::StatefulSet => {
                Object::StatefulSet(StatefulSetSpec { parallel: true, ..StatefulSetSpec::of(pods, template) })
            }
            Workload::DaemonSet => {
                let (max_surge, max_unavailable) = (IntOrPercent::Int(0), IntOrPercent::Percent(10));
                let strategy = DaemonSetStrategy::RollingUpdate { max_surge, max_unavailable };
                Object::DaemonSet(DaemonSetSpec { strategy, ..DaemonSetSpec::of(template) })
            }
            Workload::Job => Object::Job(JobSpec {
                completions: Some(pods),
                parallelism: pods.div_ceil(10),
                ..JobSpec::of(template)
            }),
        }
    }
}

fn template(workload: Workload, image: &str) -> PodTemplate {
    let gpus = u64::from(workload != Workload::DaemonSet);
    let requests = Resources { cpu_milli: 100, memory_bytes: 1 << 30, ..Resources::of("nvidia.com/gpu", gpus) };
    PodTemplate {
        labels: [("app".to_owned(), "model".to_owned())].into(),
        containers: vec![Container { name: "c".into(), image: image.into(), requests, ..Container::default() }],
        restart_policy: if workload == Workload::Job { RestartPolicy::Never } else { RestartPolicy::Always },
        ..PodTemplate::default()
    }
}

/// The whole life of a workload of so many pods.
///
/// # Panics
/// If it did not come to its end: then there is nothing to measure.
pub fn play(workload: Workload, pods: u32) -> Cluster {
    let nodes = if workload == Workload::DaemonSet { pods } else { pods.div_ceil(7) };
    let (mut cluster, cause) = uneven_fleet(nodes);
    let kind = match workload {
        Workload::StatefulSet => Kind::StatefulSet,
        Workload::DaemonSet => Kind::DaemonSet,
        Workload::Job => Kind::Job,
    };
    let key = Subject::new(kind, cluster.timeline_mut().1.name("model"));
    apply(&mut cluster, key, workload.object(pods, "model:1"), cause);
    run_until_complete(&mut cluster, key, 0);
    if workload != Workload::Job {
        apply(&mut cluster, key, workload.object(pods, "model:2"), cause);
        run_until_complete(&mut cluster, key, 1);
    }
    cluster
}

fn apply(cluster: &mut Cluster, key: Subject, object: Object, cause: Cause) {
    cluster.port(0).ask(Ask::Apply { key, object, serves: key }, cause);
}

fn run_until_complete(cluster: &mut Cluster, key: Subject, before: u32) {
    const STEP: u64 = 3600;
    for _ in 0..10_000 {
        let until = Time::ZERO + Duration::from_secs((cluster.now().nanos() / 1_000_000_000 / STEP + 1) * STEP);
        cluster.call_at(until, 0, true);
        while !matches!(cluster.next(), Happening::Rehearsal(_) | Happening::Quiet | Happening::LimitReached(_)) {}
        let complete = match cluster.port(0).observed(key) {
            Some(Status::StatefulSet(status)) => status.complete() && status.update_revision > before,
            Some(Status::DaemonSet(status)) => status.complete() && status.observed_generation > before,
            Some(Status::Job(status)) => status.complete,
            other => panic!("{other:?}"),
        };
        if complete {
            return;
        }
    }
    panic!("the workload never came to its end");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_workload_comes_to_its_end() {
        for workload in Workload::ALL {
            assert!(play(workload, 40).events() > 0, "{workload:?}");
        }
    }
}
