//! GR111: traffic was given to a version that was not ready for it. Systems pledge which party takes over and how many of its pods must
//! be ready; a Service that anybody points elsewhere needs one.

use super::{Found, Oracle, Unread, rules};
use crate::kernel::Time;
use crate::scenario::Scenario;
use crate::timeline::{Entry, EntryId, Kind, Subject};
use crate::workload::traffic::Series;
use crate::workload::{Pledge, Stage};

/// Watches for promotions of what is not ready.
#[derive(Clone, Default, Debug)]
pub struct Promotion {
    unread: Unread,
    /// Services that were changed at this instant, each with the ready pods that whoever took over had right then.
    changed: Vec<(Subject, EntryId, u32)>,
}

impl Promotion {
    /// One for a run of this scenario.
    pub fn new(_: &Scenario) -> Promotion {
        Promotion::default()
    }
}

/// The parties that served a name just before this instant; none if nobody did, or nobody ever had.
fn served_before(series: Option<&Series>, now: Time) -> Vec<Subject> {
    let Some(series) = series else { return Vec::new() };
    let before = series.points().iter().rev().find(|point| point.at < now);
    let weights = before.into_iter().flat_map(|point| &point.weights);
    weights.filter_map(|(place, _)| series.parties().get(usize::from(*place)).copied()).collect()
}

/// True if somebody served a name before this instant.
fn was_served(series: Option<&Series>, now: Time) -> bool {
    series.is_some_and(|series| series.points().iter().any(|point| point.at < now && !point.weights.is_empty()))
}

/// Pods of a party that are ready for the requests to a name.
fn ready(name: Subject, party: Subject, stage: &dyn Stage) -> u32 {
    if name.kind == Kind::Service {
        return stage.ready_endpoints(name).unwrap_or(0);
    }
    let routing = stage.traffic().and_then(|traffic| traffic.routing(name));
    let own = routing.into_iter().flat_map(|routed| &routed.backends).filter(|backend| backend.party == party);
    own.filter_map(|backend| stage.counts(backend.workload)).map(|counts| counts.ready).sum()
}

impl Oracle for Promotion {
    fn entry(&mut self, id: EntryId, entry: &Entry, stage: &dyn Stage, _: &mut Found) {
        if entry.subject.kind == Kind::Service && entry.became == "Changed" {
            let pledges = self.unread.peek(stage).iter().rev();
            let party = pledges.into_iter().find_map(|pledge| match *pledge {
                Pledge::TakesOver { name, party, .. } if name == entry.subject => Some(party),
                _ => None,
            });
            let ready = party.and_then(|party| stage.counts(party)).map_or(0, |counts| counts.ready);
            self.changed.push((entry.subject, id, ready));
        }
    }

    fn instant(&mut self, stage: &dyn Stage, found: &mut Found) {
        let (now, names) = (stage.now(), stage.names());
        let series = |name: Subject| stage.traffic().and_then(|traffic| traffic.of(name));
        let last = stage.timeline().len().checked_sub(1).map(|index| EntryId(index as u32));
        for pledge in self.unread.take(stage) {
            let Pledge::TakesOver { name, party, pods } = *pledge else { continue };
            // A system that has said what it owes is held to that alone.
            let known = self.changed.iter().position(|(service, ..)| *service == name);
            let (change, then) =
                known.map(|place| self.changed.remove(place)).map_or((None, 0), |(_, id, ready)| (Some(id), ready));
            // A patch of a Service that did not come through moved nothing, and the first version is no promotion.
            if (name.kind == Kind::Service && change.is_none()) || !was_served(series(name), now) {
                continue;
            }
            // Pods that went after the switch, at the same instant, were there for it.
            let ready = ready(name, party, stage).max(then);
            if ready < pods {
                let detail = format!("{} took over with {ready} ready pods, and needs {pods}", party.show(names));
                found.add(&rules::PROMOTION, name.show(names), now, detail, change.or(last));
            }
        }
        for (service, id, _) in std::mem::take(&mut self.changed) {
            if stage.ready_endpoints(service) != Some(0) {
                continue;
            }
            // Where those who served are going too, nothing was taken from anybody.
            let left: Vec<Subject> = served_before(series(service), now)
                .into_iter()
                .filter(|party| stage.counts(*party).is_some_and(|counts| counts.ready > 0))
                .collect();
            if let Some(party) = left.first() {
                let party = party.show(names);
                let detail = format!("it was taken from the ready pods of {party} and given to none");
                found.add(&rules::PROMOTION, service.show(names), now, detail, Some(id));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oracle::played::Played;

    /// A Service goes from `web-r1` to `web-r2`, which has so many ready pods; a system says how many it owes.
    fn found(ready: u32, owed: Option<u32>, was_served: bool) -> Vec<String> {
        let (mut stage, mut oracle, mut found) = (Played::default(), Promotion::default(), Found::default());
        stage.at(1);
        if was_served {
            stage.served("Service/web", &[("ReplicaSet/web-r1", 2)]);
        }
        stage.has("ReplicaSet/web-r1", 2);
        stage.at(9);
        stage.has("Service/web", ready);
        stage.served("Service/web", &[("ReplicaSet/web-r2", ready)]);
        if let Some(pods) = owed {
            let (name, party) = (stage.subject("Service/web"), stage.subject("ReplicaSet/web-r2"));
            stage.owe(Pledge::TakesOver { name, party, pods });
        }
        let (id, entry) = stage.became("Service/web", "Changed");
        oracle.entry(id, &entry, &stage, &mut found);
        oracle.instant(&stage, &mut found);
        found.into_vec().into_iter().map(|one| format!("{}: {}", one.subject, one.detail)).collect()
    }

    #[test]
    fn a_service_that_leaves_ready_pods_for_none_is_found() {
        let told = "Service/web: it was taken from the ready pods of ReplicaSet/web-r1 and given to none";
        assert_eq!(found(0, None, true), [told]);
        assert_eq!(found(1, None, true), Vec::<String>::new());
    }

    #[test]
    fn a_system_is_held_to_the_number_that_it_owes() {
        let told = "Service/web: ReplicaSet/web-r2 took over with 1 ready pods, and needs 2";
        assert_eq!(found(1, Some(2), true), [told]);
        assert_eq!(found(2, Some(2), true), Vec::<String>::new());
        assert_eq!(found(0, Some(0), true), Vec::<String>::new(), "a preview promises nothing");
    }

    #[test]
    fn the_first_version_is_no_promotion() {
        assert_eq!(found(0, Some(2), false), Vec::<String>::new());
    }
}
