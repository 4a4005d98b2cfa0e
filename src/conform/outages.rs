//! When Services had no ready endpoint after they first had one: how often, and whether at all.

use std::collections::BTreeSet;

use super::align::is_short;
use super::findings::{Aspect, Findings, Seen, Tolerance, Toleration};
use super::story::{Actor, Step};
use crate::kernel::Duration;
use crate::timeline::Kind;

/// The stays without an endpoint.
fn outages(service: &Actor) -> Vec<&Step> {
    let ready = service.steps.iter().position(|step| step.state.word == "Ready").unwrap_or(service.steps.len());
    service.steps[ready..].iter().filter(|step| step.state.word == "NoEndpoints").collect()
}

/// Compares the outages of Services that are in both runs; what else they became is told by the states.
pub fn compare(findings: &mut Findings<'_>) {
    let (simulated, live) = (findings.simulated, findings.live);
    let is_ready = |actor: &&Actor| actor.steps.iter().any(|step| step.state.word == "Ready");
    let services = simulated.actors.values().filter(|actor| actor.kind == Kind::Service).filter(is_ready);
    let names: BTreeSet<&String> = services.map(|actor| &actor.name).collect();
    for name in names {
        let (Some(one), Some(other)) = (simulated.actors.get(name), live.actors.get(name)) else { continue };
        findings.compared(Aspect::Outages);
        let (one, other) = (outages(one), outages(other));
        let tolerated = match judge(&one, &other) {
            Judged::Same => continue,
            Judged::Tolerated(toleration) => vec![toleration],
            Judged::Differ => Vec::new(),
        };
        findings.add(Aspect::Outages, name, side(&one), side(&other), tolerated);
    }
}

/// How the outages of a Service compare.
enum Judged {
    Same,
    Tolerated(Toleration),
    Differ,
}

fn judge(one: &[&Step], other: &[&Step]) -> Judged {
    let long = |outages: &[&Step]| outages.iter().filter(|step| !is_short(step)).count();
    if one.len() == other.len() {
        let apart = |(one, other): (&&Step, &&Step)| one.lasted.nanos().abs_diff(other.lasted.nanos());
        let most = one.iter().zip(other).map(apart).max().unwrap_or(0);
        return match Duration::from_nanos(most) {
            apart if apart < super::COALESCED_BELOW => Judged::Same,
            apart => Judged::Tolerated(Toleration {
                tolerance: Tolerance::Length,
                detail: format!("the lengths are {apart} apart at most"),
            }),
        };
    }
    if long(one) == long(other) {
        let short = one.len().max(other.len()) - long(one);
        let detail = format!("{short} of the outages lasted less than {}", super::COALESCED_BELOW);
        return Judged::Tolerated(Toleration { tolerance: Tolerance::Coalesced, detail });
    }
    Judged::Differ
}

fn side(outages: &[&Step]) -> Seen {
    let lengths: Vec<String> = outages.iter().map(|step| step.lasted.to_string()).collect();
    let text = match lengths.as_slice() {
        [] => "no outage".to_owned(),
        [one] => format!("an outage of {one}"),
        many => format!("{} outages: {}", many.len(), many.join(", ")),
    };
    (text, outages.first().map(|step| step.id))
}
