//! The order of events of one instant and class: which are put behind their peers, and which a run had that could go otherwise.
//! What an order is good for is a search's; a tie of 0, which all events have, leaves them in the order of their scheduling.

use super::watch::Parcel;
use super::{Class, Cluster, Event, Subject};
use crate::kernel::{EventId, Name, Queue, Time};
use crate::timeline::Kind;
use crate::workload::TieGroup;

/// Events of one instant that are about one subject go behind those of their class with a lower tie.
#[derive(Clone, Copy, Debug)]
struct Tie {
    at: Time,
    subject: Subject,
    tie: u16,
    effect: usize,
}

/// The event of a class that was taken last, while groups are kept.
#[derive(Clone, Copy, Debug)]
struct Last {
    at: Time,
    class: Class,
    subject: Option<Subject>,
    /// The number of the event that had been scheduled last by then.
    scheduled: u32,
}

/// Ties that are set, and groups that are kept.
#[derive(Clone, Debug, Default)]
pub struct Ties {
    set: Vec<Tie>,
    kept: Option<Vec<TieGroup>>,
    last: Option<Last>,
    /// True if any of these has to be looked at.
    pub(super) watched: bool,
}

impl Cluster {
    /// Puts the events of an instant that are about a subject behind their peers; the number of the effect.
    pub(super) fn set_tie(&mut self, at: Time, subject: Subject, tie: u16) -> usize {
        self.name_systems();
        let effect = self.new_effect();
        self.ties.set.push(Tie { at, subject, tie, effect });
        self.ties.watched = true;
        let mut waiting = std::mem::replace(&mut self.queue, Queue::new(Default::default()).into());
        waiting.retie(at, |_, event| (self.subject_of(event) == Some(subject)).then_some(tie));
        self.queue = waiting;
        effect
    }

    pub(super) fn keep_all_ties(&mut self) {
        self.ties.kept.get_or_insert_default();
        self.name_systems();
        self.ties.watched = true;
    }

    fn name_systems(&mut self) {
        let word = self.names.intern("system");
        self.system_word.get_or_insert(word);
    }

    pub(super) fn kept_ties(&self) -> &[TieGroup] {
        self.ties.kept.as_deref().unwrap_or_default()
    }

    /// Schedules an event behind its peers if a tie says so.
    pub(super) fn schedule_watched(&mut self, at: Time, class: Class, event: Event) -> EventId {
        let at_all = self.ties.set.iter().any(|one| one.at == at);
        let subject = if at_all { self.subject_of(event) } else { None };
        let tie = self.ties.set.iter().find(|one| one.at == at && Some(one.subject) == subject);
        self.queue.schedule_tied(at, class, tie.map_or(0, |one| one.tie), event)
    }

    /// An event is taken: ties that are about it have had their effect, and it may belong to a group.
    pub(super) fn taken(&mut self, at: Time, class: Class, event: Event) {
        let subject = self.subject_of(event);
        for index in 0..self.ties.set.len() {
            let one = self.ties.set[index];
            if one.at == at && Some(one.subject) == subject {
                self.effects[one.effect] += 1;
            }
        }
        let Some(kept) = &mut self.ties.kept else { return };
        let (number, scheduled) = self.queue.numbers();
        let last = self.ties.last.replace(Last { at, class, subject, scheduled });
        let Some(last) = last.filter(|last| (last.at, last.class) == (at, class)) else { return };
        let (Some(before), Some(subject)) = (last.subject, subject) else { return };
        // Only what was waiting already could have come first.
        if before == subject || number > last.scheduled {
            return;
        }
        let class = class.number();
        match kept.last_mut().filter(|group| (group.at, group.class) == (at, class)) {
            Some(group) => {
                for one in [before, subject] {
                    if !group.subjects.contains(&one) {
                        group.subjects.push(one);
                    }
                }
            }
            None => kept.push(TieGroup { at, class, subjects: vec![before, subject] }),
        }
    }

    /// What an event is about; `None` where no other event of its class could be told from it by that.
    fn subject_of(&self, event: Event) -> Option<Subject> {
        let pod_of = |id| self.pod_subject(self.container(id).pod);
        Some(match event {
            Event::Deployment(id) | Event::ProgressDeadline(id) => self.deployment(id).key,
            Event::ReplicaSet(id) => self.replicaset(id).key,
            Event::StatefulSet(id) => self.statefulset(id).key,
            Event::DaemonSet(id) => self.daemonset(id).key,
            Event::Job(id) | Event::JobExpired(id) => self.job(id).key,
            Event::CronJob(id) => self.cronjobs[id.0 as usize].key,
            Event::CreateAgain(set) => self.set(set).workload,
            Event::Draft(slot) => self.drafted(self.drafts.get(slot)?),
            Event::PullAgain(id, _)
            | Event::CreateContainer(id, _)
            | Event::InitDone(id, _)
            | Event::Serving(id, _)
            | Event::Ready(id, _)
            | Event::ProbeKill(id, _)
            | Event::Exited(id, _)
            | Event::Stopped(id, _)
            | Event::Restart(id, _)
            | Event::ProcessLeaseEnds(id, _) => pod_of(id),
            Event::Available(id, _)
            | Event::Register(id, _)
            | Event::LeaseEnds(id, _)
            | Event::Gone(id)
            | Event::Evict(id, _)
            | Event::EvictAgain(_, id)
            | Event::PreBind(id)
            | Event::PodDeadline(id)
            | Event::Mount(id)
            | Event::NodelessPod(id) => self.pod_subject(id),
            Event::Pulled(id, _)
            | Event::Silent(id, _)
            | Event::Back(id, _)
            | Event::DevicesBack(id, _)
            | Event::Orphans(id)
            | Event::Reclaimed(id)
            | Event::CloudCheck(id)
            | Event::ShutdownStep(id, _) => self.node_subject(id),
            Event::Parcel(slot) => match self.watches.parcel(slot)? {
                Parcel::Changed(_, Some(subject), _) => *subject,
                Parcel::Changed(of, None, _) | Parcel::Answered(of, ..) | Parcel::Timer(of, ..) => {
                    let name = Name::numbered(self.system_word?, u32::try_from(*of).ok()?);
                    Subject::new(Kind::Controller, name)
                }
            },
            _ => return None,
        })
    }
}
