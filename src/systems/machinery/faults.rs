//! Faults of writes: which of them an API server refuses, and at which a controller ends. Faults of reads stand in `runtime`.

use std::collections::BTreeMap;

use super::api::Writer;
use super::points::Points;
use super::resource::Refusal;
use super::runtime::ControllerId;
use crate::kernel::{Duration, Time};
use crate::timeline::{Cause, Subject};
use crate::workload::Edge;
use crate::workload::api_fault::{About, Moment};

/// What sort of write it is, as far as faults care.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Write {
    pub by: Writer,
    pub key: Subject,
    /// It can be in conflict: it replaces what its writer read.
    pub locked: bool,
    /// A webhook must admit it.
    pub webhook: bool,
    /// It is of an object of Kubernetes' own, which the world itself may refuse.
    pub elsewhere: bool,
}

/// What a fault does to a write.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Strike {
    Conflict,
    Error,
    Webhook,
    Restart { moment: Moment, lasts: Duration },
}

/// One fault of writes.
#[derive(Clone, Debug)]
pub(super) struct WriteFault {
    pub number: u32,
    pub controller: Option<ControllerId>,
    pub about: About,
    pub strike: Strike,
    /// Writes that pass before it strikes.
    pub spared: u32,
    /// How many it strikes; `None`: all.
    pub left: Option<u32>,
    pub until: Time,
    /// What the fault itself is caused by.
    pub cause: Cause,
}

/// A controller that ended, for how long, and why; no controller: all of them.
pub(super) type Ended = (Option<ControllerId>, Duration, Cause);

/// All faults of writes of one API server.
#[derive(Clone, Debug, Default)]
pub(super) struct WriteFaults {
    faults: Vec<WriteFault>,
    pub points: Points,
    /// Whose pass is over, until the runtime has ended them.
    ended: Vec<Ended>,
    effects: BTreeMap<u32, u64>,
}

impl WriteFaults {
    pub fn add(&mut self, fault: WriteFault) {
        self.faults.push(fault);
    }

    /// How often a fault has had an effect.
    pub fn effects(&self, number: u32) -> u64 {
        self.effects.get(&number).copied().unwrap_or(0)
    }

    /// Controllers that ended since the last call.
    pub fn take_ended(&mut self) -> Vec<Ended> {
        std::mem::take(&mut self.ended)
    }

    /// Called before a write is done. A refusal comes with what led to it.
    pub fn before(&mut self, write: Write) -> Result<(), (Refusal, Cause)> {
        if self.has_ended(write.by) {
            return Err((Refusal::Gone, write.by.cause));
        }
        self.count(Edge::BeforeWrite, write);
        for index in 0..self.faults.len() {
            let fault = &self.faults[index];
            let refusal = match fault.strike {
                Strike::Conflict if write.locked && write.by.controller.is_some() => Refusal::Conflict,
                Strike::Error => Refusal::Unavailable("the API server did not answer".to_owned()),
                Strike::Webhook if write.webhook => {
                    Refusal::Unavailable("failed calling webhook: no endpoints available".to_owned())
                }
                Strike::Restart { moment: Moment::BeforeWrite(_), .. } => Refusal::Gone,
                _ => continue,
            };
            if self.strikes(index, write) {
                return Err((refusal, self.faults[index].cause));
            }
        }
        Ok(())
    }

    /// Called once a write is done.
    pub fn after(&mut self, write: Write) -> Result<(), Refusal> {
        let mut result = Ok(());
        self.count(Edge::AfterWrite, write);
        for index in 0..self.faults.len() {
            if let Strike::Restart { moment: Moment::AfterWrite(_), .. } = self.faults[index].strike
                && self.strikes(index, write)
            {
                result = Err(Refusal::Gone);
            }
        }
        result
    }

    fn count(&mut self, edge: Edge, write: Write) {
        if !self.points.is_empty() {
            let begun = self.points.count(edge, write.by.controller, write.key, write.by.at);
            self.faults.extend(begun);
        }
    }

    /// Counts the reads of a controller whose turn begins.
    pub fn count_read(&mut self, edge: Edge, by: ControllerId, key: Subject, now: Time) {
        if !self.points.is_empty() {
            let begun = self.points.count(edge, Some(by), key, now);
            self.faults.extend(begun);
        }
    }

    fn has_ended(&self, by: Writer) -> bool {
        let Some(writer) = by.controller else { return false };
        self.ended.iter().any(|(ended, ..)| ended.is_none_or(|ended| ended == writer))
    }

    /// Counts a write against a fault; true if the fault strikes it.
    fn strikes(&mut self, index: usize, write: Write) -> bool {
        let fault = &mut self.faults[index];
        let meant = fault.about.means(write.key)
            && write.by.at < fault.until
            && fault.controller.is_none_or(|controller| write.by.controller == Some(controller));
        // An operator's write is no step of a controller.
        let of_world =
            write.elsewhere && fault.controller.is_none() && matches!(fault.strike, Strike::Conflict | Strike::Error);
        let counted =
            meant && !of_world && (write.by.controller.is_some() || !matches!(fault.strike, Strike::Restart { .. }));
        if !counted || fault.left == Some(0) {
            return false;
        }
        if fault.spared > 0 {
            fault.spared -= 1;
            return false;
        }
        fault.left = fault.left.map(|left| left - 1);
        if let Strike::Restart { lasts, .. } = fault.strike {
            self.ended.push((fault.controller, lasts, fault.cause));
        }
        *self.effects.entry(fault.number).or_default() += 1;
        true
    }
}
