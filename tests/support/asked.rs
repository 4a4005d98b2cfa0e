//! What the controllers of a scenario ask the simulated cluster for.

use std::path::Path;

use greenroom::kernel::Names;
use greenroom::rehearsal::{Options, Recorder, Rehearsal, simulated};
use greenroom::scenario::model::Scenario;
use greenroom::scenario::{Folder, load_from};
use greenroom::text::Source;
use greenroom::timeline::Subject;
use greenroom::workload::{Object, Stage};

/// What was asked for, in the order of asking.
pub type Asked = Vec<(Subject, Object)>;

/// Plays a scenario to its end: the scenario, all that was asked for, and the names behind the ids.
pub fn asked(folder: &Path) -> (Scenario, Asked, Names) {
    let path = folder.join("scenario.yaml");
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let scenario = load_from(&Source::new(path.display().to_string(), text), &Folder::new(folder));
    let scenario = scenario.unwrap_or_else(|errors| panic!("{}: {errors:?}", path.display()));
    let stage = Recorder::new(simulated(&scenario, scenario.seed).expect("a cluster"));
    let mut rehearsal = Rehearsal::new(&scenario, stage, Options::default()).expect("documents");
    while rehearsal.step(&mut []) {}
    let stage = rehearsal.stage();
    let asked = stage.asked().iter().map(|(_, key, object)| (*key, object.clone())).collect();
    let names = stage.names().clone();
    (scenario, asked, names)
}
