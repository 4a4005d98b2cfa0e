//! Where the documents of a scenario come from. The only file here that touches a disk.

use std::fs;
use std::io::Read;
use std::path::{Component, Path, PathBuf};

use crate::text::source::SOURCE_BYTES_MAX;

/// Something that gives documents by the path that a scenario writes.
pub trait Documents {
    /// The text of a document.
    ///
    /// # Errors
    /// Why there is none, as a lower-case fragment.
    fn read(&self, path: &str) -> Result<String, String>;
}

/// The folder of a scenario: documents stand in it or below it, and nowhere else.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Folder {
    path: PathBuf,
}

impl Folder {
    /// The folder at `path`.
    pub fn new(path: impl Into<PathBuf>) -> Folder {
        Folder { path: path.into() }
    }
}

impl Documents for Folder {
    fn read(&self, path: &str) -> Result<String, String> {
        check_path(path)?;
        let unreadable = |error: std::io::Error| format!("cannot read the file: {}", reason(&error));
        let folder = fs::canonicalize(&self.path).map_err(unreadable)?;
        let file = fs::canonicalize(self.path.join(path)).map_err(unreadable)?;
        if !file.starts_with(&folder) {
            return Err("leads out of the scenario's folder through a link".to_owned());
        }
        read_text(&file)
    }
}

/// Reads a text file, of bounded size.
///
/// # Errors
/// Why it cannot be read, as a lower-case fragment.
pub fn read_text(file: &Path) -> Result<String, String> {
    let unreadable = |error: std::io::Error| format!("cannot read the file: {}", reason(&error));
    // A pipe or a device would have no end, or block.
    if !fs::metadata(file).map_err(unreadable)?.is_file() {
        return Err("cannot read the file: it is not a regular file".to_owned());
    }
    let mut bytes = Vec::new();
    let opened = fs::File::open(file).map_err(unreadable)?;
    opened.take(SOURCE_BYTES_MAX as u64 + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() > SOURCE_BYTES_MAX {
        return Err(format!("the file is larger than {} MiB", SOURCE_BYTES_MAX >> 20));
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let line = error.as_bytes()[..at].iter().filter(|byte| **byte == b'\n').count() + 1;
        format!("the file is not text in UTF-8: line {line} has a byte that is not")
    })
}

/// What went wrong, the same on every system that can tell it.
fn reason(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "there is no such file".to_owned(),
        std::io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        std::io::ErrorKind::IsADirectory => "it is a folder".to_owned(),
        kind => kind.to_string(),
    }
}

/// Refuses a path that is written as one that leaves the folder.
pub(super) fn check_path(path: &str) -> Result<(), String> {
    if path.is_empty() {
        return Err("is empty; write the path of the document from the folder of the scenario".to_owned());
    }
    if path.contains('\0') {
        return Err("holds a null character".to_owned());
    }
    let mut depth = 0_i32;
    for component in Path::new(path).components() {
        match component {
            Component::Prefix(_) | Component::RootDir => {
                return Err("is absolute; a document stands in the scenario's folder or below it".to_owned());
            }
            Component::ParentDir => depth -= 1,
            Component::Normal(_) => depth += 1,
            Component::CurDir => {}
        }
        if depth < 0 {
            return Err("leaves the scenario's folder; a document stands in it or below it".to_owned());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_stay_in_the_folder() {
        for path in ["group.json", "./a/b.yaml", "a/../b.yaml"] {
            assert_eq!(check_path(path), Ok(()), "{path}");
        }
        for path in ["", "/etc/passwd", "../a.yaml", "a/../../b.yaml", "a\0b"] {
            assert!(check_path(path).is_err(), "{path}");
        }
    }

    #[test]
    fn a_folder_gives_what_is_in_it_alone() {
        let outside = tempfile::tempdir().expect("a folder");
        let inside = outside.path().join("scenario");
        fs::create_dir(&inside).expect("a folder");
        fs::write(outside.path().join("secret.json"), "{}").expect("a file");
        fs::write(inside.join("group.json"), "[]").expect("a file");
        fs::write(inside.join("latin.json"), b"[\n\xe9]").expect("a file");
        let folder = Folder::new(&inside);
        assert_eq!(folder.read("group.json"), Ok("[]".to_owned()));
        assert!(folder.read("../secret.json").is_err_and(|error| error.contains("leaves")));
        assert!(folder.read("gone.json").is_err_and(|error| error.contains("no such file")));
        assert!(folder.read(".").is_err_and(|error| error.contains("not a regular file")));
        assert!(folder.read("latin.json").is_err_and(|error| error.contains("line 2")));
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink("../secret.json", inside.join("link.json")).expect("a link");
            std::os::unix::fs::symlink("group.json", inside.join("near.json")).expect("a link");
            assert!(folder.read("link.json").is_err_and(|error| error.contains("link")));
            assert_eq!(folder.read("near.json"), Ok("[]".to_owned()));
        }
    }
}
