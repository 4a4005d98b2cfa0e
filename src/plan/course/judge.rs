//! What a finished run says of its rollout.

use std::collections::BTreeSet;

use super::super::figures::{Service, Workload};
use super::super::watch::Watch;
use super::ending::{Settled, ended_badly, gave_up, settled, waits};
use super::owners::{makers, old_revisions, told};
use super::{Course, Outcome, Stuck};
use crate::cluster::Cluster;
use crate::kernel::{Duration, Time};
use crate::rehearsal::{Ending, Options, Rehearsal};
use crate::systems::System;
use crate::systems::kubernetes::{Body, Identity, Manifest};
use crate::timeline::{EntryId, Kind, Subject};
use crate::workload::rollout::RolloutStrategy;
use crate::workload::{BudgetStatus, Object, Stage, Status};

/// Nothing of a rollout is on its way once nothing has gone on for so long.
const STILL_AFTER: Duration = Duration::from_secs(6 * 3600);

pub(super) fn judge(mut rehearsal: Rehearsal<Cluster>, watch: &Watch, quiet_from: Time, options: Options) -> Course {
    let stage = rehearsal.stage();
    let (timeline, names) = (stage.timeline(), stage.names());
    let makers = makers(names, watch);
    let tell = |id: EntryId| told(timeline, names, &makers, id);
    let Settled { mut finished, mut unsettled } = settled(timeline, watch);
    let short = short(stage, watch);
    if !short.is_empty() {
        finished = None;
    }
    unsettled.extend(short.into_iter().filter(|id| !unsettled.contains(id)).collect::<Vec<_>>());
    let gave_up = gave_up(timeline, watch);
    if !gave_up.is_empty() {
        finished = None;
    }
    let sets: Vec<Stuck> = unsettled.into_iter().chain(gave_up).filter_map(tell).collect();
    let mut stuck: Vec<Stuck> = Vec::new();
    for pod in watch.pods().values().filter(|pod| !pod.ready) {
        let Some(entry) = timeline.get(pod.last) else { continue };
        if !matches!(entry.became, "Succeeded" | "Failed") {
            stuck.extend(tell(pod.last));
        }
    }
    for (subject, id) in watch.others() {
        let Some(entry) = timeline.get(*id) else { continue };
        if waits(*subject, &entry) {
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

/// Deployments of systems that make pods one by one, of which fewer are available than are wanted, whatever the systems say.
fn short(stage: &Cluster, watch: &Watch) -> Vec<EntryId> {
    let is_short = |subject: Subject| {
        let available = stage.counts(subject).map_or(0, |counts| counts.available);
        stage.told_wanted(subject).is_some_and(|wanted| available < wanted)
    };
    watch.others().iter().filter(|(subject, _)| is_short(**subject)).map(|(_, id)| *id).collect()
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
