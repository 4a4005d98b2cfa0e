//! `greenroom sweep merge`: shards put together.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;

use super::options::ShownArgs;
use super::{FORMATS, Trouble, write};
use crate::cli::output::{OutputArgs, complain, refuse, to_file};
use crate::cli::whole_file::resolved;
use crate::fleet::sweep::merge::{Merged, merge as merged};
use crate::report::Exit;
use crate::report::sweep::Swept;

/// Put the shards of a sweep together: shows that they have every run once, and what one sweep would have shown.
#[derive(Args)]
pub struct MergeArgs {
    /// The files of all shards; with the feature `object-store` also addresses of objects.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Write the file that one shard would have written.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    shown: ShownArgs,
    #[command(flatten)]
    output: OutputArgs,
}

/// Merges.
pub fn merge(args: &MergeArgs) -> Exit {
    if let Err(refusal) = args.output.check_for(&FORMATS) {
        return refuse(&refusal);
    }
    if let Some(out) = args.out.as_ref().filter(|out| args.files.iter().any(|file| resolved(file) == resolved(out))) {
        return refuse(&format!("{} is one of the files that are merged", out.display()));
    }
    if args.out.as_ref().and_then(|out| out.to_str()).is_some_and(|out| out.contains("://")) {
        return refuse("`merge` writes a file: what it puts together can be put on a storage from there");
    }
    let measures = match args.shown.measures() {
        Ok(measures) => measures,
        Err(trouble) => return trouble.told(),
    };
    let merged = match read(args) {
        Ok(merged) => merged,
        Err(trouble) => return trouble.told(),
    };
    if let Some(out) = &args.out {
        let text = merged.text();
        if let Err(error) = to_file(out, &|file, _| file.write_all(text.as_bytes())) {
            return complain(&format!("cannot write {}: {error}", out.display()));
        }
    }
    let swept = Swept {
        manifest: merged.manifest,
        space: merged.space,
        rows: merged.rows,
        // The scenario may not be here; its expectations are told by their numbers.
        expectations: Vec::new(),
        confidence: args.shown.confidence,
        measures,
        stopped: None,
        search: None,
    };
    write(&args.output, &swept)
}

/// What a file has or, with the feature `object-store`, an object.
fn bytes(path: &Path) -> Result<Vec<u8>, Trouble> {
    #[cfg(feature = "object-store")]
    if super::store::is_url(path) {
        let object = super::store::Object::at(path)?.get()?;
        return object.ok_or_else(|| Trouble::Environment(format!("cannot read {}: it is not there", path.display())));
    }
    fs::read(path).map_err(|error| Trouble::Environment(format!("cannot read {}: {error}", path.display())))
}

fn read(args: &MergeArgs) -> Result<Merged, Trouble> {
    let mut files = Vec::new();
    for path in &args.files {
        let name = path.display().to_string();
        let bytes = bytes(path)?;
        let text = String::from_utf8(bytes)
            .map_err(|_| Trouble::Refused(format!("{name} is no file of a sweep: it is no text in UTF-8")))?;
        files.push((name, text));
    }
    merged(&files).map_err(Trouble::Refused)
}
