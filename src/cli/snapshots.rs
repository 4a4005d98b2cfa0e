//! Accepted snapshots on disk: one plain file a scenario, `NAME.timeline`, in the nearest folder `snapshots` above the
//! scenario, else beside it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::{fs, io};

use crate::report::SnapshotState;
use crate::report::diff::diff;
use crate::text::{Diagnostic, Source};

/// The name of the folder that is looked for.
const FOLDER: &str = "snapshots";
/// How the name of a snapshot ends.
const ENDING: &str = "timeline";
/// Marks the top of a working copy: nothing is looked for above it.
const TOP: &str = ".git";

/// The snapshots of one command.
pub struct Snapshots {
    accept: bool,
    /// The snapshots that belong to a scenario, each with its file.
    owned: BTreeMap<PathBuf, PathBuf>,
    /// False once a scenario could not be read: whose snapshot is left over can no longer be told.
    all_known: bool,
    /// What could not be read or written.
    pub troubles: Vec<String>,
}

impl Snapshots {
    /// Compares with what is accepted; accepts what is new or changed if `accept`.
    pub fn new(accept: bool) -> Snapshots {
        Snapshots { accept, owned: BTreeMap::new(), all_known: true, troubles: Vec::new() }
    }

    /// A scenario has no name because it could not be read.
    pub fn cannot_tell(&mut self) {
        self.all_known = false;
    }

    /// Where the snapshot of a scenario of this name is.
    pub fn path(&self, scenario: &Path, name: &str) -> PathBuf {
        path_of(scenario, name)
    }

    /// Says whose a snapshot is that is not compared now. One that another has already stays with that one.
    pub fn claim(&mut self, scenario: &Path, name: &str) {
        self.owned.entry(path_of(scenario, name)).or_insert_with(|| scenario.to_path_buf());
    }

    /// Compares a scenario's text with its accepted one.
    ///
    /// # Errors
    /// That another scenario has the same snapshot.
    pub fn compare(&mut self, scenario: &Path, name: &str, text: &str) -> Result<SnapshotState, Diagnostic> {
        let path = path_of(scenario, name);
        if let Some(other) = self.owned.insert(path.clone(), scenario.to_path_buf()) {
            let source = Source::new(scenario.to_string_lossy(), "");
            let message = format!("{} has the name `{name}` too, and with it the same snapshot", other.display());
            return Err(Diagnostic::about(&source, message).help("give each scenario a name of its own"));
        }
        let shown = path.to_string_lossy().into_owned();
        let state = match fs::read_to_string(&path) {
            // A checkout may have turned the ends of lines around.
            Ok(accepted) if accepted.replace("\r\n", "\n") == text => return Ok(SnapshotState::Same),
            Ok(accepted) => SnapshotState::Changed { diff: diff(&shown, &accepted, text), path: shown },
            Err(error) if error.kind() == io::ErrorKind::NotFound => SnapshotState::New { path: shown },
            Err(error) => {
                self.troubles.push(format!("cannot read the snapshot {shown}: {error}"));
                SnapshotState::New { path: shown }
            }
        };
        if !self.accept {
            return Ok(state);
        }
        match write(&path, text) {
            Ok(()) => Ok(SnapshotState::Written),
            Err(error) => {
                self.troubles.push(format!("cannot write the snapshot {}: {error}", path.display()));
                Ok(state)
            }
        }
    }

    /// Snapshots that belong to no scenario, in words. Only folders whose every scenario was run can be judged: those at
    /// or below the folders that were named.
    pub fn left_over(&self, paths: &[PathBuf]) -> Vec<String> {
        let here = [PathBuf::from(".")];
        let searched: Vec<PathBuf> = if paths.is_empty() { &here } else { paths }
            .iter()
            .filter(|path| path.is_dir())
            .filter_map(|path| std::path::absolute(path).ok())
            .collect();
        if !self.all_known {
            return Vec::new();
        }
        let mut left: BTreeSet<PathBuf> = BTreeSet::new();
        let folders: BTreeSet<&Path> = self.owned.keys().filter_map(|path| path.parent()).collect();
        for folder in folders {
            let whole = std::path::absolute(folder)
                .is_ok_and(|folder| searched.iter().any(|searched| folder.starts_with(searched)));
            if !whole {
                continue;
            }
            let files = fs::read_dir(folder).into_iter().flatten().flatten().map(|file| file.path());
            let snapshots = files.filter(|path| path.extension().is_some_and(|ending| ending == ENDING));
            left.extend(snapshots.filter(|path| !self.owned.contains_key(path)));
        }
        left.iter().map(|path| format!("{} belongs to no scenario", path.display())).collect()
    }
}

/// Where the snapshot of a scenario is.
pub fn path_of(scenario: &Path, name: &str) -> PathBuf {
    let plain = |letter: char| if letter.is_alphanumeric() || "-_.".contains(letter) { letter } else { '-' };
    let name: String = name.chars().map(plain).collect();
    folder_of(scenario).join(format!("{}.{ENDING}", name.trim_start_matches('.')))
}

