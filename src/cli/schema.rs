//! `greenroom schema`: the JSON Schema of the scenario file.

use clap::Args;

use super::output::to_stdout;
use crate::report::Exit;

/// Show the JSON Schema of the scenario file, for editors.
#[derive(Args)]
pub struct SchemaArgs {}

/// Shows the schema.
pub fn schema(_: &SchemaArgs) -> Exit {
    let schema = crate::scenario::schema();
    to_stdout(&|out, _| {
        serde_json::to_writer_pretty(&mut *out, &schema)?;
        writeln!(out)
    })
}
