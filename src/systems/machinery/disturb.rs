//! How a fault of watches or writes reaches a control plane: whether it is meant, where it stands, and what came of it.

use std::collections::BTreeMap;

use super::api::Api;
use super::faults::{Strike, WriteFault};
use super::reads::{ReadFault, ReadTrouble};
use super::resource::Spec;
use super::runtime::{ControllerId, Runtime};
use crate::kernel::{Duration, Time};
use crate::timeline::{Cause, Subject};
use crate::workload::api_fault::{About, ApiFault, ApiTrouble, Moment};

impl Runtime {
    /// True if this fault names controllers and kinds that are here.
    pub fn takes(&self, fault: &ApiFault) -> bool {
        let named = fault.controller.as_deref().is_none_or(|name| self.named(name).is_some());
        let watched = match fault.about {
            About::Anything => true,
            About::Kind(kind) | About::Object(Subject { kind, .. }) => {
                !fault.trouble.is_of_reads() || self.watches(kind)
            }
        };
        named && watched
    }

    /// Lets a fault that [`Runtime::takes`] stand or strike from now on. Call [`Runtime::next`] afterwards.
    pub fn disturb<T: Spec>(&mut self, api: &mut Api<T>, fault: &ApiFault, now: Time, cause: Cause) {
        let controller = fault.controller.as_deref().and_then(|name| self.named(name));
        let until = |lasts: Option<Duration>| lasts.map_or(Time::MAX, |lasts| now + lasts);
        let (strike, first, left, end) = match fault.trouble {
            ApiTrouble::Lag { by, lasts } => {
                return self.read_fault(fault, controller, now, ReadTrouble::Lag { by, until: until(lasts) });
            }
            ApiTrouble::MissedEvent { occurrence, times } => {
                let spared = occurrence.saturating_sub(1);
                let trouble = ReadTrouble::Missed { spared, left: times, decided: BTreeMap::new() };
                return self.read_fault(fault, controller, now, trouble);
            }
            ApiTrouble::Restart { moment: Moment::Now, lasts } => {
                self.end(controller, now, lasts, cause);
                self.restarts.insert(fault.number);
                return;
            }
            ApiTrouble::Conflict { occurrence, times } => (Strike::Conflict, occurrence, times, None),
            ApiTrouble::Error { occurrence, times, lasts } => (Strike::Error, occurrence, times, lasts),
            ApiTrouble::WebhookDown { lasts } => (Strike::Webhook, 1, None, lasts),
            ApiTrouble::Restart { moment: moment @ (Moment::BeforeWrite(nth) | Moment::AfterWrite(nth)), lasts } => {
                (Strike::Restart { moment, lasts }, nth, Some(1), None)
            }
        };
        let (number, about) = (fault.number, fault.about);
        let spared = first.saturating_sub(1);
        api.faults.add(WriteFault { number, controller, about, strike, spared, left, until: until(end), cause });
    }

    /// How often a fault has had an effect so far.
    pub fn effects<T>(&self, api: &Api<T>, number: u32) -> u64 {
        self.faults.effects(number) + api.faults.effects(number) + u64::from(self.restarts.contains(&number))
    }

    fn read_fault(&mut self, fault: &ApiFault, controller: Option<ControllerId>, from: Time, trouble: ReadTrouble) {
        let (number, about) = (fault.number, fault.about);
        self.faults.0.push(ReadFault { number, controller, about, from, trouble, effects: 0 });
    }
}
