//! Reads fleets and traces from tables: the openb CSVs of Alibaba's cluster-trace-gpu-v2023 as they are, and any other table whose
//! columns are named to it. `table` is rows of texts whatever the file (`separated`, `parquet`, `gzip`), `columns` says which column holds
//! what, `cell` what a text is worth, `nodes` and `pods` make the rest, `misfits` warns of what cannot come together. `order` reads the order
//! of a published run. Bytes come in, messages with file and line go out; nothing is opened here.

mod cell;
pub mod columns;
mod gzip;
mod misfits;
mod names;
mod nodes;
mod order;
mod parquet;
mod pods;
mod separated;
pub mod table;

pub use columns::{Columns, Field};
pub use nodes::read_nodes;
pub use order::read_order;
pub use pods::{Times, read_pods};
pub use table::Table;
