//! Cron schedules as `github.com/robfig/cron/v3` v3.0.1 reads them for Kubernetes: five fields or a descriptor, and the
//! next time after a given one in a time zone. Times are seconds since 1970; nothing here reads a clock.
//!
//! A local time that a change of the clock leaves out does not come, one that comes twice comes twice.

use chrono::{DateTime, Datelike, Days, NaiveDate, TimeZone, Utc};
use chrono_tz::Tz;

/// When a CronJob is due.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Schedule {
    rule: Rule,
    zone: Tz,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Rule {
    /// `@every 90s`.
    Every(i64),
    Fields(Fields),
}

/// What each field allows, a bit for each value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Fields {
    minutes: u64,
    hours: u64,
    days: u64,
    months: u64,
    weekdays: u64,
    /// True if the days of the month are `*`, and the days of the week: only if neither is, one of the two is enough.
    any_day: bool,
    any_weekday: bool,
}

/// Years in which a day is looked for, as in the source: the 31st of February never comes.
const YEARS: u64 = 5;

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const WEEKDAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

impl Schedule {
    /// Reads a schedule and the name of its time zone.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str, zone: Option<&str>) -> Result<Schedule, String> {
        let zone: Tz = match zone {
            None => Tz::UTC,
            Some(name) => name.parse().map_err(|_| format!("unknown time zone {name}"))?,
        };
        let rule = match text.strip_prefix('@') {
            Some(name) => descriptor(name)?,
            None => Rule::Fields(fields(text)?),
        };
        Ok(Schedule { rule, zone })
    }

    /// True for the name of a time zone.
    pub fn knows_zone(name: &str) -> bool {
        name.parse::<Tz>().is_ok()
    }

    /// The first time after `after`, if one comes within five years.
    pub fn next(&self, after: i64) -> Option<i64> {
        let fields = match self.rule {
            Rule::Every(seconds) => return Some(after + seconds),
            Rule::Fields(fields) => fields,
        };
        let from = DateTime::<Utc>::from_timestamp(after, 0)?;
        // A local day may begin before the day of the instant: the search begins a day early.
        let mut day = from.with_timezone(&self.zone).date_naive().checked_sub_days(Days::new(1))?;
        for _ in 0..=YEARS * 366 {
            if fields.has_day(day)
                && let Some(at) = self.next_on(&fields, day, after)
            {
                return Some(at);
            }
            day = day.checked_add_days(Days::new(1))?;
        }
        None
    }

    /// The first time on a local day that is after `after`.
    fn next_on(&self, fields: &Fields, day: NaiveDate, after: i64) -> Option<i64> {
        let mut first: Option<i64> = None;
        for hour in (0..24).filter(|hour| fields.hours >> hour & 1 == 1) {
            for minute in (0..60).filter(|minute| fields.minutes >> minute & 1 == 1) {
                let Some(local) = day.and_hms_opt(hour, minute, 0) else { continue };
                let mapped = self.zone.from_local_datetime(&local);
                for at in [mapped.earliest(), mapped.latest()].into_iter().flatten() {
                    let at = at.timestamp();
                    if at > after && first.is_none_or(|first| at < first) {
                        first = Some(at);
                    }
                }
            }
        }
        first
    }
}

impl Fields {
    fn has_day(&self, day: NaiveDate) -> bool {
        let in_month = self.days >> day.day() & 1 == 1;
        let in_week = self.weekdays >> day.weekday().num_days_from_sunday() & 1 == 1;
        let fits = if self.any_day || self.any_weekday { in_month && in_week } else { in_month || in_week };
        fits && self.months >> day.month() & 1 == 1
    }
}

fn descriptor(name: &str) -> Result<Rule, String> {
    let text = match name {
        "yearly" | "annually" => "0 0 1 1 *",
        "monthly" => "0 0 1 * *",
        "weekly" => "0 0 * * 0",
        "daily" | "midnight" => "0 0 * * *",
        "hourly" => "0 * * * *",
        _ => match name.strip_prefix("every ") {
            Some(length) => return every(length).map(Rule::Every),
            None => return Err(format!("unrecognized descriptor: @{name}")),
        },
    };
    fields(text).map(Rule::Fields)
}

