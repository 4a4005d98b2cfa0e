//! Who serves the requests that go to one name, and with what share, at each instant of a run. Both worlds keep it here; how
//! many pods of a workload serve, only the world can tell. No request is simulated: a share is a share of weights.

use std::collections::BTreeMap;

use crate::kernel::{Duration, Time};
use crate::timeline::{Arg, Cause, Subject, Why};

/// One of those that requests go to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Backend {
    /// Whose pods: a pod itself, or a workload with all that it has.
    pub workload: Subject,
    /// Under which name its share is told: an instance, a revision.
    pub party: Subject,
    /// What each of its pods that is ready and answers weighs; 0 takes no requests.
    pub weight: u32,
    /// Pods on nodes with this label and value alone; `None`: on any node.
    pub nodes: Option<(String, String)>,
    /// True if requests go to its pods as long as they answer, whatever Kubernetes holds of their readiness: who sends them has checks of
    /// its own.
    pub unready: bool,
}

/// From this instant on, until the next point.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Point {
    /// When.
    pub at: Time,
    /// The weights above 0, as positions in [`Series::parties`], in that order.
    pub weights: Vec<(u16, u64)>,
}

impl Point {
    fn total(&self) -> u64 {
        self.weights.iter().map(|(_, weight)| weight).sum()
    }
}

/// What became of a name's service as a whole.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Turn {
    /// Somebody serves again, or for the first time; so many parties.
    Serves(u32),
    /// Nobody serves any more.
    Outage,
}

impl Turn {
    /// The turn as an entry about the name tells it.
    pub fn words(self) -> (&'static str, Why) {
        match self {
            Turn::Serves(1) => ("serving", Why::NONE),
            Turn::Serves(parties) => ("serving", Why::with("by {} parties", Arg::Count(parties.into()))),
            Turn::Outage => ("outage", Why::text("nobody serves")),
        }
    }
}

/// The shares of one name over a run.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Series {
    parties: Vec<Subject>,
    points: Vec<Point>,
}

/// One in a million; shares are told so, to stay whole numbers.
pub const WHOLE_PPM: u64 = 1_000_000;

impl Series {
    /// Those that ever served, in the order in which they first did.
    pub fn parties(&self) -> &[Subject] {
        &self.parties
    }

    /// What held from when on, in order of time.
    pub fn points(&self) -> &[Point] {
        &self.points
    }

    /// Writes what weights hold from now on. Tells whether service began or ended with that.
    pub fn record(&mut self, at: Time, weights: &[(Subject, u64)]) -> Option<Turn> {
        let mut by_party: Vec<(u16, u64)> = Vec::with_capacity(weights.len());
        for (party, weight) in weights.iter().filter(|(_, weight)| *weight > 0) {
            let known = self.parties.iter().position(|known| known == party);
            let place = known.unwrap_or_else(|| {
                self.parties.push(*party);
                self.parties.len() - 1
            });
            let place = u16::try_from(place).expect("fewer than 2^16 parties share one name");
            match by_party.iter_mut().find(|(known, _)| *known == place) {
                Some((_, sum)) => *sum += weight,
                None => by_party.push((place, *weight)),
            }
        }
        by_party.sort_unstable();
        let before = self.points.last().map_or(0, Point::total);
        let next = Point { at, weights: by_party };
        let now = next.total();
        match self.points.last_mut() {
            Some(last) if last.weights == next.weights => return None,
            None if now == 0 => return None,
            Some(last) if last.at == at => *last = next,
            _ => self.points.push(next),
        }
        let serving = self.points.last().map_or(0, |point| point.weights.len() as u32);
        match (before, now) {
            (0, 1..) => Some(Turn::Serves(serving)),
            (1.., 0) => Some(Turn::Outage),
            _ => None,
        }
    }

    /// The share of a party at an instant, in parts of a million; 0 where nobody serves.
    pub fn share_ppm(&self, party: Subject, at: Time) -> u64 {
        let after = self.points.partition_point(|point| point.at <= at);
        let Some(point) = after.checked_sub(1).and_then(|last| self.points.get(last)) else { return 0 };
        self.share_of(point, party)
    }

    fn share_of(&self, point: &Point, party: Subject) -> u64 {
        let place = self.parties.iter().position(|known| *known == party);
        let own = point.weights.iter().find(|(known, _)| place == Some(usize::from(*known)));
        let (own, total) = (u128::from(own.map_or(0, |(_, weight)| *weight)), u128::from(point.total()));
        let rounded = (own * u128::from(WHOLE_PPM) + total / 2).checked_div(total);
        rounded.and_then(|share| u64::try_from(share).ok()).unwrap_or(0)
    }

    /// The least and the greatest share of a party since it first served, in parts of a million. That nobody serves is an outage
    /// and no share.
    pub fn range_ppm(&self, party: Subject) -> Option<(u64, u64)> {
        let served = self.points.iter().filter(|point| !point.weights.is_empty());
        let shares = served.map(|point| self.share_of(point, party)).skip_while(|share| *share == 0);
        shares.fold(None, |range, share| {
            let (least, most) = range.unwrap_or((share, share));
            Some((least.min(share), most.max(share)))
        })
    }

