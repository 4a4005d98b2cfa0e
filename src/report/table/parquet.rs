//! A table as Apache Parquet, compressed with Snappy, which every reader has. Hundredths are doubles there.

use std::io::{self, Write};
use std::sync::Arc;

use parquet::basic::{Compression, LogicalType, Repetition, Type as Physical};
use parquet::data_type::{ByteArray, ByteArrayType, DataType, DoubleType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::types::Type;

use super::{Cell, Column, Sort};

/// What a file says of itself.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Writer {
    /// The name of its schema.
    pub schema: &'static str,
    /// What made it.
    pub created_by: String,
    /// How many rows stand together in a group, which is held in memory.
    pub group_rows: usize,
}

/// Writes a table.
///
/// # Errors
/// Those of the writer.
pub fn write(
    out: &mut dyn Write,
    writer: &Writer,
    columns: &[Column],
    rows: impl Iterator<Item = Vec<Cell>>,
) -> io::Result<()> {
    // The writer of the library must be sent between threads, which a borrowed one need not be able to.
    let bytes = bytes(writer, columns, rows).map_err(io::Error::other)?;
    out.write_all(&bytes)
}

fn bytes(
    writer: &Writer,
    columns: &[Column],
    mut rows: impl Iterator<Item = Vec<Cell>>,
) -> Result<Vec<u8>, ParquetError> {
    let fields = columns.iter().map(|column| field(column).map(Arc::new)).collect::<Result<Vec<_>, _>>()?;
    let schema = Arc::new(Type::group_type_builder(writer.schema).with_fields(fields).build()?);
    let properties =
        WriterProperties::builder().set_compression(Compression::SNAPPY).set_created_by(writer.created_by.clone());
    let mut file = SerializedFileWriter::new(Vec::new(), schema, Arc::new(properties.build()))?;
    loop {
        let rows: Vec<Vec<Cell>> = rows.by_ref().take(writer.group_rows.max(1)).collect();
        if rows.is_empty() {
            return file.into_inner();
        }
        let mut group = file.next_row_group()?;
        for (place, column) in columns.iter().enumerate() {
            let Some(mut into) = group.next_column()? else { break };
            let cells = || rows.iter().filter_map(|row| row.get(place));
            let levels: Vec<i16> = cells().map(|cell| i16::from(*cell != Cell::Empty)).collect();
            let levels = column.is_optional.then_some(levels);
            match column.sort {
                Sort::Unsigned | Sort::Whole => add::<Int64Type>(&mut into, cells().filter_map(whole), levels)?,
                Sort::Number | Sort::Hundredths => add::<DoubleType>(&mut into, cells().filter_map(number), levels)?,
                Sort::Text => add::<ByteArrayType>(&mut into, cells().filter_map(text), levels)?,
            }
            into.close()?;
        }
        group.close()?;
    }
}

fn field(column: &Column) -> Result<Type, ParquetError> {
    let (kind, logical) = match column.sort {
        Sort::Unsigned => (Physical::INT64, Some(LogicalType::integer(64, false))),
        Sort::Whole => (Physical::INT64, None),
        Sort::Number | Sort::Hundredths => (Physical::DOUBLE, None),
        Sort::Text => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
    };
    let repetition = if column.is_optional { Repetition::OPTIONAL } else { Repetition::REQUIRED };
    let field = Type::primitive_type_builder(&column.name, kind).with_repetition(repetition);
    field.with_logical_type(logical).build()
}

fn add<T: DataType>(
    column: &mut SerializedColumnWriter<'_>,
    values: impl Iterator<Item = T::T>,
    levels: Option<Vec<i16>>,
) -> Result<(), ParquetError> {
    let values: Vec<T::T> = values.collect();
    column.typed::<T>().write_batch(&values, levels.as_deref(), None).map(drop)
}

fn whole(cell: &Cell) -> Option<i64> {
    match cell {
        // The same 64 bits.
        Cell::Unsigned(number) => Some(*number as i64),
        Cell::Whole(number) => Some(*number),
        _ => None,
    }
}

fn number(cell: &Cell) -> Option<f64> {
    match cell {
        Cell::Number(number) => Some(*number),
        Cell::Hundredths(number) => Some(*number as f64 / 100.0),
        _ => None,
    }
}

fn text(cell: &Cell) -> Option<ByteArray> {
    if let Cell::Text(text) = cell { Some(text.as_str().into()) } else { None }
}
