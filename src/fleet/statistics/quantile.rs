//! Quantiles without any assumption on the distribution. How many of the values lie at or below the true quantile is binomial, so
//! that two order statistics hold it between them with at least the confidence asked for: David and Nagaraja, "Order Statistics",
//! 3rd edition, 2003, section 7.1.

use statrs::distribution::{Binomial, DiscreteCDF};

use super::Confidence;

/// The order statistics that hold a quantile between them, counted from 1.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ranks {
    /// The greatest that is low enough; `None`: there are too few values.
    pub low: Option<u64>,
    /// The smallest that is high enough; `None`: there are too few values.
    pub high: Option<u64>,
}

/// The order statistic that estimates the quantile: the smallest value that at least the share of values does not exceed.
pub fn point_rank(count: u64, ppm: u32) -> u64 {
    let rank = (u128::from(count) * u128::from(ppm)).div_ceil(1_000_000);
    (rank as u64).clamp(1, count.max(1))
}

/// The order statistics of so many values that hold the quantile between them.
pub fn ranks(count: u64, ppm: u32, confidence: Confidence) -> Ranks {
    let Ok(below) = Binomial::new(f64::from(ppm) / 1e6, count) else { return Ranks { low: None, high: None } };
    let tail = confidence.tail();
    // The r-th value exceeds the quantile if fewer than r values are at or below it: P(B <= r - 1), which must not pass the tail.
    let too_high = |rank: u64| rank == 0 || below.cdf(rank - 1) <= tail;
    // The r-th value is below the quantile if at least r values are: P(B >= r), which must not pass the tail.
    let reaches = |rank: u64| rank > count || below.sf(rank - 1) <= tail;
    let low = last(0, count, too_high);
    let high = first(1, count + 1, reaches);
    Ranks { low: (low > 0).then_some(low), high: (high <= count).then_some(high) }
}

/// The greatest number from `from` to `to` for which something holds, which holds for `from` and no more once it has ended.
fn last(from: u64, to: u64, holds: impl Fn(u64) -> bool) -> u64 {
    let (mut low, mut high) = (from, to + 1);
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if holds(middle) { low = middle } else { high = middle }
    }
    low
}

/// The smallest number from `from` to `to` for which something holds, which holds for `to` and for all from there on.
fn first(from: u64, to: u64, holds: impl Fn(u64) -> bool) -> u64 {
    let (mut low, mut high) = (from, to);
    while low < high {
        let middle = low + (high - low) / 2;
        if holds(middle) { high = middle } else { low = middle + 1 }
    }
    low
}
