//! The lines of a sweep in a file. Each is written as it comes, so that the end of the process loses none; the disk is asked to hold
//! them from time to time, so that the end of the machine loses those of the last second or so.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::Trouble;
use super::keep::Lines;
use super::pace::Pace;

/// How often the disk is asked at the most.
const SYNC_EVERY: Duration = Duration::from_secs(1);

/// A file that this process alone writes.
pub struct Disk {
    path: PathBuf,
    file: File,
    pace: Pace,
}

impl Disk {
    /// Opens the file for this process alone; it is made if it is not there.
    ///
    /// # Errors
    /// It is no file, cannot be written, or is written by another process.
    pub fn open(path: &Path) -> Result<Disk, Trouble> {
        let failed =
            |error: &dyn std::fmt::Display| Trouble::Environment(format!("cannot write {}: {error}", path.display()));
        if fs::metadata(path).is_ok_and(|there| !there.is_file()) {
            return Err(Trouble::Refused(format!("{} is no file", path.display())));
        }
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path);
        let file = file.map_err(|error| failed(&error))?;
        match file.try_lock() {
            // Some file systems have no locks; then nobody is kept from writing.
            Ok(()) | Err(TryLockError::Error(_)) => {
                Ok(Disk { path: path.to_owned(), file, pace: Pace::every(SYNC_EVERY) })
            }
            Err(TryLockError::WouldBlock) => Err(failed(&"another process writes it")),
        }
    }

    fn written(&self, result: std::io::Result<()>) -> Result<(), Trouble> {
        result.map_err(|error| Trouble::Environment(format!("cannot write {}: {error}", self.path.display())))
    }
}

impl Lines for Disk {
    fn read(&mut self) -> Result<Vec<u8>, Trouble> {
        let mut bytes = Vec::new();
        match self.file.read_to_end(&mut bytes) {
            Ok(_) => Ok(bytes),
            Err(error) => Err(Trouble::Environment(format!("cannot read {}: {error}", self.path.display()))),
        }
    }

    fn cut(&mut self, bytes: usize) -> Result<(), Trouble> {
        let cut = self.file.set_len(bytes as u64).and_then(|()| self.file.seek(SeekFrom::Start(bytes as u64)));
        self.written(cut.map(drop))
    }

    fn add(&mut self, lines: &str) -> Result<(), Trouble> {
        let file = &mut self.file;
        let added = file.write_all(lines.as_bytes()).and_then(|()| self.pace.keep(|| file.sync_data()));
        self.written(added)
    }

    fn settle(&mut self) -> Result<(), Trouble> {
        self.written(self.file.sync_data())
    }
}
