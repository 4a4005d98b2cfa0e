//! Playing the schedule in real time: waiting, serving, ending, and a line on stdout for each phase, which is what `kubectl
//! logs` shows.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "the stand-in is no part of a run: it keeps the time of the world outside"
)]

use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use thiserror::Error;

use super::crashes;
use super::options::Options;
use super::schedule::{Phase, schedule};
use super::serve::{Site, serve};
use super::signals::{Asked, Requests};

/// Why a stand-in cannot do what it was asked to.
#[derive(Error, Debug)]
pub enum Failure {
    /// A port.
    #[error("failed to listen on {port}: {error}")]
    Listen {
        /// Which.
        port: u16,
        /// Why not.
        error: io::Error,
    },
    /// The count of crashes.
    #[error("failed to keep the count of crashes in {}: {error}", state.display())]
    State {
        /// Where.
        state: PathBuf,
        /// Why not.
        error: io::Error,
    },
    /// Signals.
    #[error("failed to listen for signals: {0}")]
    Signals(io::Error),
}

/// Does what the options say, and returns the exit code that the process is to end with at once: the ports are served until it
/// does.
///
/// # Errors
/// A [`Failure`]; the process then ends with a code of its own, so that it is not taken for a crash that was asked for.
pub fn run(options: &Options) -> Result<u8, Failure> {
    let start = Instant::now();
    let requests = Requests::listen().map_err(Failure::Signals)?;
    let counted = counted(options)?;
    let site = Arc::new(Site { name: options.name.clone(), ready: AtomicBool::new(false), asker: requests.asker() });
    match &options.name {
        Some(name) => say(&format!("started, stands in for {name}")),
        None => say("started"),
    }
    for step in schedule(options, counted) {
        let due = start + Duration::from_nanos(step.at.nanos());
        if let Some(asked) = requests.within(due.saturating_duration_since(Instant::now())) {
            return end_as(asked, options, counted);
        }
        match step.phase {
            Phase::Serve => {
                for &port in &options.listen {
                    let port = serve(port, &site).map_err(|error| Failure::Listen { port, error })?;
                    say(&format!("serving on {port}"));
                }
            }
            Phase::Ready => {
                site.ready.store(true, Ordering::Release);
                say("ready");
            }
            Phase::Crash(code) => {
                return crash(code, options, counted);
            }
            Phase::End(code) => {
                say(&format!("ending with {code} as asked"));
                return Ok(code);
            }
        }
    }
    end_as(requests.wait(), options, counted)
}

/// Ends as it was asked to from outside.
fn end_as(asked: Asked, options: &Options, counted: u32) -> Result<u8, Failure> {
    match asked {
        Asked::Stop => Ok(stopped(options.stop)),
        // It counts as one of the crashes of `--crash-times`: what counts there is how often the container was started.
        Asked::Crash(code) => crash(code, options, counted),
    }
}

fn crash(code: u8, options: &Options, counted: u32) -> Result<u8, Failure> {
    count(options, counted.saturating_add(1))?;
    say(&format!("crashing with {code} as asked"));
    Ok(code)
}

/// Takes the time that stopping takes. It goes on to serve meanwhile, as a program that drains its connections does.
fn stopped(length: crate::kernel::Duration) -> u8 {
    if !length.is_zero() {
        say(&format!("stopping in {length}"));
        std::thread::sleep(Duration::from_nanos(length.nanos()));
    }
    say("stopped");
    0
}

fn counted(options: &Options) -> Result<u32, Failure> {
    match &options.state {
        Some(state) => crashes::counted(state).map_err(|error| Failure::State { state: state.clone(), error }),
        None => Ok(0),
    }
}

fn count(options: &Options, crashes: u32) -> Result<(), Failure> {
    match &options.state {
        Some(state) => crashes::count(state, crashes).map_err(|error| Failure::State { state: state.clone(), error }),
        None => Ok(()),
    }
}

/// A line on stdout. That nobody reads it is no reason to behave differently.
fn say(line: &str) {
    let mut out = io::stdout().lock();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}
