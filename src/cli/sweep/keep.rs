//! Keeps a sweep or a shard of it: makes the runs that it lacks, and writes each down as soon as it and all before it are made. What its
//! lines are is `fleet`'s; where they stand is [`disk`](super::disk)'s and, with the feature `object-store`, `store`'s.

use std::path::Path;

use super::Trouble;
use super::disk::Disk;
use super::drive::progress;
use crate::fleet::sweep::row::Row;
use crate::fleet::sweep::shard::{self, Digest, Kept, Manifest};
use crate::fleet::sweep::{Prepared, Space, batch};

/// Where lines are kept. They are added and never changed.
pub trait Lines: Send {
    /// All that is there.
    ///
    /// # Errors
    /// It cannot be read.
    fn read(&mut self) -> Result<Vec<u8>, Trouble>;

    /// Drops what stands behind so many bytes.
    ///
    /// # Errors
    /// It cannot be written.
    fn cut(&mut self, bytes: usize) -> Result<(), Trouble>;

    /// Adds whole lines.
    ///
    /// # Errors
    /// They cannot be written.
    fn add(&mut self, lines: &str) -> Result<(), Trouble>;

    /// Makes sure of all that was added.
    ///
    /// # Errors
    /// As of [`Lines::add`].
    fn settle(&mut self) -> Result<(), Trouble>;
}

/// The lines at a path or, with the feature `object-store`, at an address.
fn open(out: &Path) -> Result<Box<dyn Lines>, Trouble> {
    #[cfg(feature = "object-store")]
    if super::store::is_url(out) {
        return Ok(Box::new(super::store::Object::at(out)?));
    }
    if out.to_str().is_some_and(|out| out.contains("://")) {
        let why = "this greenroom has no object storage: it is built without the feature `object-store`";
        return Err(Trouble::Refused(why.to_owned()));
    }
    Ok(Box::new(Disk::open(out)?))
}

/// Makes the runs of a shard that its file or its object lacks, and returns all of them.
pub fn keep(out: &Path, manifest: &Manifest, space: &Space, plans: &[Prepared]) -> Result<Vec<Row>, Trouble> {
    let mut lines = open(out)?;
    let (text, Kept { bytes, next, is_whole, mut rows }) = read(out, &mut *lines, manifest, space)?;
    if is_whole {
        return Ok(rows);
    }
    // What a kill has cut off goes.
    lines.cut(bytes)?;
    let mut digest = Digest::new();
    digest.add(&text[..bytes]);
    let mut add = |line: &str, digest: &mut Digest| {
        digest.add(line);
        lines.add(line)
    };
    if bytes == 0 {
        add(&manifest.line(), &mut digest)?;
    }
    let bar = progress(manifest.to - manifest.from);
    bar.set_position(next - manifest.from);
    let mut added = Ok(());
    batch::run(plans, (next..manifest.to).map(|id| space.run(id)), &mut |row| {
        bar.inc(1);
        added = add(&row.line(), &mut digest);
        rows.push(row);
        added.is_ok()
    });
    bar.finish_and_clear();
    added?;
    let end = digest.end(manifest.to - manifest.from);
    add(&end, &mut digest)?;
    lines.settle()?;
    Ok(rows)
}

/// What is there, if it is of this shard.
fn read(out: &Path, lines: &mut dyn Lines, manifest: &Manifest, space: &Space) -> Result<(String, Kept), Trouble> {
    let refused = |why: String| Trouble::Refused(format!("{} {why}; it is left as it is", out.display()));
    let text = String::from_utf8(lines.read()?)
        .map_err(|_| refused("is no file of a sweep: it is no text in UTF-8".to_owned()))?;
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
