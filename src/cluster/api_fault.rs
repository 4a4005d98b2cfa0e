//! Faults between controllers and the cluster's API: watches that lag or miss an event, asks that are refused. What custom
//! resources suffer from the same faults stands in `systems/machinery`.

use super::apply::ObjectId;
use super::{Cluster, Subject};
use crate::kernel::{Duration, Time};
use crate::timeline::Kind;
use crate::workload::{
    About, ApiFault, ApiTrouble, Ask, BuiltIn, LeaderWorkerSetSpec, Object, Outcome, PodTemplate, Struck,
};

/// A fault that stands.
#[derive(Clone, Debug)]
pub struct Standing {
    /// The controller whose watches or asks it strikes; `None`: all.
    system: Option<usize>,
    /// The one of Kubernetes' own controllers, or the process of them, that it strikes alone.
    built_in: Option<String>,
    about: About,
    from: Time,
    until: Time,
    trouble: Trouble,
    effect: usize,
    /// Changes of the last instant: of which object, for which controller, and whether it is told.
    decided: (Time, Vec<(usize, Option<Subject>, bool)>),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Trouble {
    /// Watches show what was true so long ago, or when the fault began.
    Lag(Option<Duration>),
    /// So many changes are told, then so many are not. An object changes once at an instant, however many writes that takes.
    Missed(u32, u32),
    /// So many asks pass, then so many are refused; `None`: all.
    Refuses(Refusal, u32, Option<u32>),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Refusal {
    Conflict,
    Error,
}

impl Standing {
    /// True if it strikes what this controller does with this object. What is asked for no controller is struck by all.
    fn strikes(&self, controller: Option<usize>, key: Subject, now: Time) -> bool {
        let meant = self.system.is_none_or(|system| controller.is_none_or(|controller| controller == system));
        meant && self.built_in.is_none() && self.from <= now && now < self.until && self.about.means(key)
    }
}

impl Cluster {
    /// Lets a fault of watches or asks stand from now on.
    pub(super) fn disturb_api(&mut self, system: Option<usize>, fault: &ApiFault) -> Struck {
        let now = self.queue.now();
        let until = |lasts: Option<Duration>| lasts.map_or(Time::MAX, |lasts| now + lasts);
        let (trouble, until) = match fault.trouble {
            ApiTrouble::Lag { by, lasts } => (Trouble::Lag(by), until(lasts)),
            ApiTrouble::MissedEvent { occurrence, times } => (Trouble::Missed(occurrence - 1, times), Time::MAX),
            ApiTrouble::Conflict { occurrence, times } => {
                (Trouble::Refuses(Refusal::Conflict, occurrence - 1, times), Time::MAX)
            }
            ApiTrouble::Error { occurrence, times, lasts } => {
                (Trouble::Refuses(Refusal::Error, occurrence - 1, times), until(lasts))
            }
            // A cluster's own objects need no webhook, and its controllers are not modelled as processes.
            ApiTrouble::WebhookDown { .. } | ApiTrouble::Restart { .. } => return Struck::Now(0),
        };
        if matches!(trouble, Trouble::Lag(_)) {
            self.keep_history();
        }
        let effect = self.new_effect();
        self.api_faults.push(Standing {
            system,
            built_in: fault.controller.clone(),
            about: fault.about,
            from: now,
            until,
            trouble,
            effect,
            decided: Default::default(),
        });
        Struck::Standing(effect)
    }

    /// The instant whose truth a controller is shown of an object.
    pub(super) fn shown_at(&self, controller: Option<usize>, key: Subject) -> Option<Time> {
        let now = self.queue.now();
        let lag = self.profile.watch_latency;
        let mut shown = now.nanos().checked_sub(lag.nanos()).map(Time::from_nanos);
        if controller.is_some_and(|controller| self.watches.unwatched.contains(&controller)) {
            return shown;
        }
        for fault in &self.api_faults {
            let Trouble::Lag(by) = fault.trouble else { continue };
            if fault.strikes(controller, key, now) {
                let late = by.map_or(fault.from, |by| Time::from_nanos(now.nanos().saturating_sub(by.nanos())));
                shown = shown.min(Some(late.max(fault.from)));
            }
        }
        shown
    }

    /// When a controller is told of a change of now; `None`: never. Nodes are told of as one, and stand for any of them.
    pub(super) fn told_at(&mut self, controller: usize, key: Option<Subject>) -> Option<Time> {
        let now = self.queue.now();
        let mut told = Some(now + self.profile.watch_latency);
        if self.watches.unwatched.contains(&controller) {
            return told;
        }
        let resynced = self.watches.resynced_at(controller, now);
        for index in 0..self.api_faults.len() {
            let fault = &mut self.api_faults[index];
            let strikes = match key {
                Some(key) => fault.strikes(Some(controller), key, now),
                None => {
                    let of_nodes = match fault.about {
                        About::Anything => true,
                        About::Kind(kind) | About::Object(Subject { kind, .. }) => kind == Kind::Node,
                    };
                    let meant = fault.built_in.is_none() && fault.system.is_none_or(|system| system == controller);
                    of_nodes && meant && fault.from <= now && now < fault.until
                }
            };
            if !strikes {
                continue;
            }
            let struck = match &mut fault.trouble {
                Trouble::Lag(by) => {
                    let late = by.map_or(fault.until, |by| fault.until.min(now + by));
                    let later = told.is_some_and(|told| told < late);
                    if later {
                        told = (late < Time::MAX).then_some(late);
                    }
                    later
                }
                Trouble::Missed(spared, left) => {
                    if fault.decided.0 != now {
                        fault.decided = (now, Vec::new());
                    }
                    let before = fault.decided.1.iter().find(|(whose, of, _)| (*whose, *of) == (controller, key));
                    let missed = before.map_or(*spared == 0 && *left > 0, |(.., missed)| *missed);
                    let first = before.is_none();
                    if first {
                        *left -= u32::from(missed);
                        *spared = spared.saturating_sub(1);
                        fault.decided.1.push((controller, key, missed));
                    }
                    if missed {
                        told = resynced;
                    }
                    first && missed
                }
                Trouble::Refuses(..) => false,
            };
            if struck {
                let effect = fault.effect;
                self.effects[effect] += 1;
            }
        }
        told
    }

    /// What is answered to an ask that a fault has fail.
    pub(super) fn failed_ask(&mut self, controller: usize, ask: &Ask) -> Option<Outcome> {
        if self.api_faults.is_empty() {
            return None;
        }
        let now = self.queue.now();
        let (conflicts, errs) = self.can_fail(ask);
        for index in 0..self.api_faults.len() {
            let fault = &mut self.api_faults[index];
            if !fault.strikes(Some(controller), ask.key(), now) {
                continue;
            }
            let Trouble::Refuses(refusal, spared, left) = &mut fault.trouble else { continue };
            let counted = match refusal {
                Refusal::Conflict => conflicts,
                Refusal::Error => errs,
            };
            if !counted || *left == Some(0) {
                continue;
            }
            if *spared > 0 {
                *spared -= 1;
                continue;
            }
            *left = left.map(|left| left - 1);
            let (refusal, effect) = (*refusal, fault.effect);
            self.effects[effect] += 1;
            return Some(match refusal {
                Refusal::Conflict => Outcome::Conflict,
                Refusal::Error => Outcome::Failed(self.names.intern("the API server did not answer")),
            });
        }
        None
    }

    /// Whether a fault has a write of one of Kubernetes' own controllers refused: true for a conflict. A fault that names nobody strikes
    /// these with errors alone: conflicts are those of who is named.
    pub(super) fn fails(&mut self, by: BuiltIn, key: Subject, locked: bool) -> Option<bool> {
        let now = self.queue.now();
        for fault in &mut self.api_faults {
            let Trouble::Refuses(refusal, spared, left) = &mut fault.trouble else { continue };
            let meant = match (&fault.built_in, *refusal) {
                (Some(name), Refusal::Conflict) => locked && Cluster::is_named(by, name),
                (Some(name), Refusal::Error) => Cluster::is_named(by, name),
                (None, Refusal::Error) => fault.system.is_none(),
                (None, Refusal::Conflict) => false,
            };
            if !meant || !fault.about.means(key) || now < fault.from || now >= fault.until || *left == Some(0) {
                continue;
            }
            if *spared > 0 {
                *spared -= 1;
                continue;
            }
            *left = left.map(|left| left - 1);
            let (conflict, effect) = (*refusal == Refusal::Conflict, fault.effect);
            self.effects[effect] += 1;
            return Some(conflict);
        }
        None
    }

    /// Whether an ask can be in conflict, and whether it can fail otherwise: what replaces an object that is there can be in
    /// conflict, while nothing is made twice. Left alone is what a controller asks for LeaderWorkerSets and AnalysisRuns, because how
    /// it tries again is not modelled, and the deletion of what a Rollout made: that is collected until it is done.
    fn can_fail(&self, ask: &Ask) -> (bool, bool) {
        let of = ask.key();
        if matches!(ask.serves().kind, Kind::LeaderWorkerSet | Kind::AnalysisRun) || of.kind == Kind::AnalysisRun {
            return (false, false);
        }
        match ask {
            Ask::Apply { object, .. } if object.template().is_some_and(|template| is_of_groups(template)) => {
                (false, false)
            }
            Ask::Apply { key, object: Object::ReplicaSet(spec), .. } => match self.objects.get(key) {
                // A patch of annotations names no version that could be old.
                Some(ObjectId::ReplicaSet(id)) => {
                    let there = self.replicaset(*id);
                    ((there.replicas, there.min_ready) != (spec.replicas, spec.min_ready), true)
                }
                _ => (false, true),
            },
            Ask::Apply { key, .. } => (self.objects.contains_key(key), true),
            Ask::Scale { .. } => (true, true),
            Ask::Delete { .. } if self.is_of_rollout(of) || self.is_of_groups(of) => (false, false),
            Ask::Delete { .. } => (false, true),
            _ => (false, false),
        }
    }

    /// True for a StatefulSet of a LeaderWorkerSet, which goes with the leader that owns it, and for its pods.
    fn is_of_groups(&self, key: Subject) -> bool {
        let sets = self.sets_by_subject.get(&key).and_then(|sets| sets.last()).copied();
        let set = sets.or_else(|| self.find_pod(key).map(|pod| self.pod(pod).set));
        set.is_some_and(|set| is_of_groups(&self.set(set).source))
    }

    /// True for a ReplicaSet that a Rollout made.
    fn is_of_rollout(&self, key: Subject) -> bool {
        let Some(ObjectId::ReplicaSet(id)) = self.objects.get(&key) else { return false };
        self.replicaset(*id).owner.is_some_and(|owner| owner.kind == Kind::Rollout)
    }

    /// From now on it is kept what objects and pods showed, because somebody may see it late.
    fn keep_history(&mut self) {
        if std::mem::replace(&mut self.watches.keeps_history, true) || !self.profile.watch_latency.is_zero() {
            return;
        }
        for key in self.watches.watched() {
            self.record_object(key);
        }
        for index in 0..self.pods.len() as u32 {
            self.record_pod(super::PodId(index));
        }
    }
}

/// True for the template of pods of a LeaderWorkerSet, whoever asked for that.
fn is_of_groups(template: &PodTemplate) -> bool {
    template.labels.contains_key(LeaderWorkerSetSpec::NAME_LABEL)
}
