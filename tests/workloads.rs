//! The workload controllers in the simulated cluster, one story each: what they do is the order of entries in a snapshot.

mod bench;

use std::sync::Arc;

use bench::{Bench, node, pods, seconds};
use greenroom::cluster::{Behaviour, Match, Pull, Settings};
use greenroom::kernel::{Distribution, Duration};
use greenroom::workload::apps::{DaemonSetStrategy, StatefulSetStrategy};
use greenroom::workload::batch::{Concurrency, FailureAction, FailureMatch, FailureRule, SuccessRule};
use greenroom::workload::{
    CronJobSpec, DaemonSetSpec, DeploymentSpec, IntOrPercent, JobSpec, Object, PodTemplate, ReplicaSetSpec,
    RestartPolicy, Stage, StatefulSetSpec,
};

struct Rig(Bench);

impl Rig {
    /// So many nodes with four GPUs; pods are up after two seconds, those of a Job run for ten, and the images that
    /// contain `fail` end with 3.
    fn new(nodes: u32) -> Rig {
        let constant = |count| Distribution::Constant(seconds(count));
        let usual = Behaviour {
            pull: Pull::Takes(constant(2)),
            start: constant(0),
            run: constant(10),
            stop: constant(1),
            ..Behaviour::default()
        };
        let applies_to = Match { image: Some("*fail*".into()), ..Match::default() };
        let failing = Behaviour { applies_to, exit_code: 3, ..usual.clone() };
        let behaviour = vec![failing, usual];
        Rig(Bench::of(Settings { behaviour, ..Settings::new(1) }, nodes, 4, |_, _| {}))
    }

    fn add_node(&mut self, number: u32) {
        let name = self.0.name(&format!("n-{number}"));
        self.0.cluster.add_node(node(name, 4), self.0.cause);
    }

    fn apply(&mut self, object: Object) {
        let key = format!("{}/w", object.kind().text());
        self.0.submit(&key, object);
    }

    fn run_until(&mut self, until: u64) {
        self.0.run(seconds(until));
    }

    /// What happened, without the kubelets' part.
    fn story(&self) -> String {
        let skips = ["Pulling", "Pulled", "Running", "Serving", "Terminating"];
        self.0.story(|entry| !skips.contains(&entry.became)).join("\n")
    }
}

fn template(image: &str, restart_policy: RestartPolicy) -> Arc<PodTemplate> {
    Arc::new(PodTemplate { restart_policy, ..pods("w", image, 1) })
}

fn stateful(image: &str, replicas: u32, partition: u32) -> Object {
    Object::StatefulSet(StatefulSetSpec {
        first_ordinal: 5,
        service: "w".into(),
        strategy: StatefulSetStrategy::RollingUpdate { partition, max_unavailable: IntOrPercent::Int(1) },
        min_ready: seconds(3),
        ..StatefulSetSpec::of(replicas, template(image, RestartPolicy::Always))
    })
}

#[test]
fn a_stateful_set_keeps_its_order_and_its_partition() {
    let mut rig = Rig::new(1);
    rig.apply(stateful("a:1", 3, 0));
    rig.run_until(30);
    rig.apply(stateful("a:2", 3, 2));
    rig.run_until(50);
    // Below the partition a pod comes back as it was, above it as it should be.
    rig.0.delete("Pod/w-5");
    rig.run_until(70);
    rig.apply(stateful("a:2", 1, 0));
    rig.run_until(100);
    insta::assert_snapshot!(rig.story());
}

fn daemons(image: &str, surge: u32, unavailable: u32) -> Object {
    let (max_surge, max_unavailable) = (IntOrPercent::Int(surge), IntOrPercent::Int(unavailable));
    let strategy = DaemonSetStrategy::RollingUpdate { max_surge, max_unavailable };
    Object::DaemonSet(DaemonSetSpec { strategy, ..DaemonSetSpec::of(template(image, RestartPolicy::Always)) })
}

#[test]
fn a_daemon_set_follows_its_nodes_and_surges() {
    let mut rig = Rig::new(2);
    rig.apply(daemons("a:1", 0, 1));
    rig.run_until(10);
    rig.add_node(2);
    rig.run_until(20);
    rig.apply(daemons("a:2", 2, 0));
    rig.run_until(60);
    insta::assert_snapshot!(rig.story());
}

#[test]
fn a_daemon_set_without_surge_takes_one_node_after_the_other() {
    let mut rig = Rig::new(3);
    rig.apply(daemons("a:1", 0, 1));
    rig.run_until(10);
    rig.apply(daemons("a:2", 0, 1));
    rig.run_until(60);
    insta::assert_snapshot!(rig.story());
}

#[test]
fn a_job_is_suspended_and_goes_on() {
    let mut rig = Rig::new(1);
    let spec = JobSpec { completions: Some(2), parallelism: 2, ..JobSpec::of(template("a:1", RestartPolicy::Never)) };
    rig.apply(Object::Job(spec.clone()));
    rig.run_until(5);
    rig.apply(Object::Job(JobSpec { suspended: true, ..spec.clone() }));
    rig.run_until(20);
    rig.apply(Object::Job(JobSpec { ttl_after_finished: Some(seconds(30)), ..spec }));
    rig.run_until(100);
    insta::assert_snapshot!(rig.story());
}