/// The folder, named from where the user stands as far as that is possible.
fn folder_of(scenario: &Path) -> PathBuf {
    let beside = scenario.parent().unwrap_or(Path::new(""));
    // As the user names it while that goes, so that messages show short paths …
    for folder in beside.ancestors() {
        if folder.join(FOLDER).is_dir() {
            return folder.join(FOLDER);
        }
        if folder.join(TOP).exists() {
            return beside.to_path_buf();
        }
    }
    // … and from the root on above it.
    let Ok(absolute) = std::path::absolute(beside) else { return beside.to_path_buf() };
    for folder in absolute.ancestors() {
        if folder.join(FOLDER).is_dir() {
            return folder.join(FOLDER);
        }
        if folder.join(TOP).exists() {
            break;
        }
    }
    beside.to_path_buf()
}

/// Writes all or nothing: whoever reads meanwhile sees the old text or the new one.
fn write(path: &Path, text: &str) -> io::Result<()> {
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(format!(".{}.new", std::process::id()));
    fs::write(&temporary, text)?;
    fs::rename(&temporary, path).inspect_err(|_| {
        // The first error is the one to tell of.
        let _ = fs::remove_file(&temporary);
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir_all(folder.path().join("scenarios/one")).expect("a folder");
        fs::create_dir(folder.path().join(TOP)).expect("a folder");
        folder
    }

    #[test]
    fn the_nearest_folder_above_else_beside() {
        let top = folder();
        let scenario = top.path().join("scenarios/one/scenario.yaml");
        assert_eq!(path_of(&scenario, "one"), top.path().join("scenarios/one/one.timeline"));
        fs::create_dir(top.path().join(FOLDER)).expect("a folder");
        assert_eq!(path_of(&scenario, "one"), top.path().join("snapshots/one.timeline"));
        fs::create_dir(top.path().join("scenarios/snapshots")).expect("a folder");
        assert_eq!(path_of(&scenario, "one"), top.path().join("scenarios/snapshots/one.timeline"));
    }

    /// A name is the user's; it must not lead out of the folder.
    #[test]
    fn a_name_stays_in_its_folder() {
        let top = folder();
        fs::create_dir(top.path().join(FOLDER)).expect("a folder");
        let path = path_of(&top.path().join("scenarios/one/scenario.yaml"), "../../etc/x y");
        assert_eq!(path, top.path().join("snapshots/-..-etc-x-y.timeline"));
    }

    #[test]
    fn only_accepting_writes() {
        let top = folder();
        let scenario = top.path().join("scenarios/one/scenario.yaml");
        let compare = |accept, text| {
            let mut snapshots = Snapshots::new(accept);
            let state = snapshots.compare(&scenario, "one", text).expect("the only one");
            assert_eq!(snapshots.troubles, Vec::<String>::new());
            state
        };
        assert!(matches!(compare(false, "a\n"), SnapshotState::New { .. }));
        assert!(matches!(compare(false, "a\n"), SnapshotState::New { .. }));
        assert_eq!(compare(true, "a\n"), SnapshotState::Written);
        assert_eq!(compare(false, "a\n"), SnapshotState::Same);
        assert!(matches!(compare(false, "b\n"), SnapshotState::Changed { .. }));
        assert_eq!(compare(false, "a\n"), SnapshotState::Same);
        assert_eq!(compare(true, "b\n"), SnapshotState::Written);
        assert_eq!(compare(true, "b\n"), SnapshotState::Same);
        let files: Vec<_> = fs::read_dir(top.path().join("scenarios/one")).expect("a folder").collect();
        assert_eq!(files.len(), 1, "no temporary file is left");
    }

    #[test]
    fn two_scenarios_of_one_name_are_refused() {
        let top = folder();
        let mut snapshots = Snapshots::new(true);
        let first = top.path().join("scenarios/one/a.greenroom.yaml");
        let second = top.path().join("scenarios/one/b.greenroom.yaml");
        assert!(snapshots.compare(&first, "x", "a\n").is_ok());
        assert!(snapshots.compare(&second, "x", "b\n").is_err());
    }

    #[test]
    fn what_is_left_over_is_told_only_of_folders_that_were_searched() {
        let top = folder();
        let scenario = top.path().join("scenarios/one/scenario.yaml");
        fs::create_dir(top.path().join(FOLDER)).expect("a folder");
        fs::write(top.path().join("snapshots/old.timeline"), "old").expect("a file");
        let mut snapshots = Snapshots::new(true);
        snapshots.compare(&scenario, "one", "a\n").expect("the only one");
        let left = |paths: &[PathBuf]| snapshots.left_over(paths).len();
        assert_eq!(left(&[top.path().to_path_buf()]), 1);
        assert_eq!(left(&[top.path().join("scenarios")]), 0);
        assert_eq!(left(&[scenario]), 0);
    }
}
