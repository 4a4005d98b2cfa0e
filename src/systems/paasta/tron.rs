//! Tron jobs: a run at each time of the schedule, its actions in the order that they require. A run takes the version that its
//! deploy group has when it begins; one that goes on keeps the old.
//! Source: Yelp/paasta cc57ae869d, docs/source/bouncing.rst and paasta_tools/tron_tools.py.

use std::sync::Arc;

use super::controller::{Paasta, object};
use super::model::TronJob;
use super::objects::sanitised;
use super::state::{ActionState, JobState, Timer};
use crate::kernel::{Duration, Time};
use crate::timeline::{Arg, Cause, Kind, Subject, Why};
use crate::workload::resources::Resources;
use crate::workload::schedule::Schedule;
use crate::workload::{Ask, Container, JobSpec, Object, PodTemplate, RestartPolicy, Status, World};

/// The namespace of Tron's pods (`TRON_NAMESPACE` of paasta_tools/tron_tools.py).
const NAMESPACE: &str = "tron";

/// A schedule of Tron in the fields of cron: `cron …`, `daily`, `daily HH:MM[:SS]`. `None`: one that is not read here.
pub fn cron(schedule: &str) -> Option<String> {
    if let Some(fields) = schedule.strip_prefix("cron ") {
        return Some(fields.trim().to_owned());
    }
    let at = schedule.strip_prefix("daily")?.trim();
    let mut parts = at.split(':').filter(|part| !part.is_empty()).map(|part| part.parse::<u32>().ok());
    let hour = parts.next().unwrap_or(Some(0))?;
    let minute = parts.next().unwrap_or(Some(0))?;
    Some(format!("{minute} {hour} * * *"))
}

/// When a job of this schedule is due; `None`: it is not read here, and the job never runs.
pub fn times(schedule: &str) -> Option<Schedule> {
    cron(schedule).and_then(|fields| Schedule::parse(&fields, None).ok())
}

impl Paasta {
    /// Plans the first run of each job.
    pub(super) fn schedule_jobs(&mut self, cause: Cause, world: &mut dyn World) {
        let service = Arc::clone(&self.service);
        let group = self.subject(Kind::Group, "", None, world);
        let mut made: Vec<String> = Vec::new();
        for (cluster, files) in service.clusters.iter().enumerate() {
            for (position, job) in files.jobs.iter().enumerate().filter(|(_, job)| job.enabled) {
                let namespace = self.tron_namespace(&files.cluster);
                if !made.contains(&namespace) {
                    let key = object(Kind::Namespace, "default", &namespace, world);
                    world.ask(Ask::Apply { key, object: Object::Namespace(()), serves: group }, cause);
                    made.push(namespace);
                }
                self.memory.jobs.push(JobState {
                    at: (cluster, position),
                    runs: 0,
                    actions: Vec::new(),
                    made: Vec::new(),
                });
                self.plan_run(self.memory.jobs.len() - 1, job, cause, world);
            }
        }
    }

    fn tron_namespace(&self, cluster: &str) -> String {
        if self.options.rollout.clusters.is_empty() { NAMESPACE.to_owned() } else { format!("{NAMESPACE}@{cluster}") }
    }

    fn plan_run(&mut self, index: usize, job: &TronJob, cause: Cause, world: &mut dyn World) {
        let epoch = self.options.rollout.epoch_seconds;
        let seconds = i64::try_from(world.now().nanos() / 1_000_000_000).unwrap_or(i64::MAX);
        let Some(next) = times(&job.schedule).and_then(|schedule| schedule.next(epoch.saturating_add(seconds))) else {
            return;
        };
        let since = u64::try_from(next.saturating_sub(epoch)).unwrap_or(0);
        self.set_timer(Time::ZERO + Duration::from_secs(since), Timer::Job(index), cause, world);
    }

    /// A job is due.
    pub(super) fn run_job(&mut self, index: usize, cause: Cause, world: &mut dyn World) {
        let service = Arc::clone(&self.service);
        let (cluster, position) = self.memory.jobs[index].at;
        let (files, job) = (&service.clusters[cluster], &service.clusters[cluster].jobs[position]);
        self.plan_run(index, job, cause, world);
        let subject = self.subject(Kind::Instance, &job.name, Some(&files.cluster), world);
        if self.memory.jobs[index].actions.iter().any(|action| action.is_under_way()) {
            world.note(subject, "skipped", Why::text("the run before it goes on"), cause);
            return;
        }
        self.memory.jobs[index].runs += 1;
        let run = self.memory.jobs[index].runs;
        let cause = Cause::Entry(world.note(subject, "scheduled", Why::with("run {}", Arg::Count(run.into())), cause));
        let mut actions = Vec::new();
        for action in &job.actions {
            let name = format!("{}.{}", job.name, action.name);
            let subject = self.subject(Kind::Instance, &name, Some(&files.cluster), world);
            let deployed = action.deploy_group.as_ref().and_then(|group| self.memory.deployed.get(group));
            let version = deployed.map(|(version, _)| version.clone());
            actions.push(ActionState { subject, version, key: None, ended: None });
        }
        self.memory.jobs[index].actions = actions;
        self.start_actions(index, cause, world);
    }

