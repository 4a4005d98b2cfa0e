//! A row a run, as Apache Parquet: the columns of the CSV, compressed with Snappy.

use std::io::{self, Write};
use std::sync::Arc;

use parquet::basic::{Compression, LogicalType, Repetition, Type as Physical};
use parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::Type;

use super::Swept;
use super::columns::{Cell, Sort, cells, columns};

/// Rows that stand together.
const GROUP: usize = 100_000;

/// Writes the runs.
///
/// # Errors
/// Those of the writer.
pub fn write(out: &mut dyn Write, swept: &Swept) -> io::Result<()> {
    // The writer of the library must be sent between threads, which a borrowed one need not be able to.
    let bytes = bytes(swept).map_err(io::Error::other)?;
    out.write_all(&bytes)
}

fn bytes(swept: &Swept) -> Result<Vec<u8>, ParquetError> {
    let columns = columns(swept);
    let fields = columns.iter().map(|(name, sort)| {
        let field = match sort {
            Sort::Unsigned => {
                let unsigned = LogicalType::integer(64, false);
                Type::primitive_type_builder(name, Physical::INT64).with_logical_type(Some(unsigned))
            }
            Sort::Whole => Type::primitive_type_builder(name, Physical::INT64),
            Sort::Number => Type::primitive_type_builder(name, Physical::DOUBLE),
            Sort::Text => {
                Type::primitive_type_builder(name, Physical::BYTE_ARRAY).with_logical_type(Some(LogicalType::String))
            }
        };
        field.with_repetition(Repetition::OPTIONAL).build().map(Arc::new)
    });
    let fields = fields.collect::<Result<Vec<_>, _>>()?;
    let schema = Arc::new(Type::group_type_builder("runs").with_fields(fields).build()?);
    let properties = WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .set_created_by(format!("greenroom {}", env!("CARGO_PKG_VERSION")))
        .build();
    let mut file = SerializedFileWriter::new(Vec::new(), schema, Arc::new(properties))?;
    for rows in swept.rows.chunks(GROUP) {
        let table: Vec<Vec<Cell>> = rows.iter().map(|row| cells(swept, row)).collect();
        let mut group = file.next_row_group()?;
        for (index, (_, sort)) in columns.iter().enumerate() {
            let Some(mut column) = group.next_column()? else { break };
            let cells = || table.iter().map(|cells| &cells[index]);
            let levels: Vec<i16> = cells().map(|cell| i16::from(*cell != Cell::Empty)).collect();
            match sort {
                Sort::Unsigned | Sort::Whole => {
                    let values: Vec<i64> = cells().filter_map(whole).collect();
                    column.typed::<Int64Type>().write_batch(&values, Some(&levels), None)?;
                }
                Sort::Number => {
                    let values: Vec<f64> = cells().filter_map(number).collect();
                    column.typed::<DoubleType>().write_batch(&values, Some(&levels), None)?;
                }
                Sort::Text => {
                    let values: Vec<ByteArray> = cells().filter_map(text).collect();
                    column.typed::<ByteArrayType>().write_batch(&values, Some(&levels), None)?;
                }
            }
            column.close()?;
        }
        group.close()?;
    }
    file.into_inner()
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
    if let Cell::Number(number) = cell { Some(*number) } else { None }
}

fn text(cell: &Cell) -> Option<ByteArray> {
    if let Cell::Text(text) = cell { Some(text.as_str().into()) } else { None }
}