    /// When nobody served although somebody had before: from when, and until when; `end` for the last if it lasts.
    pub fn outages(&self, end: Time) -> impl Iterator<Item = (Time, Time)> + '_ {
        let ends = self.points.iter().skip(1).map(|point| point.at).chain([end]);
        self.points.iter().zip(ends).filter(|(point, _)| point.weights.is_empty()).map(|(point, end)| (point.at, end))
    }

    /// How long nobody served, after somebody had for the first time.
    pub fn outage(&self, end: Time) -> Duration {
        self.outages(end).fold(Duration::ZERO, |sum, (from, to)| sum + to.since(from))
    }
}

/// What systems route, and the shares of everything that has any.
#[derive(Clone, Debug, Default)]
pub struct Traffic {
    routed: BTreeMap<Subject, Routed>,
    series: BTreeMap<Subject, Series>,
    /// True if weights may be others than when they were last looked at.
    pub is_stale: bool,
}

/// Where the requests to one name go.
#[derive(Clone, Debug)]
pub struct Routed {
    /// To whom. Pods without weight may stand among them that nobody is sent to: those for want of which others serve nobody.
    pub backends: Vec<Backend>,
    /// What led to that.
    pub cause: Cause,
    /// To whom they went when the last instant ended, if that is changed in this one.
    before: Option<Vec<Backend>>,
}

/// Service of a name that began or ended with an instant.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Turned {
    /// The name.
    pub name: Subject,
    /// What became of it.
    pub turn: Turn,
    /// Where its requests went before, if they were sent elsewhere at this instant.
    pub before: Vec<Backend>,
}

impl Traffic {
    /// From now on, requests to this name go to these alone. To say again what holds is no change.
    pub fn route(&mut self, name: Subject, backends: Vec<Backend>, cause: Cause) {
        let before = match self.routed.get_mut(&name) {
            Some(known) if known.backends == backends => return,
            Some(known) => known.before.take().or_else(|| Some(std::mem::take(&mut known.backends))),
            None => None,
        };
        self.routed.insert(name, Routed { backends, cause, before });
        self.is_stale = true;
    }

    /// Writes who serves each name that is routed, now that an instant ends; `serving` counts the pods of a backend that do. Gives
    /// the names of which service began or ended.
    pub fn settle(&mut self, at: Time, serving: impl Fn(&Backend) -> u64) -> Vec<Turned> {
        let weigh = |one: &Backend| (one.party, u64::from(one.weight) * serving(one));
        let mut turns = Vec::new();
        for (name, routed) in &mut self.routed {
            let weights: Vec<(Subject, u64)> = routed.backends.iter().map(weigh).collect();
            let before = routed.before.take().unwrap_or_default();
            let turn = self.series.entry(*name).or_default().record(at, &weights);
            turns.extend(turn.map(|turn| Turned { name: *name, turn, before }));
        }
        turns
    }

    /// True if a system routes any name.
    pub fn is_routed(&self) -> bool {
        !self.routed.is_empty()
    }

    /// Where the requests to this name go, if a system routes it.
    pub fn routing(&self, name: Subject) -> Option<&Routed> {
        self.routed.get(&name)
    }

    /// Writes who serves a name that nobody routes from now on: a Service.
    pub fn record(&mut self, name: Subject, at: Time, weights: &[(Subject, u64)]) -> Option<Turn> {
        self.series.entry(name).or_default().record(at, weights)
    }

    /// The shares of every name that ever was served, in the order of the names.
    pub fn series(&self) -> impl Iterator<Item = (Subject, &Series)> {
        self.series.iter().map(|(name, series)| (*name, series)).filter(|(_, series)| !series.points.is_empty())
    }

    /// The shares of one name.
    pub fn of(&self, name: Subject) -> Option<&Series> {
        self.series.get(&name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Names;

    fn at(seconds: u64) -> Time {
        Time::ZERO + Duration::from_secs(seconds)
    }

    #[test]
    fn a_canary_has_the_share_of_its_pods() {
        let mut names = Names::default();
        let mut subject = |text: &str| Subject::parse(text, &mut names).expect(text);
        let (main, canary) = (subject("instance/shop.main"), subject("instance/shop.canary"));
        let mut series = Series::default();
        assert_eq!(series.record(at(0), &[]), None);
        assert_eq!(series.record(at(1), &[(main, 30), (canary, 3)]), Some(Turn::Serves(2)));
        assert_eq!(series.record(at(2), &[(canary, 3), (main, 30)]), None);
        assert_eq!(series.record(at(9), &[(main, 200), (canary, 3)]), None);
        assert_eq!(series.share_ppm(canary, at(8)), 90_909);
        assert_eq!(series.share_ppm(main, at(8)), 90_909 * 10 + 1);
        assert_eq!(series.range_ppm(canary), Some((14_778, 90_909)));
        assert_eq!(series.points().len(), 2);
    }

    #[test]
    fn an_outage_begins_once_somebody_had_served() {
        let mut names = Names::default();
        let main = Subject::parse("instance/shop.main", &mut names).expect("a subject");
        let mut series = Series::default();
        series.record(at(5), &[(main, 1)]);
        assert_eq!(series.record(at(7), &[(main, 0)]), Some(Turn::Outage));
        assert_eq!(series.record(at(10), &[(main, 2)]), Some(Turn::Serves(1)));
        series.record(at(20), &[]);
        assert_eq!(series.outages(at(30)).collect::<Vec<_>>(), [(at(7), at(10)), (at(20), at(30))]);
        assert_eq!(series.outage(at(30)), Duration::from_secs(13));
        assert_eq!(series.share_ppm(main, at(8)), 0);
    }
}
