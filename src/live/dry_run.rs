//! What a run would apply, without a cluster: the scenario is played in simulation, and each object that a controller asks for is
//! rendered as a live run would render it.

use serde_json::Value;

use super::custom::is_custom;
use super::nodes::fleet;
use super::options::LiveOptions;
use super::refusals::refusals;
use super::render::{self, Rendering};
use super::session::{Failure, rendering};
use super::trouble::Trouble;
use crate::kernel::{Names, Time};
use crate::rehearsal::{Options, Recorder, Rehearsal, simulated};
use crate::scenario::Scenario;
use crate::timeline::{Kind, Subject};
use crate::workload::{Object, Stage};

/// An object that would be applied.
#[derive(Clone, Debug)]
pub struct Planned {
    /// When, as the simulation has it.
    pub at: Time,
    /// The object as it would be applied, or why it cannot be.
    pub object: Result<Value, String>,
}

/// What a live run is about to do, as far as a simulation of it can tell.
pub(super) struct Foreseen {
    /// How its objects are rendered. The names of all that it makes are known: a Deployment may name a class that its document
    /// has further down.
    pub rendering: Rendering,
    /// What it applies, in order.
    pub planned: Vec<Planned>,
}

/// What a live run of a scenario would apply, in order.
///
/// # Errors
/// What is wrong with the scenario, or what of it no live run can do.
pub fn dry_run(scenario: &Scenario, options: Options, live: &LiveOptions) -> Result<Vec<Planned>, Failure> {
    foresee(scenario, options, live).map(|foreseen| foreseen.planned)
}

/// Plays a scenario in simulation and renders what it asks for.
///
/// # Errors
/// What is wrong with the scenario, or what of it no live run can do.
pub(super) fn foresee(scenario: &Scenario, options: Options, live: &LiveOptions) -> Result<Foreseen, Failure> {
    let refused = refusals(scenario, live);
    if !refused.is_empty() {
        return Err(Trouble::Unsupported(refused).into());
    }
    let mut rendering = rendering(scenario, live, options.seed.unwrap_or(scenario.seed))?;
    let rehearsal = played(scenario, options)?;
    let recorder = rehearsal.stage();
    let names = recorder.names();
    // What lives in greenroom is not applied itself: what it makes is.
    let applied = |(_, key, _): &&(Time, Subject, Object)| !is_custom(key.kind) && key.kind != Kind::NodePool;
    let asked: Vec<&(Time, Subject, Object)> = recorder.asked().iter().filter(applied).collect();
    for (_, key, _) in &asked {
        rendering.naming.learn(key.kind, names.text(key.namespace), &names.show(key.name));
    }
    let render = |(at, key, object): &(Time, Subject, Object)| Planned {
        at: *at,
        object: render::object(*key, object, names, &rendering).map_err(|unsupported| unsupported.to_string()),
    };
    let first = |object| Planned { at: Time::ZERO, object: Ok(object) };
    let mut planned = Vec::new();
    if live.fake_nodes {
        let nodes = fleet(scenario, &mut Names::default()).map_err(Trouble::Api)?;
        let nodes = nodes.iter().map(|(name, spec)| render::fleet::fake_node(&rendering.naming, name, spec));
        planned.extend(nodes.map(first));
    }
    let namespaces = scenario.cluster.namespaces.iter().map(String::as_str).chain([""]);
    planned.extend(namespaces.map(|name| first(render::fleet::namespace(&rendering.naming, name))));
    planned.extend(asked.into_iter().map(render));
    Ok(Foreseen { rendering, planned })
}

/// The scenario, played in simulation.
fn played(scenario: &Scenario, options: Options) -> Result<Rehearsal<Recorder>, Failure> {
    let cluster = simulated(scenario, options.seed.unwrap_or(scenario.seed)).map_err(Failure::Invalid)?;
    let mut rehearsal = Rehearsal::new(scenario, Recorder::new(cluster), options).map_err(Failure::Invalid)?;
    while rehearsal.step(&mut []) {}
    Ok(rehearsal)
}
