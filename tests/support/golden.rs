//! Recordings of real components that are not part of this repository: `GREENROOM_SHARED` names the folder that holds them.

use serde_json::Value;

/// A file of the recordings, parsed; `None`, and a word about it, where they are not at hand.
pub fn golden(name: &str) -> Option<Value> {
    let Some(shared) = std::env::var_os("GREENROOM_SHARED") else {
        println!("skipped: GREENROOM_SHARED is not set");
        return None;
    };
    let path = std::path::PathBuf::from(shared).join("golden/kubernetes").join(name);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    Some(serde_json::from_str(&text).expect("the recordings are JSON"))
}
