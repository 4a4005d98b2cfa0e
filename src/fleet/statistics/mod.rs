//! Estimates with intervals that hold what they say: of proportions, quantiles, means, paired differences, and of runs that end
//! once an estimate is precise enough. Numbers alone; what they are measured on is `sweep`'s.
//!
//! What is summed up is whole numbers, so that summaries can be merged in any order. Floats begin where an estimate is made.

pub mod looks;
mod mean;
mod paired;
mod proportion;
mod quantile;
mod summary;
#[cfg(test)]
mod tests;

pub use looks::Looks;
pub use mean::mean;
pub use paired::{Paired, Pairs, share_difference, sign_test};
pub use proportion::{clopper_pearson, wilson};
pub use quantile::{Ranks, point_rank, ranks};
pub use summary::Summary;

/// How sure an interval is of what it holds: its share of repetitions that have the true value in it. Between 0 and 1.
#[derive(Clone, Copy, PartialEq, PartialOrd, Debug)]
pub struct Confidence(f64);

impl Confidence {
    /// A confidence of so many billionths; `None` unless it is between 0 and 1.
    pub fn from_ppb(ppb: u32) -> Option<Confidence> {
        (1..1_000_000_000).contains(&ppb).then(|| Confidence(f64::from(ppb) / 1e9))
    }

    /// The usual: 95 of 100.
    pub const USUAL: Confidence = Confidence(0.95);

    /// The share itself.
    pub const fn share(self) -> f64 {
        self.0
    }

    /// What is left on each side.
    pub fn tail(self) -> f64 {
        (1.0 - self.0) / 2.0
    }

    /// The confidence that each of so many statements needs, so that all of them hold together with this one: what is left over is
    /// split among them (Bonferroni's inequality). It asks nothing of how they depend on each other.
    #[must_use]
    pub fn among(self, statements: u32) -> Confidence {
        Confidence(1.0 - (1.0 - self.0) / f64::from(statements.max(1)))
    }
}

/// An estimate and where the true value lies.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Estimate {
    /// The estimate; infinite where what is estimated never came.
    pub value: f64,
    /// The true value is at least this; negative infinity where there are too few values to say.
    pub low: f64,
    /// The true value is at most this; infinity where there are too few values to say, or some never came.
    pub high: f64,
}

impl Estimate {
    /// Half of the width of the interval; infinite if it has no bound.
    pub fn half_width(&self) -> f64 {
        let width = self.high - self.low;
        if width.is_nan() { f64::INFINITY } else { width / 2.0 }
    }
}