#[test]
fn an_index_fails_for_itself() {
    let mut rig = Rig::new(1);
    let spec = JobSpec {
        completions: Some(2),
        parallelism: 2,
        indexed: true,
        backoff_limit: u32::MAX,
        backoff_limit_per_index: Some(1),
        ..JobSpec::of(template("fail:1", RestartPolicy::Never))
    };
    rig.apply(Object::Job(spec));
    rig.run_until(200);
    insta::assert_snapshot!(rig.story());
}

#[test]
fn rules_end_a_job_early() {
    let mut rig = Rig::new(1);
    let on = FailureMatch::ExitCodes { container: None, included: true, codes: vec![3] };
    let spec = JobSpec {
        failure_policy: vec![FailureRule { action: FailureAction::FailJob, on }],
        ..JobSpec::of(template("fail:1", RestartPolicy::Never))
    };
    rig.apply(Object::Job(spec));
    rig.run_until(60);
    let story = rig.story();
    assert!(story.contains("Job/w Failed PodFailurePolicy: 1 failed"), "{story}");

    let mut rig = Rig::new(1);
    let spec = JobSpec {
        completions: Some(4),
        parallelism: 1,
        indexed: true,
        success_policy: vec![SuccessRule { indexes: vec![(0, 1)], count: Some(1) }],
        ..JobSpec::of(template("a:1", RestartPolicy::Never))
    };
    rig.apply(Object::Job(spec));
    rig.run_until(60);
    let story = rig.story();
    assert!(story.contains("Job/w Complete SuccessPolicy: indexes 0 succeeded"), "{story}");
}

fn cron(concurrency: Concurrency, starting_deadline: Option<Duration>, suspended: bool) -> Object {
    let mut job = JobSpec::of(template("a:1", RestartPolicy::Never));
    job.completions = Some(8);
    Object::CronJob(Box::new(CronJobSpec {
        schedule: "* * * * *".into(),
        time_zone: Some("Europe/Berlin".into()),
        starting_deadline,
        concurrency,
        suspended,
        successful_history: 1,
        failed_history: 1,
        job,
    }))
}

#[test]
fn a_cron_job_leaves_out_what_would_overlap() {
    let mut rig = Rig::new(1);
    rig.apply(cron(Concurrency::Forbid, None, false));
    rig.run_until(400);
    insta::assert_snapshot!(rig.story());
}

#[test]
fn a_cron_job_replaces_and_catches_up_within_its_deadline() {
    let mut rig = Rig::new(1);
    rig.apply(cron(Concurrency::Replace, Some(seconds(30)), false));
    rig.run_until(130);
    rig.apply(cron(Concurrency::Replace, Some(seconds(30)), true));
    // Resumed 20 s after a time that it missed, it still makes that Job.
    rig.run_until(200);
    rig.apply(cron(Concurrency::Replace, Some(seconds(30)), false));
    rig.run_until(230);
    insta::assert_snapshot!(rig.story());
}

#[test]
fn pods_and_replica_sets_may_stand_alone() {
    let mut rig = Rig::new(1);
    rig.apply(Object::Pod(template("a:1", RestartPolicy::Never)));
    let replicas = 2;
    rig.apply(Object::ReplicaSet(ReplicaSetSpec {
        replicas,
        min_ready: Duration::ZERO,
        template: template("a:1", RestartPolicy::Always),
        owner: None,
        annotations: Default::default(),
    }));
    rig.run_until(5);
    rig.0.delete("Pod/w-1");
    rig.run_until(20);
    insta::assert_snapshot!(rig.story());
}

#[test]
fn a_paused_deployment_scales_and_does_not_roll() {
    let mut rig = Rig::new(2);
    let mut spec = DeploymentSpec {
        progress_deadline: seconds(30),
        revision_history: Some(0),
        ..DeploymentSpec::of(2, template("a:1", RestartPolicy::Always))
    };
    rig.apply(Object::Deployment(spec.clone()));
    rig.run_until(10);
    (spec.paused, spec.replicas, spec.template) = (true, 3, template("a:2", RestartPolicy::Always));
    rig.apply(Object::Deployment(spec.clone()));
    rig.run_until(120);
    spec.paused = false;
    rig.apply(Object::Deployment(spec));
    rig.run_until(180);
    insta::assert_snapshot!(rig.story());
}

#[test]
fn what_cannot_be_is_refused() {
    let mut rig = Rig::new(1);
    rig.apply(Object::CronJob(Box::new(CronJobSpec {
        schedule: "every day".into(),
        time_zone: None,
        starting_deadline: None,
        concurrency: Concurrency::Allow,
        suspended: false,
        successful_history: 3,
        failed_history: 1,
        job: JobSpec::of(template("a:1", RestartPolicy::Never)),
    })));
    rig.run_until(5);
    assert!(!rig.story().contains("CronJob"), "{}", rig.story());
    let key = rig.0.subject("CronJob/w");
    assert!(rig.0.cluster.counts(key).is_none());
}
