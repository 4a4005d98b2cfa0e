//! Which phases a stand-in goes through and when: a pure function of its options and of how often it has crashed before.

use super::options::Options;
use crate::kernel::Duration;

/// What a stand-in does next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Phase {
    /// It opens its ports, and answers 503.
    Serve,
    /// It answers 200.
    Ready,
    /// It ends with this code, and the crash is counted.
    Crash(u8),
    /// It ends with this code, because its work is done.
    End(u8),
}

/// A phase and when it begins, from the start of the process on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Step {
    /// When.
    pub at: Duration,
    /// What.
    pub phase: Phase,
}

/// The phases in their order. A crash or an end is the last one; without one, the last phase goes on until a signal comes.
pub fn schedule(options: &Options, crashes_so_far: u32) -> Vec<Step> {
    let mut steps = Vec::new();
    if !options.listen.is_empty() {
        steps.push(Step { at: options.start_delay, phase: Phase::Serve });
    }
    // What does not listen yet cannot be ready.
    steps.push(Step { at: options.ready_after.max(options.start_delay), phase: Phase::Ready });
    let crash = options.crash.filter(|crash| crash.times.is_none_or(|times| crashes_so_far < times));
    let crash = crash.map(|crash| Step { at: crash.after, phase: Phase::Crash(crash.exit) });
    let end = options.run.map(|run| Step { at: run.after, phase: Phase::End(run.exit) });
    // At one instant the crash wins: work that crashes while it ends is not done.
    if let Some(last) = [crash, end].into_iter().flatten().min_by_key(|step| step.at) {
        steps.retain(|step| step.at <= last.at);
        steps.push(last);
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::standin::{Crash, Run};

    fn seconds(count: u64) -> Duration {
        Duration::from_secs(count)
    }

    fn served() -> Options {
        Options { listen: vec![80], ..Options::default() }
    }

    fn shown(options: &Options, crashes: u32) -> Vec<(u64, Phase)> {
        schedule(options, crashes).iter().map(|step| (step.at.whole_secs(), step.phase)).collect()
    }

    #[test]
    fn without_options_it_is_ready_at_once_and_stays() {
        assert_eq!(shown(&Options::default(), 0), [(0, Phase::Ready)]);
    }

    #[test]
    fn it_serves_after_the_delay_and_is_ready_later() {
        let options = Options { start_delay: seconds(4), ready_after: seconds(10), ..served() };
        assert_eq!(shown(&options, 0), [(4, Phase::Serve), (10, Phase::Ready)]);
    }

    #[test]
    fn it_is_not_ready_before_it_serves() {
        let options = Options { start_delay: seconds(4), ready_after: seconds(1), ..served() };
        assert_eq!(shown(&options, 0), [(4, Phase::Serve), (4, Phase::Ready)]);
    }

    #[test]
    fn a_crash_cuts_what_would_come_later() {
        let crash = Some(Crash { after: seconds(5), times: None, exit: 3 });
        let options = Options { start_delay: seconds(4), ready_after: seconds(10), crash, ..served() };
        assert_eq!(shown(&options, 99), [(4, Phase::Serve), (5, Phase::Crash(3))]);
    }

    #[test]
    fn it_goes_on_after_as_many_crashes_as_asked() {
        let crash = Some(Crash { after: seconds(5), times: Some(2), exit: 3 });
        let run = Some(Run { after: seconds(20), exit: 0 });
        let options = Options { crash, run, ..Options::default() };
        assert_eq!(shown(&options, 1), [(0, Phase::Ready), (5, Phase::Crash(3))]);
        assert_eq!(shown(&options, 2), [(0, Phase::Ready), (20, Phase::End(0))]);
    }

    #[test]
    fn the_earlier_end_counts_and_at_one_instant_the_crash() {
        let ends = |crash, run| {
            let crash = Some(Crash { after: seconds(crash), times: None, exit: 3 });
            let run = Some(Run { after: seconds(run), exit: 0 });
            schedule(&Options { crash, run, ..Options::default() }, 0).last().map(|step| step.phase)
        };
        assert_eq!(ends(5, 4), Some(Phase::End(0)));
        assert_eq!(ends(4, 5), Some(Phase::Crash(3)));
        assert_eq!(ends(4, 4), Some(Phase::Crash(3)));
    }
}
