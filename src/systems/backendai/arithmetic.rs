//! Shares of a number of routes, in the floating point of the source: `math.ceil(desired * percent)` for what may come beside,
//! `math.floor(desired * percent)` for what may be missing. What leaves these functions is a whole number.
//! Source: lablup/backend.ai c0032c472e, src/ai/backend/common/schema/deployment.py (#10563).

/// True if a text is a share from 0 to 1.
pub fn is_share(text: &str) -> bool {
    text.parse::<f64>().is_ok_and(|share| (0.0..=1.0).contains(&share))
}

/// True if a share is nothing.
pub fn is_nothing(text: &str) -> bool {
    text.parse::<f64>().is_ok_and(|share| share == 0.0)
}

/// A share of a number of routes, rounded up.
pub fn share_up(text: &str, desired: u32) -> u32 {
    text.parse::<f64>().map_or(0, |share| (f64::from(desired) * share).ceil() as u32)
}

/// A share of a number of routes, rounded down.
pub fn share_down(text: &str, desired: u32) -> u32 {
    text.parse::<f64>().map_or(0, |share| (f64::from(desired) * share).floor() as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn surge_rounds_up_and_unavailable_down() {
        assert_eq!((share_up("0.25", 3), share_down("0.25", 3)), (1, 0));
        assert_eq!((share_up("0.5", 4), share_down("0.5", 4)), (2, 2));
        // 0.07 * 100 is a little more than 7 in floating point.
        assert_eq!(share_up("0.07", 100), 8);
    }

    #[test]
    fn a_share_is_from_nothing_to_all() {
        assert!(is_share("0") && is_share("1.0") && is_share("0.25"));
        assert!(!is_share("-0.1") && !is_share("1.5") && !is_share("half"));
        assert!(is_nothing("0.0") && !is_nothing("0.01"));
    }
}
