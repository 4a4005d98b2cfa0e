//! Reads fleets and traces from tables: the openb CSVs of Alibaba's cluster-trace-gpu-v2023 as they are, and any other table whose
//! columns are named to it. `table` is rows of texts whatever the file, `columns` says which column holds what, `cell` what a text is
//! worth, `nodes` and `pods` make the rest. Bytes come in, messages with file and line go out; nothing is opened here.

mod cell;
pub mod columns;
mod nodes;
mod order;
mod pods;
pub mod table;

pub use columns::{Columns, Field};
pub use nodes::read_nodes;
pub use order::read_order;
pub use pods::read_pods;
pub use table::Table;
