//! Two plans under the same random numbers: what is compared is each sample with its twin, so that what both meet alike goes out of
//! the difference.

use statrs::distribution::{Binomial, ContinuousCDF, DiscreteCDF, Normal};

use super::{Confidence, Estimate, Summary, mean};

/// Pairs of values, as far as they are kept.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Pairs {
    /// The differences of pairs that both have a value: the second less the first.
    pub differences: Summary,
    /// Pairs of which the first alone has a value.
    pub first_alone: u64,
    /// Pairs of which the second alone has a value.
    pub second_alone: u64,
    /// Pairs without any value.
    pub neither: u64,
}

/// How two plans differ.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Paired {
    /// The mean difference of pairs that both have a value.
    pub mean: Estimate,
    /// Pairs in which the second is greater, or never came although the first did.
    pub greater: u64,
    /// Pairs in which the second is less, or came although the first never did.
    pub less: u64,
    /// How likely a split as uneven as this one is where neither is greater more often than the other.
    pub chance: f64,
}

impl Pairs {
    /// Adds a pair.
    pub fn add(&mut self, first: Option<i64>, second: Option<i64>) {
        match (first, second) {
            (Some(first), Some(second)) => self.differences.add(Some(second.saturating_sub(first))),
            (Some(_), None) => self.first_alone += 1,
            (None, Some(_)) => self.second_alone += 1,
            (None, None) => self.neither += 1,
        }
    }

    /// How they differ.
    pub fn compare(&self, confidence: Confidence) -> Paired {
        let greater = self.differences.hits(|difference| difference > 0) + self.first_alone;
        let less = self.differences.hits(|difference| difference < 0) + self.second_alone;
        Paired { mean: mean(&self.differences, confidence), greater, less, chance: sign_test(greater, less) }
    }
}

impl Pairs {
    /// How they differ where each value says whether something is so (1) or not (0): the mean difference is that of two shares.
    pub fn compare_truths(&self, confidence: Confidence) -> Paired {
        let paired = self.compare(confidence);
        let mean = share_difference(paired.greater, paired.less, self.differences.count(), confidence);
        Paired { mean, ..paired }
    }
}

/// By how much two shares differ that were found in the same tries: `more` times only the second was so, `fewer` times only the first.
/// Bonett and Price, "Adjusted Wald confidence interval for a difference of binomial proportions based on paired data", Journal of
/// Educational and Behavioral Statistics 37(4), 2012.
pub fn share_difference(more: u64, fewer: u64, pairs: u64, confidence: Confidence) -> Estimate {
    if pairs == 0 {
        return Estimate { value: f64::NAN, low: -1.0, high: 1.0 };
    }
    let value = (more as f64 - fewer as f64) / pairs as f64;
    let tries = pairs as f64 + 2.0;
    let (more, fewer) = ((more as f64 + 1.0) / tries, (fewer as f64 + 1.0) / tries);
    let difference = more - fewer;
    let z = Normal::standard().inverse_cdf(1.0 - confidence.tail());
    let half = z * ((more + fewer - difference * difference) / tries).sqrt();
    Estimate { value, low: (difference - half).max(-1.0), high: (difference + half).min(1.0) }
}

/// The exact sign test, two-sided; for what is so or not so it is McNemar's.
pub fn sign_test(one: u64, other: u64) -> f64 {
    let pairs = one + other;
    let Ok(fair) = Binomial::new(0.5, pairs) else { return 1.0 };
    (2.0 * fair.cdf(one.min(other))).min(1.0)
}
