//! Files that are there as a whole or not at all: a result is written beside its place under another name, and put there at the end.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// Where a file is, or will be: two names of one file come to the same.
pub fn resolved(path: &Path) -> PathBuf {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let place = || Ok(fs::canonicalize(folder)?.join(path.file_name().unwrap_or_default()));
    fs::canonicalize(path).or_else(|_| place()).unwrap_or_else(|_: io::Error| path.to_owned())
}

/// Writes a file. What was there stays until all is written; of a failure nothing is left.
///
/// # Errors
/// Those of the file system and of `write`.
pub fn write_whole(path: &Path, write: &dyn Fn(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    // What is no file of its own, such as a pipe or a link, is written to as it is.
    if fs::symlink_metadata(path).is_ok_and(|there| !there.is_file()) {
        let mut out = BufWriter::new(File::create(path)?);
        write(&mut out)?;
        return out.flush();
    }
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.part", std::process::id()));
    let partial = path.with_file_name(name);
    let written = (|| {
        let mut out = BufWriter::new(File::create(&partial)?);
        write(&mut out)?;
        out.flush()?;
        fs::rename(&partial, path)
    })();
    if written.is_err() {
        // If it cannot be removed either, its name says that it is no result.
        let _ = fs::remove_file(&partial);
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_failure_nothing_is_left() {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let path = folder.path().join("results.csv");
        write_whole(&path, &|out| out.write_all(b"whole")).expect("it can be written");
        let failed = write_whole(&path, &|out| {
            out.write_all(b"half")?;
            Err(io::Error::other("no room"))
        });
        assert_eq!(failed.expect_err("it failed").to_string(), "no room");
        assert_eq!(fs::read(&path).expect("what was there is there"), b"whole");
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1);
    }
}
