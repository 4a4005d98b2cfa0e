//! Whose an object of a run is: the workloads behind it, as far as causes and names tell.

use std::collections::{BTreeMap, BTreeSet};

use super::super::watch::Watch;
use super::Stuck;
use crate::kernel::Names;
use crate::timeline::{EntryId, Kind, Subject, Timeline, render};

/// An entry in words, with the workloads that it is of.
pub(super) fn told(timeline: &Timeline, names: &Names, makers: &Makers, id: EntryId) -> Option<Stuck> {
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

/// Deployments of which ready pods of more than one revision are there, or of one that is not the newest.
pub(super) fn old_revisions(timeline: &Timeline, names: &Names, makers: &Makers, watch: &Watch) -> BTreeSet<String> {
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

/// The custom resource behind a workload that its controller made: the Rollout of a ReplicaSet, the LeaderWorkerSet of a
/// StatefulSet.
pub(super) type Makers = BTreeMap<Subject, Subject>;

/// Finds what custom controllers made by its name: `ReplicaSet/chat-r2` is of `Rollout/chat`, `StatefulSet/large-0` of
/// `LeaderWorkerSet/large`.
pub(super) fn makers(names: &Names, watch: &Watch) -> Makers {
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
    for subject in timeline.chain(id).into_iter().skip(1).filter_map(|id| timeline.get(id)).map(|entry| entry.subject) {
        let owns = matches!(
            subject.kind,
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
        if owns && !owners.contains(&subject) {
            owners.push(subject);
            // A custom controller makes objects as any client of the API would: their causes do not lead through it.
            owners.extend(makers.get(&subject));
        }
    }
    owners
}
