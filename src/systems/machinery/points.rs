//! Points at single writes and reads of an API server: they are counted where a write begins and ends, and where a turn reads its key.
//! A fault that stands with its point strikes that very write; whatever else waits for it happens as soon as the turn is over, because
//! a turn is one step of a control plane. Points of the cluster's own objects are a world's.

use super::api::Api;
use super::faults::{Strike, WriteFault};
use super::resource::Spec;
use super::runtime::{ControllerId, Runtime};
use crate::kernel::{Duration, Time};
use crate::timeline::{Cause, Subject};
use crate::workload::api_fault::{About, ApiFault, ApiTrouble, Moment};
use crate::workload::{Edge, OwnPoint, World};

/// A point that is waited for.
#[derive(Clone, Debug)]
struct Point {
    token: u64,
    edge: Edge,
    about: About,
    controller: Option<ControllerId>,
    left: u32,
    seen: u32,
    after: Duration,
    /// What it brings along, and for how long.
    fault: Option<(WriteFault, Option<Duration>)>,
}

/// All points of one API server.
#[derive(Clone, Debug, Default)]
pub(super) struct Points {
    waiting: Vec<Point>,
    met: Vec<(u64, Duration)>,
}

impl Points {
    /// True if nobody waits for anything.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// How many writes or reads a point that is not met yet has seen.
    pub fn seen(&self, token: u64) -> u32 {
        self.waiting.iter().filter(|point| point.token == token).map(|point| point.seen).sum()
    }

    /// True while somebody is to be called.
    pub fn are_met(&self) -> bool {
        !self.met.is_empty()
    }

    /// Counts one side of a write or read; the faults that begin with it.
    pub fn count(&mut self, edge: Edge, by: Option<ControllerId>, key: Subject, now: Time) -> Vec<WriteFault> {
        let mut begun = Vec::new();
        for point in &mut self.waiting {
            let meant = point.edge == edge
                && point.about.means(key)
                && point.controller.is_none_or(|controller| by == Some(controller));
            if !meant || point.left == 0 {
                continue;
            }
            point.left -= 1;
            point.seen += 1;
            if point.left == 0 {
                self.met.push((point.token, point.after));
                begun.extend(point.fault.take().map(|(fault, lasts)| {
                    let until = lasts.map_or(Time::MAX, |lasts| now + lasts);
                    WriteFault { until, ..fault }
                }));
            }
        }
        self.waiting.retain(|point| point.left > 0);
        begun
    }
}

impl Runtime {
    /// Waits for a point.
    ///
    /// # Errors
    /// There is no controller of this name.
    pub fn await_point<T: Spec>(&self, api: &mut Api<T>, point: &OwnPoint, cause: Cause) -> Result<(), String> {
        let named = |name: &Option<String>| match name.as_deref() {
            None => Ok(None),
            Some(name) => self.named(name).map(Some).ok_or_else(|| format!("there is no controller {name}")),
        };
        let controller = named(&point.controller)?;
        let fault = match &point.fault {
            None => None,
            Some(fault) => {
                let of = named(&fault.controller)?.or(controller.filter(|_| is_restart(fault)));
                strike(fault, point.edge).map(|(strike, spared, left, lasts)| {
                    let (number, about) = (fault.number, fault.about);
                    (WriteFault { number, controller: of, about, strike, spared, left, until: Time::MAX, cause }, lasts)
                })
            }
        };
        let (token, edge, about) = (point.token, point.edge, point.about);
        api.faults.points.waiting.push(Point {
            token,
            edge,
            about,
            controller,
            left: point.nth,
            seen: 0,
            after: point.after,
            fault,
        });
        Ok(())
    }
}

const fn is_restart(fault: &ApiFault) -> bool {
    matches!(fault.trouble, ApiTrouble::Restart { .. })
}

/// What a fault does to writes: how many pass before, how many it strikes, and for how long.
type Blow = (Strike, u32, Option<u32>, Option<Duration>);

/// What a fault does to the write at its point; `None` for one of reads, which has no write to strike.
fn strike(fault: &ApiFault, edge: Edge) -> Option<Blow> {
    Some(match fault.trouble {
        ApiTrouble::Conflict { occurrence, times } => (Strike::Conflict, occurrence - 1, times, None),
        ApiTrouble::Error { occurrence, times, lasts } => (Strike::Error, occurrence - 1, times, lasts),
        ApiTrouble::WebhookDown { lasts } => (Strike::Webhook, 0, None, lasts),
        ApiTrouble::Restart { lasts, .. } => {
            let moment = if edge == Edge::AfterWrite { Moment::AfterWrite(1) } else { Moment::BeforeWrite(1) };
            (Strike::Restart { moment, lasts }, 0, Some(1), None)
        }
        ApiTrouble::Lag { .. } | ApiTrouble::MissedEvent { .. } => return None,
    })
}

/// Has whoever waits for points be called that were met. True if any was: the controllers stop, and go on afterwards.
pub fn tell_points<T: Spec>(api: &mut Api<T>, world: &mut dyn World) -> bool {
    let met = std::mem::take(&mut api.faults.points.met);
    let stops = !met.is_empty();
    for (token, after) in met {
        world.reached(token, after);
    }
    stops
}
