//! Which scenario files a command is about.

use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use crate::text::{Diagnostic, Source};

/// The name of a scenario in a folder of its own.
const SCENARIO: &str = "scenario.yaml";
/// How the name of any other scenario ends.
const ENDING: &str = ".greenroom.yaml";
/// Marks a folder that a program fills and may empty: <https://bford.info/cachedir/>.
const CACHE: &str = "CACHEDIR.TAG";

/// What was found.
#[derive(Debug, Default)]
pub struct Found {
    /// The scenario files, sorted, each once.
    pub files: Vec<PathBuf>,
    /// Paths that do not exist or cannot be read, each with the reason.
    pub missing: Vec<(PathBuf, Diagnostic)>,
    /// The folders that were looked into.
    pub folders: Vec<PathBuf>,
}

/// The scenarios that these paths name: a file is one whatever its name, of a folder it is every `scenario.yaml` and
/// `*.greenroom.yaml` below. Hidden folders and caches are left out. No path at all stands for the current folder.
pub fn find(paths: &[PathBuf]) -> Found {
    let here = [PathBuf::from(".")];
    let mut found = Found::default();
    for path in if paths.is_empty() { &here } else { paths } {
        if path.is_dir() {
            below(path, &mut found);
        } else if path.exists() {
            found.files.push(path.clone());
        } else {
            found.missing.push((path.clone(), about(path, "there is no such file or folder")));
        }
    }
    found.files.sort();
    found.files.dedup();
    found
}

fn below(folder: &Path, found: &mut Found) {
    let walk = WalkDir::new(folder).sort_by_file_name().into_iter();
    for entry in walk.filter_entry(|entry| entry.depth() == 0 || !is_passed_over(entry)) {
        match entry {
            Ok(entry) if entry.file_type().is_file() && is_scenario(entry.path()) => {
                let path = entry.into_path();
                found.files.push(path.strip_prefix(".").map(Path::to_path_buf).unwrap_or(path));
            }
            Ok(entry) if entry.file_type().is_dir() => found.folders.push(entry.into_path()),
            Ok(_) => {}
            Err(error) => {
                let path = error.path().unwrap_or(folder).to_path_buf();
                let reason = error.io_error().map_or_else(|| error.to_string(), ToString::to_string);
                found.missing.push((path.clone(), about(&path, &format!("cannot be read: {reason}"))));
            }
        }
    }
}

fn is_passed_over(entry: &walkdir::DirEntry) -> bool {
    let hidden = entry.file_name().to_string_lossy().starts_with('.');
    entry.file_type().is_dir() && (hidden || entry.path().join(CACHE).exists())
}

fn is_scenario(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name == SCENARIO || name.ends_with(ENDING)
}

fn about(path: &Path, message: &str) -> Diagnostic {
    Diagnostic::about(&Source::new(path.to_string_lossy(), ""), message)
}
