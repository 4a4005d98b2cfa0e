//! What a plain value is to the YAML reader of Kubernetes: words and numbers of YAML 1.1.
//! Source: go.yaml.in/yaml/v2 v2.4, resolve.go, which sigs.k8s.io/yaml v1.6.0 reads with.

use super::{Span, tree::Value};

const TRUE: &[&str] = &["y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"];
const FALSE: &[&str] = &["n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"];
const NULL: &[&str] = &["", "~", "null", "Null", "NULL"];

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
    let sign_off = text.strip_prefix(['+', '-']).unwrap_or(text);
    if matches!(sign_off, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN") {
        return Value::Float(text.to_owned());
    }
    let begins_as_number = text.starts_with(|first: char| first.is_ascii_digit() || matches!(first, '+' | '-' | '.'));
    if !begins_as_number {
        return Value::String(text.to_owned());
    }
    let plain = text.replace('_', "");
    if let Some(number) = whole(&plain) {
        return i64::try_from(number).map_or(Value::Float(plain), Value::Int);
    }
    // A number that is too large for a float is a text.
    if is_float(&plain) && plain.parse().is_ok_and(f64::is_finite) {
        return Value::Float(plain);
    }
    Value::String(text.to_owned())
}

/// A whole number of 64 bits as Go's `strconv.ParseInt` and `ParseUint` read it where its form tells the base.
fn whole(text: &str) -> Option<i128> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let prefixed = |small: &str, large: &str| digits.strip_prefix(small).or_else(|| digits.strip_prefix(large));
    let (digits, base) = if let Some(digits) = prefixed("0x", "0X") {
        (digits, 16)
    } else if let Some(digits) = prefixed("0o", "0O") {
        (digits, 8)
    } else if let Some(digits) = prefixed("0b", "0B") {
        (digits, 2)
    } else if digits.len() > 1 && digits.starts_with('0') {
        (&digits[1..], 8)
    } else {
        (digits, 10)
    };
    if digits.starts_with(['+', '-']) {
        return None;
    }
    let number = i128::from_str_radix(digits, base).ok()?;
    let number = if negative { -number } else { number };
    // Only a number without a sign may have the 64th bit.
    let most = if text.starts_with('+') { i128::from(i64::MAX) } else { i128::from(u64::MAX) };
    (i128::from(i64::MIN)..=most).contains(&number).then_some(number)
}

/// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`.
fn is_float(text: &str) -> bool {
    let text = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (number, power) = match text.split_once(['e', 'E']) {
        Some((number, power)) => (number, Some(power.strip_prefix(['+', '-']).unwrap_or(power))),
        None => (text, None),
    };
    let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let has_digits = !whole.is_empty() || !fraction.is_empty();
    has_digits
        && all_digits(whole)
        && all_digits(fraction)
        && power.is_none_or(|power| !power.is_empty() && all_digits(power))
}

/// The tag of a value, if it has one, and whether the value stands there without quotes. Tag and anchor stand in the span or
/// before it on the same line.
pub fn written(text: &str, span: Span) -> (Option<&str>, bool) {
    let (start, end) = (span.start as usize, span.end as usize);
    let mut value = text.get(start..end).unwrap_or("");
    let mut tag = None;
    while value.starts_with(['!', '&']) {
        let length = value.find(char::is_whitespace).unwrap_or(value.len());
        if value.starts_with('!') {
            tag = Some(&value[..length]);
        }
        value = value[length..].trim_start();
    }
    let mut before = text.get(..start).unwrap_or("");
    // Two words at most: a tag and an anchor.
    for _ in 0..2 {
        let trimmed = before.trim_end_matches([' ', '\t']);
        let word_at =
            trimmed.rfind(|one: char| one.is_whitespace() || matches!(one, '[' | '{' | ',')).map_or(0, |at| at + 1);
        let word = trimmed.get(word_at..).unwrap_or("");
        // Between a tag and its value stands white space.
        if trimmed.len() == before.len() || !word.starts_with(['!', '&']) {
            break;
        }
        if word.starts_with('!') {
            tag = Some(word);
        }
        before = &trimmed[..word_at];
    }
    (tag, !value.starts_with(['"', '\'']) && !is_block(before))
}

