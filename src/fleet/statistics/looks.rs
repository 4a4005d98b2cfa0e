//! Runs that end once an estimate is precise enough. Whoever looks at an interval again and again, and stops when it suits, stops on
//! the occasions on which it is wrong more often than it says. So the looks are few and fixed beforehand, and what may be wrong is
//! split among them: an interval of each look is one of a confidence so much greater that all looks hold together, whichever the
//! last one is.

use super::Confidence;

/// The numbers of samples at which is looked.
#[derive(Clone, PartialEq, Debug)]
pub struct Looks {
    sizes: Vec<u64>,
    confidence: Confidence,
}

impl Looks {
    /// Looks at `first`, at twice as many and so on, and at `most` at the latest; together they have the confidence.
    pub fn doubling(first: u64, most: u64, confidence: Confidence) -> Looks {
        let mut sizes = Vec::new();
        let mut size = first.max(1);
        while size < most {
            sizes.push(size);
            size = size.saturating_mul(2);
        }
        sizes.push(most);
        let confidence = confidence.among(sizes.len() as u32);
        Looks { sizes, confidence }
    }

    /// The numbers of samples, rising.
    pub fn sizes(&self) -> &[u64] {
        &self.sizes
    }

    /// The confidence of the interval of each look.
    pub const fn confidence(&self) -> Confidence {
        self.confidence
    }
}
