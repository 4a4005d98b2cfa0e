//! Custom resource definitions as validators: of each kind and version, the schema with one rule more, that no field may stand where
//! the schema has none. That is what an API server makes of an object before it keeps it.

use std::collections::BTreeMap;
use std::path::Path;

use jsonschema::Validator;
use serde_json::{Value, json};

/// The definitions of a folder.
pub struct Definitions(BTreeMap<(String, String), Validator>);

impl Definitions {
    /// Reads every definition of a folder.
    pub fn read(folder: &Path) -> Definitions {
        let mut all = BTreeMap::new();
        let files = std::fs::read_dir(folder).expect("the definitions");
        for file in files.map(|file| file.expect("a file").path()) {
            let text = std::fs::read_to_string(&file).expect("a definition");
            let definition: Value = serde_saphyr::from_str(&text).expect("YAML");
            let (group, kind) = (&definition["spec"]["group"], &definition["spec"]["names"]["kind"]);
            for version in definition["spec"]["versions"].as_array().expect("versions") {
                let mut schema = version["schema"]["openAPIV3Schema"].clone();
                tighten(&mut schema);
                // The API's own part of an object is checked by its own type.
                schema["properties"]["metadata"] = json!({ "type": "object" });
                let api = format!("{}/{}", group.as_str().expect("a group"), version["name"].as_str().expect("a name"));
                let validator = jsonschema::validator_for(&schema).expect("a schema");
                all.insert((api, kind.as_str().expect("a kind").to_owned()), validator);
            }
        }
        Definitions(all)
    }

    /// What is wrong with an object; `None` if there is no definition of its kind.
    pub fn complaints(&self, object: &Value) -> Option<Vec<String>> {
        let text = |name: &str| object[name].as_str().unwrap_or_default().to_owned();
        let validator = self.0.get(&(text("apiVersion"), text("kind")))?;
        Some(validator.iter_errors(object).map(|error| format!("{}: {error}", error.instance_path())).collect())
    }
}

/// A map with fields has no others, unless the schema keeps what it does not know.
fn tighten(schema: &mut Value) {
    let Value::Object(entries) = schema else { return };
    let keeps = entries.get("x-kubernetes-preserve-unknown-fields") == Some(&Value::Bool(true));
    if entries.contains_key("properties") && !entries.contains_key("additionalProperties") && !keeps {
        entries.insert("additionalProperties".to_owned(), Value::Bool(false));
    }
    // Formats of numbers are bounds that no number here comes near.
    entries.remove("format");
    if let Some(Value::Object(fields)) = entries.get_mut("properties") {
        fields.values_mut().for_each(tighten);
    }
    for inner in ["items", "additionalProperties"] {
        if let Some(inner) = entries.get_mut(inner) {
            tighten(inner);
        }
    }
}
