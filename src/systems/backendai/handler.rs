//! A control loop over deployments: what it selects, how long and how often it tries, and where each verdict leads. Running it
//! is `coordinator`'s; what it does is its era's.
//! Source: lablup/backend.ai c0032c472e, src/ai/backend/manager/sokovan/deployment/handlers/base.py and coordinator.py.

use super::cycle::Cycle;
use super::history::Verdict;
use super::status::{Lifecycle, Status, SubStep};
use crate::kernel::mutation::{Mutation, is_on};
use crate::kernel::{Duration, Time};
use crate::timeline::Why;

/// One control loop.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Handler {
    /// Its name, which is the phase of its rows of history.
    pub name: &'static str,
    /// Handlers of one category count their attempts together, where the profile says so.
    pub category: &'static str,
    /// The lifecycles that it looks at.
    pub lifecycles: &'static [Lifecycle],
    /// The sub-steps that it looks at; a deployment without one is never among them. Empty: it does not ask.
    pub sub_steps: &'static [SubStep],
    /// When it looks.
    pub cycle: Cycle,
    /// Where deployments go.
    pub transitions: Transitions,
    /// How long a deployment may stay; `None`: for ever.
    pub timeout: Option<Duration>,
    /// How often it is tried; `None`: without end.
    pub attempts_max: Option<u32>,
    /// True if a row of history is written when a deployment comes to it, so that its time runs from there.
    pub records_entry: bool,
    /// True if it sets its own mark after each look, so that it looks at every short cycle while a deployment is with it.
    pub marks_itself: bool,
}

/// Where a handler's deployments go. A verdict without a transition is dropped: nothing changes and no row is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Transitions {
    /// After a success.
    pub success: Option<Status>,
    /// After a failure that is tried again.
    pub need_retry: Option<Status>,
    /// After too long a time.
    pub expired: Option<Status>,
    /// After too many tries.
    pub give_up: Option<Status>,
}

/// A deployment that a handler looks at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Candidate {
    /// Its position.
    pub deployment: usize,
    /// Attempts before this one.
    pub attempts: u32,
    /// When the first of them was; `None` before the handler has a row.
    pub started_at: Option<Time>,
}

/// What a handler says of a deployment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// It is done.
    Success(Why),
    /// It is done, and goes elsewhere than others that are.
    SuccessTo(Status, Why),
    /// Something was changed and more is to come. A row is written as for a retry, and nothing is counted against it.
    Progress(Why),
    /// It failed.
    Failure(&'static str, Why),
    /// It failed, and its row has no code of what went wrong: one row counts every such look, and the success after them.
    Unfinished(Why),
    /// It failed, and another try has no point.
    Hopeless(&'static str, Why),
    /// Nothing is to be done now.
    Skipped,
}

/// An error that a handler does not catch: it is a failure of every deployment of its batch.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Exception {
    /// Its class.
    pub code: &'static str,
    /// Its text.
    pub why: Why,
}

