//! What the text of a cell is worth: whole numbers in the units of the fleet. Nothing negative, nothing absurd, nothing left out
//! without a word.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime};

use super::columns::Field;
use super::table::Row;
use crate::fleet::inventory::{MODELS_MAX, ModelSet, Models};
use crate::text::Diagnostic;
use crate::text::diagnostic::quote;

/// The most CPU of a node or a pod, in thousandths of a core: a million cores.
const CPU_MILLI_MAX: u64 = 1_000_000_000;
/// The most memory, in MiB: a pebibyte.
const MEMORY_MIB_MAX: u64 = 1 << 30;
/// The longest time of a trace, in ms: some three hundred years.
const TIME_MS_MAX: u64 = 10_000_000_000_000;

/// A decimal number as so many of `per` parts of its unit, rounded up: 0.5 with 1000 is 500.
fn scaled(text: &str, per: u64) -> Option<u64> {
    let (whole, rest) = text.split_once('.').unwrap_or((text, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(rest) || whole.len() + rest.len() == 0 {
        return None;
    }
    let whole: u64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let mut part: u128 = 0;
    let mut unit: u128 = 1;
    for digit in rest.bytes().take(18) {
        part = part * 10 + u128::from(digit - b'0');
        unit *= 10;
    }
    let more = rest.bytes().skip(18).any(|digit| digit != b'0');
    let part = (part * u128::from(per)).div_ceil(unit) + u128::from(more);
    whole.checked_mul(per)?.checked_add(u64::try_from(part).ok()?)
}

/// A date and time as ms since 1970 began in UTC: RFC 3339, also without a zone, which is UTC then, without a time, and with the blanks
/// that Parquet's dates are shown with.
fn date_ms(text: &str) -> Option<u64> {
    let zoned = || {
        let read = DateTime::parse_from_rfc3339(text);
        read.or_else(|_| DateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f %:z")).map(|at| at.naive_utc())
    };
    let plain = |form: &str| NaiveDateTime::parse_from_str(text, form);
    let date = || NaiveDate::parse_from_str(text, "%Y-%m-%d").map(|day| day.and_time(NaiveTime::MIN));
    let read = zoned().or_else(|_| plain("%Y-%m-%dT%H:%M:%S%.f")).or_else(|_| plain("%Y-%m-%d %H:%M:%S%.f"));
    u64::try_from(read.or_else(|_| date()).ok()?.and_utc().timestamp_millis()).ok()
}

fn problem(row: &Row<'_>, column: usize, field: Field, what: &str) -> Box<Diagnostic> {
    let text = row.cells.get(column).unwrap_or("");
    let said = if text.is_empty() { "nothing".to_owned() } else { quote(text) };
    let problem = row.problem(column, format!("`{}` must be {what}, not {said}", field.name()));
    let has_exponent = text.contains(['e', 'E']) && text.parse::<f64>().is_ok_and(f64::is_finite);
    if has_exponent { Box::new(problem.help("write the number without an exponent")) } else { problem }
}

/// A number in parts of its unit, up to a limit.
fn number(
    row: &Row<'_>,
    (field, column): (Field, usize),
    per: u64,
    max: u64,
    what: &str,
) -> Result<u64, Box<Diagnostic>> {
    let value = scaled(row.cells.get(column).unwrap_or(""), per).filter(|value| *value <= max);
    value.ok_or_else(|| problem(row, column, field, &format!("a number of {what} from 0 to {}", max / per)))
}

/// A name, which must be there, and be on one line: otherwise a quote was not closed where it was meant to.
pub fn name<'a>(row: &Row<'a>, column: usize) -> Result<&'a str, Box<Diagnostic>> {
    match row.cells.get(column) {
        None | Some("") => Err(problem(row, column, Field::Name, "a name")),
        Some(name) if name.contains(['\n', '\r']) => {
            let problem = problem(row, column, Field::Name, "a name on one line");
            Err(Box::new(problem.help("a quote opens on this line and closes on a later one: is one missing?")))
        }
        Some(name) => Ok(name),
    }
}

/// A GPU model.
pub fn model(row: &Row<'_>, column: usize, name: &str, models: &mut Models) -> Result<ModelSet, Box<Diagnostic>> {
    models.intern(name).ok_or_else(|| {
        let name = quote(name);
        row.problem(column, format!("the GPU model {name} is one too many: {MODELS_MAX} can be told apart"))
    })
}

/// CPU in thousandths of a core.
pub fn cpu_milli(row: &Row<'_>, at: (Field, usize)) -> Result<u32, Box<Diagnostic>> {
    let (per, what) = if at.0 == Field::Cpu { (1000, "cores") } else { (1, "thousandths of a core") };
    number(row, at, per, CPU_MILLI_MAX, what).map(|value| value as u32)
}

/// Memory in MiB.
pub fn memory_mib(row: &Row<'_>, at: (Field, usize)) -> Result<u32, Box<Diagnostic>> {
    let value = match at.0 {
        Field::MemoryGib => number(row, at, 1024, MEMORY_MIB_MAX, "GiB")?,
        Field::MemoryBytes => number(row, at, 1, MEMORY_MIB_MAX << 20, "bytes")?.div_ceil(1 << 20),
        _ => number(row, at, 1, MEMORY_MIB_MAX, "MiB")?,
    };
    Ok(value as u32)
}

/// A whole number up to a limit; 0 where the cell is empty.
pub fn whole(row: &Row<'_>, field: Field, column: usize, max: u64) -> Result<u64, Box<Diagnostic>> {
    let text = row.cells.get(column).unwrap_or("");
    // Some writers have whole numbers as floats.
    let digits = text.strip_suffix(".0").unwrap_or(text);
    match digits {
        "" => Ok(0),
        _ => match digits.parse::<u64>() {
            Ok(value) if value <= max => Ok(value),
            _ => Err(problem(row, column, field, &format!("a whole number from 0 to {max}"))),
        },
    }
}

/// A point in time, in seconds or as a date, as ms; `None` where the cell is empty.
pub fn time_ms(row: &Row<'_>, (field, column): (Field, usize)) -> Result<Option<u64>, Box<Diagnostic>> {
    let text = row.cells.get(column).unwrap_or("");
    if text.is_empty() {
        return Ok(None);
    }
    let value = scaled(text, 1000).or_else(|| date_ms(text)).filter(|value| *value <= TIME_MS_MAX);
    let what = || {
        let seconds_max = TIME_MS_MAX / 1000;
        format!("seconds from 0 to {seconds_max}, or a date from 1970 on such as 2026-01-31T08:30:00Z")
    };
    value.map(Some).ok_or_else(|| problem(row, column, field, &what()))
}

/// A length of time in seconds as ms; `None` where the cell is empty.
pub fn length_ms(row: &Row<'_>, at: (Field, usize)) -> Result<Option<u64>, Box<Diagnostic>> {
    match row.cells.get(at.1) {
        None | Some("") => Ok(None),
        Some(_) => number(row, at, 1000, TIME_MS_MAX, "seconds").map(Some),
    }
}

/// A priority; 0 where the cell is empty.
pub fn priority(row: &Row<'_>, column: usize) -> Result<i32, Box<Diagnostic>> {
    let what = || format!("a whole number from {} to {}", i32::MIN, i32::MAX);
    match row.cells.get(column) {
        None | Some("") => Ok(0),
        Some(text) => text.parse().map_err(|_| problem(row, column, Field::Priority, &what())),
    }
}

#[cfg(test)]
mod tests {
    use super::{date_ms, scaled};

    #[test]
    fn decimals_are_exact_and_round_up() {
        assert_eq!(scaled("0.5", 1000), Some(500));
        assert_eq!(scaled(".25", 1000), Some(250));
        assert_eq!(scaled("2", 1000), Some(2000));
        assert_eq!(scaled("0.0001", 1000), Some(1));
        assert_eq!(scaled("1.0000000000000000001", 1), Some(2));
        assert_eq!(scaled("11811762", 1), Some(11_811_762));
        for wrong in ["", ".", "-1", "1e3", "nan", "1,5", "1.2.3", "99999999999999999999"] {
            assert_eq!(scaled(wrong, 1000), None, "{wrong}");
        }
    }

    #[test]
    fn dates_are_read_in_the_forms_that_tables_have() {
        let at = Some(1_769_848_200_250);
        assert_eq!(date_ms("2026-01-31T08:30:00.250Z"), at);
        assert_eq!(date_ms("2026-01-31T09:30:00.25+01:00"), at);
        assert_eq!(date_ms("2026-01-31 08:30:00.250 +00:00"), at);
        assert_eq!(date_ms("2026-01-31T08:30:00.250"), at);
        assert_eq!(date_ms("2026-01-31 08:30:00.250"), at);
        assert_eq!(date_ms("2026-01-31"), Some(1_769_817_600_000));
        for wrong in ["", "1969-12-31T23:59:59Z", "2026-02-30", "31.01.2026", "08:30", "2026-01-31T25:00:00Z"] {
            assert_eq!(date_ms(wrong), None, "{wrong}");
        }
    }
}
