//! Lengths of time drawn at random. Every draw turns 64 random bits into a length by the inverse of the distribution,
//! one draw a sample: the same bits with a greater mean give a greater length, so that two plans stay comparable.
//!
//! `min` and `max` cut a distribution off: what lies beyond them is taken out, and what is left is drawn in the same
//! proportions. Means and deviations are those before the cut.

use super::quantile::{normal_quantile, normal_share_below};
use super::{Duration, Stream, Time};

/// How long something takes.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Distribution {
    /// Always the same.
    Constant(Duration),
    /// Each nanosecond from `min` to `max` is as likely as any other.
    Uniform {
        /// The shortest.
        min: Duration,
        /// The longest.
        max: Duration,
    },
    /// The bell curve.
    Normal {
        /// The mean of the uncut curve.
        mean: Duration,
        /// The standard deviation of the uncut curve; zero means always `mean`.
        deviation: Duration,
        /// The shortest.
        min: Duration,
        /// The longest.
        max: Duration,
    },
    /// The logarithm of the length is normal: never negative, with a long tail, as pulls and model loads are.
    LogNormal {
        /// The mean of the length itself, not of its logarithm.
        mean: Duration,
        /// The standard deviation of the length itself; zero means always `mean`. The logarithm then has the variance
        /// `s = ln(1 + (deviation / mean)^2)` and the mean `ln(mean) - s / 2`.
        deviation: Duration,
        /// The shortest.
        min: Duration,
        /// The longest.
        max: Duration,
    },
    /// The time to the next of events that come independently of one another.
    Exponential {
        /// The mean of the uncut distribution.
        mean: Duration,
        /// The shortest. As such events have no memory, this is the same as adding `min`.
        min: Duration,
        /// The longest.
        max: Duration,
    },
    /// Lengths that were measured, with weights.
    Empirical {
        /// Each length and how often it came; one of weight 0 never comes again.
        values: Vec<(Duration, u32)>,
    },
}

impl Distribution {
    /// What `max` is where a scenario gives none.
    pub const MAX: Duration = Duration::from_nanos(Time::MAX.nanos());

    /// The same with every length divided by `speed`; a bound that is none stays none.
    pub fn at_speed(&self, speed: u32) -> Distribution {
        let faster = |length: &Duration| match *length {
            Distribution::MAX => Distribution::MAX,
            length => Duration::from_nanos(length.nanos() / u64::from(speed.max(1))),
        };
        let [mean, deviation, min, max] = match self {
            Distribution::Constant(length) => return Distribution::Constant(faster(length)),
            Distribution::Empirical { values } => {
                let values = values.iter().map(|(length, weight)| (faster(length), *weight)).collect();
                return Distribution::Empirical { values };
            }
            Distribution::Uniform { min, max } => [&Duration::ZERO, &Duration::ZERO, min, max].map(faster),
            Distribution::Normal { mean, deviation, min, max }
            | Distribution::LogNormal { mean, deviation, min, max } => [mean, deviation, min, max].map(faster),
            Distribution::Exponential { mean, min, max } => [mean, &Duration::ZERO, min, max].map(faster),
        };
        match self {
            Distribution::Constant(_) | Distribution::Empirical { .. } => self.clone(),
            Distribution::Uniform { .. } => Distribution::Uniform { min, max },
            Distribution::Normal { .. } => Distribution::Normal { mean, deviation, min, max },
            Distribution::LogNormal { .. } => Distribution::LogNormal { mean, deviation, min, max },
            Distribution::Exponential { .. } => Distribution::Exponential { mean, min, max },
        }
    }

    /// Says what is wrong with the parameters.
    ///
    /// # Errors
    /// If no length can be drawn: `min` above `max`, a mean of zero where none can be, weights that are all zero, or
    /// bounds with nothing of the distribution between them.
    pub fn check(&self) -> Result<(), String> {
        let (min, max) = self.bounds();
        if min > max {
            return Err(format!("min {min} is more than max {max}"));
        }
        let possible = match self {
            Distribution::Constant(_) | Distribution::Uniform { .. } => true,
            Distribution::Empirical { values } if values.iter().all(|(_, weight)| *weight == 0) => {
                return Err("none of the values can be drawn; give at least one with a weight above 0".into());
            }
            Distribution::Empirical { .. } => true,
            Distribution::LogNormal { mean, .. } | Distribution::Exponential { mean, .. } if mean.is_zero() => {
                return Err("the mean must be more than 0s".into());
            }
            Distribution::Normal { mean, .. }
            | Distribution::LogNormal { mean, .. }
            | Distribution::Exponential { mean, .. } => match self.shares() {
                Some((below_min, below_max)) => below_min < below_max,
                None => (min..=max).contains(mean),
            },
        };
        if possible {
            return Ok(());
        }
        Err(format!("nothing of the distribution lies from min {min} to max {max}; widen them or move the mean"))
    }

    /// Draws a length. What `check` rejects gives a length too, the nearest that makes sense.
    pub fn sample(&self, stream: &mut Stream) -> Duration {
        let (min, max) = self.bounds();
        let drawn = match self {
            Distribution::Constant(length) => *length,
            Distribution::Uniform { .. } => min + Duration::from_nanos(at_most((max - min).nanos(), stream)),
            Distribution::Empirical { values } => pick(values, stream),
            Distribution::Normal { mean, .. }
            | Distribution::LogNormal { mean, .. }
            | Distribution::Exponential { mean, .. } => match self.shares() {
                Some(shares) => self.quantile(share_between(shares, stream.next_u64())),
                None => *mean,
            },
        };
        drawn.min(max).max(min)
    }

