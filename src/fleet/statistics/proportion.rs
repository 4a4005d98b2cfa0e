//! Proportions: how often something is so. Clopper and Pearson, "The use of confidence or fiducial limits illustrated in the case
//! of the binomial", Biometrika 26(4), 1934: never covers less than it says. Wilson, "Probable inference, the law of succession,
//! and statistical inference", JASA 22, 1927: shorter, and covers what it says on average.

use statrs::distribution::{Beta, ContinuousCDF, Normal};

use super::{Confidence, Estimate};

/// So many of so many, with the exact interval.
pub fn clopper_pearson(hits: u64, tries: u64, confidence: Confidence) -> Estimate {
    let quantile =
        |share: f64, a: u64, b: u64| Beta::new(a as f64, b as f64).map_or(f64::NAN, |beta| beta.inverse_cdf(share));
    let hits = hits.min(tries);
    let low = if hits == 0 { 0.0 } else { quantile(confidence.tail(), hits, tries - hits + 1) };
    let high = if hits == tries { 1.0 } else { quantile(1.0 - confidence.tail(), hits + 1, tries - hits) };
    Estimate { value: share(hits, tries), low, high }
}

/// So many of so many, with Wilson's interval.
pub fn wilson(hits: u64, tries: u64, confidence: Confidence) -> Estimate {
    let hits = hits.min(tries);
    if tries == 0 {
        return Estimate { value: f64::NAN, low: 0.0, high: 1.0 };
    }
    let (share, tries) = (share(hits, tries), tries as f64);
    let z = Normal::standard().inverse_cdf(1.0 - confidence.tail());
    let z2 = z * z;
    let middle = (share + z2 / (2.0 * tries)) / (1.0 + z2 / tries);
    let half = z / (1.0 + z2 / tries) * (share * (1.0 - share) / tries + z2 / (4.0 * tries * tries)).sqrt();
    // At its ends the formula gives 0 and 1 but for rounding.
    let low = if share == 0.0 { 0.0 } else { (middle - half).max(0.0) };
    let high = if share == 1.0 { 1.0 } else { (middle + half).min(1.0) };
    Estimate { value: share, low, high }
}

fn share(hits: u64, tries: u64) -> f64 {
    hits as f64 / tries as f64
}
