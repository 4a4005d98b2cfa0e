//! The count of crashes. A container that restarts has no memory, so the count is a file in a folder that outlives it: an
//! `emptyDir` lives as long as its pod.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;

/// The file below the folder.
const FILE: &str = "crashes";

/// How many crashes were counted.
///
/// # Errors
/// The file cannot be read, or holds something else.
pub fn counted(state: &Path) -> io::Result<u32> {
    match fs::read_to_string(state.join(FILE)) {
        Ok(text) => text.trim().parse().map_err(|_| io::Error::new(ErrorKind::InvalidData, "not a number of crashes")),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(0),
        Err(error) => Err(error),
    }
}

/// Keeps the count.
///
/// # Errors
/// The file cannot be written.
pub fn count(state: &Path, crashes: u32) -> io::Result<()> {
    // A kill between the two steps leaves the old count, never half a file.
    let unfinished = state.join("crashes.unfinished");
    fs::write(&unfinished, format!("{crashes}\n"))?;
    fs::rename(unfinished, state.join(FILE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_folder_has_no_crashes_and_keeps_a_count() {
        let state = tempfile::tempdir().expect("a folder");
        assert_eq!(counted(state.path()).expect("no file is no crash"), 0);
        count(state.path(), 3).expect("the folder can be written");
        assert_eq!(counted(state.path()).expect("the count can be read"), 3);
    }

    #[test]
    fn what_is_not_a_count_is_an_error() {
        let state = tempfile::tempdir().expect("a folder");
        fs::write(state.path().join(FILE), "many").expect("the folder can be written");
        assert_eq!(counted(state.path()).expect_err("no number").kind(), ErrorKind::InvalidData);
    }
}
