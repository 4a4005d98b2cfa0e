//! When something that costs time is due again. The clock of the machine decides how often it is done, and nothing of what is done.
#![allow(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "how often a disk is asked is time of the machine"
)]

use std::time::{Duration, Instant};

/// How many times as long as something takes it rests before it is done again, so that it costs a twentieth of the time at most.
const REST: u32 = 19;

/// The pace of something that is done again and again.
pub struct Pace {
    rest_min: Duration,
    due: Instant,
}

impl Pace {
    /// So often at the most; for the first time once it has rested.
    pub fn every(rest_min: Duration) -> Pace {
        Pace { rest_min, due: Instant::now() + rest_min }
    }

    /// Does it if it is due.
    ///
    /// # Errors
    /// Its own.
    pub fn keep<E>(&mut self, act: impl FnOnce() -> Result<(), E>) -> Result<(), E> {
        let start = Instant::now();
        if start < self.due {
            return Ok(());
        }
        act()?;
        let end = Instant::now();
        self.due = end + self.rest_min.max((end - start) * REST);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_rests_for_an_hour_is_not_done_and_what_rests_for_nothing_is() {
        for (rest, times) in [(Duration::from_secs(3600), 0), (Duration::ZERO, 1)] {
            let (mut pace, mut done) = (Pace::every(rest), 0);
            assert_eq!(pace.keep(|| Err("failed")), if times == 0 { Ok(()) } else { Err("failed") });
            let act = || {
                done += 1;
                Ok::<(), ()>(())
            };
            assert_eq!((pace.keep(act), done), (Ok(()), times));
        }
    }
}
