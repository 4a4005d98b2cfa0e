//! Where an oracle is in the pledges of a run. When it reads on is its own affair: some judge entries by what is owed before them, others
//! instants by all that is owed at their end.

use crate::workload::{Pledge, Stage};

/// The pledges that an oracle has not read.
#[derive(Clone, Copy, Default, Debug)]
pub struct Unread {
    /// How many it has read.
    read: usize,
}

impl Unread {
    /// Those that came since it was asked last, in their order.
    pub fn take<'s>(&mut self, stage: &'s dyn Stage) -> &'s [Pledge] {
        let new = self.peek(stage);
        self.read = stage.pledges().len();
        new
    }

    /// The same, and it has not read them yet.
    pub fn peek<'s>(&self, stage: &'s dyn Stage) -> &'s [Pledge] {
        stage.pledges().get(self.read..).unwrap_or_default()
    }
}
