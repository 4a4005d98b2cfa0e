//! `greenroom stand-in`: what runs in the containers of a rehearsal on a real cluster.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{ArgGroup, Args, Parser};

use super::output::tell;
use crate::kernel::Duration;
use crate::report::Exit;
use crate::standin::{self, Crash, Options, Run};
use crate::text::duration::parse;

/// Stand in for a container: start, serve, become ready, crash and stop as asked; times count from the start of the process.
#[derive(Args)]
#[command(group = ArgGroup::new("ending").args(["crash_after", "run"]).multiple(true))]
pub struct StandInArgs {
    /// What it stands in for; its answers and its log say so.
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Serve HTTP on this port, on all addresses; repeatable. 0 is a port that is free.
    #[arg(long, value_name = "PORT")]
    listen: Vec<u16>,
    /// Nothing listens before: 4s.
    #[arg(long, value_name = "TIME", value_parser = parse, default_value = "0s")]
    start_delay: Duration,
    /// Answer 503 until then, and 200 from then on.
    #[arg(long, value_name = "TIME", value_parser = parse, default_value = "0s")]
    ready_after: Duration,
    /// End then, as a crash does.
    #[arg(long, value_name = "TIME", value_parser = parse)]
    crash_after: Option<Duration>,
    /// Crash this many times, then go on; counted in the folder of `--state`.
    #[arg(long, value_name = "N", requires_all = ["crash_after", "state"])]
    crash_times: Option<u32>,
    /// End well then, as the container of a Job does.
    #[arg(long, value_name = "TIME", value_parser = parse)]
    run: Option<Duration>,
    /// The exit code of the crash, 1 unless given; without a crash, that of the run, 0 unless given.
    #[arg(long, value_name = "CODE", requires = "ending")]
    exit_code: Option<u8>,
    /// The exit code of the run beside a crash, 0 unless given.
    #[arg(long, value_name = "CODE", requires_all = ["crash_after", "run"])]
    run_exit_code: Option<u8>,
    /// Take so long to stop when asked to by SIGTERM or SIGINT.
    #[arg(long, value_name = "TIME", value_parser = parse, default_value = "0s")]
    stop: Duration,
    /// A folder that outlives the container, for the count of crashes: an emptyDir.
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
}

impl StandInArgs {
    fn options(self) -> Options {
        let (for_crash, for_run) = match self.crash_after {
            Some(_) => (self.exit_code, self.run_exit_code),
            None => (None, self.exit_code),
        };
        let crash = |after| Crash { after, times: self.crash_times, exit: for_crash.unwrap_or(1) };
        Options {
            name: self.name,
            listen: self.listen,
            start_delay: self.start_delay,
            ready_after: self.ready_after,
            crash: self.crash_after.map(crash),
            run: self.run.map(|after| Run { after, exit: for_run.unwrap_or(0) }),
            stop: self.stop,
            state: self.state,
        }
    }
}

/// Stands in until it ends by itself or is asked to stop. The exit code is the one that was asked for.
pub fn stand_in(args: StandInArgs) -> ExitCode {
    match standin::run(&args.options()) {
        Ok(code) => ExitCode::from(code),
        Err(failure) => {
            tell(&failure.to_string());
            ExitCode::from(Exit::Environment.code())
        }
    }
}

/// The stand-in as a program of its own.
#[derive(Parser)]
#[command(name = "greenroom-stand-in", version)]
struct Alone {
    #[command(flatten)]
    args: StandInArgs,
}

/// The program `greenroom-stand-in`, which is all that its image holds: reads the command line and stands in.
pub fn stand_in_alone() -> ExitCode {
    match Alone::try_parse() {
        Ok(Alone { args }) => stand_in(args),
        Err(error) => super::usage(&error),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn length() -> impl Strategy<Value = Duration> {
        prop_oneof![Just(Duration::ZERO), (0..u64::MAX >> 7).prop_map(Duration::from_nanos)]
    }

    prop_compose! {
        fn any_options()(
            name in prop::option::of("[ -~]{0,12}"),
            listen: Vec<u16>,
            lengths in [length(), length(), length(), length(), length()],
            crashes: Option<Option<u32>>,
            runs: bool,
            exits: [u8; 2],
            keeps in prop::option::of("[a-z/-]{1,12}"),
        ) -> Options {
            let [start_delay, ready_after, stop, crash_after, run_after] = lengths;
            let state: Option<PathBuf> = keeps.map(PathBuf::from);
            let crash = crashes.map(|times| Crash {
                after: crash_after,
                times: times.filter(|_| state.is_some()),
                exit: exits[0],
            });
            let run = runs.then_some(Run { after: run_after, exit: exits[1] });
            Options { name, listen, start_delay, ready_after, crash, run, stop, state }
        }
    }

    fn parsed(args: impl IntoIterator<Item = String>) -> Result<Options, clap::Error> {
        Alone::try_parse_from(std::iter::once("greenroom-stand-in".to_string()).chain(args))
            .map(|alone| alone.args.options())
    }

    proptest! {
        /// What a rehearsal writes into a container is what the stand-in in it reads.
        #[test]
        fn arguments_say_what_the_options_say(options in any_options()) {
            let read = parsed(options.to_args()).map_err(|error| TestCaseError::fail(error.to_string()))?;
            prop_assert_eq!(read, options);
        }
    }

    #[test]
    fn a_count_needs_a_place_and_a_code_needs_an_end() {
        for args in [&["--crash-after", "1s", "--crash-times", "2"][..], &["--exit-code", "3"], &["--run", "5"]] {
            assert!(parsed(args.iter().map(ToString::to_string)).is_err(), "{args:?}");
        }
    }
}
