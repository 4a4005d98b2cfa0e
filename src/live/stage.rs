//! The live world as a rehearsal drives it: messages and timers become happenings, one after the other.

use std::sync::mpsc::RecvTimeoutError;
use std::time::Duration;

use super::answers::Answer;
use super::clock::Timer;
use super::cluster::LiveCluster;
use super::message::Message;
use super::port::Port;
use super::trouble::Trouble;
use crate::kernel::{Names, Time};
use crate::timeline::{Cause, Subject, Timeline};
use crate::workload::{Counts, Disruption, Happening, Pledge, Stage, Stop, Struck, Traffic, World};

/// An instant ends when nothing has come for so long. Watches of different kinds are streams of their own: that a Deployment is
/// complete can be told a moment before that its pod is ready, and an observer that looks in between sees what never was.
const SETTLES_AFTER: Duration = Duration::from_millis(50);

/// No instant lasts longer, for clusters where something always comes.
const INSTANT_MAX: crate::kernel::Duration = crate::kernel::Duration::from_millis(500);

impl Stage for LiveCluster {
    fn now(&self) -> Time {
        self.clock.now()
    }

    fn next(&mut self) -> Happening {
        self.tell_progress();
        loop {
            if let Some(happening) = self.pending.pop_front() {
                self.is_open = true;
                return happening;
            }
            if let Some(timer) = self.clock.pop() {
                self.is_open = true;
                match timer {
                    Timer::Rehearsal(token) => return Happening::Rehearsal(token),
                    Timer::Controller { controller, token, cause } => {
                        return Happening::Timer { controller, token, cause };
                    }
                    Timer::FaultEnds(standing) => self.end_fault(standing),
                    Timer::EvictAgain(drain, pod) => self.drain_pod(drain, pod),
                    Timer::DrainTimeout(drain) => self.drain_timeout(drain),
                    Timer::Look => self.hand_out_answers(),
                }
                continue;
            }
            self.clock.advance();
            while let Ok(message) = self.inbox.try_recv() {
                self.is_open = true;
                self.handle(message);
            }
            if !self.pending.is_empty() {
                continue;
            }
            if self.is_open {
                let opened_at = *self.opened_at.get_or_insert(self.clock.now());
                let is_settled = self.clock.now() >= opened_at + INSTANT_MAX;
                let quiet = self.clock.wait().min(SETTLES_AFTER);
                if !is_settled && let Ok(message) = self.inbox.recv_timeout(quiet) {
                    self.clock.advance();
                    self.handle(message);
                    continue;
                }
                self.is_open = false;
                self.opened_at = None;
                self.settle_traffic();
                return Happening::InstantEnded;
            }
            match self.inbox.recv_timeout(self.clock.wait()) {
                Ok(message) => {
                    self.clock.advance();
                    self.is_open = true;
                    self.handle(message);
                }
                // A timer is due.
                Err(RecvTimeoutError::Timeout) => {}
                // The run holds a sender itself.
                Err(RecvTimeoutError::Disconnected) => return Happening::Quiet,
            }
        }
    }

    fn port(&mut self, controller: usize) -> Box<dyn World + '_> {
        Box::new(Port::new(self, controller))
    }

    fn call_at(&mut self, at: Time, token: u64, late: bool) {
        self.clock.set(at, late, Timer::Rehearsal(token));
    }

    fn disrupt(&mut self, disruption: &Disruption, cause: Cause) -> Result<Struck, String> {
        self.strike(disruption, cause)
    }

    fn pledges(&self) -> &[Pledge] {
        &self.pledges
    }

    fn traffic(&self) -> Option<&Traffic> {
        Some(&self.traffic)
    }

    fn effects(&self, standing: usize) -> u64 {
        self.standing.get(standing).map_or(0, |standing| standing.effects)
    }

    fn counts(&self, subject: Subject) -> Option<Counts> {
        let counts = self.mirror.counts(subject, self.clock.now());
        match self.told_wanted(subject) {
            Some(desired) => Some(Counts { desired, ..counts.unwrap_or_default() }),
            None => counts,
        }
    }

    fn told_wanted(&self, deployment: Subject) -> Option<u32> {
        self.wanted.get(&deployment).copied()
    }

    fn ready_endpoints(&self, service: Subject) -> Option<u32> {
        self.mirror.services.get(&service).map(|service| service.ready())
    }

    fn observed_counts(&self, subject: Subject) -> Option<Counts> {
        // What a live run knows of the truth is what its watches show.
        self.counts(subject)
    }

    fn gpus(&self) -> (u64, u64) {
        self.mirror.gpus()
    }

    fn published(&self, subject: Subject, key: &str) -> Option<&str> {
        self.published.get(&(subject, key.to_owned())).map(String::as_str)
    }

    fn timeline(&self) -> &Timeline {
        &self.timeline
    }

    fn timeline_mut(&mut self) -> (&mut Timeline, &mut Names) {
        (&mut self.timeline, &mut self.names)
    }

    fn names(&self) -> &Names {
        &self.names
    }
}

impl LiveCluster {
    /// Handles one message: what it means is written down, and those that it is for are told.
    pub(super) fn handle(&mut self, message: Message) {
        match message {
            Message::Seen(object) => self.saw(object),
            Message::Gone(object) => self.lost_sight(&object),
            Message::Listed { kind, namespace, uids } => self.listed(kind, &namespace, &uids),
            Message::Answered { controller, ask, key, outcome, cause } => {
                let at = self.present();
                self.answer(Answer { controller, ask, key, reply: outcome, cause, at });
            }
            Message::Silent(why) => {
                let why = Trouble::Lost(why).to_string();
                self.pending.push_back(Happening::Stopped(Stop::Lost(why)));
            }
            Message::Interrupted => self.pending.push_back(Happening::Stopped(Stop::Interrupted)),
        }
        self.hand_out_answers();
    }
}
