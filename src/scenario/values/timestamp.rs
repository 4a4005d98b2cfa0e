//! Wall-clock times in UTC: `2026-01-01T00:00:00Z`.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::inline_schema;
use crate::text::Node;
use crate::text::decode::{Context, FromNode};

/// A wall-clock time, in seconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Timestamp(pub i64);

impl FromNode for Timestamp {
    fn from_node(node: &Node, context: &mut Context<'_>) -> Option<Timestamp> {
        let read = node.as_str().and_then(timestamp);
        if read.is_none() {
            context.not_what_was_expected("a time in UTC such as `2026-01-01T00:00:00Z`", node);
        }
        read.map(Timestamp)
    }
}

inline_schema!(Timestamp, { "type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$" });

/// Seconds since 1970 of `YYYY-MM-DDTHH:MM:SSZ`.
fn timestamp(text: &str) -> Option<i64> {
    let bytes = text.as_bytes();
    let form = b"0000-00-00T00:00:00Z";
    let fits = |(byte, form): (&u8, &u8)| if *form == b'0' { byte.is_ascii_digit() } else { byte == form };
    if bytes.len() != form.len() || !bytes.iter().zip(form).all(fits) {
        return None;
    }
    let number = |from: usize, to: usize| text[from..to].parse::<i64>().ok();
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let month_days = [31, if leap { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let days_of = |month: i64| month_days.get(usize::try_from(month - 1).unwrap_or(12)).copied();
    if !(1..=days_of(month)?).contains(&day) || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let years_before = year - 1;
    let days_before_year = years_before * 365 + years_before / 4 - years_before / 100 + years_before / 400;
    let days_before_month: i64 = month_days.iter().take(usize::try_from(month - 1).ok()?).sum();
    // 719162 days lie between 0001-01-01 and 1970-01-01.
    let days = days_before_year + days_before_month + day - 1 - 719_162;
    Some(((days * 24 + hour) * 60 + minute) * 60 + second)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_are_counted_from_1970() {
        assert_eq!(timestamp("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(timestamp("2026-01-01T00:00:00Z"), Some(1_767_225_600));
        assert_eq!(timestamp("2024-02-29T23:59:59Z"), Some(1_709_251_199));
        assert_eq!(timestamp("0001-01-01T00:00:00Z"), Some(-62_135_596_800));
        for wrong in [
            "2026-02-29T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-00-01T00:00:00Z",
            "2026-01-00T00:00:00Z",
            "2026-01-01",
            "2026-01-01T24:00:00Z",
            "é026-01-01T00:00:00",
        ] {
            assert_eq!(timestamp(wrong), None, "{wrong}");
        }
    }
}
