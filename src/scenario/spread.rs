//! Lengths of time as the scenario gives them: one length, or a distribution of lengths. Drawing from them is the kernel's.

use crate::kernel::Duration;

/// A length of time, or how lengths are spread.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Distribution {
    /// Always this length.
    Constant(Duration),
    /// Every length from `min` to `max` alike.
    Uniform {
        /// The shortest.
        min: Duration,
        /// The longest.
        max: Duration,
    },
    /// A normal distribution, cut at its ends.
    Normal {
        /// The mean before cutting.
        mean: Duration,
        /// The standard deviation before cutting.
        deviation: Duration,
        /// The shortest.
        min: Duration,
        /// The longest; `None`: no end.
        max: Option<Duration>,
    },
    /// A lognormal distribution, cut at its ends.
    LogNormal {
        /// The mean before cutting.
        mean: Duration,
        /// The standard deviation before cutting.
        deviation: Duration,
        /// The shortest.
        min: Duration,
        /// The longest; `None`: no end.
        max: Option<Duration>,
    },
    /// An exponential distribution, cut at its ends.
    Exponential {
        /// The mean before cutting.
        mean: Duration,
        /// The shortest.
        min: Duration,
        /// The longest; `None`: no end.
        max: Option<Duration>,
    },
    /// One of these lengths, each as likely as the others.
    Empirical(Vec<Duration>),
}
