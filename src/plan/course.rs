//! One run of a rollout: how it went, its figures, and what waits at its end.

use std::collections::{BTreeMap, BTreeSet};

use super::figures::{Gpus, Service, Stall, Workload};
use super::watch::Watch;
use crate::cluster::Cluster;
use crate::kernel::{Duration, Names, Time};
use crate::rehearsal::{Ending, Notice, Observer, Options, Rehearsal, Rejection, simulated};
use crate::scenario::Scenario;
use crate::scenario::model::Trigger;
use crate::systems::System;
use crate::systems::kubernetes::{Body, Identity, Manifest};
use crate::text::Diagnostic;
use crate::timeline::{Cause, EntryId, Kind, Subject, Timeline, render};
use crate::workload::rollout::RolloutStrategy;
use crate::workload::{BudgetStatus, Object, Stage, Status};

/// How far a plan looks beyond the last thing that a scenario does: a rollout that has not ended by then does not.
pub const HORIZON: Duration = Duration::from_secs(24 * 3600);
/// Nothing of a rollout is on its way once nothing has gone on for so long.
const STILL_AFTER: Duration = Duration::from_secs(6 * 3600);

/// How a rollout went.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// All became as it should be, at this time for the last time.
    Finished(Time),
    /// Something waits for ever for something that never comes.
    Deadlocked,
    /// Something was given up, refused, or fails again and again.
    Failed,
    /// It waits for an operator.
    Waiting,
    /// It was still going on at the end.
    Unfinished,
}

/// Something that is not as it should be at the end.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Stuck {
    /// What it is.
    pub subject: String,
    /// Its kind.
    pub kind: Kind,
    /// What it became last.
    pub became: &'static str,
    /// Why.
    pub why: String,
    /// When.
    pub at: Time,
    /// The workloads that it is of, the nearest first: `ReplicaSet/web-r2`, `Deployment/web`.
    pub owners: Vec<String>,
    /// The entry that says so.
    pub entry: EntryId,
}

impl Stuck {
    /// What it became, and why: `Pod/web-r2-0 Unschedulable: no nodes available`.
    pub fn told(&self) -> String {
        let colon = if self.why.is_empty() { "" } else { ": " };
        format!("{} {}{colon}{}", self.subject, self.became, self.why)
    }
}

/// One run.
#[derive(Clone, Debug)]
pub struct Course {
    /// When the rollout began.
    pub begins: Time,
    /// How it went.
    pub outcome: Outcome,
    /// When the run ended.
    pub ends: Time,
    /// The last progress of the rollout.
    pub last_progress: Time,
    /// GPUs.
    pub gpus: Gpus,
    /// Workloads, by name.
    pub workloads: Vec<Workload>,
    /// Services, by name.
    pub services: Vec<Service>,
    /// The longest time without progress.
    pub stall: Stall,
    /// What is not as it should be at the end.
    pub stuck: Vec<Stuck>,
    /// Sets and groups that are not as they should be at the end, and deadlines that struck on the way.
    pub complaints: Vec<Stuck>,
    /// Deployments that reported on the way that their deadline had passed.
    pub deadlines: Vec<Stuck>,
    /// Deployments of which pods of an earlier revision are ready at the end.
    pub old_revisions: BTreeSet<String>,
    /// Disruption budgets at the end.
    pub budgets: Vec<(Identity, BudgetStatus)>,
    /// The limit of a run that was hit.
    pub limit: Option<String>,
    /// Documents that were refused.
    pub rejections: Vec<Rejection>,
    /// What the user should know.
    pub notices: Vec<Notice>,
    /// The manifests as they were wanted at the end.
    pub objects: Vec<Manifest>,
}

impl Course {
    /// The longest time that a Service which serves was without a ready endpoint.
    pub fn outage(&self) -> Duration {
        let serving = self.services.iter().filter(|service| !service.preview);
        serving.map(|service| service.outage(self.ends)).max().unwrap_or(Duration::ZERO)
    }

    /// How long the rollout took.
    pub fn took(&self) -> Option<Duration> {
        match self.outcome {
            Outcome::Finished(at) => Some(at.since(self.begins)),
            _ => None,
        }
    }
}

