//! Ctrl-C, and SIGTERM, which a supervisor sends, for a command that has something to tell before it ends. The first is noted, so that
//! the command comes to its end by itself; a second ends the process at once.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether somebody wants the command to end.
#[derive(Clone, Debug, Default)]
pub struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Notes signals from now on.
    ///
    /// # Errors
    /// The handlers cannot be set.
    pub fn listen() -> io::Result<Interrupt> {
        let interrupt = Interrupt::default();
        note(&interrupt.0)?;
        Ok(interrupt)
    }

    /// True once there was one.
    pub fn is_asked(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// What becomes true with the first.
    pub fn flag(&self) -> &AtomicBool {
        &self.0
    }
}

#[cfg(unix)]
fn note(asked: &Arc<AtomicBool>) -> io::Result<()> {
    use signal_hook::consts::{SIGINT, SIGTERM};

    use crate::report::Exit;

    for signal in [SIGINT, SIGTERM] {
        let code = i32::from(Exit::Interrupted.code());
        signal_hook::flag::register_conditional_shutdown(signal, code, Arc::clone(asked))?;
        signal_hook::flag::register(signal, Arc::clone(asked))?;
    }
    Ok(())
}

/// Elsewhere the system ends the process by itself.
#[cfg(not(unix))]
fn note(_: &Arc<AtomicBool>) -> io::Result<()> {
    Ok(())
}
