//! What documents may hold of secrets, and that none of it is written: values of Secrets, variables and arguments are replaced by words
//! that say nothing, if the run stays the same; a credential that the failure needs keeps the scenario from being written at all.

use super::draft::{Draft, File, Spot};
use super::tree::{Step, Tree};
use super::trial::Trial;
use crate::systems::kubernetes::secret;
use crate::text::mask::mask;

/// What stands in place of a value.
const MASKED: &str = "masked";
/// The same in Base64, as the `data` of a Secret is written.
const MASKED_BASE64: &str = "bWFza2Vk";

/// Fields of other systems whose values may hold a credential, beside [`secret::FIELDS`].
const FIELDS: [&str; 6] = [
    "recipe_container_env",
    "recipe_container_command_args",
    "recipe_container_command",
    "environ",
    "envars",
    "environment",
];

/// The draft without secrets.
///
/// # Errors
/// The places of those that the failure needs, for a message.
pub fn without_secrets(trial: &mut Trial<'_>, mut draft: Draft) -> Result<Draft, String> {
    let spots = spots(&draft);
    if let Some(masked) = trial.holds(spots.iter().fold(draft.clone(), masked)) {
        draft = masked;
    } else {
        for spot in &spots {
            if let Some(masked) = trial.holds(masked(draft.clone(), spot)) {
                draft = masked;
            }
        }
    }
    // What could not be masked may stay unless it is known for a secret.
    let left = spots.iter().filter(|spot| is_known_secret(&draft, spot));
    let mut places: Vec<String> = left.map(place).collect();
    // What cannot be read as a tree cannot be looked through.
    let opaque = draft.documents.iter().filter(|(_, document)| document.tree.is_none() && !document.text.is_empty());
    places.extend(opaque.map(|(path, _)| path.clone()));
    // A comment may hold one too, and is gone once a document is written anew.
    for document in draft.documents.values_mut().filter(|document| mask(&document.text) != document.text.as_ref()) {
        document.rewrite();
    }
    if places.is_empty() { Ok(draft) } else { Err(places.join(", ")) }
}

fn place(spot: &Spot) -> String {
    let mut text = match &spot.file {
        File::Scenario => String::new(),
        File::Document(path) => format!("{path}: "),
    };
    for step in &spot.path {
        match step {
            Step::Key(key) => text.push_str(&format!(".{key}")),
            Step::Index(index) => text.push_str(&format!("[{index}]")),
        }
    }
    text
}

fn masked(draft: Draft, spot: &Spot) -> Draft {
    let has_key = |key: &str| spot.path.iter().any(|step| *step == Step::Key(key.to_owned()));
    let is_encoded = is_in_secret(&draft, spot) && (has_key("data") || has_key("binaryData"));
    let value = match draft.get(spot) {
        Some(Tree::Text(text)) if !is_hidden(spot) => mask(text).into_owned(),
        // What refers to something else holds no secret, and what becomes of it hangs on the reference.
        Some(Tree::Text(text)) if text.contains("${") || text.contains("$(") => return draft,
        Some(Tree::Text(_)) if is_encoded => MASKED_BASE64.to_owned(),
        Some(Tree::Text(_)) => MASKED.to_owned(),
        _ => return draft,
    };
    draft.with(spot, Tree::Text(value))
}

/// Texts of documents that may be secret.
fn spots(draft: &Draft) -> Vec<Spot> {
    let mut spots = Vec::new();
    for file in draft.files() {
        let Some(tree) = draft.tree(&file).filter(|_| file != File::Scenario) else { continue };
        tree.visit(&mut |path, value| {
            let Some(text) = value.as_text() else { return };
            let spot = Spot { file: file.clone(), path: path.to_vec() };
            if is_hidden(&spot) || mask(text) != text {
                spots.push(spot);
            }
        });
    }
    spots
}

/// True for a value behind a key that may hold credentials; the names of variables and headers are none.
fn is_hidden(spot: &Spot) -> bool {
    let is_field = |step: &Step| match step {
        Step::Key(key) => secret::FIELDS.contains(&key.as_str()) || FIELDS.contains(&key.as_str()),
        Step::Index(_) => false,
    };
    let is_name = |key: &str| matches!(spot.path.last(), Some(Step::Key(last)) if last == key);
    spot.path.iter().any(is_field) && !is_name("name") && !is_name("key")
}

/// True for what is surely a secret and not masked: the data of a Secret, and what is known by its form.
fn is_known_secret(draft: &Draft, spot: &Spot) -> bool {
    let Some(text) = draft.get(spot).and_then(Tree::as_text) else { return false };
    if matches!(text, MASKED | MASKED_BASE64) {
        return false;
    }
    let has_key = |key: &str| spot.path.iter().any(|step| *step == Step::Key(key.to_owned()));
    let is_data = has_key("data") || has_key("stringData") || has_key("binaryData");
    mask(text) != text || is_data && is_in_secret(draft, spot)
}

/// True within a Secret.
fn is_in_secret(draft: &Draft, spot: &Spot) -> bool {
    let Some(tree) = draft.tree(&spot.file) else { return false };
    (0..spot.path.len()).any(|depth| {
        tree.get(&spot.path[..depth]).and_then(|above| above.key("kind")).and_then(Tree::as_text) == Some("Secret")
    })
}
