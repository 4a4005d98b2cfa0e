//! Lengths of time and instants as people write them: `1h30m`, `250ms`, `2.5s`, `00:07:31.250`. A number alone has no unit and
//! is refused.

use crate::kernel::{Duration, Time};

/// The units, each with its length in nanoseconds; longer names first, so that `ms` is not read as `m`.
const UNITS: &[(&str, u64)] = &[
    ("ns", 1),
    ("us", 1_000),
    ("µs", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
    ("d", 86_400_000_000_000),
];

/// Reads a length of time.
///
/// # Errors
/// What is wrong with it, as a lower-case fragment.
pub fn parse(text: &str) -> Result<Duration, String> {
    let nanos = if text.contains(':') { clock(text)? } else { with_units(text)? };
    if nanos > Time::MAX.nanos() {
        return Err("longer than nine years, the longest time of a run".to_owned());
    }
    Ok(Duration::from_nanos(nanos))
}

/// Reads an instant, counted from the start of the run, in the same forms.
///
/// # Errors
/// What is wrong with it, as a lower-case fragment.
pub fn parse_time(text: &str) -> Result<Time, String> {
    parse(text).map(|length| Time::from_nanos(length.nanos()))
}

/// A whole number of seconds as Go writes it: `0s`, `1m5s`, `1h0m0s`; less than a second is cut off.
pub fn as_go(length: Duration) -> String {
    let seconds = length.whole_secs();
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, seconds) => format!("{seconds}s"),
        (0, minutes, seconds) => format!("{minutes}m{seconds}s"),
        (hours, minutes, seconds) => format!("{hours}h{minutes}m{seconds}s"),
    }
}

/// `1h30m`, `2.5s`: numbers with units, from the largest unit to the smallest.
fn with_units(text: &str) -> Result<u64, String> {
    if text.is_empty() {
        return Err("empty; write a length of time such as `90s`".to_owned());
    }
    if text.starts_with('-') {
        return Err("a length of time cannot be negative".to_owned());
    }
    let mut rest = text;
    let mut total: u64 = 0;
    let mut last_unit = u64::MAX;
    while !rest.is_empty() {
        let digits = rest.find(|character: char| !character.is_ascii_digit() && character != '.').unwrap_or(rest.len());
        let (number, behind) = rest.split_at(digits);
        if number.is_empty() {
            return Err("not a length of time; write one such as `90s`, `1h30m` or `250ms`".to_owned());
        }
        let letters = behind.find(|character: char| !character.is_alphabetic()).unwrap_or(behind.len());
        let (unit, next) = behind.split_at(letters);
        if unit.is_empty() {
            return Err(format!(
                "no unit; write `{number}s` for seconds, `{number}m` for minutes, `{number}ms` for milliseconds"
            ));
        }
        let Some((_, length)) = UNITS.iter().find(|(name, _)| *name == unit) else {
            return Err(format!("unknown unit {}; known are d, h, m, s, ms, us, ns", super::diagnostic::quote(unit)));
        };
        if *length >= last_unit {
            return Err("units stand from the largest to the smallest, each once".to_owned());
        }
        last_unit = *length;
        total = total.saturating_add(decimal(number, *length)?);
        rest = next;
    }
    Ok(total)
}

/// `HH:MM:SS` or `HH:MM:SS.fff`, the form in which a timeline shows times.
fn clock(text: &str) -> Result<u64, String> {
    let form = || "not a time; write `HH:MM:SS`, or a length such as `90s`".to_owned();
    let parts: Vec<&str> = text.split(':').collect();
    let [hours, minutes, seconds] = parts[..] else {
        return Err(form());
    };
    let two_digits = |part: &str| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit()) && part < "60";
    let whole_seconds = seconds.split('.').next().unwrap_or("");
    if !hours.bytes().all(|byte| byte.is_ascii_digit()) || !two_digits(minutes) || !two_digits(whole_seconds) {
        return Err(form());
    }
    let parts = [decimal(hours, UNITS[6].1)?, decimal(minutes, UNITS[5].1)?, decimal(seconds, UNITS[4].1)?];
    Ok(parts.into_iter().fold(0, u64::saturating_add))
}

/// A decimal number of units, exactly; more digits than nanoseconds are refused, not rounded.
fn decimal(number: &str, unit: u64) -> Result<u64, String> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(whole) || (number.contains('.') && !is_number(fraction)) {
        return Err(format!("{} is not a number", super::diagnostic::quote(number)));
    }
    // More digits than fit are too long a time in any unit.
    let mut total = whole.parse::<u64>().unwrap_or(u64::MAX).saturating_mul(unit);
    let mut scale = unit;
    for digit in fraction.trim_end_matches('0').bytes() {
        if !scale.is_multiple_of(10) {
            return Err("finer than a nanosecond".to_owned());
        }
        scale /= 10;
        total = total.saturating_add(u64::from(digit - b'0') * scale);
    }
    Ok(total)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_what_people_write() {
        let nanos = |text| parse(text).map(Duration::nanos);
        assert_eq!(nanos("1h30m"), Ok(5_400_000_000_000));
        assert_eq!(nanos("250ms"), Ok(250_000_000));
        assert_eq!(nanos("2.5s"), Ok(2_500_000_000));
        assert_eq!(nanos("0.5m"), Ok(30_000_000_000));
        assert_eq!(nanos("0s"), Ok(0));
        assert_eq!(nanos("00:07:31.250"), Ok(451_250_000_000));
        assert_eq!(nanos("100:00:00"), Ok(360_000_000_000_000));
        assert_eq!(nanos("1d"), Ok(86_400_000_000_000));
    }

    #[test]
    fn says_what_is_wrong() {
        let mut told = String::new();
        for text in [
            "90",
            "",
            "-5s",
            "5 s",
            "s",
            "5x",
            "5s5m",
            "1.0000000001s",
            "1.s",
            "1:30",
            "0:99:00",
            "999999999999999999999h",
            "4000d",
            "1..5s",
        ] {
            let error = parse(text).expect_err(text);
            told.push_str(&format!("{text}: {error}\n"));
        }
        insta::assert_snapshot!(told);
    }

    #[test]
    fn lengths_are_written_as_go_writes_them() {
        for (seconds, text) in
            [(0, "0s"), (59, "59s"), (60, "1m0s"), (900, "15m0s"), (3600, "1h0m0s"), (3661, "1h1m1s")]
        {
            assert_eq!(as_go(Duration::from_secs(seconds)), text);
        }
    }

    proptest! {
        #[test]
        fn reads_back_what_is_shown(nanos in 0..Time::MAX.nanos()) {
            let length = Duration::from_nanos(nanos);
            prop_assert_eq!(parse(&length.to_string()), Ok(length));
        }

        #[test]
        fn never_panics(text in "[0-9.:hmsdnu -]{0,12}|.{0,12}") {
            let _ = parse(&text);
        }
    }
}
