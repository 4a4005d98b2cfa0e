//! What the text of a cell is worth: whole numbers in the units of the fleet. Nothing negative, nothing absurd, nothing left out
//! without a word.

use super::columns::Field;
use super::table::Row;
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

fn problem(row: &Row<'_>, column: usize, field: Field, what: &str) -> Box<Diagnostic> {
    let text = row.cells.get(column).unwrap_or("");
    let said = if text.is_empty() { "nothing".to_owned() } else { quote(text) };
    row.problem(column, format!("`{}` must be {what}, not {said}", field.name()))
}

/// A number in parts of its unit, up to a limit.
fn number(
    row: &Row<'_>,
    (field, column): (Field, usize),
    per: u64,
    max: u64,
    what: &str,
) -> Result<u64, Box<Diagnostic>> {
    let text = row.cells.get(column).unwrap_or("");
    match scaled(text, per) {
        Some(value) if value <= max => Ok(value),
        Some(_) => Err(problem(row, column, field, &format!("{what} up to {}", max / per))),
        None => Err(problem(row, column, field, what)),
    }
}

/// A name, which must be there.
pub fn name<'a>(row: &Row<'a>, column: usize) -> Result<&'a str, Box<Diagnostic>> {
    match row.cells.get(column) {
        None | Some("") => Err(problem(row, column, Field::Name, "a name")),
        Some(name) => Ok(name),
    }
}

/// CPU in thousandths of a core.
pub fn cpu_milli(row: &Row<'_>, at: (Field, usize)) -> Result<u32, Box<Diagnostic>> {
    let per = if at.0 == Field::Cpu { 1000 } else { 1 };
    number(row, at, per, CPU_MILLI_MAX, "a number of cores or thousandths of them").map(|value| value as u32)
}

/// Memory in MiB.
pub fn memory_mib(row: &Row<'_>, at: (Field, usize)) -> Result<u32, Box<Diagnostic>> {
    let what = "an amount of memory";
    let value = match at.0 {
        Field::MemoryGib => number(row, at, 1024, MEMORY_MIB_MAX, what)?,
        Field::MemoryBytes => number(row, at, 1, MEMORY_MIB_MAX << 20, what)?.div_ceil(1 << 20),
        _ => number(row, at, 1, MEMORY_MIB_MAX, what)?,
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

/// A time in seconds as ms; `None` where the cell is empty.
pub fn time_ms(row: &Row<'_>, at: (Field, usize)) -> Result<Option<u64>, Box<Diagnostic>> {
    match row.cells.get(at.1) {
        None | Some("") => Ok(None),
        Some(_) => number(row, at, 1000, TIME_MS_MAX, "a time in seconds, not before 0,").map(Some),
    }
}

/// A priority; 0 where the cell is empty.
pub fn priority(row: &Row<'_>, column: usize) -> Result<i32, Box<Diagnostic>> {
    match row.cells.get(column) {
        None | Some("") => Ok(0),
        Some(text) => text.parse().map_err(|_| problem(row, column, Field::Priority, "a whole number of 32 bits")),
    }
}

#[cfg(test)]
mod tests {
    use super::scaled;

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
}
