//! The file that a sweep or a shard of it is kept in: lines are added and never changed. What its lines are is `fleet`'s.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;

use super::Trouble;
use super::drive::progress;
use crate::fleet::sweep::row::Row;
use crate::fleet::sweep::shard::{self, Digest, Kept, Manifest};
use crate::fleet::sweep::{Prepared, Space, batch};

/// Runs after which an object is put anew.
#[cfg(feature = "object-store")]
const PUT_AFTER: u64 = 20_000;

/// Makes the runs of a shard that its file or its object lacks, and returns all of them.
pub fn keep(out: &Path, manifest: &Manifest, space: &Space, plans: &[Prepared]) -> Result<Vec<Row>, Trouble> {
    #[cfg(feature = "object-store")]
    if super::store::is_url(out) {
        let object = super::store::Object::at(out).map_err(Trouble::Refused)?;
        object.fetch().map_err(Trouble::Environment)?;
        let mut put_at = 0;
        let kept = in_file(&object.scratch(), manifest, space, plans, &mut |next| {
            let is_due = next == manifest.to || next >= put_at + PUT_AFTER;
            if is_due {
                put_at = next;
                object.put()?;
            }
            Ok(())
        })?;
        // What is on the storage need not be on the disk too.
        let _ = fs::remove_file(object.scratch());
        return Ok(kept);
    }
    if out.to_str().is_some_and(|out| out.contains("://")) {
        let why = "this greenroom has no object storage: it is built without the feature `object-store`";
        return Err(Trouble::Refused(why.to_owned()));
    }
    in_file(out, manifest, space, plans, &mut |_| Ok(()))
}

/// Makes the runs that a file lacks; `wrote` is told the next run whenever lines were added, at last that behind the last.
fn in_file(
    path: &Path,
    manifest: &Manifest,
    space: &Space,
    plans: &[Prepared],
    wrote: &mut dyn FnMut(u64) -> Result<(), String>,
) -> Result<Vec<Row>, Trouble> {
    let trouble = |error: std::io::Error| Trouble::Environment(format!("cannot write {}: {error}", path.display()));
    let mut file = open(path)?;
    let (text, Kept { bytes, next, is_whole, mut rows }) = read(path, &mut file, manifest, space)?;
    if is_whole {
        return Ok(rows);
    }
    // What a kill has cut off goes.
    file.set_len(bytes as u64).map_err(trouble)?;
    file.seek(SeekFrom::Start(bytes as u64)).map_err(trouble)?;
    let mut digest = Digest::new();
    digest.add(&text[..bytes]);
    let mut add = |lines: &str, digest: &mut Digest| -> std::io::Result<()> {
        digest.add(lines);
        file.write_all(lines.as_bytes())?;
        file.sync_data()
    };
    if bytes == 0 {
        add(&manifest.line(), &mut digest).map_err(trouble)?;
    }
    let bar = progress(manifest.to - manifest.from);
    bar.set_position(next - manifest.from);
    let mut failed = None;
    batch::run(plans, space, next..manifest.to, &mut |batch| {
        let lines: String = batch.iter().map(Row::line).collect();
        bar.inc(batch.len() as u64);
        let behind = batch.last().map_or(0, |row| row.run + 1);
        rows.extend(batch);
        let added = add(&lines, &mut digest).map_err(trouble);
        let told = added.and_then(|()| match behind < manifest.to {
            true => wrote(behind).map_err(Trouble::Environment),
            false => Ok(()),
        });
        failed = told.err();
        failed.is_none()
    });
    bar.finish_and_clear();
    if let Some(failed) = failed {
        return Err(failed);
    }
    let end = digest.end(manifest.to - manifest.from);
    add(&end, &mut digest).map_err(trouble)?;
    wrote(manifest.to).map_err(Trouble::Environment)?;
    Ok(rows)
}

/// Opens the file for this process alone.
fn open(path: &Path) -> Result<File, Trouble> {
    let trouble =
        |error: &dyn std::fmt::Display| Trouble::Environment(format!("cannot write {}: {error}", path.display()));
    if fs::metadata(path).is_ok_and(|there| !there.is_file()) {
        return Err(Trouble::Refused(format!("{} is no file", path.display())));
    }
    let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path);
    let file = file.map_err(|error| trouble(&error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(trouble(&"another process writes it")),
        // Some file systems have no locks; then nobody is kept from writing.
        Err(TryLockError::Error(_)) => Ok(file),
    }
}

/// What the file has, if it is one of this shard.
fn read(path: &Path, file: &mut File, manifest: &Manifest, space: &Space) -> Result<(String, Kept), Trouble> {
    let refused = |why: String| Trouble::Refused(format!("{} {why}; it is left as it is", path.display()));
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)
        .map_err(|error| Trouble::Environment(format!("cannot read {}: {error}", path.display())))?;
    let text =
        String::from_utf8(bytes).map_err(|_| refused("is no file of a sweep: it is no text in UTF-8".to_owned()))?;
    if !text.contains('\n') {
        // At most the beginning of the first line was written before a kill.
        return match manifest.line().starts_with(&text) {
            true => Ok((text, Kept { bytes: 0, next: manifest.from, is_whole: false, rows: Vec::new() })),
            false => Err(refused("is no file of a sweep".to_owned())),
        };
    }
    let there = shard::manifest(&text).map_err(refused)?;
    if let Some(difference) = there.differs(manifest) {
        return Err(refused(format!("is of another sweep: {difference}")));
    }
    if (there.shard, there.of) != (manifest.shard, manifest.of) {
        let told = |one: &Manifest| format!("{}/{}", one.shard, one.of);
        return Err(refused(format!("has shard {}, not {}", told(&there), told(manifest))));
    }
    // It is gone on with as it began, under whatever name the scenario's file has now.
    let kept = shard::kept(&text, &there, space).map_err(|error| refused(format!("is damaged: {error}")))?;
    Ok((text, kept))
}
