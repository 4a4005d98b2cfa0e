//! Shards put together. That they are all of one sweep, each whole, and that together they have every run exactly once, is shown
//! before anything is written; what is written then has the bytes that one shard would have had.

use super::row::Row;
use super::shard::{Digest, Manifest, kept, manifest};
use super::space::Space;
use super::vary::Vary;
use crate::text::counted::counted;

/// All runs of a sweep.
#[derive(Clone, Debug)]
pub struct Merged {
    /// The sweep, as one shard.
    pub manifest: Manifest,
    /// Its space.
    pub space: Space,
    /// Its runs, in order.
    pub rows: Vec<Row>,
}

/// Puts shards together: each with the name of its file and its text, in any order.
///
/// # Errors
/// What is wrong with a file, or with all of them together; a sentence that names the files.
pub fn merge(files: &[(String, String)]) -> Result<Merged, String> {
    let mut parts = Vec::new();
    for (name, text) in files {
        let about = |error: String| format!("{name} {error}");
        let head = manifest(text).map_err(about)?;
        let space = space_of(&head).map_err(about)?;
        if let Some((first, other, _, _)) = parts.first()
            && let Some(difference) = Manifest::differs(other, &head)
        {
            return Err(format!("{first} and {name} are not of one sweep: {difference}"));
        }
        if (head.from, head.to)
            != part_of(&space, &head).ok_or_else(|| about("names a shard that there is none of".to_owned()))?
        {
            return Err(about("says that it has other runs than its shard has".to_owned()));
        }
        let part = kept(text, &head, &space).map_err(|error| format!("{name}: {error}"))?;
        if !part.is_whole {
            let runs = counted((head.to - head.from) as usize, "run");
            let lacks = match head.to - part.next {
                0 => format!("it has its {runs} and no last line"),
                lacks => format!("it lacks {lacks} of its {runs}"),
            };
            return Err(about(format!("is not whole: {lacks}; run its shard again to go on with it")));
        }
        parts.push((name.clone(), head, space, part.rows));
    }
    // Shards without runs, of which there are some where there are more shards than runs, stand before those that have some.
    parts.sort_by_key(|(_, head, ..)| (head.from, head.to));
    let Some((_, first, space, _)) = parts.first() else { return Err("there is nothing to merge".to_owned()) };
    let (whole, space) = (first.as_whole(space), space.clone());
    let mut next = 0;
    for pair in parts.windows(2) {
        let [(one, a, ..), (other, b, ..)] = pair else { continue };
        if a.from < a.to && a.from == b.from || b.from < a.to {
            return Err(format!("{one} and {other} both have run {}", b.from));
        }
    }
    let mut rows = Vec::new();
    for (name, head, _, part) in parts {
        if head.from != next {
            return Err(format!(
                "no file has the runs from {next} to {}, which come before those of {name}",
                head.from - 1
            ));
        }
        next = head.to;
        rows.extend(part);
    }
    if next != space.runs() {
        return Err(format!("no file has the runs from {next} to {}", space.runs() - 1));
    }
    Ok(Merged { manifest: whole, space, rows })
}

impl Merged {
    /// The file that one shard would have been.
    pub fn text(&self) -> String {
        let mut text = self.manifest.line();
        self.rows.iter().for_each(|row| text.push_str(&row.line()));
        let mut digest = Digest::new();
        digest.add(&text);
        text.push_str(&digest.end(self.rows.len() as u64));
        text
    }
}

/// The space that a manifest describes.
pub fn space_of(manifest: &Manifest) -> Result<Space, String> {
    let vary = manifest
        .vary
        .iter()
        .map(|text| Vary::parse(text).map_err(|error| format!("varies what cannot be: {}", error.message)));
    let space = Space::new(vary.collect::<Result<_, _>>()?, manifest.samples, manifest.seed)?;
    if manifest.samples == 0 {
        return Err("has no samples".to_owned());
    }
    Ok(space)
}

fn part_of(space: &Space, manifest: &Manifest) -> Option<(u64, u64)> {
    (manifest.shard < manifest.of).then(|| space.part(manifest.shard, manifest.of))
}
