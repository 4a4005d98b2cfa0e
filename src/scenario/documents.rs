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

    /// The paths of the files of a document that is a folder, from that folder on and in order; those of folders below it too.
    ///
    /// # Errors
    /// Why there are none, as a lower-case fragment.
    fn list(&self, path: &str) -> Result<Vec<String>, String> {
        let _ = path;
        Err("there are no folders here".to_owned())
    }
}

/// The most files and folders that a document which is a folder may have.
const ENTRIES_MAX: usize = 1_000;
/// How deep folders may stand in it.
const DEPTH_MAX: usize = 4;

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

    fn list(&self, path: &str) -> Result<Vec<String>, String> {
        check_path(path)?;
        let unreadable = |error: std::io::Error| format!("cannot read the folder: {}", reason(&error));
        let folder = fs::canonicalize(&self.path).map_err(unreadable)?;
        let inner = fs::canonicalize(self.path.join(path)).map_err(unreadable)?;
        if !inner.starts_with(&folder) {
            return Err("leads out of the scenario's folder through a link".to_owned());
        }
        if !inner.is_dir() {
            return Err("is a file; this system reads a folder".to_owned());
        }
        let mut found = Listing { files: Vec::new(), entries: 0 };
        found.add(&inner, "", 0)?;
        found.files.sort_unstable();
        Ok(found.files)
    }
}

/// The files of a folder and of those below it. Links to folders are not followed, so that none is met twice.
struct Listing {
    files: Vec<String>,
    entries: usize,
}

impl Listing {
    fn add(&mut self, folder: &Path, prefix: &str, depth: usize) -> Result<(), String> {
        let unreadable = |error: std::io::Error| format!("cannot read the folder: {}", reason(&error));
        for entry in fs::read_dir(folder).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?;
            self.entries += 1;
            if self.entries > ENTRIES_MAX {
                return Err(format!("has more than {ENTRIES_MAX} files"));
            }
            let name = entry.file_name();
            let name = name.to_str().ok_or("has a file whose name is not text in UTF-8")?;
            // What tools keep for themselves is no document.
            if name.starts_with('.') {
                continue;
            }
            let path = format!("{prefix}{name}");
            if !entry.file_type().map_err(unreadable)?.is_dir() {
                self.files.push(path);
            } else if depth < DEPTH_MAX {
                self.add(&entry.path(), &format!("{path}/"), depth + 1)?;
            }
        }
        Ok(())
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
    fn a_folder_lists_what_is_in_it_alone() {
        let outside = tempfile::tempdir().expect("a folder");
        let inside = outside.path().join("scenario");
        fs::create_dir_all(inside.join("service/below")).expect("a folder");
        for name in ["scenario.yaml", "service/b.yaml", "service/a.yaml", "service/.hidden", "service/below/c.yaml"] {
            fs::write(inside.join(name), "{}").expect("a file");
        }
        let folder = Folder::new(&inside);
        let expected = ["a.yaml", "b.yaml", "below/c.yaml"].map(str::to_owned).to_vec();
        assert_eq!(folder.list("service/"), Ok(expected.clone()));
        assert!(folder.list("..").is_err_and(|error| error.contains("leaves")));
        assert!(folder.list("gone").is_err_and(|error| error.contains("no such file")));
        assert!(folder.list("scenario.yaml").is_err_and(|error| error.contains("is a file")));
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink("../..", inside.join("service/up")).expect("a link");
            std::os::unix::fs::symlink("..", inside.join("out")).expect("a link");
            assert!(folder.list("out").is_err_and(|error| error.contains("link")));
            // A link is listed as a file, and cannot be read as one.
            assert!(folder.list("service").is_ok_and(|files| files.contains(&"up".to_owned())));
            assert!(folder.read("service/up").is_err());
        }
        for number in 0..ENTRIES_MAX {
            fs::write(inside.join(format!("service/{number}")), "").expect("a file");
        }
        assert!(folder.list("service").is_err_and(|error| error.contains("more than 1000")));
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
