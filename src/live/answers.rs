//! Answers to asks, in the order of the asks. An answer that an object was taken waits until the watches show the object: a
//! controller that reads what it has written finds it, as in simulation.

use super::clock::Timer;
use super::cluster::LiveCluster;
use super::message::Reply;
use super::request::NOBODY;
use crate::kernel::{Duration, Time};
use crate::timeline::{Cause, Kind, Subject};
use crate::workload::{AskId, Happening, Outcome};

/// An answer waits no longer than this for a watch: an object may be gone again before it was seen.
const PATIENCE: Duration = Duration::from_secs(2);

/// What became of an ask.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub controller: usize,
    pub ask: AskId,
    pub key: Subject,
    pub reply: Reply,
    pub cause: Cause,
    /// When it came.
    pub at: Time,
}

impl LiveCluster {
    /// An answer came.
    pub(super) fn answer(&mut self, answer: Answer) {
        self.answers.push_back(answer);
        self.hand_out_answers();
        if !self.answers.is_empty() {
            // Nobody observes it: only so that the answer is looked at again.
            self.clock.set(self.present() + PATIENCE, false, Timer::Look);
        }
    }

    /// Hands out the answers that need not wait any more.
    pub(super) fn hand_out_answers(&mut self) {
        while let Some(first) = self.answers.front() {
            if self.must_wait(first) {
                return;
            }
            if let Some(answer) = self.answers.pop_front() {
                self.hand_out(answer);
            }
        }
    }

    fn must_wait(&self, answer: &Answer) -> bool {
        let watched = !matches!(
            answer.key.kind,
            Kind::ConfigMap
                | Kind::Secret
                | Kind::Namespace
                | Kind::PriorityClass
                | Kind::StorageClass
                | Kind::PersistentVolume
        );
        let Reply::Applied(generation) = answer.reply else { return false };
        let is_awaited = self.applied.get(&answer.key).is_some_and(|applied| applied.is_awaited);
        // One that was there is still shown as it was: ready, after a change that makes it wait.
        let is_seen = match self.mirror.workloads.get(&answer.key) {
            Some(seen) => seen.generation >= generation,
            None => !is_awaited || self.mirror.status(answer.key).is_some(),
        };
        watched && !is_seen && answer.at + PATIENCE > self.present()
    }

    fn hand_out(&mut self, answer: Answer) {
        let Answer { controller, ask, key, reply, cause, .. } = answer;
        if let Some(applied) = self.applied.get_mut(&key) {
            applied.is_awaited = false;
        }
        let outcome = match reply {
            Reply::Plain(outcome) => outcome,
            Reply::Applied(_) => Outcome::Accepted(None),
            Reply::Found => Outcome::Accepted(self.shown(key)),
            Reply::Refused(why) => Outcome::Refused(self.interned(&why)),
            Reply::Failed(why) => Outcome::Failed(self.interned(&why)),
        };
        if controller == NOBODY {
            self.fault_answered(key, outcome);
            return;
        }
        if let (Some(object), Outcome::Accepted(_)) = (self.deferred.remove(&ask), outcome) {
            self.apply_custom(key, object, cause);
        }
        self.answered(key, outcome, cause);
        self.pending.push_back(Happening::Answered { controller, ask, outcome, cause });
    }

    /// A text of the API in the document's names.
    fn interned(&mut self, text: &str) -> crate::kernel::Symbol {
        let text = self.rendering.naming.text_to_document(text);
        self.names.intern(&text)
    }
}
