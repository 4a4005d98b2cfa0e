//! Faults of reads: which changes a controller is shown late, and which do not wake it. Faults of writes stand in `faults`.

use std::collections::BTreeMap;

use super::resource::Version;
use super::runtime::ControllerId;
use crate::kernel::{Duration, Time};
use crate::timeline::Subject;
use crate::workload::api_fault::About;

/// One fault of reads.
#[derive(Clone, Debug)]
pub(super) struct ReadFault {
    pub number: u32,
    pub controller: Option<ControllerId>,
    pub about: About,
    pub from: Time,
    pub trouble: ReadTrouble,
    /// How often it had an effect.
    pub effects: u64,
}

/// What a fault does to reads.
#[derive(Clone, Debug)]
pub(super) enum ReadTrouble {
    /// Changes are shown later by so much; without a length once the fault ends.
    Lag { by: Option<Duration>, until: Time },
    /// So many changes pass, then so many are missed. What was decided of a write stays, whoever sees it when.
    Missed { spared: u32, left: u32, decided: BTreeMap<Version, bool> },
}

/// All faults of reads of one control plane.
#[derive(Clone, Debug, Default)]
pub(super) struct ReadFaults(pub Vec<ReadFault>);

impl ReadFaults {
    /// How often a fault has had an effect.
    pub fn effects(&self, number: u32) -> u64 {
        self.0.iter().filter(|fault| fault.number == number).map(|fault| fault.effects).sum()
    }

    /// When a controller is shown a write of `at`, and the fault by which it is later than that. A watch is of a kind: if it is
    /// late with one object, it is late with all behind it.
    pub fn shown_at(&self, controller: ControllerId, key: Subject, at: Time, now: Time) -> (Time, Option<usize>) {
        let mut shown = (at, None);
        for (index, fault) in self.0.iter().enumerate() {
            let ReadTrouble::Lag { by, until } = fault.trouble else { continue };
            let of_kind = match fault.about {
                About::Anything => true,
                About::Kind(kind) | About::Object(Subject { kind, .. }) => kind == key.kind,
            };
            let meant = of_kind && fault.controller.is_none_or(|meant| meant == controller);
            if !meant || now >= until || at < fault.from {
                continue;
            }
            let late = by.map_or(until, |by| until.min(at + by));
            if late > shown.0 {
                shown = (late, Some(index));
            }
        }
        shown
    }

    /// A fault held something back.
    pub fn held(&mut self, index: usize) {
        self.0[index].effects = self.0[index].effects.max(1);
    }

    /// True if a fault keeps a change from waking a controller. A change of an object of Kubernetes' own has no version here, and is
    /// missed by what names the controller alone: the world itself has the others.
    pub fn misses(&mut self, controller: ControllerId, changed: Subject, version: Option<Version>) -> bool {
        for fault in &mut self.0 {
            let meant = match fault.controller {
                Some(meant) => meant == controller,
                None => version.is_some(),
            };
            let ReadTrouble::Missed { spared, left, decided } = &mut fault.trouble else { continue };
            if !meant || !fault.about.means(changed) {
                continue;
            }
            let before = version.and_then(|version| decided.get(&version).copied());
            let missed = before.unwrap_or_else(|| {
                let missed = *spared == 0 && *left > 0;
                *left -= u32::from(missed);
                *spared = spared.saturating_sub(1);
                missed
            });
            if let Some(version) = version {
                decided.insert(version, missed);
            }
            if missed {
                fault.effects += 1;
                return true;
            }
        }
        false
    }
}
