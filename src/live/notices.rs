//! What a user is told beside the timeline while something goes on, and that the user wants it to end.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use tokio::runtime::Runtime;
use tokio::sync::watch;

/// Who takes a line for the user.
pub type Told = Arc<dyn Fn(&str) + Send + Sync>;

/// Tells the user what is not in the timeline: that nothing answers, that a cleanup waits.
#[derive(Clone)]
pub struct Notices {
    told: Told,
    is_silent: Arc<AtomicBool>,
    interrupts: Arc<OnceLock<watch::Receiver<bool>>>,
}

impl fmt::Debug for Notices {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Notices").field("is_silent", &self.is_silent).finish_non_exhaustive()
    }
}

impl Notices {
    /// Notices that this takes.
    pub fn new(told: Told) -> Notices {
        Notices { told, is_silent: Arc::default(), interrupts: Arc::default() }
    }

    /// Tells a line.
    pub fn tell(&self, line: &str) {
        (self.told)(line);
    }

    /// The API server does not answer. It is told once, until it answers again.
    pub fn is_silent(&self, why: &str) {
        if !self.is_silent.swap(true, Ordering::Relaxed) {
            self.tell(&format!("the API server does not answer: {why}; trying again"));
        }
    }

    /// The API server answers.
    pub fn answers(&self) {
        if self.is_silent.swap(false, Ordering::Relaxed) {
            self.tell("the API server answers again");
        }
    }

    /// From now on, that the user or the machine wants the process to end does not end it, but is told here.
    pub fn interrupts(&self, runtime: &Runtime) -> watch::Receiver<bool> {
        let listen = || {
            let (sender, receiver) = watch::channel(false);
            let told = Arc::clone(&self.told);
            runtime.spawn(async move {
                let mut line = "interrupted: cleaning up";
                loop {
                    wait_for_interrupt().await;
                    told(line);
                    line = "still cleaning up; what a killed process leaves, `greenroom cleanup` removes";
                    if sender.send(true).is_err() {
                        return;
                    }
                }
            });
            receiver
        };
        self.interrupts.get_or_init(listen).clone()
    }

    /// True once the user or the machine wanted the process to end.
    pub fn is_interrupted(&self) -> bool {
        self.interrupts.get().is_some_and(|came| *came.borrow())
    }
}

/// Returns when the user or the machine wants the process to end.
async fn wait_for_interrupt() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminated) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminated.recv() => {}
            }
            return;
        }
    }
    let _ = tokio::signal::ctrl_c().await;
}
