//! Being asked to stop. In a container the stand-in is process 1, and Linux gives process 1 no signal that it has no handler
//! for (`man 7 pid_namespaces`): without this one, every stop would last the whole grace period.
#![allow(clippy::disallowed_methods, reason = "the stand-in is no part of a run: it waits for the world outside")]

use std::io;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::time::Duration;

/// The wish that the process stops.
pub struct Stop {
    asked: Receiver<()>,
    /// Where nothing asks, waiting must still be possible.
    _keep: Sender<()>,
}

impl Stop {
    /// Listens for SIGTERM, which the kubelet sends, and SIGINT, which a terminal sends.
    ///
    /// # Errors
    /// The handlers cannot be set.
    pub fn listen() -> io::Result<Stop> {
        let (ask, asked) = mpsc::channel();
        forward(ask.clone())?;
        Ok(Stop { asked, _keep: ask })
    }

    /// Waits until a stop is asked for, at most this long; true if it was.
    pub fn within(&self, limit: Duration) -> bool {
        match self.asked.recv_timeout(limit) {
            Ok(()) => true,
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => false,
        }
    }

    /// Waits until a stop is asked for.
    pub fn wait(&self) {
        // The error would be that no sender is left, and one is kept.
        let _ = self.asked.recv();
    }
}

#[cfg(unix)]
fn forward(ask: Sender<()>) -> io::Result<()> {
    use signal_hook::consts::{SIGINT, SIGTERM};

    let mut signals = signal_hook::iterator::Signals::new([SIGINT, SIGTERM])?;
    let forward = move || signals.forever().try_for_each(|_| ask.send(()));
    std::thread::Builder::new().name("signals".into()).spawn(forward)?;
    Ok(())
}

/// Elsewhere the system ends the process by itself.
#[cfg(not(unix))]
fn forward(_: Sender<()>) -> io::Result<()> {
    Ok(())
}