/// True if what stands before a value ends with the head of a block: `|`, `>-`. The span of a block is its content.
fn is_block(before: &str) -> bool {
    let head = before.trim_end();
    if !before[head.len()..].contains('\n') {
        return false;
    }
    let line = &head[head.rfind('\n').map_or(0, |at| at + 1)..];
    let line = line.find(" #").map_or(line, |comment| &line[..comment]);
    let word = line.trim_end().rsplit([' ', '\t']).next().unwrap_or("");
    let indicators = word.strip_prefix(['|', '>']);
    indicators.is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'+' | b'-')))
}

/// True for the tags of YAML itself, by which the parser goes.
pub fn is_own(tag: &str) -> bool {
    tag == "!" || tag.starts_with("!!") || tag.starts_with("!<tag:yaml.org,")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::{Source, tree::parse_all};

    /// Goal: plain values are what `kubectl` takes them for. Method: values by go-yaml's table of words and its numbers.
    #[test]
    fn manifests_have_the_words_and_numbers_of_yaml_1_1() {
        let kept = |text: &str| {
            let nodes = parse_all(&Source::new("a.yaml", format!("a: {text}\n"))).expect(text);
            nodes[0].get("a").expect("it is there").value.clone()
        };
        for text in ["yes", "Yes", "YES", "y", "Y", "on", "On", "true", "True", "TRUE"] {
            assert_eq!(kept(text), Value::Bool(true), "{text}");
        }
        for text in ["no", "No", "n", "N", "off", "OFF", "false", "False"] {
            assert_eq!(kept(text), Value::Bool(false), "{text}");
        }
        for text in
            ["'yes'", "\"on\"", "yEs", "tRUE", "Of", "1:30", "1234e567", "2026-01-01", "0x", "08x", "1e", ".", "_1"]
        {
            let plain = text.trim_matches(['\'', '"']);
            assert_eq!(kept(text), Value::String(plain.to_owned()), "{text}");
        }
        for text in ["!Ref 3", "!Ref yes", "!Ref '3'", "!!str 3", "!!str yes", "! yes", "!Ref &x 3", "&x !Ref 3"] {
            let plain = text.rsplit(' ').next().expect("a word").trim_matches('\'');
            assert_eq!(kept(text), Value::String(plain.to_owned()), "{text}");
        }
        for (text, number) in [
            ("0755", 493),
            ("0o755", 493),
            ("-0755", -493),
            ("0x1F", 31),
            ("0b101", 5),
            ("1_000", 1000),
            ("+5", 5),
            ("0", 0),
            ("&x 7", 7),
        ] {
            assert_eq!(kept(text), Value::Int(number), "{text}");
        }
        for (text, number) in [
            ("1e+06", "1e+06"),
            ("3.0", "3.0"),
            ("08", "08"),
            ("1_0.5", "10.5"),
            (".5", ".5"),
            ("18446744073709551615", "18446744073709551615"),
        ] {
            assert_eq!(kept(text), Value::Float(number.to_owned()), "{text}");
        }
        for text in ["", "~", "null", "Null"] {
            assert_eq!(kept(text), Value::Null, "{text}");
        }
        assert_eq!(kept("|\n  yes"), Value::String("yes\n".to_owned()));
        assert_eq!(kept("|-\n  yes"), Value::String("yes".to_owned()));
        assert_eq!(kept("&x >-  # a\n\n  0755"), Value::String("\n0755".to_owned()));
        assert_eq!(kept("!X |2-\n  5"), Value::String("5".to_owned()));
        assert_eq!(kept("# |\n  5"), Value::Int(5));
        assert_eq!(kept("yes\n  no"), Value::String("yes no".to_owned()));
        let nodes = parse_all(&Source::new("a.yaml", "a: &a !X [0755, !Y { b: no }]\nc: *a\n")).expect("it is YAML");
        assert_eq!(nodes[0].get("c").expect("it is there").to_json().to_string(), "[493,{\"b\":false}]");
    }
}