/// A verdict, the code of what went wrong, and why.
pub type Judged = (Verdict, Option<&'static str>, Why);

impl Transitions {
    /// Where a verdict leads.
    pub const fn of(&self, verdict: Verdict) -> Option<Status> {
        match verdict {
            Verdict::Entered => None,
            Verdict::Success => self.success,
            Verdict::NeedRetry => self.need_retry,
            Verdict::Expired => self.expired,
            Verdict::GiveUp => self.give_up,
        }
    }
}

impl Handler {
    /// True if it looks at deployments of this status.
    pub fn selects(&self, status: Status) -> bool {
        self.lifecycles.contains(&status.lifecycle)
            && (self.sub_steps.is_empty() || status.sub_step.is_some_and(|one| self.sub_steps.contains(&one)))
    }

    /// What an outcome amounts to; `None` if it leaves no trace. A failure is given up before it is too late, and too late
    /// before it is tried again; what is skipped can only be too late, and only where that leads somewhere.
    pub fn classify(&self, candidate: Candidate, outcome: Outcome, now: Time) -> Option<Judged> {
        let late = self.is_late(candidate, now);
        let too_often = self.attempts_max.is_some_and(|most| candidate.attempts >= most);
        Some(match outcome {
            Outcome::Success(why) | Outcome::SuccessTo(_, why) => (Verdict::Success, None, why),
            Outcome::Progress(why) => (Verdict::NeedRetry, None, why),
            Outcome::Hopeless(code, why) => (Verdict::GiveUp, Some(code), why),
            Outcome::Unfinished(why) if too_often => (Verdict::GiveUp, None, why),
            Outcome::Unfinished(why) if late => (Verdict::Expired, None, why),
            Outcome::Unfinished(why) => (Verdict::NeedRetry, None, why),
            Outcome::Failure(code, why) if too_often => (Verdict::GiveUp, Some(code), why),
            Outcome::Failure(code, why) if late => (Verdict::Expired, Some(code), why),
            Outcome::Failure(code, why) => (Verdict::NeedRetry, Some(code), why),
            Outcome::Skipped if late && self.transitions.expired.is_some() => {
                (Verdict::Expired, None, Why::text("timed out"))
            }
            Outcome::Skipped => return None,
        })
    }

    /// True if a deployment has been here for longer than it may.
    fn is_late(&self, candidate: Candidate, now: Time) -> bool {
        match (self.timeout, candidate.started_at) {
            (Some(timeout), Some(started)) => now.since(started) > timeout && !is_on(Mutation::TimeoutLost),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn seconds(count: u64) -> Duration {
        Duration::from_secs(count)
    }

    fn handler() -> Handler {
        Handler {
            name: "deploying-provisioning",
            category: "deploying",
            lifecycles: &[Lifecycle::Deploying],
            sub_steps: &[SubStep::Provisioning],
            cycle: Cycle { short: None, long: seconds(30), initial_delay: seconds(10) },
            transitions: Transitions {
                expired: Some(Status::deploying(SubStep::RollingBack)),
                ..Transitions::default()
            },
            timeout: Some(seconds(100)),
            attempts_max: Some(5),
            records_entry: false,
            marks_itself: false,
        }
    }

    fn verdict(attempts: u32, started_at: Option<u64>, outcome: Outcome) -> Option<Verdict> {
        let started_at = started_at.map(|at| Time::ZERO + seconds(at));
        let candidate = Candidate { deployment: 0, attempts, started_at };
        handler().classify(candidate, outcome, Time::ZERO + seconds(200)).map(|(verdict, _, _)| verdict)
    }

    #[test]
    fn the_null_sub_step_is_selected_by_nobody_who_asks_for_one() {
        let handler = handler();
        assert!(handler.selects(Status::deploying(SubStep::Provisioning)));
        assert!(!handler.selects(Status::deploying(SubStep::AwaitingPromotion)));
        assert!(!handler.selects(Status::of(Lifecycle::Deploying)));
    }

    #[test]
    fn failures_are_given_up_then_late_then_tried_again() {
        let failure = Outcome::Failure("evaluation_error", Why::NONE);
        assert_eq!(verdict(5, Some(0), failure), Some(Verdict::GiveUp));
        assert_eq!(verdict(4, Some(0), failure), Some(Verdict::Expired));
        assert_eq!(
            verdict(4, Some(100), failure),
            Some(Verdict::NeedRetry),
            "a hundred seconds are not more than that"
        );
        assert_eq!(verdict(0, None, failure), Some(Verdict::NeedRetry));
    }

    #[test]
    fn what_is_skipped_can_only_be_late() {
        assert_eq!(verdict(9, Some(0), Outcome::Skipped), Some(Verdict::Expired));
        assert_eq!(verdict(9, Some(150), Outcome::Skipped), None);
        assert_eq!(verdict(9, None, Outcome::Skipped), None, "without a row no time runs");
    }
}
