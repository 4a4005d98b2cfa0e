//! From a scenario file to a run that is judged.

use std::path::Path;

use crate::explore::{add_comparisons, is_asked_for};
use crate::oracle::{Judge, judges};
use crate::rehearsal::{Observer, Options, RunResult, rehearse};
use crate::scenario::model::SnapshotLayers;
use crate::scenario::{Scenario, load};
use crate::text::Diagnostic;

/// Reads a scenario and its documents and runs it; also what its snapshot is to hold.
///
/// # Errors
/// What is wrong with the file, in its order.
pub fn rehearse_file(
    path: &Path,
    speed: u32,
    options: Options,
) -> Result<(RunResult, SnapshotLayers), Vec<Diagnostic>> {
    let scenario = read_at(path, speed)?;
    let run = rehearse_read(&scenario, options)?;
    Ok((run, scenario.snapshot))
}

/// Runs a scenario that was read.
///
/// # Errors
/// What is wrong with it that only its expectations or its run show, in its order.
pub fn rehearse_read(scenario: &Scenario, options: Options) -> Result<RunResult, Vec<Diagnostic>> {
    let (judge, oracles) = judges(scenario)?;
    let judge = if options.stop_at.is_some() { judge.decided_only() } else { judge };
    let mut observers: [Box<dyn Observer>; 2] = [Box::new(judge), Box::new(oracles)];
    let mut run = rehearse(scenario, options, &mut observers)?;
    if options.stop_at.is_some() {
        // What was still to come when the run was cut short is not a fault that never fired.
        run.unfired.clear();
    } else if is_asked_for(scenario) {
        add_comparisons(scenario, &mut run)?;
    }
    Ok(run)
}

/// Reads a scenario and its documents and runs it to its end; also the scenario itself.
///
/// # Errors
/// What is wrong with the file, in its order.
pub fn rehearse_whole(path: &Path, options: Options) -> Result<(RunResult, Scenario), Vec<Diagnostic>> {
    let scenario = load(path)?;
    let run = rehearse_read(&scenario, options)?;
    Ok((run, scenario))
}

/// Reads a scenario, which is to run `speed` times as fast.
///
/// # Errors
/// What is wrong with it or its documents, in their order.
pub fn read_at(path: &Path, speed: u32) -> Result<Scenario, Vec<Diagnostic>> {
    let scenario = load(path)?;
    Ok(if speed == 1 { scenario } else { scenario.at_speed(speed) })
}

/// A factor by which a scenario runs faster.
///
/// # Errors
/// It is none.
pub fn speed(text: &str) -> Result<u32, String> {
    match text.parse() {
        Ok(speed @ 1..=1_000_000) => Ok(speed),
        _ => Err("a speed is a whole number from 1 to 1000000".to_owned()),
    }
}

/// Reads a scenario, its documents and its expectations.
///
/// # Errors
/// What is wrong with them, in their order.
pub fn read(path: &Path) -> Result<(Scenario, Judge), Vec<Diagnostic>> {
    let scenario = load(path)?;
    let (judge, _) = judges(&scenario)?;
    Ok((scenario, judge))
}
