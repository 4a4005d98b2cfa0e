//! What is kept of many values: each different one and how often it came. Summaries of parts are merged into the very summary of the
//! whole, in any order, because nothing in them is rounded.

use std::collections::BTreeMap;

/// Values of one kind, in its unit.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Summary {
    values: BTreeMap<i64, u64>,
    count: u64,
    never: u64,
    sum: i128,
}

impl Summary {
    /// Adds a value; `None` for something that never came.
    pub fn add(&mut self, value: Option<i64>) {
        match value {
            Some(value) => {
                *self.values.entry(value).or_default() += 1;
                self.count += 1;
                self.sum += i128::from(value);
            }
            None => self.never += 1,
        }
    }

    /// Adds the values of another part.
    pub fn merge(&mut self, other: &Summary) {
        for (value, times) in &other.values {
            *self.values.entry(*value).or_default() += times;
        }
        self.count += other.count;
        self.never += other.never;
        self.sum += other.sum;
    }

    /// How many values there are.
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// How many never came.
    pub const fn never(&self) -> u64 {
        self.never
    }

    /// The sum of the values.
    pub const fn sum(&self) -> i128 {
        self.sum
    }

    /// The least value.
    pub fn least(&self) -> Option<i64> {
        self.values.keys().next().copied()
    }

    /// The greatest value.
    pub fn greatest(&self) -> Option<i64> {
        self.values.keys().next_back().copied()
    }

    /// Each value and how often it came, in order.
    pub fn values(&self) -> impl Iterator<Item = (i64, u64)> + '_ {
        self.values.iter().map(|(value, times)| (*value, *times))
    }

    /// How many values hold to a condition.
    pub fn hits(&self, holds: impl Fn(i64) -> bool) -> u64 {
        self.values().filter(|(value, _)| holds(*value)).map(|(_, times)| times).sum()
    }

    /// The value of a rank from 1, where what never came stands behind all values; `None`: it never came.
    pub fn nth(&self, rank: u64) -> Option<i64> {
        let mut left = rank.max(1);
        for (value, times) in self.values() {
            if left <= times {
                return Some(value);
            }
            left -= times;
        }
        None
    }

    /// The standard deviation of the values, by the mean first: `None` for fewer than two.
    pub fn deviation(&self) -> Option<f64> {
        if self.count < 2 {
            return None;
        }
        let mean = self.sum as f64 / self.count as f64;
        let squares = self.values().map(|(value, times)| {
            let off = value as f64 - mean;
            off * off * times as f64
        });
        // One value that came always has none, whatever the mean is rounded to.
        let squares: f64 = if self.values.len() == 1 { 0.0 } else { squares.sum() };
        Some((squares / (self.count - 1) as f64).sqrt())
    }
}
