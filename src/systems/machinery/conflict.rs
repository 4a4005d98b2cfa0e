//! What is told of a controller itself: writes that were refused with a conflict, and that it ended and started. Of a conflict, who was
//! faster stands in the entry's cause, and when it is tried again in its words. That a write is refused is `api`'s and `faults`'.

use std::collections::BTreeMap;

use super::api::Api;
use super::resource::Spec;
use super::runtime::{ControllerId, Ended, Item, Runtime};
use super::turns::TURNS_MAX;
use crate::kernel::Duration;
use crate::timeline::{Arg, Cause, Kind, Subject, Why};
use crate::workload::World;

/// A write of a controller that came too late.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Conflict {
    /// What was to be written.
    pub key: Subject,
    /// The write that was faster, or the fault that says so.
    pub cause: Cause,
}

/// Writes an entry about the controller for each of its writes that came too late in the pass that has just ended. `retry` is how soon its
/// key comes again by itself.
pub fn tell_conflicts<T: Spec>(
    api: &mut Api<T>,
    runtime: &Runtime,
    item: Item,
    retry: Option<Duration>,
    world: &mut dyn World,
) {
    for Conflict { key, cause } in api.take_conflicts() {
        tell_conflict(runtime.name(item.controller), key, retry, cause, world);
    }
}

/// Writes that a write of a controller, or of somebody's client, came too late; `retry` is how soon it is tried again.
pub fn tell_conflict(writer: &str, key: Subject, retry: Option<Duration>, cause: Cause, world: &mut dyn World) {
    let why = match retry {
        Some(retry) => Why::with2("{} has been modified: again after {}", Arg::Subject(key), Arg::Length(retry)),
        None => Why::with("{} has been modified", Arg::Subject(key)),
    };
    let writer = Subject::new(Kind::Controller, world.name(writer));
    world.note(writer, "conflict", why, cause);
}

/// Writes that a controller ended, and for how long.
pub fn tell_end(runtime: &Runtime, ended: Ended, world: &mut dyn World) {
    let why = Why::with("away for {}", Arg::Length(ended.lasts));
    note(runtime, ended.controller, "ended", why, ended.cause, world);
}

/// Writes that a controller is there again.
pub fn tell_start(runtime: &Runtime, controller: ControllerId, cause: Cause, world: &mut dyn World) {
    note(runtime, controller, "started", Why::text("it lists everything"), cause, world);
}

/// Ends the run: these controllers have their turns about these objects without end, and no time passes.
pub fn tell_endless(runtime: &Runtime, world: &mut dyn World) {
    let mut about: BTreeMap<ControllerId, Vec<String>> = BTreeMap::new();
    for (controller, key) in runtime.turns.late() {
        let namespace = world.text(key.namespace);
        let space = if namespace.is_empty() { namespace } else { format!("{namespace}/") };
        about.entry(controller).or_default().push(format!("{}/{space}{}", key.kind.text(), world.show(key.name)));
    }
    let told: Vec<String> =
        about.iter().map(|(controller, keys)| format!("{} ({})", runtime.name(*controller), keys.join(", "))).collect();
    world.give_up(format!(
        "more than {TURNS_MAX} reconciles of one object at {}: what is written wakes who writes, without end: {}; on a cluster this goes on \
         until somebody takes one of the writers away",
        world.now(),
        told.join(", ")
    ));
}

fn note(
    runtime: &Runtime,
    controller: ControllerId,
    became: &'static str,
    why: Why,
    cause: Cause,
    world: &mut dyn World,
) {
    let name = world.name(runtime.name(controller));
    world.note(Subject::new(Kind::Controller, name), became, why, cause);
}
