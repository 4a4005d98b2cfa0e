//! The file of a shard: a line that says what it is of, a line a run in the order of the runs, and a line that says that it is whole.
//! A file that a kill has cut off is gone on with behind its last whole line; what is there already is not run again. Texts alone:
//! reading and writing the disk is the command line's.

use std::hash::Hasher as _;

use serde::{Deserialize, Serialize};
use siphasher::sip128::{Hasher128, SipHasher13};

use super::row::Row;
use super::space::Space;
use crate::text::counted::counted;

/// The form of the file; it changes when a reader would have to.
pub const FORM: &str = "greenroom-sweep/1";

/// The first line: which sweep this is, and which part of it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// [`FORM`].
    pub form: String,
    /// The version of greenroom.
    pub version: String,
    /// The name of the scenario.
    pub scenario: String,
    /// The file of the scenario, as the user named it.
    pub file: String,
    /// What tells the scenario and its documents from any other.
    pub hash: String,
    /// The parameters, as `--vary` takes them, each value listed.
    pub vary: Vec<String>,
    /// Samples a plan.
    pub samples: u64,
    /// The seed of sample 0.
    pub seed: u64,
    /// Which shard this is, from 0.
    pub shard: u64,
    /// Of how many.
    pub of: u64,
    /// Its first run.
    pub from: u64,
    /// The run behind its last.
    pub to: u64,
}

/// The last line.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct End {
    /// How many runs the file has.
    runs: u64,
    /// What all lines before this one hash to.
    hash: String,
}

/// What a file has so far.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Kept {
    /// The bytes of its whole lines; what is behind them was cut off.
    pub bytes: usize,
    /// The next run that it lacks.
    pub next: u64,
    /// True if it has its last line too.
    pub is_whole: bool,
    /// Its runs.
    pub rows: Vec<Row>,
}

impl Manifest {
    /// The manifest of a shard of a sweep.
    pub fn new(space: &Space, name: &str, file: &str, hash: String, shard: u64, of: u64) -> Manifest {
        let (from, to) = space.part(shard, of);
        let vary = space.varied().iter().map(|vary| format!("{}={}", vary.path, vary.values.join(",")));
        Manifest {
            form: FORM.to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            scenario: name.to_owned(),
            file: file.to_owned(),
            hash,
            vary: vary.collect(),
            samples: space.samples(),
            seed: space.seed(),
            shard,
            of,
            from,
            to,
        }
    }

    /// The line, with its line break.
    ///
    /// # Panics
    /// Never: there is nothing in it that JSON cannot hold.
    pub fn line(&self) -> String {
        let mut line = serde_json::to_string(self).expect("numbers and texts are JSON");
        line.push('\n');
        line
    }

    /// The same sweep as one shard.
    #[must_use]
    pub fn as_whole(&self, space: &Space) -> Manifest {
        Manifest { shard: 0, of: 1, from: 0, to: space.runs(), ..self.clone() }
    }

    /// What is not the same sweep; `None` if it is the same, whichever shard.
    pub fn differs(&self, other: &Manifest) -> Option<String> {
        let told =
            |what: &str, one: &str, other: &str| Some(format!("{what} is {one} in one and {other} in the other"));
        if self.form != other.form {
            return told("the form of the file", &self.form, &other.form);
        }
        if self.version != other.version {
            return told("the version of greenroom", &self.version, &other.version);
        }
        if self.hash != other.hash {
            return Some(format!("the scenario {} or one of its documents is another", self.scenario));
        }
        if self.vary != other.vary {
            return told("what is varied", &self.vary.join(" "), &other.vary.join(" "));
        }
        if (self.samples, self.seed) != (other.samples, other.seed) {
            let told_of =
                |one: &Manifest| format!("{} from seed {}", counted(one.samples as usize, "sample"), one.seed);
            return told("the samples", &told_of(self), &told_of(other));
        }
        None
    }
}

/// What a file is hashed to, as its last line says it.
pub struct Digest(SipHasher13);

impl Digest {
    /// Of nothing.
    pub fn new() -> Digest {
        Digest(SipHasher13::new())
    }

    /// Takes more of the file.
    pub fn add(&mut self, text: &str) {
        self.0.write(text.as_bytes());
    }

    fn text(&self) -> String {
        format!("{:032x}", self.0.finish128().as_u128())
    }

    /// The last line of a file that has these lines.
    ///
    /// # Panics
    /// Never: there is nothing in it that JSON cannot hold.
    pub fn end(&self, runs: u64) -> String {
        let mut line = serde_json::to_string(&End { runs, hash: self.text() }).expect("numbers and texts are JSON");
        line.push('\n');
        line
    }
}

impl Default for Digest {
    fn default() -> Digest {
        Digest::new()
    }
}

/// Reads the first line of a file.
///
/// # Errors
/// It is none; a sentence.
pub fn manifest(text: &str) -> Result<Manifest, String> {
    let Some((line, _)) = text.split_once('\n') else {
        return Err("is no file of a sweep: it has no whole line".to_owned());
    };
    let manifest: Manifest =
        serde_json::from_str(line).map_err(|error| format!("is no file of a sweep: line 1: {error}"))?;
    match manifest.form == FORM {
        true => Ok(manifest),
        false => Err(format!("has the form {}; this version of greenroom reads {FORM}", manifest.form)),
    }
}

/// Reads what a file of a manifest has so far. A last line without its line break was cut off and is left out.
///
/// # Errors
/// A whole line that no such file has; a sentence with its number.
pub fn kept(text: &str, manifest: &Manifest, space: &Space) -> Result<Kept, String> {
    let mut kept = Kept { bytes: 0, next: manifest.from, is_whole: false, rows: Vec::new() };
    let mut digest = Digest::new();
    for (number, line) in (1..).zip(text.split_inclusive('\n')) {
        if !line.ends_with('\n') {
            break;
        }
        if kept.is_whole {
            return Err(format!("line {number}: something stands behind the last line"));
        }
        if number > 1 {
            if let Ok(end) = serde_json::from_str::<End>(line) {
                if kept.next != manifest.to || end.runs != manifest.to - manifest.from || end.hash != digest.text() {
                    return Err(format!(
                        "line {number}: the file says that it is whole, and it is not what was written"
                    ));
                }
                kept.is_whole = true;
            } else {
                let row = Row::read(line).map_err(|error| format!("line {number}: {error}"))?;
                let run = space.run(kept.next);
                if kept.next >= manifest.to || row != Row::new(run, row.outcome.clone()) {
                    return Err(format!("line {number}: expected run {}, found run {}", run.id, row.run));
                }
                kept.next += 1;
                kept.rows.push(row);
            }
        }
        digest.add(line);
        kept.bytes += line.len();
    }
    Ok(kept)
}
