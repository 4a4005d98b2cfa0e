//! Documents in JSON without what may be secret: values of environment variables, arguments and headers are hidden whatever they
//! are, and so are annotations, but for those that controllers read; free settings where their names or their form tell that they are
//! credentials. Names, references to Secrets and the shape of the document stay.

use serde_json::Value;

use super::mask::{mask, mask_named};

/// What stands in place of a value.
const MASK: &str = "***";

/// Who reads annotations of pods and graphs: how the domains of their names end. Any other may hold anything.
const READERS: &[&str] =
    &["nvidia.com", "k8s.io", "kubernetes.io", "grove.io", "kai.scheduler", "run.ai", "volcano.sh"];

/// How the values below a key are taken.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Take {
    /// As fields of the API: credentials are known by their form alone.
    Fields,
    /// As settings of somebody's own: their names count too.
    Settings,
}

/// Hides what may be secret.
pub fn conceal(value: &mut Value) {
    walk(value, Take::Fields);
}

fn walk(value: &mut Value, take: Take) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| walk(item, take)),
        Value::Object(entries) => {
            for (key, value) in entries {
                match key.as_str() {
                    "env" | "envs" | "httpHeaders" => variables(value),
                    "args" => texts(value, 0),
                    // The program itself is no secret, if it is a word of its own.
                    "command" => {
                        let program = value.get(0).and_then(Value::as_str);
                        let is_word = program.is_some_and(|text| !text.contains([' ', '=', '\n']));
                        texts(value, usize::from(is_word));
                    }
                    "annotations" => annotations(value),
                    "data" | "stringData" | "binaryData" => all_texts(value),
                    "config" => walk(value, Take::Settings),
                    _ => named(key, value, take),
                }
            }
        }
        Value::String(text) => *text = mask(text).into_owned(),
        _ => {}
    }
}

fn named(key: &str, value: &mut Value, take: Take) {
    match value {
        Value::String(text) if take == Take::Settings => *text = mask_named(key, text).into_owned(),
        other => walk(other, take),
    }
}

/// `[{name, value}]`: where a value comes from stays.
fn variables(value: &mut Value) {
    let Value::Array(items) = value else { return walk(value, Take::Settings) };
    for item in items {
        if let Some(Value::String(text)) = item.get_mut("value").filter(|text| **text != "") {
            MASK.clone_into(text);
        }
    }
}

/// A list of texts, of which so many are shown.
fn texts(value: &mut Value, shown: usize) {
    match value {
        Value::Array(items) => items.iter_mut().skip(shown).for_each(all_texts),
        other => all_texts(other),
    }
}

fn all_texts(value: &mut Value) {
    match value {
        Value::String(text) => MASK.clone_into(text),
        Value::Array(items) => items.iter_mut().for_each(all_texts),
        Value::Object(entries) => entries.values_mut().for_each(all_texts),
        _ => {}
    }
}

/// An annotation that holds a whole document is hidden whoever reads it.
fn annotations(value: &mut Value) {
    let Value::Object(entries) = value else { return };
    for (name, value) in entries {
        if let Value::String(text) = value {
            let domain = name.split_once('/').map_or("", |(domain, _)| domain);
            let is_read = READERS.iter().any(|reader| domain.ends_with(reader)) && !text.contains(['{', '\n']);
            *text = if is_read { mask_named(name, text).into_owned() } else { MASK.to_owned() };
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn hides_values_and_keeps_names() {
        let mut document = json!({
            "metadata": { "annotations": { "nvidia.com/b": "web", "a": "x1", "grove.io/c": "{\"env\":1}" } },
            "spec": {
                "envFromSecret": "hf-token-secret",
                "config": { "hf_token": "x1", "sweep": { "depth": 3 } },
                "containers": [ {
                    "image": "user:x1@registry.io/a:1",
                    "command": [ "python3", "--key", "x1" ],
                    "args": [ "x1" ],
                    "env": [
                        { "name": "A", "value": "x1" },
                        { "name": "B", "value": "" },
                        { "name": "C", "valueFrom": { "secretKeyRef": { "name": "s", "key": "k" } } },
                    ],
                } ],
            },
            "data": { "k": "x1" },
        });
        conceal(&mut document);
        let shown = json!({
            "metadata": { "annotations": { "nvidia.com/b": "web", "a": "***", "grove.io/c": "***" } },
            "spec": {
                "envFromSecret": "hf-token-secret",
                "config": { "hf_token": "***", "sweep": { "depth": 3 } },
                "containers": [ {
                    "image": "***@registry.io/a:1",
                    "command": [ "python3", "***", "***" ],
                    "args": [ "***" ],
                    "env": [
                        { "name": "A", "value": "***" },
                        { "name": "B", "value": "" },
                        { "name": "C", "valueFrom": { "secretKeyRef": { "name": "s", "key": "k" } } },
                    ],
                } ],
            },
            "data": { "k": "***" },
        });
        assert_eq!(document, shown);
    }

    #[test]
    fn a_command_of_one_text_is_hidden() {
        let mut document = json!({ "command": [ "export KEY=x1; run" ] });
        conceal(&mut document);
        assert_eq!(document, json!({ "command": [ "***" ] }));
    }
}
