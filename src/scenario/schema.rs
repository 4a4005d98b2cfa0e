//! The JSON Schema of the scenario file, made from the types that read it.

use schemars::generate::SchemaSettings;

use super::file::ScenarioFile;

/// The schema, for editors and for whoever generates scenarios. What it accepts has the right form; `greenroom check` says
/// whether it makes sense.
pub fn schema() -> serde_json::Value {
    let mut schema = SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<ScenarioFile>();
    schema.insert("$id".to_owned(), "https://greenroom.dev/schema/scenario.schema.json".into());
    schema.insert("title".to_owned(), "greenroom scenario".into());
    schema.to_value()
}
