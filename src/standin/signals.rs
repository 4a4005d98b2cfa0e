//! Being asked to end: to stop, by a signal, or to crash, by a request. In a container the stand-in is process 1, and Linux gives process 1 no signal that it has no handler
//! for (`man 7 pid_namespaces`): without this one, every stop would last the whole grace period.
#![allow(clippy::disallowed_methods, reason = "the stand-in is no part of a run: it waits for the world outside")]

use std::io;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::time::Duration;

/// What the process is asked to do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Asked {
    /// To stop in order.
    Stop,
    /// To end at once with this exit code.
    Crash(u8),
}

/// Passes on what the process is asked to do.
pub struct Asker(Sender<Asked>);

impl Asker {
    /// Passes it on.
    pub fn ask(&self, asked: Asked) {
        // The error would be that the process is at its end already.
        let _ = self.0.send(asked);
    }
}

/// Where it arrives that the process is asked to end.
pub struct Requests {
    asked: Receiver<Asked>,
    /// Where nothing asks, waiting must still be possible.
    keep: Sender<Asked>,
}

impl Requests {
    /// Listens for SIGTERM, which the kubelet sends, and SIGINT, which a terminal sends.
    ///
    /// # Errors
    /// The handlers cannot be set.
    pub fn listen() -> io::Result<Requests> {
        let (keep, asked) = mpsc::channel();
        forward(keep.clone())?;
        Ok(Requests { asked, keep })
    }

    /// A way to ask from within.
    pub fn asker(&self) -> Asker {
        Asker(self.keep.clone())
    }

    /// Waits at most this long for the process to be asked to end.
    pub fn within(&self, limit: Duration) -> Option<Asked> {
        match self.asked.recv_timeout(limit) {
            Ok(asked) => Some(asked),
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => None,
        }
    }

    /// Waits until the process is asked to end.
    pub fn wait(&self) -> Asked {
        // The error would be that no sender is left, and one is kept.
        self.asked.recv().unwrap_or(Asked::Stop)
    }
}

#[cfg(unix)]
fn forward(ask: Sender<Asked>) -> io::Result<()> {
    use signal_hook::consts::{SIGINT, SIGTERM};

    let mut signals = signal_hook::iterator::Signals::new([SIGINT, SIGTERM])?;
    let forward = move || signals.forever().try_for_each(|_| ask.send(Asked::Stop));
    std::thread::Builder::new().name("signals".into()).spawn(forward)?;
    Ok(())
}

/// Elsewhere the system ends the process by itself.
#[cfg(not(unix))]
fn forward(_: Sender<Asked>) -> io::Result<()> {
    Ok(())
}
