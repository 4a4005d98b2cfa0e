//! Goal: no table, however spoilt, makes a reader or a replay panic, and a refusal always says why. Method: the property that the fuzz target
//! `fleet` holds of any bytes (fuzz/properties.rs), held here of the tables of examples/fleet, some cells of which are replaced.

use std::fs;
use std::path::Path;

use proptest::prelude::*;
use proptest::sample::Index;

#[path = "../fuzz/properties.rs"]
#[allow(dead_code, reason = "every user takes its part")]
mod properties;

/// What a cell becomes.
const PIECES: &[&str] = &[
    "",
    "0",
    "1",
    "-1",
    "16",
    "17",
    "1000",
    "1001",
    "0.5",
    "1e9",
    "nan",
    "4294967296",
    "18446744073709551616",
    "99999999999999999999999",
    "\"",
    "\"a,b\"",
    "a\nb",
    "é\u{202e}",
    "A10|H100|",
    "|",
    "name",
    "2147483648",
    "-2147483648",
    ",",
    "\t",
    "\u{0}",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn spoilt_tables_are_read_or_refused(
        nodes in any::<bool>(), at in proptest::collection::vec((any::<Index>(), any::<Index>()), 0..6), rows in 1_usize..60,
    ) {
        let file = if nodes { "examples/fleet/nodes.csv" } else { "examples/fleet/pods.csv" };
        let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).expect("the example is there");
        let mut cells: Vec<Vec<&str>> = text.lines().take(rows).map(|line| line.split(',').collect()).collect();
        for (cell, piece) in at {
            let row = cell.index(cells.len());
            let column = cell.index(cells[row].len());
            cells[row][column] = PIECES[piece.index(PIECES.len())];
        }
        let spoilt: Vec<String> = cells.into_iter().map(|row| row.join(",")).collect();
        properties::fleet(spoilt.join("\n").as_bytes());
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        properties::fleet(&bytes);
    }
}
