//! How a stand-in behaves, and the command line that says so. Reading that command line is `cli/`'s part.

use std::path::PathBuf;

use crate::kernel::Duration;

/// How a stand-in behaves. All times count from the start of its process, which is what the kubelet calls the start of the
/// container.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Options {
    /// What it stands in for, shown to those who ask over HTTP or read its log: `deployment/vllm`.
    pub name: Option<String>,
    /// The ports on which it serves HTTP. Port 0 is one that is free.
    pub listen: Vec<u16>,
    /// Until then nothing listens.
    pub start_delay: Duration,
    /// Until then every path answers 503.
    pub ready_after: Duration,
    /// When it ends by itself as if by mistake.
    pub crash: Option<Crash>,
    /// When it ends by itself because its work is done, as the container of a Job does.
    pub run: Option<Run>,
    /// How long it takes to stop once asked.
    pub stop: Duration,
    /// A folder that outlives the container, in which crashes are counted.
    pub state: Option<PathBuf>,
}

/// An end by mistake.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Crash {
    /// When.
    pub after: Duration,
    /// How many times, counted in [`Options::state`]; `None`: every time.
    pub times: Option<u32>,
    /// The exit code.
    pub exit: u8,
}

/// An end because the work is done.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Run {
    /// When.
    pub after: Duration,
    /// The exit code.
    pub exit: u8,
}

impl Options {
    /// The arguments of `greenroom stand-in` that say the same: what stands in the `args` of a container.
    pub fn to_args(&self) -> Vec<String> {
        let mut args = Vec::new();
        // One argument each, so that a name that begins with a dash is not read as an option.
        let mut say = |option: &str, value: &dyn std::fmt::Display| args.push(format!("--{option}={value}"));
        if let Some(name) = &self.name {
            say("name", name);
        }
        for port in &self.listen {
            say("listen", port);
        }
        if !self.start_delay.is_zero() {
            say("start-delay", &self.start_delay);
        }
        if !self.ready_after.is_zero() {
            say("ready-after", &self.ready_after);
        }
        if let Some(crash) = &self.crash {
            say("crash-after", &crash.after);
            say("exit-code", &crash.exit);
            if let Some(times) = &crash.times {
                say("crash-times", times);
            }
        }
        if let Some(run) = &self.run {
            say("run", &run.after);
            // Beside a crash, `--exit-code` is that of the crash.
            say(if self.crash.is_some() { "run-exit-code" } else { "exit-code" }, &run.exit);
        }
        if !self.stop.is_zero() {
            say("stop", &self.stop);
        }
        if let Some(state) = &self.state {
            say("state", &state.display());
        }
        args
    }
}
