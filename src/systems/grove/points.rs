//! Points at single writes and reads of Grove's own API, which its operator's runtime counts.

use super::operator::Grove;
use crate::timeline::{Cause, Kind};
use crate::workload::OwnPoint;

impl Grove {
    /// True if its API has objects of this kind.
    pub const fn keeps(kind: Kind) -> bool {
        matches!(kind, Kind::PodCliqueSet | Kind::PodClique | Kind::PodCliqueScalingGroup | Kind::PodGang)
    }

    /// How many writes or reads there were so far that a point means.
    pub fn seen_at(&self, token: u64) -> u32 {
        self.api.seen_at(token)
    }

    /// Waits for a point in this API.
    ///
    /// # Errors
    /// There is no controller of this name.
    pub fn await_point(&mut self, point: &OwnPoint, cause: Cause) -> Result<(), String> {
        self.runtime.await_point(&mut self.api, point, cause)
    }
}
