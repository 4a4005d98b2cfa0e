//! Means: Student's t, which is exact for normal values and close for the means of many others (its coverage on skewed values is
//! measured in the tests).

use statrs::distribution::{ContinuousCDF, StudentsT};

use super::{Confidence, Estimate, Summary};

/// The mean of the values that there are. One value has no interval.
pub fn mean(summary: &Summary, confidence: Confidence) -> Estimate {
    let count = summary.count();
    if count == 0 {
        return Estimate { value: f64::NAN, low: f64::NEG_INFINITY, high: f64::INFINITY };
    }
    let value = summary.sum() as f64 / count as f64;
    let Some(deviation) = summary.deviation() else {
        return Estimate { value, low: f64::NEG_INFINITY, high: f64::INFINITY };
    };
    if deviation == 0.0 {
        // Also where nothing is drawn: then every sample is the same run.
        return Estimate { value, low: value, high: value };
    }
    let t =
        StudentsT::new(0.0, 1.0, (count - 1) as f64).map_or(f64::INFINITY, |t| t.inverse_cdf(1.0 - confidence.tail()));
    let half = t * deviation / (count as f64).sqrt();
    Estimate { value, low: value - half, high: value + half }
}
