//! One turn of a controller: what it reads, what it writes, and what it tells. A turn reads what its watches have shown it before it
//! began; what it writes it sees the next time.

use std::borrow::Cow;
use std::sync::Arc;

use super::asked::Asked;
use super::journal::{Event, Journal};
use crate::kernel::{Symbol, Time};
use crate::systems::dynamo::model::Resource;
use crate::systems::dynamo::native;
use crate::systems::dynamo::profile::Options;
use crate::systems::dynamo::store::Stored;
use crate::systems::grove::Grove;
use crate::systems::machinery::{Api, Finish, Item, Refusal, Runtime, Writer};
use crate::timeline::{Cause, Kind, Subject, Why};
use crate::workload::World;

/// One turn of a controller.
pub struct Pass<'a> {
    /// The objects of Dynamo.
    pub api: &'a mut Api<Resource>,
    /// What its watches have shown it.
    pub runtime: &'a Runtime,
    /// The cluster.
    pub world: &'a mut dyn World,
    /// The profile.
    pub options: &'a Options,
    /// Grove's operator, which has nothing to do where it is not installed.
    pub grove: &'a mut Grove,
    /// What was asked of the cluster.
    pub asked: &'a mut Asked,
    /// What is told beside the status.
    pub journal: &'a mut Journal,
    /// Whose turn it is, and about what.
    pub item: Item,
    /// What led to it; a note becomes the cause of what follows it.
    pub cause: Cause,
}

/// Why a turn ended early.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Failure {
    /// Why, in the word of a condition.
    pub reason: &'static str,
    /// Why, in a sentence.
    pub message: String,
    /// True if no retry can mend it.
    pub is_terminal: bool,
    /// True if the controller itself has ended: nothing more is written.
    pub is_gone: bool,
    /// What the API refused, if that is why.
    pub refusal: Option<Refusal>,
}

/// What a step of a turn gives.
pub type Step<T> = Result<T, Failure>;

impl Failure {
    /// A failure that may pass.
    pub fn new(reason: &'static str, message: impl Into<String>) -> Failure {
        Failure { reason, message: message.into(), is_terminal: false, is_gone: false, refusal: None }
    }

    /// A write that was refused, and what it was for.
    pub fn write(reason: &'static str, what: &str, refusal: &Refusal) -> Failure {
        Failure {
            is_gone: *refusal == Refusal::Gone,
            refusal: Some(refusal.clone()),
            ..Failure::new(reason, format!("{what}: {refusal}"))
        }
    }
}

/// What was done about an object that should be there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Synced {
    /// It was not there.
    Created,
    /// It was otherwise.
    Updated,
    /// It was as it should be.
    Same,
    /// It should not be there.
    Deleted,
}

impl Pass<'_> {
    /// The time of the turn.
    pub fn now(&self) -> Time {
        self.world.now()
    }

    /// Who writes.
    pub fn writer(&self) -> Writer {
        Writer { controller: Some(self.item.controller), at: self.now(), cause: self.cause }
    }

    /// An object as the controller knows it.
    pub fn get(&self, key: Subject) -> Option<Arc<Stored>> {
        self.runtime.view(self.api, self.item.controller).get(key).cloned()
    }

    /// The objects of a kind in a namespace as the controller knows them.
    pub fn list(&self, kind: Kind, namespace: Symbol) -> Vec<Arc<Stored>> {
        let all = self.runtime.view(self.api, self.item.controller);
        all.list(kind).filter(|one| one.key.namespace == namespace).cloned().collect()
    }

    /// The objects of a kind that an owner has, as the controller knows them.
    pub fn owned(&self, kind: Kind, owner: Subject) -> Vec<Arc<Stored>> {
        self.runtime.view(self.api, self.item.controller).owned(kind, owner).cloned().collect()
    }

    /// An object of the namespace of another.
    pub fn beside(&mut self, other: Subject, kind: Kind, name: &str) -> Subject {
        Subject { kind, namespace: other.namespace, name: self.world.name(name) }
    }

    /// The name of an object.
    pub fn name_of(&self, key: Subject) -> String {
        self.world.show(key.name)
    }

    /// Writes an entry. What follows has it as its cause. Of what is there no more nothing is told: a controller that does not know
    /// yet finds that nothing is left to write a status of.
    pub fn note(&mut self, subject: Subject, became: &'static str, why: Why) {
        if self.api.get(subject).is_none() {
            return;
        }
        self.cause = Cause::Entry(self.world.note(subject, became, why, self.cause));
        if subject.kind == Kind::Graph {
            self.journal.say(subject, became);
        }
    }

    /// Writes an entry with a reason in words of its own.
    pub fn note_text(&mut self, subject: Subject, became: &'static str, why: &str) {
        let why = if why.is_empty() { Why::NONE } else { Why::symbol(self.world.intern(why)) };
        self.note(subject, became, why);
    }

    /// The end of a turn with an error: what the API refused.
    pub fn retry(&mut self, refusal: &Refusal) -> Finish {
        self.journal.failed_with(refusal);
        Finish::Retry
    }

    /// Tells what was done about an object that should be there: internal/controller_common/resource.go, SyncResource. The events
    /// are about who it is for in 0.8, and about itself in 1.5. Gives whether anything was done.
    pub fn synced(&mut self, parent: Subject, object: Subject, done: Synced) -> bool {
        let about = if self.options.operator.is_1_5() { object } else { parent };
        let kind = native::api_kind(object.kind);
        let space = native::namespace(object, self.world);
        let (reason, verbs): (_, &[&str]) = match done {
            Synced::Created => ("Create", &["Creating a new", "Created"]),
            Synced::Updated => ("Update", &["Updated"]),
            Synced::Same => ("Update", &["Skipping update"]),
            Synced::Deleted => ("Delete", &["Deleted"]),
        };
        for verb in verbs {
            self.tell(about, false, format!("{reason}{kind}").into(), format!("{verb} {kind} {space}"));
        }
        done != Synced::Same
    }

    /// Tells a Kubernetes event.
    pub fn event(&mut self, about: Subject, is_warning: bool, reason: &'static str, message: String) {
        self.tell(about, is_warning, reason.into(), message);
    }

    fn tell(&mut self, about: Subject, is_warning: bool, reason: Cow<'static, str>, message: String) {
        // What was made in this turn is known by the answer to that.
        let known = self.get(about).or_else(|| self.api.get(about).cloned());
        let (first, read) = (self.now(), known.map(|one| (one.meta.uid, one.meta.version)));
        self.journal.tell(Event { about, read, is_warning, reason, message, first, last: first, count: 1 });
    }
}
