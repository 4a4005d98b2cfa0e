//! What a deployment has been through, as its history table keeps it. A look that comes to the same end as the one before
//! is no new row but one more attempt of it, whose first time stays: how long a phase has lasted runs from there.
//! Source: lablup/backend.ai c0032c472e, manager/repositories/deployment (history merge), and BEP-1049.

use super::status::Status;
use crate::kernel::Time;

/// How a look at a deployment ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// A phase began; nothing was done yet.
    Entered,
    /// It succeeded.
    Success,
    /// It is tried again.
    NeedRetry,
    /// It took too long.
    Expired,
    /// It was tried too often.
    GiveUp,
}

impl Verdict {
    /// The word of the history table.
    pub const fn text(self) -> &'static str {
        match self {
            Verdict::Entered => "ENTERED",
            Verdict::Success => "SUCCESS",
            Verdict::NeedRetry => "NEED_RETRY",
            Verdict::Expired => "EXPIRED",
            Verdict::GiveUp => "GIVE_UP",
        }
    }
}

/// A row of the history.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Record {
    /// The handler that looked.
    pub phase: &'static str,
    /// The handlers that share their attempts.
    pub category: &'static str,
    /// What went wrong, if something did.
    pub error_code: Option<&'static str>,
    /// Where the deployment was.
    pub from: Status,
    /// Where it is now.
    pub to: Status,
    /// How it ended.
    pub verdict: Verdict,
    /// How often in a row.
    pub attempts: u32,
    /// When it first was so.
    pub created_at: Time,
    /// When it last was so.
    pub updated_at: Time,
}

/// The rows of one deployment, oldest first.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct History(Vec<Record>);

impl History {
    /// Adds a row, or one more attempt to the last row if that has the same phase, error and end.
    pub fn add(&mut self, record: Record) {
        match self.0.last_mut() {
            // The table has the lifecycle alone: that a look led to another sub-step begins no row either.
            Some(last)
                if (last.phase, last.error_code, last.to.lifecycle)
                    == (record.phase, record.error_code, record.to.lifecycle) =>
            {
                last.to = record.to;
                last.attempts += record.attempts;
                last.verdict = record.verdict;
                last.updated_at = record.updated_at;
            }
            _ => self.0.push(record),
        }
    }

    /// The last row.
    pub fn last(&self) -> Option<&Record> {
        self.0.last()
    }

    /// The last row of a category.
    pub fn last_of(&self, category: &str) -> Option<&Record> {
        self.0.iter().rev().find(|record| record.category == category)
    }

    /// All rows.
    pub fn rows(&self) -> &[Record] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::super::status::{Lifecycle, SubStep};
    use super::*;

    fn row(error_code: Option<&'static str>, seconds: u64) -> Record {
        let at = Time::from_nanos(seconds * 1_000_000_000);
        Record {
            phase: "deploying-provisioning",
            category: "deployment",
            error_code,
            from: Status::of(Lifecycle::Ready),
            to: Status::deploying(SubStep::Provisioning),
            verdict: Verdict::NeedRetry,
            attempts: 1,
            created_at: at,
            updated_at: at,
        }
    }

    #[test]
    fn a_look_that_leads_to_another_sub_step_is_no_row_of_its_own() {
        let mut history = History::default();
        history.add(row(None, 10));
        history.add(Record {
            to: Status::deploying(SubStep::AwaitingPromotion),
            verdict: Verdict::Success,
            ..row(None, 40)
        });
        history.add(Record { to: Status::of(Lifecycle::Ready), ..row(None, 70) });
        let shown: Vec<_> = history.rows().iter().map(|one| (one.to.word(), one.attempts, one.verdict)).collect();
        assert_eq!(shown, [("awaiting_promotion", 2, Verdict::Success), ("ready", 1, Verdict::NeedRetry)]);
    }

    #[test]
    fn rows_of_the_same_end_are_one_whose_first_time_stays() {
        let mut history = History::default();
        history.add(row(Some("no_policy"), 10));
        history.add(row(Some("no_policy"), 40));
        history.add(row(None, 70));
        let shown: Vec<_> = history.rows().iter().map(|one| (one.attempts, one.created_at, one.updated_at)).collect();
        let at = |seconds: u64| Time::from_nanos(seconds * 1_000_000_000);
        assert_eq!(shown, [(2, at(10), at(40)), (1, at(70), at(70))]);
    }
}