/// A length as Go writes it (`1h30m`), in whole seconds, one at least.
fn every(text: &str) -> Result<i64, String> {
    let wrong = || {
        let what = if text.bytes().all(|one| one.is_ascii_digit()) { "missing unit in" } else { "invalid" };
        format!("failed to parse duration @every {text}: time: {what} duration {text:?}")
    };
    let (mut seconds, mut rest) = (0_i64, text.trim());
    while !rest.is_empty() {
        let digits = rest.find(|one: char| !one.is_ascii_digit()).filter(|at| *at > 0).ok_or_else(wrong)?;
        let count: i64 = rest[..digits].parse().map_err(|_| wrong())?;
        let unit = &rest[digits..];
        let (scale, unit) = match unit.as_bytes()[0] {
            b'h' => (3600, 1),
            b'm' if !unit.starts_with("ms") => (60, 1),
            b's' => (1, 1),
            _ => return Err(wrong()),
        };
        seconds = count.checked_mul(scale).and_then(|part| seconds.checked_add(part)).ok_or_else(wrong)?;
        rest = &rest[digits + unit..];
    }
    Ok(seconds.max(1))
}

fn fields(text: &str) -> Result<Fields, String> {
    let parts: Vec<&str> = text.split_whitespace().collect();
    let [minutes, hours, days, months, weekdays] = parts[..] else {
        return Err(format!("expected exactly 5 fields, found {}: [{}]", parts.len(), parts.join(" ")));
    };
    let minutes = field(minutes, 0, 59, &[])?.0;
    let hours = field(hours, 0, 23, &[])?.0;
    let (days, any_day) = field(days, 1, 31, &[])?;
    let months = field(months, 1, 12, &MONTHS)?.0;
    let (weekdays, any_weekday) = field(weekdays, 0, 6, &WEEKDAYS)?;
    Ok(Fields { minutes, hours, days, months, weekdays, any_day, any_weekday })
}

/// The values that a field allows, and whether it is a star (parser.go, getField and getRange).
fn field(text: &str, least: u32, most: u32, names: &[&str]) -> Result<(u64, bool), String> {
    let (mut values, mut star) = (0, false);
    for part in text.split(',').filter(|part| !part.is_empty()) {
        let mut steps = part.split('/');
        let mut ends = steps.next().unwrap_or("").split('-');
        let (first, last, step) = (ends.next().unwrap_or(""), ends.next(), steps.next());
        let is_star = matches!(first, "*" | "?");
        let (first, mut end) = match (is_star, last) {
            (true, _) => (least, most),
            (false, None) => {
                let first = number(first, least, names)?;
                (first, first)
            }
            (false, Some(last)) => {
                let first = number(first, least, names)?;
                if ends.next().is_some() {
                    return Err(format!("too many hyphens: {part}"));
                }
                (first, number(last, least, names)?)
            }
        };
        let step = match step {
            None => 1,
            Some(_) if steps.next().is_some() => return Err(format!("too many slashes: {part}")),
            Some(step) => {
                let step = number(step, 0, &[])?;
                if last.is_none() {
                    // `5/15` goes from 5 to the end.
                    end = most;
                }
                step
            }
        };
        if first < least {
            return Err(format!("beginning of range ({first}) below minimum ({least}): {part}"));
        }
        if end > most {
            return Err(format!("end of range ({end}) above maximum ({most}): {part}"));
        }
        if first > end {
            return Err(format!("beginning of range ({first}) beyond end of range ({end}): {part}"));
        }
        if step == 0 {
            return Err(format!("step of range should be a positive number: {part}"));
        }
        star |= is_star && step == 1;
        for value in (first..=end).step_by(step as usize) {
            values |= 1 << value;
        }
    }
    Ok((values, star))
}

