//! Rows as Parquet: one group of rows, a column each, compressed with Snappy, which every reader has.

use std::io::{self, Write};
use std::sync::Arc;

use parquet::basic::{Compression, LogicalType, Repetition, Type as Physical};
use parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::Type;

use super::rows::{Cell, Rows};

/// Writes rows.
///
/// # Errors
/// Those of the writer.
pub fn write(out: &mut dyn Write, rows: &Rows) -> io::Result<()> {
    // The writer of Parquet asks for one that may go to another thread; the bytes go there in one piece instead.
    let bytes = bytes(rows).map_err(io::Error::other)?;
    out.write_all(&bytes)
}

fn bytes(rows: &Rows) -> Result<Vec<u8>, ParquetError> {
    let fields = rows.header.iter().zip(&rows.columns).map(|(name, column)| {
        let kind = match column.first() {
            Some(Cell::Text(_)) => Physical::BYTE_ARRAY,
            Some(Cell::Hundredths(_)) => Physical::DOUBLE,
            Some(Cell::Whole(_)) | None => Physical::INT64,
        };
        let field = Type::primitive_type_builder(name, kind).with_repetition(Repetition::REQUIRED);
        let field =
            if kind == Physical::BYTE_ARRAY { field.with_logical_type(Some(LogicalType::String)) } else { field };
        field.build().map(Arc::new)
    });
    let fields = fields.collect::<Result<Vec<_>, _>>()?;
    let schema = Arc::new(Type::group_type_builder("greenroom").with_fields(fields).build()?);
    let properties =
        WriterProperties::builder().set_compression(Compression::SNAPPY).set_created_by("greenroom".to_owned());
    let mut bytes = Vec::new();
    let mut file = SerializedFileWriter::new(&mut bytes, schema, Arc::new(properties.build()))?;
    let mut group = file.next_row_group()?;
    for column in &rows.columns {
        let Some(mut writer) = group.next_column()? else { break };
        match column.first() {
            Some(Cell::Text(_)) => {
                let texts: Vec<ByteArray> = column.iter().map(|cell| ByteArray::from(text(cell))).collect();
                writer.typed::<ByteArrayType>().write_batch(&texts, None, None)?;
            }
            Some(Cell::Hundredths(_)) => {
                let numbers: Vec<f64> = column.iter().map(|cell| number(cell) as f64 / 100.0).collect();
                writer.typed::<DoubleType>().write_batch(&numbers, None, None)?;
            }
            Some(Cell::Whole(_)) | None => {
                let numbers: Vec<i64> = column.iter().map(number).collect();
                writer.typed::<Int64Type>().write_batch(&numbers, None, None)?;
            }
        }
        writer.close()?;
    }
    group.close()?;
    file.close()?;
    Ok(bytes)
}

fn text(cell: &Cell) -> &str {
    if let Cell::Text(text) = cell { text } else { "" }
}

const fn number(cell: &Cell) -> i64 {
    match cell {
        Cell::Whole(value) | Cell::Hundredths(value) => *value,
        Cell::Text(_) => 0,
    }
}
