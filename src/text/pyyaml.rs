//! What a plain value is to PyYAML: words and numbers of YAML 1.1 by its own patterns. Dates stay texts here.
//! Source: yaml/pyyaml 6.0.3, lib/yaml/resolver.py and constructor.py.

use super::tree::Value;

const TRUE: &[&str] = &["yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"];
const FALSE: &[&str] = &["no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"];
const NULL: &[&str] = &["", "~", "null", "Null", "NULL"];
const INFINITE: &[&str] = &[".inf", ".Inf", ".INF"];
const NO_NUMBER: &[&str] = &[".nan", ".NaN", ".NAN"];

/// What the plain text means.
pub fn resolve(text: &str) -> Value {
    if TRUE.contains(&text) {
        return Value::Bool(true);
    }
    if FALSE.contains(&text) {
        return Value::Bool(false);
    }
    if NULL.contains(&text) {
        return Value::Null;
    }
    let (sign, unsigned) = match text.strip_prefix(['+', '-']) {
        Some(rest) => (&text[..1], rest),
        None => ("", text),
    };
    if INFINITE.contains(&unsigned) || NO_NUMBER.contains(&text) {
        return Value::Float(text.to_owned());
    }
    let minus = if sign == "-" { "-" } else { "" };
    if let Some(digits) = whole(unsigned) {
        let text = format!("{minus}{digits}");
        return text.parse().map_or(Value::Float(text), Value::Int);
    }
    match float(unsigned, sign) {
        Some(digits) => Value::Float(format!("{minus}{digits}")),
        None => Value::String(text.to_owned()),
    }
}

/// A whole number in decimal digits: binary, octal, hexadecimal, decimal, or in sixties as `1:30`.
fn whole(text: &str) -> Option<String> {
    let of_base = |digits: &str, base: u32| {
        let plain = digits.replace('_', "");
        let fits = !digits.is_empty() && digits.chars().all(|one| one == '_' || one.is_digit(base));
        fits.then(|| u128::from_str_radix(&plain, base).ok()).flatten().map(|number| number.to_string())
    };
    if let Some(digits) = text.strip_prefix("0b") {
        return of_base(digits, 2);
    }
    if let Some(digits) = text.strip_prefix("0x") {
        return of_base(digits, 16);
    }
    if text == "0" {
        return Some(text.to_owned());
    }
    if let Some(digits) = text.strip_prefix('0') {
        return of_base(digits, 8);
    }
    if !text.starts_with(|first: char| first.is_ascii_digit()) {
        return None;
    }
    match text.split_once(':') {
        None => {
            let digits = text.replace('_', "");
            digits.bytes().all(|byte| byte.is_ascii_digit()).then_some(digits)
        }
        Some(_) => in_sixties(text).map(|number| number.to_string()),
    }
}

/// `12:30:45`: every part behind the first is below 60.
fn in_sixties(text: &str) -> Option<u128> {
    let mut parts = text.split(':');
    let first = parts.next()?;
    if first.is_empty() || !first.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_') {
        return None;
    }
    let mut total: u128 = first.replace('_', "").parse().ok()?;
    for part in parts {
        let is_digits = (1..=2).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
        let number: u128 = part.parse().ok().filter(|number| is_digits && *number < 60)?;
        total = total.checked_mul(60)?.checked_add(number)?;
    }
    Some(total)
}

/// A number with a point, which PyYAML needs, and a power, which needs a sign. One that begins with its point has no sign.
fn float(text: &str, sign: &str) -> Option<String> {
    let (number, power) = match text.split_once(['e', 'E']) {
        Some((number, power)) => (number, Some(power)),
        None => (text, None),
    };
    let (before, behind) = number.split_once('.')?;
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_');
    let begins = |text: &str| text.starts_with(|first: char| first.is_ascii_digit());
    let power_fits = power.is_none_or(|power| {
        let digits = power.strip_prefix(['+', '-']).unwrap_or("");
        !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
    });
    if !power_fits || !is_digits(behind) {
        return None;
    }
    let plain = |text: &str| text.replace('_', "");
    let power = power.map_or(String::new(), |power| format!("e{power}"));
    if before.contains(':') {
        let whole = in_sixties(before)?;
        return power.is_empty().then(|| format!("{whole}.{}", plain(behind)));
    }
    let fits = if before.is_empty() { begins(behind) && sign.is_empty() } else { begins(before) && is_digits(before) };
    fits.then(|| format!("{}.{}{power}", plain(before), plain(behind)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: plain values are what PyYAML 6.0.3 takes them for. Method: values that `yaml.safe_load` gave.
    #[test]
    fn words_and_numbers_are_those_of_pyyaml() {
        for (text, number) in [
            ("010", 8),
            ("0x1F", 31),
            ("0b101", 5),
            ("1_000", 1000),
            ("+5", 5),
            ("-0", 0),
            ("1:30", 90),
            ("-1:30:00", -5400),
        ] {
            assert_eq!(resolve(text), Value::Int(number), "{text}");
        }
        for (text, kept) in [
            ("1.5", "1.5"),
            (".5", ".5"),
            ("5.", "5."),
            ("-1_0.5", "-10.5"),
            ("1.0e+3", "1.0e+3"),
            ("1:30.5", "90.5"),
            (".inf", ".inf"),
            ("99999999999999999999", "99999999999999999999"),
        ] {
            assert_eq!(resolve(text), Value::Float(kept.to_owned()), "{text}");
        }
        for text in [
            "y",
            "n",
            "yEs",
            "1e3",
            "1.0e3",
            "08",
            "0o7",
            "04:00:00",
            "1:60",
            "-.5",
            "_1",
            "2026-01-01",
            ".",
            "1:",
            "0x",
        ] {
            assert_eq!(resolve(text), Value::String(text.to_owned()), "{text}");
        }
        for (text, value) in [("yes", true), ("Off", false), ("TRUE", true)] {
            assert_eq!(resolve(text), Value::Bool(value), "{text}");
        }
        assert_eq!([resolve(""), resolve("~"), resolve("Null")], [Value::Null, Value::Null, Value::Null]);
    }
}