    /// Begins all actions of a run whose requirements are met.
    fn start_actions(&mut self, index: usize, cause: Cause, world: &mut dyn World) {
        let service = Arc::clone(&self.service);
        let (cluster, position) = self.memory.jobs[index].at;
        let job = &service.clusters[cluster].jobs[position];
        for (number, action) in job.actions.iter().enumerate() {
            let state = &self.memory.jobs[index].actions[number];
            if state.key.is_some() || state.ended.is_some() {
                continue;
            }
            let is_met = |name: &String| {
                let required = job.actions.iter().position(|other| other.name == *name);
                required.is_none_or(|other| self.memory.jobs[index].actions[other].ended == Some(true))
            };
            if action.requires.iter().all(is_met) {
                self.start_action(index, number, cause, world);
            }
        }
    }

    fn start_action(&mut self, index: usize, number: usize, cause: Cause, world: &mut dyn World) {
        let service = Arc::clone(&self.service);
        let (cluster, position) = self.memory.jobs[index].at;
        let (files, job) = (&service.clusters[cluster], &service.clusters[cluster].jobs[position]);
        let action = &job.actions[number];
        let subject = self.memory.jobs[index].actions[number].subject;
        let Some(version) = self.memory.jobs[index].actions[number].version.clone() else {
            let state = &mut self.memory.jobs[index].actions[number];
            let Some(group) = &action.deploy_group else {
                // An action of `ssh` has no code of its own, and so no group.
                state.ended = Some(true);
                let entry = world.note(subject, "skipped", Why::text("it runs outside the cluster"), cause);
                return self.start_actions(index, Cause::Entry(entry), world);
            };
            state.ended = Some(false);
            let text = format!("{} not deployed to {group}. Has mark-for-deployment been run?", service.name);
            let why = Why::symbol(world.intern(&text));
            world.note(subject, "not_deployed", why, cause);
            return;
        };
        let name = sanitised(&format!("{}-{}-{}", service.name, job.name, action.name));
        let name = format!("{name}-{}", self.memory.jobs[index].runs);
        let key = object(Kind::Job, &self.tron_namespace(&files.cluster), &name, world);
        let mut template = PodTemplate {
            labels: [("paasta.yelp.com/service".to_owned(), service.name.clone())].into(),
            containers: vec![Container {
                name: sanitised(&action.name),
                image: version.image(action.service.as_deref().unwrap_or(&service.name)),
                requests: Resources {
                    cpu_milli: action.cpus_milli,
                    memory_bytes: action.mem_bytes,
                    ephemeral_storage_bytes: action.disk_bytes,
                    ..Resources::default()
                },
                ..Container::default()
            }],
            restart_policy: RestartPolicy::Never,
            serves: Some(subject),
            ..PodTemplate::default()
        };
        if !self.options.rollout.clusters.is_empty() {
            template.node_selector.insert("greenroom.dev/cluster".to_owned(), files.cluster.clone());
        }
        let spec = JobSpec { backoff_limit: action.retries, ..JobSpec::of(Arc::new(template)) };
        let version = Arg::Text(world.intern(&version.text()));
        let entry = Cause::Entry(world.note(subject, "running", Why::with("at {}", version), cause));
        self.memory.jobs[index].actions[number].key = Some(key);
        self.memory.jobs[index].made.push(key);
        world.watch(key);
        world.ask(Ask::Apply { key, object: Object::Job(spec), serves: subject }, entry);
    }

    /// The Job of an action changed.
    pub(super) fn job_changed(&mut self, key: Subject, cause: Cause, world: &mut dyn World) {
        let found = self.memory.jobs.iter().enumerate().find_map(|(index, job)| {
            let number = job.actions.iter().position(|action| action.key == Some(key) && action.ended.is_none())?;
            Some((index, number))
        });
        let (Some((index, number)), Some(Status::Job(status))) = (found, world.observed(key)) else { return };
        if !status.complete && !status.gave_up {
            return;
        }
        let went_well = status.complete;
        let subject = self.memory.jobs[index].actions[number].subject;
        let word = if went_well { "succeeded" } else { "failed" };
        let entry = Cause::Entry(world.note(subject, word, Why::NONE, cause));
        self.memory.jobs[index].actions[number].ended = Some(went_well);
        world.unwatch(key);
        self.start_actions(index, entry, world);
    }
}

impl ActionState {
    /// True while its Job runs.
    const fn is_under_way(&self) -> bool {
        self.key.is_some() && self.ended.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::cron;

    #[test]
    fn schedules_of_tron_become_those_of_cron() {
        for (from, to) in [
            ("cron 30 4 * * 1", Some("30 4 * * 1")),
            ("daily 04:20:00", Some("20 4 * * *")),
            ("daily", Some("0 0 * * *")),
        ] {
            assert_eq!(cron(from).as_deref(), to, "{from}");
        }
        assert_eq!(cron("every thursday"), None);
    }
}