/// Runs a scenario to its end and beyond, until it is sure how its rollout ends.
///
/// # Errors
/// What is wrong with the scenario or its documents.
pub fn course(scenario: &Scenario, seed: u64) -> Result<Course, Vec<Diagnostic>> {
    let mut scenario = scenario.clone();
    scenario.until = last_cue(&scenario) + HORIZON;
    scenario.stop_when_settled = false;
    // Expectations are about the run that the scenario describes; a plan has questions of its own.
    scenario
        .expect
        .retain(|expect| expect.kind.states().iter().any(|(_, state)| state.eq_ignore_ascii_case("rejected")));
    let options = Options { seed: Some(seed), ..Options::default() };
    let mut watch = Watch::new(!scenario.actions.is_empty());
    let mut rehearsal = Rehearsal::new(&scenario, simulated(&scenario, seed)?, options)?;
    let quiet_from = last_cue(&scenario);
    {
        let mut observers: [Box<dyn Observer + '_>; 1] = [Box::new(&mut watch)];
        while rehearsal.step(&mut observers) {}
    }
    watch.finish(rehearsal.stage());
    Ok(judge(rehearsal, &watch, quiet_from, options))
}

/// The last time that the scenario itself is sure to do something.
fn last_cue(scenario: &Scenario) -> Time {
    let trigger = |trigger: &Trigger| match trigger {
        Trigger::At(at) => *at,
        Trigger::On { .. } => scenario.until,
    };
    let deploys = scenario.deploy.iter().map(|deploy| deploy.at);
    let faults = scenario.faults.iter().map(|fault| trigger(&fault.trigger));
    let actions = scenario.actions.iter().map(|action| trigger(&action.trigger));
    deploys.chain(faults).chain(actions).max().unwrap_or(Time::ZERO).max(scenario.until)
}

fn judge(mut rehearsal: Rehearsal<Cluster>, watch: &Watch, quiet_from: Time, options: Options) -> Course {
    let stage = rehearsal.stage();
    let (timeline, names) = (stage.timeline(), stage.names());
    let makers = makers(names, watch);
    let tell = |id: EntryId| told(timeline, names, &makers, id);
    let mut sets: Vec<Stuck> = Vec::new();
    let mut finished = Some(watch.begins());
    for (subject, id) in watch.others() {
        let Some(entry) = timeline.get(*id) else { continue };
        match subject.kind {
            Kind::Manifests | Kind::Group => match entry.became {
                "ready" | "complete" | "monitoring" | "deleted" | "undeployed" => {
                    finished = finished.map(|at| at.max(entry.at));
                }
                _ => {
                    finished = None;
                    sets.extend(tell(*id));
                }
            },
            // A system whose deployments are in no group; of members a group tells.
            Kind::Member => match entry.became {
                "ready" | "destroyed" => finished = finished.map(|at| at.max(entry.at)),
                "pending" | "initializing" | "provisioning" | "provisioned" | "awaiting_promotion" | "promoting"
                | "finalizing" | "draining" | "rolling_back" | "deploying" | "destroying" => {
                    finished = None;
                    sets.extend(tell(*id));
                }
                _ => {}
            },
            Kind::Deployment if entry.became == "ProgressDeadlineExceeded" => sets.extend(tell(*id)),
            _ => {}
        }
    }
    let gave_up = timeline.since(0).filter(|(_, entry)| {
        entry.subject.kind == Kind::Member && entry.became == "rolling_back" && entry.at >= watch.begins()
    });
    for id in gave_up.map(|(id, _)| id).collect::<Vec<_>>() {
        finished = None;
        sets.extend(tell(id));
    }
    let mut stuck: Vec<Stuck> = Vec::new();
    for pod in watch.pods().values().filter(|pod| !pod.ready) {
        let Some(entry) = timeline.get(pod.last) else { continue };
        if !matches!(entry.became, "Succeeded" | "Failed") {
            stuck.extend(tell(pod.last));
        }
    }
    for (subject, id) in watch.others() {
        let Some(entry) = timeline.get(*id) else { continue };
        let waits = match subject.kind {
            Kind::Node => matches!(entry.became, "Draining" | "DrainFailed" | "DrainRefused"),
            Kind::PersistentVolumeClaim => {
                matches!(entry.became, "Pending" | "FailedBinding" | "ProvisioningFailed" | "Terminating")
            }
            Kind::Job => matches!(entry.became, "Failed" | "Rejected"),
            Kind::Rollout => matches!(entry.became, "Paused" | "Degraded" | "Rejected"),
            _ => matches!(entry.became, "FailedCreate" | "Rejected" | "ReplicaFailure"),
        };
        if waits {
            stuck.extend(tell(*id));
        }
    }
    // A drain that waits tells of itself in the pods that it cannot evict.
    let drains = stuck.iter().any(|one| one.kind == Kind::Node);
    let refusals = timeline.since(0).filter(|(_, entry)| drains && entry.became == "EvictionRefused");
    let refusals: Vec<EntryId> = refusals.map(|(id, _)| id).collect();
    stuck.extend(refusals.into_iter().filter_map(tell));
    let struck = timeline.since(0).filter(|(_, entry)| {
        entry.subject.kind == Kind::Deployment
            && entry.became == "ProgressDeadlineExceeded"
            && entry.at >= watch.begins()
    });
    let deadlines: Vec<Stuck> = struck.map(|(id, _)| id).collect::<Vec<_>>().into_iter().filter_map(tell).collect();
    let old_revisions = old_revisions(timeline, names, &makers, watch);
    let objects: Vec<Manifest> = rehearsal.systems().iter().flat_map(System::manifests).cloned().collect();
    let paused = objects.iter().any(Manifest::is_paused)
        || stuck.iter().any(|one| one.kind == Kind::Rollout && one.became == "Paused");
    let made: BTreeSet<String> = makers.keys().map(|made| made.show(names)).collect();
    let (gpus, workloads, services, stall) = watch.figures(stage, finished);
    let budgets = budgets(&mut rehearsal, &objects, watch);
    // The pods of a custom resource are counted with it.
    let is_own = |one: &Workload| !made.contains(&one.subject);
    let workloads = workloads.into_iter().filter(is_own).map(|one| with_replicas(one, &objects)).collect();
    let of_previews = |one: Service| Service { preview: is_preview(&objects, &one.subject), ..one };
    let services: Vec<Service> = services.into_iter().map(of_previews).collect();
    let (begins, last_progress, is_still) = (watch.begins(), watch.last_progress(), watch.is_still(STILL_AFTER));
    let run = rehearsal.finish(options, &mut []);
    let outcome = match finished {
        Some(at) if run.rejections.iter().all(|rejection| rejection.expected) && !drains => Outcome::Finished(at),
        _ => ended_badly(&stuck, &sets, paused, is_still || run.ending == Ending::Quiet),
    };
    Course {
        begins,
        outcome,
        ends: run.ended_at.max(quiet_from),
        last_progress,
        gpus,
        workloads,
        services,
        stall,
        stuck,
        complaints: sets,
        deadlines,
        old_revisions,
        budgets,
        limit: match run.ending {
            Ending::LimitReached(limit) => Some(limit),
            _ => None,
        },
        rejections: run.rejections,
        notices: run.notices,
        objects,
    }
}

fn ended_badly(stuck: &[Stuck], sets: &[Stuck], paused: bool, is_still: bool) -> Outcome {
    let fails = |one: &Stuck| {
        matches!(
            one.became,
            "CrashLoopBackOff"
                | "Error"
                | "Restarted"
                | "ImagePullBackOff"
                | "Rejected"
                | "DrainRefused"
                | "DrainFailed"
        ) || (one.kind == Kind::Job && one.became == "Failed")
            || (one.kind == Kind::Rollout && one.became == "Degraded")
    };
    let waits = |one: &Stuck| {
        matches!(
            one.became,
            "Unschedulable"
                | "SchedulingGated"
                | "FailedMount"
                | "FailedAttachVolume"
                | "WaitsForVolume"
                | "CreateContainerConfigError"
                | "FailedCreate"
                | "Draining"
        )
    };
    let gave_up = sets.iter().any(|one| matches!(one.became, "rejected" | "failed" | "rolling_back"));
    if stuck.iter().any(waits) && is_still {
        Outcome::Deadlocked
    } else if stuck.iter().any(fails) {
        Outcome::Failed
    } else if paused && is_still {
        Outcome::Waiting
    } else if gave_up {
        Outcome::Failed
    } else if is_still {
        Outcome::Deadlocked
    } else {
        Outcome::Unfinished
    }
}

/// Deployments of which ready pods of more than one revision are there, or of one that is not the newest.
fn old_revisions(timeline: &Timeline, names: &Names, makers: &Makers, watch: &Watch) -> BTreeSet<String> {
    let of = |is_ready: bool| {
        let pods = watch.pods().values().filter(move |pod| pod.ready == is_ready);
        let sets = pods.filter_map(|pod| match owners(timeline, makers, pod.last)[..] {
            [set, deployment, ..] => Some((deployment, set)),
            _ => None,
        });
        sets.collect::<BTreeSet<(Subject, Subject)>>()
    };
    let (ready, waiting) = (of(true), of(false));
    let is_beside =
        |deployment: &Subject, set: &Subject| ready.iter().any(|(other, ready)| other == deployment && ready != set);
    let old = waiting.iter().filter(|(deployment, set)| is_beside(deployment, set));
    old.map(|(deployment, _)| deployment.show(names)).collect()
}

/// A workload of the manifests wants as many pods as its manifest says, however many its ReplicaSets want together.
fn with_replicas(workload: Workload, objects: &[Manifest]) -> Workload {
    let own = objects.iter().find(|object| object.identity.show() == workload.subject);
    let desired = match own.map(|own| &own.body) {
        Some(Body::Object(Object::LeaderWorkerSet(spec))) => spec.replicas.saturating_mul(spec.size),
        _ => own.and_then(Manifest::replicas).unwrap_or(workload.desired),
    };
    Workload { desired, ..workload }
}

/// True for a Service that a Rollout points at pods which do not serve yet.
fn is_preview(objects: &[Manifest], service: &str) -> bool {
    let previews = |object: &Manifest| {
        let Body::Object(Object::Rollout(spec)) = &object.body else { return false };
        let name = match &spec.strategy {
            RolloutStrategy::BlueGreen(blue_green) => blue_green.preview_service.as_ref(),
            RolloutStrategy::Canary(canary) => canary.canary_service.as_ref(),
        };
        let namespace = &object.identity.namespace;
        name.is_some_and(|name| {
            Identity::parse(service).is_some_and(|service| service.name == *name && service.namespace == *namespace)
        })
    };
    objects.iter().any(previews)
}

/// What the disruption budgets say at the end.
fn budgets(rehearsal: &mut Rehearsal<Cluster>, objects: &[Manifest], watch: &Watch) -> Vec<(Identity, BudgetStatus)> {
    let subjects = watch.others().keys().filter(|subject| subject.kind == Kind::PodDisruptionBudget);
    let subjects: Vec<Subject> = subjects.copied().collect();
    let mut found = Vec::new();
    for subject in subjects {
        let shown = subject.show(rehearsal.stage().names());
        let identity = objects.iter().map(|object| &object.identity).find(|identity| identity.show() == shown);
        if let (Some(identity), Some(Status::PodDisruptionBudget(status))) = (identity, rehearsal.observed(subject)) {
            found.push((identity.clone(), status));
        }
    }
    found
}

/// An entry in words, with the workloads that it is of.
fn told(timeline: &Timeline, names: &Names, makers: &Makers, id: EntryId) -> Option<Stuck> {
    let entry = timeline.get(id)?;
    // Who refused an eviction or a creation says nothing of whose the subject is; its first entry does.
    let first = match entry.became {
        "EvictionRefused" | "FailedCreate" => {
            timeline.since(0).find(|(_, first)| first.subject == entry.subject).map(|(first, _)| first)
        }
        _ => None,
    };
    Some(Stuck {
        subject: entry.subject.show(names),
        kind: entry.subject.kind,
        became: entry.became,
        why: render::why(&entry.why, names),
        at: entry.at,
        owners: owners(timeline, makers, first.unwrap_or(id)).into_iter().map(|owner| owner.show(names)).collect(),
        entry: id,
    })
}

/// The custom resource behind a workload that its controller made: the Rollout of a ReplicaSet, the LeaderWorkerSet of a
/// StatefulSet.
type Makers = BTreeMap<Subject, Subject>;

/// Finds what custom controllers made by its name: `ReplicaSet/chat-r2` is of `Rollout/chat`, `StatefulSet/large-0` of
/// `LeaderWorkerSet/large`.
fn makers(names: &Names, watch: &Watch) -> Makers {
    let named = |kind: Kind| {
        let all = watch.others().keys().filter(move |subject| subject.kind == kind);
        all.map(move |subject| (subject.show(names).replacen(kind.text(), "", 1), *subject))
    };
    let rollouts: BTreeMap<String, Subject> = named(Kind::Rollout).collect();
    let sets: BTreeMap<String, Subject> = named(Kind::LeaderWorkerSet).collect();
    let of_rollouts = named(Kind::ReplicaSet).filter_map(|(name, made)| {
        let (base, _) = name.rsplit_once("-r")?;
        Some((made, *rollouts.get(base)?))
    });
    let of_sets = named(Kind::StatefulSet).filter_map(|(name, made)| {
        let base = name.rsplit_once('-').map_or("", |(base, _)| base);
        Some((made, *sets.get(&name).or_else(|| sets.get(base))?))
    });
    of_rollouts.chain(of_sets).collect()
}

/// The workloads on the way from an entry to its first cause.
fn owners(timeline: &Timeline, makers: &Makers, id: EntryId) -> Vec<Subject> {
    let mut owners: Vec<Subject> = Vec::new();
    let mut at = timeline.get(id).map(|entry| entry.cause);
    while let Some(Cause::Entry(id)) = at {
        let Some(entry) = timeline.get(id) else { break };
        let owns = matches!(
            entry.subject.kind,
            Kind::Deployment
                | Kind::Rollout
                | Kind::ReplicaSet
                | Kind::StatefulSet
                | Kind::DaemonSet
                | Kind::LeaderWorkerSet
                | Kind::Job
                | Kind::CronJob
                | Kind::Member
        );
        if owns && !owners.contains(&entry.subject) {
            owners.push(entry.subject);
            // A custom controller makes objects as any client of the API would: their causes do not lead through it.
            owners.extend(makers.get(&entry.subject));
        }
        at = Some(entry.cause);
    }
    owners
}
