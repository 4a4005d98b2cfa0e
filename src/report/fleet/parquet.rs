//! Rows as Parquet: one group of rows, a column each, compressed with Snappy, which every reader has.

use std::io::{self, Write};
use std::sync::Arc;

use parquet::basic::{Compression, LogicalType, Repetition, Type as Physical};
use parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::types::Type;

use super::rows::{Cell, Column, Rows, Sort};

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
    let fields = rows.columns.iter().map(|column| field(column).map(Arc::new)).collect::<Result<Vec<_>, _>>()?;
    let schema = Arc::new(Type::group_type_builder("greenroom").with_fields(fields).build()?);
    let properties =
        WriterProperties::builder().set_compression(Compression::SNAPPY).set_created_by("greenroom".to_owned());
    let mut file = SerializedFileWriter::new(Vec::new(), schema, Arc::new(properties.build()))?;
    let mut group = file.next_row_group()?;
    for column in &rows.columns {
        let Some(mut writer) = group.next_column()? else { break };
        write_column(&mut writer, column)?;
        writer.close()?;
    }
    group.close()?;
    file.into_inner()
}

fn field(column: &Column) -> Result<Type, ParquetError> {
    let (kind, logical) = match column.sort {
        Sort::Text => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
        Sort::Whole | Sort::WholeOrNothing => (Physical::INT64, Some(LogicalType::integer(64, false))),
        Sort::Hundredths => (Physical::DOUBLE, None),
    };
    let repetition = if column.sort == Sort::WholeOrNothing { Repetition::OPTIONAL } else { Repetition::REQUIRED };
    Type::primitive_type_builder(&column.name, kind).with_repetition(repetition).with_logical_type(logical).build()
}

fn write_column(writer: &mut SerializedColumnWriter<'_>, column: &Column) -> Result<(), ParquetError> {
    match column.sort {
        Sort::Text => {
            let texts = column.cells.iter().filter_map(|cell| match cell {
                Cell::Text(text) => Some(ByteArray::from(text.as_str())),
                _ => None,
            });
            writer.typed::<ByteArrayType>().write_batch(&texts.collect::<Vec<_>>(), None, None)?;
        }
        Sort::Whole | Sort::WholeOrNothing => {
            let wholes = column.cells.iter().filter_map(|cell| match cell {
                // The same 64 bits.
                Cell::Whole(value) => Some(*value as i64),
                _ => None,
            });
            let is_there: Vec<i16> = column.cells.iter().map(|cell| i16::from(*cell != Cell::Nothing)).collect();
            let levels = (column.sort == Sort::WholeOrNothing).then_some(&is_there[..]);
            writer.typed::<Int64Type>().write_batch(&wholes.collect::<Vec<_>>(), levels, None)?;
        }
        Sort::Hundredths => {
            let decimals = column.cells.iter().filter_map(|cell| match cell {
                Cell::Hundredths(value) => Some(*value as f64 / 100.0),
                _ => None,
            });
            writer.typed::<DoubleType>().write_batch(&decimals.collect::<Vec<_>>(), None, None)?;
        }
    }
    Ok(())
}
