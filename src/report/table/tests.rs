//! Goal: CSV and Parquet hold the same cells. Method: a table with a column of each sort, empty cells and several groups, read back.

use ::parquet::file::reader::{FileReader as _, SerializedFileReader};
use ::parquet::record::Field;

use super::*;

fn table() -> (Vec<Column>, Vec<Vec<Cell>>) {
    let columns = vec![
        Column::new("seed", Sort::Unsigned),
        Column::new("count", Sort::Whole).optional(),
        Column::new("ready_secs", Sort::Number).optional(),
        Column::new("share_percent", Sort::Hundredths),
        Column::new("name", Sort::Text).optional(),
    ];
    let row = |seed: u64, count: Option<i64>, ready: Option<f64>, share: i64, name: Option<&str>| {
        vec![
            Cell::Unsigned(seed),
            count.map_or(Cell::Empty, Cell::Whole),
            ready.map_or(Cell::Empty, Cell::Number),
            Cell::Hundredths(share),
            name.map_or(Cell::Empty, |name| Cell::Text(name.to_owned())),
        ]
    };
    let rows = vec![
        row(u64::MAX, Some(-3), Some(0.5), 1234, Some("a, \"b\"")),
        row(0, None, None, -5, None),
        row(1, Some(i64::MAX), Some(12.0), 0, Some("")),
    ];
    (columns, rows)
}

fn csv_text() -> String {
    let (columns, rows) = table();
    let mut text = Vec::new();
    write_csv(&mut text, &columns, rows.into_iter()).expect("it is written");
    String::from_utf8(text).expect("UTF-8")
}

#[test]
fn csv_has_a_line_a_row() {
    insta::assert_snapshot!(csv_text(), @r#"
    seed,count,ready_secs,share_percent,name
    18446744073709551615,-3,0.5,12.34,"a, ""b"""
    0,,,-0.05,
    1,9223372036854775807,12,0.00,
    "#);
}

#[test]
fn parquet_has_what_csv_has_in_any_number_of_groups() {
    let (columns, rows) = table();
    for group_rows in [1, 2, 100] {
        let writer = Writer { schema: "rows", created_by: "a test".to_owned(), group_rows };
        let mut bytes = Vec::new();
        write_parquet(&mut bytes, &writer, &columns, rows.iter().cloned()).expect("it is written");
        let reader = SerializedFileReader::new(bytes::Bytes::from(bytes)).expect("Parquet");
        assert_eq!(reader.num_row_groups(), rows.len().div_ceil(group_rows));
        let read = reader.get_row_iter(None).expect("rows").map(|row| row.expect("a row"));
        for (read, row) in read.zip(&rows) {
            let fields: Vec<Field> = read.into_columns().into_iter().map(|(_, field)| field).collect();
            let expected: Vec<Field> = row
                .iter()
                .map(|cell| match cell {
                    Cell::Unsigned(number) => Field::ULong(*number),
                    Cell::Whole(number) => Field::Long(*number),
                    Cell::Number(number) => Field::Double(*number),
                    Cell::Hundredths(number) => Field::Double(*number as f64 / 100.0),
                    Cell::Text(text) => Field::Str(text.clone()),
                    Cell::Empty => Field::Null,
                })
                .collect();
            assert_eq!(fields, expected);
        }
    }
}

/// A value where there must be one, and a table without rows.
#[test]
fn what_cannot_be_told_is_refused_and_no_rows_are_a_table() {
    let (columns, _) = table();
    let writer = Writer { schema: "rows", created_by: "a test".to_owned(), group_rows: 9 };
    let mut bytes = Vec::new();
    let lacking = vec![vec![Cell::Empty; columns.len()]];
    assert!(write_parquet(&mut bytes, &writer, &columns, lacking.into_iter()).is_err());
    write_parquet(&mut bytes, &writer, &columns, std::iter::empty()).expect("it is written");
    let reader = SerializedFileReader::new(bytes::Bytes::from(bytes)).expect("Parquet");
    assert_eq!(reader.metadata().file_metadata().num_rows(), 0);
}
