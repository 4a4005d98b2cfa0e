//! What verbs that run on a real cluster have in common: which cluster, how the run is made there, what is shown meanwhile.

use std::sync::Arc;

use clap::Args;

use super::output::{complain, tell, to_stdout};
use crate::live::render::Pods;
use crate::live::{
    Connection, Failure, LiveOptions, Notices, Planned, Progress, Trouble, connect, dry_run, is_id, new_run_id,
    rehearse_live,
};
use crate::oracle::Judge;
use crate::rehearsal::{Observer, Options, RunResult};
use crate::report::{Exit, text};
use crate::scenario::Scenario;
use crate::text::Diagnostic;

/// How a run is made on a real cluster.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "On a real cluster")]
pub struct ClusterArgs {
    /// Make the scenario's nodes on the cluster, to be played by kwok; without it the scenario uses the nodes that are there.
    #[arg(long)]
    pub fake_nodes: bool,
    /// Let faults cordon, taint and drain nodes that the run did not make; this is taken back at the end.
    #[arg(long)]
    pub allow_node_faults: bool,
    /// The image of the stand-in that takes the place of every container on real nodes.
    #[arg(long, value_name = "IMAGE", default_value_t = Pods::stand_in_image())]
    pub stand_in_image: String,
    /// Use only nodes with this label; may be given several times.
    #[arg(long, value_name = "KEY=VALUE", value_parser = label)]
    pub node_selector: Vec<(String, String)>,
}

/// How a run stands on a real cluster, and what becomes of it.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "On a real cluster")]
pub struct StayArgs {
    /// Leave what the run made on the cluster; `greenroom cleanup` removes it later.
    #[arg(long)]
    pub keep: bool,
    /// The id of the run, which stands in the names and labels of all that it makes; a new one if none is given.
    #[arg(long, value_name = "ID", value_parser = run_id)]
    pub run_id: Option<String>,
}

fn label(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("a label has the form key=value")?;
    Ok((key.to_owned(), value.to_owned()))
}

fn run_id(text: &str) -> Result<String, String> {
    if is_id(text) {
        Ok(text.to_owned())
    } else {
        Err("a run's id has seven lower-case consonants and digits".to_owned())
    }
}

impl ClusterArgs {
    /// The first of these options that is given, as it is written: they mean nothing without a cluster.
    pub fn given(&self) -> Option<&'static str> {
        let image = self.stand_in_image != Pods::stand_in_image();
        let given = [
            (self.fake_nodes, "--fake-nodes"),
            (self.allow_node_faults, "--allow-node-faults"),
            (image, "--stand-in-image"),
            (!self.node_selector.is_empty(), "--node-selector"),
        ];
        given.into_iter().find_map(|(is_given, name)| is_given.then_some(name))
    }

    /// The options of a run.
    pub fn options(&self, stay: &StayArgs, progress: Option<Progress>) -> LiveOptions {
        LiveOptions {
            run: stay.run_id.clone().unwrap_or_else(new_run_id),
            keep: stay.keep,
            fake_nodes: self.fake_nodes,
            allow_node_faults: self.allow_node_faults,
            image: self.stand_in_image.clone(),
            node_selector: self.node_selector.iter().cloned().collect(),
            began_at_unix_seconds: unix_seconds(),
            progress,
        }
    }
}

#[allow(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "timestamps of a real API are counted from the start"
)]
fn unix_seconds() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(0)
}

/// Shows entries on stderr as they come.
pub fn show_progress() -> Progress {
    Arc::new(|timeline, names, id| {
        if let Some(entry) = timeline.get(id) {
            let mut line = String::new();
            text::entry_line(&mut line, &entry, names);
            tell(&line);
        }
    })
}

/// Connects, or says why not.
///
/// # Errors
/// The exit code; what is wrong was told.
pub fn connected(context: &str) -> Result<Connection, Exit> {
    connect(context, notices()).map_err(|trouble| failed(&trouble))
}

/// Connects to a cluster that is new enough for a run, or says why not.
///
/// # Errors
/// The exit code; what is wrong was told.
pub fn connected_for_runs(context: &str) -> Result<Connection, Exit> {
    let connection = connected(context)?;
    connection.check_version().map_err(|trouble| failed(&trouble))?;
    Ok(connection)
}

/// Tells on stderr what is not in the timeline.
pub fn notices() -> Notices {
    Notices::new(Arc::new(tell))
}

/// Tells of what keeps a run from starting or ends it.
pub fn failed(trouble: &Trouble) -> Exit {
    match trouble {
        // It was told when it came.
        Trouble::Interrupted => Exit::Interrupted,
        trouble => complain(&trouble.to_string()),
    }
}

/// What becomes of a run that has no result.
pub enum NoResult {
    /// The scenario is not valid.
    Invalid(Vec<Diagnostic>),
    /// The cluster will not do; that was told.
    Exit(Exit),
}

/// Reads a scenario and runs it on a cluster.
///
/// # Errors
/// What keeps it from being run.
pub fn rehearse_on(
    connection: &Connection,
    scenario: &Scenario,
    options: Options,
    live: &LiveOptions,
) -> Result<RunResult, NoResult> {
    let judge = Judge::new(scenario).map_err(NoResult::Invalid)?;
    let mut observers: [Box<dyn Observer>; 1] = [Box::new(judge)];
    rehearse_live(connection, scenario, options, live, &mut observers).map_err(|failure| match failure {
        Failure::Invalid(problems) => NoResult::Invalid(problems),
        Failure::Trouble(trouble) => NoResult::Exit(failed(&trouble)),
        Failure::Uncleaned(trouble, left) => {
            let exit = failed(&trouble);
            let again = format!("greenroom cleanup --context {} --run {}", connection.context, live.run);
            complain(&format!("cleaning up failed: {left}; try again: {again}"));
            NoResult::Exit(exit)
        }
    })
}

/// Shows what a live run would apply, as YAML documents.
///
/// # Errors
/// What is wrong with the scenario.
pub fn show_plan(scenario: &Scenario, options: Options, live: &LiveOptions) -> Result<Exit, Vec<Diagnostic>> {
    let planned = match dry_run(scenario, options, live) {
        Ok(planned) => planned,
        Err(Failure::Invalid(problems)) => return Err(problems),
        Err(Failure::Trouble(trouble) | Failure::Uncleaned(trouble, _)) => return Ok(complain(&trouble.to_string())),
    };
    let mut exits = vec![to_stdout(&|out, _| {
        for Planned { at, object } in &planned {
            if let Ok(object) = object {
                let text = serde_saphyr::to_string(object).map_err(std::io::Error::other)?;
                writeln!(out, "--- # at {at}\n{}", text.trim_end())?;
            }
        }
        Ok(())
    })];
    for why in planned.iter().filter_map(|planned| planned.object.as_ref().err()) {
        exits.push(complain(why));
    }
    Ok(crate::report::exit::gravest(exits))
}
