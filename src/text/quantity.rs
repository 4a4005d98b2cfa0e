//! Kubernetes quantities: `128Gi`, `500m`, `1e3`. Grammar of k8s.io/apimachinery v0.36.3, pkg/api/resource/quantity.go.

/// Suffixes, each with its factor in thousandths.
const SUFFIXES: &[(&str, u128)] = &[
    ("Ki", 1000 << 10),
    ("Mi", 1000 << 20),
    ("Gi", 1000 << 30),
    ("Ti", 1000 << 40),
    ("Pi", 1000 << 50),
    ("Ei", 1000 << 60),
    ("m", 1),
    ("k", 1_000_000),
    ("M", 1_000_000_000),
    ("G", 1_000_000_000_000),
    ("T", 1_000_000_000_000_000),
    ("P", 1_000_000_000_000_000_000),
    ("E", 1_000_000_000_000_000_000_000),
    ("", 1000),
];

/// What is said of an amount that is one, but cannot be meant. Kubernetes takes it and bounds it by 2^63.
pub const TOO_LARGE: &str = "larger than any machine has";

/// What is said of an amount below zero.
pub const NEGATIVE: &str = "an amount cannot be negative";

/// The amount in thousandths, rounded up as Kubernetes does.
///
/// # Errors
/// What is wrong with it, as a lower-case fragment.
pub fn milli(text: &str) -> Result<u64, String> {
    if text.starts_with('-') {
        return Err(NEGATIVE.to_owned());
    }
    let form = || "not an amount; write one such as `128Gi`, `500m` or `4`".to_owned();
    let digits = text.find(|character: char| !character.is_ascii_digit() && character != '.').unwrap_or(text.len());
    let (number, suffix) = text.split_at(digits);
    let (factor, exponent) = match SUFFIXES.iter().find(|(name, _)| *name == suffix) {
        Some((_, factor)) => (*factor, 0),
        None => (1000, decimal_exponent(suffix).ok_or_else(form)?),
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() && fraction.is_empty() || fraction.contains('.') {
        return Err(form());
    }
    let value = scaled(whole, fraction, factor, exponent);
    value.and_then(|value| u64::try_from(value).ok()).ok_or_else(|| TOO_LARGE.to_owned())
}

/// The amount in whole units, a fraction rounded up.
///
/// # Errors
/// What is wrong with it, as a lower-case fragment.
pub fn units(text: &str) -> Result<u64, String> {
    match milli(text) {
        Ok(thousandths) => Ok(thousandths.div_ceil(1000)),
        // Bytes in thousandths can pass 64 bits while the bytes themselves do not.
        Err(error) => whole_bytes(text).ok_or(error),
    }
}

/// A whole number of bytes with a binary suffix.
fn whole_bytes(text: &str) -> Option<u64> {
    let digits = text.find(|character: char| !character.is_ascii_digit())?;
    let (number, suffix) = text.split_at(digits);
    let (_, factor) = SUFFIXES.iter().find(|(name, _)| *name == suffix && name.ends_with('i'))?;
    let bytes = number.parse::<u128>().ok()?.checked_mul(factor / 1000)?;
    u64::try_from(bytes).ok()
}

/// `e3`, `E-2`: a power of ten.
fn decimal_exponent(suffix: &str) -> Option<i32> {
    let power = suffix.strip_prefix(['e', 'E'])?;
    let exponent: i32 = power.parse().ok()?;
    (-30..=30).contains(&exponent).then_some(exponent)
}

/// `whole.fraction * factor * 10^exponent`, rounded up; `None` if it is too large.
fn scaled(whole: &str, fraction: &str, factor: u128, exponent: i32) -> Option<u128> {
    let digits: String = [whole, fraction].concat();
    let digits = digits.trim_start_matches('0');
    let significant: u128 = if digits.is_empty() { 0 } else { digits.parse().ok()? };
    let product = significant.checked_mul(factor)?;
    let shift = exponent - i32::try_from(fraction.len()).ok()?;
    let power = 10_u128.checked_pow(shift.unsigned_abs());
    match power {
        Some(power) if shift >= 0 => product.checked_mul(power),
        Some(power) => Some(product.div_ceil(power)),
        None if product == 0 => Some(0),
        None if shift < 0 => Some(1),
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_amounts_as_kubernetes_does() {
        for (text, thousandths) in [
            ("4", 4000),
            ("500m", 500),
            ("0.5", 500),
            (".5", 500),
            ("2.", 2000),
            ("1e3", 1_000_000),
            ("1E-3", 1),
            ("0.0001", 1),
            ("1k", 1_000_000),
            ("1Ki", 1_024_000),
            ("1.5Gi", 1_610_612_736_000),
            ("0", 0),
        ] {
            assert_eq!(milli(text), Ok(thousandths), "{text}");
        }
        assert_eq!(units("128Gi"), Ok(128 << 30));
        assert_eq!(units("1500m"), Ok(2));
        assert_eq!(units("100Pi"), Ok(100 << 50));
        assert_eq!(milli("ㄧi"), milli("x"));
    }

    #[test]
    fn refuses_what_is_no_amount() {
        for text in
            ["", "-1", "Gi", ".", "1.2.3", "4 Gi", "4gi", "1e99", "99999999999999999999999Ei", "9Ei9", "+1", "é"]
        {
            assert!(milli(text).is_err(), "{text}");
            assert!(units(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(text in "[0-9.eEmkKMGTPi+-]{0,12}|.{0,40}") {
            let _ = (milli(&text), units(&text));
        }
    }
}
