//! The example scenarios, found by their folders: those of a system may stand in a folder of the system's.

use std::path::{Path, PathBuf};

/// The folder of the package.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The folders with a `scenario.yaml`, as they are named below scenarios/: `pod-kill`, `paasta/tron-job`.
pub fn names() -> Vec<String> {
    let scenarios = root().join("scenarios");
    let entries = walkdir::WalkDir::new(&scenarios).sort_by_file_name().into_iter();
    let folders = entries.map(|entry| entry.expect("scenarios/ can be read").into_path());
    let folders = folders.filter(|path| path.join("scenario.yaml").is_file());
    let name = |path: PathBuf| path.strip_prefix(&scenarios).expect("below scenarios/").to_string_lossy().into_owned();
    let mut names: Vec<String> = folders.map(name).collect();
    names.sort();
    assert!(names.len() > 100, "the scenarios were not found: {names:?}");
    names
}