/// A number, or the name of one (`parseIntOrName`, `mustParseInt`).
fn number(text: &str, least: u32, names: &[&str]) -> Result<u32, String> {
    if let Some(at) = names.iter().position(|name| text.eq_ignore_ascii_case(name)) {
        return Ok(at as u32 + least);
    }
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let is_number = !digits.is_empty() && digits.bytes().all(|one| one.is_ascii_digit());
    let failed = |why: &str| format!("failed to parse int from {text}: strconv.Atoi: parsing {text:?}: {why}");
    match text.parse::<i64>() {
        Ok(number) if number < 0 => Err(format!("negative number ({number}) not allowed: {text}")),
        Ok(number) => Ok(u32::try_from(number).unwrap_or(u32::MAX)),
        Err(_) if is_number => Err(failed("value out of range")),
        Err(_) => Err(failed("invalid syntax")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> i64 {
        DateTime::parse_from_rfc3339(text).expect(text).timestamp()
    }

    fn next(schedule: &str, zone: Option<&str>, after: &str) -> Option<i64> {
        Schedule::parse(schedule, zone).expect(schedule).next(at(after))
    }

    #[test]
    fn the_next_time_is_after_the_last() {
        for (schedule, after, expected) in [
            ("*/15 * * * *", "2026-01-01T00:00:00Z", "2026-01-01T00:15:00Z"),
            ("0 3 * * *", "2026-01-01T03:00:00Z", "2026-01-02T03:00:00Z"),
            ("30 6-16/4 * * 1-5", "2026-01-02T14:31:00Z", "2026-01-05T06:30:00Z"),
            ("0 0 13 * fri", "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"),
            ("0 0 29 feb ?", "2026-01-01T00:00:00Z", "2028-02-29T00:00:00Z"),
            ("@monthly", "2026-12-05T10:00:00Z", "2027-01-01T00:00:00Z"),
            ("@every 1h30m", "2026-01-01T00:00:10Z", "2026-01-01T01:30:10Z"),
        ] {
            assert_eq!(next(schedule, None, after), Some(at(expected)), "{schedule}");
        }
        assert_eq!(next("59 23 31 2 *", None, "2026-01-01T00:00:00Z"), None);
    }

    #[test]
    fn time_zones_change_their_clocks() {
        let berlin = Some("Europe/Berlin");
        assert_eq!(next("0 9 * * *", berlin, "2026-01-01T09:00:00Z"), Some(at("2026-01-02T08:00:00Z")));
        assert_eq!(next("0 9 * * *", berlin, "2026-06-01T08:00:00Z"), Some(at("2026-06-02T07:00:00Z")));
        // 02:30 does not come on the 29th of March, and comes twice on the 25th of October.
        assert_eq!(next("30 2 * * *", berlin, "2026-03-28T12:00:00Z"), Some(at("2026-03-30T00:30:00Z")));
        let first = next("30 2 * * *", berlin, "2026-10-24T12:00:00Z");
        assert_eq!(first, Some(at("2026-10-25T00:30:00Z")));
        assert_eq!(next("30 2 * * *", berlin, "2026-10-25T00:30:00Z"), Some(at("2026-10-25T01:30:00Z")));
    }

    #[test]
    fn refusals_are_worded_as_in_the_source() {
        for (text, wrong) in [
            ("5-1 * * * *", "beginning of range (5) beyond end of range (1): 5-1"),
            ("60 * * * *", "end of range (60) above maximum (59): 60"),
            ("* * 0 * *", "beginning of range (0) below minimum (1): 0"),
            ("x * * * *", "failed to parse int from x: strconv.Atoi: parsing \"x\": invalid syntax"),
            ("1-2-3 * * * *", "too many hyphens: 1-2-3"),
            ("*/5/5 * * * *", "too many slashes: */5/5"),
            ("* * * *", "expected exactly 5 fields, found 4: [* * * *]"),
            ("@often", "unrecognized descriptor: @often"),
            ("@every 5", "failed to parse duration @every 5: time: missing unit in duration \"5\""),
        ] {
            assert_eq!(Schedule::parse(text, None), Err(wrong.to_owned()), "{text}");
        }
    }

    #[test]
    fn what_is_no_schedule_is_refused() {
        for text in
            ["* * * *", "60 * * * *", "* * * * 7", "*/0 * * * *", "5-1 * * * *", "@often", "@every 5", "x * * * *"]
        {
            assert!(Schedule::parse(text, None).is_err(), "{text}");
        }
        assert!(Schedule::parse("* * * * *", Some("Europe/Berlín")).is_err());
    }
}
