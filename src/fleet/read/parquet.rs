//! Tables in Parquet: their columns, which must be texts or numbers, and their rows as texts.

use bytes::Bytes;
use chrono::{DateTime, Days, NaiveDate, SecondsFormat, Utc};
use csv::StringRecord;
use parquet::basic::LogicalType;
use parquet::file::reader::{FileReader as _, SerializedFileReader};
use parquet::record::{Field as Value, Row};

use crate::text::diagnostic::quote;

/// A file that was opened.
pub type Reader = SerializedFileReader<Bytes>;

/// Opens a file and names its columns.
///
/// # Errors
/// It is no Parquet, or a column has parts: what is wrong, in words.
pub fn open(bytes: Vec<u8>) -> Result<(Reader, StringRecord), String> {
    let reader = SerializedFileReader::new(Bytes::from(bytes)).map_err(|error| failure(&error))?;
    let schema = reader.metadata().file_metadata().schema();
    if let Some(nested) = schema.get_fields().iter().find(|field| !field.is_primitive()) {
        // A text or a number has no parts; a list cannot be a cell.
        let kind = nested.get_basic_info().logical_type_ref().map_or("", |kind| match kind {
            LogicalType::List => " is a list and",
            LogicalType::Map => " is a map and",
            _ => "",
        });
        return Err(format!("the column {}{kind} has parts; columns must be texts or numbers", quote(nested.name())));
    }
    let header = schema.get_fields().iter().map(|field| field.name()).collect::<Vec<_>>().into();
    Ok((reader, header))
}

/// Hands out each row as texts until `take` has enough.
///
/// # Errors
/// A row that cannot be read: what is wrong, in words.
pub fn for_each(reader: &Reader, mut take: impl FnMut(&StringRecord) -> bool) -> Result<(), String> {
    for row in reader.get_row_iter(None).map_err(|error| failure(&error))? {
        if !take(&texts(&row.map_err(|error| failure(&error))?)) {
            break;
        }
    }
    Ok(())
}

fn failure(error: &parquet::errors::ParquetError) -> String {
    format!("failed to read the Parquet file: {error}")
}

/// A row as texts; nothing for a null.
fn texts(row: &Row) -> StringRecord {
    row.get_column_iter().map(|(_, value)| text(value)).collect::<Vec<_>>().into()
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Str(text) => text.clone(),
        Value::Bytes(bytes) => String::from_utf8_lossy(bytes.data()).into_owned(),
        // The library shows no times beyond those that its calendar has.
        Value::Date(days) => date(*days).unwrap_or_else(|| days.to_string()),
        Value::TimestampMillis(ms) => time(DateTime::from_timestamp_millis(*ms), *ms),
        Value::TimestampMicros(us) => time(DateTime::from_timestamp_micros(*us), *us),
        other => other.to_string(),
    }
}

fn time(at: Option<DateTime<Utc>>, raw: i64) -> String {
    at.map_or_else(|| raw.to_string(), |at| at.to_rfc3339_opts(SecondsFormat::Millis, true))
}

fn date(days: i32) -> Option<String> {
    let epoch = NaiveDate::from_ymd_opt(1970, 1, 1)?;
    let far = Days::new(days.unsigned_abs().into());
    let day = if days < 0 { epoch.checked_sub_days(far) } else { epoch.checked_add_days(far) };
    day.map(|day| day.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_texts_that_a_cell_reads() {
        assert_eq!(text(&Value::TimestampMillis(1_769_848_200_250)), "2026-01-31T08:30:00.250Z");
        assert_eq!(text(&Value::TimestampMicros(1_769_848_200_250_999)), "2026-01-31T08:30:00.250Z");
        assert_eq!(text(&Value::Date(20_484)), "2026-01-31");
        for absurd in [
            Value::TimestampMillis(i64::MAX),
            Value::TimestampMicros(i64::MIN),
            Value::Date(i32::MAX),
            Value::Date(i32::MIN),
        ] {
            assert!(text(&absurd).bytes().all(|byte| byte.is_ascii_digit() || byte == b'-'), "{absurd:?}");
        }
    }
}