    /// The shortest and the longest length that can be drawn.
    pub fn bounds(&self) -> (Duration, Duration) {
        match self {
            Distribution::Constant(length) => (*length, *length),
            Distribution::Uniform { min, max }
            | Distribution::Normal { min, max, .. }
            | Distribution::LogNormal { min, max, .. }
            | Distribution::Exponential { min, max, .. } => (*min, *max),
            Distribution::Empirical { values } => {
                let mut drawn = values.iter().filter(|(_, weight)| *weight > 0).map(|(length, _)| *length);
                let first = drawn.next().unwrap_or_default();
                drawn.fold((first, first), |(min, max), length| (min.min(length), max.max(length)))
            }
        }
    }

    /// The shares of the uncut distribution below `min` and below `max`; `None` if it is a single point or a list.
    fn shares(&self) -> Option<(f64, f64)> {
        let share = |length: Duration| match self {
            Distribution::Normal { mean, deviation, .. } if !deviation.is_zero() => {
                Some(normal_share_below(normal_score(length, *mean, *deviation)))
            }
            Distribution::LogNormal { mean, deviation, .. } if !mean.is_zero() && !deviation.is_zero() => {
                Some(normal_share_below(lognormal_score(length, *mean, *deviation)))
            }
            Distribution::Exponential { mean, .. } if !mean.is_zero() => Some(exponential_share_below(length, *mean)),
            _ => None,
        };
        let (min, max) = self.bounds();
        Some((share(min)?, share(max)?))
    }

    /// The length that has `share` of the uncut distribution below it.
    fn quantile(&self, share: f64) -> Duration {
        match self {
            Distribution::Normal { mean, deviation, .. } => normal_length(share, *mean, *deviation),
            Distribution::LogNormal { mean, deviation, .. } => lognormal_length(share, *mean, *deviation),
            Distribution::Exponential { mean, .. } => exponential_length(share, *mean),
            Distribution::Constant(_) | Distribution::Uniform { .. } | Distribution::Empirical { .. } => Duration::ZERO,
        }
    }
}

/// A number from 0 to `greatest`.
fn at_most(greatest: u64, stream: &mut Stream) -> u64 {
    match greatest.checked_add(1) {
        Some(bound) => stream.below(bound),
        None => stream.next_u64(),
    }
}

/// One of `values`, in proportion to the weights.
fn pick(values: &[(Duration, u32)], stream: &mut Stream) -> Duration {
    let total: u64 = values.iter().map(|&(_, weight)| u64::from(weight)).sum();
    let mut left = if total == 0 { 0 } else { stream.below(total) };
    for &(length, weight) in values {
        if left < u64::from(weight) {
            return length;
        }
        left -= u64::from(weight);
    }
    Duration::ZERO
}

/// A share from `low` to `high`, never quite 0 or 1. The middle of one of 2^52 equal steps, which a double holds exactly.
fn share_between((low, high): (f64, f64), bits: u64) -> f64 {
    let unit = ((bits >> 12) as f64 + 0.5) / (1_u64 << 52) as f64;
    (low + (high - low) * unit).clamp(f64::MIN_POSITIVE, 1.0 - f64::EPSILON / 2.0)
}

/// How many deviations `length` lies above the mean.
fn normal_score(length: Duration, mean: Duration, deviation: Duration) -> f64 {
    (length.nanos() as f64 - mean.nanos() as f64) / deviation.nanos() as f64
}

fn normal_length(share: f64, mean: Duration, deviation: Duration) -> Duration {
    rounded(mean.nanos() as f64 + deviation.nanos() as f64 * normal_quantile(share))
}

/// The mean and the deviation of the logarithm of a length in nanoseconds, from those of the length.
fn logarithm(mean: Duration, deviation: Duration) -> (f64, f64) {
    let (mean, deviation) = (mean.nanos() as f64, deviation.nanos() as f64);
    let ratio = deviation / mean;
    let variance = libm::log1p(ratio * ratio);
    (libm::log(mean) - variance / 2.0, libm::sqrt(variance))
}

/// How many deviations the logarithm of `length` lies above its mean.
fn lognormal_score(length: Duration, mean: Duration, deviation: Duration) -> f64 {
    let (log_mean, log_deviation) = logarithm(mean, deviation);
    (libm::log(length.nanos() as f64) - log_mean) / log_deviation
}

fn lognormal_length(share: f64, mean: Duration, deviation: Duration) -> Duration {
    let (log_mean, log_deviation) = logarithm(mean, deviation);
    rounded(libm::exp(log_mean + log_deviation * normal_quantile(share)))
}

fn exponential_share_below(length: Duration, mean: Duration) -> f64 {
    -libm::expm1(-(length.nanos() as f64 / mean.nanos() as f64))
}

fn exponential_length(share: f64, mean: Duration) -> Duration {
    rounded(-(mean.nanos() as f64 * libm::log1p(-share)))
}

/// The nearest whole number of nanoseconds from 0 to `Time::MAX`.
fn rounded(nanos: f64) -> Duration {
    Duration::from_nanos(libm::floor(nanos + 0.5) as u64).min(Distribution::MAX)
}

#[cfg(test)]
mod tests;
